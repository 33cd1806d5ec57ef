#include "naive.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

enum status naive_status(const struct held *held, int64_t idle_ms, int64_t now)
{
    const struct session_draft *draft = &held->draft;
    int64_t idle_at = draft->last_active + idle_ms;
    if (draft->ending != ENDING_NONE)
        return draft->ending == ENDING_REVOKED ? STATUS_REVOKED : STATUS_LOGGED_OUT;
    bool expired = draft->expires <= now, idle = idle_ms > 0 && idle_at <= now;
    if (expired && idle)
        return idle_at < draft->expires ? STATUS_INACTIVITY_REACHED : STATUS_EXPIRED;
    return expired ? STATUS_EXPIRED : idle ? STATUS_INACTIVITY_REACHED : STATUS_ACTIVE;
}

void naive_spell(struct held *held)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct str brought = held->draft.texts[TEXT_BROUGHT_ID + vendor];
        struct spelling *spelled = &held->spelled[vendor];
        id_spell((enum vendor)vendor, &held->draft.id, held->draft.created, spelled);
        if (brought.len) {
            memcpy(spelled->text, brought.ptr, brought.len);
            spelled->len = brought.len;
        }
    }
}

/* ---- order ---- */

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int bytes_cmp(struct str a, struct str b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return sign((unsigned char)a.ptr[i], (unsigned char)b.ptr[i]);
    return sign((int64_t)a.len, (int64_t)b.len);
}

struct user_key naive_user_key(struct str id)
{
    enum { DIGITS = 200 };
    struct user_key key = {.number = true};
    snprintf(key.text, sizeof(key.text), "%.*s", STR_ARG(id));
    if (strncmp(key.text, "usr-", 4) == 0)
        memmove(key.text, key.text + 4, strlen(key.text + 4) + 1);
    for (const char *c = key.text; *c; c++)
        key.number = key.number && isdigit((unsigned char)*c);
    key.number = key.number && key.text[0];
    size_t len = strlen(key.text);
    memset(key.padded, '0', DIGITS);
    memcpy(key.padded + DIGITS - len, key.text, len + 1);
    return key;
}

static int user_cmp(const struct user_key *left, const struct user_key *right)
{
    if (left->number != right->number)
        return left->number ? -1 : 1;
    int cmp = left->number ? strcmp(left->padded, right->padded) : 0;
    return cmp ? cmp : strcmp(left->text, right->text);
}

static struct str spelled(const struct held *held, enum vendor vendor)
{
    return spelling_view(&held->spelled[vendor]);
}

static int64_t number_of(const struct held *held, const struct question *question, enum field field)
{
    const struct session_draft *draft = &held->draft;
    return field == FIELD_STATUS    ? (int64_t)naive_status(held, question->idle_ms, question->now)
           : field == FIELD_CREATED ? draft->created
           : field == FIELD_LAST_ACTIVE ? draft->last_active
           : field == FIELD_UPDATED     ? draft->updated
                                        : draft->expires;
}

static int field_cmp(const struct held *a, const struct held *b, const struct question *question,
                     enum field field)
{
    const struct str *left = a->draft.texts, *right = b->draft.texts;
    switch (field) {
    case FIELD_ID:
        return bytes_cmp(spelled(a, question->query.vendor), spelled(b, question->query.vendor));
    case FIELD_USER:
        return user_cmp(&a->holder->key, &b->holder->key);
    case FIELD_USERNAME:
        return bytes_cmp(a->holder->username, b->holder->username);
    case FIELD_USER_NAME:
        return bytes_cmp(a->holder->name, b->holder->name);
    case FIELD_DEVICE_NAME:
        return bytes_cmp(left[TEXT_DEVICE_NAME], right[TEXT_DEVICE_NAME]);
    case FIELD_OS_NAME:
        return bytes_cmp(left[TEXT_OS_NAME], right[TEXT_OS_NAME]);
    case FIELD_OS_VERSION:
        return bytes_cmp(left[TEXT_OS_VERSION], right[TEXT_OS_VERSION]);
    default:
        return sign(number_of(a, question, field), number_of(b, question, field));
    }
}

/* A question, and what of it is worked out once for all sessions. */
struct search {
    const struct held *all;
    const struct question *question;
    struct user_key keys[CONDITIONS_MAX]; /* of conditions on users */
    regex_t regex;
};

