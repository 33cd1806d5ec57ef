#include "dialect/kratos_keyset.h"

#include "base/base64.h"
#include "base/clock.h"
#include "dialect/kratos_id.h"
#include "dialect/kratos_link.h"

enum { SIZE_DEFAULT = 250, SIZE_MOST = 1000, TOKEN_MAX = 256 };

/* What the first page's token says: after whatever was made in a far year. */
static const struct str beginning =
    STR("id=00000000-0000-0000-0000-000000000000/created_at=2200-12-31 23:59:59");

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

static bool read_instant(struct str text, int64_t *instant)
{
    char copy[32];
    if (text.len <= 10 || text.len > sizeof(copy) || text.ptr[10] != ' ')
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[10] = 'T';
    return instant_parse((struct str){copy, text.len}, INSTANT_LOOSE, instant, NULL);
}

/* "id=UUID/created_at=TIME", in either order. */
static bool read_mark(struct arena *arena, struct str text, struct mark *mark)
{
    struct str part, name, value;
    struct failure unsaid = {.err = ERR_OK};
    bool has_id = false, has_instant = false;
    while (text.len) {
        str_split(text, '/', &part, &text);
        str_split(part, '=', &name, &value);
        if (str_eq(name, STR("id")))
            has_id = kratos_id_read(arena, value, &mark->id, &unsaid) == ERR_OK;
        else if (str_eq(name, STR("created_at")))
            has_instant = read_instant(value, &mark->created);
    }
    return has_id && has_instant;
}

enum err kratos_keyset_mark(const struct request *request, const struct mark **mark,
                            struct failure *failure)
{
    struct str text;
    if (kratos_param(request, "page_token").len == 0)
        return ERR_OK;
    struct mark *place = arena_alloc(request->arena, sizeof(*place));
    if (!place)
        return ERR_MEMORY;
    if (!read_token(request, &text) || !read_mark(request->arena, text, place)) {
        failure->text = STR("The page token is invalid, do not craft your own page tokens");
        return ERR_INVALID;
    }
    *mark = place;
    return ERR_OK;
}

/* ---- Link ---- */

static struct str query_of(const struct request *request, int64_t size, struct str token)
{
    struct arena *arena = request->arena;
    const struct param own[] = {
        {STR("page_size"), arena_printf(arena, "%lld", (long long)size)},
        {STR("page_token"), base64url_encode(arena, token)},
    };
    return kratos_link_query(request, own, 2);
}

static struct str token_after(struct arena *arena, const struct session *last)
{
    struct spelling id;
    struct buf instant = {0};
    session_spell(last, VENDOR_KRATOS, &id);
    instant_put_millis(&instant, last->created);
    /* 2024-06-01T12:00:00.123Z, as a database writes it. */
    struct str text =
        instant.failed ? STR_NONE
                       : arena_printf(arena, "id=%.*s/created_at=%.10s %.12s",
                                      STR_ARG(spelling_view(&id)), instant.ptr, instant.ptr + 11);
    buf_free(&instant);
    return text;
}

struct str kratos_keyset_link(const struct request *request, int64_t size,
                              const struct session *last)
{
    struct arena *arena = request->arena;
    struct str prefix = request->site->prefix, path = request->path;
    struct str first = query_of(request, size, beginning);
    struct str link = arena_printf(arena, "<%.*s%.*s?%.*s>; rel=\"first\"", STR_ARG(prefix),
                                   STR_ARG(path), STR_ARG(first));
    if (!last)
        return link;
    struct str next = query_of(request, size, token_after(arena, last));
    return arena_printf(arena, "%.*s,<%.*s%.*s?%.*s>; rel=\"next\"", STR_ARG(link), STR_ARG(prefix),
                        STR_ARG(path), STR_ARG(next));
}
