/* Instants: signed milliseconds since 1970-01-01T00:00:00Z, and their RFC 3339 text. */
#ifndef ROLLCALL_BASE_CLOCK_H
#define ROLLCALL_BASE_CLOCK_H

#include "base/buf.h"
#include "base/str.h"

enum { SECOND_MS = 1000 };

/* 9999-12-31T23:59:59.999Z and 0000-01-01T00:00:00.000Z: what four-digit years can say. */
#define INSTANT_MAX INT64_C(253402300799999)
#define INSTANT_MIN INT64_C(-62167219200000)
/* No instant was given. */
#define INSTANT_NONE INT64_MIN

/* Whether it is one that can be, so that nothing overflows which is counted from it: for what was
 * read from elsewhere. INSTANT_NONE is none. */
static inline bool instant_is_valid(int64_t instant)
{
    return instant >= INSTANT_MIN && instant <= INSTANT_MAX;
}

/* So many milliseconds later, which are not less than 0; the last instant there is at most. */
static inline int64_t instant_later(int64_t instant, int64_t ms)
{
    return instant > INSTANT_MAX - ms ? INSTANT_MAX : instant + ms;
}

/* The wall clock now, in milliseconds. */
int64_t clock_now(void);
/* A clock that never goes back, in nanoseconds since some point; for durations only. */
int64_t clock_monotonic_ns(void);

/* How finely a text named an instant. */
enum precision { PRECISION_DAY, PRECISION_SECOND, PRECISION_FRACTION };

/* What a text may leave out. */
enum instant_form {
    INSTANT_STRICT, /* RFC 3339: date, 'T', time, zone all there */
    INSTANT_LOOSE   /* date alone; time without a zone, read as UTC; ' ' for the '+' that a query
                       string ate */
};

/* Reads an instant; digits of a fraction past the third are cut off. *precision may be NULL.
 * False when the text is no date or lies outside years 0 to 9999. */
bool instant_parse(struct str text, enum instant_form form, int64_t *instant,
                   enum precision *precision);

/* Appends RFC 3339 in UTC with 'Z'. Instants outside years 0 to 9999 are moved to the nearest in
 * them. */
void instant_put_seconds(struct buf *buf, int64_t instant); /* 2024-06-01T12:00:00Z */
void instant_put_millis(struct buf *buf, int64_t instant);  /* 2024-06-01T12:00:00.000Z */
void instant_put_short(struct buf *buf,
                       int64_t instant); /* no fraction when it is zero, no trailing zeros */

#endif
