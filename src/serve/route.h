/* Finds who answers: the dialect and its route for a method and path, by the dialects' tables
 * alone. */
#ifndef ROLLCALL_SERVE_ROUTE_H
#define ROLLCALL_SERVE_ROUTE_H

#include "dialect/dialect.h"

struct match {
    const struct dialect *dialect; /* whose path, or whose space, it is; NULL: nobody's */
    const struct route *route;     /* NULL unless path and method are known */
    struct str wilds[WILDS_MAX];   /* the path's segments that the route leaves open, decoded */
    struct str allow;              /* for ERR_NO_METHOD: the methods the path knows, the arena's */
};

/* ERR_NO_ROUTE, ERR_NO_METHOD; ERR_MALFORMED for a path that cannot be decoded; ERR_MEMORY. *match
 * says whose failure it is. The path counts segment by segment: a %2F within one parts nothing, and
 * neither
 * "//" nor "." is smoothed out. PATH_INFO is tried where the path as sent is nobody's. */
enum err route_find(const struct request *request, struct match *match) MUST_CHECK;

#endif
