/* The import in two passes: every line is checked, then all of them are written. Where the store
 * has no users and no sessions, and batches are not asked for, another way is quicker
 * (import_bulk.h).
 */
#ifndef ROLLCALL_CTL_IMPORT_H
#define ROLLCALL_CTL_IMPORT_H

#include "ctl/progress.h"
#include "ctl/source.h"
#include "model/interchange.h"
#include "store/store.h"

enum { KIND_COUNT = RECORD_SESSION + 1 };

struct import {
    struct source *sources;
    size_t source_count;
    int64_t shift_ms;
    size_t batch;              /* records a transaction */
    size_t memory;             /* bytes that an import all at once may take, about */
    uint64_t apps;             /* records of apps in the files; counted by the first pass */
    uint64_t done[KIND_COUNT]; /* records written */
    struct progress progress;
};

/* What becomes of a pass after a line. */
enum step { STEP_ON, STEP_DONE, STEP_FAILED };
typedef enum step (*line_fn)(void *context, const struct source *source, struct str line);

/* Calls back with every line of every file that is not blank. False: a file could not be read,
 * which was said, or `each` gave STEP_FAILED. */
bool import_each(struct import *import, const char *what, line_fn each, void *context);

/* The first pass: whether every line is a record, of an app that the files or the store have. What
 * is wrong is said on standard error, with file, line and field. `store` may be NULL: there is none
 * yet. */
bool import_check(struct import *import, struct store *store);

/* The second pass: apps first, then all else in the order of the files. False when something
 * stopped it, which was said; batches before that are in the store. */
bool import_write(struct import *import, struct store *store);
/* The apps alone, of which there are `import->apps` records. */
bool import_write_apps(struct import *import, struct store *store);

/* Whether a line is passed over. */
bool import_is_blank(struct str line);

/* "FILE:LINE: FIELD: TEXT" on standard error, the field left out where it is empty. */
void import_report(struct import *import, const struct source *source, uint64_t line,
                   struct str field, struct str text);

#endif
