/* Lists being made: what listing.c and listing_device.c share. */
#ifndef ROLLCALL_STORE_LISTING_H
#define ROLLCALL_STORE_LISTING_H

#include "store/finding.h"

struct listing {
    struct plan *plan;
    struct arena *arena;
    const struct members *members; /* or NULL */
    struct buf gathered;           /* of struct hit */
};

/* What is listed: sessions of some statuses in the plan's stretch of a tree, or a set. */
struct source {
    unsigned states;
    const struct slot_set *set;
    uint64_t count; /* of a set */
};

/* Of a list, so many from that one on. */
struct span {
    uint64_t from, count;
};

/* The order at that place; the ids' own behind the last. */
struct order listing_order(const struct listing *listing, size_t at);
/* What is listed, in the order of a tree. */
enum err listing_open(struct listing *listing, const struct source *source, enum tree_number number,
                      struct sequence *sequence) MUST_CHECK;
/* Moves past a part of a list, by the orders from that one on; what of the span is in it is put on
 * the page. */
enum err listing_put_part(struct listing *listing, const struct source *part, size_t order,
                          struct span *span) MUST_CHECK;
/* A slot_fn, `context` being a set. */
enum err listing_put_slot(void *context, uint32_t slot) MUST_CHECK;

/* A set in the order of a text of its sessions' devices. ERR_UNSUITED. */
enum err listing_by_device(struct listing *listing, const struct source *source, size_t order,
                           struct span span) MUST_CHECK;

#endif
