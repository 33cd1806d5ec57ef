/* A master's way out of its program and into the one that lies at its path now: in the same
 * process, with its socket, while its children go on. */
#ifndef ROLLCALL_SERVE_HANDOVER_H
#define ROLLCALL_SERVE_HANDOVER_H

#include <time.h>

#include "serve/leaver.h"
#include "serve/listen.h"

struct handover {
    struct listener listener;
    int config_fd; /* the configuration in force, as the new program has printed it */
    struct leaver leavers[LEAVERS_MAX];
};

/* The program at the path this process was started by, on trial. */
struct trial {
    pid_t pid;               /* 0: there is none */
    int state_fd, config_fd; /* where the hand-over and its configuration are written; or -1 */
    dev_t device;
    ino_t inode;
    struct timespec modified;
    int64_t deadline_ns;
    bool again; /* what it is tried with is no longer what is there */
};

/* Starts it as `<program> --take-over=... --check-config`, which must end well before it may take
 * over. False, logged, when it cannot even be started. */
bool trial_begin(struct trial *trial, char *const *argv, const struct handover *handover);
/* Whether the program is still the one that was started. */
bool trial_holds(const struct trial *trial);
/* Ends it, and forgets what it has printed. */
void trial_end(struct trial *trial);
/* For a child of the master's that is none of it: closes what only the next program may write to or
 * read. */
void trial_keep_out(const struct trial *trial);

/* Replaces this process's program by the one that was tried. It comes back, logged, where that
 * fails; then all is as it was. */
void handover_exec(const struct trial *trial, char *const *argv, struct handover *handover);

/* The new program's side: what was handed over by the descriptor. Of the leavers only those that
 * are this process's children are kept. ERR_CORRUPT, logged. */
enum err handover_read(int fd, struct handover *handover) MUST_CHECK;

#endif
