/* A set of an app's slots, a bit each: what is left of its sessions after conditions that no one
 * tree can tell by itself. */
#ifndef ROLLCALL_STORE_SLOT_SET_H
#define ROLLCALL_STORE_SLOT_SET_H

#include "base/err.h"

struct slot_set {
    uint64_t *words; /* owned; slot_set_free */
    size_t slots;    /* those it has room for */
};

/* Empty. ERR_MEMORY. */
enum err slot_set_new(struct slot_set *set, size_t slots) MUST_CHECK;
void slot_set_free(struct slot_set *set);

static inline bool slot_set_has(const struct slot_set *set, uint32_t slot)
{
    return slot < set->slots && (set->words[slot / 64] >> slot % 64 & 1);
}
/* Slots beyond its room are none of ours: they are left out. */
static inline void slot_set_put(struct slot_set *set, uint32_t slot, bool in)
{
    if (slot >= set->slots)
        return;
    if (in)
        set->words[slot / 64] |= UINT64_C(1) << slot % 64;
    else
        set->words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

uint64_t slot_set_count(const struct slot_set *set);
/* Both of one size: what is in both; what is in `set` alone; what is in either. */
void slot_set_keep(struct slot_set *set, const struct slot_set *other);
void slot_set_drop(struct slot_set *set, const struct slot_set *other);
void slot_set_join(struct slot_set *set, const struct slot_set *other);

/* The least slot in it that is not below `from`; false when there is none. */
bool slot_set_next(const struct slot_set *set, uint32_t from, uint32_t *slot);

#endif
