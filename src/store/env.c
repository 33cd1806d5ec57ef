#include "store/env.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/bytes.h"
#include "base/log.h"
#include "store/upgrade.h"

/* Address space, not disk: as much as an honest store ever needs; less where the system refuses. */
#define MAP_DEFAULT ((size_t)64 << 30)
#define MAP_LEAST   ((size_t)16 << 20)

enum {
    READERS_MAX = 1022,      /* two pages of slots more than LMDB's own default */
    DISK_LEAST = 1024 * 1024 /* a disk with less to spare is full */
};

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

/* LMDB's locks and its map do not hold across machines. */
static void warn_of_network(const char *path)
{
    static const unsigned long networked[] = {0x6969 /* NFS */,       0xFF534D42 /* CIFS */,
                                              0xFE534D42 /* SMB 2 */, 0x517B /* SMB */,
                                              0x65735546 /* FUSE */,  0x01021997 /* 9P */};
    struct statfs info;
    if (statfs(path, &info) != 0)
        return;
    for (size_t i = 0; i < sizeof(networked) / sizeof(*networked); i++)
        if ((unsigned long)info.f_type == networked[i])
            log_warn("store: %s may lie on a network file system, where locks do not hold; keep "
                     "the store on a local disk",
                     path);
}

static bool stat_data(const char *path, struct stat *info)
{
    char file[PATH_MAX];
    int len = snprintf(file, sizeof(file), "%s/data.mdb", path);
    errno = ENAMETOOLONG;
    return len > 0 && (size_t)len < sizeof(file) && stat(file, info) == 0;
}

bool env_is_absent(const char *path)
{
    struct stat data;
    if (stat_data(path, &data))
        return data.st_size == 0;
    return errno == ENOENT || errno == ENOTDIR;
}

/* Opens the environment with the largest map to be had. A refused one cannot be tried again
 * (lmdb.h, mdb_env_open): each try has an environment of its own. */
static int open_env(const struct store_options *options, MDB_env **env)
{
    size_t map = options->map_bytes ? options->map_bytes : MAP_DEFAULT;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options->mode == STORE_READ ? MDB_RDONLY : 0) |
                     (options->alone ? MDB_NOLOCK : 0);
    struct stat data;
    size_t least = MAP_LEAST;
    if (stat_data(options->path, &data) && (size_t)data.st_size > least)
        least = (size_t)data.st_size;
    for (;;) {
        int code = mdb_env_create(env);
        if (code != MDB_SUCCESS)
            return code;
        mdb_env_set_maxdbs(*env, TABLE_COUNT + TABLES_GONE);
        mdb_env_set_maxreaders(*env, READERS_MAX);
        mdb_env_set_mapsize(*env, map);
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
    if (err != ERR_OK)
        return err;
    return *format == 0 ? ERR_CORRUPT : *format > FORMAT ? ERR_VERSION : ERR_OK;
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
        return env_write_error(store, mdb_txn_commit(txn), "open");
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

enum err store_open(const struct store_options *options, struct store **store)
{
    if (options->mode != STORE_CREATE && env_is_absent(options->path))
        return ERR_NOT_FOUND;
    if (options->mode == STORE_CREATE && mkdir(options->path, FOLDER_MODE) != 0 && errno != EEXIST)
        return env_error(errno, options->path);
    struct store *made = calloc(1, sizeof(*made));
    if (!made)
        return ERR_MEMORY;
    enum err err = env_error(open_env(options, &made->env), options->path);
    if (err == ERR_OK && options->mode != STORE_READ)
        mdb_reader_check(made->env, NULL);
    if (err == ERR_OK)
        err = prepare(made, options);
    if (err != ERR_OK) {
        store_close(made);
        return err;
    }
    warn_of_network(options->path);
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

static int begin(struct store *store, unsigned flags, MDB_txn **txn)
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

enum err snapshot_begin(struct store *store, struct snapshot **snapshot)
{
    int dead = 0;
    MDB_txn **txn = &store->snapshot.txn;
    int code = begin(store, MDB_RDONLY, txn);
    /* Slots of processes that were killed are taken back once before giving up. */
    if (code == MDB_READERS_FULL && mdb_reader_check(store->env, &dead) == MDB_SUCCESS && dead)
        code = begin(store, MDB_RDONLY, txn);
    if (code != MDB_SUCCESS)
        return env_error(code, "read");
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
    return env_error(begin(store, 0, txn), "write");
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

enum err env_grow(struct store *store)
{
    return store->map_full ? enlarge(store, 0) : ERR_FULL;
}
