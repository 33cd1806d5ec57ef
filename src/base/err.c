#include "base/err.h"

#include <stddef.h>

static const struct {
    const char *word;
    int status;
    const char *text;
} table[ERR_COUNT] = {
    [ERR_OK] = {"ok", 200, "done"},
    [ERR_MALFORMED] = {"malformed", 400, "the request cannot be read"},
    [ERR_INVALID] = {"invalid", 400, "a value is not allowed"},
    [ERR_UNAUTHORIZED] = {"unauthorized", 401, "the request could not be authorized"},
    [ERR_FORBIDDEN] = {"forbidden", 403, "this caller may not do that"},
    [ERR_AAL] = {"aal_too_low", 403, "a second factor is needed"},
    [ERR_CROSS_SITE] = {"cross_site", 403, "the request comes from a page of another site"},
    [ERR_NOT_FOUND] = {"not_found", 404, "no such object"},
    [ERR_NO_ROUTE] = {"not_found", 404, "no such path"},
    [ERR_NO_METHOD] = {"no_method", 405, "this path does not know that method"},
    [ERR_CONFLICT] = {"conflict", 409, "already taken"},
    [ERR_INACTIVE] = {"user_inactive", 409, "the user is not active"},
    [ERR_LIMIT] = {"session_limit", 409, "the user has as many sessions as may be"},
    [ERR_ENDED] = {"ended", 409, "the session is in another state"},
    [ERR_TOO_LARGE] = {"too_large", 413, "larger than allowed"},
    [ERR_LONG_URI] = {"uri_too_long", 414, "the path or the query is longer than allowed"},
    [ERR_HEADERS] = {"headers_too_large", 431, "the headers are more than allowed"},
    [ERR_RATE] = {"rate_limited", 429, "too many credentials that let nobody in"},
    [ERR_RUNAWAY] = {"runaway_pattern", 400, "the pattern took too long to match"},
    [ERR_MARK] = {"invalid", 400, "no page of this list ended there"},
    [ERR_MEMORY] = {"memory", 500, "out of memory"},
    [ERR_IO] = {"io", 500, "input or output failed"},
    [ERR_FULL] = {"full", 503, "the store is full"},
    [ERR_BUSY] = {"busy", 503, "the store is busy"},
    [ERR_LATE] = {"late", 503, "the request took too long"},
    [ERR_CORRUPT] = {"corrupt", 500, "the store holds bytes that cannot be read"},
    [ERR_VERSION] = {"version", 500, "the store is of another version"},
    [ERR_INTERNAL] = {"internal", 500, "internal error"},
};

static enum err known(enum err err)
{
    return (size_t)err < ERR_COUNT ? err : ERR_INTERNAL;
}

const char *err_word(enum err err)
{
    return table[known(err)].word;
}

int err_status(enum err err)
{
    return table[known(err)].status;
}

const char *err_text(enum err err)
{
    return table[known(err)].text;
}
