/* The yardstick: a responder that reads no store and looks at no request, behind the same gateway
 * and with as many workers, and answers a body of the size it is told.
 *
 *   bench-null SOCKET WORKERS BYTES */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/gateway.h"
#include "http/reply.h"
#include "serve/listen.h"

enum { SOCKET_MODE = 0666, WORKERS_MOST = 64 };

struct null {
    struct buf body;
};

static void answer(void *context, char *const *env, const struct body *body, struct buf *out)
{
    struct null *null = context;
    struct reply reply = {.status = 200, .body = &null->body};
    (void)env, (void)body;
    reply_header(&reply, "Content-Type", STR("application/json"));
    reply_header(&reply, "Cache-Control", STR("no-store"));
    reply_write(&reply, false, out);
}

static void on_stop(int signal)
{
    (void)signal;
    gateway_stop();
}

static int work(int fd, size_t size)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct null null = {0};
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGTERM, &stop, NULL);
    for (size_t i = 0; i < size; i++)
        buf_byte(&null.body, 'x');
    enum err err = gateway_serve(fd, 0, answer, &null);
    buf_free(&null.body);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct listener listener;
    char address[256];
    if (argc != 4) {
        fprintf(stderr, "usage: bench-null SOCKET WORKERS BYTES\n");
        return 2;
    }
    long workers = strtol(argv[2], NULL, 10);
    snprintf(address, sizeof(address), "unix:%s", argv[1]);
    if (workers < 1 || workers > WORKERS_MOST ||
        listen_open(address, SOCKET_MODE, &listener) != ERR_OK)
        return EXIT_FAILURE;
    for (long i = 0; i < workers; i++)
        if (fork() == 0)
            exit(work(listener.fd, strtoull(argv[3], NULL, 10)));
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}
