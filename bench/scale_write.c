/* What a write costs at that size: sessions begun, and sessions used, alone and forty at a time,
 * which is how a pool's writer does them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "scale.h"

enum { TOGETHER = 40, SPOTS = 64, SPOT_ITEMS = 2048, TOUCHED = SPOTS * SPOT_ITEMS };

/* Active sessions from all over the store, in no order. */
static struct uuid touched[TOUCHED];
static size_t touched_count, next_touch;
static uint64_t users;
static uint32_t app_number;
static int64_t instant;

/* The same numbers wherever it runs (SplitMix64). */
static uint64_t draw(void)
{
    static uint64_t state = 1;
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void must(enum err err, const char *what)
{
    if (err != ERR_OK)
        die("%s: %s", what, err_word(err));
}

static void collect_at(struct snapshot *snapshot, struct arena *arena, const struct app *app,
                       int64_t spot)
{
    struct query query = {.vendor = VENDOR_KRATOS, .active_only = true};
    struct page page;
    query.orders[0] = (struct order){FIELD_USER, false};
    query.order_count = 1;
    arena_reset(arena);
    must(store_find(snapshot, app, &query, scale_now, arena, &page), "store_find");
    query.offset = (int64_t)page.total * spot / SPOTS;
    query.limit =
        (int64_t)page.total / SPOTS < SPOT_ITEMS ? (int64_t)page.total / SPOTS : SPOT_ITEMS;
    must(store_find(snapshot, app, &query, scale_now, arena, &page), "store_find");
    for (size_t i = 0; i < page.count && touched_count < TOUCHED; i++)
        touched[touched_count++] = page.items[i].session.id;
}

static void collect(void)
{
    struct arena *arena = arena_new(1 << 24);
    struct snapshot *snapshot;
    struct store_stat stat;
    struct app app;
    must(store_stat(store_side(), &stat), "store_stat");
    must(snapshot_begin(store_side(), &snapshot), "snapshot_begin");
    must(store_app_by_id(snapshot, STR(SCALE_APP), &app), "store_app_by_id");
    users = stat.users;
    app_number = app.number;
    for (int64_t spot = 0; spot < SPOTS; spot++)
        collect_at(snapshot, arena, &app, spot);
    snapshot_end(snapshot);
    arena_free(arena);
    for (size_t i = touched_count; i > 1; i--) {
        size_t other = (size_t)(draw() % i);
        struct uuid id = touched[i - 1];
        touched[i - 1] = touched[other];
        touched[other] = id;
    }
}

/* ---- one write after another ---- */

struct write {
    struct put put;
    struct session_draft draft;
    char user[TEXT_ROOM];
};

static void make_create(struct write *write)
{
    snprintf(write->user, sizeof(write->user), "usr-%" PRIu64, 1000000000 + draw() % users);
    session_draft_begin(&write->draft);
    write->draft.has_token = true;
    for (size_t i = 0; i < TOKEN_HASH_BYTES; i++)
        write->draft.token_hash[i] = (uint8_t)draw();
    write->draft.texts[TEXT_DEVICE_NAME] = STR("Firefox");
    write->draft.texts[TEXT_DEVICE_TYPE] = STR("browser");
    write->draft.texts[TEXT_OS_NAME] = STR("Linux");
    write->draft.texts[TEXT_IP] = STR("203.0.113.7");
    write->put = (struct put){PUT_SESSION, .session = {.app_id = STR(SCALE_APP),
                                                       .user_id = str_of(write->user),
                                                       .draft = &write->draft,
                                                       .fresh = true,
                                                       .actor = STR("bench")}};
}

static void make_touch(struct write *write)
{
    write->put = (struct put){PUT_TOUCH, .touch = {.app = app_number,
                                                   .id = touched[next_touch++ % touched_count],
                                                   .last_active = instant,
                                                   .expires = INSTANT_NONE}};
}

static void apply(size_t count, void (*make)(struct write *write))
{
    static struct write writes[TOGETHER];
    struct batch batches[TOGETHER] = {0};
    instant++;
    for (size_t i = 0; i < count; i++) {
        make(&writes[i]);
        batches[i] = (struct batch){.puts = &writes[i].put, .count = 1, .now = instant};
    }
    store_apply_all(store_side(), batches, count);
    for (size_t i = 0; i < count; i++) {
        must(batches[i].err, "store_apply_all");
        if (writes[i].put.kind == PUT_TOUCH && batches[i].outcome.changed != 1)
            die("a session was not touched");
    }
}

static void measure_write(const char *what, size_t together, int64_t milliseconds,
                          void (*make)(struct write *write))
{
    int64_t start = clock_monotonic_ns(), took = 0, done = 0;
    while (took < milliseconds * 1000000) {
        apply(together, make);
        done += (int64_t)together;
        took = clock_monotonic_ns() - start;
    }
    printf("{\"family\":\"write\",\"name\":\"%s\",\"together\":%zu,\"rate\":%.1f}\n", what,
           together, (double)done * 1e9 / (double)took);
}

void measure_writes(const char *store, int64_t milliseconds)
{
    store_side_open(store, STORE_WRITE);
    instant = scale_now;
    collect();
    if (touched_count < TOGETHER || users == 0)
        die("too few sessions to write to");
    for (int round = 0; round < measure_rounds; round++) {
        measure_write("create", TOGETHER, milliseconds, make_create);
        measure_write("touch", TOGETHER, milliseconds, make_touch);
        measure_write("create", 1, milliseconds, make_create);
        measure_write("touch", 1, milliseconds, make_touch);
    }
    store_side_close();
}
