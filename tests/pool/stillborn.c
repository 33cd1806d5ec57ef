/* rollcalld, but for its workers: they end as soon as they are started. In place of worker.c. */
#include "serve/worker.h"

#include <stdlib.h>

int worker_serve(const struct config *config, struct metrics *metrics, int listen_fd,
                 const struct writer_link *to_writer, pid_t master)
{
    (void)config, (void)metrics, (void)listen_fd, (void)to_writer, (void)master;
    return EXIT_FAILURE;
}

int worker_cgi(const struct config *config, struct metrics *metrics)
{
    (void)config, (void)metrics;
    return EXIT_FAILURE;
}
