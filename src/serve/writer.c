#include "serve/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/secret.h"
#include "serve/message.h"
#include "serve/pool.h"
#include "serve/submit.h"
#include "serve/way_out.h"
#include "store/store.h"

#define SECOND_NS      INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)

/* How many batches share a transaction at most, and the memory they may take. */
enum { LETTERS_MAX = 256, MEMORY_MAX = LETTERS_MAX * (MESSAGE_MAX + 64 * 1024) };

/* A step of purging looks at so many sessions, so often. Where many of them had to go, the next one
 * comes soon: sessions may begin faster than one step after another, and have to go as fast. So it
 * does where more have come to their deadline than a step takes note of: each list has to look at
 * the others. */
enum { PURGE_STEP = 2000, PURGE_MANY = PURGE_STEP / 8, PAUSE_MS = 5000, PAUSE_SHORT_MS = 100 };

/* What met with damage is left alone for so long, and twice as long after each time. */
#define PUT_OFF_LEAST (10 * SECOND_NS)
#define PUT_OFF_MOST  (3600 * SECOND_NS)

static const char *const chore_names[CHORE_COUNT] = {"purge", "sweep", "catch up", "deadlines"};

struct writer {
    const struct config *config;
    struct metrics *metrics;
    int fd;
    struct pressure *pressure, unshared; /* the latter where there is none to share */
    struct store *store;
    pid_t master;
    bool complained, confined, settled;
    bool led_out; /* of a call: this process may hold the lock of those who write, and ends */
    struct arena *arena;
    char *message; /* MESSAGE_MAX bytes: the one being received */
    struct batch batches[LETTERS_MAX];
    int answer_to[LETTERS_MAX]; /* -1: nobody waits */
    size_t count;
    struct purge_place purge;
    uint64_t removed; /* sessions, by the last step */
    bool more_due;    /* deadlines, than it took note of */
    uint64_t damaged; /* sessions that the last round of purging met */
    struct purge_pace pace;
    int64_t looked_ns, pause_ns; /* the last step, and how long until the next */
    int64_t off_until_ns[CHORE_COUNT];
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void on_rotation(int signal)
{
    (void)signal;
    log_reopen();
}

/* Signals are let in while waiting alone, so that none can come between a look and the wait. */
static void handle_signals(sigset_t *while_waiting)
{
    struct sigaction stop = {.sa_handler = on_stop}, rotation = {.sa_handler = on_rotation};
    sigset_t blocked;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGUSR1, &rotation, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigemptyset(while_waiting);
}

/* ---- what meets with damage ---- */

/* Workers can write there. */
static int64_t put_off_of(const struct writer *writer, enum chore chore)
{
    int64_t shared = atomic_load(&writer->pressure->put_off_ns[chore]);
    return shared < 0 ? 0 : shared > PUT_OFF_MOST ? PUT_OFF_MOST : shared;
}

static bool is_off(const struct writer *writer, enum chore chore)
{
    return clock_monotonic_ns() < writer->off_until_ns[chore];
}

/* The writer before this one may have ended of it, or of a request time and again: then none would
 * live for long enough to look. */
static void heed_others(struct writer *writer)
{
    int64_t now_ns = clock_monotonic_ns(), looked_ns = atomic_load(&writer->pressure->looked_ns);
    for (int i = 0; i < CHORE_COUNT; i++)
        writer->off_until_ns[i] = now_ns + put_off_of(writer, (enum chore)i);
    writer->looked_ns = looked_ns > 0 && looked_ns < now_ns ? looked_ns : now_ns;
    atomic_store(&writer->pressure->looked_ns, writer->looked_ns);
}

static void put_off(struct writer *writer, enum chore chore)
{
    int64_t before = put_off_of(writer, chore), longer = before ? 2 * before : PUT_OFF_LEAST;
    if (!before)
        log_error("writer: %s: the store is damaged, was cut short, or the disk cannot be read: "
                  "put off, for longer each time",
                  chore_names[chore]);
    if (longer > PUT_OFF_MOST)
        longer = PUT_OFF_MOST;
    atomic_store(&writer->pressure->put_off_ns[chore], longer);
    writer->off_until_ns[chore] = clock_monotonic_ns() + longer;
}

static void found_sound(struct writer *writer, enum chore chore)
{
    atomic_store(&writer->pressure->put_off_ns[chore], 0);
    writer->off_until_ns[chore] = 0;
}

/* ERR_CORRUPT also of a task that was left: what it had open, be it a write, only the process's end
 * ends, and what nobody has taken up yet is for the next writer. */
static enum err attempt(struct writer *writer, enum chore chore, enum err (*task)(struct writer *))
{
    if (sigsetjmp(way_out, 0)) {
        (void)store_abandon(writer->store);
        writer->store = NULL;
        writer->led_out = true;
        stopped = 1;
        put_off(writer, chore);
        return ERR_CORRUPT;
    }
    store_keep_still(writer->store, is_off(writer, CHORE_ALONG));
    way_out_open(true);
    enum err err = task(writer);
    way_out_open(false);
    if (err == ERR_CORRUPT)
        put_off(writer, chore);
    return err;
}

/* ---- the store ---- */

/* One that is not there yet, or not any more, is looked for again with each batch: what went to a
 * file that nobody finds again would be lost. */
static bool open_store(struct writer *writer)
{
    struct store_options options = {
        .path = writer->config->store, .mode = STORE_WRITE, .map_bytes = writer->config->map_bytes};
    bool gone = writer->store && !store_is_there(writer->store);
    if (writer->store && !gone)
        return true;
    store_close(writer->store);
    writer->store = NULL;
    for (int i = 0; gone && i < CHORE_COUNT; i++)
        found_sound(writer, (enum chore)i);
    enum err err = store_open(&options, &writer->store);
    /* One in another folder is for a writer that is not confined to this one. */
    stopped |= gone && err == ERR_IO && writer->confined;
    if (err != ERR_OK && !writer->complained)
        log_error("writer: store %s: %s", options.path,
                  err == ERR_NOT_FOUND ? "there is none" : err_text(err));
    if (err == ERR_OK && writer->complained)
        log_info("writer: store %s: is there", options.path);
    writer->complained = err != ERR_OK;
    if (err == ERR_OK && writer->confined && !writer->settled) {
        err = confine_settle(writer->config, DUTY_WRITER, writer->master);
        writer->settled = err == ERR_OK;
    }
    if (err != ERR_OK) {
        store_close(writer->store);
        writer->store = NULL;
    }
    return err == ERR_OK;
}

/* ---- letters ---- */

/* The descriptor that came with a message, or -1; any other is closed. */
static int descriptor_of(struct msghdr *header)
{
    int found = -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
            if (found >= 0)
                close(found);
            memcpy(&found, CMSG_DATA(part) + at, sizeof(int));
        }
    }
    return found;
}

