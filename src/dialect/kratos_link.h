/* What both of Ory Kratos' ways of paging have in common: the query of a link. */
#ifndef ROLLCALL_DIALECT_KRATOS_LINK_H
#define ROLLCALL_DIALECT_KRATOS_LINK_H

#include "http/request.h"

/* The request's own parameters with `own` in the place of those of the same names, sorted by name,
 * encoded. The arena's; a NULL pointer when out of memory. */
struct str kratos_link_query(const struct request *request, const struct param *own, size_t count);

#endif
