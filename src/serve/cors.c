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
