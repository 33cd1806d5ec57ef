#include "store/upgrade.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/rebuild.h"

enum { MEMORY_BYTES = 128 * 1024 * 1024 };

static enum err drop_table(struct store *store, MDB_txn *txn, const char *name)
{
    MDB_dbi table;
    int code = mdb_dbi_open(txn, name, 0, &table);
    if (code == MDB_NOTFOUND)
        return ERR_OK;
    if (code == MDB_SUCCESS)
        code = mdb_drop(txn, table, 1);
    return env_write_error(store, code, name);
}

static void report(void *context, struct str sentence)
{
    (void)context;
    log_warn("store: %.*s", STR_ARG(sentence));
}

enum err upgrade_store(struct store *store, MDB_txn *txn, const char *dir)
{
    static const char *const gone[TABLES_GONE] = {"newest", "counts"};
    struct indexing_options options = {.view = {.store = store, .txn = txn},
                                       .now = clock_now(),
                                       .dir = dir,
                                       .memory = MEMORY_BYTES,
                                       .report = report};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < TABLES_GONE; i++)
        err = drop_table(store, txn, gone[i]);
    return err == ERR_OK ? rebuild_index(&options) : err;
}
