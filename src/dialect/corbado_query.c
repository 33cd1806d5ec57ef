#include "dialect/corbado_query.h"

#include "base/clock.h"
#include "dialect/params.h"

static const struct {
    const char *name;
    enum field field;
} columns[] = {
    {"ID", FIELD_ID},           {"userID", FIELD_USER},
    {"expires", FIELD_EXPIRES}, {"lastAction", FIELD_LAST_ACTIVE},
    {"created", FIELD_CREATED}, {"updated", FIELD_UPDATED},
    {"status", FIELD_STATUS},
};

/* What is being read. */
struct reading {
    const struct request *request;
    struct query *query;
    struct condition *conditions;
    struct violations *violations;
};

struct violations *violations_new(struct arena *arena, size_t most)
{
    struct violations *violations = arena_alloc(arena, sizeof(*violations));
    if (!violations)
        return NULL;
    violations->rows = arena_array(arena, most, sizeof(*violations->rows));
    return violations->rows ? violations : NULL;
}

void violate(struct violations *violations, struct str field, struct str message)
{
    violations->rows[violations->count++] = (struct violation){field, message};
}

enum err violations_end(const struct violations *violations, struct failure *failure)
{
    if (violations->count == 0)
        return ERR_OK;
    failure->more = violations;
    return ERR_INVALID;
}

static bool column_of(struct str name, enum field *field)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
        if (str_eq(name, str_of(columns[i].name))) {
            *field = columns[i].field;
            return true;
        }
    return false;
}

/* "field:asc", "field:desc"; the direction is looked at before the field, as Corbado does. */
static void read_sort(struct reading *reading)
{
    const struct param *param = request_param(reading->request, "sort");
    struct str name, direction;
    struct order order = {FIELD_CREATED, true};
    if (param && param->value.len) { /* its Node client sends an empty one when it means none */
        bool directed = str_split(param->value, ':', &name, &direction);
        order.descending = str_eq(direction, STR("desc"));
        if (directed && !order.descending && !str_eq(direction, STR("asc")))
            violate(reading->violations, STR("sort"),
                    arena_printf(reading->request->arena, "Invalid order direction '%.*s'",
                                 STR_ARG(direction)));
        else if (!column_of(name, &order.field))
            violate(reading->violations, name, STR("not sortable by this column"));
    }
    reading->query->orders[0] = order;
    reading->query->order_count = 1;
}

static bool relation_of(struct str word, enum relation *relation)
{
    static const struct {
        const char *word;
        enum relation relation;
    } words[] = {{"eq", RELATION_EQUAL}, {"lt", RELATION_BELOW}, {"gt", RELATION_ABOVE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_eq(word, str_of(words[i].word))) {
            *relation = words[i].relation;
            return true;
        }
    return false;
}

/* The instant a value names and how much time it covers: a date is its day, whole seconds are
 * theirs. */
static bool read_instant(struct str value, int64_t *instant, int64_t *span)
{
    static const int64_t spans[] = {[PRECISION_DAY] = INT64_C(86400) * SECOND_MS,
                                    [PRECISION_SECOND] = SECOND_MS,
                                    [PRECISION_FRACTION] = 1};
    enum precision precision;
    *span = 1;
    if (str_to_i64(value, instant)) /* milliseconds, as the answers have them */
        return true;
    if (!instant_parse(value, INSTANT_LOOSE, instant, &precision))
        return false;
    *span = spans[precision];
    return true;
}

/* eq holds within what the value covers; gt and lt compare with the instant itself. */
static bool read_time(struct str value, enum relation relation, struct condition *condition)
{
    int64_t instant, span;
    if (!read_instant(value, &instant, &span))
        return false;
    condition->low = INT64_MIN;
    condition->high = INT64_MAX;
    if (relation == RELATION_EQUAL) {
        condition->low = instant;
        condition->high = instant > INT64_MAX - (span - 1) ? INT64_MAX : instant + (span - 1);
    } else if (relation == RELATION_BELOW) {
        condition->high = instant == INT64_MIN ? INT64_MIN : instant - 1;
        condition->low = instant == INT64_MIN ? INT64_MAX : INT64_MIN;
    } else {
        condition->low = instant == INT64_MAX ? INT64_MAX : instant + 1;
        condition->high = instant == INT64_MAX ? INT64_MIN : INT64_MAX;
    }
    return true;
}

/* Statuses stand in the order of their words. */
static bool read_status(struct str value, enum relation relation, struct condition *condition)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        if (!str_eq(value, str_of(status_names[status])))
            continue;
        condition->low = relation == RELATION_ABOVE   ? status + 1
                         : relation == RELATION_EQUAL ? status
                                                      : 0;
        condition->high = relation == RELATION_BELOW   ? status - 1
                          : relation == RELATION_EQUAL ? status
                                                       : STATUS_COUNT;
        return true;
    }
    return false;
}

