/* base/clock: instants and their texts. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(base_clock);

static const struct {
    const char *text;
    enum instant_form form;
    bool good;
    int64_t instant;
    enum precision precision;
} cases[] = {
    {"2025-07-17T08:24:00.000Z", INSTANT_STRICT, true, 1752740640000, PRECISION_FRACTION},
    {"2025-07-17T08:24:00Z", INSTANT_STRICT, true, 1752740640000, PRECISION_SECOND},
    {"2025-07-17T08:24:00.1239Z", INSTANT_STRICT, true, 1752740640123, PRECISION_FRACTION},
    {"2025-07-17T10:24:00+02:00", INSTANT_STRICT, true, 1752740640000, PRECISION_SECOND},
    {"1970-01-01T00:00:00Z", INSTANT_STRICT, true, 0, PRECISION_SECOND},
    {"1969-12-31T23:59:59.999Z", INSTANT_STRICT, true, -1, PRECISION_FRACTION},
    {"2024-02-29T00:00:00Z", INSTANT_STRICT, true, 1709164800000, PRECISION_SECOND},
    {"2025-07-17T08:24:00", INSTANT_LOOSE, true, 1752740640000, PRECISION_SECOND},
    {"2025-07-17", INSTANT_LOOSE, true, 1752710400000, PRECISION_DAY},
    {"2025-07-17T10:24:00 02:00", INSTANT_LOOSE, true, 1752740640000, PRECISION_SECOND},
    {"2025-07-17T08:24:00", INSTANT_STRICT, false, 0, 0},
    {"2025-07-17", INSTANT_STRICT, false, 0, 0},
    {"2023-02-29T00:00:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-13-01T00:00:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-00-01T00:00:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-01-32T00:00:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-01-01T24:00:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-01-01T00:60:00Z", INSTANT_STRICT, false, 0, 0},
    {"2025-01-01T00:00:00.Z", INSTANT_STRICT, false, 0, 0},
    {"2025-01-01T00:00:00Zx", INSTANT_STRICT, false, 0, 0},
    {"", INSTANT_LOOSE, false, 0, 0},
    {"yesterday", INSTANT_LOOSE, false, 0, 0},
};

Test(base_clock, reads_what_it_should_and_nothing_else)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t instant = 0;
        enum precision precision = PRECISION_DAY;
        bool good = instant_parse(str_of(cases[i].text), cases[i].form, &instant, &precision);
        cr_expect_eq(good, cases[i].good, "\"%s\"", cases[i].text);
        if (!good || !cases[i].good)
            continue;
        cr_expect_eq(instant, cases[i].instant, "\"%s\" gave %ld", cases[i].text, (long)instant);
        cr_expect_eq(precision, cases[i].precision, "\"%s\"", cases[i].text);
    }
}

Test(base_clock, instants_come_back_from_their_text_as_libc_has_them)
{
    uint64_t seed = random_begin();
    struct buf buf = {0};
    for (int round = 0; round < 20000; round++) {
        int64_t instant = random_instant(), back = 0;
        buf_reset(&buf);
        instant_put_millis(&buf, instant);
        cr_assert(instant_parse(buf_view(&buf), INSTANT_STRICT, &back, NULL), "seed %lu: %.*s",
                  (unsigned long)seed, (int)buf.len, buf.ptr);
        cr_assert_eq(back, instant, "seed %lu: %.*s", (unsigned long)seed, (int)buf.len, buf.ptr);

        int64_t millis = (instant % 1000 + 1000) % 1000;
        time_t seconds = (time_t)((instant - millis) / 1000);
        struct tm tm;
        char text[96];
        gmtime_r(&seconds, &tm);
        snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)millis);
        cr_assert(str_eq(buf_view(&buf), str_of(text)), "seed %lu: %.*s is not %s",
                  (unsigned long)seed, (int)buf.len, buf.ptr, text);
    }
    buf_free(&buf);
}

Test(base_clock, short_form_drops_what_says_nothing)
{
    static const struct {
        int64_t instant;
        const char *text;
    } shorts[] = {{0, "1970-01-01T00:00:00Z"},
                  {100, "1970-01-01T00:00:00.1Z"},
                  {120, "1970-01-01T00:00:00.12Z"},
                  {123, "1970-01-01T00:00:00.123Z"},
                  {7, "1970-01-01T00:00:00.007Z"}};
    struct buf buf = {0};
    for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
        buf_reset(&buf);
        instant_put_short(&buf, shorts[i].instant);
        cr_expect(str_eq(buf_view(&buf), str_of(shorts[i].text)), "%.*s is not %s", (int)buf.len,
                  buf.ptr, shorts[i].text);
    }
    buf_free(&buf);
}

Test(base_clock, any_bytes_are_read_without_harm)
{
    random_begin();
    for (int round = 0; round < 20000; round++) {
        char text[32];
        size_t len = random_below(sizeof(text));
        int64_t instant;
        for (size_t i = 0; i < len; i++)
            text[i] = "0123456789-:TZ.+ \xFF"[random_below(18)];
        bool good = instant_parse((struct str){text, len}, INSTANT_LOOSE, &instant, NULL);
        cr_assert(!good || (instant >= INSTANT_MIN && instant <= INSTANT_MAX), "%.*s", (int)len,
                  text);
    }
}
