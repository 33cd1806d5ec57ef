/* Makes neutral records (rollcall(1)) as apps of some size would have them: the same bytes for the
 * same options, on any machine. Written as of 2026-01-01T00:00:00Z, for `rollcall import --as-of`.
 *
 * User n, from 0, is "usr-<1000000000 + n>"; the first session of each, in that order, comes before
 * all others, is active, and holds the token "token-<n>". With several apps users take turns. */
#include "gen.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW UINT64_C(1767225600000)
#define DAY UINT64_C(86400000)

/* Of a hundred sessions so many have each status. The first of each user is active: where those
 * alone are more, the rest is shared out among the others. */
enum { ACTIVE = 40, EXPIRED = 20, IDLE = 15, LOGGED_OUT = 15, REVOKED = 10 };
enum { ENDED = LOGGED_OUT + REVOKED, OVER = EXPIRED + IDLE + ENDED };

struct plan {
    uint64_t sessions, users, seed, apps;
};

struct times {
    uint64_t created, last, updated, expires; /* 0: left to what is usual */
    uint64_t ended;
    const char *ending; /* NULL: it was not ended */
};

/* ---- apps and users ---- */

static void put_app_id(uint64_t app)
{
    put_text("bench");
    if (app > 0) {
        put_text("-");
        put_number(app + 1);
    }
}

static void put_app(uint64_t app)
{
    put_text("{\"kind\":\"app\",\"id\":\"");
    put_app_id(app);
    put_text("\",\"session\":{\"lifetime_s\":2592000,\"idle_s\":604800,\"retain_s\":7776000},"
             "\"corbado\":{\"project_id\":\"pro-");
    put_app_id(app);
    put_text("\"},\"keys\":[{\"for\":\"corbado\",\"secret\":\"corbado1_");
    put_app_id(app);
    put_text("\"},{\"for\":\"streambird\",\"secret\":\"sk_test_");
    put_app_id(app);
    put_text("\"}]}\n");
}

static void put_user(const struct plan *plan, uint64_t user)
{
    put_text("{\"kind\":\"user\",\"app\":\"");
    put_app_id(user % plan->apps);
    put_text("\",\"id\":\"usr-");
    put_number(1000000000 + user);
    put_text("\",\"identifier\":\"user");
    put_number(user);
    put_text("@example.com\"");
    put_person(user);
    put_text(",\"traits\":{\"email\":\"user");
    put_number(user);
    put_text("@example.com\"}}\n");
}

/* ---- times ---- */

/* "2025-01-01T" and so on: all that is made lies within those two years. */
static char days[730][40];

static void days_begin(void)
{
    static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 2025, month = 0, day = 1;
    for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
        snprintf(days[i], sizeof(days[i]), "%04d-%02d-%02dT", year, month + 1, day);
        if (++day > months[month]) {
            day = 1;
            month = (month + 1) % 12;
            year += month == 0;
        }
    }
}

static void put_instant(const char *name, uint64_t instant)
{
    char text[] = "hh:mm:ss.mmmZ\"";
    uint64_t of_day = instant % DAY;
    const unsigned parts[] = {(unsigned)(of_day / 3600000), (unsigned)(of_day / 60000 % 60),
                              (unsigned)(of_day / 1000 % 60), (unsigned)(of_day / 10 % 100)};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        text[3 * i] = (char)('0' + parts[i] / 10);
        text[3 * i + 1] = (char)('0' + parts[i] % 10);
    }
    text[11] = (char)('0' + of_day % 10);
    put_text(name);
    put_text(days[instant / DAY - (NOW / DAY - 365)]);
    put(text, sizeof(text) - 1);
}

static struct times active_times(void)
{
    struct times times = {.last = NOW - 1 - skewed(6 * DAY)};
    times.created = times.last - skewed(22 * DAY);
    if (below(2)) /* its end moves on as it is used */
        times.expires = times.last + 30 * DAY;
    return times;
}

/* In use to the end: it would have been idle for too long only later. */
static struct times expired_times(void)
{
    struct times times = {.expires = NOW - skewed(85 * DAY)};
    times.last = times.expires - 1 - below(6 * DAY);
    times.created = below(2) ? times.expires - 30 * DAY : times.last - skewed(20 * DAY);
    return times;
}

