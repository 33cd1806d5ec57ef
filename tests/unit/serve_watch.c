/* serve/watch, serve/exposition and dialect/tally: what is kept of a request, and how it is told.
 */
#include "serve/watch.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <unistd.h>

#include "dialect/tally.h"
#include "serve/exposition.h"
#include "support/suite.h"

SUITE(watch);

/* ---- lines ---- */

static struct sight some_sight(void)
{
    return (struct sight){
        .at = 0,
        .id = STR("0ujsswThIGTUYm2K8FjOOfXtY1K"),
        .dialect = &dialect_native,
        .route = &dialect_native.routes[0],
        .app = STR("acme"),
        .method = STR("GET"),
        .client = STR("192.0.2.1"),
        .status = 200,
        .ns = 1234567,
        .bytes = 42,
    };
}

static void expect_line(enum access_log form, const struct sight *sight, const char *text)
{
    struct buf line = {0};
    watch_line(form, sight, &line);
    buf_byte(&line, '\0');
    cr_expect_str_eq(line.ptr, text);
    buf_free(&line);
}

Test(watch, a_line_of_keys_and_values)
{
    struct sight sight = some_sight();
    expect_line(ACCESS_KEYVALUE, &sight,
                "time=1970-01-01T00:00:00.000Z id=0ujsswThIGTUYm2K8FjOOfXtY1K app=acme "
                "dialect=rollcall method=GET route=/rollcall/v1/app status=200 ms=1.234 bytes=42 "
                "client=192.0.2.1\n");
}

Test(watch, a_line_of_json)
{
    struct sight sight = some_sight();
    expect_line(ACCESS_JSON, &sight,
                "{\"time\":\"1970-01-01T00:00:00.000Z\",\"id\":\"0ujsswThIGTUYm2K8FjOOfXtY1K\","
                "\"app\":\"acme\",\"dialect\":\"rollcall\",\"method\":\"GET\","
                "\"route\":\"/rollcall/v1/app\",\"status\":200,\"ms\":1.234,\"bytes\":42,"
                "\"client\":\"192.0.2.1\"}\n");
}

Test(watch, what_is_not_known_is_a_dash)
{
    struct sight sight = {.status = 404, .method = STR("GET"), .ns = 999};
    expect_line(ACCESS_KEYVALUE, &sight,
                "time=1970-01-01T00:00:00.000Z id=- app=- dialect=- method=GET route=- status=404 "
                "ms=0.000 bytes=0 client=-\n");
}

Test(watch, what_came_from_outside_neither_ends_a_value_nor_a_line)
{
    struct sight sight = some_sight();
    struct buf line = {0};
    sight.method = STR("SECRET\nstatus=200");
    sight.client = STR("a b=\"c\\\n\x1b\xC3\xA9");
    watch_line(ACCESS_KEYVALUE, &sight, &line);
    buf_byte(&line, '\0');
    cr_expect_not_null(strstr(line.ptr, " method=other "), "%s", line.ptr);
    cr_expect_not_null(strstr(line.ptr, " client=a\\x20b\\x3d\\x22c\\x5c\\x0a\\x1b\\xc3\\xa9\n"),
                       "%s", line.ptr);
    buf_reset(&line);
    watch_line(ACCESS_JSON, &sight, &line);
    json_error_t error;
    json_t *json = json_loadb(line.ptr, line.len - 1, 0, &error);
    cr_assert_not_null(json, "%s", error.text);
    cr_expect_null(memchr(line.ptr, '\n', line.len - 1));
    cr_expect_str_eq(json_string_value(json_object_get(json, "client")), sight.client.ptr);
    cr_expect_str_eq(json_string_value(json_object_get(json, "method")), "other");
    json_decref(json);
    buf_reset(&line);
    sight.client = STR("\xFF");
    watch_line(ACCESS_JSON, &sight, &line);
    buf_byte(&line, '\0');
    cr_expect_not_null(strstr(line.ptr, "\"client\":\"-\""), "%s", line.ptr);
    buf_free(&line);
}

/* ---- rows ---- */

Test(watch, every_route_has_a_row_of_its_own_and_there_are_enough)
{
    static bool seen[METRICS_ROUTES];
    cr_assert_leq(tally_count(), METRICS_ROUTES);
    cr_assert_leq(tally_dialect_count(), METRICS_DIALECTS);
    size_t statuses = 0;
    while (reply_status_at(statuses))
        statuses++;
    cr_assert_lt(statuses, METRICS_STATUSES, "one more is for those without a row");
    for (size_t i = 0; dialects[i]; i++)
        for (const struct route *route = dialects[i]->routes;; route++) {
            size_t row = tally_row(dialects[i], route->path ? route : NULL);
            struct tally_label label = tally_label(row);
            cr_expect_not(seen[row], "row %zu is another's", row);
            seen[row] = true;
            cr_expect_str_eq(label.path, route->path ? route->path : "-");
            cr_expect_str_eq(label.method, route->path ? route->method : "-");
            cr_expect_str_eq(label.dialect, tally_dialect_name(tally_dialect(dialects[i])));
            if (!route->path)
                break;
        }
    cr_expect_eq(tally_row(NULL, NULL), tally_count() - 1);
    cr_expect_str_eq(tally_label(tally_count() - 1).dialect, "-");
}

