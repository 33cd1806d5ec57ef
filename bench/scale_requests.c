/* Which requests there are: each sort, each filter, the costliest combinations, and the rest of
 * what the vendors' lists ask for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "scale.h"

#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

/* Corbado's columns, by the names it gives them. */
static const struct column {
    const char *name;
    enum field field;
} corbado[] = {
    {"ID", FIELD_ID},           {"userID", FIELD_USER},
    {"expires", FIELD_EXPIRES}, {"lastAction", FIELD_LAST_ACTIVE},
    {"created", FIELD_CREATED}, {"updated", FIELD_UPDATED},
    {"status", FIELD_STATUS},
};
static const struct column rocketchat[] = {
    {"device.name", FIELD_DEVICE_NAME},      {"device.os.name", FIELD_OS_NAME},
    {"device.os.version", FIELD_OS_VERSION}, {"_user.username", FIELD_USERNAME},
    {"_user.name", FIELD_USER_NAME},
};

/* SQLite takes long for some: what says most of them is asked. */
enum {
    PAGES = 1 << DEPTH_FIRST | 1 << DEPTH_MIDDLE | 1 << DEPTH_LAST,
    DEEP = 1 << DEPTH_COUNT | 1 << DEPTH_MIDDLE | 1 << DEPTH_LAST,
    SHALLOW = 1 << DEPTH_COUNT | 1 << DEPTH_FIRST | 1 << DEPTH_MIDDLE
};

static request_fn give;

static struct request begin(const char *family, enum vendor vendor, unsigned depths)
{
    return (struct request){.family = family, .depths = depths, .query = {.vendor = vendor}};
}

static void __attribute__((format(printf, 2, 3)))
name(struct request *request, const char *format, ...)
{
    size_t len = strlen(request->name);
    va_list args;
    va_start(args, format);
    vsnprintf(request->name + len, sizeof(request->name) - len, format, args);
    va_end(args);
}

static void sort_by(struct request *request, const struct column *column, bool descending)
{
    request->query.orders[0] = (struct order){column->field, descending};
    request->query.order_count = 1;
    name(request, "%sby %s%s", *request->name ? ", " : "", column->name,
         descending ? " descending" : "");
}

static void put(struct request *request)
{
    request->query.conditions = request->conditions;
    for (size_t i = 0; i < request->query.condition_count; i++)
        request->conditions[i].text = str_of(request->texts[i]);
    if (request->query.after)
        request->query.after = &request->after;
    give(request);
}

/* ---- each sort ---- */

static void put_sorts(void)
{
    for (size_t i = 0; i < LENGTH(corbado); i++)
        for (int descending = 0; descending < 2; descending++) {
            struct request request = begin("sort", VENDOR_CORBADO, PAGES);
            sort_by(&request, &corbado[i], descending);
            put(&request);
        }
    for (size_t i = 0; i < LENGTH(rocketchat); i++) {
        struct request request = begin("sort", VENDOR_ROCKETCHAT, PAGES);
        request.query.active_only = true;
        name(&request, "active");
        sort_by(&request, &rocketchat[i], false);
        put(&request);
    }
}

/* ---- each filter ---- */

/* The value found so many thousandths up; each is looked for once. */
static const struct value *value_at(enum field field, int64_t permille)
{
    enum { KNOWN_MAX = 64 };
    static struct {
        enum field field;
        int64_t permille;
        struct value value;
    } known[KNOWN_MAX];
    static size_t count;
    for (size_t i = 0; i < count; i++)
        if (known[i].field == field && known[i].permille == permille)
            return &known[i].value;
    if (count == KNOWN_MAX)
        die("too many values");
    known[count].field = field;
    known[count].permille = permille;
    known[count].value = store_side_value(field, permille);
    return &known[count++].value;
}

/* A condition on that value, and what is said of it. */
static void add_condition(struct request *request, const struct column *column,
                          enum relation relation, int64_t permille)
{
    static const char *const signs[] = {"=", "<", ">"};
    const struct value *value = value_at(column->field, permille);
    size_t at = request->query.condition_count++;
    struct condition *condition = &request->conditions[at];
    *condition = (struct condition){.field = column->field, .relation = relation};
    condition->low = relation == RELATION_EQUAL   ? value->number
                     : relation == RELATION_ABOVE ? value->number + 1
                                                  : INT64_MIN;
    condition->high = relation == RELATION_EQUAL   ? value->number
                      : relation == RELATION_BELOW ? value->number - 1
                                                   : INT64_MAX;
    snprintf(request->texts[at], TEXT_ROOM, "%s", value->text);
    request->ids[at] = value->id;
    name(request, "%s%s %s %d %%", at ? " & " : "", column->name, signs[relation],
         (int)(permille / 10));
}

