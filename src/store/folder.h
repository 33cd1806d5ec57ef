/* The folder of a store and its two files, as the system has them. */
#ifndef ROLLCALL_STORE_FOLDER_H
#define ROLLCALL_STORE_FOLDER_H

#include <sys/stat.h>

#include "base/err.h"

/* A store is its owner's alone. */
enum { FOLDER_MODE = 0700, FILE_MODE = 0600 };

/* So many readers, which take so many bytes of the lock file. */
enum { READERS_MAX = 1022, LOCK_BYTES = 65536 };

/* Whether there is no store in that folder, or none yet: not one that merely cannot be looked at.
 */
bool folder_is_bare(const char *path);

/* How long the data file is; 0 where that cannot be told. */
size_t folder_data_bytes(const char *path);

/* LMDB's locks and its map do not hold across machines. */
void folder_warn_of_network(const char *path);

/* Gives the lock file its place on the disk, where there is a disk to be written: it is mapped, and
 * a disk that is full could say so to who takes a reader's slot by a signal alone. ERR_FULL. */
enum err folder_place_lock(const char *path) MUST_CHECK;

/* Takes away what a disk that was full has left of a store that was to be made. */
void folder_clear_stump(const char *path);

/* Its files, in the order in which all that is about both has them. */
enum folder_file { FOLDER_DATA, FOLDER_LOCK, FOLDER_FILES };

/* Whether the system would have this process write to that file; no, where it is not there. */
bool folder_may_write(const char *path, enum folder_file file);

/* Which files they are: both, since who locks another lock file than the rest does not keep out
 * anybody. */
struct folder_files {
    dev_t devices[FOLDER_FILES];
    ino_t numbers[FOLDER_FILES]; /* 0: there is none */
};
/* False when it cannot be told: then `files` says nothing. */
bool folder_look(const char *path, struct folder_files *files) MUST_CHECK;
bool folder_same(const struct folder_files *one, const struct folder_files *other);

#endif
