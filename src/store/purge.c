/* Housekeeping: sessions past their app's retention are taken out, a few at a time. Nothing that is
 * shown depends on it. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/index.h"
#include "store/session_read.h"
#include "store/writing.h"

struct sweep {
    struct snapshot *snapshot;
    int64_t now;
    uint64_t damaged;   /* how many cannot be read */
    struct app app;     /* of the session looked at last */
    struct buf overdue; /* of struct put */
};

static enum err look_at(struct sweep *sweep, struct str key, struct str value)
{
    struct session session;
    struct place place;
    enum err err = place_of_session_key(key, &place)
                       ? session_read(sweep->snapshot, value, &place, &session)
                       : ERR_CORRUPT;
    if (err == ERR_OK && sweep->app.number != place.app)
        err = store_app(sweep->snapshot, place.app, &sweep->app);
    if (err == ERR_NOT_FOUND || env_is_damage(err)) {
        sweep->app.number = 0; /* none has that number */
        sweep->damaged++;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    if (!ending_is_past(&session, &sweep->app, sweep->now))
        return ERR_OK;
    struct put put = {PUT_ENDING, .ending = {.app = place.app,
                                             .has_id = true,
                                             .id = place.id,
                                             .if_there = true,
                                             .as = ENDING_NONE,
                                             .if_past = true,
                                             .past_at = sweep->now,
                                             .actor = STR("retention")}};
    buf_put(&sweep->overdue, &put, sizeof(put));
    return sweep->overdue.failed ? ERR_MEMORY : ERR_OK;
}

/* Looks at `most` sessions from the place on, which is left behind the last of them. */
static enum err look(struct sweep *sweep, size_t most, struct purge_place *place)
{
    MDB_val key = {place->len, place->key}, value;
    MDB_cursor *cursor;
    struct store *store = sweep->snapshot->store;
    int code = mdb_cursor_open(sweep->snapshot->txn, store->tables[TABLE_SESSIONS], &cursor);
    if (code != MDB_SUCCESS)
        return env_error(code, "purge");
    enum err err = ERR_OK;
    code = mdb_cursor_get(cursor, &key, &value, place->len ? MDB_SET_RANGE : MDB_FIRST);
    for (; err == ERR_OK && code == MDB_SUCCESS && most > 0; most--) {
        err = look_at(sweep, env_str(key), env_str(value));
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    place->len = code == MDB_SUCCESS && key.mv_size <= sizeof(place->key) ? key.mv_size : 0;
    memcpy(place->key, key.mv_data, place->len);
    mdb_cursor_close(cursor);
    if (err != ERR_OK)
        return err;
    return code == MDB_SUCCESS || code == MDB_NOTFOUND ? ERR_OK : env_error(code, "purge");
}

/* Each by itself, since one of them is damaged: it stays, and the others go. */
static enum err remove_each(struct store *store, const struct put *puts, size_t count, int64_t now,
                            uint64_t *removed, uint64_t *damaged)
{
    struct batch *batches = calloc(count, sizeof(*batches));
    enum err err = ERR_OK;
    if (!batches)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        batches[i] = (struct batch){.puts = &puts[i], .count = 1, .now = now};
    store_apply_all(store, batches, count);
    for (size_t i = 0; i < count; i++)
        if (batches[i].err == ERR_OK)
            *removed += batches[i].outcome.changed;
        else if (env_is_damage(batches[i].err))
            ++*damaged;
        else
            err = batches[i].err;
    free(batches);
    return err;
}

static enum err remove_overdue(struct store *store, const struct buf *overdue, int64_t now,
                               uint64_t *removed, uint64_t *damaged)
{
    const struct put *puts = (const struct put *)(const void *)overdue->ptr;
    size_t count = overdue->len / sizeof(*puts);
    struct outcome outcome = {.at = 0};
    enum err err = count ? store_apply(store, puts, count, now, &outcome) : ERR_OK;
    if (env_is_damage(err))
        return remove_each(store, puts, count, now, removed, damaged);
    *removed = err == ERR_OK ? outcome.changed : 0;
    return err;
}

enum err store_purge_as_of(struct store *store, int64_t as_of, int64_t now, size_t most,
                           struct purge_place *place, uint64_t *removed)
{
    struct sweep sweep = {.now = as_of};
    *removed = 0;
    if (place->len == 0)
        place->damaged = 0;
    enum err err = snapshot_begin(store, &sweep.snapshot);
    if (err != ERR_OK)
        return err;
    enum err look_err = look(&sweep, most, place);
    snapshot_end(sweep.snapshot);
    err = remove_overdue(store, &sweep.overdue, now, removed, &sweep.damaged);
    place->damaged += sweep.damaged;
    buf_free(&sweep.overdue);
    return err == ERR_OK ? look_err : err;
}

enum err store_purge(struct store *store, int64_t now, size_t most, struct purge_place *place,
                     uint64_t *removed)
{
    return store_purge_as_of(store, now, now, most, place, removed);
}

/* ---- proofs and signing keys ---- */

/* Keys of a table whose instant is over. */
struct overdue {
    int64_t now;
    size_t most;
    struct buf keys; /* of struct key */
};

static enum err gather_overdue(void *context, struct str key, struct str value)
{
    struct overdue *overdue = context;
    struct key kept = {.len = 0};
    if (value.len != sizeof(uint64_t) || key.len > sizeof(kept.bytes))
        return ERR_OK; /* damage, which others need not wait for */
    if ((int64_t)bytes_u64((const uint8_t *)value.ptr) > overdue->now || overdue->most == 0)
        return ERR_OK;
    overdue->most--;
    key_put(&kept, key);
    buf_put(&overdue->keys, &kept, sizeof(kept));
    return overdue->keys.failed ? ERR_MEMORY : ERR_OK;
}

static enum err find_overdue(struct store *store, enum table table, struct overdue *overdue)
{
    struct snapshot *snapshot;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    err = cursor_each(snapshot, table, STR_NONE, gather_overdue, overdue);
    snapshot_end(snapshot);
    return err;
}

static enum err remove_keys(struct store *store, const enum table *tables, size_t table_count,
                            const struct buf *keys)
{
    struct writing writing = {.store = store};
    const struct key *key = (const struct key *)(const void *)keys->ptr;
    enum err err = env_begin_write(store, &writing.txn);
    if (err != ERR_OK)
        return err;
    for (size_t left = keys->len / sizeof(*key); err == ERR_OK && left > 0; left--, key++)
        for (size_t i = 0; err == ERR_OK && i < table_count; i++)
            err = writing_delete(&writing, tables[i], key);
    if (err == ERR_OK)
        return env_commit(store, writing.txn, "sweep");
    mdb_txn_abort(writing.txn);
    return err;
}

static enum err sweep_table(struct store *store, const enum table *tables, size_t table_count,
                            int64_t now, size_t most)
{
    struct overdue overdue = {.now = now, .most = most};
    enum err err = find_overdue(store, tables[0], &overdue);
    if (err == ERR_OK && overdue.keys.len)
        do
            err = remove_keys(store, tables, table_count, &overdue.keys);
        while (err == ERR_FULL && env_grow(store) == ERR_OK);
    buf_free(&overdue.keys);
    return err;
}

enum err store_sweep(struct store *store, int64_t now, size_t most)
{
    static const enum table proofs[] = {TABLE_PROOFS}, keys[] = {TABLE_RETIRED, TABLE_SIGNING};
    enum err proofs_err = sweep_table(store, proofs, 1, now, most);
    enum err err = sweep_table(store, keys, 2, now, most);
    return proofs_err != ERR_OK ? proofs_err : err;
}

/* ---- deadlines ---- */

/* Fewer sessions than these whose deadline has come are worth no transaction of their own. */
enum { DUE_LEAST = 16 };

struct moving {
    struct snapshot *snapshot;
    int64_t now;
    struct buf apps; /* of numbers */
};

static enum err see_index(void *context, struct str key, struct str value)
{
    struct moving *moving = context;
    uint64_t due;
    (void)value;
    if (key.len != APP_BYTES)
        return ERR_OK;
    uint32_t app = bytes_u32((const uint8_t *)key.ptr);
    enum err err = index_due(moving->snapshot, app, moving->now, &due);
    if (err == ERR_NOT_FOUND || env_is_damage(err))
        return ERR_OK; /* of an app that is damaged; others' move on */
    if (err == ERR_OK && due >= DUE_LEAST)
        buf_put(&moving->apps, &app, sizeof(app));
    return err == ERR_OK && moving->apps.failed ? ERR_MEMORY : err;
}

static enum err find_due(struct store *store, struct moving *moving)
{
    enum err err = snapshot_begin(store, &moving->snapshot);
    if (err != ERR_OK)
        return err;
    err = cursor_each(moving->snapshot, TABLE_INDEX, STR_NONE, see_index, moving);
    snapshot_end(moving->snapshot);
    return err;
}

/* They share what is gone past: who wants to write waits for all of it. */
static enum err move_on(struct store *store, const struct moving *moving, size_t most, bool *more)
{
    struct writing writing = {.store = store, .now = moving->now};
    const uint32_t *app = (const uint32_t *)(const void *)moving->apps.ptr;
    size_t left = moving->apps.len / sizeof(*app), share = most > left ? most / left : 1;
    enum err err = env_begin_write(store, &writing.txn);
    *more = false;
    if (err != ERR_OK)
        return err;
    for (; err == ERR_OK && left > 0; left--) {
        bool one_has_more;
        err = index_advance(&writing, *app++, moving->now, share, &one_has_more);
        *more |= one_has_more;
    }
    if (err == ERR_OK)
        return env_commit(store, writing.txn, "catch up");
    mdb_txn_abort(writing.txn);
    return err;
}

enum err store_catch_up(struct store *store, int64_t now, size_t most, bool *more)
{
    struct moving moving = {.now = now};
    enum err err = find_due(store, &moving);
    *more = false;
    if (err == ERR_OK && moving.apps.len)
        do
            err = move_on(store, &moving, most, more);
        while (err == ERR_FULL && env_grow(store) == ERR_OK);
    *more &= err == ERR_OK;
    buf_free(&moving.apps);
    return err;
}

void store_tend(struct store *store)
{
    mdb_reader_check(store->env, NULL);
}
