#include "serve/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/census.h"
#include "serve/notify.h"
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
    bool ready; /* who was started for it could do its work */
    pid_t pid;  /* 0: nobody */
    int64_t started_ns;
    int64_t backoff_ns; /* before the next start, should this one fail soon */
    int64_t due_ns;     /* when to start, while there is nobody */
};

struct pool {
    struct config *config;
    const struct pool_start *start;
    struct listener listener;
    struct metrics *metrics;
    sigset_t signals;
    bool stopping;
    bool rolling; /* who is to be replaced stays until those who are to replace him are ready */
    /* Workers send at the first, writers receive at the second. The master keeps both, so that
     * what waits there outlives a writer. Each roll makes new ones: once the master has closed
     * the old ones and the last old worker is gone, the old writer finds so, and ends. */
    int to_writer[2];
    struct pressure *pressure; /* of these two; NULL where there is no memory to share */
    struct trial trial;
    struct slot slots[1 + WORKERS_MAX]; /* the first is the writer's */
    int slot_count;
    struct leaver leavers[LEAVERS_MAX];
};

/* Nobody outlives the master, not even one that was killed. */
static int run(const struct pool *pool, bool writer, pid_t master)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        return EXIT_FAILURE;
    close(pool->to_writer[writer ? 0 : 1]);
    trial_keep_out(&pool->trial);
    struct writer_link link = {pool->to_writer[writer], pool->pressure};
    if (!writer)
        return worker_serve(pool->config, pool->metrics, pool->listener.fd, &link, master);
    close(pool->listener.fd);
    return writer_serve(pool->config, pool->metrics, &link, master);
}

void pool_tell_ready(pid_t master)
{
    if (master)
        kill(master, SIGRTMIN);
}

