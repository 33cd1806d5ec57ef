/* The writer: the one process of a pool that may write. It takes batches from the workers, does all
 * that wait in one transaction, and answers each once it is on disk; in between it purges what is
 * past retention. It reads no byte from outside. */
#ifndef ROLLCALL_SERVE_WRITER_H
#define ROLLCALL_SERVE_WRITER_H

#include "serve/config.h"
#include "serve/submit.h"

/* The exit code of one that met with a page that is not there, or that cannot be true: what that is
 * not needed for is the next one's. */
enum { WRITER_LED_OUT = 3 };

/* Serves the socket until SIGTERM, when what was taken up by then is finished, or until nobody has
 * the socket's other end and all that was sent is done. SIGUSR1 opens the log anew. What it does is
 * counted in `metrics`. The master is told once it can. Gives the process's exit code. */
int writer_serve(const struct config *config, struct metrics *metrics,
                 const struct writer_link *from_workers, pid_t master);

#endif
