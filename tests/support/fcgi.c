#include "support/fcgi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* FastCGI specification, 8: constants. */
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { HEADER_BYTES = 8, RECORD_MAX = 65535, PADDING_MAX = 255 };

/* ---- connecting ---- */

static int connect_address(const void *address, socklen_t len, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, address, len) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int connect_tcp(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    errno = EINVAL;
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return -1;
    return connect_address(&address, sizeof(address), AF_INET);
}

int fcgi_connect(const char *target)
{
    const char *colon = strrchr(target, ':');
    if (target[0] != '/' && colon) {
        char host[64];
        snprintf(host, sizeof(host), "%.*s", (int)(colon - target), target);
        return connect_tcp(host, colon + 1);
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", target);
    return connect_address(&address, sizeof(address), AF_UNIX);
}

/* ---- asking ---- */

static void put_header(struct buf *request, int type, size_t len)
{
    uint8_t header[HEADER_BYTES] = {1, (uint8_t)type, 0, 1, (uint8_t)(len >> 8), (uint8_t)len};
    buf_put(request, header, sizeof(header));
}

/* Bytes of a stream, in as many records as they take; none of an empty one, which would end it. */
static void put_stream(struct buf *request, int type, struct str bytes)
{
    while (bytes.len) {
        size_t len = bytes.len < RECORD_MAX ? bytes.len : RECORD_MAX;
        put_header(request, type, len);
        buf_put(request, bytes.ptr, len);
        bytes = str_from(bytes, len);
    }
}

static void put_length(struct buf *pair, size_t len)
{
    if (len >= 128) {
        buf_byte(pair, (char)(0x80 | len >> 24));
        buf_byte(pair, (char)(len >> 16));
        buf_byte(pair, (char)(len >> 8));
    }
    buf_byte(pair, (char)len);
}

static void put_param(struct buf *request, const char *param)
{
    struct buf pair = {0};
    struct str name, value;
    str_split(str_of(param), '=', &name, &value);
    put_length(&pair, name.len);
    put_length(&pair, value.len);
    buf_str(&pair, name);
    buf_str(&pair, value);
    put_stream(request, PARAMS, buf_view(&pair));
    buf_free(&pair);
}

void fcgi_put_begin(struct buf *request, char *const *params)
{
    static const uint8_t responder[8] = {0, 1}; /* not to be kept connected */
    put_header(request, BEGIN_REQUEST, sizeof(responder));
    buf_put(request, responder, sizeof(responder));
    for (; *params; params++)
        put_param(request, *params);
    put_header(request, PARAMS, 0);
}

void fcgi_put_body(struct buf *request, struct str body)
{
    put_stream(request, STDIN, body);
}

void fcgi_put_end(struct buf *request)
{
    put_header(request, STDIN, 0);
}

bool fcgi_send(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        bytes = str_from(bytes, (size_t)sent);
    }
    return true;
}

/* ---- being answered ---- */

/* Takes whole records off the front of what was read, and says how many bytes they were. */
static size_t take_records(const uint8_t *bytes, size_t len, struct buf *answer, bool *ended)
{
    size_t at = 0;
    while (!*ended && len - at >= HEADER_BYTES) {
        const uint8_t *header = bytes + at;
        size_t body = (size_t)header[4] << 8 | header[5], whole = HEADER_BYTES + body + header[6];
        if (len - at < whole)
            break;
        if (header[1] == STDOUT)
            buf_put(answer, header + HEADER_BYTES, body);
        *ended = header[1] == END_REQUEST;
        at += whole;
    }
    return at;
}

bool fcgi_receive(int fd, struct buf *answer)
{
    uint8_t bytes[HEADER_BYTES + RECORD_MAX + PADDING_MAX];
    size_t len = 0;
    bool ended = false;
    while (!ended) {
        errno = 0;
        ssize_t got = read(fd, bytes + len, sizeof(bytes) - len);
        if (got <= 0)
            return false;
        len += (size_t)got;
        size_t taken = take_records(bytes, len, answer, &ended);
        len -= taken;
        memmove(bytes, bytes + taken, len);
    }
    return true;
}

int fcgi_status(const struct buf *answer)
{
    static const struct str begin = STR("Status: ");
    enum { DIGITS = 3 };
    int64_t number;
    struct str after = str_from(buf_view(answer), begin.len);
    if (!str_starts(buf_view(answer), begin) || after.len < DIGITS)
        return 0;
    return str_to_i64((struct str){after.ptr, DIGITS}, &number) ? (int)number : 0;
}
