/* Random values that come again for the same seed. The seed is $ROLLCALL_SEED, or new each run;
 * tests print it with what failed. */
#ifndef ROLLCALL_TESTS_RANDOM_H
#define ROLLCALL_TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Begins a sequence and gives its seed. */
uint64_t random_begin(void);
uint64_t random_u64(void);
/* 0 <= value < bound; bound > 0. */
size_t random_below(size_t bound);
void random_bytes(void *bytes, size_t len);
/* Any that can be. */
int64_t random_instant(void);

#endif
