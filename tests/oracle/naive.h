/* What store_find must answer, worked out without any of its code: a list of all sessions as they
 * were put, walked through and sorted as the record and query.h say. */
#ifndef ROLLCALL_TESTS_NAIVE_H
#define ROLLCALL_TESTS_NAIVE_H

#include "model/query.h"

enum { CONDITIONS_MAX = 4 };

/* A user's id without "usr-", and as a number of many digits when it is one. */
struct user_key {
    char text[160], padded[400];
    bool number;
};

/* Who holds sessions, and what the store knows of him. */
struct holder {
    struct str id, username, name; /* the latter two empty for some */
    struct user_key key;           /* naive_user_key of the id */
};

/* A session as it was put, completed. */
struct held {
    size_t app; /* which of the world's apps */
    const struct holder *holder;
    struct session_draft draft;
    struct spelling spelled[VENDOR_END]; /* as each vendor's clients know it */
};

/* A question: the query, and in plain terms what in it is the store's own. */
struct question {
    struct query query;
    size_t app;
    int64_t idle_ms, now;
    struct str user_id; /* empty: everybody's */
    enum pattern_kind kind;
    const char *needle; /* NULL: no pattern */
    struct mark after;  /* what the query's pointers point at, where they do */
    struct condition conditions[CONDITIONS_MAX];
};

/* The places in `all`, in order, of what matches, in `*places`, which has room for all of them; how
 * many there are. */
size_t naive_find(const struct held *all, size_t count, const struct question *question,
                  size_t *places);

enum status naive_status(const struct held *held, int64_t idle_ms, int64_t now);
void naive_spell(struct held *held);
struct user_key naive_user_key(struct str id);

#endif
