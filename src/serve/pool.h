/* The master of a pool: starts a writer, and workers on one listening socket, replaces those that
 * die, and rolls or drains them when told to. Opens no store, reads no byte from outside. */
#ifndef ROLLCALL_SERVE_POOL_H
#define ROLLCALL_SERVE_POOL_H

#include "serve/config.h"

/* Keeps the signals that pool_run waits for until it does: called before anybody can know that
 * there is a pool. */
void pool_block_signals(void);

/* Runs until SIGTERM or SIGINT. SIGHUP reads the configuration at `path` (NULL as in config_load)
 * anew and replaces every worker. Gives the process's exit code; the configuration is freed by
 * then. */
int pool_run(struct config *config, const char *path, int listen_fd);

#endif
