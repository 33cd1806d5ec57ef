#include "store/env.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "base/bytes.h"
#include "base/log.h"
#include "store/upgrade.h"

/* Address space, not disk: as much as an honest store ever needs; less where the system refuses. */
#define MAP_DEFAULT ((size_t)64 << 30)
#define MAP_LEAST   ((size_t)16 << 20)

enum { DISK_LEAST = 1024 * 1024 /* a disk with less to spare is full */ };

static const struct str format_key = STR("format");

enum err env_error(int code, const char *what)
{
    switch (code) {
    case MDB_SUCCESS:
        return ERR_OK;
    case MDB_NOTFOUND:
        return ERR_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_FULL;
    case MDB_READERS_FULL:
    case EAGAIN:
        return ERR_BUSY;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        log_error("store: %s: %s", what, mdb_strerror(code));
    }
    /* The last: a transaction that met with damage before. */
    bool damaged = code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
                   code == MDB_PANIC || code == MDB_INCOMPATIBLE || code == MDB_BAD_TXN;
    return damaged ? ERR_CORRUPT : code == MDB_VERSION_MISMATCH ? ERR_VERSION : ERR_IO;
}

enum err env_get(MDB_txn *txn, const struct store *store, enum table table, struct str key,
                 struct str *value)
{
    MDB_val sought = env_val(key), found;
    int code = mdb_get(txn, store->tables[table], &sought, &found);
    if (code == MDB_SUCCESS)
        *value = env_str(found);
    /* A key LMDB cannot hold (empty, or too long) is one that is not there. */
    return code == MDB_BAD_VALSIZE ? ERR_NOT_FOUND : env_error(code, table_names[table]);
}

enum err env_get_number(MDB_txn *txn, const struct store *store, enum table table, struct str key,
                        uint64_t *number)
{
    struct str value = STR_NONE;
    *number = 0;
    enum err err = env_get(txn, store, table, key, &value);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (value.len != sizeof(*number))
        return ERR_CORRUPT;
    *number = bytes_u64((const uint8_t *)value.ptr);
    return ERR_OK;
}

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

static enum err read_format(const struct store *store, MDB_txn *txn, uint64_t *format)
{
    enum err err = env_get_number(txn, store, TABLE_META, format_key, format);
    if (err != ERR_OK || *format <= FORMAT)
        return err == ERR_OK && *format == 0 ? ERR_CORRUPT : err;
    log_error("store: its format is %llu, and this program knows of none after %d",
              (unsigned long long)*format, FORMAT);
    return ERR_VERSION;
}

static enum err write_format(const struct store *store, MDB_txn *txn)
{
    struct key number = {.len = 0};
    key_put_u64(&number, FORMAT);
    MDB_val key = env_val(format_key), value = env_val(key_view(&number));
    return env_error(mdb_put(txn, store->tables[TABLE_META], &key, &value, 0), "format");
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
        return read_format(store, txn, format);
    if (code != MDB_NOTFOUND)
        return env_error(code, "open");
    if (!create || !is_empty(txn))
        return ERR_CORRUPT;
    code = mdb_dbi_open(txn, table_names[TABLE_META], MDB_CREATE, meta);
    return env_error(code, "open");
}

static enum err open_tables(struct store *store, MDB_txn *txn, unsigned flags)
{
    int code = MDB_SUCCESS;
    for (int i = TABLE_META + 1; code == MDB_SUCCESS && i < TABLE_COUNT; i++)
        code = mdb_dbi_open(txn, table_names[i], flags, &store->tables[i]);
    return code == MDB_NOTFOUND ? ERR_CORRUPT : env_error(code, "open");
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
    return err == ERR_OK && opening->old ? write_format(store, txn) : err;
}

static enum err prepare_once(struct opening *opening)
{
    struct store *store = opening->store;
    MDB_txn *txn;
    store->map_full = false;
    int code = mdb_txn_begin(store->env, NULL, opening->write ? 0 : MDB_RDONLY, &txn);
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
        if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) != MDB_SUCCESS)
            return ERR_OK; /* what is wrong is found soon enough */
        locked = mdb_txn_id(txn);
        mdb_txn_abort(txn);
        mdb_env_info(store->env, &after);
    } while (before.me_last_txnid != after.me_last_txnid);
    if (locked == after.me_last_txnid || locked + 1 == after.me_last_txnid)
        return ERR_OK;
    log_error("store: its data file is not the one that others have open");
    return ERR_BUSY;
}

static enum err open_locked(struct store *store, const struct store_options *options)
{
    enum err err = options->alone ? ERR_OK : folder_place_lock(options->path);
    if (err == ERR_OK)
        err = env_error(open_env(options, &store->env), options->path);
    if (err == ERR_OK && !folder_look(options->path, &store->files))
        err = env_error(errno, options->path);
    if (err == ERR_OK && !options->alone)
        err = expect_match(store);
    return err;
}

