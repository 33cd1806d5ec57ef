#include "store/damage.h"

static void copy(struct row *row, const MDB_val *key, const MDB_val *value)
{
    cr_assert(key->mv_size <= sizeof(row->key) && value->mv_size <= sizeof(row->value));
    row->key_len = key->mv_size;
    row->value_len = value->mv_size;
    memcpy(row->key, key->mv_data, key->mv_size);
    memcpy(row->value, value->mv_data, value->mv_size);
}

bool row_read(struct scene *scene, enum table table, size_t at, struct row *row)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    scene_read(scene);
    cr_assert_eq(mdb_cursor_open(scene->snapshot->txn, scene->store->tables[table], &cursor), 0);
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; at > 0 && code == 0; at--)
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    row->table = table;
    if (code == 0)
        copy(row, &key, &value);
    mdb_cursor_close(cursor);
    scene_done(scene);
    return code == 0;
}

static MDB_txn *begin(struct scene *scene)
{
    MDB_txn *txn;
    cr_assert_eq(mdb_txn_begin(scene->store->env, NULL, 0, &txn), 0);
    return txn;
}

void row_write(struct scene *scene, const struct row *row)
{
    MDB_txn *txn = begin(scene);
    MDB_val key = {row->key_len, (void *)row->key}, value = {row->value_len, (void *)row->value};
    cr_assert_eq(mdb_put(txn, scene->store->tables[row->table], &key, &value, 0), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
}

void row_delete(struct scene *scene, const struct row *row)
{
    MDB_txn *txn = begin(scene);
    MDB_val key = {row->key_len, (void *)row->key};
    cr_assert_eq(mdb_del(txn, scene->store->tables[row->table], &key, NULL), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
}
