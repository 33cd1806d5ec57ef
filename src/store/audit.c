/* The audit trail: a line for every session that began, ended or got another end, written with it
 * in one transaction, and never written again; taken out only when somebody asks for it. */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/writing.h"

/* A line's value: version, event, user in 8 bytes, the session's id, the actor to the end. */
enum { VERSION = 1, AT_USER = 2, AT_SESSION = 10, HEAD_BYTES = 26, KEY_BYTES = 20, AT_NUMBER = 12 };

/* A line comes after one that is so much ahead of it at most; by more, the clock was set back. */
enum { AHEAD_MOST_MS = 60 * SECOND_MS };

const char *const audit_event_names[AUDIT_EVENT_END] = {
    [AUDIT_CREATED] = "created", [AUDIT_LOGGED_OUT] = "logged_out", [AUDIT_REVOKED] = "revoked",
    [AUDIT_REMOVED] = "removed", [AUDIT_EXTENDED] = "extended",
};

/* The last line of the app, or of an app before it, that is ahead by no more than that. */
static enum err last_line(const struct writing *writing, uint32_t app, struct str *line)
{
    struct key beyond = key_of_app(app);
    MDB_cursor *cursor;
    MDB_val key, value;
    key_put_instant(&beyond, writing->now + AHEAD_MOST_MS + 1);
    key = env_val(key_view(&beyond));
    int code = mdb_cursor_open(writing->txn, writing->store->tables[TABLE_AUDIT], &cursor);
    if (code != MDB_SUCCESS)
        return env_error(code, table_names[TABLE_AUDIT]);
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == MDB_SUCCESS)
        code = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    else if (code == MDB_NOTFOUND)
        code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (code == MDB_SUCCESS)
        *line = env_str(key);
    mdb_cursor_close(cursor);
    return env_error(code, table_names[TABLE_AUDIT]);
}

/* Batches are not written in the order of their instants, and who follows the trail may have read
 * up to its last line: the next one lies behind it. */
static enum err put_place(const struct writing *writing, uint32_t app, struct key *key)
{
    struct str last = STR_NONE;
    int64_t at = writing->now;
    enum err err = last_line(writing, app, &last);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *key = key_of_app(app);
    if (last.len == KEY_BYTES && str_starts(last, key_view(key))) {
        int64_t there = instant_of_key((const uint8_t *)last.ptr + APP_BYTES);
        at = there > at ? there : at;
    }
    key_put_instant(key, at);
    return ERR_OK;
}

enum err audit_note(struct writing *writing, const struct session *session, enum audit_event event,
                    struct str actor)
{
    uint8_t head[HEAD_BYTES] = {VERSION, (uint8_t)event};
    struct key key;
    struct buf line = {0};
    uint64_t number;
    bytes_put_u64(head + AT_USER, session->user);
    memcpy(head + AT_SESSION, session->id.bytes, sizeof(session->id.bytes));
    enum err err = writing_next_number(writing, STR("audit"), &number);
    if (err == ERR_OK)
        err = put_place(writing, session->app, &key);
    if (err != ERR_OK)
        return err;
    key_put_u64(&key, number);
    buf_put(&line, head, sizeof(head));
    buf_str(&line, actor);
    err = line.failed ? ERR_MEMORY
                      : writing_put(writing, TABLE_AUDIT, key_view(&key), buf_view(&line));
    buf_free(&line);
    return err;
}

static bool read_line(struct str key, struct str value, struct audit_line *line)
{
    const uint8_t *at = (const uint8_t *)key.ptr, *head = (const uint8_t *)value.ptr;
    if (key.len != KEY_BYTES || value.len < HEAD_BYTES || head[0] != VERSION || head[1] == 0 ||
        head[1] >= AUDIT_EVENT_END)
        return false;
    *line = (struct audit_line){
        .number = bytes_u64(at + AT_NUMBER),
        .at = instant_of_key(at + APP_BYTES),
        .event = head[1],
        .app = bytes_u32(at),
        .user = bytes_u64(head + AT_USER),
        .actor = str_from(value, HEAD_BYTES),
    };
    memcpy(line->session.bytes, head + AT_SESSION, sizeof(line->session.bytes));
    return true;
}

struct audit_walk {
    store_audit_fn each;
    void *context;
};

static enum err walk_line(void *context, struct str key, struct str value)
{
    const struct audit_walk *walk = context;
    struct audit_line line;
    return read_line(key, value, &line) ? walk->each(walk->context, &line) : ERR_CORRUPT;
}

enum err store_each_audit(struct snapshot *snapshot, uint32_t app, int64_t since,
                          store_audit_fn each, void *context)
{
    struct audit_walk walk = {each, context};
    struct key prefix = key_of_app(app), first = prefix;
    key_put_instant(&first, since);
    return cursor_each_from(snapshot, TABLE_AUDIT, key_view(&prefix), key_view(&first), walk_line,
                            &walk);
}

/* ---- taking out ---- */

/* The app whose number is the next, whether it is there or not. False after the last one. */
static bool next_app(struct str line, struct key *first)
{
    uint32_t app = bytes_u32((const uint8_t *)line.ptr);
    if (app == UINT32_MAX)
        return false;
    *first = key_of_app(app + 1);
    return true;
}

/* An app's lines lie oldest first: where one is not old enough, none behind it is. */
static enum err remove_old(struct store *store, MDB_cursor *cursor, int64_t before, size_t most,
                           uint64_t *removed)
{
    struct key first;
    MDB_val key, value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (code == MDB_SUCCESS && *removed < most) {
        struct audit_line line;
        if (!read_line(env_str(key), env_str(value), &line))
            return ERR_CORRUPT;
        if (line.at < before) {
            code = mdb_cursor_del(cursor, 0);
            *removed += code == MDB_SUCCESS;
            if (code == MDB_SUCCESS)
                code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        } else if (next_app(env_str(key), &first)) {
            key = env_val(key_view(&first));
            code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        } else {
            break;
        }
    }
    bool done = code == MDB_SUCCESS || code == MDB_NOTFOUND;
    return done ? ERR_OK : env_write_error(store, code, table_names[TABLE_AUDIT]);
}

static enum err purge_once(struct store *store, int64_t before, size_t most, uint64_t *removed)
{
    MDB_cursor *cursor;
    MDB_txn *txn;
    *removed = 0;
    enum err err = env_begin_write(store, &txn);
    if (err != ERR_OK)
        return err;
    int code = mdb_cursor_open(txn, store->tables[TABLE_AUDIT], &cursor);
    if (code == MDB_SUCCESS) {
        err = remove_old(store, cursor, before, most, removed);
        mdb_cursor_close(cursor);
    } else {
        err = env_error(code, table_names[TABLE_AUDIT]);
    }
    if (err == ERR_OK && *removed)
        err = env_commit(store, txn, "purge");
    else
        mdb_txn_abort(txn);
    if (err != ERR_OK)
        *removed = 0;
    return err;
}

enum err store_purge_audit(struct store *store, int64_t before, size_t most, uint64_t *removed)
{
    enum err err;
    do
        err = purge_once(store, before, most, removed);
    while (err == ERR_FULL && env_grow(store) == ERR_OK);
    return err;
}
