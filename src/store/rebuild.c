#include "store/rebuild.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "store/cursor.h"
#include "store/session_read.h"

struct rebuilding {
    const struct indexing_options *options;
    struct snapshot view;
    struct indexing *indexing;
    uint32_t app; /* whose users and sessions are walked */
    struct user user;
    bool has_user;          /* the holder of the session at hand has a record that can be read */
    struct buf user_record; /* the holder's: LMDB's own view may go with what is written */
};

static void tell(const struct rebuilding *rebuilding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const struct rebuilding *rebuilding, const char *format, ...)
{
    char text[256];
    va_list args;
    if (!rebuilding->options->report)
        return;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    str_make_printable(text, size); /* it may quote what is damaged */
    rebuilding->options->report(rebuilding->options->context, (struct str){text, size});
}

/* ---- sessions ---- */

static enum err find_user(struct rebuilding *rebuilding, uint64_t number)
{
    struct key key = key_of_user(rebuilding->app, number);
    struct str record;
    rebuilding->user.number = number;
    rebuilding->has_user = false;
    enum err err =
        env_get(rebuilding->view.txn, rebuilding->view.store, TABLE_USERS, key_view(&key), &record);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    buf_reset(&rebuilding->user_record);
    buf_str(&rebuilding->user_record, record);
    if (rebuilding->user_record.failed)
        return ERR_MEMORY;
    rebuilding->has_user =
        user_decode(buf_view(&rebuilding->user_record), &rebuilding->user) == ERR_OK;
    rebuilding->user.app = rebuilding->app;
    rebuilding->user.number = number;
    return ERR_OK;
}

static enum err take_session(void *context, struct str key, struct str value)
{
    struct rebuilding *rebuilding = context;
    struct place place = {.app = 0};
    struct session session;
    uint32_t device;
    char id[UUID_TEXT];
    enum err err = place_of_session_key(key, &place)
                       ? session_read(&rebuilding->view, value, &place, &session)
                       : ERR_CORRUPT;
    uuid_write(&place.id, id);
    if (err != ERR_OK) {
        tell(rebuilding, "session %.*s: its record cannot be read: %s", UUID_TEXT, id,
             err_text(err));
        return ERR_OK;
    }
    if (place.user != rebuilding->user.number)
        err = find_user(rebuilding, place.user);
    if (err != ERR_OK)
        return err;
    if (rebuilding->has_user)
        err = indexing_session(rebuilding->indexing, &session, &rebuilding->user, &device);
    else
        tell(rebuilding, "session %.*s: its user has no record", UUID_TEXT, id);
    return err;
}

/* ---- users, apps ---- */

static enum err take_user(void *context, struct str key, struct str value)
{
    const struct rebuilding *rebuilding = context;
    struct user user;
    enum err err = key.len == APP_BYTES + USER_BYTES ? user_decode(value, &user) : ERR_CORRUPT;
    if (err == ERR_OK) {
        user.app = rebuilding->app;
        user.number = bytes_u64((const uint8_t *)key.ptr + APP_BYTES);
        err = indexing_user(rebuilding->indexing, &user);
    }
    if (err != ERR_CORRUPT && err != ERR_VERSION)
        return err;
    tell(rebuilding, "a user's record cannot be read: %s", err_text(err));
    return ERR_OK;
}

static enum err take_app(void *context, struct str key, struct str value)
{
    struct rebuilding *rebuilding = context;
    struct app app;
    enum err err = key.len == APP_BYTES ? app_decode(value, &app) : ERR_CORRUPT;
    if (err == ERR_OK) {
        app.number = bytes_u32((const uint8_t *)key.ptr);
        err = entries_of_app(&app, indexing_entry, rebuilding->indexing);
    }
    if (err == ERR_CORRUPT || err == ERR_VERSION) {
        tell(rebuilding, "an app's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    if (err == ERR_OK)
        err = indexing_app(rebuilding->indexing, &app);
    if (err != ERR_OK)
        return err;
    struct key prefix = key_of_app(app.number);
    rebuilding->app = app.number;
    rebuilding->user.number = 0;
    err = cursor_each(&rebuilding->view, TABLE_USERS, key_view(&prefix), take_user, rebuilding);
    return err == ERR_OK ? cursor_each(&rebuilding->view, TABLE_SESSIONS, key_view(&prefix),
                                       take_session, rebuilding)
                         : err;
}

/* ---- refresh tokens ---- */

static enum err take_refresh(void *context, struct str key, struct str value)
{
    struct rebuilding *rebuilding = context;
    struct refresh refresh;
    struct session session;
    struct uuid id;
    enum err err =
        key.len == APP_BYTES + sizeof(id) ? refresh_decode(value, &refresh) : ERR_CORRUPT;
    if (err == ERR_OK) {
        memcpy(id.bytes, key.ptr + APP_BYTES, sizeof(id.bytes));
        err = store_session(&rebuilding->view, bytes_u32((const uint8_t *)key.ptr), &id, &session);
    }
    if (err == ERR_CORRUPT || err == ERR_VERSION || err == ERR_NOT_FOUND) {
        tell(rebuilding, "a refresh token's record cannot be read, or has no session: %s",
             err_text(err));
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    struct place place = place_of(&session);
    return entries_of_refresh(&place, &refresh, indexing_entry, rebuilding->indexing);
}

/* Refresh tokens come last: their sessions are looked up by id. */
static enum err take_all(struct rebuilding *rebuilding)
{
    enum err err = cursor_each(&rebuilding->view, TABLE_APPS, STR_NONE, take_app, rebuilding);
    if (err == ERR_OK)
        err = indexing_app(rebuilding->indexing, NULL);
    return err == ERR_OK
               ? cursor_each(&rebuilding->view, TABLE_REFRESHES, STR_NONE, take_refresh, rebuilding)
               : err;
}

enum err rebuild_index(const struct indexing_options *options)
{
    struct rebuilding rebuilding = {.options = options, .view = options->view};
    enum err err = indexing_clear(&options->view, true);
    if (err == ERR_OK)
        err = indexing_begin(options, &rebuilding.indexing);
    if (err != ERR_OK)
        return err;
    err = take_all(&rebuilding);
    buf_free(&rebuilding.user_record);
    if (err == ERR_OK)
        return indexing_end(rebuilding.indexing);
    indexing_drop(rebuilding.indexing);
    return err;
}

static uint64_t count(const struct snapshot *view, enum table table)
{
    MDB_stat stat;
    int code = mdb_stat(view->txn, view->store->tables[table], &stat);
    return code == MDB_SUCCESS ? stat.ms_entries : 0;
}

static enum err repair_once(struct store *store, const struct repair *repair)
{
    struct indexing_options options = {.view = {.store = store},
                                       .now = repair->now,
                                       .dir = repair->dir,
                                       .memory = repair->memory,
                                       .report = repair->report,
                                       .progress = repair->progress,
                                       .context = repair->context};
    enum err err = env_begin_write(store, &options.view.txn);
    if (err != ERR_OK)
        return err;
    options.users = count(&options.view, TABLE_USERS);
    options.sessions = count(&options.view, TABLE_SESSIONS);
    err = rebuild_index(&options);
    if (err == ERR_OK)
        return env_commit(store, options.view.txn, "commit");
    mdb_txn_abort(options.view.txn);
    return err;
}

enum err store_repair(struct store *store, const struct repair *repair)
{
    enum err err = repair_once(store, repair);
    while (err == ERR_FULL && env_grow(store) == ERR_OK)
        err = repair_once(store, repair);
    return err;
}
