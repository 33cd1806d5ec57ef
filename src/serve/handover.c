#include "serve/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* What is written: it goes from one program to the next, of another version as like as not. The
 * number counts up with each change; a program that does not know it fails its trial. */
enum { VERSION = 1, TRIAL_S = 30, ARGUMENTS_MAX = 64 };

struct written {
    uint32_t version, size;
    struct handover handover;
};

/* /proc/self/exe would be the file that was started, and not what lies in its place by now. */
static const char *program(void)
{
    return (const char *)getauxval(AT_EXECFN);
}

static void keep_open(int fd, bool keep)
{
    fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

static bool write_state(int fd, const struct handover *handover)
{
    struct written *written = calloc(1, sizeof(*written));
    if (!written)
        return false;
    *written = (struct written){VERSION, sizeof(*written), *handover};
    bool all = pwrite(fd, written, sizeof(*written), 0) == (ssize_t)sizeof(*written);
    free(written);
    return all;
}

/* The arguments this program was started with, with what was handed over before them in place of
 * what it was handed itself. */
static bool make_arguments(char *const *argv, char **made, char *first, bool check)
{
    static const char own[] = "--take-over=", check_only[] = "--check-config";
    size_t count = 0;
    made[count++] = argv[0];
    made[count++] = first;
    if (check)
        made[count++] = (char *)check_only;
    for (size_t i = 1; argv[0] && argv[i] && count < ARGUMENTS_MAX - 1; i++)
        if (strncmp(argv[i], own, sizeof(own) - 1) != 0)
            made[count++] = argv[i];
    made[count] = NULL;
    return count < ARGUMENTS_MAX - 1;
}

/* Comes back, with errno, only when it fails. */
static void execute(int state_fd, char *const *argv, bool check)
{
    char first[32], *made[ARGUMENTS_MAX];
    snprintf(first, sizeof(first), "--take-over=%d", state_fd);
    errno = E2BIG;
    if (make_arguments(argv, made, first, check))
        execv(program(), made);
}

/* ---- the trial ---- */

static bool look(struct trial *trial)
{
    struct stat info;
    if (stat(program(), &info) != 0)
        return false;
    trial->device = info.st_dev;
    trial->inode = info.st_ino;
    trial->modified = info.st_mtim;
    return true;
}

bool trial_holds(const struct trial *trial)
{
    struct trial now;
    return look(&now) && now.device == trial->device && now.inode == trial->inode &&
           now.modified.tv_sec == trial->modified.tv_sec &&
           now.modified.tv_nsec == trial->modified.tv_nsec;
}

/* In the child; what it says goes to our log, what it prints is the configuration. */
static void try_out(const struct trial *trial, char *const *argv, int listen_fd)
{
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(trial->config_fd, STDOUT_FILENO);
    log_as_stderr();
    keep_open(trial->state_fd, true);
    keep_open(listen_fd, true);
    execute(trial->state_fd, argv, true);
    log_error("%s: %s", program(), strerror(errno));
    _exit(EXIT_FAILURE);
}

bool trial_begin(struct trial *trial, char *const *argv, const struct handover *handover)
{
    *trial = (struct trial){.state_fd = memfd_create("rollcalld-state", MFD_CLOEXEC),
                            .config_fd = memfd_create("rollcalld-config", MFD_CLOEXEC),
                            .deadline_ns = clock_monotonic_ns() + TRIAL_S * INT64_C(1000000000)};
    bool ready = trial->state_fd >= 0 && trial->config_fd >= 0 &&
                 write_state(trial->state_fd, handover) && look(trial);
    pid_t pid = ready ? fork() : -1;
    if (pid == 0)
        try_out(trial, argv, handover->listener.fd);
    if (pid > 0) {
        trial->pid = pid;
        return true;
    }
    log_error("%s: %s", program(), strerror(errno));
    trial_end(trial);
    return false;
}

void trial_keep_out(const struct trial *trial)
{
    if (trial->state_fd >= 0)
        close(trial->state_fd);
    if (trial->config_fd >= 0)
        close(trial->config_fd);
}

void trial_end(struct trial *trial)
{
    if (trial->pid)
        kill(trial->pid, SIGKILL);
    trial_keep_out(trial);
    *trial = (struct trial){.state_fd = -1, .config_fd = -1};
}

/* ---- from one to the other ---- */

static void keep_all_open(const struct trial *trial, int listen_fd, bool keep)
{
    keep_open(trial->state_fd, keep);
    keep_open(trial->config_fd, keep);
    keep_open(listen_fd, keep);
}

void handover_exec(const struct trial *trial, char *const *argv, struct handover *handover)
{
    handover->config_fd = trial->config_fd;
    if (write_state(trial->state_fd, handover)) {
        keep_all_open(trial, handover->listener.fd, true);
        execute(trial->state_fd, argv, false);
        keep_all_open(trial, handover->listener.fd, false);
    }
    log_error("%s: %s", program(), strerror(errno));
}

static bool is_child(pid_t pid)
{
    siginfo_t info;
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static bool is_sound(const struct written *written, ssize_t got)
{
    const struct listener *listener = &written->handover.listener;
    return got == (ssize_t)sizeof(*written) && written->version == VERSION &&
           written->size == sizeof(*written) && listen_is_socket(listener->fd) &&
           memchr(listener->path, '\0', sizeof(listener->path));
}

enum err handover_read(int fd, struct handover *handover)
{
    struct written *written = calloc(1, sizeof(*written));
    ssize_t got = written ? pread(fd, written, sizeof(*written), 0) : -1;
    bool sound = written && is_sound(written, got);
    if (sound) {
        *handover = written->handover;
        keep_open(handover->listener.fd, false);
        for (size_t i = 0; i < LEAVERS_MAX; i++)
            if (!is_child(handover->leavers[i].pid))
                handover->leavers[i] = (struct leaver){.pid = 0};
    } else {
        log_error("this program cannot take over from that one: it is handed other things");
    }
    free(written);
    close(fd);
    return sound ? ERR_OK : ERR_CORRUPT;
}
