/* A worker: opens the store, for reading only where there is a writer, and answers. Everything that
 * comes from outside is read in one. */
#ifndef ROLLCALL_SERVE_WORKER_H
#define ROLLCALL_SERVE_WORKER_H

#include "serve/config.h"
#include "serve/submit.h"

/* Answers requests on the socket, with what is to be written sent to the writer (where there is
 * none, written here), until SIGTERM or SIGINT, or as many as the configuration says; SIGUSR1 opens
 * the log anew. What it does is counted in `metrics`. The master (0: there is none) is told once it
 * can. Gives the process's exit code. */
int worker_serve(const struct config *config, struct metrics *metrics, int listen_fd,
                 const struct writer_link *to_writer, pid_t master);

/* Answers the one plain CGI request this process was started for. */
int worker_cgi(const struct config *config, struct metrics *metrics);

#endif
