/* An index that is damaged gives wrong answers, or none; it never crashes, and never goes on for
 * ever. */
#include "changes.h"
#include "store/env.h"
#include "store/tree.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(damaged);

enum { SESSIONS = 400, ROUNDS = 300, QUESTIONS = 15, VALUE_MAX = 8192 };

static const enum table tables[] = {TABLE_TREES, TABLE_TREES, TABLE_TREES,
                                    TABLE_ROWS,  TABLE_INDEX, TABLE_DEVICES};

/* A row of a table, as it was. */
struct kept {
    MDB_dbi table;
    char key[512], value[VALUE_MAX];
    MDB_val at, is; /* views of these */
};

static void keep(struct kept *kept, const MDB_val *key, const MDB_val *value)
{
    cr_assert(key->mv_size <= sizeof(kept->key) && value->mv_size <= sizeof(kept->value));
    memcpy(kept->key, key->mv_data, key->mv_size);
    memcpy(kept->value, value->mv_data, value->mv_size);
    kept->at = (MDB_val){key->mv_size, kept->key};
    kept->is = (MDB_val){value->mv_size, kept->value};
}

static MDB_txn *begin(const struct store *store)
{
    MDB_txn *txn;
    cr_assert_eq(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
    return txn;
}

static void draw_row(const struct store *store, MDB_txn *txn, struct kept *kept)
{
    MDB_cursor *cursor;
    MDB_stat stat;
    MDB_val key, value;
    kept->table = store->tables[tables[random_below(sizeof(tables) / sizeof(*tables))]];
    cr_assert_eq(mdb_stat(txn, kept->table, &stat), 0);
    cr_assert_eq(mdb_cursor_open(txn, kept->table, &cursor), 0);
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (size_t left = random_below(stat.ms_entries); code == 0 && left > 0; left--)
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    cr_assert_eq(code, 0);
    keep(kept, &key, &value);
    mdb_cursor_close(cursor);
}

static void write_value(MDB_txn *txn, const struct kept *kept, MDB_val value)
{
    MDB_val key = kept->at;
    cr_assert_eq(mdb_put(txn, kept->table, &key, &value, 0), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
}

/* Other bits in a few bytes, or a shorter value. */
static void damage(const struct store *store, struct kept *kept)
{
    char bytes[VALUE_MAX];
    MDB_txn *txn = begin(store);
    draw_row(store, txn, kept);
    size_t len = kept->is.mv_size;
    memcpy(bytes, kept->value, len);
    if (random_below(8) == 0)
        len = random_below(len);
    for (size_t left = 1 + random_below(4); len > 0 && left > 0; left--) {
        size_t at = random_below(3) ? random_below(len) : random_below(len < 40 ? len : 40);
        bytes[at] = (char)((unsigned char)bytes[at] ^ (1U << random_below(8)));
    }
    write_value(txn, kept, (MDB_val){len, bytes});
}

Test(damaged, an_index_with_other_bits_is_asked, .timeout = 600)
{
    struct comparison comparison = comparison_new();
    struct changes changes;
    struct kept kept;
    const struct store *store = comparison.world->store;
    tree_node_limit = 6;
    changes_begin(&changes, &comparison);
    while (comparison.world->count < SESSIONS)
        changes_make(&changes, SESSIONS);
    changes_end(&changes);
    for (int i = 0; i < ROUNDS; i++) {
        damage(store, &kept);
        for (int j = 0; j < QUESTIONS; j++)
            ask_in_vain(&comparison);
        write_value(begin(store), &kept, kept.is);
    }
    compare_soundness(&comparison);
    for (int i = 0; i < QUESTIONS; i++)
        compare_any(&comparison, KIND_ANY);
    comparison_end(&comparison, "damaged");
}
