#include "store/env.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "base/bytes.h"
#include "base/log.h"

enum {
    DISK_LEAST = 1024 * 1024, /* a disk with less to spare is full */
    ROOM_LEAST = 1024 * 1024  /* more than a request adds */
};

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

enum err env_read_format(const struct store *store, MDB_txn *txn, uint64_t *format)
{
    enum err err = env_get_number(txn, store, TABLE_META, STR("format"), format);
    if (err != ERR_OK || *format <= FORMAT)
        return err == ERR_OK && *format == 0 ? ERR_CORRUPT : err;
    log_error("store: its format is %llu, and this program knows of none after %d",
              (unsigned long long)*format, FORMAT);
    return ERR_VERSION;
}

int env_begin(MDB_env *env, unsigned flags, MDB_txn **txn)
{
    int dead = 0, code = mdb_txn_begin(env, NULL, flags, txn);
    if (code == MDB_READERS_FULL && mdb_reader_check(env, &dead) == MDB_SUCCESS && dead)
        code = mdb_txn_begin(env, NULL, flags, txn);
    return code;
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
        code = renew ? mdb_txn_renew(*txn) : env_begin(store->env, flags, txn);
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
    enum err err = env_read_format(store, txn, &format);
    store->lost = err != ERR_OK;
    store->looked_at = committed;
    return err;
}

static enum err begin(struct store *store, unsigned flags, MDB_txn **txn, const char *what)
{
    int code = begin_anyhow(store, flags, txn);
    store->lost |= code == MDB_PANIC;
    return env_error(code, what);
}

/* Whoever writes while it looks, as each process without a master does, cannot have the map grow
 * then. There is room before for a transaction that changes every page, each of which is copied
 * once, and adds some; where that is not to be had, for as much as there is. */
static void have_room(struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    unsigned flags;
    bool known = mdb_env_get_flags(store->env, &flags) == MDB_SUCCESS &&
                 mdb_env_info(store->env, &info) == MDB_SUCCESS &&
                 mdb_env_stat(store->env, &stat) == MDB_SUCCESS;
    if (!known || flags & MDB_RDONLY)
        return;
    size_t used = (info.me_last_pgno + 1) * stat.ms_psize;
    if (info.me_mapsize < 2 * used + ROOM_LEAST)
        (void)enlarge(store, 2 * used + ROOM_LEAST);
}

enum err snapshot_begin(struct store *store, struct snapshot **snapshot)
{
    MDB_txn **txn = &store->snapshot.txn;
    have_room(store);
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

/* Who writes takes pages that the transactions up to the last but one have freed (mdb_find_oldest),
 * and writes to them before it commits. The first to free what is shown here is the one after this
 * snapshot's, and the third may write over it, which begins once two are committed. */
enum err snapshot_judge(const struct snapshot *snapshot, enum err err)
{
    MDB_envinfo info;
    if (!snapshot->store->unlocked)
        return err;
    int code = mdb_env_info(snapshot->store->env, &info);
    bool whole = code == MDB_SUCCESS && info.me_last_txnid - mdb_txn_id(snapshot->txn) <= 1;
    return whole ? err : ERR_BUSY;
}

void snapshot_end(struct snapshot *snapshot)
{
    mdb_txn_reset(snapshot->txn);
    snapshot->store->reading = false;
}

enum err env_begin_write(struct store *store, MDB_txn **txn)
{
    store->map_full = false;
    store->wrote = true;
    enum err err = begin(store, 0, txn, "write");
    if (err != ERR_OK)
        return err;
    err = look_at_format(store, *txn, mdb_txn_id(*txn) - 1);
    if (err != ERR_OK) {
        mdb_txn_abort(*txn);
        *txn = NULL;
    }
    return err;
}

bool store_is_there(struct store *store)
{
    struct folder_files files;
    const char *path;
    if (store->lost || mdb_env_get_path(store->env, &path) != MDB_SUCCESS)
        return false;
    /* Who may not look at it any more has it open all the same. */
    if (!folder_look(path, &files))
        return true;
    return folder_same(&files, &store->files) &&
           !(store->unlocked && folder_may_write(path, FOLDER_LOCK));
}

bool store_may_be_written(struct store *store)
{
    const char *path;
    return mdb_env_get_path(store->env, &path) == MDB_SUCCESS &&
           folder_may_write(path, FOLDER_DATA);
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
