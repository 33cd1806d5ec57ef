/* Walks over whole kinds of objects, and what else an administrator asks of a store. */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "store/cursor.h"
#include "store/session_read.h"

struct walk {
    void *context;
    struct snapshot *snapshot;
    union {
        store_app_fn app;
        store_user_fn user;
        store_session_fn session;
    } each;
};

static enum err walk_app(void *context, struct str key, struct str value)
{
    struct walk *walk = context;
    struct app app;
    enum err err = key.len == APP_BYTES ? app_decode(value, &app) : ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    app.number = bytes_u32((const uint8_t *)key.ptr);
    return walk->each.app(walk->context, &app);
}

static enum err walk_user(void *context, struct str key, struct str value)
{
    struct walk *walk = context;
    struct user user;
    enum err err = key.len == APP_BYTES + USER_BYTES ? user_decode(value, &user) : ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    user.app = bytes_u32((const uint8_t *)key.ptr);
    user.number = bytes_u64((const uint8_t *)key.ptr + APP_BYTES);
    return walk->each.user(walk->context, &user);
}

static enum err walk_session(void *context, struct str key, struct str value)
{
    struct walk *walk = context;
    struct session session;
    struct place place;
    enum err err = place_of_session_key(key, &place)
                       ? session_read(walk->snapshot, value, &place, &session)
                       : ERR_CORRUPT;
    return err == ERR_OK ? walk->each.session(walk->context, &session) : err;
}

enum err store_each_app(struct snapshot *snapshot, store_app_fn each, void *context)
{
    struct walk walk = {context, snapshot, {.app = each}};
    return cursor_each(snapshot, TABLE_APPS, STR_NONE, walk_app, &walk);
}

enum err store_each_user(struct snapshot *snapshot, uint32_t app, uint64_t from, store_user_fn each,
                         void *context)
{
    struct walk walk = {context, snapshot, {.user = each}};
    struct key prefix = key_of_app(app), first = key_of_user(app, from);
    return cursor_each_from(snapshot, TABLE_USERS, key_view(&prefix), key_view(&first), walk_user,
                            &walk);
}

enum err store_each_session(struct snapshot *snapshot, uint32_t app, store_session_fn each,
                            void *context)
{
    struct walk walk = {context, snapshot, {.session = each}};
    struct key prefix = key_of_app(app);
    return cursor_each(snapshot, TABLE_SESSIONS, key_view(&prefix), walk_session, &walk);
}

struct key_walk {
    uint32_t app;
    store_jwk_fn each;
    void *context;
};

static enum err walk_key(void *context, struct str key, struct str value)
{
    const struct key_walk *walk = context;
    if (value.len <= APP_BYTES)
        return ERR_CORRUPT;
    return bytes_u32((const uint8_t *)value.ptr) == walk->app
               ? walk->each(walk->context, key, str_from(value, APP_BYTES))
               : ERR_OK;
}

enum err store_each_signing_key(struct snapshot *snapshot, uint32_t app, store_jwk_fn each,
                                void *context)
{
    struct key_walk walk = {app, each, context};
    return cursor_each(snapshot, TABLE_SIGNING, STR_NONE, walk_key, &walk);
}

struct aal_search {
    struct snapshot *snapshot;
    int aal;
    bool found;
};

static enum err look_for_aal(void *context, struct str key, struct str value)
{
    struct aal_search *search = context;
    struct session session;
    struct place place;
    enum err err = place_of_session_key(key, &place)
                       ? session_read(search->snapshot, value, &place, &session)
                       : ERR_CORRUPT;
    if (err == ERR_OK && session.aal >= search->aal)
        search->found = true;
    return err;
}

enum err store_user_has_aal(struct snapshot *snapshot, uint32_t app, uint64_t user, int aal,
                            bool *has)
{
    struct aal_search search = {.snapshot = snapshot, .aal = aal};
    struct key prefix = key_of_user(app, user);
    enum err err = cursor_each(snapshot, TABLE_SESSIONS, key_view(&prefix), look_for_aal, &search);
    *has = search.found;
    return err;
}

static enum err count_rows(struct snapshot *snapshot, enum table table, uint64_t *rows,
                           uint64_t *pages)
{
    MDB_stat stat;
    int code = mdb_stat(snapshot->txn, snapshot->store->tables[table], &stat);
    if (code != MDB_SUCCESS)
        return env_error(code, "stat");
    *rows += stat.ms_entries;
    *pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    return ERR_OK;
}

static uint64_t *counter_of(struct store_stat *stat, enum table table)
{
    switch (table) {
    case TABLE_APPS:
        return &stat->apps;
    case TABLE_USERS:
        return &stat->users;
    case TABLE_SESSIONS:
        return &stat->sessions;
    case TABLE_AUDIT:
        return &stat->audit_lines;
    default:
        return &stat->index_entries;
    }
}

struct readers {
    uint64_t count, oldest;
};

/* A line of LMDB's table: process, thread, and the last transaction that its snapshot has, or "-";
 * above them is what these are. */
static int take_reader(const char *line, void *context)
{
    struct readers *readers = context;
    uint64_t transaction;
    int process, read = sscanf(line, "%d %*x %" SCNu64, &process, &transaction);
    readers->count += read >= 1;
    if (read == 2 && transaction < readers->oldest)
        readers->oldest = transaction;
    return 0;
}

/* LMDB's own number of readers is how many there have ever been at once. */
static void count_readers(struct store *store, uint64_t last, struct store_stat *stat)
{
    struct readers readers = {.oldest = last};
    mdb_reader_list(store->env, take_reader, &readers);
    stat->readers = readers.count;
    stat->readers_behind = last - readers.oldest;
}

enum err store_stat(struct store *store, struct store_stat *stat)
{
    struct snapshot *snapshot;
    MDB_envinfo info;
    MDB_stat main;
    uint64_t pages = 0;
    *stat = (struct store_stat){.format = FORMAT};
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    for (int i = 0; err == ERR_OK && i < TABLE_COUNT; i++)
        err = count_rows(snapshot, (enum table)i, counter_of(stat, (enum table)i), &pages);
    err = snapshot_judge(snapshot, err);
    snapshot_end(snapshot);
    if (err == ERR_OK)
        err = env_error(mdb_env_info(store->env, &info), "stat");
    if (err == ERR_OK)
        err = env_error(mdb_env_stat(store->env, &main), "stat");
    if (err != ERR_OK)
        return err;
    stat->used_bytes = pages * main.ms_psize;
    stat->file_bytes = (info.me_last_pgno + 1) * main.ms_psize;
    stat->map_bytes = info.me_mapsize;
    stat->readers_max = info.me_maxreaders;
    count_readers(store, info.me_last_txnid, stat);
    return ERR_OK;
}

enum err store_answers(struct store *store)
{
    struct snapshot *snapshot;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    snapshot_end(snapshot);
    return store_is_there(store) ? ERR_OK : ERR_NOT_FOUND;
}
