/* The same sessions in SQLite, as one who knows it would lay them out for these lists: what is
 * filtered and sorted by in one narrow table, with the user's names in it, the rest in another;
 * numbered in the order of their ids, so that what is of one time lies together. */
#include <stdlib.h>

#include "base/clock.h"
#include "scale.h"
#include "scale_sql.h"

static const char tables[] =
    "CREATE TABLE sessions (number INTEGER PRIMARY KEY, id BLOB NOT NULL, user_id TEXT NOT NULL, "
    "username TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, "
    "last_active INTEGER NOT NULL, updated INTEGER NOT NULL, expires INTEGER NOT NULL, "
    "ending INTEGER NOT NULL, ended INTEGER NOT NULL, why INTEGER NOT NULL, due INTEGER NOT NULL, "
    "device_name TEXT NOT NULL, device_type TEXT NOT NULL, os_name TEXT NOT NULL, "
    "os_version TEXT NOT NULL);"
    "CREATE TABLE details (number INTEGER PRIMARY KEY, aal INTEGER NOT NULL, token_hash BLOB, "
    "model TEXT NOT NULL, version TEXT NOT NULL, long_version TEXT NOT NULL, "
    "user_agent TEXT NOT NULL, ip TEXT NOT NULL, host TEXT NOT NULL, country TEXT NOT NULL, "
    "factors BLOB);";

/* Each order there is can be walked, ties and the status included, without a look at the table. */
#define BY(name, columns) "CREATE INDEX by_" name " ON sessions (" columns ", ending, why, due);"
static const char indices[] = "CREATE UNIQUE INDEX by_token ON details (token_hash);"
    /* clang-format off */
    BY("id", "id")
    BY("user", "user_id, id")
    BY("user_created", "user_id, created DESC, id")
    BY("user_down", "user_id DESC, id")
    BY("created", "created, id")
    BY("created_down", "created DESC, id")
    BY("last_active", "last_active, id")
    BY("last_active_down", "last_active DESC, id")
    BY("updated", "updated, id")
    BY("updated_down", "updated DESC, id")
    BY("expires", "expires, id")
    BY("expires_down", "expires DESC, id")
    BY("device_name", "device_name, id")
    BY("os_name", "os_name, id")
    BY("os_version", "os_version, id")
    BY("username", "username, id")
    BY("name", "name, id")
    /* clang-format on */
    "CREATE INDEX by_ending ON sessions (ending, created, id);"
    "CREATE INDEX by_why ON sessions (ending, why, due, id);"
    "CREATE INDEX by_due ON sessions (ending, due, id);"
    "ANALYZE;";

struct loading {
    struct session *sessions;
    size_t count, room;
    struct snapshot *snapshot;
    struct user user; /* of the session before */
    int64_t idle_ms;
    sqlite3_stmt *session, *details;
};

static void must(enum err err, const char *what)
{
    if (err != ERR_OK)
        die("%s: %s", what, err_word(err));
}

static enum err take(void *context, const struct session *session)
{
    struct loading *loading = context;
    if (loading->count == loading->room) {
        loading->room = loading->room ? 2 * loading->room : 1024;
        loading->sessions =
            reallocarray(loading->sessions, loading->room, sizeof(*loading->sessions));
        if (!loading->sessions)
            return ERR_MEMORY;
    }
    loading->sessions[loading->count++] = *session;
    return ERR_OK;
}

static int compare(const void *left, const void *right)
{
    const struct session *a = left, *b = right;
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
}

static void bind_text(sqlite3_stmt *statement, int at, struct str text)
{
    sql_check(
        sqlite3_bind_text(statement, at, text.ptr ? text.ptr : "", (int)text.len, SQLITE_STATIC));
}

static void bind_numbers(sqlite3_stmt *statement, int at, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sql_check(sqlite3_bind_int64(statement, at + (int)i, numbers[i]));
}

static void insert(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        sql_check(sqlite3_reset(statement));
    sql_check(sqlite3_reset(statement));
}

static void insert_session(const struct loading *loading, const struct session *session)
{
    static const enum session_text texts[] = {TEXT_DEVICE_NAME, TEXT_DEVICE_TYPE, TEXT_OS_NAME,
                                              TEXT_OS_VERSION};
    static const enum user_text names[] = {USER_ID, USER_USERNAME, USER_NAME};
    sqlite3_stmt *statement = loading->session;
    int64_t idle_at = session->last_active + loading->idle_ms;
    bool idle = loading->idle_ms > 0 && idle_at < session->expires;
    int64_t numbers[] = {session->created,
                         session->last_active,
                         session->updated,
                         session->expires,
                         session->ending,
                         session->ended,
                         idle,
                         idle ? idle_at : session->expires};
    sql_check(sqlite3_bind_blob(statement, 1, session->id.bytes, sizeof(session->id.bytes),
                                SQLITE_STATIC));
    for (int i = 0; i < 3; i++)
        bind_text(statement, 2 + i, loading->user.texts[names[i]]);
    bind_numbers(statement, 5, numbers, sizeof(numbers) / sizeof(*numbers));
    for (int i = 0; i < 4; i++)
        bind_text(statement, 13 + i, session_text(session, texts[i]));
    insert(statement);
}

static void insert_details(const struct loading *loading, const struct session *session)
{
    static const enum session_text texts[] = {
        TEXT_DEVICE_MODEL, TEXT_DEVICE_VERSION, TEXT_DEVICE_LONG_VERSION, TEXT_USER_AGENT,
        TEXT_IP,           TEXT_HOST,           TEXT_COUNTRY_CODE};
    sqlite3_stmt *statement = loading->details;
    struct str factors = session_factors(session);
    sql_check(sqlite3_bind_int(statement, 1, session->aal));
    sql_check(sqlite3_bind_blob(statement, 2, session->has_token ? session->token_hash : NULL,
                                TOKEN_HASH_BYTES, SQLITE_STATIC));
    for (int i = 0; i < 7; i++)
        bind_text(statement, 3 + i, session_text(session, texts[i]));
    sql_check(sqlite3_bind_blob(statement, 10, factors.ptr, (int)factors.len, SQLITE_STATIC));
    insert(statement);
}

static void fill_tables(struct loading *loading)
{
    loading->session = sql_statement("INSERT INTO sessions VALUES "
                                     "(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    loading->details = sql_statement("INSERT INTO details VALUES (NULL,?,?,?,?,?,?,?,?,?,?)");
    for (size_t i = 0; i < loading->count; i++) {
        const struct session *session = &loading->sessions[i];
        must(store_user(loading->snapshot, session->app, session->user, &loading->user),
             "store_user");
        insert_session(loading, session);
        insert_details(loading, session);
    }
    sqlite3_finalize(loading->session);
    sqlite3_finalize(loading->details);
}

void sql_load(const char *path)
{
    struct loading loading = {0};
    struct app app;
    must(snapshot_begin(store_side(), &loading.snapshot), "snapshot_begin");
    must(store_app_by_id(loading.snapshot, STR(SCALE_APP), &app), "store_app_by_id");
    must(store_each_session(loading.snapshot, app.number, take, &loading), "store_each_session");
    loading.idle_ms = app.idle_s * SECOND_MS;
    qsort(loading.sessions, loading.count, sizeof(*loading.sessions), compare);
    sql_open(path, true);
    sql_run(tables);
    sql_run("BEGIN");
    fill_tables(&loading);
    sql_run("COMMIT");
    snapshot_end(loading.snapshot);
    free(loading.sessions);
    sql_run(indices);
    sql_run("PRAGMA journal_mode = WAL");
    sql_close();
}
