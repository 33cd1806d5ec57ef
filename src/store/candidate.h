/* One session looked at by a query: whether it matches, and where it stands among others. */
#ifndef ROLLCALL_STORE_CANDIDATE_H
#define ROLLCALL_STORE_CANDIDATE_H

#include "base/err.h"
#include "model/query.h"

struct candidate {
    struct session session;
    enum status status;
    struct str user_id, username, user_name; /* only where candidate_needs_user says so */
};

/* Whether the query's conditions, pattern or order look at the user's id. */
bool candidate_needs_user(const struct query *query);

/* Whether it is all the query asks for. ERR_RUNAWAY from the pattern; ERR_MEMORY. */
enum err candidate_matches(const struct query *query, const struct candidate *candidate,
                           struct buf *scratch, bool *matches) MUST_CHECK;

/* Whether it stands after the query's mark, which there is. */
bool candidate_stands_after(const struct query *query, const struct session *session);

/* The query's order, ties included: <0, 0, >0; 0 only for the same session. */
int candidate_cmp(const struct query *query, const struct candidate *a, const struct candidate *b);

/* Whether the query's first order is a number, so that candidate_number alone decides unless equal;
 * with no order asked for it is the newest first. */
bool candidate_order_is_number(const struct query *query, struct order *first);
/* The value of an instant or status field. */
int64_t candidate_number(const struct candidate *candidate, enum field field);

#endif
