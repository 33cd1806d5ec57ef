/* How a process that answers gets something written: by the pool's writer, or where there is none
 * by itself. */
#ifndef ROLLCALL_SERVE_SUBMIT_H
#define ROLLCALL_SERVE_SUBMIT_H

#include "base/metrics.h"
#include "store/store.h"

/* How long an answer of the writer's is waited for: by everybody, and by half of a pool's
 * workers, so that the others are there for who only reads. */
enum { SUBMIT_STALL_S = 2, SUBMIT_WAIT_S = 10, OUTCOME_BYTES = 26 + SALT_BYTES };

/* What a writer does that no request asks for: sessions past retention; proofs and keys that are
 * over; deadlines that have come, and those of the app that is written to. */
enum chore { CHORE_PURGE, CHORE_SWEEP, CHORE_CATCH_UP, CHORE_ALONG, CHORE_COUNT };

/* What a pool's processes share of how its writer does. */
struct pressure {
    _Atomic int64_t since_ns; /* since when the writer has not taken what was sent; 0: it has */
    _Atomic int patient;      /* workers that wait for longer than SUBMIT_STALL_S */
    /* For how long a writer leaves each alone, which met with damage in this one or one before. */
    _Atomic int64_t put_off_ns[CHORE_COUNT];
    _Atomic int64_t looked_ns; /* when one last looked what there is to be done */
};

/* An end of a pool's socket to its writer; -1 and NULL where there is none. */
struct writer_link {
    int fd;
    struct pressure *pressure;
};

struct submitter {
    int fd;                    /* the socket to the writer; -1: there is none */
    struct pressure *pressure; /* or NULL */
    int patient_most;          /* workers that may be patient */
    bool complained;
    struct store *store;     /* written to then; not owned; NULL while there is none */
    struct buf message;      /* used again for every batch */
    struct metrics *metrics; /* what is written is counted here; NULL: nowhere */
};

/* Has the batch done as store_apply says, and waits until it is on disk. ERR_BUSY when the writer
 * gives no answer: it died, and the batch was done whole or not at all; or it hangs, and whoever
 * comes after those that wait for it is told so at once. ERR_LATE: the request's time is up, and
 * the batch may be done yet. */
enum err submit(struct submitter *submitter, const struct put *puts, size_t count, int64_t now,
                struct outcome *outcome) MUST_CHECK;

/* The same without waiting for it to be done; what becomes of it is not told, and while the writer
 * hangs, or has enough to do, nothing is done. Where there is no writer, it is waited for. */
void submit_later(struct submitter *submitter, const struct put *puts, size_t count, int64_t now);

/* Whether the writer hangs, as far as those who have something to be written can tell. */
bool submit_hangs(const struct submitter *submitter);

/* For the writer: it has taken all there was. And once nobody can be waiting any more. */
void pressure_taken(struct pressure *pressure);
void pressure_none(struct pressure *pressure);

/* Counts a transaction that that many batches shared; `failed`: none of them was done. */
void submit_count(struct metrics *metrics, size_t batches, bool failed);

void submit_end(struct submitter *submitter);

/* The writer's answer, as bytes and back; false for bytes that are none. */
void outcome_encode(enum err err, const struct outcome *outcome, uint8_t *bytes);
bool outcome_decode(const uint8_t *bytes, size_t len, enum err *err, struct outcome *outcome);

#endif
