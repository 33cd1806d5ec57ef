/* Processes of a pool that others have taken the place of, until they are gone. */
#ifndef ROLLCALL_SERVE_LEAVER_H
#define ROLLCALL_SERVE_LEAVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "serve/config.h"

enum { LEAVERS_MAX = 4 * WORKERS_MAX };

struct leaver {
    int writer;          /* a truth, as the next; numbers since they may be read as bytes */
    int told;            /* that it is to finish; until then it goes on as ever */
    pid_t pid;           /* 0: none */
    int64_t deadline_ns; /* once told: when it has to have, by the monotonic clock */
};

/* Each takes LEAVERS_MAX of them. Where there is no room for one more, one is killed. */
void leavers_add(struct leaver *leavers, bool writer, pid_t pid);
/* Forgets one that is gone. Gives what is left of it: all zero where it was none. */
struct leaver leavers_remove(struct leaver *leavers, pid_t pid);
bool leavers_any(const struct leaver *leavers);

/* Those that have not been told yet are to finish what they have in hand, within `drain_s`. A
 * writer is sent nothing: it ends when nobody is left who could need it, be that after the wait for
 * its last answer. */
void leavers_tell(struct leaver *leavers, int drain_s, int64_t now_ns);
void leavers_kill_overdue(struct leaver *leavers, int64_t now_ns);
/* The next deadline; INT64_MAX: none. */
int64_t leavers_deadline(const struct leaver *leavers);

/* "worker" or "writer". */
const char *leaver_role(bool writer);

#endif
