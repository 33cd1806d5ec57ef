/* The two pages that a data file begins with, as LMDB writes them. */
#ifndef ROLLCALL_STORE_METAS_H
#define ROLLCALL_STORE_METAS_H

#include "base/err.h"

/* LMDB takes the page size from them as it stands, divides by it, and looks for everything else by
 * it: it is looked at before LMDB is. What is no meta page, or not there at all, LMDB refuses by
 * itself. ERR_CORRUPT, logged: it can be none, or the two do not agree. */
enum err metas_expect_page_size(const char *folder) MUST_CHECK;

#endif
