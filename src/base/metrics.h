/* Counts of what the processes on a store do, in memory that all of them share: a file in the
 * store's folder, so that those of a pool, of web servers' own pools and plain CGI count together,
 * and others may look. Every count is one atomic number; nobody waits for anybody.
 *
 * What the rows of `requests` and `latency` stand for is the caller's to say, by a number that is
 * another one whenever they stand for something else. */
#ifndef ROLLCALL_BASE_METRICS_H
#define ROLLCALL_BASE_METRICS_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/throttle.h"

enum {
    METRICS_ROUTES = 128,
    METRICS_DIALECTS = 8,
    METRICS_STATUSES = 24,
    SCALE_MAX = 19 /* bounds; what is over the last has a bucket of its own */
};

typedef _Atomic uint64_t counter;

struct histogram {
    counter buckets[SCALE_MAX + 1];
    counter sum;
};

/* The upper bounds of a histogram's buckets, rising; each belongs to the bucket below it. */
struct scale {
    size_t count;
    uint64_t bounds[SCALE_MAX];
};
extern const struct scale latency_scale; /* nanoseconds */
extern const struct scale batch_scale;   /* batches in a transaction */

enum metrics_role { ROLE_WORKER, ROLE_WRITER, ROLE_COUNT };
enum metrics_cause { CAUSE_NORMAL, CAUSE_FAILURE, CAUSE_COUNT };

struct metrics {
    uint64_t magic, layout;
    int64_t began; /* an instant: when all counts were 0 */
    counter requests[METRICS_ROUTES][METRICS_STATUSES];
    struct histogram latency[METRICS_DIALECTS];
    struct histogram batches;    /* how many shared a transaction */
    counter transactions_failed; /* none of its batches was done */
    counter batches_sent;        /* to the writer */
    counter batches_taken;       /* by it; what is in between waits */
    counter restarts[ROLE_COUNT][CAUSE_COUNT];
    counter reloads;
    /* Of the pool that was started last. */
    _Atomic pid_t master;
    _Atomic int64_t started; /* an instant */
    counter workers_wanted, workers_alive, writers_alive;
    struct throttle failures; /* credentials that let nobody in, by address and by credential */
};

/* The counts of the store in that folder, made where there are none or others. Where that cannot
 * be, they are this process's and its children's alone. Never NULL. */
struct metrics *metrics_open(const char *folder, uint64_t layout);
/* The same to look at. ERR_NOT_FOUND: nobody has counted yet. ERR_VERSION: a program of another
 * version has. ERR_IO, and errno says why. */
enum err metrics_look(const char *folder, uint64_t layout,
                      const struct metrics **metrics) MUST_CHECK;
/* Lets go of either. */
void metrics_close(const struct metrics *metrics);

/* Mixes a text into the number of a layout, which begins as 0. */
uint64_t metrics_mix(uint64_t layout, const char *text);

static inline void count_add(counter *count, uint64_t number)
{
    atomic_fetch_add_explicit(count, number, memory_order_relaxed);
}

static inline uint64_t count_get(const counter *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* Batches that wait for the writer. */
uint64_t metrics_queue(const struct metrics *metrics);
/* Whether the pool that was started last is there still. */
bool metrics_has_pool(const struct metrics *metrics);

void histogram_add(struct histogram *histogram, const struct scale *scale, uint64_t value);

/* A histogram's numbers at one moment, or what came between two. */
struct histogram_view {
    uint64_t buckets[SCALE_MAX + 1], sum, count;
};
struct histogram_view histogram_look(const struct histogram *histogram);
struct histogram_view histogram_since(const struct histogram_view *now,
                                      const struct histogram_view *before);
/* The value that a part `q` (0 to 1) of all lies at or below, as evenly as they lie in a bucket; 0
 * when there are none, the last bound for what is over it. */
double histogram_quantile(const struct histogram_view *view, const struct scale *scale, double q);

#endif
