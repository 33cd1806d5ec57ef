/* How a process that answers gets something written: by the pool's writer, or where there is none
 * by itself. */
#ifndef ROLLCALL_SERVE_SUBMIT_H
#define ROLLCALL_SERVE_SUBMIT_H

#include "base/metrics.h"
#include "store/store.h"

enum { SUBMIT_WAIT_S = 10, OUTCOME_BYTES = 26 + SALT_BYTES };

struct submitter {
    int fd;                  /* the socket to the writer; -1: there is none */
    struct store *store;     /* written to then; not owned; NULL while there is none */
    struct buf message;      /* used again for every batch */
    struct metrics *metrics; /* what is written is counted here; NULL: nowhere */
};

/* Has the batch done as store_apply says, and waits until it is on disk. ERR_BUSY when the writer
 * gives no answer: it died, and the batch was done whole or not at all. */
enum err submit(struct submitter *submitter, const struct put *puts, size_t count, int64_t now,
                struct outcome *outcome) MUST_CHECK;

/* The same without waiting for it to be done; what becomes of it is not told. Where there is no
 * writer, it is waited for. */
void submit_later(struct submitter *submitter, const struct put *puts, size_t count, int64_t now);

/* Counts a transaction that that many batches shared; `failed`: none of them was done. */
void submit_count(struct metrics *metrics, size_t batches, bool failed);

void submit_end(struct submitter *submitter);

/* The writer's answer, as bytes and back; false for bytes that are none. */
void outcome_encode(enum err err, const struct outcome *outcome, uint8_t *bytes);
bool outcome_decode(const uint8_t *bytes, size_t len, enum err *err, struct outcome *outcome);

#endif
