#include "driver.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "support/random.h"

/* ---- disagreement ---- */

static void write_journal(const struct client *client, FILE *file)
{
    size_t first = client->asked > JOURNAL_LENGTH ? client->asked - JOURNAL_LENGTH : 0;
    fprintf(file, "\nasked lately:\n");
    for (size_t i = first; i < client->asked; i++)
        fprintf(file, "  %s\n", client->journal[i % JOURNAL_LENGTH]);
    fprintf(file, "the last answer:\n%.*s\n", STR_ARG(buf_view(&client->answer)));
}

void disagree(struct driver *driver, const char *what, ...)
{
    char *text = NULL;
    size_t size = 0;
    va_list values;
    FILE *file = open_memstream(&text, &size);
    fprintf(file, "ROLLCALL_SEED=%" PRIu64 " step %zu, ", driver->seed, driver->step);
    instant_write(driver->world.now, file);
    fprintf(file, "%s%s: ", driver->list ? ", " : "", driver->list ? driver->list : "");
    va_start(values, what);
    vfprintf(file, what, values);
    va_end(values);
    write_journal(&driver->client, file);
    fclose(file);
    if (driver->report < 0)
        cr_assert(false, "%s", text);
    (void)!write(driver->report, text, size);
    _exit(1);
}

/* ---- expectation ---- */

void expect_status(struct driver *driver, int status)
{
    int got = client_send(&driver->client);
    if (got != status)
        disagree(driver, "status %d, not %d", got, status);
}

bool expect_let_in(struct driver *driver, bool let_in)
{
    int got = client_send(&driver->client);
    if ((got == 401) == let_in)
        disagree(driver, "status %d; the caller %s let in", got, let_in ? "is" : "is not");
    return let_in;
}

static const char *in_words(const json_t *value)
{
    static char words[256];
    size_t len = value ? json_dumpb(value, words, sizeof(words) - 1, JSON_ENCODE_ANY) : 0;
    words[len < sizeof(words) ? len : 0] = '\0';
    return value ? words : "(nothing)";
}

void expect_text(struct driver *driver, const json_t *object, const char *name, const char *value)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_string(got) || strcmp(json_string_value(got), value) != 0)
        disagree(driver, "%s is %s, not \"%s\"", name, in_words(got), value);
}

void expect_number(struct driver *driver, const json_t *object, const char *name, int64_t value)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_integer(got) || json_integer_value(got) != value)
        disagree(driver, "%s is %s, not %" PRId64, name, in_words(got), value);
}

void expect_bool(struct driver *driver, const json_t *object, const char *name, bool value)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_boolean(got) || json_is_true(got) != value)
        disagree(driver, "%s is %s, not %s", name, in_words(got), value ? "true" : "false");
}

/* "2025-07-17T08:24:00" and then ".5Z", "Z" or nothing, which means the same. */
static bool read_instant(const char *text, int64_t *instant)
{
    struct tm tm = {.tm_mday = 0};
    int64_t fraction = 0, unit = SECONDS;
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (!rest)
        return false;
    if (*rest == '.')
        for (rest++; *rest >= '0' && *rest <= '9' && unit > 1; rest++)
            fraction += (*rest - '0') * (unit /= 10);
    *instant = timegm(&tm) * SECONDS + fraction;
    return strcmp(rest, "Z") == 0 || *rest == '\0';
}

void expect_instant(struct driver *driver, const json_t *object, const char *name, int64_t instant)
{
    const json_t *got = json_object_get(object, name);
    int64_t value = 0;
    if (!read_instant(json_string_value(got), &value) || value != instant)
        disagree(driver, "%s is %s, which is %" PRId64 ", not %" PRId64, name, in_words(got), value,
                 instant);
}

void expect_second(struct driver *driver, const json_t *object, const char *name, int64_t instant)
{
    expect_instant(driver, object, name, instant - instant % SECONDS);
}

const json_t *expect_rows(struct driver *driver, const json_t *array, size_t count)
{
    if (!json_is_array(array) || json_array_size(array) != count)
        disagree(driver, "%zu rows, not %zu", json_array_size(array), count);
    return array;
}

/* ---- at random ---- */

bool chance(unsigned percent)
{
    return random_below(100) < percent;
}

void move_clock(struct driver *driver, int64_t now)
{
    driver->world.now = now;
    client_hold_clock(&driver->client, now);
}
