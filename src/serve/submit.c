#include "serve/submit.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"
#include "serve/message.h"

void outcome_encode(enum err err, const struct outcome *outcome, uint8_t *bytes)
{
    bytes[0] = (uint8_t)err;
    bytes_put_u64(bytes + 1, outcome->at);
    bytes_put_u64(bytes + 9, outcome->matched);
    bytes_put_u64(bytes + 17, outcome->changed);
    bytes[25] = (uint8_t)outcome->rotation;
    memcpy(bytes + 26, outcome->salt, SALT_BYTES);
}

bool outcome_decode(const uint8_t *bytes, size_t len, enum err *err, struct outcome *outcome)
{
    if (len != OUTCOME_BYTES || bytes[0] >= ERR_COUNT || bytes[25] >= ROTATION_COUNT)
        return false;
    *err = bytes[0];
    *outcome = (struct outcome){.at = bytes_u64(bytes + 1),
                                .matched = bytes_u64(bytes + 9),
                                .changed = bytes_u64(bytes + 17),
                                .rotation = bytes[25]};
    memcpy(outcome->salt, bytes + 26, SALT_BYTES);
    return true;
}

/* ---- a writer that hangs ---- */

#define MS_NS     INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define STALL_NS  (SUBMIT_STALL_S * SECOND_NS)

bool submit_hangs(const struct submitter *submitter)
{
    const struct pressure *pressure = submitter->pressure;
    int64_t since = pressure ? atomic_load(&pressure->since_ns) : 0;
    return since && clock_monotonic_ns() - since > STALL_NS;
}

static void begin_waiting(struct pressure *pressure)
{
    int64_t none = 0;
    if (pressure)
        atomic_compare_exchange_strong(&pressure->since_ns, &none, clock_monotonic_ns());
}

void pressure_taken(struct pressure *pressure)
{
    if (pressure)
        atomic_store(&pressure->since_ns, 0);
}

/* A worker that was killed while it waited has left itself among them. */
void pressure_none(struct pressure *pressure)
{
    pressure_taken(pressure);
    if (pressure)
        atomic_store(&pressure->patient, 0);
}

/* Once a process, until it is over: each request that fails is logged anyway. */
static void complain(struct submitter *submitter, const char *text)
{
    if (!submitter->complained)
        log_error("writer: %s", text);
    submitter->complained = true;
}

/* ---- sending ---- */

/* The socket's own limit to a wait begins anew after each signal, and a request's timer
 * (base/deadline.h) sends one a second. */
static bool send_whole(int fd, const struct msghdr *message, int flags)
{
    int64_t until = clock_monotonic_ns() + STALL_NS;
    ssize_t sent;
    do
        sent = sendmsg(fd, message, MSG_NOSIGNAL | flags);
    while (sent < 0 && errno == EINTR && !deadline_passed() && clock_monotonic_ns() < until);
    return sent >= 0;
}

/* One message, and with it the descriptor the answer is to go to, unless that is -1: then it is not
 * worth a wait. */
static enum err send_message(struct submitter *submitter, struct str message, int answer_to)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec piece = {(void *)message.ptr, message.len};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (answer_to >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &answer_to, sizeof(int));
    }
    if (send_whole(submitter->fd, &header, answer_to < 0 ? MSG_DONTWAIT : 0))
        return ERR_OK;
    enum err err = errno == EMSGSIZE ? ERR_TOO_LARGE : ERR_BUSY;
    bool in_vain = errno == EAGAIN || errno == EINTR;
    complain(submitter, in_vain ? "takes nothing" : strerror(errno));
    return err;
}

/* Counted before it is sent, so that the writer is never seen to have taken more than that. The
 * wait for it to be taken begins before, too: where the writer takes up all there is meanwhile,
 * nothing is left of that. */
static enum err send_counted(struct submitter *submitter, int answer_to)
{
    struct metrics *metrics = submitter->metrics;
    begin_waiting(submitter->pressure);
    if (metrics)
        count_add(&metrics->batches_sent, 1);
    enum err err = send_message(submitter, buf_view(&submitter->message), answer_to);
    if (metrics && err != ERR_OK)
        count_add(&metrics->batches_taken, 1);
    return err;
}

