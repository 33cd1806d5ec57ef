/* serve/submit: a writer that hangs keeps nobody for long. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "serve/submit.h"
#include "support/suite.h"

SUITE(serve_submit);

#define SECOND_NS INT64_C(1000000000)

static struct pressure pressure;
static struct submitter submitter;
static int writer; /* the end that a writer would read from */

static const struct put touch = {.kind = PUT_TOUCH, .touch = {.app = 1}};

static void begin(int patient_most)
{
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    writer = pair[1];
    pressure_none(&pressure);
    submitter =
        (struct submitter){.fd = pair[0], .pressure = &pressure, .patient_most = patient_most};
}

static void end(void)
{
    close(submitter.fd);
    close(writer);
    submit_end(&submitter);
}

/* How long it took, in nanoseconds; a writer that says nothing is no good. */
static int64_t submit_in_vain(enum err expected)
{
    struct outcome outcome;
    int64_t begun = clock_monotonic_ns();
    enum err err = submit(&submitter, &touch, 1, 0, &outcome);
    cr_expect_eq(err, expected, "%s", err_word(err));
    return clock_monotonic_ns() - begun;
}

Test(serve_submit, who_comes_to_a_writer_that_hangs_is_told_at_once)
{
    begin(1);
    cr_expect_not(submit_hangs(&submitter), "nobody waits");
    atomic_store(&pressure.since_ns, clock_monotonic_ns());
    cr_expect_not(submit_hangs(&submitter), "not for long");
    atomic_store(&pressure.since_ns, clock_monotonic_ns() - 3 * SECOND_NS);
    cr_expect(submit_hangs(&submitter));
    cr_expect_lt(submit_in_vain(ERR_BUSY), SECOND_NS);
    submit_later(&submitter, &touch, 1, 0);
    char byte;
    cr_expect_lt(recv(writer, &byte, 1, MSG_DONTWAIT), 0, "something was sent");
    pressure_taken(&pressure);
    cr_expect_not(submit_hangs(&submitter), "it has come to itself");
    end();
}

Test(serve_submit, only_some_wait_for_long)
{
    begin(1);
    atomic_store(&pressure.patient, 1); /* somebody else does */
    int64_t took = submit_in_vain(ERR_BUSY);
    cr_expect(took > SECOND_NS && took < SUBMIT_WAIT_S * SECOND_NS, "%lld", (long long)took);
    cr_expect_eq(atomic_load(&pressure.patient), 1, "who gives up is not among them");
    cr_expect(submit_hangs(&submitter), "who waited leaves that behind");
    end();
}

Test(serve_submit, nobody_waits_for_longer_than_the_request_may_take)
{
    static const struct deadline_ends none = {-1, -1, -1, -1};
    begin(1);
    deadline_begin(1, &none);
    cr_expect_lt(submit_in_vain(ERR_LATE), SUBMIT_STALL_S * SECOND_NS);
    deadline_over();
    end();
}

Test(serve_submit, what_nobody_waits_for_is_dropped_where_there_is_no_room)
{
    begin(1);
    int64_t begun = clock_monotonic_ns();
    for (int i = 0; i < 10000; i++)
        submit_later(&submitter, &touch, 1, 0);
    cr_expect_lt(clock_monotonic_ns() - begun, SUBMIT_STALL_S * SECOND_NS);
    cr_expect_not(submit_hangs(&submitter), "not for long");
    cr_expect_neq(atomic_load(&pressure.since_ns), 0, "it has not been taken");
    end();
}

Test(serve_submit, a_requests_timer_does_not_make_the_wait_for_room_longer)
{
    static const struct deadline_ends none = {-1, -1, -1, -1};
    struct timeval wait = {.tv_sec = SUBMIT_STALL_S};
    begin(1);
    cr_assert_eq(setsockopt(submitter.fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
    for (int i = 0; i < 10000; i++)
        submit_later(&submitter, &touch, 1, 0);
    pressure_none(&pressure);
    deadline_begin(8, &none);
    int64_t took = submit_in_vain(ERR_BUSY);
    cr_expect(took > SECOND_NS && took < 4 * SECOND_NS, "%lld", (long long)took);
    deadline_over();
    end();
}

/* Answers one message, as the writer does. */
static void answer_one(void)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char message[1024];
    uint8_t bytes[OUTCOME_BYTES];
    struct iovec piece = {message, sizeof(message)};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    struct outcome outcome = {.matched = 7};
    int fd = -1;
    if (recvmsg(writer, &header, 0) > 0 && CMSG_FIRSTHDR(&header))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fd));
    outcome_encode(ERR_OK, &outcome, bytes);
    if (send(fd, bytes, sizeof(bytes), 0) != sizeof(bytes))
        abort();
}

Test(serve_submit, a_writer_that_works_answers)
{
    struct outcome outcome;
    int status;
    begin(0);
    pid_t pid = fork();
    if (pid == 0) {
        answer_one();
        _exit(0);
    }
    cr_expect_eq(submit(&submitter, &touch, 1, 0, &outcome), ERR_OK);
    cr_expect_eq(outcome.matched, 7);
    cr_expect(waitpid(pid, &status, 0) == pid && status == 0);
    end();
}
