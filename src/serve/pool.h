/* The master of a pool: starts a writer, and workers on one listening socket, replaces those that
 * die, and rolls or drains them, or gives way to another program, when told to. Opens no store,
 * reads no byte from outside. */
#ifndef ROLLCALL_SERVE_POOL_H
#define ROLLCALL_SERVE_POOL_H

#include "serve/handover.h"

/* Keeps the signals that pool_run waits for until it does: called before anybody can know that
 * there is a pool. */
void pool_block_signals(void);

/* How a master was started. */
struct pool_start {
    const char *path;          /* of the configuration, NULL as in config_load */
    char *const *argv;         /* the program's arguments */
    struct handover *handover; /* what it has taken over; NULL: nothing */
};

/* Runs until SIGTERM or SIGINT. SIGHUP reads the configuration anew and replaces every process;
 * SIGUSR1 opens the log anew in all of them; SIGUSR2 replaces the program as well, in this very
 * process: it does not come back then. Gives the process's exit code; the configuration is freed by
 * then. */
int pool_run(struct config *config, const struct pool_start *start,
             const struct listener *listener);

/* For a process that the master has started: it can do its work from now on. No `master`: nobody is
 * told. */
void pool_tell_ready(pid_t master);

#endif
