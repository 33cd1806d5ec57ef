/* A FastCGI client for tests: sends requests straight to a responder, slowly where it is told to.
 *
 *   fcgi-client [--count N | --wait | --body TEXT] SOCKET NAME=VALUE...
 *
 * SOCKET is a path or HOST:PORT. Prints the answer; with --count the number of answers that have a
 * status line, one request after another. With --wait it says "begun" once the request is sent but
 * for its end, and goes on when a line comes on standard input. Exit code 1 when an answer does not
 * come. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* FastCGI specification, 8: constants. */
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { HEADER_BYTES = 8, BODY_MAX = 65535 };

static void die(const char *what)
{
    fprintf(stderr, "fcgi-client: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int connect_tcp(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die(host);
    return fd;
}

static int connect_to(char *target)
{
    char *colon = strrchr(target, ':');
    if (target[0] != '/' && colon) {
        char host[64];
        snprintf(host, sizeof(host), "%.*s", (int)(colon - target), target);
        return connect_tcp(host, colon + 1);
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", target);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        die(target);
    return fd;
}

static void send_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            die("send");
        at += sent;
        len -= (size_t)sent;
    }
}

static void send_record(int fd, int type, const void *body, size_t len)
{
    uint8_t header[HEADER_BYTES] = {1, (uint8_t)type, 0, 1, (uint8_t)(len >> 8), (uint8_t)len};
    send_all(fd, header, sizeof(header));
    send_all(fd, body, len);
}

static size_t put_length(uint8_t *at, size_t len)
{
    if (len < 128) {
        at[0] = (uint8_t)len;
        return 1;
    }
    at[0] = (uint8_t)(0x80 | len >> 24);
    at[1] = (uint8_t)(len >> 16);
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
    return 4;
}

static void send_param(int fd, const char *pair)
{
    static uint8_t body[BODY_MAX];
    const char *value = strchr(pair, '=');
    size_t name_len = (size_t)(value - pair), value_len = strlen(++value), len = 0;
    len += put_length(body + len, name_len);
    len += put_length(body + len, value_len);
    memcpy(body + len, pair, name_len);
    memcpy(body + len + name_len, value, value_len);
    send_record(fd, PARAMS, body, len + name_len + value_len);
}

static bool read_all(int fd, void *bytes, size_t len)
{
    char *at = bytes;
    while (len) {
        ssize_t got = read(fd, at, len);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

/* True when the answer came to its end and began with a status. */
static bool read_answer(int fd, bool print)
{
    static uint8_t body[BODY_MAX + 256];
    uint8_t header[HEADER_BYTES];
    bool has_status = false, first = true;
    while (read_all(fd, header, sizeof(header))) {
        size_t len = (size_t)header[4] << 8 | header[5];
        if (!read_all(fd, body, len + header[6]))
            return false;
        if (header[1] == END_REQUEST)
            return has_status;
        if (header[1] != STDOUT || len == 0)
            continue;
        has_status |= first && len > 8 && memcmp(body, "Status: ", 8) == 0;
        first = false;
        if (print)
            fwrite(body, 1, len, stdout);
    }
    return false;
}

static void send_request(int fd, char **params)
{
    static const uint8_t begin[8] = {0, 1}; /* a responder, not to be kept connected */
    send_record(fd, BEGIN_REQUEST, begin, sizeof(begin));
    for (; *params; params++)
        send_param(fd, *params);
    send_record(fd, PARAMS, "", 0);
}

static bool ask(char *target, char **params, const char *text, bool wait, bool print)
{
    char line[16];
    int fd = connect_to(target);
    send_request(fd, params);
    if (wait) {
        puts("begun");
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
            return false;
    }
    if (*text)
        send_record(fd, STDIN, text, strlen(text));
    send_record(fd, STDIN, "", 0);
    bool answered = read_answer(fd, print);
    close(fd);
    return answered;
}

int main(int argc, char **argv)
{
    long count = 0;
    bool wait = false;
    const char *text = "";
    int at = 1;
    if (argc > 2 && strcmp(argv[at], "--count") == 0) {
        count = strtol(argv[at + 1], NULL, 10);
        at += 2;
    } else if (argc > 1 && strcmp(argv[at], "--wait") == 0) {
        wait = true;
        at++;
    } else if (argc > 2 && strcmp(argv[at], "--body") == 0) {
        text = argv[at + 1];
        at += 2;
    }
    if (at >= argc) {
        fprintf(stderr,
                "usage: fcgi-client [--count N | --wait | --body TEXT] SOCKET NAME=VALUE...\n");
        return 2;
    }
    if (count == 0)
        return ask(argv[at], argv + at + 1, text, wait, true) ? EXIT_SUCCESS : EXIT_FAILURE;
    long answered = 0;
    for (long i = 0; i < count; i++)
        answered += ask(argv[at], argv + at + 1, text, false, false);
    printf("%ld\n", answered);
    return answered == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
