/* The rows that requests are counted in: one a route, one more a dialect for what lies in its space
 * and is no route, and one for what is nobody's. */
#ifndef ROLLCALL_DIALECT_TALLY_H
#define ROLLCALL_DIALECT_TALLY_H

#include "dialect/dialect.h"

/* Which row, of tally_count(); and which dialect, of tally_dialect_count(), nobody being the last.
 * `dialect` and `route` may be NULL. */
size_t tally_row(const struct dialect *dialect, const struct route *route);
size_t tally_count(void);
size_t tally_dialect(const struct dialect *dialect);
size_t tally_dialect_count(void);

/* What a row stands for: a dialect's name, and its route's; "-" where there is none. */
struct tally_label {
    const char *dialect, *method, *path;
};
struct tally_label tally_label(size_t row);
const char *tally_dialect_name(size_t dialect);

/* A number that is another one when rows, or the statuses of http/reply.h, are others. */
uint64_t tally_layout(void);

#endif
