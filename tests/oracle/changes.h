/* What can become of a store, at random: sessions come, change, end and go, users and apps are
 * called or limited otherwise, time goes by; all of it done to the store and to what the world
 * holds of it. */
#ifndef ROLLCALL_TESTS_CHANGES_H
#define ROLLCALL_TESTS_CHANGES_H

#include "compare.h"

/* Changes that are yet to be written, in one transaction. */
struct changes {
    struct comparison *comparison;
    struct world *world;
    struct put *puts;
    struct session_draft *drafts; /* of the puts */
    size_t count;
    uint64_t matched, changed; /* what they must come to */
};

void changes_begin(struct changes *changes, struct comparison *comparison);
void changes_end(struct changes *changes);

/* Does a few things, all of them written when it returns, that bring the number of sessions
 * nearer to `target` in the long run. */
void changes_make(struct changes *changes, size_t target);

#endif
