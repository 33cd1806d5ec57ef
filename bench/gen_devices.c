/* The few hundred kinds of device that sessions are begun on, each with a user agent that fits. */
#include <stdio.h>

#include "gen.h"

#define LENGTH(of) (sizeof(of) / sizeof(*(of)))
#define WEBKIT     "AppleWebKit/537.36 (KHTML, like Gecko) "

struct browser {
    const char *name, *before, *after; /* its version in its user agent */
    int first, last, step;             /* versions */
};

struct platform {
    const char *model, *os, *os_version, *agent;
};

static const struct platform desktops[] = {
    {"", "Windows", "10", "Windows NT 10.0; Win64; x64"},
    {"", "Windows", "11", "Windows NT 10.0; Win64; x64"},
    {"Macintosh", "macOS", "13.6", "Macintosh; Intel Mac OS X 10_15_7"},
    {"Macintosh", "macOS", "14.7", "Macintosh; Intel Mac OS X 10_15_7"},
    {"Macintosh", "macOS", "15.1", "Macintosh; Intel Mac OS X 10_15_7"},
    {"", "Linux", "", "X11; Linux x86_64"},
    {"", "Ubuntu", "22.04", "X11; Ubuntu; Linux x86_64"},
    {"Chromebook", "Chrome OS", "120", "X11; CrOS x86_64 14541.0.0"},
};
static const struct browser desktop_browsers[] = {
    {"Chrome", WEBKIT "Chrome/", ".0.0.0 Safari/537.36", 124, 131, 1},
    {"Firefox", "Gecko/20100101 Firefox/", ".0", 115, 133, 3},
    {"Edge", WEBKIT "Chrome/130.0.0.0 Safari/537.36 Edg/", ".0.0.0", 128, 131, 1},
};
static const struct platform phones[] = {
    {"Pixel 6a", "Android", "13", "Linux; Android 13; Pixel 6a"},
    {"Pixel 7", "Android", "14", "Linux; Android 14; Pixel 7"},
    {"Pixel 8", "Android", "14", "Linux; Android 14; Pixel 8"},
    {"Pixel 9 Pro", "Android", "15", "Linux; Android 15; Pixel 9 Pro"},
    {"SM-G991B", "Android", "13", "Linux; Android 13; SM-G991B"},
    {"SM-S911B", "Android", "14", "Linux; Android 14; SM-S911B"},
    {"SM-S928B", "Android", "15", "Linux; Android 15; SM-S928B"},
    {"SM-A546B", "Android", "14", "Linux; Android 14; SM-A546B"},
    {"SM-A155F", "Android", "14", "Linux; Android 14; SM-A155F"},
    {"Redmi Note 12", "Android", "13", "Linux; Android 13; Redmi Note 12"},
    {"CPH2581", "Android", "14", "Linux; Android 14; CPH2581"},
    {"moto g54", "Android", "13", "Linux; Android 13; moto g54"},
};
static const struct browser phone_browsers[] = {
    {"Chrome Mobile", WEBKIT "Chrome/", ".0.0.0 Mobile Safari/537.36", 125, 131, 1},
    {"Samsung Internet", WEBKIT "SamsungBrowser/", ".0 Mobile Safari/537.36", 24, 26, 1},
};
static const struct platform apples[] = {
    {"iPhone 12", "iOS", "16.7", "iPhone; CPU iPhone OS 16_7 like Mac OS X"},
    {"iPhone 13", "iOS", "17.6", "iPhone; CPU iPhone OS 17_6 like Mac OS X"},
    {"iPhone 14", "iOS", "17.7", "iPhone; CPU iPhone OS 17_7 like Mac OS X"},
    {"iPhone 15 Pro", "iOS", "18.1", "iPhone; CPU iPhone OS 18_1 like Mac OS X"},
    {"iPhone 16", "iOS", "18.2", "iPhone; CPU iPhone OS 18_2 like Mac OS X"},
};
static const struct platform tablets[] = {
    {"iPad Air", "iPadOS", "17.7", "iPad; CPU OS 17_7 like Mac OS X"},
    {"iPad Pro", "iPadOS", "18.1", "iPad; CPU OS 18_1 like Mac OS X"},
    {"SM-X710", "Android", "14", "Linux; Android 14; SM-X710"},
};
static const struct browser apple_browsers[] = {
    {"Mobile Safari", WEBKIT "Version/", ".0 Mobile/15E148 Safari/604.1", 16, 18, 1},
    {"Chrome Mobile iOS", WEBKIT "CriOS/", ".0.0.0 Mobile/15E148 Safari/604.1", 127, 131, 1},
};

/* Which browsers are found where. */
static const struct {
    const char *type;
    const struct platform *platforms;
    size_t platform_count;
    const struct browser *browsers;
    size_t browser_count;
} families[] = {
    {"browser", desktops, LENGTH(desktops), desktop_browsers, LENGTH(desktop_browsers)},
    {"mobile", phones, LENGTH(phones), phone_browsers, LENGTH(phone_browsers)},
    {"mobile", apples, LENGTH(apples), apple_browsers, LENGTH(apple_browsers)},
    {"tablet", tablets, LENGTH(tablets), apple_browsers, LENGTH(apple_browsers)},
};

enum { PROFILES_MAX = 400, PROFILE_BYTES = 512 };

static struct profile {
    char text[PROFILE_BYTES];
    size_t len;
} profiles[PROFILES_MAX];
static size_t profile_count;

static void add_profile(const char *type, const struct platform *platform,
                        const struct browser *browser, int version)
{
    struct profile *profile = &profiles[profile_count++];
    profile->len = (size_t)snprintf(
        profile->text, sizeof(profile->text),
        ",\"device\":{\"type\":\"%s\",\"model\":\"%s\",\"name\":\"%s\",\"version\":\"%d\",\"long_"
        "version\":\"%d.0.%d\",\"os\":{\"name\":\"%s\",\"version\":\"%s\"}},\"user_agent\":"
        "\"Mozilla/"
        "5.0 (%s) %s%d%s\"",
        type, platform->model, browser->name, version, version, version * 37 % 100, platform->os,
        platform->os_version, platform->agent, browser->before, version, browser->after);
}

/* Which one is liked most has nothing to do with the order of the tables. */
static void shuffle(void)
{
    for (size_t i = profile_count; i > 1; i--) {
        size_t other = (size_t)below(i);
        struct profile profile = profiles[i - 1];
        profiles[i - 1] = profiles[other];
        profiles[other] = profile;
    }
}

void devices_begin(void)
{
    for (size_t i = 0; i < LENGTH(families); i++)
        for (size_t j = 0; j < families[i].platform_count; j++)
            for (size_t k = 0; k < families[i].browser_count; k++) {
                const struct browser *browser = &families[i].browsers[k];
                for (int version = browser->first; version <= browser->last;
                     version += browser->step)
                    add_profile(families[i].type, &families[i].platforms[j], browser, version);
            }
    shuffle();
}

void put_device(void)
{
    const struct profile *profile = &profiles[ranked(profile_count, 3)];
    put(profile->text, profile->len);
}
