/* Opening a store: its files, its format, its tables. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/env.h"
#include "store/metas.h"
#include "store/upgrade.h"

/* Address space, not disk: as much as an honest store ever needs; less where the system refuses. */
#define MAP_DEFAULT ((size_t)64 << 30)
#define MAP_LEAST   ((size_t)16 << 20)

/* LMDB would end the process, for what it has found to be damaged. */
static void on_damage(MDB_env *env, const char *what)
{
    (void)env;
    log_error("store: %s", what);
    raise(SIGBUS);
}

/* Opens the environment with the largest map to be had. A refused one cannot be tried again
 * (lmdb.h, mdb_env_open): each try has an environment of its own. */
static int open_env(const struct store_options *options, MDB_env **env)
{
    size_t map = options->map_bytes ? options->map_bytes : MAP_DEFAULT;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options->mode == STORE_READ ? MDB_RDONLY : 0) |
                     (options->alone ? MDB_NOLOCK : 0);
    size_t least = folder_data_bytes(options->path);
    if (least < MAP_LEAST)
        least = MAP_LEAST;
    for (;;) {
        int code = mdb_env_create(env);
        if (code != MDB_SUCCESS)
            return code;
        mdb_env_set_maxdbs(*env, TABLE_COUNT + TABLES_GONE);
        mdb_env_set_maxreaders(*env, READERS_MAX);
        mdb_env_set_mapsize(*env, map);
        mdb_env_set_assert(*env, on_damage);
        code = mdb_env_open(*env, options->path, flags, FILE_MODE);
        if (code == MDB_SUCCESS)
            return code;
        mdb_env_close(*env);
        *env = NULL;
        if (code != ENOMEM || map / 2 < least)
            return code;
        map /= 2;
    }
}

static enum err write_number(struct store *store, MDB_txn *txn, struct str name, uint64_t number)
{
    struct key bytes = {.len = 0};
    key_put_u64(&bytes, number);
    MDB_val key = env_val(name), value = env_val(key_view(&bytes));
    int code = mdb_put(txn, store->tables[TABLE_META], &key, &value, 0);
    return env_write_error(store, code, "format");
}

static bool is_empty(MDB_txn *txn)
{
    MDB_dbi all;
    MDB_stat stat;
    return mdb_dbi_open(txn, NULL, 0, &all) == MDB_SUCCESS &&
           mdb_stat(txn, all, &stat) == MDB_SUCCESS && stat.ms_entries == 0;
}

/* The format is looked at before the tables, of which a later one may have others. */
static enum err open_format(struct store *store, MDB_txn *txn, bool create, uint64_t *format)
{
    MDB_dbi *meta = &store->tables[TABLE_META];
    int code = mdb_dbi_open(txn, table_names[TABLE_META], 0, meta);
    if (code == MDB_SUCCESS)
        return env_read_format(store, txn, format);
    if (code != MDB_NOTFOUND)
        return env_error(code, "open");
    if (!is_empty(txn))
        return ERR_CORRUPT;
    /* It did not come to one: the disk was full, or who made it was killed. */
    if (!create)
        return ERR_NOT_FOUND;
    code = mdb_dbi_open(txn, table_names[TABLE_META], MDB_CREATE, meta);
    return env_write_error(store, code, "open");
}

static enum err open_tables(struct store *store, MDB_txn *txn, unsigned flags)
{
    int code = MDB_SUCCESS;
    for (int i = TABLE_META + 1; code == MDB_SUCCESS && i < TABLE_COUNT; i++)
        code = mdb_dbi_open(txn, table_names[i], flags, &store->tables[i]);
    return code == MDB_NOTFOUND ? ERR_CORRUPT : env_write_error(store, code, "open");
}

/* How a store is opened, and what was found. */
struct opening {
    struct store *store;
    const char *path;
    bool create; /* where there is none */
    bool write;  /* what a store of an earlier format lacks may be made */
    bool old;    /* it is of one */
};

static enum err open_all(struct opening *opening, MDB_txn *txn)
{
    struct store *store = opening->store;
    uint64_t format = 0;
    enum err err = open_format(store, txn, opening->create, &format);
    opening->old = err == ERR_OK && format < FORMAT;
    if (opening->old && !opening->write)
        return ERR_VERSION;
    if (err == ERR_OK)
        err = open_tables(store, txn, opening->old ? MDB_CREATE : 0);
    if (err == ERR_OK && opening->old && format > 0)
        err = upgrade_store(store, txn, opening->path);
    if (err == ERR_OK && opening->old && format == 0)
        err = write_number(store, txn, KEY_BELIEVED, (uint64_t)clock_now());
    return err == ERR_OK && opening->old ? write_number(store, txn, STR("format"), FORMAT) : err;
}

