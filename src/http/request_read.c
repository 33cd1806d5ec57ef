/* From CGI variables (RFC 3875) to a request. */
#include "http/request.h"

#include <ctype.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes into `out`, which has room for all of text. Gives the length, SIZE_MAX for a broken
 * escape. */
static size_t decode_into(struct str text, bool plus, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return SIZE_MAX;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[len++] = c;
    }
    return len;
}

bool request_decode(struct arena *arena, struct str text, bool plus, struct str *decoded)
{
    char *out = arena_alloc(arena, text.len + 1);
    if (!out)
        return false;
    size_t len = decode_into(text, plus, out);
    if (len == SIZE_MAX || (len && memchr(out, '\0', len)))
        return false;
    *decoded = (struct str){out, len};
    return str_is_utf8(*decoded);
}

struct str request_encode(struct arena *arena, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, 3 * text.len + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (isalnum(c) || (c && strchr("-_.~", c))) {
            out[len++] = (char)c;
        } else if (c == ' ') {
            out[len++] = '+';
        } else {
            out[len++] = '%';
            out[len++] = digits[c >> 4];
            out[len++] = digits[c & 15];
        }
    }
    return (struct str){out, len};
}

/* ---- the query ---- */

static size_t count_pairs(struct str query)
{
    size_t count = 1;
    for (size_t i = 0; i < query.len; i++)
        count += query.ptr[i] == '&';
    return count;
}

static void add_param(struct request *request, struct str pair)
{
    struct str name, value;
    struct param *param = &request->params[request->param_count];
    str_split(pair, '=', &name, &value);
    if (request_decode(request->arena, name, true, &param->name) &&
        request_decode(request->arena, value, true, &param->value))
        request->param_count++;
    else
        request->bad_query = "the query string has an escape or bytes that are no UTF-8 text";
}

static enum err read_query(struct request *request)
{
    struct str rest = request->query, pair;
    size_t count = count_pairs(rest);
    if (count > PARAMS_MAX) {
        request->bad_query = "the query string has too many parameters";
        return ERR_OK;
    }
    request->params = arena_array(request->arena, count, sizeof(*request->params));
    if (!request->params)
        return ERR_MEMORY;
    while (rest.len) {
        str_split(rest, '&', &pair, &rest);
        if (pair.len)
            add_param(request, pair);
    }
    return ERR_OK;
}

/* ---- the path ---- */

/* What an absolute-form target (RFC 9112, 3.2.2) has before its path is left out. */
static struct str without_authority(struct str target)
{
    size_t scheme = str_starts(target, STR("http://"))    ? STR("http://").len
                    : str_starts(target, STR("https://")) ? STR("https://").len
                                                          : 0;
    if (scheme == 0)
        return target;
    struct str rest = str_from(target, scheme);
    const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    return slash ? str_from(rest, (size_t)(slash - rest.ptr)) : STR("/");
}

static struct str without_prefix(struct str path, struct str prefix)
{
    bool under = prefix.len && str_starts(path, prefix) &&
                 (path.len == prefix.len || path.ptr[prefix.len] == '/');
    return under ? str_from(path, prefix.len) : path;
}

/* REQUEST_URI is the one variable that every server gives as it was sent; the others are decoded by
 * some. */
static enum err read_target(struct request *request)
{
    struct str target = request_variable(request, "REQUEST_URI"), query = STR_NONE, path;
    if (target.len == 0)
        target = arena_printf(request->arena, "%.*s%.*s",
                              STR_ARG(request_variable(request, "SCRIPT_NAME")),
                              STR_ARG(request_variable(request, "PATH_INFO")));
    if (!target.ptr)
        return ERR_MEMORY;
    str_split(without_authority(target), '?', &path, &query);
    struct str given = request_variable(request, "QUERY_STRING");
    request->query = given.len ? given : query;
    request->path = without_prefix(path, request->site->prefix);
    /* A request line that names a script says where the rest begins in PATH_INFO alone. Where the
     * prefix says it, or without a script, PATH_INFO is of no use: servers smooth out "//" and
     * "..", and some take the first segment after the prefix for a script. */
    bool known = request->path.len < path.len;
    if (!known && request_variable(request, "SCRIPT_NAME").len)
        request->path_info = request_variable(request, "PATH_INFO");
    return ERR_OK;
}

/* ---- the headers ---- */

static size_t count_cookies(struct str header)
{
    size_t count = 1;
    for (size_t i = 0; i < header.len; i++)
        count += header.ptr[i] == ';';
    return count;
}

/* Also those that nothing looks at: what is over a limit shall not get through by its name. */
static enum err check_headers(char *const *env)
{
    size_t count = 0, bytes = 0;
    for (; *env; env++) {
        struct str variable = str_of(*env), name, value;
        if (!str_starts(variable, STR("HTTP_")) && !str_starts(variable, STR("REDIRECT_HTTP_")))
            continue;
        str_split(variable, '=', &name, &value);
        bytes += variable.len;
        if (++count > HEADERS_MAX || bytes > HEADERS_MAX_BYTES || value.len > HEADER_MAX_BYTES ||
            (str_eq(name, STR("HTTP_COOKIE")) && count_cookies(value) > COOKIES_MAX))
            return ERR_HEADERS;
    }
    return ERR_OK;
}

enum err request_read(struct arena *arena, const struct site *site, char *const *env,
                      struct request *request)
{
    *request = (struct request){.arena = arena, .site = site, .env = env};
    request->method = request_variable(request, "REQUEST_METHOD");
    client_read(request, &request->client);
    enum err err = read_target(request);
    if (err != ERR_OK)
        return err;
    if (request->path.len > PATH_MAX_BYTES || request->path_info.len > PATH_MAX_BYTES ||
        request->query.len > QUERY_MAX_BYTES)
        return ERR_LONG_URI;
    if (request->method.len == 0 || request->path.len == 0)
        return ERR_MALFORMED;
    err = check_headers(env);
    return err == ERR_OK ? read_query(request) : err;
}
