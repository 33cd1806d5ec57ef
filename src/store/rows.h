/* Slots: the small numbers by which an app's index knows its sessions, and the row that each has,
 * which says where the session lies. A slot that a session has left is given to another. */
#ifndef ROLLCALL_STORE_ROWS_H
#define ROLLCALL_STORE_ROWS_H

#include "store/env.h"

enum { ROW_BYTES = 36, ROWS_IN_BLOCK = 113, SLOT_NONE = UINT32_MAX };

/* As of when an app's trees have sessions' states: as of that instant; but of a session whose id is
 * below that one, as of the next. So it can stand between sessions that all fall due at one
 * instant, however many these are. */
struct as_of {
    int64_t at;
    struct uuid below; /* nil: none is */
};
/* Whether it stands between no sessions. */
bool as_of_is_whole(const struct as_of *as_of);
/* -1, 0, 1: whether it is earlier, the same, later. */
int as_of_cmp(const struct as_of *a, const struct as_of *b);
/* A session's state as of then; nothing but its times, its ending and its id is looked at. */
unsigned as_of_state(const struct as_of *as_of, const struct session *session, int64_t idle_ms);

/* What is said of an app's index as a whole. */
struct index_head {
    struct as_of as_of;
    uint32_t slots;               /* how many were given out, those given back included */
    uint32_t free;                /* the one given back last, or SLOT_NONE */
    uint64_t brought[VENDOR_END]; /* sessions that have an id they were brought with */
};

/* ERR_NOT_FOUND: the app has had no session yet. ERR_CORRUPT. */
enum err head_read(struct snapshot *snapshot, uint32_t app, struct index_head *head) MUST_CHECK;
/* Whether the last slot that it says there is has a row, which is to be asked before so many are
 * made room for. ERR_CORRUPT: it has none. */
enum err head_check(struct snapshot *snapshot, uint32_t app,
                    const struct index_head *head) MUST_CHECK;
/* Appends its stored form. */
void head_encode(const struct index_head *head, struct key *value);

/* Where the session of a slot lies, and its device. ERR_CORRUPT: none has it. */
enum err slot_row(struct snapshot *snapshot, uint32_t app, uint32_t slot,
                  struct place *place) MUST_CHECK;
/* The row of a slot that was given back: `created` is the next such. ERR_CORRUPT: it is none. */
enum err slot_free(struct snapshot *snapshot, uint32_t app, uint32_t slot,
                   struct place *row) MUST_CHECK;

/* Rows of slots that follow each other mostly lie in one block, which is kept at hand. */
struct row_reader {
    struct snapshot *snapshot;
    uint32_t app, block;
    struct str rows; /* of that block; empty before the first */
};
enum err row_reader_read(struct row_reader *reader, uint32_t slot, struct place *place) MUST_CHECK;

void slot_encode(const struct place *place, uint8_t *row);
/* Of the block a slot is in: its number is the slot divided by ROWS_IN_BLOCK. */
struct key key_of_rows(uint32_t app, uint32_t slot);

#endif
