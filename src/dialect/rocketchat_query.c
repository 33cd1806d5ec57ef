#include "dialect/rocketchat_query.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "dialect/body.h"

enum { COUNT_DEFAULT = 50, COUNT_MAX = 100, NUMBER_MAX = 64 };

/* ---- numbers, as JavaScript's Number() takes them ---- */

static bool is_decimal(const char *text)
{
    return text[strspn(text, "0123456789+-.eE")] == '\0' &&
           text[strcspn(text, "0123456789")] != '\0';
}

static bool is_hexadecimal(const char *text)
{
    bool prefixed = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    return prefixed && text[2] && text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0';
}

/* A number cut to its whole part; what is beyond 64 bits stays at their end. */
static int64_t truncated(double number)
{
    if (number >= 9e18)
        return INT64_MAX;
    return number <= -9e18 ? INT64_MIN : (int64_t)number;
}

static bool read_number(struct str value, int64_t *number)
{
    char text[NUMBER_MAX], *end;
    value = str_trim(value);
    if (value.len == 0 || value.len >= sizeof(text))
        return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    if (!is_decimal(text) && !is_hexadecimal(text))
        return false;
    double parsed = strtod(text, &end);
    *number = truncated(parsed);
    return *end == '\0' && isfinite(parsed);
}

static int64_t number_param(const struct request *request, const char *name, int64_t otherwise)
{
    const struct param *param = request_param(request, name);
    int64_t number = otherwise;
    return param && read_number(param->value, &number) ? number : otherwise;
}

struct rocketchat_paging rocketchat_paging_read(const struct request *request)
{
    int64_t count = number_param(request, "count", COUNT_DEFAULT);
    return (struct rocketchat_paging){.offset = number_param(request, "offset", 0),
                                      .count = count > COUNT_MAX ? COUNT_MAX : count};
}

/* ---- which keys, of which kind ---- */

static const struct {
    const char *name;
    bool is_number;
} known[] = {{"offset", true}, {"count", true}, {"filter", false}, {"sort", false}};

static enum err refuse(struct failure *failure, struct str text)
{
    failure->code = "invalid-params";
    failure->text = text;
    return ERR_INVALID;
}

static bool is_known(struct str name)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (str_eq(name, str_of(known[i].name)))
            return true;
    return false;
}

static enum err check_params(const struct request *request, struct failure *failure)
{
    for (size_t i = 0; i < request->param_count; i++)
        if (!is_known(request->params[i].name))
            return refuse(failure, STR("must NOT have additional properties [invalid-params]"));
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const struct param *param = request_param(request, known[i].name);
        size_t count = request_param_count(request, known[i].name);
        int64_t number;
        if (known[i].is_number && param && (count > 1 || !read_number(param->value, &number)))
            return refuse(failure, STR("must be number [invalid-params]"));
        if (count > 1)
            return refuse(failure, STR("must be string [invalid-params]"));
    }
    return ERR_OK;
}

static enum err read_paging(const struct request *request, struct query *query,
                            struct failure *failure)
{
    struct rocketchat_paging paging = rocketchat_paging_read(request);
    if (paging.count < 1) {
        failure->code = "";
        failure->text = STR("the limit must be positive");
        return ERR_INVALID;
    }
    query->offset = paging.offset > 0 ? paging.offset : 0;
    query->limit = paging.count;
    return ERR_OK;
}

/* ---- filter ---- */

static enum err read_filter(const struct request *request, enum pattern_kind kind,
                            struct query *query, struct failure *failure)
{
    const struct param *param = request_param(request, "filter");
    struct str why;
    if (!param || param->value.len == 0)
        return ERR_OK;
    enum err err = pattern_compile(request->arena, param->value, kind, &query->pattern, &why);
    if (err != ERR_INVALID)
        return err;
    failure->code = "error-invalid-filter";
    failure->text = arena_printf(request->arena,
                                 "Invalid filter parameter provided: %.*s [error-invalid-filter]",
                                 STR_ARG(why));
    return ERR_INVALID;
}

/* ---- sort ---- */

static const struct {
    const char *key;
    enum field field;
} sort_keys[] = {
    {"loginAt", FIELD_CREATED},        {"device.name", FIELD_DEVICE_NAME},
    {"device.os.name", FIELD_OS_NAME}, {"device.os.version", FIELD_OS_VERSION},
    {"_user.name", FIELD_USER_NAME},   {"_user.username", FIELD_USERNAME},
};

