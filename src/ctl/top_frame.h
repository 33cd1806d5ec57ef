/* What `rollcall top` shows: numbers of one moment, and of what came between two. */
#ifndef ROLLCALL_CTL_TOP_FRAME_H
#define ROLLCALL_CTL_TOP_FRAME_H

#include "base/metrics.h"
#include "store/store.h"

/* The numbers at one moment. */
struct sample {
    int64_t ns; /* the monotonic clock */
    int64_t began, started;
    uint64_t requests[METRICS_ROUTES][METRICS_STATUSES];
    struct histogram_view latency[METRICS_DIALECTS], batches;
    uint64_t write_failures, queue, restarts[ROLE_COUNT][CAUSE_COUNT], reloads;
    bool has_pool;
    uint64_t workers_wanted, workers_alive, writers_alive;
    bool has_store;
    struct store_stat stat;
};

/* Takes them; `store` may be NULL. */
void sample_take(const struct metrics *metrics, struct store *store, struct sample *sample);

/* Appends them as lines. With `before`, what is counted is told by the second since then; without,
 * in all. Of the rows of requests, the first `rows` are told. */
void top_put(const struct sample *sample, const struct sample *before, size_t rows,
             struct buf *buf);

#endif
