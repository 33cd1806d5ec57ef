#include "serve/route.h"

#include "serve/status.h"

/* Takes the segment after the leading '/' off *path; false when the path does not begin with one.
 */
static bool next_segment(struct str *path, struct str *segment)
{
    if (path->len == 0 || path->ptr[0] != '/')
        return false;
    struct str rest = str_from(*path, 1);
    const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    segment->ptr = rest.ptr;
    segment->len = slash ? (size_t)(slash - rest.ptr) : rest.len;
    *path = str_from(rest, segment->len);
    return true;
}

/* What some would take for another path names nothing. */
static bool names_something(struct str segment)
{
    return segment.len && !str_eq(segment, STR(".")) && !str_eq(segment, STR(".."));
}

/* Whether the raw path is the pattern, its segments decoded. */
static bool path_is(const struct request *request, struct str path, struct str pattern, bool slash,
                    struct str *wilds)
{
    struct str raw, wanted, decoded;
    size_t wild = 0;
    while (next_segment(&pattern, &wanted)) {
        if (!next_segment(&path, &raw) || !request_decode(request->arena, raw, false, &decoded))
            return false;
        bool open = str_eq(wanted, STR("{}"));
        if (open ? !names_something(decoded) : !str_eq(decoded, wanted))
            return false;
        if (open && wild < WILDS_MAX)
            wilds[wild++] = decoded;
    }
    return path.len == 0 || (slash && str_eq(path, STR("/")));
}

static bool path_is_sound(const struct request *request, struct str path)
{
    struct str decoded;
    return request_decode(request->arena, path, false, &decoded);
}

/* Whether the path lies in a dialect's space, as far as it can be read. */
static bool in_space(struct str path, struct str space)
{
    if (space.ptr[space.len - 1] == '/')
        space.len--;
    return str_starts(path, space) && (path.len == space.len || path.ptr[space.len] == '/');
}

static const struct dialect *owner_of(struct str path)
{
    for (size_t i = 0; dialects[i]; i++)
        for (const char *const *space = dialects[i]->spaces; *space; space++)
            if (in_space(path, str_of(*space)))
                return dialects[i];
    return NULL;
}

static bool answers(const struct route *route, struct str method)
{
    struct str own = str_of(route->method);
    return str_eq(own, method) || (str_eq(own, STR("GET")) && str_eq(method, STR("HEAD")));
}

/* What the process answers by itself is there only where it is configured. */
static bool is_there(const struct request *request, const struct route *route)
{
    return route->want || status_is_there(request->site, route);
}

static bool is_noted(struct str allow, struct str method)
{
    const char *at = memmem(allow.ptr ? allow.ptr : "", allow.len, method.ptr, method.len);
    return at != NULL;
}

static bool note_method(const struct request *request, const struct route *route,
                        struct match *match)
{
    if (is_noted(match->allow, str_of(route->method)))
        return true;
    const char *head = strcmp(route->method, "GET") == 0 ? ", HEAD" : "";
    match->allow = arena_printf(request->arena, "%.*s%s%s%s", STR_ARG(match->allow),
                                match->allow.len ? ", " : "", route->method, head);
    return match->allow.ptr != NULL;
}

static enum err find_at(const struct request *request, struct str path, struct match *match)
{
    *match = (struct match){.dialect = owner_of(path)};
    if (!path_is_sound(request, path))
        return ERR_MALFORMED;
    if (!match->dialect)
        return ERR_NO_ROUTE;
    bool slash = match->dialect->slash_at_end;
    for (const struct route *route = match->dialect->routes; route->path; route++) {
        if (!is_there(request, route) ||
            !path_is(request, path, str_of(route->path), slash, match->wilds))
            continue;
        if (answers(route, request->method)) {
            match->route = route;
            return ERR_OK;
        }
        if (!note_method(request, route, match))
            return ERR_MEMORY;
    }
    return match->allow.len ? ERR_NO_METHOD : ERR_NO_ROUTE;
}

enum err route_find(const struct request *request, struct match *match)
{
    enum err err = find_at(request, request->path, match);
    bool elsewhere =
        err == ERR_NO_ROUTE && request->path_info.len && !str_eq(request->path_info, request->path);
    if (!elsewhere)
        return err;
    struct match second;
    enum err second_err = find_at(request, request->path_info, &second);
    if (second_err == ERR_OK || !match->dialect) {
        *match = second;
        err = second_err;
    }
    return err;
}
