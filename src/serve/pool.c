#include "serve/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/submit.h"
#include "serve/worker.h"
#include "serve/writer.h"

#define SECOND_NS     INT64_C(1000000000)
#define BACKOFF_LEAST (SECOND_NS / 10)
#define BACKOFF_MOST  (10 * SECOND_NS)
#define LONG_LIFE     (10 * SECOND_NS) /* who lived so long did not die of how it was started */

/* Places in a pool are filled by workers, one by the writer. */
struct slot {
    bool writer;
    pid_t pid; /* 0: nobody */
    int64_t started_ns;
    int64_t backoff_ns; /* before the next start, should this one fail soon */
    int64_t due_ns;     /* when to start, while there is nobody */
};

/* A process that was told to stop. */
struct leaver {
    bool writer;
    pid_t pid; /* 0: none */
    int64_t deadline_ns;
};

enum { LEAVERS_MAX = 4 * WORKERS_MAX };

struct pool {
    struct config *config;
    const char *path;
    int listen_fd;
    sigset_t signals;
    bool stopping;
    /* Workers send at the first, writers receive at the second. The master keeps both, so that
     * what waits there outlives a writer. */
    int to_writer[2];
    struct slot slots[1 + WORKERS_MAX]; /* the first is the writer's */
    int slot_count;
    struct leaver leavers[LEAVERS_MAX];
};

static const char *role(bool writer)
{
    return writer ? "writer" : "worker";
}

/* Nobody outlives the master, not even one that was killed. */
static int run(const struct pool *pool, bool writer, pid_t master)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        return EXIT_FAILURE;
    close(pool->to_writer[writer ? 0 : 1]);
    if (!writer)
        return worker_serve(pool->config, pool->listen_fd, pool->to_writer[0]);
    close(pool->listen_fd);
    return writer_serve(pool->config, pool->to_writer[1]);
}

static void start(struct pool *pool, struct slot *slot, int64_t now)
{
    pid_t master = getpid(), pid = fork();
    if (pid == 0)
        exit(run(pool, slot->writer, master));
    slot->started_ns = now;
    if (pid > 0) {
        slot->pid = pid;
        log_info("%s %d: started", role(slot->writer), (int)pid);
        return;
    }
    log_error("fork: %s", strerror(errno));
    slot->due_ns = now + BACKOFF_MOST;
}

static void start_due(struct pool *pool, int64_t now)
{
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid == 0 && pool->slots[i].due_ns <= now)
            start(pool, &pool->slots[i], now);
}

static void say_why(const char *who, pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        log_warn("%s %d: killed by signal %d", who, (int)pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warn("%s %d: exit code %d", who, (int)pid, WEXITSTATUS(status));
    else
        log_info("%s %d: ended", who, (int)pid);
}

/* Who ended well is replaced at once; who failed soon after its start only after a while, that
 * doubles. */
static void bury(struct slot *slot, int status, int64_t now)
{
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool soon = now - slot->started_ns < LONG_LIFE;
    slot->pid = 0;
    if (well || !soon)
        slot->backoff_ns = 0;
    slot->due_ns = well ? now : now + (slot->backoff_ns ? slot->backoff_ns : BACKOFF_LEAST);
    if (!well) {
        slot->backoff_ns = slot->backoff_ns ? slot->backoff_ns * 2 : 2 * BACKOFF_LEAST;
        if (slot->backoff_ns > BACKOFF_MOST)
            slot->backoff_ns = BACKOFF_MOST;
    }
}

static void reap(struct pool *pool, int64_t now)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < pool->slot_count; i++)
            if (pool->slots[i].pid == pid) {
                say_why(role(pool->slots[i].writer), pid, status);
                bury(&pool->slots[i], status, now);
            }
        for (int i = 0; i < LEAVERS_MAX; i++)
            if (pool->leavers[i].pid == pid) {
                say_why(role(pool->leavers[i].writer), pid, status);
                pool->leavers[i].pid = 0;
            }
    }
}

/* Tells the slot's process to finish what it has in hand; the slot is free from now on. */
static void dismiss(struct pool *pool, struct slot *slot, int64_t now)
{
    struct leaver *place = pool->leavers;
    if (slot->pid == 0)
        return;
    while (place < pool->leavers + LEAVERS_MAX - 1 && place->pid)
        place++;
    if (place->pid) /* reloaded again and again while nobody leaves */
        kill(place->pid, SIGKILL);
    *place =
        (struct leaver){slot->writer, slot->pid, now + pool->config->drain_seconds * SECOND_NS};
    kill(slot->pid, SIGTERM);
    *slot = (struct slot){.writer = slot->writer, .due_ns = now};
}