static enum err refuse_sort(const struct request *request, struct failure *failure)
{
    const struct param *param = request_param(request, "sort");
    failure->code = "error-invalid-sort";
    failure->text = arena_printf(request->arena,
                                 "Invalid sort parameter provided: \"%.*s\" [error-invalid-sort]",
                                 STR_ARG(param->value));
    return ERR_INVALID;
}

static bool is_direction(const json_t *value)
{
    double number = json_is_number(value) ? json_number_value(value) : 0;
    return fabs(number - 1) == 0 || fabs(number + 1) == 0;
}

static void add_order(struct query *query, const char *key, bool descending)
{
    for (size_t i = 0; i < sizeof(sort_keys) / sizeof(*sort_keys); i++)
        if (strcmp(key, sort_keys[i].key) == 0)
            query->orders[query->order_count++] = (struct order){sort_keys[i].field, descending};
}

static bool is_sort_key(const char *key)
{
    for (size_t i = 0; i < sizeof(sort_keys) / sizeof(*sort_keys); i++)
        if (strcmp(key, sort_keys[i].key) == 0)
            return true;
    return false;
}

/* A plain value, one letter of a text, an element of an array: what is none of 1 and -1 is refused
 * before keys are looked at. */
static enum err read_sort_object(const struct request *request, json_t *object, struct query *query,
                                 struct failure *failure)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!is_direction(value))
            return refuse_sort(request, failure);
    }
    json_object_foreach(object, key, value)
    {
        if (!is_sort_key(key)) {
            failure->code = "";
            failure->text = STR("error-invalid-sort-keys");
            return ERR_INVALID;
        }
        add_order(query, key, json_number_value(value) < 0);
    }
    return ERR_OK;
}

static enum err refuse_empty_sort(struct failure *failure)
{
    failure->code = "";
    failure->text = STR("sort must name at least one key");
    return ERR_INVALID;
}

/* Arrays and texts are objects to JavaScript, whose keys are the places in them. */
static enum err read_sort_array(const struct request *request, const json_t *array,
                                struct failure *failure)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
    {
        if (!is_direction(value))
            return refuse_sort(request, failure);
    }
    if (json_array_size(array) == 0)
        return refuse_empty_sort(failure);
    failure->code = "";
    failure->text = STR("error-invalid-sort-keys");
    return ERR_INVALID;
}

static enum err read_sort(const struct request *request, struct query *query,
                          struct failure *failure)
{
    const struct param *param = request_param(request, "sort");
    if (!param || param->value.len == 0)
        return ERR_OK;
    json_t *sort = json_loadb(param->value.ptr, param->value.len, JSON_DECODE_ANY, NULL);
    if (sort && !arena_adopt(request->arena, sort, body_release))
        return ERR_MEMORY;
    if (json_is_object(sort) && json_object_size(sort))
        return read_sort_object(request, sort, query, failure);
    if (json_is_array(sort))
        return read_sort_array(request, sort, failure);
    bool text = json_is_string(sort) && json_string_length(sort) > 0;
    if (!sort || json_is_null(sort) || text)
        return refuse_sort(request, failure);
    return refuse_empty_sort(failure);
}

/* Takes out of the order what is the same for all sessions of one user. */
static void drop_user_keys(struct query *query)
{
    size_t kept = 0;
    for (size_t i = 0; i < query->order_count; i++) {
        enum field field = query->orders[i].field;
        if (field != FIELD_USER_NAME && field != FIELD_USERNAME)
            query->orders[kept++] = query->orders[i];
    }
    query->order_count = kept;
}

enum err rocketchat_query_read(const struct request *request, enum pattern_kind filter_kind,
                               bool of_all, struct query *query, struct failure *failure)
{
    *query = (struct query){
        .vendor = VENDOR_ROCKETCHAT, .active_only = true, .pattern_finds_users = of_all};
    enum err err = check_params(request, failure);
    if (err == ERR_OK)
        err = read_paging(request, query, failure);
    if (err == ERR_OK)
        err = read_sort(request, query, failure);
    if (!of_all)
        drop_user_keys(query);
    return err == ERR_OK ? read_filter(request, filter_kind, query, failure) : err;
}