/* "field:op:value"; the value may hold colons itself. */
static void read_filter(struct reading *reading, struct str filter)
{
    struct str name, rest, word, value;
    struct condition condition = {.field = FIELD_ID};
    if (!str_split(filter, ':', &name, &rest) || !str_split(rest, ':', &word, &value)) {
        violate(reading->violations, STR("filter"), STR("must have the form field:operator:value"));
        return;
    }
    if (!column_of(name, &condition.field)) {
        violate(reading->violations, name, STR("not filterable by this column"));
        return;
    }
    if (!relation_of(word, &condition.relation)) {
        violate(reading->violations, STR("filter"), STR("the operator must be eq, gt or lt"));
        return;
    }
    condition.text = value;
    bool is_text = condition.field == FIELD_ID || condition.field == FIELD_USER;
    if (condition.field == FIELD_STATUS && !read_status(value, condition.relation, &condition))
        violate(reading->violations, STR("status"), STR("must be a valid value"));
    else if (!is_text && condition.field != FIELD_STATUS &&
             !read_time(value, condition.relation, &condition))
        violate(reading->violations, STR("filter"), STR("must be a valid time"));
    else
        reading->conditions[reading->query->condition_count++] = condition;
}

/* "filter[]" is what its clients send; bare and numbered names are what others take it for. */
static bool is_filter(struct str name)
{
    if (!str_starts(name, STR("filter")))
        return false;
    struct str rest = str_from(name, STR("filter").len);
    if (rest.len == 0)
        return true;
    if (rest.len < 2 || rest.ptr[0] != '[' || rest.ptr[rest.len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < rest.len; i++)
        if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
            return false;
    return true;
}

static void read_filters(struct reading *reading)
{
    const struct request *request = reading->request;
    for (size_t i = 0; i < request->param_count; i++)
        if (is_filter(request->params[i].name))
            read_filter(reading, request->params[i].value);
    reading->query->conditions = reading->conditions;
}

static void read_paging(struct reading *reading, int64_t *page)
{
    int64_t size = PAGE_SIZE_DEFAULT;
    *page = 1;
    if (!param_integer(reading->request, "page", 1, INT64_MAX, page))
        violate(reading->violations, STR("page"), STR("must be an integer of 1 or more"));
    if (!param_integer(reading->request, "pageSize", 1, PAGE_SIZE_MAX, &size))
        violate(reading->violations, STR("pageSize"), STR("must be an integer from 1 to 1000"));
    reading->query->limit = size;
    /* A page so far out that its offset is no number is past the end like any other. */
    if (__builtin_mul_overflow(*page - 1, size, &reading->query->offset))
        reading->query->offset = INT64_MAX;
}

enum err corbado_query_read(const struct request *request, struct query *query, int64_t *page,
                            struct failure *failure)
{
    enum { OTHERS = 3 }; /* sort, page, pageSize */
    size_t most = request->param_count + OTHERS;
    struct reading reading = {
        .request = request,
        .query = query,
        .conditions = arena_array(request->arena, most, sizeof(struct condition)),
        .violations = violations_new(request->arena, most),
    };
    if (!reading.conditions || !reading.violations)
        return ERR_MEMORY;
    *query = (struct query){.vendor = VENDOR_CORBADO};
    read_sort(&reading);
    read_filters(&reading);
    read_paging(&reading, page);
    return violations_end(reading.violations, failure);
}
