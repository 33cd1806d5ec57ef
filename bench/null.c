/* The yardstick: a responder that reads no store and looks at no request, behind the same gateway,
 * and answers a body of as many bytes as its name ends in. It takes rollcalld's place wherever that
 * is started: what `listen` and `workers` say in the configuration holds.
 *
 *   null-BYTES [--config FILE] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "http/gateway.h"
#include "http/reply.h"
#include "serve/config.h"
#include "serve/listen.h"

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

static struct null make(size_t size)
{
    struct null null = {0};
    for (size_t i = 0; i < size; i++)
        buf_byte(&null.body, 'x');
    return null;
}

static int answer_once(size_t size)
{
    struct null null = make(size);
    return gateway_cgi(environ, 0, answer, &null) == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int work(int fd, size_t size)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct null null = make(size);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGTERM, &stop, NULL);
    enum err err = gateway_serve(fd, &(struct gateway_bounds){.most = 0}, answer, &null);
    buf_free(&null.body);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* As long as the last of the workers. */
static int work_all(int fd, long workers, size_t size)
{
    if (workers == 0)
        return work(fd, size);
    for (long i = 0; i < workers; i++)
        if (fork() == 0)
            exit(work(fd, size));
    log_info("null: started");
    while (wait(NULL) > 0)
        ;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct listener listener;
    struct config config;
    const char *bytes = strrchr(argv[0], '-');
    size_t size = bytes ? strtoull(bytes + 1, NULL, 10) : 0;
    if (size == 0 || config_load(argc == 3 ? argv[2] : NULL, &config) != ERR_OK) {
        fprintf(stderr, "usage: null-BYTES [--config FILE]\n");
        return 2;
    }
    if (getenv("REQUEST_METHOD") && !listen_is_socket(STDIN_FILENO))
        return answer_once(size);
    if (!listen_inherit(&listener) &&
        listen_open(config.listen, config.socket_mode, &listener) != ERR_OK)
        return EXIT_FAILURE;
    return work_all(listener.fd, config.workers, size);
}
