/* Ory Kratos' paging of a user's own sessions: page_size and page_token, or per_page and page, and
 * the Link header (RFC 8288) that goes with them. */
#ifndef ROLLCALL_DIALECT_KRATOS_PAGE_H
#define ROLLCALL_DIALECT_KRATOS_PAGE_H

#include "http/request.h"

struct kratos_page {
    int64_t size;   /* 1 to 1000 */
    int64_t number; /* as Kratos counts in links */
    int64_t offset; /* the row it begins at */
};

/* Nothing in the parameters is an error: what cannot be read counts as absent, what is out of
 * bounds is moved into them. */
struct kratos_page kratos_page_read(const struct request *request);

/* The Link header's value, in the arena; a NULL pointer when out of memory. */
struct str kratos_page_link(const struct request *request, const struct kratos_page *page,
                            int64_t total);

#endif
