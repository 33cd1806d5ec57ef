#include "dialect/kratos_keyset.h"

#include "base/base64.h"
#include "dialect/kratos_id.h"
#include "dialect/kratos_link.h"

enum { SIZE_DEFAULT = 250, SIZE_MOST = 1000, TOKEN_MAX = 256 };

/* What the first page's token says, its parts in either order: after whatever was made in a far
 * year. Everybody may know it, and it is the same for all. */
static const struct str beginning =
    STR("id=00000000-0000-0000-0000-000000000000/created_at=2200-12-31 23:59:59");
static const struct str beginning_too =
    STR("created_at=2200-12-31 23:59:59/id=00000000-0000-0000-0000-000000000000");

struct str kratos_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++)
        if (str_eq(request->params[i].name, str_of(name)) && request->params[i].value.len)
            return request->params[i].value;
    return STR_NONE;
}

static bool read_token(const struct request *request, struct str *text)
{
    struct str token = kratos_param(request, "page_token");
    char *decoded = arena_alloc(request->arena, TOKEN_MAX);
    *text = (struct str){decoded, 0};
    return decoded && base64url_decode(token, decoded, TOKEN_MAX, &text->len);
}

/* Kratos says the same of a token that cannot be decoded as of a size that is none. */
enum err kratos_keyset_size(const struct request *request, int64_t *size, struct failure *failure)
{
    struct str given = kratos_param(request, "page_size"), token;
    *size = SIZE_DEFAULT;
    if ((given.len && !str_to_i64(given, size)) || !read_token(request, &token))
        return kratos_refuse(failure, STR("could not parse parameter page_size"));
    if (*size < 1)
        *size = SIZE_DEFAULT;
    if (*size > SIZE_MOST)
        *size = SIZE_MOST;
    return ERR_OK;
}

struct str kratos_keyset_after(const struct request *request)
{
    struct str text;
    bool begins = read_token(request, &text) &&
                  (text.len == 0 || str_eq(text, beginning) || str_eq(text, beginning_too));
    return begins ? STR_NONE : kratos_param(request, "page_token");
}

/* ---- Link ---- */

static struct str query_of(const struct request *request, int64_t size, struct str token)
{
    struct arena *arena = request->arena;
    const struct param own[] = {
        {STR("page_size"), arena_printf(arena, "%lld", (long long)size)},
        {STR("page_token"), token},
    };
    return kratos_link_query(request, own, 2);
}

struct str kratos_keyset_link(const struct request *request, int64_t size, struct str next_token)
{
    struct arena *arena = request->arena;
    struct str prefix = request->site->prefix, path = request->path;
    struct str first = query_of(request, size, base64url_encode(arena, beginning));
    struct str link = arena_printf(arena, "<%.*s%.*s?%.*s>; rel=\"first\"", STR_ARG(prefix),
                                   STR_ARG(path), STR_ARG(first));
    if (next_token.len == 0)
        return link;
    struct str next = query_of(request, size, next_token);
    return arena_printf(arena, "%.*s,<%.*s%.*s?%.*s>; rel=\"next\"", STR_ARG(link), STR_ARG(prefix),
                        STR_ARG(path), STR_ARG(next));
}