static void add_status(struct request *request, int64_t low, int64_t high)
{
    size_t at = request->query.condition_count++;
    request->conditions[at] = (struct condition){.field = FIELD_STATUS, .low = low, .high = high};
    name(request, "%s%s%s", at ? " & " : "", low == high ? "" : "not ",
         low == high ? status_names[low] : status_names[STATUS_ACTIVE]);
}

static const struct column newest = {"created", FIELD_CREATED};

static void put_filter(const struct request *filtered, const struct column *own)
{
    struct request request = *filtered;
    request.depths = ALL_DEPTHS;
    sort_by(&request, &newest, true);
    put(&request);
    if (own->field == FIELD_CREATED)
        return;
    request = *filtered;
    request.depths = PAGES;
    sort_by(&request, own, false);
    put(&request);
}

static void put_filters(void)
{
    static const struct {
        enum relation relation;
        int64_t permille;
    } kinds[] = {{RELATION_EQUAL, 500}, {RELATION_BELOW, 500}, {RELATION_ABOVE, 990}};
    for (size_t i = 0; i + 1 < LENGTH(corbado); i++)
        for (size_t j = 0; j < LENGTH(kinds); j++) {
            struct request request = begin("filter", VENDOR_CORBADO, 0);
            add_condition(&request, &corbado[i], kinds[j].relation, kinds[j].permille);
            put_filter(&request, &corbado[i]);
        }
    for (int64_t status = 0; status < STATUS_COUNT; status++) {
        struct request request = begin("filter", VENDOR_CORBADO, 0);
        add_status(&request, status, status);
        put_filter(&request, &corbado[LENGTH(corbado) - 1]);
    }
}

/* ---- combinations: many are tried, the costliest are kept ---- */

enum { CANDIDATES_MAX = 160, KEPT = 3 };

struct candidate {
    struct request request;
    int64_t cost_ns;
};

static void try(struct candidate *candidate)
{
    struct request *request = &candidate->request;
    struct answer answer;
    request->query.conditions = request->conditions;
    for (size_t i = 0; i < request->query.condition_count; i++)
        request->conditions[i].text = str_of(request->texts[i]);
    int64_t start = clock_monotonic_ns();
    store_side_ask(request, 0, 0, &answer);
    store_side_ask(request, (int64_t)answer.total / 2, PAGE_ITEMS, &answer);
    candidate->cost_ns = clock_monotonic_ns() - start;
}

static int costlier(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    return (a->cost_ns < b->cost_ns) - (a->cost_ns > b->cost_ns);
}

static void put_costliest(struct candidate *candidates, size_t count)
{
    qsort(candidates, count, sizeof(*candidates), costlier);
    for (size_t i = 0; i < count && i < KEPT; i++)
        put(&candidates[i].request);
}

/* Halves of columns, one from below and one from above or both from above, and of the statuses one;
 * sorted by a column that is neither. */
static void add_half(struct request *request, size_t column, enum relation relation)
{
    if (corbado[column].field == FIELD_STATUS)
        add_status(request, relation == RELATION_BELOW ? STATUS_ACTIVE : STATUS_EXPIRED,
                   relation == RELATION_BELOW ? STATUS_ACTIVE : STATUS_EXPIRED);
    else
        add_condition(request, &corbado[column], relation, relation == RELATION_BELOW ? 700 : 300);
}

/* A column that is none of those, the first from `column` on. */
static size_t other_than(size_t a, size_t b, size_t c, size_t column)
{
    while (column % LENGTH(corbado) == a || column % LENGTH(corbado) == b ||
           column % LENGTH(corbado) == c)
        column++;
    return column % LENGTH(corbado);
}