Test(watch, a_status_has_its_row_and_what_has_none_has_another)
{
    cr_expect_eq(reply_status_at(reply_status_row(503)), 503);
    cr_expect_eq(reply_status_at(reply_status_row(200)), 200);
    cr_expect_eq(reply_status_at(reply_status_row(299)), 0);
}

Test(watch, a_request_is_counted_once)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", tally_layout());
    struct watch watch = {.metrics = metrics};
    struct sight sight = some_sight();
    watch_request(&watch, &sight);
    sight.status = 299;
    watch_request(&watch, &sight);
    size_t row = tally_row(sight.dialect, sight.route);
    cr_expect_eq(count_get(&metrics->requests[row][reply_status_row(200)]), 1);
    cr_expect_eq(count_get(&metrics->requests[row][reply_status_row(299)]), 1);
    struct histogram_view view = histogram_look(&metrics->latency[tally_dialect(sight.dialect)]);
    cr_expect_eq(view.count, 2);
    cr_expect_eq(view.sum, 2 * sight.ns);
    metrics_close(metrics);
}

/* ---- Prometheus' text ---- */

Test(watch, a_label_is_escaped)
{
    struct buf buf = {0};
    exposition_escape(STR("a\"b\\c\nd{}"), &buf);
    buf_byte(&buf, '\0');
    cr_expect_str_eq(buf.ptr, "a\\\"b\\\\c\\nd{}");
    buf_free(&buf);
}

static struct buf exposed(const struct metrics *metrics, const struct store_stat *stat)
{
    struct buf buf = {0};
    exposition_put(metrics, stat, &buf);
    buf_byte(&buf, '\0');
    cr_assert_not(buf.failed);
    return buf;
}

static void expect_in(const struct buf *buf, const char *line)
{
    cr_expect_not_null(strstr(buf->ptr, line), "no \"%s\" in: %s", line, buf->ptr);
}

Test(watch, a_histogram_counts_up_to_all)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", tally_layout());
    histogram_add(&metrics->batches, &batch_scale, 2);
    histogram_add(&metrics->batches, &batch_scale, 1000);
    struct buf buf = exposed(metrics, NULL);
    expect_in(&buf, "\nrollcall_write_batches_bucket{le=\"1\"} 0\n");
    expect_in(&buf, "\nrollcall_write_batches_bucket{le=\"2\"} 1\n");
    expect_in(&buf, "\nrollcall_write_batches_bucket{le=\"256\"} 1\n");
    expect_in(&buf, "\nrollcall_write_batches_bucket{le=\"+Inf\"} 2\n");
    expect_in(&buf, "\nrollcall_write_batches_sum 1002\n");
    expect_in(&buf, "\nrollcall_write_batches_count 2\n");
    expect_in(&buf, "\nrollcall_store_up 0\n");
    cr_expect_null(strstr(buf.ptr, "rollcall_workers "), "there is no pool");
    buf_free(&buf);
    metrics_close(metrics);
}

Test(watch, the_numbers_of_store_and_pool_are_told)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", tally_layout());
    struct store_stat stat = {
        .sessions = 5, .file_bytes = 100, .used_bytes = 60, .readers_behind = 3};
    atomic_store(&metrics->master, getpid());
    atomic_store(&metrics->started, 1500);
    atomic_store(&metrics->workers_alive, 2);
    count_add(&metrics->restarts[ROLE_WRITER][CAUSE_FAILURE], 4);
    count_add(&metrics->requests[tally_row(NULL, NULL)][reply_status_row(299)], 7);
    struct buf buf = exposed(metrics, &stat);
    expect_in(&buf, "\nrollcall_store_up 1\n");
    expect_in(&buf, "\nrollcall_store_free_bytes 40\n");
    expect_in(&buf, "\nrollcall_store_objects{kind=\"session\"} 5\n");
    expect_in(&buf, "\nrollcall_store_oldest_reader_transactions 3\n");
    expect_in(&buf, "\nrollcall_workers 2\n");
    expect_in(&buf, "\nrollcall_start_time_seconds 1.500\n");
    expect_in(&buf, "\nrollcall_restarts_total{role=\"writer\",cause=\"failure\"} 4\n");
    expect_in(
        &buf,
        "\nrollcall_requests_total{dialect=\"-\",method=\"-\",route=\"-\",status=\"other\"} 7\n");
    buf_free(&buf);
    metrics_close(metrics);
}