static enum err prepare_once(struct opening *opening)
{
    struct store *store = opening->store;
    MDB_txn *txn;
    store->map_full = false;
    store->wrote |= opening->write;
    int code = env_begin(store->env, opening->write ? 0 : MDB_RDONLY, &txn);
    if (code != MDB_SUCCESS)
        return env_error(code, "open");
    enum err err = open_all(opening, txn);
    /* Committed even where nothing was written: that keeps the tables' handles. */
    if (err == ERR_OK)
        return env_commit(store, txn, "open");
    mdb_txn_abort(txn);
    return err;
}

/* Nobody waits for the lock of those who write unless there is something to be made. */
static enum err prepare(struct store *store, const struct store_options *options)
{
    bool create = options->mode == STORE_CREATE;
    struct opening opening = {
        .store = store, .path = options->path, .create = create, .write = create};
    enum err err = prepare_once(&opening);
    if (err == ERR_VERSION && opening.old && options->mode == STORE_WRITE) {
        opening.write = true;
        err = prepare_once(&opening);
    }
    while (err == ERR_FULL && env_grow(store) == ERR_OK)
        err = prepare_once(&opening);
    return err;
}

/* Who has the store open keeps the number of the last transaction in the lock file: of another data
 * file, put beneath it, it says nothing that may be relied on. A writer that was killed, or is at
 * work, may be one ahead of it. */
static enum err expect_match(struct store *store)
{
    MDB_envinfo before, after;
    MDB_txn *txn;
    size_t locked;
    do {
        mdb_env_info(store->env, &before);
        if (env_begin(store->env, MDB_RDONLY, &txn) != MDB_SUCCESS)
            return ERR_OK; /* what is wrong is found soon enough */
        locked = mdb_txn_id(txn);
        mdb_txn_abort(txn);
        mdb_env_info(store->env, &after);
    } while (before.me_last_txnid != after.me_last_txnid);
    /* LMDB leaves the lock out where the place is read-only, and tells by this alone: a reader was
     * begun, and none is counted. */
    store->unlocked = after.me_numreaders == 0;
    if (locked == after.me_last_txnid || locked + 1 == after.me_last_txnid)
        return ERR_OK;
    log_error("store: its data file is not the one that others have open");
    return ERR_BUSY;
}

static enum err open_locked(struct store *store, const struct store_options *options)
{
    enum err err = options->alone ? ERR_OK : folder_place_lock(options->path);
    if (err == ERR_OK)
        err = metas_expect_page_size(options->path);
    if (err == ERR_OK)
        err = env_error(open_env(options, &store->env), options->path);
    if (err == ERR_OK && !folder_look(options->path, &store->files))
        err = env_error(errno, options->path);
    if (err == ERR_OK && !options->alone)
        err = expect_match(store);
    return err;
}

static enum err open_made(struct store *store, const struct store_options *options)
{
    enum err err = open_locked(store, options);
    if (err == ERR_OK && options->mode != STORE_READ)
        mdb_reader_check(store->env, NULL);
    return err == ERR_OK ? prepare(store, options) : err;
}

enum err store_open(const struct store_options *options, struct store **store)
{
    bool bare = folder_is_bare(options->path);
    *store = NULL;
    if (options->mode != STORE_CREATE && bare)
        return ERR_NOT_FOUND;
    if (options->mode == STORE_CREATE && mkdir(options->path, FOLDER_MODE) != 0 && errno != EEXIST)
        return env_error(errno, options->path);
    *store = calloc(1, sizeof(**store));
    if (!*store)
        return ERR_MEMORY;
    enum err err = open_made(*store, options);
    if (err != ERR_OK) {
        store_close(*store);
        *store = NULL;
        if (bare)
            folder_clear_stump(options->path);
        return err;
    }
    folder_warn_of_network(options->path);
    if ((*store)->unlocked)
        log_warn("store: %s is on a read-only mount, and read without a lock: what others write "
                 "meanwhile makes it busy",
                 options->path);
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < TABLE_COUNT; i++)
        if (store->spare_cursors[i])
            mdb_cursor_close(store->spare_cursors[i]);
    if (store->snapshot.txn)
        mdb_txn_abort(store->snapshot.txn);
    buf_free(&store->hits);
    buf_free(&store->scratch);
    if (store->env)
        mdb_env_close(store->env);
    free(store);
}

/* Closing would unmap the mutex: the system, which looks for those a process holds when it ends,
 * would not find it there, and others would wait for it for ever. */
bool store_abandon(struct store *store)
{
    if (store && store->wrote)
        return false;
    if (store && store->env)
        mdb_env_close(store->env);
    free(store);
    return true;
}
