#include "store/cursor.h"

#include "base/deadline.h"

enum err cursor_open(struct cursor *cursor, struct snapshot *snapshot, enum table table,
                     struct str prefix)
{
    struct store *store = snapshot->store;
    bool reads = snapshot == &store->snapshot; /* one of a writing ends with it */
    *cursor = (struct cursor){.store = store,
                              .table = table,
                              .cursor = reads ? store->spare_cursors[table] : NULL,
                              .reads = reads};
    if (reads)
        store->spare_cursors[table] = NULL;
    key_put(&cursor->prefix, prefix);
    key_put(&cursor->first, prefix);
    int code = cursor->cursor
                   ? mdb_cursor_renew(snapshot->txn, cursor->cursor)
                   : mdb_cursor_open(snapshot->txn, store->tables[table], &cursor->cursor);
    if (code != MDB_SUCCESS && cursor->cursor)
        mdb_cursor_close(cursor->cursor);
    return env_error(code, table_names[table]);
}

void cursor_close(struct cursor *cursor)
{
    MDB_cursor **spare = &cursor->store->spare_cursors[cursor->table];
    if (*spare || !cursor->reads)
        mdb_cursor_close(cursor->cursor);
    else
        *spare = cursor->cursor;
}

enum err cursor_next(struct cursor *cursor, struct str *key, struct str *value)
{
    if (deadline_passed())
        return ERR_LATE;
    MDB_val at = env_val(key_view(&cursor->first)), found;
    MDB_cursor_op first = cursor->first.len ? MDB_SET_RANGE : MDB_FIRST;
    int code = mdb_cursor_get(cursor->cursor, &at, &found, cursor->begun ? MDB_NEXT : first);
    cursor->begun = true;
    if (code != MDB_SUCCESS)
        return env_error(code, "walk");
    *key = env_str(at);
    *value = env_str(found);
    return str_starts(*key, key_view(&cursor->prefix)) ? ERR_OK : ERR_NOT_FOUND;
}

enum err cursor_each(struct snapshot *snapshot, enum table table, struct str prefix, row_fn each,
                     void *context)
{
    return cursor_each_from(snapshot, table, prefix, prefix, each, context);
}

enum err cursor_each_from(struct snapshot *snapshot, enum table table, struct str prefix,
                          struct str first, row_fn each, void *context)
{
    struct cursor cursor;
    struct str key, value;
    enum err err = cursor_open(&cursor, snapshot, table, prefix);
    if (err != ERR_OK)
        return err;
    cursor.first.len = 0;
    key_put(&cursor.first, first);
    bool ended = false;
    while (err == ERR_OK && !ended) {
        err = cursor_next(&cursor, &key, &value);
        ended = err == ERR_NOT_FOUND;
        if (err == ERR_OK)
            err = each(context, key, value);
    }
    cursor_close(&cursor);
    return ended ? ERR_OK : err;
}

enum err cursor_near(struct snapshot *snapshot, enum table table, struct str key, struct str *value,
                     bool *there)
{
    struct cursor cursor;
    struct str found = STR_NONE;
    *there = false;
    enum err err = cursor_open(&cursor, snapshot, table, STR_NONE);
    if (err != ERR_OK)
        return err;
    key_put(&cursor.first, key);
    err = cursor_next(&cursor, &found, value);
    *there = err == ERR_OK && str_eq(found, key);
    if (err == ERR_NOT_FOUND) {
        cursor.first.len = 0;
        cursor.begun = false;
        err = cursor_next(&cursor, &found, value);
    }
    cursor_close(&cursor);
    return err;
}
