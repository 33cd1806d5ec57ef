/* A query being answered: what the files that find share. */
#ifndef ROLLCALL_STORE_FINDING_H
#define ROLLCALL_STORE_FINDING_H

#include "store/candidate.h"
#include "store/sequence.h"

/* A session that was found, in as few bytes as its place in the order needs. */
struct hit {
    int64_t number; /* of the first order, where that is a number */
    struct place place;
    struct str record, user_id, username, user_name; /* the snapshot's */
    enum status status;
};

struct finding {
    struct snapshot *snapshot;
    const struct app *app;
    const struct query *query;
    int64_t now;
    struct order first;
    bool first_is_number, needs_user;
    struct user user;   /* of the session looked at last */
    struct buf hits;    /* of struct hit */
    struct buf scratch; /* what a pattern is searched in */
    int64_t base;       /* the place of the first hit among all that match */
    uint64_t total;
    struct explanation *explanation; /* or NULL */
};

/* For tests: stands for every number of sessions up to which they are looked at one by one, so that
 * small stores are answered as large ones are; 0: none. */
extern size_t finding_few;
static inline size_t finding_most(size_t most)
{
    return finding_few ? finding_few : most;
}

/* How many sessions it is worth to look at before all of so many are walked over. */
uint64_t finding_worth(uint64_t sessions);

/* What ends a way that does not suit the query after all; another is taken. */
#define ERR_UNSUITED ERR_LIMIT

static inline size_t hit_count(const struct buf *hits)
{
    return hits->len / sizeof(struct hit);
}

/* The session at a place, or of a slot, as a hit of what it is; *matches says whether the query's
 * conditions hold, where `matches` is not NULL. */
enum err finding_look(struct finding *finding, const struct place *place, struct str record,
                      struct hit *hit, bool *matches) MUST_CHECK;
enum err finding_look_at_slot(struct finding *finding, uint32_t slot, struct hit *hit,
                              bool *matches) MUST_CHECK;
/* Puts hits in the query's order. */
void finding_sort(struct finding *finding, struct buf *hits);
/* Adds to what the explanation says of the way that is taken. */
void finding_explain(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- plan.c: what of a query trees can tell ---- */

struct range {
    bool given;
    uint64_t begin, end; /* positions */
};

/* What a session is, and what the index has it as. */
struct stale {
    uint32_t slot;
    bool left_out;
    unsigned is, was;
};

struct plan {
    struct finding *finding;
    struct index index;
    struct index_head head;
    uint64_t sessions; /* of the app */
    bool plain;        /* ids are spelled in the order of the trees */
    unsigned states;
    struct range ranges[TREE_NUMBER_COUNT];
    size_t range_count;
    enum tree_number narrowest; /* of the ranges, where there are any */
    bool has_residue;           /* conditions on ids that only records tell */
    /* Sessions that match otherwise than the index says: their status at the query's instant is
     * another, or they are to be left out. As many as there is room for. */
    struct stale *stale; /* the arena's */
    size_t stale_count;
    bool patched_too_often;
};

/* ERR_NOT_FOUND: the app has no sessions. */
enum err plan_make(struct plan *plan, struct finding *finding, struct arena *arena) MUST_CHECK;
/* Notes, as far as there is room, what differs from what the index says. */
enum err plan_note_stale(struct plan *plan, struct arena *arena) MUST_CHECK;
/* Calls back with each session whose status is not what the index has: a slot may come twice. */
typedef enum err (*stale_fn)(void *context, uint32_t slot, enum status is, unsigned was);
enum err plan_each_stale(struct plan *plan, stale_fn each, void *context) MUST_CHECK;
/* Calls back with each session to be left out, whatever its status. */
enum err plan_each_left_out(struct plan *plan, slot_fn each, void *context) MUST_CHECK;
/* Whether statuses are looked at at all, as conditions or as an order. */
bool plan_tells_states(const struct plan *plan);
/* What differs for these states alone, for sequence_of_states; *count of them, the arena's. */
enum err plan_patches(const struct plan *plan, unsigned states, struct arena *arena,
                      struct patch **patches, size_t *count) MUST_CHECK;
/* The tree that has a field's order; TREE_NUMBER_COUNT where none has. */
enum tree_number plan_tree_of(enum field field);

/* ---- members.c: what matches, as a set ---- */

/* What matches but for status, and the states of all sessions at the query's instant. */
struct members {
    struct slot_set base;
    struct slot_set states[STATUS_COUNT]; /* of those that were asked for; empty otherwise */
};
/* The caller ends it with members_free, after an error too. */
enum err members_find(struct plan *plan, struct members *members) MUST_CHECK;
void members_free(struct members *members);

/* ---- sift.c: of those, what a pattern finds ---- */

/* Takes out of a set what the query's pattern does not find. Ids are spelled in the trees' order.
 * ERR_RUNAWAY. */
enum err sift(struct plan *plan, struct slot_set *set) MUST_CHECK;

/* ---- listing.c: pages ---- */

/* Appends the page's hits, in order, to finding->hits, and counts finding->total. ERR_UNSUITED. */
enum err listing_by_count(struct plan *plan, struct arena *arena) MUST_CHECK;
enum err listing_by_members(struct plan *plan, struct arena *arena) MUST_CHECK;
/* Whether the first of them is for the plan. */
bool listing_is_counted(const struct plan *plan);

/* ---- listing_near.c ---- */

/* A page near an end of the list, where the total is told by one tree and the order by another: its
 * sessions are looked for from that end on. As above. */
enum err listing_near_end(struct plan *plan, struct arena *arena) MUST_CHECK;

#endif
