/* A FastCGI client for tests: sends requests straight to a responder, slowly where it is told to.
 *
 *   fcgi-client [--count N | --wait | --body TEXT] SOCKET NAME=VALUE...
 *
 * SOCKET is a path or HOST:PORT. Prints the answer; with --count the number of answers that have a
 * status line, one request after another. With --wait it says "begun" once the request is sent but
 * for its end, and goes on when a line comes on standard input. Exit code 1 when an answer does not
 * come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/fcgi.h"

static void die(const char *what)
{
    fprintf(stderr, "fcgi-client: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Sends what there is, and forgets it. */
static void send_request(int fd, struct buf *request)
{
    if (request->failed || !fcgi_send(fd, buf_view(request)))
        die("send");
    buf_reset(request);
}

static bool wait_for_line(void)
{
    char line[16];
    puts("begun");
    fflush(stdout);
    return fgets(line, sizeof(line), stdin);
}

static bool ask(const char *target, char **params, const char *text, bool wait, bool print)
{
    struct buf request = {0}, answer = {0};
    int fd = fcgi_connect(target);
    if (fd < 0)
        die(target);
    fcgi_put_begin(&request, params);
    send_request(fd, &request);
    if (wait && !wait_for_line())
        return false;
    fcgi_put_body(&request, str_of(text));
    fcgi_put_end(&request);
    send_request(fd, &request);
    bool answered = fcgi_receive(fd, &answer) && fcgi_status(&answer) != 0;
    if (print && answer.len)
        fwrite(answer.ptr, 1, answer.len, stdout);
    close(fd);
    buf_free(&request);
    buf_free(&answer);
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
