/* The index of an app's sessions: a slot for each (rows.h), and counted trees (tree.h) of the slots
 * in the order of each field that lists are sorted by.
 *
 * Statuses change by themselves, so that a tree has them as of an instant that is the app's
 * (as_of), which is moved on a little with every write, and may stand in the midst of many
 * deadlines that are the same. What is asked for at another instant differs by the sessions whose
 * deadline lies between the two (plan_each_stale): nothing has to have been done for an answer to
 * be right. */
#ifndef ROLLCALL_STORE_INDEX_H
#define ROLLCALL_STORE_INDEX_H

#include "store/rows.h"
#include "store/tree.h"
#include "store/writing.h"

/* Numbers stand in the store. */
enum tree_number {
    TREE_CREATED,
    TREE_LAST_ACTIVE,
    TREE_UPDATED,
    TREE_EXPIRES,
    TREE_ID,
    TREE_USER,
    TREE_USERNAME,
    TREE_USER_NAME,
    TREE_DEVICE, /* by the device's number, which says nothing but that devices are the same */
    TREE_NUMBER_COUNT
};
extern const struct tree_kind {
    const char *name;
    bool tells_states;
    bool of_user; /* ordered by a text of the user */
    enum user_text text;
} tree_kinds[TREE_NUMBER_COUNT];

/* An app's trees in one transaction. The app's number, and the snapshot, are the caller's. */
struct index {
    struct snapshot *snapshot;
    uint32_t app;
    struct tree trees[TREE_NUMBER_COUNT];
    struct tie {
        struct index *index;
        enum tree_number number;
    } ties[TREE_NUMBER_COUNT];
};
/* The index stays where it is: its trees point to it. */
void index_open(struct index *index, struct snapshot *snapshot, uint32_t app);

/* What decides in a tree among entries of one value. */
struct sought {
    struct uuid id;
    uint64_t user;   /* the holder's number */
    struct str text; /* the user's text that the tree is ordered by, cut as index_text does */
};

/* ---- what a session has in the trees ---- */

/* A number's place in the order of instants. */
static inline uint64_t index_instant(int64_t instant)
{
    return (uint64_t)instant ^ UINT64_C(1) << 63;
}
static inline int64_t index_instant_of(uint64_t value)
{
    return (int64_t)(value ^ UINT64_C(1) << 63);
}
/* The beginning of an id, of a user's id and of a text as numbers of the same order. */
uint64_t index_id(const struct uuid *id);
uint64_t index_user_id(struct str id);
uint64_t index_text_value(struct str text);
/* How much of a text the trees are ordered by. */
static inline struct str index_text(struct str text)
{
    return text.len > TEXT_MAX ? (struct str){text.ptr, TEXT_MAX} : text;
}
/* The order of a tree's texts. */
int index_text_cmp(enum tree_number number, struct str a, struct str b);

/* A session as the trees have it; nothing in it is the transaction's. */
struct standing {
    uint64_t values[TREE_NUMBER_COUNT];
    struct uuid id;
    uint64_t user;
    unsigned state;
    size_t lens[TREE_NUMBER_COUNT];
    char texts[TREE_NUMBER_COUNT][TEXT_MAX]; /* of trees of users' texts alone */
};
void standing_of(const struct session *session, const struct user *user, unsigned state,
                 struct standing *standing);
struct sought standing_sought(const struct standing *standing, enum tree_number number);
static inline struct tree_entry standing_entry(const struct standing *standing,
                                               enum tree_number number, uint32_t slot)
{
    return (struct tree_entry){standing->values[number], slot, standing->state};
}

/* The slot of a session. ERR_CORRUPT: it has none. */
enum err index_slot(struct snapshot *snapshot, uint32_t app, const struct uuid *id,
                    uint32_t *slot) MUST_CHECK;

/* Where the session of a slot stands in a tree. */
enum err index_position(const struct index *index, enum tree_number number, uint32_t slot,
                        uint64_t *position) MUST_CHECK;
/* Where the entries begin and end that are the same in a tree's field as the one at that
 * position. */
enum err index_group(const struct index *index, enum tree_number number, uint64_t position,
                     uint64_t *begin, uint64_t *end) MUST_CHECK;

/* ---- changing, with the record or before it; views of the sessions are read before anything is
 *      written ---- */

/* Takes up a session that has no slot, and gives it one. */
enum err index_add(struct writing *writing, const struct session *session,
                   uint32_t *slot) MUST_CHECK;
enum err index_remove(struct writing *writing, const struct session *session,
                      uint32_t slot) MUST_CHECK;
/* One session before and after; user, id, creation and texts are the same in both. */
enum err index_change(struct writing *writing, const struct session *before,
                      const struct session *after) MUST_CHECK;
/* Takes a user's sessions out of the trees that the user's names decide in, before the record with
 * other names is put; or puts them in, after it. The user's texts are the caller's own. */
enum err index_name(struct writing *writing, const struct user *user, bool put) MUST_CHECK;
/* An app's idle limit, before and after: every session's state is looked at. */
enum err index_idle(struct writing *writing, uint32_t app, int64_t before_s,
                    int64_t after_s) MUST_CHECK;
/* How many deadlines lie between the instant as of which an app's trees have states and a later
 * one, or one that is more than a minute earlier: so many sessions' states may be others. */
enum err index_due(struct snapshot *snapshot, uint32_t app, int64_t to, uint64_t *count) MUST_CHECK;
/* Moves that as of which the trees have states on, or back by more than a minute, at most to `to`,
 * and past no more than `most` ends and as many idle deadlines; *more says that it moved, and came
 * short of `to`. A damaged index stays as it is, and so does any when a request's time is up, which
 * is no error: the log says so of the former, once. A session of which nothing can be read keeps
 * its state. */
enum err index_advance(struct writing *writing, uint32_t app, int64_t to, uint64_t most,
                       bool *more) MUST_CHECK;

/* For tests: stands for every `most`; 0: none. */
extern uint64_t index_advance_few;

#endif
