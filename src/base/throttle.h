/* How often something may happen a minute, for each of many who are told apart by a hash, in memory
 * that processes share: nobody waits for anybody, and it takes no more room for many than for few.
 *
 * Each has an allowance of so many, which is back a minute after it was used up, evenly. Where more
 * than there is room for have used of theirs, those who have used least are forgotten first. */
#ifndef ROLLCALL_BASE_THROTTLE_H
#define ROLLCALL_BASE_THROTTLE_H

#include <stdatomic.h>

#include "base/str.h"

enum { THROTTLE_SETS = 4096, THROTTLE_WAYS = 4, THROTTLE_KEY_BYTES = 16 };

/* Zeroed, nobody has used any. */
struct throttle {
    /* For the hashes: random, so that nobody can choose names that fall together. */
    uint8_t key[THROTTLE_KEY_BYTES];
    _Atomic uint64_t buckets[THROTTLE_SETS][THROTTLE_WAYS];
};

void throttle_begin(struct throttle *throttle);

/* After how many milliseconds that one may go on; 0: at once. `now` is an instant, `most` a
 * minute's allowance. */
int64_t throttle_wait(const struct throttle *throttle, uint64_t hash, int64_t now, int64_t most);

/* Uses `count` of that allowance, be it more than is left. With 0 it takes as long, and changes
 * nothing. */
void throttle_use(struct throttle *throttle, uint64_t hash, int64_t now, int64_t most,
                  int64_t count);

#endif
