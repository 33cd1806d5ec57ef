/* The import into a store that has no users and no sessions: all of it at once, in order, and in
 * memory that does not grow with it. */
#ifndef ROLLCALL_CTL_IMPORT_BULK_H
#define ROLLCALL_CTL_IMPORT_BULK_H

#include "ctl/ctl.h"
#include "ctl/gather.h"

enum bulked {
    BULKED,
    BULKED_NOT,   /* it is for import_check and import_write to do, or to say what is wrong */
    BULKED_FAILED /* which was said */
};
enum bulked import_bulk(struct import *import, const struct ctl *ctl);

/* The apps that records may be of, as far as they are known before those are read: the store's, and
 * those whose records come first in a file. */
struct import_apps {
    struct gather_app *rows; /* owned; sorted by id */
    size_t count, room;
    const char **ids; /* owned; by rank */
    uint64_t *heads;  /* owned; of each source, where the records of apps at its beginning end */
    uint64_t records; /* of apps, there */
};

/* `store` may be NULL: there is none yet. What goes wrong was said; import_apps_end in any case. */
enum err import_apps_read(struct import_apps *apps, const struct import *import,
                          struct store *store) MUST_CHECK;
void import_apps_end(struct import_apps *apps);

#endif
