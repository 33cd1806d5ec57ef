/* Ory Kratos' paging of the administrator's list of all sessions: each page begins after the last
 * session of the one before. */
#ifndef ROLLCALL_DIALECT_KRATOS_KEYSET_H
#define ROLLCALL_DIALECT_KRATOS_KEYSET_H

#include "http/request.h"
#include "model/query.h"

/* The page's size, 1 to 1000. ERR_INVALID for one that is no integer, or a token that is no base
 * 64. */
enum err kratos_keyset_size(const struct request *request, int64_t *size,
                            struct failure *failure) MUST_CHECK;

/* Where the page begins, *mark staying NULL at the beginning; the arena's. ERR_INVALID for a token
 * that names no place. */
enum err kratos_keyset_mark(const struct request *request, const struct mark **mark,
                            struct failure *failure) MUST_CHECK;

/* The Link header's value; `last` is the last session shown where more follow, else NULL. The
 * arena's; a NULL pointer when out of memory. */
struct str kratos_keyset_link(const struct request *request, int64_t size,
                              const struct session *last);

/* A parameter's first value that is not empty; empty without one. */
struct str kratos_param(const struct request *request, const char *name);

#endif
