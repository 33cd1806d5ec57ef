/* Walking along the keys that begin with a prefix, in their order. */
#ifndef ROLLCALL_STORE_CURSOR_H
#define ROLLCALL_STORE_CURSOR_H

#include "store/env.h"

struct cursor {
    struct store *store;
    enum table table;
    MDB_cursor *cursor;
    struct key prefix, first; /* where it begins, when that is not the prefix */
    bool begun, reads;
};

/* The caller ends it with cursor_close, before the snapshot ends; and, in a writing's view, before
 * anything is written. */
enum err cursor_open(struct cursor *cursor, struct snapshot *snapshot, enum table table,
                     struct str prefix) MUST_CHECK;
void cursor_close(struct cursor *cursor);

/* The next key and its value, views into the snapshot. ERR_NOT_FOUND: no more of that prefix. */
enum err cursor_next(struct cursor *cursor, struct str *key, struct str *value) MUST_CHECK;

/* Calls back with every key of the prefix and its value; what `each` returns other than ERR_OK ends
 * the walk and is its result. */
typedef enum err (*row_fn)(void *context, struct str key, struct str value);
enum err cursor_each(struct snapshot *snapshot, enum table table, struct str prefix, row_fn each,
                     void *context) MUST_CHECK;

/* The same from that key on. */
enum err cursor_each_from(struct snapshot *snapshot, enum table table, struct str prefix,
                          struct str first, row_fn each, void *context) MUST_CHECK;

/* The value of that key, or where it is not `there`, of the one after it, of the first after the
 * last: it takes as long. ERR_NOT_FOUND: the table is empty. */
enum err cursor_near(struct snapshot *snapshot, enum table table, struct str key, struct str *value,
                     bool *there) MUST_CHECK;

#endif
