/* A worker: opens the store, for reading only, and answers. Everything that comes from outside is
 * read in one. */
#ifndef ROLLCALL_SERVE_WORKER_H
#define ROLLCALL_SERVE_WORKER_H

#include "serve/config.h"

/* Answers requests on the socket until SIGTERM or SIGINT, or as many as the configuration says.
 * Gives the process's exit code. */
int worker_serve(const struct config *config, int listen_fd);

/* Answers the one plain CGI request this process was started for. */
int worker_cgi(const struct config *config);

#endif
