/* store_bulk_*: everything in one transaction, each table from its beginning to its end. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/cursor.h"
#include "store/indexing.h"
#include "store/session_read.h"

enum {
    ROOM_A_RECORD = 1024, /* in the map, for what its index takes and more */
    ROOM_AT_LEAST = 64 * 1024 * 1024
};

struct bulk {
    struct store *store;
    struct bulk_options options;
    struct snapshot view;
    MDB_cursor *users, *sessions;
    struct indexing *indexing;
    struct buf app_id;
    struct buf record; /* of the user at hand, which `user` is a view of */
    struct user user;
    struct buf record_beside; /* of the session at hand, its device left to a record of its own */
    struct session_draft draft;
    uint32_t app;
    uint64_t user_count;
};

static enum err is_empty(const struct bulk *bulk, enum table table, bool *empty)
{
    MDB_stat stat;
    int code = mdb_stat(bulk->view.txn, bulk->store->tables[table], &stat);
    *empty = code == MDB_SUCCESS && stat.ms_entries == 0;
    return env_error(code, table_names[table]);
}

static enum err begin(struct bulk *bulk)
{
    bool no_users = false, no_sessions = false;
    enum err err = env_begin_write(bulk->store, &bulk->view.txn);
    if (err != ERR_OK)
        return err;
    bulk->view.store = bulk->store;
    err = is_empty(bulk, TABLE_USERS, &no_users);
    if (err == ERR_OK)
        err = is_empty(bulk, TABLE_SESSIONS, &no_sessions);
    if (err != ERR_OK || !no_users || !no_sessions)
        return err == ERR_OK ? ERR_CONFLICT : err;
    int code = mdb_cursor_open(bulk->view.txn, bulk->store->tables[TABLE_USERS], &bulk->users);
    if (code == MDB_SUCCESS)
        code =
            mdb_cursor_open(bulk->view.txn, bulk->store->tables[TABLE_SESSIONS], &bulk->sessions);
    return env_error(code, "bulk");
}

void store_bulk_drop(struct bulk *bulk)
{
    if (!bulk)
        return;
    if (bulk->users)
        mdb_cursor_close(bulk->users);
    if (bulk->sessions)
        mdb_cursor_close(bulk->sessions);
    if (bulk->view.txn)
        mdb_txn_abort(bulk->view.txn);
    indexing_drop(bulk->indexing);
    buf_free(&bulk->app_id);
    buf_free(&bulk->record);
    buf_free(&bulk->record_beside);
    free(bulk);
}

/* Once some of it is written, the map can no longer grow. */
static enum err reserve(struct store *store, const struct bulk_options *options)
{
    uint64_t records = (options->users + options->sessions) * ROOM_A_RECORD;
    return env_reserve(store, ROOM_AT_LEAST + records + 2 * options->bytes);
}

enum err store_bulk_begin(struct store *store, const struct bulk_options *options,
                          struct bulk **bulk)
{
    struct bulk *made = calloc(1, sizeof(*made));
    if (!made)
        return ERR_MEMORY;
    made->store = store;
    made->options = *options;
    enum err err = reserve(store, options);
    if (err == ERR_OK)
        err = begin(made);
    if (err == ERR_OK)
        err = indexing_clear(&made->view, false);
    struct indexing_options indexing = {.view = made->view,
                                        .now = options->now,
                                        .dir = options->dir,
                                        .memory = options->memory,
                                        .users = options->users,
                                        .sessions = options->sessions,
                                        .progress = options->progress,
                                        .context = options->context};
    if (err == ERR_OK)
        err = indexing_begin(&indexing, &made->indexing);
    if (err != ERR_OK)
        store_bulk_drop(made);
    else
        *bulk = made;
    return err;
}

static enum err append(struct bulk *bulk, MDB_cursor *cursor, const struct key *key,
                       struct str record)
{
    MDB_val at = env_val(key_view(key)), value = env_val(record);
    int code = mdb_cursor_put(cursor, &at, &value, MDB_APPEND);
    return code == MDB_KEYEXIST ? ERR_CONFLICT : env_write_error(bulk->store, code, "bulk");
}

enum err store_bulk_app(struct bulk *bulk, struct str app_id)
{
    struct app app;
    enum err err = store_app_by_id(&bulk->view, app_id, &app);
    if (err != ERR_OK)
        return err;
    if (app.number <= bulk->app)
        return ERR_CONFLICT;
    bulk->app = app.number;
    buf_reset(&bulk->app_id);
    buf_str(&bulk->app_id, app_id);
    return bulk->app_id.failed ? ERR_MEMORY : indexing_app(bulk->indexing, &app);
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given == 0 || given == INSTANT_NONE ? otherwise : given;
}

enum err store_bulk_user(struct bulk *bulk, const struct user *user)
{
    struct user whole = *user;
    struct str id = user->texts[USER_ID];
    if (bulk->app == 0 || id.len == 0 || id.len > USER_ID_MAX)
        return ERR_INVALID;
    struct key key = key_of_user(bulk->app, ++bulk->user_count);
    whole.uuid = user_uuid(buf_view(&bulk->app_id), id);
    whole.created = given_or(user->created, bulk->options.now);
    whole.updated = given_or(user->updated, bulk->options.now);
    buf_reset(&bulk->record);
    user_encode(&whole, &bulk->record);
    if (bulk->record.failed)
        return ERR_MEMORY;
    enum err err = user_decode(buf_view(&bulk->record), &bulk->user);
    bulk->user.app = bulk->app;
    bulk->user.number = bulk->user_count;
    if (err == ERR_OK)
        err = indexing_user(bulk->indexing, &bulk->user);
    return err == ERR_OK ? append(bulk, bulk->users, &key, buf_view(&bulk->record)) : err;
}

enum err store_bulk_session(struct bulk *bulk, int64_t created, const struct uuid *id,
                            struct str record)
{
    struct place place = {
        .app = bulk->app, .user = bulk->user.number, .created = created, .id = *id};
    struct key key = key_of_session(&place);
    struct session session;
    uint32_t device;
    if (bulk->user.app != bulk->app)
        return ERR_INVALID;
    enum err err = session_read(&bulk->view, record, &place, &session);
    if (err == ERR_OK)
        err = indexing_session(bulk->indexing, &session, &bulk->user, &device);
    if (err != ERR_OK)
        return err;
    session_to_draft(&session, &bulk->draft);
    buf_reset(&bulk->record_beside);
    session_encode_beside(&bulk->draft, device, &bulk->record_beside);
    return bulk->record_beside.failed
               ? ERR_MEMORY
               : append(bulk, bulk->sessions, &key, buf_view(&bulk->record_beside));
}

static enum err put_user_count(struct bulk *bulk)
{
    struct key number = {.len = 0};
    key_put_u64(&number, bulk->user_count);
    MDB_val key = env_val(STR("users")), value = env_val(key_view(&number));
    int code = mdb_put(bulk->view.txn, bulk->store->tables[TABLE_META], &key, &value, 0);
    return env_write_error(bulk->store, code, "bulk");
}

enum err store_bulk_end(struct bulk *bulk)
{
    enum err err = put_user_count(bulk);
    if (err == ERR_OK) {
        err = indexing_end(bulk->indexing);
        bulk->indexing = NULL;
    }
    if (err == ERR_OK) {
        mdb_cursor_close(bulk->users);
        mdb_cursor_close(bulk->sessions);
        bulk->users = bulk->sessions = NULL;
        err = env_commit(bulk->store, bulk->view.txn, "commit");
        bulk->view.txn = NULL;
    }
    store_bulk_drop(bulk);
    return err;
}
