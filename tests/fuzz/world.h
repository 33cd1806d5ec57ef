/* Stores with the records of the golden cases, a dialect's each, and a service over each: whatever
 * was asked of one, the next input finds it as it was made. */
#ifndef ROLLCALL_TESTS_FUZZ_WORLD_H
#define ROLLCALL_TESTS_FUZZ_WORLD_H

#include "serve/service.h"

/* An app that each has beside the golden ones, "fuzz", lets nobody in but with what has "_fuzz" in
 * it, or an access token of this session; and of what its sessions show, this is a part. */
#define WORLD_SESSION "00000001-0000-7000-8000-000000000099"
#define WORLD_MARK    "seen-by-its-own-alone"

struct world {
    int64_t now; /* of its golden cases, and its service's clock */
    struct store *store;
    struct service service;
    /* its own */
    struct submitter submitter;
    char *dir;
    struct buf image; /* the store's file as it was made */
    size_t made;      /* LMDB's number of the transaction that made it */
};

/* The number is taken modulo how many there are, in the order of their folders' names. It is made
 * when it is first asked for, and stays. */
struct world *world_get(size_t number);

/* Has the service answer for a site configured so; views must outlive the call. The answer stays
 * until the next one. */
struct str world_answer(struct world *world, const struct site *site, char *const *env,
                        struct str body);

/* Puts all back as it was, if anything was written. Closes and opens the store. */
void world_restore(struct world *world);

/* The promises that the store makes of itself: store_check finds nothing. */
void world_check(struct world *world);

#endif
