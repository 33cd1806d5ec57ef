/* A store with damaged rows, straight through LMDB: which golden cases' it is, which table and row,
 * and what is done to it (see fuzz_bend): its bytes flipped, its end cut off, the row gone.
 * Whatever is asked of it is answered, or refused as damaged; it is checked, written to and
 * repaired. */
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "store/env.h"

enum { ARENA_BYTES = 16 << 20, ROW_BYTES = 4096, REPAIR_BYTES = 1 << 20 };

static struct arena *arena;

static bool find_row(MDB_cursor *cursor, size_t at, MDB_val *key, MDB_val *value)
{
    int code = mdb_cursor_get(cursor, key, value, MDB_FIRST);
    while (at-- && code == 0)
        code = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    return code == 0;
}

static void damage(struct world *world, struct str input)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    enum table table = (enum table)(fuzz_byte(&input) % TABLE_COUNT);
    size_t row = fuzz_byte(&input);
    uint8_t how = fuzz_byte(&input);
    MDB_dbi dbi = world->store->tables[table];
    MUST_HOLD(mdb_txn_begin(world->store->env, NULL, 0, &txn) == 0 &&
                  mdb_cursor_open(txn, dbi, &cursor) == 0,
              "no transaction");
    if (find_row(cursor, row, &key, &value)) {
        struct str name = arena_copy(arena, env_str(key));
        struct str bent = fuzz_bend(arena, env_str(value), input);
        key = env_val(name);
        value = env_val(bent);
        if (how & 1)
            value.mv_size = value.mv_size * (how >> 1) / 128;
        int code = how == 0xFE ? mdb_del(txn, dbi, &key, NULL) : mdb_put(txn, dbi, &key, &value, 0);
        MUST_HOLD(code == 0, "%s", mdb_strerror(code));
    }
    mdb_cursor_close(cursor);
    MUST_HOLD(mdb_txn_commit(txn) == 0, "not committed");
}

/* ---- what is asked of it ---- */

static struct session some;

static enum err see_session(void *context, const struct session *session)
{
    (void)context;
    some = *session;
    return ERR_OK;
}

static enum err see_user(void *context, const struct user *user)
{
    struct snapshot *snapshot = context;
    struct user again;
    enum err err = store_user_by_id(snapshot, user->app, user->texts[USER_ID], &again);
    bool has;
    if (err == ERR_OK)
        err = store_user_has_aal(snapshot, user->app, user->number, 2, &has);
    (void)err;
    return ERR_OK;
}

static void find(struct snapshot *snapshot, const struct app *app, int64_t now)
{
    static const struct condition conditions[] = {
        {.field = FIELD_STATUS, .low = STATUS_ACTIVE, .high = STATUS_EXPIRED},
        {.field = FIELD_CREATED, .low = 0, .high = INT64_MAX}};
    for (size_t i = 0; i < FIELD_COUNT * 4; i++) {
        struct page page;
        struct query query = {.vendor = VENDOR_CORBADO,
                              .active_only = i & 1,
                              .conditions = conditions,
                              .condition_count = i & 2 ? 2 : 0,
                              .orders = {{(enum field)(i / 4), i & 1}},
                              .order_count = 1,
                              .offset = (int64_t)i % 3,
                              .limit = 5};
        (void)!store_find(snapshot, app, &query, now, arena, &page);
    }
}

static enum err see_app(void *context, const struct app *app)
{
    struct world *world = context;
    struct snapshot *snapshot = &world->store->snapshot;
    enum err err = store_each_user(snapshot, app->number, 0, see_user, snapshot);
    if (err == ERR_OK)
        err = store_each_session(snapshot, app->number, see_session, NULL);
    find(snapshot, app, world->now);
    return ERR_OK;
}

static void read_all(struct world *world)
{
    struct snapshot *snapshot;
    if (snapshot_begin(world->store, &snapshot) != ERR_OK)
        return;
    (void)!store_each_app(snapshot, see_app, world);
    snapshot_end(snapshot);
}

static void quiet(void *context, struct str sentence)
{
    (void)context;
    MUST_HOLD(sentence.len && str_is_printable(sentence), "\"%.*s\"", STR_ARG(sentence));
}

static void write_all(struct world *world)
{
    struct put puts[] = {
        {PUT_TOUCH, .touch = {.app = some.app, .id = some.id, .last_active = world->now}},
        {PUT_ENDING, .ending = {.app = some.app, .reach = REACH_USER, .user = some.user, .as = 2}},
        {PUT_ENDING, .ending = {.app = some.app, .reach = REACH_APP, .most = 4}},
    };
    struct outcome outcome;
    struct purge_place place = {.len = 0};
    uint64_t removed;
    bool more;
    for (size_t i = 0; i < sizeof(puts) / sizeof(*puts); i++)
        (void)!store_apply(world->store, &puts[i], 1, world->now, &outcome);
    (void)!store_purge(world->store, world->now * 2, 3, &place, &removed);
    (void)!store_sweep(world->store, world->now * 2, 100);
    (void)!store_catch_up(world->store, world->now * 2, 100, &more);
}

static void look_after(struct world *world)
{
    uint64_t faults = 0;
    struct repair repair = {
        .now = world->now, .dir = world->dir, .memory = REPAIR_BYTES, .report = quiet};
    (void)!store_check(world->store, quiet, NULL, &faults);
    (void)!store_repair(world->store, &repair);
    (void)!store_check(world->store, quiet, NULL, &faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = fuzz_input(data, size);
    arena = arena ? arena : arena_new(ARENA_BYTES);
    struct world *world = world_get(fuzz_byte(&input));
    uint8_t order = fuzz_byte(&input);
    some = (struct session){.app = 1};
    damage(world, input);
    read_all(world);
    if (order & 1)
        write_all(world);
    if (order & 2)
        look_after(world);
    if (order & 4)
        write_all(world);
    world_restore(world);
    arena_reset(arena);
    return 0;
}
