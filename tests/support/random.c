#include "support/random.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static uint64_t state;

uint64_t random_begin(void)
{
    const char *given = getenv("ROLLCALL_SEED");
    uint64_t seed =
        given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
    state = seed;
    return seed;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t random_u64(void)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

size_t random_below(size_t bound)
{
    return (size_t)(random_u64() % bound);
}

void random_bytes(void *bytes, size_t len)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)random_u64();
}

int64_t random_instant(void)
{
    return INSTANT_MIN + (int64_t)(random_u64() % (uint64_t)(INSTANT_MAX - INSTANT_MIN + 1));
}