static void answer(struct writer *writer, size_t at)
{
    const struct batch *batch = &writer->batches[at];
    uint8_t bytes[OUTCOME_BYTES];
    int fd = writer->answer_to[at];
    if (fd < 0)
        return;
    outcome_encode(batch->err, &batch->outcome, bytes);
    /* Who has stopped waiting is nobody to complain to. */
    (void)!send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

/* Takes a message up as the next batch; one that is none is answered at once. */
static void take_up(struct writer *writer, struct str message, int answer_to)
{
    struct batch *batch = &writer->batches[writer->count];
    struct str kept = arena_copy(writer->arena, message);
    enum err err = kept.ptr ? message_decode(kept, writer->arena, batch) : ERR_MEMORY;
    writer->answer_to[writer->count] = answer_to;
    if (err == ERR_OK) {
        writer->count++;
        return;
    }
    log_error("writer: a message that is none: %s", err_word(err));
    batch->err = err == ERR_CORRUPT ? ERR_INTERNAL : err;
    batch->outcome = (struct outcome){.at = 0};
    answer(writer, writer->count);
}

/* An empty message is received as the end is. */
static bool nobody_could_send(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLRDHUP};
    return poll(&look, 1, 0) > 0 && look.revents & (POLLHUP | POLLRDHUP);
}

