/* Ory Kratos' paging of the administrator's list of all sessions: each page begins where the one
 * before ended, which its token says. */
#ifndef ROLLCALL_DIALECT_KRATOS_KEYSET_H
#define ROLLCALL_DIALECT_KRATOS_KEYSET_H

#include "http/request.h"

/* The page's size, 1 to 1000. ERR_INVALID for one that is no integer, or a token that is no base
 * 64. */
enum err kratos_keyset_size(const struct request *request, int64_t *size,
                            struct failure *failure) MUST_CHECK;

/* The token of the page before; empty at the beginning. */
struct str kratos_keyset_after(const struct request *request);

/* The Link header's value; `next_token` is empty on the last page. The arena's; a NULL pointer when
 * out of memory. */
struct str kratos_keyset_link(const struct request *request, int64_t size, struct str next_token);

/* A parameter's first value that is not empty; empty without one. */
struct str kratos_param(const struct request *request, const char *name);

#endif
