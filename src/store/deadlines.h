/* Which sessions of an app fall due between two instants: each has its end, and where the app has
 * an idle limit, its last activity and so much more. */
#ifndef ROLLCALL_STORE_DEADLINES_H
#define ROLLCALL_STORE_DEADLINES_H

#include "store/index.h"

/* A tree in whose order sessions fall due, each so long after what it is ordered by. */
struct deadlines {
    const struct index *index;
    const struct tree *tree;
    int64_t after_ms;
};
enum { DEADLINE_KINDS = 2 };
/* How many kinds there are. The index is the caller's, and stays where it is. */
size_t deadlines_of(const struct index *index, int64_t idle_ms, struct deadlines *kinds);

/* Positions [begin, end) of the tree: what is due as of one of the two alone, whichever is later.
 */
struct deadline_range {
    uint64_t begin, end;
};
enum err deadlines_between(const struct deadlines *deadlines, const struct as_of *one,
                           const struct as_of *other, struct deadline_range *range) MUST_CHECK;

/* Brings *to so near to `from`, which may be later, that no more than `most`, 1 or more, lie
 * between. ERR_CORRUPT: the tree is damaged. */
enum err deadlines_bound(const struct deadlines *deadlines, const struct as_of *from,
                         struct as_of *to, uint64_t most) MUST_CHECK;

#endif
