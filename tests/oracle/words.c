#include "words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "world.h"

static const char *const fields[FIELD_COUNT] = {
    [FIELD_ID] = "id",
    [FIELD_USER] = "user",
    [FIELD_STATUS] = "status",
    [FIELD_CREATED] = "created",
    [FIELD_LAST_ACTIVE] = "last active",
    [FIELD_UPDATED] = "updated",
    [FIELD_EXPIRES] = "expires",
    [FIELD_DEVICE_NAME] = "device name",
    [FIELD_OS_NAME] = "os name",
    [FIELD_OS_VERSION] = "os version",
    [FIELD_USERNAME] = "username",
    [FIELD_USER_NAME] = "user's name",
};

static const char *const relations[] = {"=", "<", ">"};

struct words {
    char *out;
    size_t size, len;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    va_list args;
    if (words->len >= words->size)
        return;
    va_start(args, format);
    int len = vsnprintf(words->out + words->len, words->size - words->len, format, args);
    va_end(args);
    words->len += len > 0 ? (size_t)len : 0;
}

static void say_bound(struct words *words, int64_t bound)
{
    if (bound == INT64_MIN || bound == INT64_MAX)
        say(words, "%s", bound == INT64_MIN ? "ever" : "never");
    else
        say(words, "%" PRId64, bound);
}

static void say_condition(struct words *words, const struct condition *condition)
{
    say(words, " and %s ", fields[condition->field]);
    if (condition->field == FIELD_ID || condition->field == FIELD_USER) {
        say(words, "%s '%.*s'", relations[condition->relation], STR_ARG(condition->text));
        return;
    }
    say(words, "from ");
    say_bound(words, condition->low);
    say(words, " to ");
    say_bound(words, condition->high);
}

static void say_id(struct words *words, const char *what, const struct uuid *id)
{
    char text[UUID_TEXT];
    uuid_write(id, text);
    say(words, "%s%.*s", what, UUID_TEXT, text);
}

static void say_filter(struct words *words, const struct question *question)
{
    const struct query *query = &question->query;
    if (question->user_id.len)
        say(words, " and user is '%.*s'%s", STR_ARG(question->user_id),
            query->holder ? " (brought)" : "");
    if (query->active_only)
        say(words, " and active");
    for (size_t i = 0; i < query->condition_count; i++)
        say_condition(words, &query->conditions[i]);
    if (query->without)
        say_id(words, " and not ", query->without);
    if (query->after) {
        say(words, " and after (%" PRId64 ", '%.*s')", query->after->created,
            STR_ARG(query->after->id));
        if (query->after->session)
            say_id(words, ", which is ", query->after->session);
    }
    if (question->needle)
        say(words, " and with %s '%s'%s", question->kind == PATTERN_REGEX ? "regex" : "text",
            question->needle, query->pattern_finds_users ? " (users too)" : "");
}

void words_of_question(const struct question *question, char *out, size_t size)
{
    const struct query *query = &question->query;
    struct words words = {out, size, 0};
    say(&words, "at %" PRId64 " of %s (idle %" PRId64 "), as %s spells it:", question->now,
        app_ids[question->app], question->idle_ms, vendor_name((int)query->vendor));
    say_filter(&words, question);
    say(&words, "; ordered by");
    for (size_t i = 0; i < query->order_count; i++)
        say(&words, " %s%s,", fields[query->orders[i].field],
            query->orders[i].descending ? " descending" : "");
    say(&words, " id%s; %" PRId64 " from %" PRId64 " on", query->id_descending ? " descending" : "",
        query->limit, query->offset);
}

static void say_session(struct words *words, const struct uuid *id, struct str user,
                        enum status status)
{
    say_id(words, "", id);
    say(words, " of '%.*s' %s", STR_ARG(user), status_names[status]);
}

static void say_instants(struct words *words, const int64_t *instants)
{
    say(words, ", created %" PRId64 " last active %" PRId64 " updated %" PRId64 " expires %" PRId64,
        instants[0], instants[1], instants[2], instants[3]);
}

void words_of_found(const struct found *found, char *out, size_t size)
{
    const struct session *session = &found->session;
    struct words words = {out, size, 0};
    say_session(&words, &session->id, found->user.texts[USER_ID], found->status);
    say_instants(&words, (const int64_t[]){session->created, session->last_active, session->updated,
                                           session->expires});
}

void words_of_held(const struct held *held, const struct question *question, char *out, size_t size)
{
    const struct session_draft *draft = &held->draft;
    struct words words = {out, size, 0};
    say_session(&words, &draft->id, held->holder->id,
                naive_status(held, question->idle_ms, question->now));
    say_instants(&words, (const int64_t[]){draft->created, draft->last_active, draft->updated,
                                           draft->expires});
}
