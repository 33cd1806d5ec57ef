/* http/gateway, base/deadline: whatever the other side does, or leaves undone, the process that
 * answers is free again in time. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "http/gateway.h"
#include "support/fcgi.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(http_gateway);

/* A request may take a second, and a second more to be sent or to hang. What is over before MOST_S
 * was not waited for in vain, on a busy machine either. */
enum { SECONDS = 1, MOST_S = 20, LARGE = 8 * 1024 * 1024 };

/* ---- one process that answers ---- */

static bool has(char *const *env, const char *variable)
{
    for (; *env; env++)
        if (strcmp(*env, variable) == 0)
            return true;
    return false;
}

static void answer(void *context, char *const *env, const struct body *body, struct buf *out)
{
    (void)context;
    /* Volatile, or else a compiler may take it for granted that it ends. */
    volatile bool hangs = has(env, "REQUEST_URI=/hang");
    while (hangs)
        ;
    buf_printf(out, "Status: 200 OK\r\n\r\n%s %.*s",
               body->pushed ? "pushed"
               : body->cut  ? "cut"
                            : "whole",
               STR_ARG(body->bytes));
    for (int i = 0; i < LARGE && has(env, "REQUEST_URI=/large"); i++)
        buf_byte(out, 'a');
}

struct served {
    char *dir, path[128];
    pid_t pid;
};

static void on_stop(int signal_number)
{
    (void)signal_number;
    gateway_stop();
}

static void begin_with(struct served *served, int seconds)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    served->dir = scratch_dir();
    snprintf(served->path, sizeof(served->path), "%s/socket", served->dir);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", served->dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0);
    served->pid = fork();
    if (served->pid == 0) {
        deadline_grace_s = 1;
        signal(SIGTERM, on_stop);
        _exit(gateway_serve(fd, &(struct gateway_bounds){.seconds = seconds}, answer, NULL) !=
              ERR_OK);
    }
    close(fd);
}

static void begin(struct served *served)
{
    begin_with(served, SECONDS);
}

static void end(struct served *served)
{
    kill(served->pid, SIGKILL);
    waitpid(served->pid, NULL, 0);
    scratch_remove(served->dir);
}

/* ---- its clients ---- */