/* Whether there is something to be read within so many seconds, and the request's own time. */
static bool wait_for(int fd, int seconds)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int64_t until = clock_monotonic_ns() + seconds * SECOND_NS, left = until;
    int ready = -1;
    errno = EINTR;
    while (ready < 0 && errno == EINTR && left > 0) {
        left = until - clock_monotonic_ns();
        ready = poll(&wait, 1, deadline_left_ms(left > 0 ? left / MS_NS + 1 : 0));
    }
    return ready > 0;
}

/* Some wait for longer, and no more than that. */
static bool wait_patiently(struct submitter *submitter, int fd)
{
    struct pressure *pressure = submitter->pressure;
    int waiting = pressure ? atomic_fetch_add(&pressure->patient, 1) : 0;
    bool ready = (!pressure || waiting < submitter->patient_most) &&
                 wait_for(fd, SUBMIT_WAIT_S - SUBMIT_STALL_S);
    if (pressure)
        atomic_fetch_sub(&pressure->patient, 1);
    return ready;
}

static enum err await(struct submitter *submitter, int fd, struct outcome *outcome)
{
    uint8_t bytes[OUTCOME_BYTES];
    enum err err = ERR_BUSY;
    bool ready = wait_for(fd, SUBMIT_STALL_S) || wait_patiently(submitter, fd);
    ssize_t got = ready ? recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) : -1;
    if (got <= 0 || !outcome_decode(bytes, (size_t)got, &err, outcome)) {
        complain(submitter, "no answer");
        return deadline_passed() ? ERR_LATE : ERR_BUSY;
    }
    submitter->complained = false;
    return err;
}

static enum err encode(struct submitter *submitter, const struct put *puts, size_t count,
                       int64_t now)
{
    struct batch batch = {.puts = puts, .count = count, .now = now};
    buf_reset(&submitter->message);
    return message_encode(&batch, &submitter->message);
}

static enum err send_and_await(struct submitter *submitter, struct outcome *outcome)
{
    int pair[2];
    if (submit_hangs(submitter)) {
        complain(submitter, "hangs");
        return ERR_BUSY;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return ERR_BUSY;
    enum err err = send_counted(submitter, pair[1]);
    /* The writer's is the only one left of that end: when it dies, the wait is over. */
    close(pair[1]);
    if (err == ERR_OK)
        err = await(submitter, pair[0], outcome);
    close(pair[0]);
    return err;
}

void submit_count(struct metrics *metrics, size_t batches, bool failed)
{
    if (!metrics)
        return;
    histogram_add(&metrics->batches, &batch_scale, batches);
    count_add(&metrics->transactions_failed, failed);
}

static enum err write_here(struct submitter *submitter, const struct put *puts, size_t count,
                           int64_t now, struct outcome *outcome)
{
    enum err err =
        submitter->store ? store_apply(submitter->store, puts, count, now, outcome) : ERR_BUSY;
    submit_count(submitter->metrics, 1, err_status(err) >= 500);
    return err;
}

enum err submit(struct submitter *submitter, const struct put *puts, size_t count, int64_t now,
                struct outcome *outcome)
{
    *outcome = (struct outcome){.at = 0};
    if (submitter->fd < 0)
        return write_here(submitter, puts, count, now, outcome);
    enum err err = encode(submitter, puts, count, now);
    return err == ERR_OK ? send_and_await(submitter, outcome) : err;
}

void submit_later(struct submitter *submitter, const struct put *puts, size_t count, int64_t now)
{
    struct outcome outcome;
    enum err err = ERR_OK;
    if (submitter->fd < 0)
        err = submit(submitter, puts, count, now, &outcome);
    else if (!submit_hangs(submitter) && (err = encode(submitter, puts, count, now)) == ERR_OK)
        err = send_counted(submitter, -1);
    if (err != ERR_OK && err != ERR_BUSY)
        log_warn("a write that nobody waits for was not done: %s", err_word(err));
}

void submit_end(struct submitter *submitter)
{
    buf_free(&submitter->message);
}
