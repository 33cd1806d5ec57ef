/* The LMDB environment under the store: opening, transactions, one get and one put. Foreign errors
 * become ours here and nowhere else. */
#ifndef ROLLCALL_STORE_ENV_H
#define ROLLCALL_STORE_ENV_H

#include <lmdb.h>

#include "store/folder.h"
#include "store/layout.h"
#include "store/store.h"

struct snapshot {
    struct store *store;
    MDB_txn *txn;
};

/* A device that was read in the snapshot at hand: sessions have few. */
struct known_device {
    uint64_t snapshot; /* which it was; none is 0 */
    uint32_t app, number;
    struct str record;
};
enum { DEVICES_KNOWN = 64 };

struct store {
    MDB_env *env;
    MDB_dbi tables[TABLE_COUNT];
    struct snapshot snapshot; /* its transaction is kept, and renewed, between reads */
    bool reading;
    /* Kept from one read to the next, as the transaction is: cursors that nobody uses at the
     * moment, and what searches gather in. */
    MDB_cursor *spare_cursors[TABLE_COUNT];
    struct buf hits, scratch;
    uint64_t snapshots; /* how many there were */
    struct known_device devices[DEVICES_KNOWN];
    bool map_full;      /* why the last write failed: for want of map, not of disk */
    bool lost;          /* nothing can be done but to close: the map is gone, LMDB gave up, or the
                           format is another */
    bool unlocked;      /* it is read without a lock, as the place is read-only: nobody knows of its
                           readers */
    bool wrote;         /* a write transaction was ever begun, and may be open */
    bool told_of_index; /* that one is damaged */
    bool still;         /* what is written moves no deadlines on */
    size_t looked_at;   /* the last transaction after which the format was looked at */
    struct folder_files files;
};

/* LMDB's and the system's numbers as ours; those that say something is broken are logged with
 * `what`. */
enum err env_error(int code, const char *what);

/* Whether it is a record, or its entries, that cannot be read: others may be. */
static inline bool env_is_damage(enum err err)
{
    return err == ERR_CORRUPT || err == ERR_VERSION;
}

static inline struct str env_str(MDB_val value)
{
    return (struct str){value.mv_data, value.mv_size};
}
static inline MDB_val env_val(struct str view)
{
    return (MDB_val){view.len, (void *)view.ptr};
}

/* The value of a key: ERR_NOT_FOUND, or what LMDB says. */
enum err env_get(MDB_txn *txn, const struct store *store, enum table table, struct str key,
                 struct str *value) MUST_CHECK;
/* As env_get, for values of one number; one of another size is ERR_CORRUPT. 0 when there is none.
 */
enum err env_get_number(MDB_txn *txn, const struct store *store, enum table table, struct str key,
                        uint64_t *number) MUST_CHECK;

/* The store's format. ERR_VERSION: a later one than ours; ERR_CORRUPT: it has none. */
enum err env_read_format(const struct store *store, MDB_txn *txn, uint64_t *format) MUST_CHECK;

/* mdb_txn_begin, of a transaction that is nobody's child: slots of processes that were killed are
 * taken back once before giving up. */
int env_begin(MDB_env *env, unsigned flags, MDB_txn **txn);
/* A write transaction; the map is grown first where another process has grown it. */
enum err env_begin_write(struct store *store, MDB_txn **txn) MUST_CHECK;
/* As env_error, for what a write transaction's put, delete and commit say. */
enum err env_write_error(struct store *store, int code, const char *what);
/* Commits, of a write transaction that is nobody's child. */
enum err env_commit(struct store *store, MDB_txn *txn, const char *what) MUST_CHECK;
/* Doubles the map after ERR_FULL; ERR_FULL when that is not to be had, and when it is the disk that
 * is full. No transaction may be open. */
enum err env_grow(struct store *store) MUST_CHECK;
/* Sees to it that the map has so many bytes at least; as env_grow. */
enum err env_reserve(struct store *store, size_t bytes) MUST_CHECK;

#endif