/* A worker waits for a writer that takes nothing, because it is gone, for so long. */
static bool connect_writer(struct pool *pool)
{
    struct timeval wait = {.tv_sec = SUBMIT_STALL_S};
    if (pool->to_writer[0] >= 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pool->to_writer) != 0) {
        log_error("socketpair: %s", strerror(errno));
        return false;
    }
    setsockopt(pool->to_writer[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    void *shared = mmap(NULL, sizeof(*pool->pressure), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pool->pressure = shared == MAP_FAILED ? NULL : shared;
    return true;
}

static void start(struct pool *pool, struct slot *slot, int64_t now)
{
    pid_t master = getpid(), pid = connect_writer(pool) ? fork() : -1;
    if (pid == 0)
        exit(run(pool, slot->writer, master));
    slot->started_ns = now;
    if (pid > 0) {
        slot->pid = pid;
        log_info("%s %d: started", leaver_role(slot->writer), (int)pid);
        return;
    }
    log_error("%s: cannot be started: %s", leaver_role(slot->writer), strerror(errno));
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
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        log_warn("%s %d: hung, and was killed by signal %d", who, (int)pid, SIGALRM);
    else if (WIFSIGNALED(status))
        log_warn("%s %d: killed by signal %d", who, (int)pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warn("%s %d: exit code %d", who, (int)pid, WEXITSTATUS(status));
    else
        log_info("%s %d: ended", who, (int)pid);
}

/* Who ended well is replaced at once; who failed soon after its start only after a while, that
 * doubles, and so is a writer in any case: nobody has told this one to end, and its workers may
 * have seen to that. A writer that met with damage is none of these: what others have written
 * needs none of that page, and is not to wait for it. */
static void bury(struct slot *slot, int status, int64_t now)
{
    bool soon = now - slot->started_ns < LONG_LIFE;
    if (slot->writer && WIFEXITED(status) && WEXITSTATUS(status) == WRITER_LED_OUT) {
        slot->pid = 0;
        slot->due_ns = now + BACKOFF_LEAST;
        return;
    }
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !(slot->writer && soon);
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

/* ---- who leaves ---- */

/* The slot is free from now on; its process stays as it is. */
static void retire(struct pool *pool, struct slot *slot)
{
    if (slot->pid)
        leavers_add(pool->leavers, slot->writer, slot->pid);
    slot->pid = 0;
}

static void tell_leavers(struct pool *pool, int64_t now)
{
    leavers_tell(pool->leavers, pool->config->drain_seconds, now);
}

static void disconnect_writer(struct pool *pool)
{
    for (int i = 0; i < 2; i++)
        if (pool->to_writer[i] >= 0) {
            close(pool->to_writer[i]);
            pool->to_writer[i] = -1;
        }
    if (pool->pressure)
        munmap(pool->pressure, sizeof(*pool->pressure));
    pool->pressure = NULL;
}

/* The writer stays while there is a worker that may need it. */
static void stop(struct pool *pool, int64_t now)
{
    log_info("stopping");
    notify_stopping();
    trial_end(&pool->trial);
    for (int i = 1; i < pool->slot_count; i++)
        retire(pool, &pool->slots[i]);
    tell_leavers(pool, now);
    pool->slot_count = 1;
    pool->stopping = true;
}

/* Whether all have left, the workers before the writer. */
static bool is_over(struct pool *pool, int64_t now)
{
    if (!pool->stopping || leavers_any(pool->leavers))
        return false;
    if (pool->slot_count == 0)
        return true;
    disconnect_writer(pool);
    retire(pool, &pool->slots[0]);
    tell_leavers(pool, now);
    pool->slot_count = 0;
    return !leavers_any(pool->leavers);
}

/* ---- who comes ---- */

static void lay_out(struct pool *pool)
{
    memset(pool->slots, 0, sizeof(pool->slots));
    pool->slots[0].writer = true;
    pool->slot_count = 1 + pool->config->workers;
}

/* New processes beside those there are, which leave once all the new ones are ready: no request
 * finds nobody at the socket, be it that the new ones cannot even start. */
static void roll(struct pool *pool, int64_t now)
{
    for (int i = 0; i < pool->slot_count; i++)
        retire(pool, &pool->slots[i]);
    disconnect_writer(pool);
    lay_out(pool);
    pool->rolling = true;
    start_due(pool, now);
}

/* A user with as many signals pending as he may have sends them without his name. */
static void note_ready(struct pool *pool, pid_t pid, int64_t now)
{
    bool all = pool->rolling && !pool->stopping;
    if (pid == 0) {
        log_warn("a new process is ready, and does not say which: too many signals are pending");
        return;
    }
    for (int i = 0; i < pool->slot_count; i++) {
        pool->slots[i].ready |= pool->slots[i].pid == pid;
        all = all && pool->slots[i].ready;
    }
    if (!all)
        return;
    pool->rolling = false;
    tell_leavers(pool, now);
    notify_ready();
}

/* A pool is one as long as its master runs. */
static void want_workers(struct config *config)
{
    if (config->workers)
        return;
    log_warn("\"workers = 0\" takes a restart; one worker until then");
    config->workers = 1;
}

static void tell(struct pool *pool)
{
    uint64_t workers = 0;
    for (int i = 1; i < pool->slot_count; i++)
        workers += pool->slots[i].pid != 0;
    census_tell(pool->metrics, pool->stopping ? 0 : (uint64_t)pool->config->workers, workers,
                pool->slot_count && pool->slots[0].pid);
}

/* Everybody who has the log open opens it anew. */
static void rotate(struct pool *pool)
{
    if (!log_reopen())
        log_error("log: a file cannot be opened anew: %s", strerror(errno));
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid)
            kill(pool->slots[i].pid, SIGUSR1);
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (pool->leavers[i].pid)
            kill(pool->leavers[i].pid, SIGUSR1);
}

static bool load(const struct pool *pool, struct config *fresh)
{
    if (config_load(pool->start->path, fresh) != ERR_OK)
        return false;
    if (strcmp(fresh->listen, pool->config->listen) != 0 ||
        strcmp(fresh->user, pool->config->user) != 0)
        log_warn("reload: a new \"listen\" or \"user\" takes a restart");
    want_workers(fresh);
    if (confine_check(fresh) == ERR_OK)
        return true;
    config_free(fresh);
    return false;
}

static void reload(struct pool *pool, int64_t now)
{
    struct config fresh;
    notify_reloading();
    pool->trial.again = true;
    if (!load(pool, &fresh)) {
        log_error("reload: the configuration stays as it was");
        notify_ready();
        return;
    }
    (void)log_open(fresh.log_file, fresh.access_log_file);
    config_replace(pool->config, &fresh);
    pool->metrics = census_move(pool->metrics, pool->config->store);
    log_info("reloaded");
    roll(pool, now);
}

/* ---- another program ---- */

static void fill_handover(const struct pool *pool, struct handover *handover)
{
    handover->listener = pool->listener;
    memcpy(handover->leavers, pool->leavers, sizeof(pool->leavers));
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid)
            leavers_add(handover->leavers, pool->slots[i].writer, pool->slots[i].pid);
}

/* Looks at the program that lies where this one was started: it takes over if it passes. */
static void upgrade(struct pool *pool)
{
    struct handover *handover = calloc(1, sizeof(*handover));
    pool->trial.again = true;
    if (!handover || pool->trial.pid) {
        free(handover);
        return;
    }
    fill_handover(pool, handover);
    log_info("upgrade: trying the program");
    if (!trial_begin(&pool->trial, pool->start->argv, handover))
        log_error("upgrade: this program goes on");
    free(handover);
}

/* Does not come back when it can be done. */
static void give_way(struct pool *pool)
{
    struct handover *handover = calloc(1, sizeof(*handover));
    if (handover) {
        fill_handover(pool, handover);
        notify_reloading();
        log_info("upgrade: giving way");
        handover_exec(&pool->trial, pool->start->argv, handover);
        notify_ready();
    }
    log_error("upgrade: this program goes on");
    free(handover);
}

static void judge(struct pool *pool, int status)
{
    bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool again = pool->trial.again || !trial_holds(&pool->trial);
    pool->trial.pid = 0;
    if (passed && !again)
        give_way(pool);
    else if (!again)
        log_error("upgrade: the program fails its trial; this one goes on");
    trial_end(&pool->trial);
    if (again && !pool->stopping)
        upgrade(pool);
}

/* ---- the master ---- */

static void reap_one(struct pool *pool, pid_t pid, int status, int64_t now)
{
    struct leaver leaver = leavers_remove(pool->leavers, pid);
    if (leaver.pid)
        say_why(leaver_role(leaver.writer), pid, status);
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid == pid) {
            say_why(leaver_role(pool->slots[i].writer), pid, status);
            census_restart(pool->metrics, pool->slots[i].writer ? ROLE_WRITER : ROLE_WORKER,
                           status);
            bury(&pool->slots[i], status, now);
        }
}

/* What became of the trial is looked at last: it may not come back. */
static void reap(struct pool *pool, int64_t now)
{
    int status, trial_status = -1;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pool->trial.pid == pid)
            trial_status = status;
        else
            reap_one(pool, pid, status, now);
    if (trial_status >= 0)
        judge(pool, trial_status);
}

