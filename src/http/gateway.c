#include "http/gateway.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/log.h"

/* The most of a request's body that is read at all. */
enum { READ_MAX = 16 * 1024 * 1024, CHUNK = 16 * 1024 };

/* What the signal handler touches. */
static volatile sig_atomic_t stopped;
static volatile sig_atomic_t listening = -1;
static volatile sig_atomic_t nowhere = -1;

/* A signal between the look at the flag and accept(2) would leave it waiting; a descriptor that is
 * no socket any more makes it fail whenever it is called, or called again by the system. Both calls
 * are safe here (signal-safety(7)). */
void gateway_stop(void)
{
    int saved = errno;
    stopped = 1;
    if (listening >= 0 && nowhere >= 0)
        dup2(nowhere, listening);
    errno = saved;
}

/* Keeps what was read as long as the whole may be kept. */
static void keep(struct buf *kept, const char *chunk, size_t len, struct body *body)
{
    body->whole = body->whole && len <= BODY_MAX_BYTES - kept->len;
    if (body->whole)
        buf_put(kept, chunk, len);
    body->whole = body->whole && !kept->failed;
}

static struct body end_body(struct body body, const struct buf *kept)
{
    body.pushed = deadline_all_is_in() && body.cut;
    body.bytes = body.whole && !body.cut ? buf_view(kept) : STR_NONE;
    return body;
}

static long long content_length(char *const *env)
{
    static const char name[] = "CONTENT_LENGTH=";
    for (; *env; env++)
        if (strncmp(*env, name, sizeof(name) - 1) == 0)
            return strtoll(*env + sizeof(name) - 1, NULL, 10);
    return 0;
}

/* All of it is read: a web server that is still sending when its connection closes takes the answer
 * for lost. */
static struct body read_body(const FCGX_Request *request, struct buf *kept)
{
    char chunk[CHUNK];
    struct body body = {.whole = true};
    int got = 0, all = 0;
    buf_reset(kept);
    for (; all < READ_MAX && (got = FCGX_GetStr(chunk, sizeof(chunk), request->in)) > 0; all += got)
        keep(kept, chunk, (size_t)got, &body);
    body.cut =
        all < READ_MAX && (FCGX_GetError(request->in) != 0 || all < content_length(request->envp));
    return end_body(body, kept);
}

/* The connection is closed after its answer, or else it would pin this process to one client;
 * detached, it is closed at once, without libfcgi's wait of up to two seconds for the other side.
 */
static void finish(FCGX_Request *request)
{
    request->keepConnection = 0;
    FCGX_Detach(request);
    FCGX_Finish_r(request);
}

/* Kept from one request to the next. */
struct buffers {
    struct buf in, out;
};

static void answer_one(FCGX_Request *request, gateway_fn answer, void *context,
                       struct buffers *buffers)
{
    struct body body = read_body(request, &buffers->in);
    struct buf *out = &buffers->out;
    buf_reset(out);
    answer(context, request->envp, &body, out);
    if (out->failed)
        log_error("gateway: out of memory for an answer");
    else
        FCGX_PutStr(out->ptr, (int)out->len, request->out);
    finish(request);
}

/* The next connection; -1, and errno says why. */
static int accept_one(void)
{
    static const int yes = 1;
    int fd;
    do
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    while (fd < 0 && !stopped && (errno == EINTR || errno == ECONNABORTED));
    if (fd >= 0) /* fails on a unix socket, which knows no such delay */
        (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

/* Reads the next request from the connection. libfcgi would accept it as well, but drops one whose
 * first bytes it cannot wait for, as when a signal comes: a connection that is "kept" is read from
 * without that. When it ends before a request has begun, libfcgi goes on to accept from its own
 * listening socket, which is none. */
static bool begin(FCGX_Request *request, int fd)
{
    request->ipcFd = fd;
    request->keepConnection = 1;
    return FCGX_Accept_r(request) >= 0;
}

static void take_one(FCGX_Request *request, int fd, gateway_fn answer, void *context,
                     struct buffers *buffers)
{
    if (begin(request, fd))
        answer_one(request, answer, context, buffers);
}

static enum err serve(FCGX_Request *request, const struct gateway_bounds *bounds, gateway_fn answer,
                      void *context)
{
    struct buffers buffers = {0};
    enum err err = ERR_OK;
    for (uint64_t count = 0;
         err == ERR_OK && !stopped && (bounds->most == 0 || count < bounds->most); count++) {
        int fd = accept_one();
        if (fd < 0 && !stopped) {
            log_error("gateway: accept: %s", strerror(errno));
            err = ERR_IO;
        } else if (fd >= 0) {
            deadline_begin(bounds->seconds, &(struct deadline_ends){fd, fd, -1, listening});
            take_one(request, fd, answer, context, &buffers);
            deadline_over();
        }
    }
    buf_free(&buffers.in);
    buf_free(&buffers.out);
    return err;
}

enum err gateway_serve(int listen_fd, const struct gateway_bounds *bounds, gateway_fn answer,
                       void *context)
{
    FCGX_Request request;
    signal(SIGPIPE, SIG_IGN);
    nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nowhere < 0 || FCGX_Init() != 0 || FCGX_InitRequest(&request, nowhere, 0) != 0) {
        log_error("gateway: %s", strerror(errno));
        return ERR_IO;
    }
    listening = listen_fd;
    enum err err = serve(&request, bounds, answer, context);
    listening = -1;
    FCGX_Free(&request, 1);
    close(nowhere);
    return err;
}

static struct body read_stdin(char *const *env, struct buf *kept)
{
    char chunk[CHUNK];
    struct body body = {.whole = true};
    long long left = content_length(env);
    if (left > READ_MAX)
        left = READ_MAX;
    while (left > 0) {
        size_t want = left < CHUNK ? (size_t)left : CHUNK;
        ssize_t got = read(STDIN_FILENO, chunk, want);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        if (got > 0)
            keep(kept, chunk, (size_t)got, &body);
        left -= got > 0 ? got : 0;
    }
    body.cut = left > 0;
    return end_body(body, kept);
}

static enum err write_all(const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(STDOUT_FILENO, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return ERR_IO;
        bytes += put;
        len -= (size_t)put;
    }
    return ERR_OK;
}

enum err gateway_cgi(char *const *env, int seconds, gateway_fn answer, void *context)
{
    struct buf in = {0}, out = {0};
    signal(SIGPIPE, SIG_IGN);
    nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nowhere < 0) {
        log_error("gateway: %s", strerror(errno));
        return ERR_IO;
    }
    deadline_begin(seconds, &(struct deadline_ends){STDIN_FILENO, STDOUT_FILENO, nowhere, -1});
    struct body body = read_stdin(env, &in);
    answer(context, env, &body, &out);
    enum err err = out.failed ? ERR_MEMORY : write_all(out.ptr, out.len);
    deadline_over();
    close(nowhere);
    buf_free(&in);
    buf_free(&out);
    return err;
}
