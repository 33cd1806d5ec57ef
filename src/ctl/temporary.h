/* Where temporary files go that hold what the store does: hashes, texts of sessions and users. */
#ifndef ROLLCALL_CTL_TEMPORARY_H
#define ROLLCALL_CTL_TEMPORARY_H

enum { TEMPORARY_PATH_BYTES = 4096 };

struct temporary {
    char path[TEMPORARY_PATH_BYTES];
};
/* $TMPDIR, else the store's folder, else the folder that it will be made in: there is room where
 * the store is, and not, as a rule, in /tmp. */
struct temporary temporary_dir(const char *store_path);

#endif
