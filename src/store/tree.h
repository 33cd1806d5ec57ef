/* Counted trees above LMDB: entries in order, of which one can ask how many stand before a place
 * and which stands at one, in the time of a few look-ups however many there are. An entry is a
 * number that it is ordered by (`value`), the slot of the session it is of, and that session's
 * status as the index has it (`state`). What comes first among equal values is for `tie` to say.
 *
 * Each node is a value of its own in LMDB, no longer than what fills a page. An inner node has, for
 * each child, the child's first entry and how many entries are below it; where the tree tells
 * states apart, how many of each (counted B-trees: Tatham, "Counted B-Trees"). */
#ifndef ROLLCALL_STORE_TREE_H
#define ROLLCALL_STORE_TREE_H

#include "base/bytes.h"
#include "store/env.h"

/* Sets of states: bit 1 << enum status. */
enum { TREE_ALL = (1 << STATUS_COUNT) - 1, TREE_SLOT_MAX = (1 << 29) - 1, TREE_DEPTH_MAX = 12 };

struct tree_entry {
    uint64_t value;
    uint32_t slot;  /* at most TREE_SLOT_MAX */
    unsigned state; /* enum status; 0 from a tree that does not tell them */
};

/* How `sought` stands to the entry of that slot, whose value is the same: <0, 0, >0 in *cmp. */
typedef enum err (*tree_tie_fn)(void *context, const void *sought, uint32_t slot, int *cmp);

/* One tree of one app, in a transaction. */
struct tree {
    MDB_txn *txn;
    struct store *store;
    uint32_t app;
    uint8_t number;    /* which of the app's trees */
    bool tells_states; /* else TREE_ALL is the one set of states that may be asked for */
    tree_tie_fn tie;
    void *context; /* of tie */
};

/* What its entries sum up to: the first, and how many there are of each state; all of them in
 * counts[0] where the tree tells no states. */
struct tree_summary {
    struct tree_entry first;
    uint32_t counts[STATUS_COUNT];
};

/* ---- changing: `sought` is what tie is given for the entry ---- */

/* ERR_CORRUPT: one that is equal is there already. ERR_FULL, ERR_IO. */
enum err tree_insert(const struct tree *tree, const struct tree_entry *entry,
                     const void *sought) MUST_CHECK;
/* ERR_CORRUPT: it is not there. */
enum err tree_remove(const struct tree *tree, const struct tree_entry *entry,
                     const void *sought) MUST_CHECK;
/* Gives it the state that `entry` says. ERR_CORRUPT: it is not there. */
enum err tree_restate(const struct tree *tree, const struct tree_entry *entry,
                      const void *sought) MUST_CHECK;

/* ---- counting: each in a few look-ups ---- */

/* How many entries have one of these states. */
enum err tree_count(const struct tree *tree, unsigned states, uint64_t *count) MUST_CHECK;
/* How many of those have a value below that one. */
enum err tree_rank(const struct tree *tree, uint64_t value, unsigned states,
                   uint64_t *rank) MUST_CHECK;
/* How many of those stand before (value, sought). */
enum err tree_rank_of(const struct tree *tree, uint64_t value, const void *sought, unsigned states,
                      uint64_t *rank) MUST_CHECK;
/* How many of those are among the first `position` entries. */
enum err tree_rank_at(const struct tree *tree, uint64_t position, unsigned states,
                      uint64_t *rank) MUST_CHECK;

/* The entry that is equal to (value, sought). ERR_NOT_FOUND: none is. */
enum err tree_find(const struct tree *tree, uint64_t value, const void *sought,
                   struct tree_entry *entry) MUST_CHECK;

/* ---- walking ---- */

/* A node as it lies in the transaction. */
struct tree_node {
    const uint8_t *bytes;
    size_t level, count; /* level 0: a leaf */
};

/* A place between entries; gone with the transaction's next write. */
struct tree_cursor {
    const struct tree *tree;
    uint64_t position; /* how many entries stand before it; kept by tree_seek and tree_next */
    size_t depth;      /* levels; 0: the tree is empty */
    struct {
        struct tree_node node;
        size_t at;
    } path[TREE_DEPTH_MAX]; /* from the root down */
};

/* Before the entry of these states that has `position` such before it; at the end where there are
 * not so many. */
enum err tree_seek(struct tree_cursor *cursor, const struct tree *tree, uint64_t position,
                   unsigned states) MUST_CHECK;
/* Before the first entry whose value is not below that one. */
enum err tree_seek_value(struct tree_cursor *cursor, const struct tree *tree,
                         uint64_t value) MUST_CHECK;
/* The entry after the place, or before it; the place moves past it. ERR_NOT_FOUND: none is left. */
enum err tree_next(struct tree_cursor *cursor, struct tree_entry *entry) MUST_CHECK;
enum err tree_previous(struct tree_cursor *cursor, struct tree_entry *entry) MUST_CHECK;

/* Entries as they lie in a leaf, for what walks over millions of them. */
struct tree_run {
    const uint8_t *bytes;
    size_t count;
};
enum { TREE_ENTRY_BYTES = 12, TREE_STATE_BITS = 3, TREE_STATE_MASK = (1 << TREE_STATE_BITS) - 1 };
/* The entries after the place that one leaf has, no more than `most`; the place moves past them.
 * There are none only at the end. */
enum err tree_next_run(struct tree_cursor *cursor, uint64_t most, struct tree_run *run) MUST_CHECK;
/* Slot and state of one of them: slot << TREE_STATE_BITS | state. */
static inline uint32_t tree_run_ref(const struct tree_run *run, size_t at)
{
    return bytes_u32(run->bytes + at * TREE_ENTRY_BYTES + sizeof(uint64_t));
}
static inline uint32_t tree_ref_slot(uint32_t ref)
{
    return ref >> TREE_STATE_BITS;
}
static inline unsigned tree_ref_state(uint32_t ref)
{
    return ref & TREE_STATE_MASK;
}

/* ---- building ---- */

struct tree_level;
/* Makes a tree out of entries that come in order, its nodes full; there must be nothing of it. */
struct tree_build {
    const struct tree *tree;
    struct tree_level *levels; /* owned, until tree_build_end */
    size_t depth;
    uint32_t next;
};
enum err tree_build_begin(struct tree_build *build, const struct tree *tree) MUST_CHECK;
enum err tree_build_add(struct tree_build *build, const struct tree_entry *entry) MUST_CHECK;
/* Puts the last nodes; without entries, nothing. To be called after an error as well: with `whole`
 * false it only frees. */
enum err tree_build_end(struct tree_build *build, bool whole) MUST_CHECK;

/* ---- looking after ---- */

/* Walks all of it, and says how many entries and nodes it has. ERR_CORRUPT when values are out of
 * order, or what an inner node says is not what is below it. */
enum err tree_check(const struct tree *tree, uint64_t *entries, uint64_t *nodes) MUST_CHECK;

/* For tests: so many entries a node at most, 4 or more; 0: as many as fit. */
extern size_t tree_node_limit;

#endif