static int join(const struct served *served)
{
    struct timeval wait = {.tv_sec = MOST_S};
    int fd = fcgi_connect(served->path);
    cr_assert_geq(fd, 0, "connect: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return fd;
}

static void send_begin(int fd, char *const *params)
{
    struct buf request = {0};
    fcgi_put_begin(&request, params);
    cr_assert(fcgi_send(fd, buf_view(&request)));
    buf_free(&request);
}

static void send_body(int fd, const char *text)
{
    struct buf request = {0};
    fcgi_put_body(&request, str_of(text));
    cr_assert(fcgi_send(fd, buf_view(&request)));
    buf_free(&request);
}

static void expect_answer(int fd, const char *ending)
{
    struct buf got = {0};
    cr_expect(fcgi_receive(fd, &got), "no answer to its end: %s", strerror(errno));
    buf_byte(&got, '\0');
    cr_expect(strstr(got.ptr, ending), "not \"%s\": %.200s", ending, got.ptr);
    buf_free(&got);
    close(fd);
}

static void expect_closed(int fd)
{
    char byte;
    cr_expect_leq(read(fd, &byte, 1), 0, "it says something");
    cr_expect_neq(errno, EAGAIN, "it stays open");
    close(fd);
}

#define PARAMS(...) ((char *[]){"REQUEST_METHOD=POST", __VA_ARGS__, NULL})

/* Who asks as one should is answered. */
static void expect_service(const struct served *served)
{
    struct buf request = {0};
    int fd = join(served);
    fcgi_put_begin(&request, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=2"));
    fcgi_put_body(&request, STR("hi"));
    fcgi_put_end(&request);
    cr_assert(fcgi_send(fd, buf_view(&request)));
    buf_free(&request);
    expect_answer(fd, "whole hi");
}

Test(http_gateway, who_says_nothing_is_let_go)
{
    struct served served;
    begin(&served);
    int fd = join(&served);
    expect_service(&served);
    errno = 0;
    expect_closed(fd);
    end(&served);
}

/* Every byte comes in time, all together do not. */
Test(http_gateway, who_says_a_little_at_a_time_is_let_go)
{
    enum { PAUSE_MS = 50 };
    struct served served;
    struct buf request = {0};
    begin(&served);
    int fd = join(&served);
    fcgi_put_begin(&request, PARAMS("REQUEST_URI=/and/a/path/that/takes/its/time"));
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    size_t sent = 0;
    while (sent < request.len && send(fd, request.ptr + sent, 1, MSG_NOSIGNAL) == 1 &&
           poll(&wait, 1, PAUSE_MS) == 0)
        sent++;
    cr_expect_lt(sent, request.len, "all of it was taken");
    buf_free(&request);
    close(fd);
    expect_service(&served);
    end(&served);
}

Test(http_gateway, who_stops_before_the_body_is_let_go)
{
    struct served served;
    begin(&served);
    int half = join(&served), gone = join(&served);
    send_begin(half, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=2"));
    shutdown(half, SHUT_WR);
    expect_answer(half, "cut ");
    send_begin(gone, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=2"));
    close(gone);
    expect_service(&served);
    end(&served);
}

Test(http_gateway, half_a_body_is_none)
{
    struct served served;
    begin(&served);
    int half = join(&served), gone = join(&served), slow = join(&served), short_of = join(&served);
    send_begin(half, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
    send_body(half, "half");
    shutdown(half, SHUT_WR);
    expect_answer(half, "cut ");
    send_begin(gone, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
    send_body(gone, "half");
    close(gone);
    send_begin(slow, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
    send_body(slow, "half");
    expect_answer(slow, "cut ");
    /* Also where the web server says that there is no more, be it wrong about the length. */
    struct buf ending = {0};
    send_begin(short_of, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
    send_body(short_of, "half");
    fcgi_put_end(&ending);
    cr_assert(fcgi_send(short_of, buf_view(&ending)));
    buf_free(&ending);
    expect_answer(short_of, "cut ");
    expect_service(&served);
    end(&served);
}

/* However long they might take: while somebody waits they do not, and the more of them there are,
 * the sooner they are let go. */
Test(http_gateway, the_slow_give_way_to_who_waits)
{
    enum { SLOW = 20 };
    struct served served;
    int slow[SLOW], silent;
    begin_with(&served, 600);
    for (int i = 0; i < SLOW; i++) {
        slow[i] = join(&served);
        send_begin(slow[i], PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
        send_body(slow[i], "half");
    }
    int64_t begun = clock_monotonic_ns();
    expect_service(&served);
    cr_expect_lt(clock_monotonic_ns() - begun, MOST_S * INT64_C(1000000000));
    for (int i = 0; i < SLOW; i++)
        expect_answer(slow[i], "pushed ");
    silent = join(&served);
    expect_service(&served);
    errno = 0;
    expect_closed(silent);
    end(&served);
}

/* Nobody else being there, there is time; also where who answers was told to end. */
static void take_time(bool stop)
{
    struct served served;
    struct buf rest = {0};
    begin_with(&served, 600);
    expect_service(&served);
    int fd = join(&served);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    send_begin(fd, PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"));
    send_body(fd, "half");
    cr_expect_eq(poll(&wait, 1, 200), 0, "it is not waited for at all");
    if (stop)
        kill(served.pid, SIGTERM);
    cr_expect_eq(poll(&wait, 1, 2500), 0, "it is not waited for");
    fcgi_put_body(&rest, STR("half"));
    fcgi_put_end(&rest);
    cr_assert(fcgi_send(fd, buf_view(&rest)));
    buf_free(&rest);
    expect_answer(fd, "whole halfhalf");
    end(&served);
}

Test(http_gateway, the_slow_have_their_time_otherwise)
{
    take_time(false);
}

Test(http_gateway, the_slow_have_their_time_at_the_end)
{
    take_time(true);
}

Test(http_gateway, who_does_not_read_is_let_go)
{
    struct served served;
    struct buf rest = {0};
    begin(&served);
    int fd = join(&served);
    send_begin(fd, PARAMS("REQUEST_URI=/large"));
    fcgi_put_end(&rest);
    cr_assert(fcgi_send(fd, buf_view(&rest)));
    expect_service(&served);
    cr_expect_not(fcgi_receive(fd, &rest), "all of it came");
    buf_free(&rest);
    close(fd);
    end(&served);
}

Test(http_gateway, who_hangs_is_killed)
{
    struct served served;
    struct buf rest = {0};
    int status = 0;
    begin(&served);
    int fd = join(&served);
    send_begin(fd, PARAMS("REQUEST_URI=/hang"));
    fcgi_put_end(&rest);
    cr_assert(fcgi_send(fd, buf_view(&rest)));
    cr_expect_not(fcgi_receive(fd, &rest), "it is answered");
    cr_assert_eq(waitpid(served.pid, &status, 0), served.pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, "status %x", (unsigned)status);
    buf_free(&rest);
    close(fd);
    scratch_remove(served.dir);
}

/* ---- plain CGI ---- */

/* What one process says whose standard input stays open after `text`; nothing is read of it before
 * it has ended where `unread`. */
static void run_cgi(char *const *env, const char *text, bool unread, struct buf *out, int *status)
{
    char chunk[4096];
    int in[2], from[2];
    ssize_t got;
    cr_assert(pipe(in) == 0 && pipe(from) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        deadline_grace_s = 1;
        dup2(in[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(from[0]);
        _exit(gateway_cgi(env, SECONDS, answer, NULL) != ERR_OK);
    }
    close(from[1]);
    cr_assert_eq(write(in[1], text, strlen(text)), (ssize_t)strlen(text));
    if (unread)
        cr_assert_eq(waitpid(pid, status, 0), pid);
    while ((got = read(from[0], chunk, sizeof(chunk))) > 0)
        buf_put(out, chunk, (size_t)got);
    if (!unread)
        cr_assert_eq(waitpid(pid, status, 0), pid);
    buf_byte(out, '\0');
    close(from[0]);
    close(in[0]);
    close(in[1]);
}

Test(http_gateway, cgi_ends_though_its_input_does_not)
{
    struct buf out = {0};
    int status = -1;
    run_cgi(PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=8"), "half", false, &out, &status);
    cr_expect(strstr(out.ptr, "cut "), "%s", out.ptr);
    cr_expect_eq(status, 0);
    buf_reset(&out);
    run_cgi(PARAMS("REQUEST_URI=/", "CONTENT_LENGTH=4"), "half", false, &out, &status);
    cr_expect(strstr(out.ptr, "whole half"), "%s", out.ptr);
    cr_expect_eq(status, 0);
    buf_free(&out);
}

Test(http_gateway, cgi_ends_though_nobody_reads)
{
    struct buf out = {0};
    int status = -1;
    run_cgi(PARAMS("REQUEST_URI=/large"), "", true, &out, &status);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %x", (unsigned)status);
    cr_expect_lt(out.len, (size_t)LARGE);
    buf_free(&out);
}

/* ---- the time itself ---- */

Test(http_gateway, a_deadline_is_over_when_it_is_said_so)
{
    static const struct deadline_ends none = {-1, -1, -1, -1};
    cr_expect_eq(deadline_left_ms(5), 5, "without one there is any time");
    deadline_begin(0, &none);
    cr_expect_eq(deadline_left_ms(5), 5);
    deadline_over();
    deadline_begin(60, &none);
    cr_expect_not(deadline_passed());
    cr_expect_eq(deadline_left_ms(5), 5);
    int left = deadline_left_ms(100000);
    cr_expect(left > 30000 && left <= 60001, "%d", left);
    deadline_over();
    cr_expect_eq(deadline_left_ms(100000), 100000);
    for (int i = 0; i < 2; i++) {
        deadline_begin(1, &none);
        while (!deadline_passed())
            pause();
        cr_expect_leq(deadline_left_ms(5), 5);
        deadline_over();
        cr_expect_not(deadline_passed(), "the next one begins anew");
    }
}

Test(http_gateway, a_deadline_holds_where_its_signal_was_blocked)
{
    static const struct deadline_ends none = {-1, -1, -1, -1};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGALRM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    deadline_begin(1, &none);
    for (int tenths = 0; tenths < 100 && !deadline_passed(); tenths++)
        poll(NULL, 0, 100);
    cr_expect(deadline_passed());
    deadline_over();
}
