#include "ctl/top_frame.h"

#include <stdlib.h>

#include "base/clock.h"
#include "dialect/tally.h"

#define NS_IN_SECOND 1e9
#define NS_IN_MILLI  1e6

/* ---- taking ---- */

static void take_requests(const struct metrics *metrics, struct sample *sample)
{
    for (size_t row = 0; row < METRICS_ROUTES; row++)
        for (size_t i = 0; i < METRICS_STATUSES; i++)
            sample->requests[row][i] = count_get(&metrics->requests[row][i]);
    for (size_t i = 0; i < METRICS_DIALECTS; i++)
        sample->latency[i] = histogram_look(&metrics->latency[i]);
}

static void take_pool(const struct metrics *metrics, struct sample *sample)
{
    for (int role = 0; role < ROLE_COUNT; role++)
        for (int cause = 0; cause < CAUSE_COUNT; cause++)
            sample->restarts[role][cause] = count_get(&metrics->restarts[role][cause]);
    sample->reloads = count_get(&metrics->reloads);
    sample->has_pool = metrics_has_pool(metrics);
    sample->started = atomic_load(&metrics->started);
    sample->workers_wanted = count_get(&metrics->workers_wanted);
    sample->workers_alive = count_get(&metrics->workers_alive);
    sample->writers_alive = count_get(&metrics->writers_alive);
}

void sample_take(const struct metrics *metrics, struct store *store, struct sample *sample)
{
    *sample = (struct sample){.ns = clock_monotonic_ns(), .began = metrics->began};
    take_requests(metrics, sample);
    take_pool(metrics, sample);
    sample->batches = histogram_look(&metrics->batches);
    sample->write_failures = count_get(&metrics->transactions_failed);
    sample->queue = metrics_queue(metrics);
    sample->has_store = store && store_stat(store, &sample->stat) == ERR_OK;
}

/* ---- showing ---- */

struct frame {
    const struct sample *now, *before;
    double seconds; /* between the two; 1 without the latter */
    size_t rows;
    struct buf *buf;
};

/* A count's name in the head of its column. */
static const char *unit_of(const struct frame *frame)
{
    return frame->before ? "per second" : "in all";
}

static double rate(const struct frame *frame, uint64_t now, uint64_t before)
{
    return (double)(now - before) / frame->seconds;
}

static void put_rate(const struct frame *frame, double rate)
{
    buf_printf(frame->buf, "%12.*f", frame->before ? 1 : 0, rate);
}

