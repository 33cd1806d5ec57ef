/* Making the whole index of a store anew from its records: apps, users, sessions, refresh tokens.
 */
#ifndef ROLLCALL_STORE_REBUILD_H
#define ROLLCALL_STORE_REBUILD_H

#include "store/indexing.h"

/* In the options' transaction. Records that cannot be read, or that have no app or user, are told
 * to `report` where there is one, and stay as they are, without an index. ERR_CONFLICT, as
 * indexing.h says; ERR_FULL, ERR_IO. */
enum err rebuild_index(const struct indexing_options *options) MUST_CHECK;

#endif