static void put_pairs(struct candidate *candidates)
{
    size_t count = 0;
    for (size_t a = 0; a < LENGTH(corbado); a++)
        for (size_t b = a + 1; b < LENGTH(corbado); b++)
            for (int turn = 0; turn < 3; turn++) {
                struct candidate *candidate = &candidates[count++];
                candidate->request = begin("combination of 2", VENDOR_CORBADO, DEEP);
                add_half(&candidate->request, a, turn == 1 ? RELATION_BELOW : RELATION_ABOVE);
                add_half(&candidate->request, b, turn == 2 ? RELATION_BELOW : RELATION_ABOVE);
                sort_by(&candidate->request, &corbado[other_than(a, b, b, a + b + (size_t)turn)],
                        turn == 1);
                try(candidate);
            }
    put_costliest(candidates, count);
}

static void put_triples(struct candidate *candidates)
{
    size_t count = 0;
    for (size_t a = 0; a < LENGTH(corbado); a++)
        for (size_t b = a + 1; b < LENGTH(corbado); b++)
            for (size_t c = b + 1; c < LENGTH(corbado); c++) {
                struct candidate *candidate = &candidates[count++];
                candidate->request = begin("combination of 3", VENDOR_CORBADO, DEEP);
                add_half(&candidate->request, a, RELATION_ABOVE);
                add_half(&candidate->request, b, count % 2 ? RELATION_BELOW : RELATION_ABOVE);
                add_half(&candidate->request, c, RELATION_BELOW);
                sort_by(&candidate->request, &corbado[other_than(a, b, c, count)], false);
                try(candidate);
            }
    put_costliest(candidates, count);
}

static void put_combinations(void)
{
    struct candidate *candidates = calloc(CANDIDATES_MAX, sizeof(*candidates));
    if (!candidates)
        die("out of memory");
    put_pairs(candidates);
    put_triples(candidates);
    free(candidates);
}

/* ---- the rest ---- */

static void put_patterns(void)
{
    static const struct {
        enum pattern_kind kind;
        const char *needle, *what;
    } rows[] = {
        {PATTERN_LITERAL, "firefox", "a device"},
        {PATTERN_LITERAL, "mara.novakova", "nothing"},
        {PATTERN_LITERAL, "jane.k", "users"},
        {PATTERN_REGEX, "^(edge|samsung).*(windows|android)", "devices"},
        {PATTERN_REGEX, "qq[0-9]{30}", "nothing"},
        {PATTERN_REGEX, "^mar(ia|ta) k", "users"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct request request = begin("pattern", VENDOR_ROCKETCHAT, SHALLOW);
        request.query.active_only = request.query.pattern_finds_users = true;
        request.kind = rows[i].kind;
        request.needle = rows[i].needle;
        name(&request, "%s that finds %s", rows[i].kind == PATTERN_LITERAL ? "text" : "expression",
             rows[i].what);
        sort_by(&request, &newest, true);
        put(&request);
    }
}

static void put_counts(void)
{
    struct request request = begin("count", VENDOR_CORBADO, 1 << DEPTH_COUNT);
    name(&request, "all");
    put(&request);
    request = begin("count", VENDOR_KRATOS, 1 << DEPTH_COUNT);
    request.query.active_only = true;
    name(&request, "active");
    put(&request);
}

static void put_cursors(void)
{
    for (int which = 0; which < 3; which++) {
        struct request request = begin("cursor", VENDOR_KRATOS, 1 << DEPTH_FIRST);
        name(&request, "from the middle on");
        request.query.active_only = which == 1;
        name(&request, "%s", which == 1 ? ", active" : "");
        if (which == 2) {
            name(&request, ", ");
            request.query.conditions = request.conditions;
            add_status(&request, STATUS_ACTIVE + 1, STATUS_COUNT - 1);
        }
        store_side_mark(&request);
        put(&request);
    }
}

static void put_user(const char *what, const char *id, bool active)
{
    struct request request = begin("user", VENDOR_PRELUDE, PAGES);
    request.query.user = store_side_user(id);
    request.query.active_only = active;
    snprintf(request.user_id, sizeof(request.user_id), "%s", id);
    name(&request, "%s%s", what, active ? ", active" : "");
    put(&request);
}

void requests_each(const char *light, const char *heavy, request_fn each)
{
    give = each;
    put_sorts();
    put_filters();
    put_patterns();
    put_counts();
    put_cursors();
    put_user("one with few sessions", light, false);
    put_user("the one with most sessions", heavy, false);
    put_user("the one with most sessions", heavy, true);
    put_combinations();
}
