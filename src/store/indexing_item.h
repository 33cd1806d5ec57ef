/* What is sorted for an index (indexing.c): entries of tables and of trees as strings of bytes. */
#ifndef ROLLCALL_STORE_INDEXING_ITEM_H
#define ROLLCALL_STORE_INDEXING_ITEM_H

#include "base/sorter.h"
#include "store/index.h"

/* An entry of a table, in place of what is in the buffer. */
void table_item_write(struct buf *item, const struct key *key, struct str value);
struct str table_item_key(struct str item);
struct str table_item_value(struct str item);
/* By key; what sorters look at before they ask is in this order, from the first byte on, or from
 * where the app's number ends. */
int table_item_cmp(struct str a, struct str b);

/* A session's entry in a tree. */
void tree_item_write(struct buf *item, const struct standing *standing, enum tree_number number,
                     uint32_t slot);
struct tree_entry tree_item_entry(struct str item);
/* The order of a tree, as index.c's own `tie` decides it; NULL: bytewise. */
sorter_cmp_fn tree_item_order(enum tree_number number);

#endif
