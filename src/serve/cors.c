#include "serve/cors.h"

static bool is_configured(const struct site *site, struct str origin)
{
    for (size_t i = 0; i < site->cors_origin_count; i++)
        if (str_eq(site->cors_origins[i], origin))
            return true;
    return false;
}

/* The origin, when it may ask this dialect; else empty. */
static struct str allowed(const struct request *request, const struct match *match)
{
    struct str origin = request_header(request, "Origin");
    bool may = match->dialect && match->dialect->cors_takes && origin.len &&
               is_configured(request->site, origin);
    return may ? origin : STR_NONE;
}

static struct str host_of(struct str origin)
{
    const char *end = origin.len ? memmem(origin.ptr, origin.len, "://", 3) : NULL;
    struct str host = end ? str_from(origin, (size_t)(end - origin.ptr) + 3) : STR_NONE;
    return host.len && !memchr(host.ptr, '/', host.len) ? host : STR_NONE;
}

/* The scheme is left to public_url: behind what ends TLS for it, this server knows it not. */
static bool is_own(const struct request *request, struct str origin)
{
    struct str host = host_of(origin), url = request->site->public_url;
    bool public = str_starts(url, origin) && (url.len == origin.len || url.ptr[origin.len] == '/');
    return host.len && (public || str_eq_nocase(host, request->client.host));
}

/* Sec-Fetch-Site (W3C Fetch Metadata) says it outright, and pages cannot set it; browsers before
 * 2023, and those that ask over plain HTTP, say it by Origin alone. Pages of sites beside this one
 * are others, unless they are configured. */
bool cors_is_trusted(const struct request *request)
{
    struct str site = request_header(request, "Sec-Fetch-Site");
    struct str origin = request_header(request, "Origin");
    if (str_eq(site, STR("same-origin")) || str_eq(site, STR("none")))
        return true;
    if (is_configured(request->site, origin))
        return true;
    return site.len == 0 && (!origin.ptr || is_own(request, origin));
}

static void add_origin(struct str origin, struct reply *reply)
{
    reply_header(reply, "Access-Control-Allow-Origin", origin);
    reply_header(reply, "Access-Control-Allow-Credentials", STR("true"));
}

bool cors_preflight(const struct request *request, const struct match *match, struct reply *reply)
{
    struct str origin = allowed(request, match);
    bool asks = str_eq(request->method, STR("OPTIONS")) &&
                request_header(request, "Access-Control-Request-Method").len;
    if (!asks || origin.len == 0 || match->allow.len == 0)
        return false;
    reply_restart(reply, 204);
    add_origin(origin, reply);
    reply_header(reply, "Access-Control-Allow-Methods", match->allow);
    reply_header(reply, "Access-Control-Allow-Headers", str_of(match->dialect->cors_takes));
    reply_header(reply, "Access-Control-Max-Age", STR("600"));
    reply_header(reply, "Vary", STR("Origin"));
    return true;
}

void cors_add(const struct request *request, const struct match *match, struct reply *reply)
{
    if (!match->dialect || !match->dialect->cors_takes || request->site->cors_origin_count == 0)
        return;
    struct str origin = allowed(request, match);
    /* What one origin is told is not kept for another. */
    reply_header(reply, "Vary", STR("Origin"));
    if (origin.len == 0)
        return;
    add_origin(origin, reply);
    reply_header(reply, "Access-Control-Expose-Headers", str_of(match->dialect->cors_shows));
}
