/* What matches a query, in the order of one tree of an app's index: either the sessions of some
 * statuses in one stretch of the tree, which are counted and found without being walked over, or
 * those of a set, which are walked over.
 *
 * A position is a place in the tree, all entries counted; an ordinal one among what matches. */
#ifndef ROLLCALL_STORE_SEQUENCE_H
#define ROLLCALL_STORE_SEQUENCE_H

#include "store/index.h"
#include "store/slot_set.h"

/* A session whose status is not what the index has, or that is to be left out. */
struct patch {
    uint32_t slot;
    uint64_t position;
    bool in; /* it matches, and the index says not; else the reverse */
    /* How many match before it; and have a state that is asked for, in the whole tree. */
    uint64_t ordinal, rank;
};

struct sequence {
    const struct index *index;
    enum tree_number number;
    uint64_t count;      /* how many match */
    uint64_t begin, end; /* the stretch, in positions */
    unsigned states;
    uint64_t base;               /* how many of these states stand before the stretch */
    const struct patch *patches; /* in order; the caller's */
    size_t patch_count;
    const struct slot_set *set; /* or NULL: then states, base and patches count */
};

/* The sessions of these states in positions [begin, end). Patches have slot and `in`: the rest is
 * filled in, those outside of the stretch go, and they are put in order. */
enum err sequence_of_states(struct sequence *sequence, const struct index *index,
                            enum tree_number number, unsigned states, uint64_t begin, uint64_t end,
                            struct patch *patches, size_t patch_count) MUST_CHECK;
/* The members of a set, of which there are so many. */
enum err sequence_of_set(struct sequence *sequence, const struct index *index,
                         enum tree_number number, const struct slot_set *set,
                         uint64_t count) MUST_CHECK;

/* The position of the one of that ordinal, which is below count. */
enum err sequence_locate(const struct sequence *sequence, uint64_t ordinal,
                         uint64_t *position) MUST_CHECK;
/* How many match in positions [begin, end), which are walked over in a set. */
enum err sequence_count(const struct sequence *sequence, uint64_t begin, uint64_t end,
                        uint64_t *count) MUST_CHECK;
/* Calls back with the slots of those in positions [begin, end), the first `skip` left out and no
 * more than `most`. */
typedef enum err (*slot_fn)(void *context, uint32_t slot);
struct stretch {
    uint64_t begin, end, skip, most;
};
enum err sequence_each(const struct sequence *sequence, const struct stretch *stretch, slot_fn each,
                       void *context) MUST_CHECK;

#endif