static void kill_overdue(struct pool *pool, int64_t now)
{
    leavers_kill_overdue(pool->leavers, now);
    if (pool->trial.pid == 0 || pool->trial.deadline_ns > now)
        return;
    log_warn("upgrade: the program's trial takes too long");
    kill(pool->trial.pid, SIGKILL);
    pool->trial.deadline_ns = INT64_MAX;
}

/* How long there is nothing to do but wait for a signal. */
static struct timespec until_next(const struct pool *pool, int64_t now)
{
    int64_t next = now + 3600 * SECOND_NS;
    int64_t others[] = {leavers_deadline(pool->leavers),
                        pool->trial.pid ? pool->trial.deadline_ns : INT64_MAX};
    for (int i = 0; i < 2; i++)
        if (others[i] < next)
            next = others[i];
    for (int i = 0; i < pool->slot_count; i++)
        if (pool->slots[i].pid == 0 && pool->slots[i].due_ns < next)
            next = pool->slots[i].due_ns;
    int64_t wait = next > now ? next - now : 0;
    return (struct timespec){.tv_sec = wait / SECOND_NS, .tv_nsec = wait % SECOND_NS};
}

static sigset_t handled_signals(void)
{
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
        sigaddset(&signals, handled[i]);
    sigaddset(&signals, SIGRTMIN); /* pool_tell_ready */
    return signals;
}

/* A starter that ignores SIGCHLD would have the children's ends told to nobody. */
void pool_block_signals(void)
{
    sigset_t signals = handled_signals();
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGCHLD, SIG_DFL);
}

/* What was handed over leaves as after any roll. */
static void begin(struct pool *pool)
{
    const struct handover *handover = pool->start->handover;
    want_workers(pool->config);
    if (handover) {
        log_info("upgrade: taken over");
        memcpy(pool->leavers, handover->leavers, sizeof(pool->leavers));
    }
    roll(pool, clock_monotonic_ns());
    log_info("%d workers", pool->config->workers);
}

static void on_signal(struct pool *pool, const siginfo_t *info)
{
    int64_t now = clock_monotonic_ns();
    if (info->si_signo == SIGRTMIN)
        note_ready(pool, info->si_pid, now);
    if (info->si_signo == SIGUSR1)
        rotate(pool);
    if (pool->stopping)
        return;
    if (info->si_signo == SIGHUP)
        reload(pool, now);
    else if (info->si_signo == SIGUSR2)
        upgrade(pool);
    else if (info->si_signo == SIGTERM || info->si_signo == SIGINT)
        stop(pool, now);
}

int pool_run(struct config *config, const struct pool_start *start, const struct listener *listener)
{
    struct pool pool = {.config = config,
                        .start = start,
                        .listener = *listener,
                        .signals = handled_signals(),
                        .to_writer = {-1, -1},
                        .trial = {.state_fd = -1, .config_fd = -1}};
    pool.metrics = census_open(config->store);
    begin(&pool);
    for (;;) {
        int64_t now = clock_monotonic_ns();
        siginfo_t info;
        reap(&pool, now);
        start_due(&pool, now);
        kill_overdue(&pool, now);
        tell(&pool);
        if (is_over(&pool, now))
            break;
        struct timespec wait = until_next(&pool, now);
        if (sigtimedwait(&pool.signals, &info, &wait) > 0)
            on_signal(&pool, &info);
    }
    metrics_close(pool.metrics);
    config_free(config);
    log_info("stopped");
    return EXIT_SUCCESS;
}