static struct times idle_times(void)
{
    struct times times = {.last = NOW - 7 * DAY - skewed(80 * DAY)};
    times.created = times.last - skewed(22 * DAY);
    return times;
}

static struct times ended_times(const char *ending)
{
    struct times times = {.ended = NOW - 1 - skewed(85 * DAY), .ending = ending};
    times.last = times.ended - skewed(6 * DAY);
    times.created = times.last - skewed(20 * DAY);
    return times;
}

static struct times draw_times(const struct plan *plan, bool first)
{
    uint64_t rest = 100 * (plan->sessions - plan->users), wanted = ACTIVE * plan->sessions;
    uint64_t active = wanted > 100 * plan->users ? wanted - 100 * plan->users : 0;
    if (first || below(rest) < active)
        return active_times();
    uint64_t kind = below(OVER);
    if (kind < ENDED)
        return ended_times(kind < LOGGED_OUT ? "logged_out" : "revoked");
    return kind < ENDED + EXPIRED ? expired_times() : idle_times();
}

static void put_times(const struct times *times)
{
    put_instant(",\"created_at\":\"", times->created);
    put_instant(",\"last_active_at\":\"", times->last);
    if (times->updated)
        put_instant(",\"updated_at\":\"", times->updated);
    if (times->expires)
        put_instant(",\"expires_at\":\"", times->expires);
    if (times->ending) {
        put_text(",\"ended\":{\"as\":\"");
        put_text(times->ending);
        put_instant("\",\"at\":\"", times->ended);
        put_text("}");
    }
}

/* ---- sessions ---- */

/* Version 7 (RFC 9562, 5.7). */
static void put_id(uint64_t created)
{
    uint64_t high = draw(), low = draw();
    put_hex(created >> 16, 8);
    put_text("-");
    put_hex(created, 4);
    put_text("-7");
    put_hex(high, 3);
    put_text("-");
    put_hex(8 + (high >> 12) % 4, 1);
    put_hex(high >> 14, 3);
    put_text("-");
    put_hex(low, 12);
}

static void put_place(void)
{
    static const char *const countries[] = {"US", "DE", "IN", "BR", "FR", "GB", "JP", "NL",
                                            "ES", "IT", "PL", "CA", "AU", "MX", "NG", "SE"};
    static const char *const hosts[] = {"app", "www", "m", "id", "api"};
    if (below(8) == 0) {
        put_text(",\"ip\":\"2001:db8:");
        put_hex(4096 + below(61440), 4);
        put_text("::");
        put_hex(1 + below(255), 2);
    } else {
        put_text(",\"ip\":\"203.0.");
        put_number(below(256));
        put_text(".");
        put_number(below(256));
    }
    put_text("\",\"host\":\"");
    put_text(hosts[ranked(sizeof(hosts) / sizeof(*hosts), 0)]);
    put_text(".example.com\",\"country_code\":\"");
    put_text(countries[ranked(sizeof(countries) / sizeof(*countries), 1)]);
    put_text("\"");
}

/* Texts of a factor that come before the user's number, each. */
static void put_factor(const char *const *texts, uint64_t user, uint64_t created)
{
    for (; *texts; texts++) {
        put_text(*texts);
        if (texts[1])
            put_number(user);
    }
    put_text(",\"last_verified_at\":");
    put_number(created / 1000);
    put_text("}}");
}

static void put_factors(uint64_t user, uint64_t created)
{
    static const char *const email[] = {
        "{\"delivery_channel\":\"email\",\"type\":\"otp\",\"method\":{\"method_id\":\"email_",
        "\",\"method_type\":\"email\",\"email_id\":\"email_", "\",\"email\":\"user",
        "@example.com\"", NULL};
    static const char *const phone[] = {
        "{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{\"method_id\":\"pn_",
        "\",\"method_type\":\"phone_number\",\"phone_number_id\":\"pn_",
        "\",\"phone_number\":\"+1415222", "\"", NULL};
    static const char *const google[] = {"{\"delivery_channel\":\"google_oauth\",\"type\":"
                                         "\"oauth\",\"method\":{\"method_id\":\"oauth_",
                                         "\",\"method_type\":\"oauth\",\"provider_subject\":\"10",
                                         "\"", NULL};
    static const char *const totp[] = {",{\"delivery_channel\":\"totp_authenticator\",\"type\":"
                                       "\"totp\",\"method\":{\"method_id\":\"totp_",
                                       "\",\"method_type\":\"totp\",\"totp_id\":\"totp_", "\"",
                                       NULL};
    static const char *const *const first[] = {email, google, phone};
    put_text(",\"factors\":[");
    put_factor(first[ranked(sizeof(first) / sizeof(*first), 0)], user, created);
    if (below(6) == 0)
        put_factor(totp, user, created + 30000);
    put_text("]");
}

