/* What store_find must answer, worked out without any of its code: a list of all sessions as they
 * were put, walked through and sorted as the record and query.h say. */
#ifndef ROLLCALL_TESTS_NAIVE_H
#define ROLLCALL_TESTS_NAIVE_H

#include "model/query.h"

/* A session as it was put, completed. */
struct held {
    size_t app; /* which of the world's apps */
    struct str user_id;
    struct session_draft draft;
    struct spelling spelled[VENDOR_END]; /* as each vendor's clients know it */
};

/* What the users of the world are called; empty for some. */
struct str naive_username(struct str user_id);
struct str naive_user_name(struct str user_id);

/* A question: the query, and in plain terms what in it is the store's own. */
struct question {
    struct query query;
    size_t app;
    int64_t idle_ms, now;
    struct str user_id; /* empty: everybody's */
    enum pattern_kind kind;
    const char *needle; /* NULL: no pattern */
    struct mark after;
};

/* The places in `all`, in order, of what matches, in `*places`, which has room for all of them; how
 * many there are. */
size_t naive_find(const struct held *all, size_t count, const struct question *question,
                  size_t *places);

enum status naive_status(const struct held *held, int64_t idle_ms, int64_t now);
void naive_spell(struct held *held);

#endif
