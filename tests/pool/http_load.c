/* Clients of a web server, each in a loop: begins a session by Rollcall's own API, and asks with
 * its token who that is, twice; one connection a request.
 *
 *   http-load PORT CLIENTS KEY
 *
 * Runs until SIGTERM or SIGINT. KEY is an app's admin key. Prints a line for each session it was
 * told of, "created USER", where no two have the same user; one for each request that was not
 * answered as it must be, "failed WHAT STATUS", where 0 is no answer; and in the end "requests N".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/fcgi.h"

enum { CLIENTS_MAX = 64, REQUEST_MAX = 1024, TOKEN_MAX = 256, WAIT_S = 60, READS = 2 };

struct caller {
    pthread_t thread;
    int number;
    char target[32];
    const char *key;
    struct buf answer;
};

static atomic_bool stopped;
static atomic_long requests;

/* Reads to the end of the connection. False when it broke off, with errno. */
static bool receive(int fd, struct buf *answer)
{
    char chunk[4096];
    ssize_t got;
    while ((got = recv(fd, chunk, sizeof(chunk), 0)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            buf_put(answer, chunk, (size_t)got);
    return got == 0;
}

/* The answer's status; 0 where none came whole. */
static int ask(struct caller *caller, const char *request)
{
    struct timeval wait = {.tv_sec = WAIT_S};
    int status = 0, fd = fcgi_connect(caller->target);
    buf_reset(&caller->answer);
    requests++;
    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (fcgi_send(fd, str_of(request)) && receive(fd, &caller->answer) && caller->answer.len) {
        buf_byte(&caller->answer, '\0');
        sscanf(caller->answer.ptr, "HTTP/%*s %d", &status);
    }
    close(fd);
    return status;
}

static void look_at(const struct caller *caller, const char *what, int status, int expected)
{
    if (status != expected)
        printf("failed %s %d: %s\n", what, status,
               status ? strrchr(caller->answer.ptr, '\n') + 1 : strerror(errno));
}

/* False where the answer shows no token. */
static bool find_token(const struct caller *caller, char *token)
{
    static const char name[] = "\"token\":\"";
    const char *at = strstr(caller->answer.ptr, name);
    return at && sscanf(at + sizeof(name) - 1, "%255[^\"]", token) == 1;
}

static bool create(struct caller *caller, long count, char *token)
{
    char request[REQUEST_MAX], body[64];
    int len = snprintf(body, sizeof(body), "{\"user\":\"usr-%d-%ld\"}", caller->number, count);
    snprintf(
        request, sizeof(request),
        "POST /rollcall/v1/sessions HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        caller->key, len, body);
    int status = ask(caller, request);
    look_at(caller, "create", status, 201);
    if (status != 201)
        return false;
    printf("created usr-%d-%ld\n", caller->number, count);
    return find_token(caller, token);
}

static void read_back(struct caller *caller, const char *token)
{
    char request[REQUEST_MAX];
    snprintf(request, sizeof(request),
             "GET /sessions/whoami HTTP/1.0\r\nHost: localhost\r\nX-Session-Token: %s\r\n\r\n",
             token);
    look_at(caller, "read", ask(caller, request), 200);
}

static void *call(void *context)
{
    struct caller *caller = context;
    char token[TOKEN_MAX];
    for (long count = 0; !stopped; count++)
        if (create(caller, count, token))
            for (int i = 0; i < READS && !stopped; i++)
                read_back(caller, token);
    buf_free(&caller->answer);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct caller callers[CLIENTS_MAX];
    sigset_t signals;
    int signal, begun = 0, count = argc == 4 ? atoi(argv[2]) : 0;
    if (count < 1 || count > CLIENTS_MAX) {
        fprintf(stderr, "usage: http-load PORT CLIENTS KEY\n");
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    for (; begun < count; begun++) {
        callers[begun] = (struct caller){.number = begun, .key = argv[3]};
        snprintf(callers[begun].target, sizeof(callers[begun].target), "127.0.0.1:%s", argv[1]);
        if (pthread_create(&callers[begun].thread, NULL, call, &callers[begun]) != 0)
            break;
    }
    sigwait(&signals, &signal);
    stopped = true;
    for (int i = 0; i < begun; i++)
        pthread_join(callers[i].thread, NULL);
    printf("requests %ld\n", (long)requests);
    return begun == count && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