/* What still counts as waiting then was sent to a writer that died, or by nobody, as the worker
 * that counted it died first. One that is about to be sent is missing until the next look. */
static void nothing_waits(struct metrics *metrics, uint64_t sent)
{
    atomic_store(&metrics->batches_taken, sent);
}

/* False when no message waits. */
static bool receive(struct writer *writer)
{
    uint64_t sent = count_get(&writer->metrics->batches_sent);
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec piece = {writer->message, MESSAGE_MAX};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(writer->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EAGAIN)
        nothing_waits(writer->metrics, sent);
    if (got < 0)
        return errno == EINTR;
    if (got == 0 && nobody_could_send(writer->fd)) {
        stopped = 1;
        return false;
    }
    count_add(&writer->metrics->batches_taken, 1);
    struct str message = {writer->message, header.msg_flags & MSG_TRUNC ? 0 : (size_t)got};
    take_up(writer, message, descriptor_of(&header));
    return true;
}

static enum err apply(struct writer *writer)
{
    store_apply_all(writer->store, writer->batches, writer->count);
    return ERR_OK;
}

static void refuse_all(struct writer *writer, enum err err)
{
    for (size_t i = 0; i < writer->count; i++) {
        writer->batches[i].err = err;
        writer->batches[i].outcome = (struct outcome){.at = 0};
    }
}

/* Where it was not the only one, or deadlines were moved on along with it, it may well be done when
 * it comes again. */
static void write_all(struct writer *writer)
{
    bool alone = writer->count == 1 && is_off(writer, CHORE_ALONG), failed = true;
    if (!open_store(writer))
        refuse_all(writer, ERR_BUSY);
    else if (attempt(writer, CHORE_ALONG, apply) != ERR_OK)
        refuse_all(writer, alone ? ERR_CORRUPT : ERR_BUSY);
    for (size_t i = 0; i < writer->count; i++) {
        failed = failed && err_status(writer->batches[i].err) >= 500;
        answer(writer, i);
    }
    submit_count(writer->metrics, writer->count, failed);
    writer->count = 0;
    arena_reset(writer->arena);
}

/* ---- in between ---- */

/* With each round they are met again. */
static void tell_damaged(struct writer *writer)
{
    uint64_t damaged = writer->purge.damaged;
    if (writer->purge.len || damaged == writer->damaged)
        return;
    writer->damaged = damaged;
    if (damaged)
        log_warn("writer: purge: %llu sessions are damaged, and stay", (unsigned long long)damaged);
}

static enum err may_remove(struct writer *writer, int64_t now, bool *may)
{
    return store_may_purge(writer->store, now, clock_monotonic_ns() / MILLISECOND_NS, &writer->pace,
                           may);
}

static enum err purge(struct writer *writer)
{
    int64_t now = clock_now();
    bool may;
    enum err err = may_remove(writer, now, &may);
    if (err != ERR_OK || !may)
        return err;
    err = store_purge(writer->store, now, PURGE_STEP, &writer->purge, &writer->removed);
    if (err == ERR_OK)
        tell_damaged(writer);
    /* A step may be sound as often as it likes where a later one is not. */
    if (err == ERR_OK && writer->purge.len == 0)
        found_sound(writer, CHORE_PURGE);
    return err;
}

static enum err sweep(struct writer *writer)
{
    int64_t now = clock_now();
    bool may;
    enum err err = may_remove(writer, now, &may);
    if (err != ERR_OK || !may)
        return err;
    err = store_sweep(writer->store, now, PURGE_STEP);
    if (err == ERR_OK)
        found_sound(writer, CHORE_SWEEP);
    return err;
}

