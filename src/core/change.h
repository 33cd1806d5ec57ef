/* The verbs about one session, and those that change any: each finds what it is about and plans
 * what is to be written. */
#ifndef ROLLCALL_CORE_CHANGE_H
#define ROLLCALL_CORE_CHANGE_H

#include "core/core.h"

struct change {
    struct core *core;
    struct snapshot *snapshot;
    struct arena *arena;
    struct answer *answer; /* caller, wish and now are there; the rest is filled in */
};

/* Fills in the page of the query that the wish holds. */
enum err core_list(struct snapshot *snapshot, struct arena *arena,
                   struct answer *answer) MUST_CHECK;

/* For a list with wish.pages_of. Before it is looked for: reads wish.after into the query.
 * ERR_MARK. After, one session more than the limit having been looked for: takes that off again,
 * and makes answer.next. */
enum err page_begin(struct snapshot *snapshot, struct arena *arena,
                    struct answer *answer) MUST_CHECK;
enum err page_end(struct snapshot *snapshot, struct arena *arena, struct answer *answer) MUST_CHECK;

enum err change_get(struct change *change) MUST_CHECK;
enum err change_look(struct change *change) MUST_CHECK; /* VERB_USER, VERB_USERS, VERB_AUDIT */
enum err change_end(struct change *change) MUST_CHECK;
enum err change_touch(struct change *change) MUST_CHECK;
enum err change_create(struct change *change) MUST_CHECK;
enum err change_keys(struct change *change) MUST_CHECK;
enum err change_configure(struct change *change) MUST_CHECK;
enum err change_refresh(struct change *change) MUST_CHECK;

/* By whom, for the audit trail: a user's own session, or a key and whom its holder acts for. */
struct str change_actor(struct change *change);

/* Room for the one put of the answer's, of that kind; NULL when out of memory. */
struct put *change_plan(struct change *change, enum put_kind kind);

#endif
