/* A web server's bytes to a worker, by a connection to the socket it listens on: libfcgi, the
 * gateway and the service behind it. */
#include "http/gateway.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/world.h"

/* libfcgi forgets a few bytes for each management record whose kind it does not know. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfcgi.so";
}

static struct sockaddr_un address = {.sun_family = AF_UNIX};

/* On an address that Linux keeps without a file (unix(7), "abstract"). */
static int listen_somewhere(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "rollcall-fuzz-%d", (int)getpid());
    MUST_HOLD(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                  listen(fd, 1) == 0,
              "no socket");
    return fd;
}

/* The connection and all that is sent on it wait to be accepted; it ends there. */
static int send_all(const uint8_t *data, size_t size)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST_HOLD(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
              "no connection");
    (void)!send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    return fd;
}

static void answer(void *context, char *const *env, const struct body *body, struct buf *out)
{
    static const struct site site;
    struct world *world = context;
    buf_str(out, world_answer(world, &site, env, body->bytes));
    MUST_HOLD(body->whole || body->bytes.len == 0, "half a body");
}

/* Two lengths of a parameter that come to 2 GiB, the first byte of one being 0xC0 or more, end the
 * process within libfcgi 2.4.2-2+deb12u1, which is for who may connect to a worker alone to do. */
static bool is_beyond_libfcgi(const uint8_t *data, size_t size)
{
    while (size-- > 0)
        if (*data++ >= 0xC0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int listening = -1;
    struct world *world = world_get(2);
    if (listening < 0)
        listening = listen_somewhere();
    if (is_beyond_libfcgi(data, size))
        return 0;
    int fd = send_all(data, size);
    MUST_HOLD(gateway_serve(listening, &(struct gateway_bounds){.most = 1}, answer, world) ==
                  ERR_OK,
              "the socket fails");
    close(fd);
    world_restore(world);
    return 0;
}
