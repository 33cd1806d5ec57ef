/* Housekeeping: sessions past their app's retention are taken out, a few at a time. Nothing that is
 * shown depends on it. */
#include "base/clock.h"
#include "store/session_read.h"
#include "store/writing.h"

struct sweep {
    struct snapshot *snapshot;
    int64_t now;
    struct app app;     /* of the session looked at last */
    struct buf overdue; /* of struct put */
};

/* When the session was over; INT64_MAX while it is not. */
static int64_t over_at(const struct session *session, const struct app *app, int64_t now)
{
    int64_t idle_ms = app->idle_s * SECOND_MS;
    switch (session_status(session, idle_ms, now)) {
    case STATUS_LOGGED_OUT:
    case STATUS_REVOKED:
        return session->ended;
    case STATUS_EXPIRED:
        return session->expires;
    case STATUS_INACTIVITY_REACHED:
        return session->last_active + idle_ms;
    default:
        return INT64_MAX;
    }
}

static enum err look_at(struct sweep *sweep, struct str key, struct str value)
{
    struct session session;
    struct place place;
    enum err err =
        place_of_session_key(key, &place) ? session_read(value, &place, &session) : ERR_CORRUPT;
    if (err == ERR_OK && sweep->app.number != place.app)
        err = store_app(sweep->snapshot, place.app, &sweep->app);
    if (err != ERR_OK)
        return err;
    int64_t over = over_at(&session, &sweep->app, sweep->now);
    if (over > sweep->now || sweep->now - over <= sweep->app.retain_s * SECOND_MS)
        return ERR_OK;
    struct put put = {PUT_ENDING, .ending = {.app = place.app,
                                             .has_id = true,
                                             .id = place.id,
                                             .as = ENDING_NONE,
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

enum err store_purge(struct store *store, int64_t now, size_t most, struct purge_place *place,
                     uint64_t *removed)
{
    struct sweep sweep = {.now = now};
    struct outcome outcome = {.at = 0};
    *removed = 0;
    enum err err = snapshot_begin(store, &sweep.snapshot);
    if (err != ERR_OK)
        return err;
    err = look(&sweep, most, place);
    snapshot_end(sweep.snapshot);
    const struct put *puts = (const struct put *)(const void *)sweep.overdue.ptr;
    size_t count = sweep.overdue.len / sizeof(*puts);
    if (err == ERR_OK && count)
        err = store_apply(store, puts, count, now, &outcome);
    *removed = err == ERR_OK ? outcome.changed : 0;
    buf_free(&sweep.overdue);
    return err;
}

void store_tend(struct store *store)
{
    mdb_reader_check(store->env, NULL);
}