enum err store_open(const struct store_options *options, struct store **store)
{
    bool bare = folder_is_bare(options->path);
    if (options->mode != STORE_CREATE && bare)
        return ERR_NOT_FOUND;
    if (options->mode == STORE_CREATE && mkdir(options->path, FOLDER_MODE) != 0 && errno != EEXIST)
        return env_error(errno, options->path);
    struct store *made = calloc(1, sizeof(*made));
    if (!made)
        return ERR_MEMORY;
    enum err err = open_locked(made, options);
    if (err == ERR_OK && options->mode != STORE_READ)
        mdb_reader_check(made->env, NULL);
    if (err == ERR_OK)
        err = prepare(made, options);
    if (err != ERR_OK) {
        store_close(made);
        if (bare)
            folder_clear_stump(options->path);
        return err;
    }
    folder_warn_of_network(options->path);
    *store = made;
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

/* LMDB gives up its map before it asks for another, and is lost when that is refused: the room it
 * needs is asked for first. */
static bool can_map(size_t bytes)
{
    void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

/* Makes the map twice as large, and again until `least` bytes fit. Views of an open snapshot would
 * be gone with the old map: there it is refused, as without room. */
static enum err enlarge(struct store *store, size_t least)
{
    MDB_envinfo info;
    int code = mdb_env_info(store->env, &info);
    if (code != MDB_SUCCESS || store->reading)
        return ERR_FULL;
    size_t size = info.me_mapsize;
    do {
        if (__builtin_mul_overflow(size, 2, &size))
            return ERR_FULL;
    } while (size < least);
    if (!can_map(size - info.me_mapsize))
        return ERR_FULL;
    code = mdb_env_set_mapsize(store->env, size);
    store->lost = code != MDB_SUCCESS;
    return env_error(code, "map");
}

enum err env_reserve(struct store *store, size_t bytes)
{
    MDB_envinfo info;
    int code = mdb_env_info(store->env, &info);
    if (code != MDB_SUCCESS)
        return env_error(code, "map");
    return info.me_mapsize < bytes ? enlarge(store, bytes) : ERR_OK;
}

/* Makes the map as large as another process has made the store. LMDB's own way to do that would
 * take on the other's map size, which may be more than there is room for here. */
static enum err catch_up(struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    int code = mdb_env_info(store->env, &info);
    if (code == MDB_SUCCESS)
        code = mdb_env_stat(store->env, &stat);
    return code == MDB_SUCCESS ? enlarge(store, (info.me_last_pgno + 1) * stat.ms_psize)
                               : env_error(code, "map");
}

static int begin_anyhow(struct store *store, unsigned flags, MDB_txn **txn)
{
    int code;
    if (store->lost)
        return ENOMEM;
    do {
        bool renew = flags == MDB_RDONLY && *txn;
        code = renew ? mdb_txn_renew(*txn) : mdb_txn_begin(store->env, NULL, flags, txn);
    } while (code == MDB_MAP_RESIZED && catch_up(store) == ERR_OK);
    return code == MDB_MAP_RESIZED ? ENOMEM : code;
}

/* Another program may have brought the store up to a format of its own meanwhile: who reads it as
 * it was, or writes, would be wrong from that transaction on. */
static enum err look_at_format(struct store *store, MDB_txn *txn, size_t committed)
{
    uint64_t format;
    if (committed == store->looked_at)
        return ERR_OK;
    enum err err = read_format(store, txn, &format);
    store->lost = err != ERR_OK;
    store->looked_at = committed;
    return err;
}

static enum err begin(struct store *store, unsigned flags, MDB_txn **txn, const char *what)
{
    int dead = 0, code = begin_anyhow(store, flags, txn);
    /* Slots of processes that were killed are taken back once before giving up. */
    if (code == MDB_READERS_FULL && mdb_reader_check(store->env, &dead) == MDB_SUCCESS && dead)
        code = begin_anyhow(store, flags, txn);
    store->lost |= code == MDB_PANIC;
    return env_error(code, what);
}

enum err snapshot_begin(struct store *store, struct snapshot **snapshot)
{
    MDB_txn **txn = &store->snapshot.txn;
    enum err err = begin(store, MDB_RDONLY, txn, "read");
    if (err != ERR_OK)
        return err;
    err = look_at_format(store, *txn, mdb_txn_id(*txn));
    if (err != ERR_OK) {
        mdb_txn_reset(*txn);
        return err;
    }
    store->snapshot.store = store;
    store->reading = true;
    store->snapshots++;
    *snapshot = &store->snapshot;
    return ERR_OK;
}

void snapshot_end(struct snapshot *snapshot)
{
    mdb_txn_reset(snapshot->txn);
    snapshot->store->reading = false;
}

enum err env_begin_write(struct store *store, MDB_txn **txn)
{
    store->map_full = false;
    enum err err = begin(store, 0, txn, "write");
    if (err != ERR_OK)
        return err;
    err = look_at_format(store, *txn, mdb_txn_id(*txn) - 1);
    if (err != ERR_OK)
        mdb_txn_abort(*txn);
    return err;
}

bool store_is_there(struct store *store)
{
    struct folder_files files;
    const char *path;
    if (store->lost || mdb_env_get_path(store->env, &path) != MDB_SUCCESS)
        return false;
    /* Who may not look at it any more has it open all the same. */
    return !folder_look(path, &files) || folder_same(&files, &store->files);
}

/* LMDB says EIO of a write that a full disk cut short. */
static bool disk_is_full(const struct store *store)
{
    int fd;
    struct statvfs info;
    return mdb_env_get_fd(store->env, &fd) == MDB_SUCCESS && fstatvfs(fd, &info) == 0 &&
           info.f_bavail < DISK_LEAST / info.f_frsize;
}

enum err env_write_error(struct store *store, int code, const char *what)
{
    store->map_full |= code == MDB_MAP_FULL;
    return env_error(code == EIO && disk_is_full(store) ? ENOSPC : code, what);
}

/* LMDB gives an environment up when it could not write its last page, and says so to the next who
 * begins a transaction. */
static bool is_given_up(const struct store *store)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code == MDB_SUCCESS)
        mdb_txn_abort(txn);
    return code == MDB_PANIC;
}

enum err env_commit(struct store *store, MDB_txn *txn, const char *what)
{
    int code = mdb_txn_commit(txn);
    store->lost |= code != MDB_SUCCESS && is_given_up(store);
    return env_write_error(store, code, what);
}

enum err env_grow(struct store *store)
{
    return store->map_full ? enlarge(store, 0) : ERR_FULL;
}
