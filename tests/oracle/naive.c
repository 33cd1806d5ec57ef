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

/* A user's id without "usr-", and as a number of 200 digits when it is one. */
struct user_key {
    char text[256], padded[256];
    bool number;
};

static struct user_key user_key(struct str id)
{
    struct user_key key = {.number = true};
    snprintf(key.text, sizeof(key.text), "%.*s", STR_ARG(id));
    if (strncmp(key.text, "usr-", 4) == 0)
        memmove(key.text, key.text + 4, strlen(key.text + 4) + 1);
    for (const char *c = key.text; *c; c++)
        key.number = key.number && isdigit((unsigned char)*c);
    key.number = key.number && key.text[0];
    size_t len = strlen(key.text);
    memset(key.padded, '0', 200);
    memcpy(key.padded + 200 - len, key.text, len + 1);
    return key;
}

static int user_cmp(struct str a, struct str b)
{
    struct user_key left = user_key(a), right = user_key(b);
    if (left.number != right.number)
        return left.number ? -1 : 1;
    int cmp = left.number ? strcmp(left.padded, right.padded) : 0;
    return cmp ? cmp : strcmp(left.text, right.text);
}

static struct str spelled(const struct held *held, enum vendor vendor)
{
    return spelling_view(&held->spelled[vendor]);
}

static struct str call(struct str user_id, const char *const *names, size_t count)
{
    size_t sum = user_id.len;
    for (size_t i = 0; i < user_id.len; i++)
        sum += (unsigned char)user_id.ptr[i];
    return str_of(names[sum % count]);
}

struct str naive_username(struct str user_id)
{
    static const char *const names[] = {"", "jane", "Jane", "mobile.safari", "ios"};
    return call(user_id, names, sizeof(names) / sizeof(*names));
}

struct str naive_user_name(struct str user_id)
{
    static const char *const names[] = {"Jane Doe", "", "Fire Chrome", "~", "a b", "Bo"};
    return call(user_id, names, sizeof(names) / sizeof(*names));
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
        return user_cmp(a->user_id, b->user_id);
    case FIELD_USERNAME:
        return bytes_cmp(naive_username(a->user_id), naive_username(b->user_id));
    case FIELD_USER_NAME:
        return bytes_cmp(naive_user_name(a->user_id), naive_user_name(b->user_id));
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

struct sorting {
    const struct held *all;
    const struct question *question;
};

static int held_cmp(const void *left, const void *right, void *context)
{
    const struct sorting *sorting = context;
    const struct query *query = &sorting->question->query;
    const struct held *a = &sorting->all[*(const size_t *)left],
                      *b = &sorting->all[*(const size_t *)right];
    for (size_t i = 0; i < query->order_count; i++) {
        int cmp = field_cmp(a, b, sorting->question, query->orders[i].field);
        if (cmp)
            return query->orders[i].descending ? -cmp : cmp;
    }
    if (query->order_count == 0 && a->draft.created != b->draft.created)
        return a->draft.created > b->draft.created ? -1 : 1;
    int cmp = field_cmp(a, b, sorting->question, FIELD_ID);
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

static bool holds(const struct held *held, const struct question *question,
                  const struct condition *condition)
{
    if (condition->field == FIELD_ID)
        return relates(bytes_cmp(spelled(held, question->query.vendor), condition->text),
                       condition->relation);
    if (condition->field == FIELD_USER)
        return relates(user_cmp(held->user_id, condition->text), condition->relation);
    int64_t value = number_of(held, question, condition->field);
    return value >= condition->low && value <= condition->high;
}

static bool is_in(const char *subject, const struct question *question)
{
    regex_t regex;
    if (question->kind == PATTERN_LITERAL)
        return strcasestr(subject, question->needle) != NULL;
    cr_assert_eq(regcomp(&regex, question->needle, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    bool found = regexec(&regex, subject, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool contains(const struct held *held, const struct question *question)
{
    const struct str *texts = held->draft.texts;
    struct str id = spelled(held, question->query.vendor);
    char subject[4096];
    snprintf(subject, sizeof(subject), "%.*s%.*s%.*s%.*s%.*s", STR_ARG(texts[TEXT_DEVICE_NAME]),
             STR_ARG(texts[TEXT_DEVICE_TYPE]), STR_ARG(texts[TEXT_OS_NAME]), STR_ARG(id),
             STR_ARG(held->user_id));
    return is_in(subject, question) || (question->query.pattern_finds_users &&
                                        (is_in(naive_username(held->user_id).ptr, question) ||
                                         is_in(naive_user_name(held->user_id).ptr, question)));
}

static bool stands_after(const struct held *held, const struct question *question)
{
    const struct mark *mark = question->query.after;
    if (held->draft.created != mark->created)
        return held->draft.created < mark->created;
    return bytes_cmp(spelled(held, question->query.vendor), mark->id) > 0;
}

static bool matches(const struct held *held, const struct question *question)
{
    const struct query *query = &question->query;
    if (held->app != question->app)
        return false;
    if (question->user_id.len && bytes_cmp(held->user_id, question->user_id) != 0)
        return false;
    if (query->active_only && naive_status(held, question->idle_ms, question->now) != STATUS_ACTIVE)
        return false;
    if (query->without && memcmp(query->without->bytes, held->draft.id.bytes, 16) == 0)
        return false;
    if (query->after && !stands_after(held, question))
        return false;
    for (size_t i = 0; i < query->condition_count; i++)
        if (!holds(held, question, &query->conditions[i]))
            return false;
    return !question->needle || contains(held, question);
}

size_t naive_find(const struct held *all, size_t count, const struct question *question,
                  size_t *places)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (matches(&all[i], question))
            places[found++] = i;
    qsort_r(places, found, sizeof(*places), held_cmp, &(struct sorting){all, question});
    return found;
}
