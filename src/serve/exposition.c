#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "serve/exposition.h"

#include <stdio.h>

#include "base/clock.h"
#include "dialect/tally.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unreleased"
#endif

static const char *const roles[] = {[ROLE_WORKER] = "worker", [ROLE_WRITER] = "writer"};
static const char *const causes[] = {[CAUSE_NORMAL] = "normal", [CAUSE_FAILURE] = "failure"};

void exposition_escape(struct str text, struct buf *buf)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == '\n')
            buf_str(buf, STR("\\n"));
        else if (byte == '"' || byte == '\\')
            buf_printf(buf, "\\%c", byte);
        else
            buf_byte(buf, byte);
    }
}

/* ---- the parts of it ---- */

static void put_family(struct buf *buf, const char *name, const char *type, const char *help)
{
    buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(struct buf *buf, const char *name, const char *value)
{
    bool first = buf->len == 0 || buf->ptr[buf->len - 1] == '{';
    buf_printf(buf, "%s%s=\"", first ? "" : ",", name);
    exposition_escape(str_of(value), buf);
    buf_byte(buf, '"');
}

static void put_value(struct buf *buf, const char *name, uint64_t value)
{
    buf_printf(buf, "%s %llu\n", name, (unsigned long long)value);
}

static void put_single(struct buf *buf, const char *name, const char *type, uint64_t value,
                       const char *help)
{
    put_family(buf, name, type, help);
    put_value(buf, name, value);
}

static void put_instant(struct buf *buf, const char *name, int64_t instant, const char *help)
{
    put_family(buf, name, "gauge", help);
    buf_printf(buf, "%s %.3f\n", name, (double)instant / SECOND_MS);
}

/* A histogram's name, what its numbers are counted in, and a label that goes with each. */
struct series {
    const char *name;
    const struct scale *scale;
    double unit;
    const char *label, *value; /* or NULL */
};

static void put_bucket(struct buf *buf, const struct series *series, const char *bound,
                       uint64_t value)
{
    buf_printf(buf, "%s_bucket{", series->name);
    if (series->label)
        put_label(buf, series->label, series->value);
    put_label(buf, "le", bound);
    put_value(buf, "}", value);
}

static void put_end(struct buf *buf, const struct series *series, const char *what, double value)
{
    buf_printf(buf, "%s_%s", series->name, what);
    if (series->label) {
        buf_byte(buf, '{');
        put_label(buf, series->label, series->value);
        buf_byte(buf, '}');
    }
    buf_printf(buf, " %.15g\n", value);
}

static void put_histogram(struct buf *buf, const struct series *series,
                          const struct histogram *histogram)
{
    struct histogram_view view = histogram_look(histogram);
    uint64_t below = 0;
    for (size_t i = 0; i < series->scale->count; i++) {
        char bound[32];
        snprintf(bound, sizeof(bound), "%.9g", (double)series->scale->bounds[i] / series->unit);
        below += view.buckets[i];
        put_bucket(buf, series, bound, below);
    }
    put_bucket(buf, series, "+Inf", view.count);
    put_end(buf, series, "sum", (double)view.sum / series->unit);
    put_end(buf, series, "count", (double)view.count);
}

/* ---- requests ---- */

static void put_requests_of(struct buf *buf, struct tally_label label, int status, uint64_t count)
{
    char number[8] = "other";
    if (status)
        snprintf(number, sizeof(number), "%d", status);
    buf_str(buf, STR("rollcall_requests_total{"));
    put_label(buf, "dialect", label.dialect);
    put_label(buf, "method", label.method);
    put_label(buf, "route", label.path);
    put_label(buf, "status", number);
    put_value(buf, "}", count);
}

static void put_requests(struct buf *buf, const struct metrics *metrics)
{
    put_family(buf, "rollcall_requests_total", "counter", "Requests answered.");
    for (size_t row = 0; row < tally_count(); row++)
        for (size_t i = 0; i == 0 || reply_status_at(i - 1); i++) {
            uint64_t count = count_get(&metrics->requests[row][i]);
            if (count)
                put_requests_of(buf, tally_label(row), reply_status_at(i), count);
        }
}

static void put_latency(struct buf *buf, const struct metrics *metrics)
{
    struct series series = {"rollcall_request_duration_seconds", &latency_scale, 1e9, "dialect",
                            ""};
    put_family(buf, series.name, "histogram", "From reading a request to having its answer.");
    for (size_t i = 0; i < tally_dialect_count(); i++) {
        series.value = tally_dialect_name(i);
        put_histogram(buf, &series, &metrics->latency[i]);
    }
}

/* ---- store ---- */

static void put_objects(struct buf *buf, const struct store_stat *stat)
{
    put_family(buf, "rollcall_store_objects", "gauge", "Records in the store.");
    put_value(buf, "rollcall_store_objects{kind=\"app\"}", stat->apps);
    put_value(buf, "rollcall_store_objects{kind=\"user\"}", stat->users);
    put_value(buf, "rollcall_store_objects{kind=\"session\"}", stat->sessions);
    put_value(buf, "rollcall_store_objects{kind=\"audit_line\"}", stat->audit_lines);
}

static void put_store(struct buf *buf, const struct store_stat *stat)
{
    put_single(buf, "rollcall_store_up", "gauge", stat != NULL, "Whether the store can be read.");
    if (!stat)
        return;
    put_single(buf, "rollcall_store_size_bytes", "gauge", stat->file_bytes, "Size of its file.");
    put_single(buf, "rollcall_store_used_bytes", "gauge", stat->used_bytes, "Of that, in use.");
    put_single(buf, "rollcall_store_free_bytes", "gauge", stat->file_bytes - stat->used_bytes,
               "Of that, not in use: taken before the file grows.");
    put_single(buf, "rollcall_store_map_bytes", "gauge", stat->map_bytes,
               "Address space reserved for it.");
    put_single(buf, "rollcall_store_readers", "gauge", stat->readers, "Places of readers taken.");
    put_single(buf, "rollcall_store_readers_max", "gauge", stat->readers_max,
               "Places of readers there are.");
    put_single(buf, "rollcall_store_oldest_reader_transactions", "gauge", stat->readers_behind,
               "Transactions committed since the oldest snapshot began.");
    put_objects(buf, stat);
}

/* ---- processes ---- */

static void put_writing(struct buf *buf, const struct metrics *metrics)
{
    struct series series = {"rollcall_write_batches", &batch_scale, 1, NULL, NULL};
    put_family(buf, series.name, "histogram", "Batches that shared a transaction.");
    put_histogram(buf, &series, &metrics->batches);
    put_single(buf, "rollcall_write_failures_total", "counter",
               count_get(&metrics->transactions_failed), "Transactions that failed as a whole.");
    put_single(buf, "rollcall_writer_queue_batches", "gauge", metrics_queue(metrics),
               "Batches that wait for the writer.");
}

static void put_restarts(struct buf *buf, const struct metrics *metrics)
{
    put_family(buf, "rollcall_restarts_total", "counter",
               "Processes of a pool that ended without being told to.");
    for (int role = 0; role < ROLE_COUNT; role++)
        for (int cause = 0; cause < CAUSE_COUNT; cause++) {
            buf_str(buf, STR("rollcall_restarts_total{"));
            put_label(buf, "role", roles[role]);
            put_label(buf, "cause", causes[cause]);
            put_value(buf, "}", count_get(&metrics->restarts[role][cause]));
        }
    put_single(buf, "rollcall_reloads_total", "counter", count_get(&metrics->reloads),
               "Times the configuration was read anew.");
}

static void put_pool(struct buf *buf, const struct metrics *metrics)
{
    put_restarts(buf, metrics);
    if (!metrics_has_pool(metrics))
        return;
    put_single(buf, "rollcall_workers", "gauge", count_get(&metrics->workers_alive),
               "Workers there are.");
    put_single(buf, "rollcall_workers_wanted", "gauge", count_get(&metrics->workers_wanted),
               "Workers there should be.");
    put_single(buf, "rollcall_writers", "gauge", count_get(&metrics->writers_alive),
               "Writers there are, of one.");
    put_instant(buf, "rollcall_start_time_seconds", atomic_load(&metrics->started),
                "When the pool was started.");
}

void exposition_put(const struct metrics *metrics, const struct store_stat *stat, struct buf *buf)
{
    put_family(buf, "rollcall_build_info", "gauge", "Always 1.");
    buf_str(buf, STR("rollcall_build_info{"));
    put_label(buf, "version", PACKAGE_VERSION);
    put_value(buf, "}", 1);
    put_instant(buf, "rollcall_counts_began_timestamp_seconds", metrics->began,
                "When all counts were 0.");
    put_requests(buf, metrics);
    put_latency(buf, metrics);
    put_store(buf, stat);
    put_writing(buf, metrics);
    put_pool(buf, metrics);
}
