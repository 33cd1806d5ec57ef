/* All records of users and sessions in some files, in the order that a bulk wants them in:
 * processes of their own each read a part of the files, check it and sort it. */
#ifndef ROLLCALL_CTL_GATHER_H
#define ROLLCALL_CTL_GATHER_H

#include "ctl/import.h"

/* An app that records may be of. */
struct gather_app {
    char id[APP_ID_MAX + 1];
    int64_t lifetime_s;
    uint32_t rank; /* whose records come first */
};

struct gather_part;
struct gather_pace;

/* Begins zeroed but for what the caller sets. */
struct gather {
    struct import *import;
    const struct gather_app *apps; /* sorted by id */
    size_t app_count;
    const uint64_t *heads; /* of each source, the byte that it is read from */
    int64_t now;           /* for what records leave open */
    const char *dir;       /* of temporary files */
    size_t memory;         /* bytes, of all processes together */
    /* Filled in by gather_read. */
    struct gather_part *parts;
    size_t part_count;
    struct gather_pace *paces; /* of the parts; shared memory */
    uint64_t users, sessions;  /* records */
    uint64_t bytes;            /* in them, about */
    struct gather_part *last;  /* whose item was given last */
};

/* One record, as it is stored. */
struct gathered {
    uint32_t rank; /* of its app */
    struct str user_id;
    bool is_user;
    int64_t created; /* of a session, as is its id */
    struct uuid id;
    struct str record;
};

/* Reads all. ERR_INVALID: a line is no record, or one of an app, or of an app that is none of
 * `apps`; which, is for import_check to tell. What else goes wrong was said. gather_end in any
 * case. */
enum err gather_read(struct gather *gather) MUST_CHECK;
/* The next, a view until the one after it: by app and user; of a user, first his own records in the
 * order of the files, then his sessions, the newest first. ERR_NOT_FOUND: there are no more. */
enum err gather_next(struct gather *gather, struct gathered *gathered) MUST_CHECK;
void gather_end(struct gather *gather);

#endif
