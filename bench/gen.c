/* Makes neutral records (rollcall(1)) as an application of some size would have them: the same
 * bytes for the same numbers. Written as of 2026-01-01T00:00:00Z, for `rollcall import --as-of`.
 *
 *   bench-gen SESSIONS USERS SEED
 *
 * User n, from 0, is "usr-<1000000000 + n>"; its first session is active and holds the token
 * "token-<n>". */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW UINT64_C(1767225600000)
#define DAY UINT64_C(86400000)

static uint64_t state;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(void)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t bound)
{
    return draw() % bound;
}

static const struct {
    const char *type, *model, *name, *version, *long_version, *os, *os_version, *agent;
} devices[] = {
    {"mobile", "iPhone 15 Pro", "Mobile Safari", "17.4.1", "17.4.1", "iOS", "17.4",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4.1 "
     "Mobile/15E148 Safari/604.1"},
    {"browser", "", "Chrome", "120.0.0", "120.0.0.0", "Windows", "10",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36"},
    {"browser", "Macintosh", "Firefox", "121.0", "121.0", "macOS", "14.2",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:121.0) Gecko/20100101 Firefox/121.0"},
    {"mobile", "Pixel 8", "Chrome", "119.0.0", "119.0.0.0", "Android", "14",
     "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/119.0.0.0 Mobile Safari/537.36"},
    {"tablet", "iPad Air", "Safari", "17.2", "17.2", "iPadOS", "17.2",
     "Mozilla/5.0 (iPad; CPU OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Version/17.2 "
     "Safari/604.1"},
};
static const char *const countries[] = {"US", "DE", "FR", "BR", "JP", "IN", "GB", "NG"};

static void put_app(void)
{
    printf(
        "{\"kind\":\"app\",\"id\":\"bench\",\"session\":{\"lifetime_s\":2592000,\"idle_s\":604800,"
        "\"retain_s\":7776000},\"corbado\":{\"project_id\":\"pro-bench\"},\"keys\":["
        "{\"for\":\"corbado\",\"secret\":\"corbado1_bench\"},"
        "{\"for\":\"streambird\",\"secret\":\"sk_test_bench\"}]}\n");
}

static void put_user(uint64_t user)
{
    printf("{\"kind\":\"user\",\"app\":\"bench\",\"id\":\"usr-%" PRIu64
           "\",\"identifier\":\"user%" PRIu64 "@example.com\",\"username\":\"user%" PRIu64
           "\",\"name\":\"User %" PRIu64 "\",\"traits\":{\"email\":\"user%" PRIu64
           "@example.com\"}}\n",
           1000000000 + user, user, user, user, user);
}

static void put_instant(const char *name, uint64_t instant)
{
    /* Days since the beginning of 2025: all that is made lies within those two years. */
    static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t day = instant / DAY - (NOW / DAY - 365), of_day = instant % DAY;
    int year = 2025, month = 0;
    for (; day >= (uint64_t)months[month]; month = (month + 1) % 12) {
        day -= (uint64_t)months[month];
        year += month == 11;
    }
    printf(",\"%s\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", name, year, month + 1, (int)day + 1,
           (int)(of_day / 3600000), (int)(of_day / 60000 % 60), (int)(of_day / 1000 % 60),
           (int)(of_day % 1000));
}

/* Of ten, one has ended, one has expired, one has been idle for too long. */
static void put_times(uint64_t created, bool active)
{
    uint64_t kind = active ? 9 : below(10), last = created + below(NOW - created);
    if (kind == 2 && NOW - created > 9 * DAY)
        last = created + below(NOW - created - 8 * DAY);
    else if (kind != 2 && NOW - last > 6 * DAY)
        last = NOW - below(6 * DAY);
    put_instant("created_at", created);
    put_instant("last_active_at", last);
    if (kind == 1)
        put_instant("expires_at", created + (NOW - created) / 2);
    if (kind == 0) {
        printf(",\"ended\":{\"as\":\"%s\"", below(2) ? "revoked" : "logged_out");
        put_instant("at", last);
        putchar('}');
    }
}

static void put_session(uint64_t number, uint64_t user, bool first)
{
    uint64_t created = NOW - DAY / 2 - below(24 * DAY), high = draw(), low = draw();
    size_t device = (size_t)below(sizeof(devices) / sizeof(*devices));
    printf("{\"kind\":\"session\",\"app\":\"bench\",\"user\":\"usr-%" PRIu64
           "\",\"id\":\"%08x-%04x-7%03x-8%03x-%012" PRIx64 "\",\"token\":\"",
           1000000000 + user, (unsigned)(created >> 16), (unsigned)(created & 0xFFFF),
           (unsigned)(high & 0xFFF), (unsigned)(high >> 12 & 0xFFF),
           low & UINT64_C(0xFFFFFFFFFFFF));
    printf(first ? "token-%" PRIu64 : "token-more-%" PRIu64, first ? user : number);
    putchar('"');
    put_times(created, first);
    printf(",\"device\":{\"type\":\"%s\",\"model\":\"%s\",\"name\":\"%s\",\"version\":\"%s\","
           "\"long_version\":\"%s\",\"os\":{\"name\":\"%s\",\"version\":\"%s\"}},\"user_agent\":\"%"
           "s\"",
           devices[device].type, devices[device].model, devices[device].name,
           devices[device].version, devices[device].long_version, devices[device].os,
           devices[device].os_version, devices[device].agent);
    printf(",\"ip\":\"203.0.%d.%d\",\"host\":\"app.example.com\",\"country_code\":\"%s\"",
           (int)below(256), (int)below(256),
           countries[below(sizeof(countries) / sizeof(*countries))]);
    printf(",\"factors\":[{\"delivery_channel\":\"email\",\"type\":\"otp\",\"method\":{\"method_"
           "id\":\"email_%" PRIu64 "\",\"method_type\":\"email\",\"email_id\":\"email_%" PRIu64
           "\",\"email\":\"user%" PRIu64 "@example.com\",\"last_verified_at\":%" PRIu64 "}}]}\n",
           user, user, user, created / 1000);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench-gen SESSIONS USERS SEED\n");
        return 2;
    }
    uint64_t sessions = strtoull(argv[1], NULL, 10), users = strtoull(argv[2], NULL, 10);
    state = strtoull(argv[3], NULL, 10);
    if (users == 0 || sessions < users) {
        fprintf(stderr, "bench-gen: every user has a session\n");
        return 2;
    }
    put_app();
    for (uint64_t user = 0; user < users; user++)
        put_user(user);
    /* Everybody has one session; of the rest the first users have more than the last. */
    for (uint64_t i = 0; i < sessions; i++) {
        bool first = i < users;
        uint64_t a = below(users), b = below(users);
        put_session(i, first ? i : a < b ? a : b, first);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
