/* What is kept of each request that was answered: counts, and a line in the log. */
#ifndef ROLLCALL_SERVE_WATCH_H
#define ROLLCALL_SERVE_WATCH_H

#include "base/metrics.h"
#include "dialect/dialect.h"

enum access_log { ACCESS_OFF, ACCESS_KEYVALUE, ACCESS_JSON };

/* "off", "keyvalue", "json" -> the form; false for any other word. */
bool access_log_parse(const char *word, enum access_log *form);

struct watch {
    struct metrics *metrics;
    enum access_log access_log;
};

/* A request, and how it was answered. Views are valid during the call. */
struct sight {
    int64_t at;
    struct str id;
    const struct dialect *dialect; /* NULL: nobody's */
    const struct route *route;     /* or NULL */
    struct str app;                /* empty: none was let in */
    struct str method, client;     /* as they came */
    int status;
    uint64_t ns, bytes;
};

void watch_request(const struct watch *watch, const struct sight *sight);

/* Appends the request's line, whatever bytes came: a method that is none of HTTP's (RFC 9110, 9;
 * RFC 5789) is "other", and a path is told by its route alone, since either may hold a token. */
void watch_line(enum access_log form, const struct sight *sight, struct buf *line);

#endif
