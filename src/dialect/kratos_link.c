#include "dialect/kratos_link.h"

#include <stdlib.h>

#include "base/buf.h"

/* By name; equal names stay in the order they were sent. */
static int cmp_params(const void *left, const void *right)
{
    const struct param *const *a = left, *const *b = right;
    int cmp = str_cmp((*a)->name, (*b)->name);
    return cmp ? cmp : (*a > *b) - (*a < *b);
}

static bool is_among(struct str name, const struct param *own, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, own[i].name))
            return true;
    return false;
}

static void add(struct buf *query, struct arena *arena, const struct param *param)
{
    if (query->len)
        buf_byte(query, '&');
    buf_str(query, request_encode(arena, param->name));
    buf_byte(query, '=');
    buf_str(query, request_encode(arena, param->value));
}

struct str kratos_link_query(const struct request *request, const struct param *own,
                             size_t own_count)
{
    struct arena *arena = request->arena;
    struct buf query = {0};
    size_t count = 0;
    const struct param **params =
        arena_array(arena, request->param_count + own_count, sizeof(*params));
    if (!params)
        return STR_NONE;
    for (size_t i = 0; i < request->param_count; i++)
        if (!is_among(request->params[i].name, own, own_count))
            params[count++] = &request->params[i];
    for (size_t i = 0; i < own_count; i++)
        params[count++] = &own[i];
    qsort(params, count, sizeof(*params), cmp_params);
    for (size_t i = 0; i < count; i++)
        add(&query, arena, params[i]);
    struct str copy = query.failed ? STR_NONE : arena_copy(arena, buf_view(&query));
    buf_free(&query);
    return copy;
}
