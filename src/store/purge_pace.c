/* When what is over for long may go for good. A clock can be wrong: what it makes of sessions is
 * undone when it is set right, but not their removal. The store has the instant up to which time
 * was believed to have come, the first of which is that when it was made; a clock that is more than
 * a day past it, as after a start with a wrong one, is believed once it has stood by that for
 * hours, and so is any where there are sessions and no such instant: a store that was made before
 * any was kept. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/writing.h"

#define HOUR_MS (3600 * SECOND_MS)

enum { LEAP_H = 24, STEADY_H = 6, STEP_MS = 60 * 1000 };

/* 0: there is no such instant. */
static enum err read_believed(struct store *store, int64_t *believed, bool *sessions)
{
    struct snapshot *snapshot;
    MDB_stat stat = {.ms_entries = 0};
    uint64_t number = 0;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    err = env_get_number(snapshot->txn, store, TABLE_META, KEY_BELIEVED, &number);
    if (err == ERR_OK)
        err = env_error(mdb_stat(snapshot->txn, store->tables[TABLE_SESSIONS], &stat), "purge");
    snapshot_end(snapshot);
    *sessions = stat.ms_entries > 0;
    *believed = (int64_t)number;
    return err;
}

static enum err write_believed_once(struct store *store, int64_t now)
{
    struct writing writing = {.store = store};
    struct key value = {.len = 0};
    enum err err = env_begin_write(store, &writing.txn);
    if (err != ERR_OK)
        return err;
    key_put_u64(&value, (uint64_t)now);
    err = writing_put(&writing, TABLE_META, KEY_BELIEVED, key_view(&value));
    if (err == ERR_OK)
        return env_commit(store, writing.txn, "purge");
    mdb_txn_abort(writing.txn);
    return err;
}

static enum err write_believed(struct store *store, int64_t now)
{
    enum err err;
    do
        err = write_believed_once(store, now);
    while (err == ERR_FULL && env_grow(store) == ERR_OK);
    return err;
}

/* Whether the clock has gone on as time does for long enough since it was first doubted. */
static bool is_steady(struct purge_pace *pace, bool seen, int64_t now, int64_t monotonic_ms)
{
    int64_t offset = now - monotonic_ms;
    if (!pace->doubted || llabs(offset - pace->offset_ms) > STEP_MS) {
        log_warn("store: the clock is %s: nothing is removed for good until it has kept to that "
                 "for %d hours",
                 seen ? "hours off what the store has seen" : "the first that the store sees",
                 STEADY_H);
        pace->doubted = true;
        pace->offset_ms = offset;
        pace->since_ms = monotonic_ms;
    }
    return monotonic_ms - pace->since_ms >= STEADY_H * HOUR_MS;
}

enum err store_may_purge(struct store *store, int64_t now, int64_t monotonic_ms,
                         struct purge_pace *pace, bool *may)
{
    int64_t believed;
    bool sessions;
    *may = false;
    enum err err = read_believed(store, &believed, &sessions);
    if (err != ERR_OK)
        return err;
    bool doubtful = believed ? llabs(now - believed) > LEAP_H * HOUR_MS : sessions;
    if (doubtful && !is_steady(pace, believed != 0, now, monotonic_ms))
        return ERR_OK;
    pace->doubted = false;
    *may = true;
    return llabs(now - believed) > HOUR_MS ? write_believed(store, now) : ERR_OK;
}
