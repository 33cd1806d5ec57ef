/* Corbado's sort, filter[] and paging parameters. */
#ifndef ROLLCALL_DIALECT_CORBADO_QUERY_H
#define ROLLCALL_DIALECT_CORBADO_QUERY_H

#include "http/request.h"
#include "model/query.h"

enum { PAGE_SIZE_DEFAULT = 10, PAGE_SIZE_MAX = 1000 };

/* One row of an error's `validation`. */
struct violation {
    struct str field, message;
};

struct violations {
    struct violation *rows; /* the arena's */
    size_t count;
};

/* Room for `most` rows, none of them there yet; the arena's. NULL when out of memory. */
struct violations *violations_new(struct arena *arena, size_t most);
void violate(struct violations *violations, struct str field, struct str message);
/* ERR_INVALID, with the rows in *failure, when there are any. */
enum err violations_end(const struct violations *violations, struct failure *failure) MUST_CHECK;

/* Fills in the query; what is wrong is gathered, all of it, in *failure. ERR_INVALID when there is
 * something; ERR_MEMORY. `*page` is the page asked for, from 1. */
enum err corbado_query_read(const struct request *request, struct query *query, int64_t *page,
                            struct failure *failure) MUST_CHECK;

#endif
