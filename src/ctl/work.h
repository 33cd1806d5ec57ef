/* What a command works with: the store, a snapshot of it, memory, and the instant of it all. To
 * sessions it does what the holder of the app's admin key could do, by the same verbs. */
#ifndef ROLLCALL_CTL_WORK_H
#define ROLLCALL_CTL_WORK_H

#include "core/core.h"
#include "ctl/ctl.h"

struct work {
    struct store *store;
    struct snapshot *snapshot;
    struct arena *arena;
    int64_t now;
    int alone; /* -1, or what keeps other commands waiting */
    struct caller caller;
    struct answer answer; /* to what was granted last */
};

/* Opens and begins it all, or says why it cannot. The caller ends it with work_end, also after a
 * failure, which gives the exit code as ctl_judge does. */
enum err work_begin(struct work *work, const struct ctl *ctl, enum store_mode mode) MUST_CHECK;
/* The same for a command that looks at what came of what it wrote: no other such command writes in
 * between. */
enum err work_begin_alone(struct work *work, const struct ctl *ctl) MUST_CHECK;
int work_end(struct work *work, int code);

/* Ends the snapshot: its views are gone. */
void work_stop_looking(struct work *work);
/* A new snapshot, which has what was written since the last; views of that one are gone. */
enum err work_look_again(struct work *work) MUST_CHECK;

/* core_grant for that app, and then core_settle once what it plans is written; as there. The app
 * must outlive the answer. */
enum err work_grant(struct work *work, const struct app *app, const struct wish *wish) MUST_CHECK;
enum err work_write(struct work *work) MUST_CHECK;

#endif
