/* What the parts of bench-scale share: requests, put to a store of Rollcall's and to SQLite, whose
 * answers must be the same. */
#ifndef ROLLCALL_BENCH_SCALE_H
#define ROLLCALL_BENCH_SCALE_H

#include "store/store.h"

/* The instant all is asked for, in milliseconds. */
extern int64_t scale_now;
#define SCALE_APP "bench"

enum { PAGE_ITEMS = 20, TEXT_ROOM = 64, CONDITIONS_MOST = 3, GIVE_UP_S = 60 };

/* Which pages of a list are asked for; DEPTH_COUNT is the total alone. */
enum depth { DEPTH_COUNT, DEPTH_FIRST, DEPTH_MIDDLE, DEPTH_LAST, DEPTH_END };
enum { ALL_DEPTHS = 1 << DEPTH_COUNT | 1 << DEPTH_FIRST | 1 << DEPTH_MIDDLE | 1 << DEPTH_LAST };

struct request {
    const char *family;
    char name[160];
    unsigned depths;    /* a bit each */
    struct query query; /* without pattern, offset and limit; what it points at is the request's */
    struct condition conditions[CONDITIONS_MOST];
    char texts[CONDITIONS_MOST][TEXT_ROOM]; /* of conditions */
    struct uuid ids[CONDITIONS_MOST];       /* what those of FIELD_ID spell */
    char user_id[TEXT_ROOM];                /* of query.user */
    struct mark after;
    char after_text[TEXT_ROOM];
    struct uuid after_id;
    const char *needle; /* NULL, or the pattern */
    enum pattern_kind kind;
};

struct answer {
    struct uuid ids[PAGE_ITEMS];
    size_t count;
    uint64_t total;
};

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Rollcall ---- */

void store_side_open(const char *path, enum store_mode mode);
void store_side_close(void);
/* The one store this process has open. */
struct store *store_side(void);
/* As a worker would: a snapshot, the app, the pattern, the search. ERR_RUNAWAY from the pattern is
 * an answer; all else that fails ends the program. */
enum err store_side_ask(const struct request *request, int64_t offset, int64_t limit,
                        struct answer *answer);

/* What a session has: as text for ids, as a number for instants. */
struct value {
    int64_t number;
    char text[TEXT_ROOM];
    struct uuid id;
};
/* The value at so many thousandths of the app's sessions in the order of a field. */
struct value store_side_value(enum field field, int64_t permille);
/* The number of a user; a mark at the middle of all sessions, in a request. */
uint64_t store_side_user(const char *id);
void store_side_mark(struct request *request);

/* ---- SQLite ---- */

void sql_open(const char *path, bool fresh);
void sql_close(void);
void sql_run(const char *sql);
/* The one text that a statement gives. */
void sql_text(const char *sql, char *text);
void sql_load(const char *path); /* everything of the store that is open, then indices */

/* Prepares a request's statements, and lets go of those of the one before. */
void sql_prepare(const struct request *request);
/* Tries the plan SQLite makes and one that it makes of the order alone; sql_ask goes on with the
 * faster. How long that took, in nanoseconds; INT64_MAX: both would have taken longer than
 * GIVE_UP_S. With a limit of 0 the answer is the total, else the page alone. */
int64_t sql_choose(int64_t offset, int64_t limit, struct answer *answer);
void sql_ask(int64_t offset, int64_t limit, struct answer *answer);

/* ---- what is asked, and how it is measured ---- */

/* Calls back for each request; those that combine conditions are chosen by what they cost Rollcall
 * here. `light` and `heavy`: users' ids. */
typedef void (*request_fn)(const struct request *request);
void requests_each(const char *light, const char *heavy, request_fn each);

/* Asks both sides in turn, compares the answers, prints a line of JSON for each depth. */
void measure(const struct request *request);
extern int measure_rounds; /* 1 to 99 */

/* Asks Rollcall alone in a process of its own, and prints what memory that took at most. */
void measure_memory(const char *store, const char *light, const char *heavy);

/* Sessions begun and touched a second, each on disk: so many milliseconds of each in turn. */
void measure_writes(const char *store, int64_t milliseconds);

#endif
