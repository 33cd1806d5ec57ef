#include "base/throttle.h"

#include <sys/random.h>

/* A bucket is one number: in its low bits the instant from which on the whole allowance is there
 * again, in tenths of a millisecond, and in the high ones which of those who share its set has it.
 */
enum { TIME_BITS = 48, UNITS_PER_MS = 10, TRIES = 32 };
#define MINUTE    (INT64_C(60000) * UNITS_PER_MS)
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

void throttle_begin(struct throttle *throttle)
{
    /* Without a key, which no system that runs this lacks, it would work all the same. */
    (void)!getrandom(throttle->key, sizeof(throttle->key), 0);
}

static size_t set_of(uint64_t hash)
{
    return hash % THROTTLE_SETS;
}

static bool is_of(uint64_t bucket, uint64_t hash)
{
    return bucket >> TIME_BITS == hash >> TIME_BITS;
}

static int64_t units_of(int64_t now)
{
    return now > 0 ? now * UNITS_PER_MS : 0;
}

/* When it is whole again, `now` for one that is. None is used up for longer than a minute: what
 * says so was written before the clock was set back. Another minute is for requests whose `now` is
 * older than what others have written meanwhile. */
static int64_t whole_at(uint64_t bucket, int64_t now)
{
    int64_t at = (int64_t)(bucket & TIME_MASK);
    return at < now || at > now + 2 * MINUTE ? now : at;
}

int64_t throttle_wait(const struct throttle *throttle, uint64_t hash, int64_t now, int64_t most)
{
    int64_t units = units_of(now), most_used = MINUTE - MINUTE / most;
    for (size_t i = 0; i < THROTTLE_WAYS; i++) {
        uint64_t bucket =
            atomic_load_explicit(&throttle->buckets[set_of(hash)][i], memory_order_relaxed);
        int64_t used = whole_at(bucket, units) - units;
        if (is_of(bucket, hash) && used > most_used)
            return (used - most_used + UNITS_PER_MS - 1) / UNITS_PER_MS;
    }
    return 0;
}

/* Its bucket in the set, or else the one to be forgotten. */
static _Atomic uint64_t *pick(struct throttle *throttle, uint64_t hash, int64_t now,
                              uint64_t *bucket)
{
    _Atomic uint64_t *set = throttle->buckets[set_of(hash)], *picked = NULL;
    int64_t least = 0;
    for (size_t i = 0; i < THROTTLE_WAYS; i++) {
        uint64_t each = atomic_load_explicit(&set[i], memory_order_relaxed);
        int64_t at = is_of(each, hash) ? -1 : whole_at(each, now);
        if (picked && at >= least)
            continue;
        picked = &set[i];
        *bucket = each;
        least = at;
    }
    return picked;
}

void throttle_use(struct throttle *throttle, uint64_t hash, int64_t now, int64_t most,
                  int64_t count)
{
    int64_t units = units_of(now);
    for (int i = 0; i < TRIES; i++) {
        uint64_t bucket;
        _Atomic uint64_t *place = pick(throttle, hash, units, &bucket);
        int64_t at = is_of(bucket, hash) ? whole_at(bucket, units) : units;
        int64_t most_at = at > units + MINUTE ? at : units + MINUTE;
        at += count * (MINUTE / most);
        uint64_t used = (uint64_t)(at < most_at ? at : most_at) | hash >> TIME_BITS << TIME_BITS;
        if (atomic_compare_exchange_strong(place, &bucket, count ? used : bucket))
            return;
    }
}