/* It takes nothing that a doubted clock could be wrong about. */
static enum err catch_up(struct writer *writer)
{
    enum err err = store_catch_up(writer->store, clock_now(), PURGE_STEP, &writer->more_due);
    if (err == ERR_OK)
        found_sound(writer, CHORE_CATCH_UP);
    return err;
}

static void keep_house(struct writer *writer, enum chore chore, enum err (*task)(struct writer *))
{
    if (writer->led_out || is_off(writer, chore))
        return;
    enum err err = attempt(writer, chore, task);
    if (err != ERR_OK && err != ERR_CORRUPT)
        log_error("writer: %s: %s", chore_names[chore], err_word(err));
}

static void look_after(struct writer *writer)
{
    int64_t now_ns = clock_monotonic_ns();
    if (writer->led_out || now_ns - writer->looked_ns < writer->pause_ns || !open_store(writer))
        return;
    writer->looked_ns = now_ns;
    atomic_store(&writer->pressure->looked_ns, now_ns);
    writer->removed = 0;
    writer->more_due = false;
    store_tend(writer->store);
    keep_house(writer, CHORE_PURGE, purge);
    keep_house(writer, CHORE_SWEEP, sweep);
    keep_house(writer, CHORE_CATCH_UP, catch_up);
    bool soon = writer->more_due || writer->removed >= PURGE_MANY;
    writer->pause_ns = (soon ? PAUSE_SHORT_MS : PAUSE_MS) * MILLISECOND_NS;
    if (writer->removed)
        log_info("writer: %llu sessions were past retention", (unsigned long long)writer->removed);
}

static void serve(struct writer *writer, const sigset_t *while_waiting)
{
    /* What waits may end this one, too. */
    look_after(writer);
    while (!stopped) {
        struct pollfd wait = {.fd = writer->fd, .events = POLLIN};
        struct timespec pause = {writer->pause_ns / SECOND_NS, writer->pause_ns % SECOND_NS};
        bool quiet = ppoll(&wait, 1, &pause, while_waiting) == 0;
        if (quiet && pause.tv_sec)
            pressure_none(writer->pressure);
        for (size_t looks = 0; looks < LETTERS_MAX && receive(writer); looks++)
            ;
        pressure_taken(writer->pressure);
        if (writer->count)
            write_all(writer);
        look_after(writer);
    }
}

int writer_serve(const struct config *config, struct metrics *metrics,
                 const struct writer_link *from_workers, pid_t master)
{
    sigset_t while_waiting;
    struct writer *writer = calloc(1, sizeof(*writer));
    bool ready = writer && secret_begin();
    handle_signals(&while_waiting);
    if (ready) {
        *writer = (struct writer){.config = config,
                                  .metrics = metrics,
                                  .master = master,
                                  .fd = from_workers->fd,
                                  .pressure = from_workers->pressure ? from_workers->pressure
                                                                     : &writer->unshared,
                                  .arena = arena_new(MEMORY_MAX),
                                  .message = malloc(MESSAGE_MAX),
                                  .pause_ns = PAUSE_MS * MILLISECOND_NS};
        heed_others(writer);
        way_out_begin();
        ready = writer->arena && writer->message;
    }
    if (ready) {
        writer->settled = open_store(writer);
        writer->confined = config->confine != CONFINE_OFF;
        ready = confine(config, DUTY_WRITER, master, writer->settled) == ERR_OK;
    }
    if (ready) {
        pool_tell_ready(master);
        serve(writer, &while_waiting);
    }
    int code = !ready ? EXIT_FAILURE : writer->led_out ? WRITER_LED_OUT : EXIT_SUCCESS;
    if (writer) {
        store_close(writer->store);
        arena_free(writer->arena);
        free(writer->message);
    }
    free(writer);
    return code;
}
