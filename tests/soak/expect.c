/* What is wrong with an answer. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "soak.h"

enum { SHOWN = 3000 }; /* bytes of an answer */

/* In one write, so that what several clients say stays apart. */
void disagree(struct soak *soak, const char *what, ...)
{
    char *text = NULL;
    size_t size = 0;
    va_list values;
    FILE *file = open_memstream(&text, &size);
    fprintf(file, "client %d at %" PRId64 "..%" PRId64 ": ", soak->number, soak->when.low,
            soak->when.high);
    va_start(values, what);
    vfprintf(file, what, values);
    va_end(values);
    fputc('\n', file);
    for (size_t i = 0; i < soak->variable_count; i++)
        fprintf(file, "  %s\n", soak->variables[i]);
    if (soak->body)
        fprintf(file, "  %s\n", soak->body);
    struct str answer = buf_view(&soak->answer);
    fprintf(file, "the answer:\n%.*s\n", (int)(answer.len < SHOWN ? answer.len : SHOWN),
            answer.ptr);
    fclose(file);
    fwrite(text, 1, size, stderr);
    exit(EXIT_FAILURE);
}

/* ---- states ---- */

static void disagree_on(struct soak *soak, const struct login *login, unsigned states)
{
    unsigned possible = login_states(login, &soak->when);
    char words[2][128] = {"", ""};
    for (unsigned state = 0; state < STATES; state++)
        for (int side = 0; side < 2; side++)
            if ((side ? possible : states) & 1U << state) {
                strcat(words[side], " ");
                strcat(words[side], state_words[state]);
            }
    disagree(soak,
             "%s of %s is shown as one of:%s; it is one of:%s (may %x, late %x until %" PRId64
             ", active %" PRId64 "..%" PRId64 ", updated %" PRId64 "..%" PRId64 ", ends %" PRId64
             "..%" PRId64 ")",
             login->names[KRATOS], login->person->id, words[0], words[1], login->may, login->late,
             login->late_done, login->last_active.low, login->last_active.high, login->updated.low,
             login->updated.high, login->expires.low, login->expires.high);
}

void expect_seen(struct soak *soak, struct login *login, unsigned states)
{
    if (!login_seen_as(login, states, &soak->when))
        disagree_on(soak, login, states);
}

void expect_status(struct soak *soak, int status)
{
    if (soak->status != status)
        disagree(soak, "status %d, not %d", soak->status, status);
}

bool expect_states(struct soak *soak, struct login *login, unsigned states, int right, int wrong)
{
    if (soak->status != right && soak->status != wrong)
        disagree(soak, "status %d, neither %d nor %d", soak->status, right, wrong);
    expect_seen(soak, login, soak->status == right ? states : ~states);
    return soak->status == right;
}

bool expect_holder(struct soak *soak, struct login *login)
{
    bool let_in = soak->status != 401;
    expect_seen(soak, login, let_in ? (unsigned)IS_ACTIVE : (unsigned)IS_OVER);
    if (let_in)
        login_noticed(login, &soak->when);
    return let_in;
}

/* A clock may be a little off: tokens are let in for some seconds more. */
bool expect_jwt_holder(struct soak *soak, struct login *login)
{
    enum { LEEWAY_MS = 60 * 1000 };
    bool lasts = soak->when.high < login->jwt_end.low - 1000;
    bool over = soak->when.low > login->jwt_end.high + LEEWAY_MS;
    if (lasts)
        return expect_holder(soak, login);
    if (soak->status == 401)
        return false;
    if (over)
        disagree(soak, "status %d; the access token has run out", soak->status);
    return expect_holder(soak, login);
}

/* ---- members ---- */

static const char *in_words(const json_t *value)
{
    static char words[256];
    size_t len = value ? json_dumpb(value, words, sizeof(words) - 1, JSON_ENCODE_ANY) : 0;
    words[len < sizeof(words) ? len : 0] = '\0';
    return value ? words : "(nothing)";
}

void expect_text(struct soak *soak, const json_t *object, const char *name, const char *value)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_string(got) || strcmp(json_string_value(got), value) != 0)
        disagree(soak, "%s is %s, not \"%s\"", name, in_words(got), value);
}

void expect_number(struct soak *soak, const json_t *object, const char *name, int64_t value)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_integer(got) || json_integer_value(got) != value)
        disagree(soak, "%s is %s, not %" PRId64, name, in_words(got), value);
}

static void disagree_on_instant(struct soak *soak, const char *name, const json_t *got,
                                const struct span *instant)
{
    disagree(soak, "%s is %s, not in %" PRId64 "..%" PRId64, name, in_words(got), instant->low,
             instant->high);
}

void expect_millis(struct soak *soak, const json_t *object, const char *name, struct login *login,
                   struct span *instant)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_integer(got) ||
        !login_told(login, instant, json_integer_value(got), soak->when.low))
        disagree_on_instant(soak, name, got, instant);
}

void expect_seconds(struct soak *soak, const json_t *object, const char *name,
                    const struct span *instant)
{
    const json_t *got = json_object_get(object, name);
    if (!json_is_integer(got) || !span_meets_second(instant, json_integer_value(got)))
        disagree_on_instant(soak, name, got, instant);
}

static bool read_instant(const json_t *value, int64_t *instant)
{
    return instant_parse(str_of(json_string_value(value)), INSTANT_LOOSE, instant, NULL);
}

void expect_instant(struct soak *soak, const json_t *object, const char *name, struct login *login,
                    struct span *instant)
{
    const json_t *got = json_object_get(object, name);
    int64_t value;
    if (!read_instant(got, &value) || !login_told(login, instant, value, soak->when.low))
        disagree_on_instant(soak, name, got, instant);
}

void expect_whole_second(struct soak *soak, const json_t *object, const char *name,
                         const struct span *instant)
{
    const json_t *got = json_object_get(object, name);
    int64_t value;
    if (!read_instant(got, &value) || !span_meets_second(instant, value / 1000))
        disagree_on_instant(soak, name, got, instant);
}
