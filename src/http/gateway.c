#include "http/gateway.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The most of a request's body that is read at all. */
enum { READ_MAX = 16 * 1024 * 1024, CHUNK = 16 * 1024 };

/* What the signal handler touches. */
static volatile sig_atomic_t stopped;
static volatile sig_atomic_t listening = -1;
static volatile sig_atomic_t nowhere = -1;

/* libfcgi looks at its own flag only before accept, so that a signal in between would leave it
 * waiting; a descriptor that is no socket any more makes accept fail whenever it is called. Both
 * calls are safe here (signal-safety(7)). */
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

/* All of it is read: a web server that is still sending when its connection closes takes the answer
 * for lost. */
static struct body read_body(FCGX_Stream *in, struct buf *kept)
{
    char chunk[CHUNK];
    struct body body = {.whole = true};
    int got;
    buf_reset(kept);
    for (int all = 0; all < READ_MAX && (got = FCGX_GetStr(chunk, sizeof(chunk), in)) > 0;
         all += got)
        keep(kept, chunk, (size_t)got, &body);
    body.bytes = body.whole ? buf_view(kept) : STR_NONE;
    return body;
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
    struct body body = read_body(request->in, &buffers->in);
    struct buf *out = &buffers->out;
    buf_reset(out);
    answer(context, request->envp, &body, out);
    if (out->failed)
        log_error("gateway: out of memory for an answer");
    else
        FCGX_PutStr(out->ptr, (int)out->len, request->out);
    finish(request);
}

enum err gateway_serve(int listen_fd, uint64_t most, gateway_fn answer, void *context)
{
    FCGX_Request request;
    struct buffers buffers = {0};
    enum err err = ERR_OK;
    signal(SIGPIPE, SIG_IGN);
    nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nowhere < 0 || FCGX_Init() != 0 || FCGX_InitRequest(&request, listen_fd, 0) != 0) {
        log_error("gateway: %s", strerror(errno));
        return ERR_IO;
    }
    listening = listen_fd;
    for (uint64_t count = 0; !stopped && (most == 0 || count < most); count++) {
        int code = FCGX_Accept_r(&request);
        if (code < 0) {
            if (!stopped && code != -EINTR) {
                log_error("gateway: accept: %s", strerror(-code));
                err = ERR_IO;
                break;
            }
            continue;
        }
        answer_one(&request, answer, context, &buffers);
    }
    listening = -1;
    FCGX_Free(&request, 1);
    close(nowhere);
    buf_free(&buffers.in);
    buf_free(&buffers.out);
    return err;
}

static long long content_length(char *const *env)
{
    static const char name[] = "CONTENT_LENGTH=";
    for (; *env; env++)
        if (strncmp(*env, name, sizeof(name) - 1) == 0)
            return strtoll(*env + sizeof(name) - 1, NULL, 10);
    return 0;
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
    body.bytes = body.whole ? buf_view(kept) : STR_NONE;
    return body;
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

enum err gateway_cgi(char *const *env, gateway_fn answer, void *context)
{
    struct buf in = {0}, out = {0};
    signal(SIGPIPE, SIG_IGN);
    struct body body = read_stdin(env, &in);
    answer(context, env, &body, &out);
    enum err err = out.failed ? ERR_MEMORY : write_all(out.ptr, out.len);
    buf_free(&in);
    buf_free(&out);
    return err;
}