static void put_size(struct buf *buf, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double size = (double)bytes;
    for (; size >= 1024 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
        size /= 1024;
    buf_printf(buf, "%.*f %s", unit && size < 100 ? 1 : 0, size, units[unit]);
}

static void put_pool(const struct frame *frame)
{
    const struct sample *now = frame->now;
    struct buf *buf = frame->buf;
    if (!now->has_pool) {
        buf_str(buf, STR("pool      none is running\n"));
        return;
    }
    buf_str(buf, STR("pool      since "));
    instant_put_seconds(buf, now->started);
    buf_printf(buf, ", workers %llu of %llu, writer %s\n", (unsigned long long)now->workers_alive,
               (unsigned long long)now->workers_wanted, now->writers_alive ? "there" : "gone");
    buf_printf(
        buf,
        "restarts  workers %llu failed, %llu ended; writer %llu failed, %llu ended; reloads %llu\n",
        (unsigned long long)now->restarts[ROLE_WORKER][CAUSE_FAILURE],
        (unsigned long long)now->restarts[ROLE_WORKER][CAUSE_NORMAL],
        (unsigned long long)now->restarts[ROLE_WRITER][CAUSE_FAILURE],
        (unsigned long long)now->restarts[ROLE_WRITER][CAUSE_NORMAL],
        (unsigned long long)now->reloads);
}

static struct histogram_view since(const struct frame *frame, const struct histogram_view *now,
                                   const struct histogram_view *before)
{
    return frame->before ? histogram_since(now, before) : *now;
}

static void put_writing(const struct frame *frame)
{
    struct histogram_view batches =
        since(frame, &frame->now->batches, frame->before ? &frame->before->batches : NULL);
    double each = batches.count ? (double)batches.sum / (double)batches.count : 0;
    buf_printf(frame->buf,
               "writing   transactions %.*f %s, %.1f batches each, %llu waiting, %llu failed\n",
               frame->before ? 1 : 0, (double)batches.count / frame->seconds, unit_of(frame), each,
               (unsigned long long)frame->now->queue,
               (unsigned long long)frame->now->write_failures);
}

static void put_store(const struct frame *frame)
{
    const struct store_stat *stat = &frame->now->stat;
    struct buf *buf = frame->buf;
    if (!frame->now->has_store) {
        buf_str(buf, STR("store     cannot be read\n"));
        return;
    }
    buf_str(buf, STR("store     "));
    put_size(buf, stat->file_bytes);
    buf_str(buf, STR(", free "));
    put_size(buf, stat->file_bytes - stat->used_bytes);
    buf_str(buf, STR(", map "));
    put_size(buf, stat->map_bytes);
    buf_printf(buf, ", readers %llu of %llu, the oldest %llu behind\n",
               (unsigned long long)stat->readers, (unsigned long long)stat->readers_max,
               (unsigned long long)stat->readers_behind);
    buf_printf(buf, "          apps %llu, users %llu, sessions %llu\n",
               (unsigned long long)stat->apps, (unsigned long long)stat->users,
               (unsigned long long)stat->sessions);
}

static void put_millis(const struct frame *frame, const struct histogram_view *view, double q)
{
    if (view->count)
        buf_printf(frame->buf, "%12.3f", histogram_quantile(view, &latency_scale, q) / NS_IN_MILLI);
    else
        buf_printf(frame->buf, "%12s", "-");
}

static void put_latency(const struct frame *frame)
{
    buf_printf(frame->buf, "\n%-12s%12s%12s%12s%12s\n", "DIALECT", unit_of(frame), "p50 ms",
               "p95 ms", "p99 ms");
    for (size_t i = 0; i < tally_dialect_count(); i++) {
        const struct histogram_view *now = &frame->now->latency[i];
        struct histogram_view view =
            since(frame, now, frame->before ? &frame->before->latency[i] : NULL);
        if (now->count == 0)
            continue;
        buf_printf(frame->buf, "%-12s", tally_dialect_name(i));
        put_rate(frame, (double)view.count / frame->seconds);
        put_millis(frame, &view, 0.50);
        put_millis(frame, &view, 0.95);
        put_millis(frame, &view, 0.99);
        buf_byte(frame->buf, '\n');
    }
}

/* ---- rows of requests ---- */

struct row {
    size_t route, status;
    uint64_t all;
    double rate;
};

/* The busiest first; of those that are as busy, the one that was so before. */
static int by_rate(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    int order = (one->rate < other->rate) - (one->rate > other->rate);
    return order ? order : (one->all < other->all) - (one->all > other->all);
}

static size_t gather(const struct frame *frame, struct row *rows)
{
    size_t count = 0;
    for (size_t route = 0; route < tally_count(); route++)
        for (size_t i = 0; i < METRICS_STATUSES; i++) {
            uint64_t all = frame->now->requests[route][i];
            uint64_t before = frame->before ? frame->before->requests[route][i] : 0;
            if (all)
                rows[count++] = (struct row){route, i, all, rate(frame, all, before)};
        }
    qsort(rows, count, sizeof(*rows), by_rate);
    return count;
}

static void put_row(const struct frame *frame, const struct row *row)
{
    struct tally_label label = tally_label(row->route);
    int status = reply_status_at(row->status);
    put_rate(frame, row->rate);
    if (frame->before)
        buf_printf(frame->buf, "%12llu", (unsigned long long)row->all);
    if (status)
        buf_printf(frame->buf, "%8d", status);
    else
        buf_printf(frame->buf, "%8s", "other");
    buf_printf(frame->buf, "  %-10s  %-7s %s\n", label.dialect, label.method, label.path);
}

static void put_requests(const struct frame *frame)
{
    static struct row rows[METRICS_ROUTES * METRICS_STATUSES];
    size_t count = gather(frame, rows);
    buf_printf(frame->buf, "\n%12s", unit_of(frame));
    if (frame->before)
        buf_printf(frame->buf, "%12s", "in all");
    buf_printf(frame->buf, "%8s  %-10s  %-7s %s\n", "STATUS", "DIALECT", "METHOD", "ROUTE");
    for (size_t i = 0; i < count && i < frame->rows; i++)
        put_row(frame, &rows[i]);
}

void top_put(const struct sample *sample, const struct sample *before, size_t rows, struct buf *buf)
{
    struct frame frame = {.now = sample, .before = before, .seconds = 1, .rows = rows, .buf = buf};
    if (before)
        frame.seconds = (double)(sample->ns - before->ns) / NS_IN_SECOND;
    put_pool(&frame);
    put_writing(&frame);
    put_store(&frame);
    put_latency(&frame);
    put_requests(&frame);
}
