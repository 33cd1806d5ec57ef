/* Stores of earlier formats. */
#ifndef ROLLCALL_STORE_UPGRADE_H
#define ROLLCALL_STORE_UPGRADE_H

#include "store/env.h"

/* Tables of earlier formats that are opened to be dropped. */
enum { TABLES_GONE = 2 };

/* Brings a store up whose tables are open, those it had not among them, in a write transaction:
 * what takes the place of the old index is made of the records. `dir` is for temporary files.
 * ERR_CONFLICT, as rebuild_index says. */
enum err upgrade_store(struct store *store, MDB_txn *txn, const char *dir) MUST_CHECK;

#endif