static int held_cmp(const void *left, const void *right, void *context)
{
    const struct search *search = context;
    const struct query *query = &search->question->query;
    const struct held *a = &search->all[*(const size_t *)left],
                      *b = &search->all[*(const size_t *)right];
    for (size_t i = 0; i < query->order_count; i++) {
        int cmp = field_cmp(a, b, search->question, query->orders[i].field);
        if (cmp)
            return query->orders[i].descending ? -cmp : cmp;
    }
    if (query->order_count == 0 && a->draft.created != b->draft.created)
        return a->draft.created > b->draft.created ? -1 : 1;
    int cmp = field_cmp(a, b, search->question, FIELD_ID);
    if (cmp == 0) /* one was brought with an id that is made of the other's */
        cmp = memcmp(a->draft.id.bytes, b->draft.id.bytes, sizeof(a->draft.id.bytes));
    return query->id_descending ? -cmp : cmp;
}

/* ---- filter ---- */

static bool relates(int cmp, enum relation relation)
{
    switch (relation) {
    case RELATION_BELOW:
        return cmp < 0;
    case RELATION_ABOVE:
        return cmp > 0;
    default:
        return cmp == 0;
    }
}

static bool holds(const struct search *search, const struct held *held, size_t at)
{
    const struct question *question = search->question;
    const struct condition *condition = &question->query.conditions[at];
    if (condition->field == FIELD_ID)
        return relates(bytes_cmp(spelled(held, question->query.vendor), condition->text),
                       condition->relation);
    if (condition->field == FIELD_USER)
        return relates(user_cmp(&held->holder->key, &search->keys[at]), condition->relation);
    int64_t value = number_of(held, question, condition->field);
    return value >= condition->low && value <= condition->high;
}

static bool is_in(const struct search *search, struct str text)
{
    char subject[4096];
    snprintf(subject, sizeof(subject), "%.*s", STR_ARG(text));
    return search->question->kind == PATTERN_LITERAL
               ? strcasestr(subject, search->question->needle) != NULL
               : regexec(&search->regex, subject, 0, NULL, 0) == 0;
}

static bool contains(const struct search *search, const struct held *held)
{
    const struct query *query = &search->question->query;
    const struct str *texts = held->draft.texts;
    struct str id = spelled(held, query->vendor);
    char subject[4096];
    snprintf(subject, sizeof(subject), "%.*s%.*s%.*s%.*s%.*s", STR_ARG(texts[TEXT_DEVICE_NAME]),
             STR_ARG(texts[TEXT_DEVICE_TYPE]), STR_ARG(texts[TEXT_OS_NAME]), STR_ARG(id),
             STR_ARG(held->holder->id));
    return is_in(search, str_of(subject)) ||
           (query->pattern_finds_users &&
            (is_in(search, held->holder->username) || is_in(search, held->holder->name)));
}

static bool stands_after(const struct held *held, const struct question *question)
{
    const struct mark *mark = question->query.after;
    if (held->draft.created != mark->created)
        return held->draft.created < mark->created;
    int cmp = bytes_cmp(spelled(held, question->query.vendor), mark->id);
    if (cmp == 0 && mark->session)
        cmp = memcmp(held->draft.id.bytes, mark->session->bytes, sizeof(mark->session->bytes));
    return cmp > 0;
}

static bool matches(const struct search *search, const struct held *held)
{
    const struct question *question = search->question;
    const struct query *query = &question->query;
    if (held->app != question->app)
        return false;
    if (question->user_id.len && bytes_cmp(held->holder->id, question->user_id) != 0)
        return false;
    if (query->active_only && naive_status(held, question->idle_ms, question->now) != STATUS_ACTIVE)
        return false;
    if (query->without && memcmp(query->without->bytes, held->draft.id.bytes, 16) == 0)
        return false;
    if (query->after && !stands_after(held, question))
        return false;
    for (size_t i = 0; i < query->condition_count; i++)
        if (!holds(search, held, i))
            return false;
    return !question->needle || contains(search, held);
}

static void prepare(struct search *search)
{
    const struct question *question = search->question;
    for (size_t i = 0; i < question->query.condition_count; i++)
        if (question->query.conditions[i].field == FIELD_USER)
            search->keys[i] = naive_user_key(question->query.conditions[i].text);
    if (question->needle && question->kind == PATTERN_REGEX)
        cr_assert_eq(
            regcomp(&search->regex, question->needle, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
}

size_t naive_find(const struct held *all, size_t count, const struct question *question,
                  size_t *places)
{
    struct search search = {.all = all, .question = question};
    size_t found = 0;
    prepare(&search);
    for (size_t i = 0; i < count; i++)
        if (matches(&search, &all[i]))
            places[found++] = i;
    qsort_r(places, found, sizeof(*places), held_cmp, &search);
    if (question->needle && question->kind == PATTERN_REGEX)
        regfree(&search.regex);
    return found;
}
