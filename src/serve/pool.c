#include "serve/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/worker.h"

#define SECOND_NS     INT64_C(1000000000)
#define BACKOFF_LEAST (SECOND_NS / 10)
#define BACKOFF_MOST  (10 * SECOND_NS)
#define LONG_LIFE     (10 * SECOND_NS) /* who lived so long did not die of how it was started */

struct slot {
    pid_t pid; /* 0: nobody */
    int64_t started_ns;
    int64_t backoff_ns; /* before the next start, should this one fail soon */
    int64_t due_ns;     /* when to start, while there is nobody */
};

/* A worker that was told to stop. */
struct leaver {
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
    struct slot slots[WORKERS_MAX];
    int slot_count;
    struct leaver leavers[LEAVERS_MAX];
};

/* A worker does not outlive its master, not even one that was killed. */
static int run_worker(const struct pool *pool, pid_t master)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        return EXIT_FAILURE;
    return worker_serve(pool->config, pool->listen_fd);
}

static void start(struct pool *pool, struct slot *slot, int64_t now)
{
    pid_t master = getpid(), pid = fork();
    if (pid == 0)
        exit(run_worker(pool, master));
    slot->started_ns = now;
    if (pid > 0) {
        slot->pid = pid;
        log_info("worker %d: started", (int)pid);
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

static void say_why(pid_t pid, int status)
{
    if (WIFSIGNALED(status))
        log_warn("worker %d: killed by signal %d", (int)pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warn("worker %d: exit code %d", (int)pid, WEXITSTATUS(status));
    else
        log_info("worker %d: ended", (int)pid);
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
        say_why(pid, status);
        for (int i = 0; i < pool->slot_count; i++)
            if (pool->slots[i].pid == pid)
                bury(&pool->slots[i], status, now);
        for (int i = 0; i < LEAVERS_MAX; i++)
            if (pool->leavers[i].pid == pid)
                pool->leavers[i].pid = 0;
    }
}

/* Tells the slot's worker to finish what it has in hand; the slot is free from now on. */
static void dismiss(struct pool *pool, struct slot *slot, int64_t now)
{
    struct leaver *place = pool->leavers;
    if (slot->pid == 0)
        return;
    while (place < pool->leavers + LEAVERS_MAX - 1 && place->pid)
        place++;
    if (place->pid) /* reloaded again and again while nobody leaves */
        kill(place->pid, SIGKILL);
    *place = (struct leaver){slot->pid, now + pool->config->drain_seconds * SECOND_NS};
    kill(slot->pid, SIGTERM);
    *slot = (struct slot){.due_ns = now};
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
        log_warn("worker %d: did not finish in time", (int)leaver->pid);
        kill(leaver->pid, SIGKILL);
        leaver->deadline_ns = INT64_MAX;
    }
}

static void stop(struct pool *pool, int64_t now)
{
    log_info("stopping");
    for (int i = 0; i < pool->slot_count; i++)
        dismiss(pool, &pool->slots[i], now);
    pool->slot_count = 0;
    pool->stopping = true;
}

/* New workers wait at the socket before the old ones leave it, so that no request finds it empty.
 */
static void roll(struct pool *pool, int64_t now)
{
    struct slot old[WORKERS_MAX];
    int old_count = pool->slot_count;
    memcpy(old, pool->slots, sizeof(old));
    memset(pool->slots, 0, sizeof(pool->slots));
    pool->slot_count = pool->config->workers;
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
    config_free(pool->config);
    *pool->config = fresh;
    pool->config->site.cookie_names = pool->config->cookie_names;
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

static void block_signals(sigset_t *signals)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
        sigaddset(signals, handled[i]);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

int pool_run(struct config *config, const char *path, int listen_fd)
{
    struct pool pool = {
        .config = config, .path = path, .listen_fd = listen_fd, .slot_count = config->workers};
    block_signals(&pool.signals);
    log_info("%d workers", config->workers);
    while (!pool.stopping || has_leavers(&pool)) {
        int64_t now = clock_monotonic_ns();
        reap(&pool, now);
        start_due(&pool, now);
        kill_overdue(&pool, now);
        if (pool.stopping && !has_leavers(&pool))
            break;
        struct timespec wait = until_next(&pool, now);
        int signal = sigtimedwait(&pool.signals, NULL, &wait);
        if (signal == SIGHUP && !pool.stopping)
            reload(&pool, clock_monotonic_ns());
        else if ((signal == SIGTERM || signal == SIGINT) && !pool.stopping)
            stop(&pool, clock_monotonic_ns());
    }
    config_free(config);
    log_info("stopped");
    return EXIT_SUCCESS;
}
