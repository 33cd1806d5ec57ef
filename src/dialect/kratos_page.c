#include "dialect/kratos_page.h"

#include <jansson.h>

#include "base/base64.h"
#include "dialect/kratos_link.h"

enum { SIZE_DEFAULT = 250, SIZE_MOST = 1000, TOKEN_MAX = 128 };

/* Far beyond any list, and far enough from the end of 64 bits to be multiplied by a size. */
#define PAGE_MOST (INT64_MAX / 4 / SIZE_MOST)

static bool has(const struct request *request, const char *name)
{
    return request_param(request, name) != NULL;
}

static int64_t integer(const struct request *request, const char *name, int64_t otherwise)
{
    const struct param *param = request_param(request, name);
    int64_t number;
    return param && str_to_i64(param->value, &number) ? number : otherwise;
}

static int64_t read_size(const struct request *request, const char *name)
{
    int64_t size = integer(request, name, SIZE_DEFAULT);
    return size < 1 ? 1 : size > SIZE_MOST ? SIZE_MOST : size;
}

/* A token is base64url of {"offset":"N","v":2}; every other one stands for the beginning. */
static int64_t read_token(const struct request *request)
{
    const struct param *param = request_param(request, "page_token");
    char text[TOKEN_MAX];
    const char *digits = NULL;
    int64_t offset = 0;
    size_t len = 0;
    if (!param || !base64url_decode(param->value, text, sizeof(text), &len))
        return 0;
    json_t *token = json_loadb(text, len, 0, NULL);
    bool readable = token && json_unpack(token, "{s:s}", "offset", &digits) == 0 &&
                    str_to_i64(str_of(digits), &offset);
    json_decref(token);
    return !readable || offset < 0 ? 0 : offset;
}

struct kratos_page kratos_page_read(const struct request *request)
{
    struct kratos_page page;
    if (has(request, "page_size") || has(request, "page_token")) {
        page.size = read_size(request, "page_size");
        page.offset = read_token(request);
        page.number = page.offset / page.size;
        return page;
    }
    page.size = read_size(request, "per_page");
    page.number = integer(request, "page", 0);
    if (page.number < 0)
        page.number = 0;
    if (page.number > PAGE_MOST)
        page.number = PAGE_MOST;
    /* Kratos counts links from 0 and rows from 1, so that pages 0 and 1 are the same one. Who
     * counts pages by hand relies on it; tokens, which links carry, name the row itself. */
    page.offset = (page.number > 1 ? page.number - 1 : 0) * page.size;
    return page;
}

/* A Link header as it grows. */
struct link {
    const struct request *request;
    int64_t size;
    struct str text;
};

static void add(struct link *link, const char *rel, int64_t offset)
{
    struct arena *arena = link->request->arena;
    struct str json = arena_printf(arena, "{\"offset\":\"%lld\",\"v\":2}", (long long)offset);
    struct str token = base64url_encode(arena, json);
    struct str size = arena_printf(arena, "%lld", (long long)link->size);
    struct str number = arena_printf(arena, "%lld", (long long)(offset / link->size));
    const struct param own[] = {{STR("page"), number},
                                {STR("page_size"), size},
                                {STR("page_token"), token},
                                {STR("per_page"), size}};
    struct str query = kratos_link_query(link->request, own, sizeof(own) / sizeof(*own));
    struct str path = link->request->path;
    if (path.ptr[path.len - 1] == '/')
        path.len--;
    link->text = arena_printf(arena, "%.*s%s<%.*s%.*s?%.*s>; rel=\"%s\"", STR_ARG(link->text),
                              link->text.len ? "," : "", STR_ARG(link->request->site->prefix),
                              STR_ARG(path), STR_ARG(query), rel);
}

struct str kratos_page_link(const struct request *request, const struct kratos_page *page,
                            int64_t total)
{
    int64_t size = page->size, offset = page->number * size;
    int64_t last = total % size ? total / size * size : total - size;
    bool at_start = offset < size, at_end = offset >= last;
    struct link link = {request, size, STR_NONE};
    if (at_end && total <= size) {
        /* All there is, and Kratos says its number for the size; with nothing there, it also names
         * pages before the first and after the last, which nobody can follow. */
        link.size = total ? total : size;
        add(&link, "first", 0);
        return link.text;
    }
    if (!at_start || at_end)
        add(&link, "first", 0);
    if (!at_end)
        add(&link, "next", offset + size);
    if (at_end)
        add(&link, "prev", last - size);
    else if (!at_start)
        add(&link, "prev", offset - size);
    if (!at_end)
        add(&link, "last", last);
    return link.text;
}