static void put_session(const struct plan *plan, uint64_t number, uint64_t user)
{
    bool first = number < plan->users;
    struct times times = draw_times(plan, first);
    if (below(8) == 0 && !times.ending) /* something of it was set anew */
        times.updated = times.last + below(NOW - times.last);
    put_text("{\"kind\":\"session\",\"app\":\"");
    put_app_id(user % plan->apps);
    put_text("\",\"user\":\"usr-");
    put_number(1000000000 + user);
    put_text("\",\"id\":\"");
    put_id(times.created);
    put_text(first ? "\",\"token\":\"token-" : "\",\"token\":\"token-more-");
    put_number(number);
    put_text("\"");
    put_times(&times);
    put_device();
    put_place();
    put_factors(user, times.created);
    put_text("}\n");
}

/* So many users share the first rank that the heaviest have hundreds of sessions or a few thousand.
 */
static unsigned shift_of(uint64_t users)
{
    unsigned bits = 0;
    while (users >> bits)
        bits++;
    return bits / 3;
}

/* The heavy ones are spread over all users: a prime that users seldom is a multiple of. */
static uint64_t draw_user(const struct plan *plan, unsigned shift)
{
    return ranked(plan->users, shift) * 2147483647 % plan->users;
}

static void put_all(const struct plan *plan)
{
    unsigned shift = shift_of(plan->users);
    for (uint64_t app = 0; app < plan->apps; app++)
        put_app(app);
    for (uint64_t user = 0; user < plan->users; user++)
        put_user(plan, user);
    for (uint64_t i = 0; i < plan->sessions; i++)
        put_session(plan, i, i < plan->users ? i : draw_user(plan, shift));
}

/* ---- what is asked for ---- */

static const struct argp_option option_rows[] = {
    {"sessions", 's', "N", 0, "So many sessions (default 100000)", 0},
    {"users", 'u', "N", 0, "Of so many users (default a quarter of the sessions)", 0},
    {"seed", 'r', "N", 0, "What the numbers at random begin with (default 1)", 0},
    {"apps", 'a', "N", 0, "In so many apps, \"bench\", \"bench-2\", ... (default 1)", 0},
    {0},
};

static uint64_t number_of(const char *arg, struct argp_state *state)
{
    char *end;
    unsigned long long number = strtoull(arg, &end, 10);
    if (*end || end == arg || *arg == '-' || number > UINT64_C(1000000000000))
        argp_error(state, "a number is expected: %s", arg);
    return number;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case 's':
        plan->sessions = number_of(arg, state);
        return 0;
    case 'u':
        plan->users = number_of(arg, state);
        return 0;
    case 'r':
        plan->seed = number_of(arg, state);
        return 0;
    case 'a':
        plan->apps = number_of(arg, state);
        return 0;
    case ARGP_KEY_END:
        if (plan->users == 0)
            plan->users = plan->sessions / 4 ? plan->sessions / 4 : 1;
        if (plan->apps == 0 || plan->users < plan->apps || plan->sessions < plan->users)
            argp_error(state, "every app has a user, and every user has a session");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Prints records for `rollcall import`, as of 2026-01-01T00:00:00Z: the same bytes for "
           "the same numbers.\vOf a hundred sessions 40 are active, 20 expired, 15 idle for too "
           "long, 15 logged out and 10 revoked, where there are enough beside the first of each "
           "user, which is active.",
};

int main(int argc, char **argv)
{
    struct plan plan = {.sessions = 100000, .seed = 1, .apps = 1};
    argp_parse(&argp, argc, argv, 0, NULL, &plan);
    days_begin();
    devices_begin();
    draw_from(plan.seed);
    put_all(&plan);
    put_end();
    return EXIT_SUCCESS;
}