static bool has_leavers(const struct pool *pool)
{
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (pool->leavers[i].pid)
            return true;
    return false;
}

static void kill_overdue(struct pool *pool, int64_t now)
{
    for (int i = 0; i < LEAVERS_MAX; i++) {
        struct leaver *leaver = &pool->leavers[i];
        if (leaver->pid == 0 || leaver->deadline_ns > now)
            continue;
        log_warn("%s %d: did not finish in time", role(leaver->writer), (int)leaver->pid);
        kill(leaver->pid, SIGKILL);
        leaver->deadline_ns = INT64_MAX;
    }
}

/* The writer stays while there is a worker that may need it. */
static void stop(struct pool *pool, int64_t now)
{
    log_info("stopping");
    for (int i = 1; i < pool->slot_count; i++)
        dismiss(pool, &pool->slots[i], now);
    pool->slot_count = 1;
    pool->stopping = true;
}

/* Whether all have left; the writer is told to once the workers have. */
static bool is_over(struct pool *pool, int64_t now)
{
    if (!pool->stopping || has_leavers(pool))
        return false;
    if (pool->slot_count == 0)
        return true;
    dismiss(pool, &pool->slots[0], now);
    pool->slot_count = 0;
    return !has_leavers(pool);
}

static void lay_out(struct pool *pool)
{
    memset(pool->slots, 0, sizeof(pool->slots));
    pool->slots[0].writer = true;
    pool->slot_count = 1 + pool->config->workers;
}

/* New workers wait at the socket before the old ones leave it, so that no request finds it empty.
 */
static void roll(struct pool *pool, int64_t now)
{
    struct slot old[1 + WORKERS_MAX];
    int old_count = pool->slot_count;
    memcpy(old, pool->slots, sizeof(old));
    lay_out(pool);
    start_due(pool, now);
    for (int i = 0; i < old_count; i++)
        dismiss(pool, &old[i], now);
}

static void reload(struct pool *pool, int64_t now)
{
    struct config fresh;
    if (config_load(pool->path, &fresh) != ERR_OK) {
        log_error("reload: the configuration stays as it was");
        return;
    }
    if (strcmp(fresh.listen, pool->config->listen) != 0)
        log_warn("reload: a new \"listen\" takes a restart");
    if (fresh.workers == 0) {
        log_warn("reload: \"workers = 0\" takes a restart; one worker until then");
        fresh.workers = 1;
    }
    config_replace(pool->config, &fresh);
    log_info("reloaded");
    roll(pool, now);
}

/* How long there is nothing to do but wait for a signal. */
static struct timespec until_next(const struct pool *pool, int64_t now)
{
    int64_t next = now + 3600 * SECOND_NS;
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid == 0 && pool->slots[i].due_ns < next)
            next = pool->slots[i].due_ns;
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (pool->leavers[i].pid && pool->leavers[i].deadline_ns < next)
            next = pool->leavers[i].deadline_ns;
    int64_t wait = next > now ? next - now : 0;
    return (struct timespec){.tv_sec = wait / SECOND_NS, .tv_nsec = wait % SECOND_NS};
}

static sigset_t handled_signals(void)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
        sigaddset(&signals, handled[i]);
    return signals;
}

void pool_block_signals(void)
{
    sigset_t signals = handled_signals();
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* A worker waits for a writer that takes nothing, because it is gone, for so long. */
static bool connect_writer(struct pool *pool)
{
    struct timeval wait = {.tv_sec = SUBMIT_WAIT_S};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pool->to_writer) != 0) {
        log_error("socketpair: %s", strerror(errno));
        return false;
    }
    setsockopt(pool->to_writer[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    return true;
}

int pool_run(struct config *config, const char *path, int listen_fd)
{
    struct pool pool = {
        .config = config, .path = path, .listen_fd = listen_fd, .signals = handled_signals()};
    if (!connect_writer(&pool))
        return EXIT_FAILURE;
    lay_out(&pool);
    log_info("%d workers", config->workers);
    for (;;) {
        int64_t now = clock_monotonic_ns();
        reap(&pool, now);
        start_due(&pool, now);
        kill_overdue(&pool, now);
        if (is_over(&pool, now))
            break;
        struct timespec wait = until_next(&pool, now);
        int signal = sigtimedwait(&pool.signals, NULL, &wait);
        if (signal == SIGHUP && !pool.stopping)
            reload(&pool, clock_monotonic_ns());
        else if ((signal == SIGTERM || signal == SIGINT) && !pool.stopping)
            stop(&pool, clock_monotonic_ns());
    }
    close(pool.to_writer[0]);
    close(pool.to_writer[1]);
    config_free(config);
    log_info("stopped");
    return EXIT_SUCCESS;
}
