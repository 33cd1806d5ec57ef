/* A disk that fails and a clock that is set, for programs started with this library in LD_PRELOAD.
 *
 * The file $FAULTS_PLAN is read with each call, and has one line:
 *
 *   ROUND FIRST COUNT WHAT CLOCK_MS MONOTONIC_MS
 *
 * Of the calls that write or sync a file below the folder $FAULTS_BELOW, those from the FIRST on
 * (0: none), COUNT of them, fail as WHAT says: with ENOSPC, EIO or EROFS, or a write by doing half
 * of it (SHORT). A new ROUND begins to count anew, in each process by itself. A line a failure goes
 * to $FAULTS_PLAN.hits. Clocks are so many milliseconds ahead. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct plan {
    long round, first, count, clock_ms, monotonic_ms;
    char what[16];
};

static struct plan read_plan(void)
{
    struct plan plan = {.first = 0};
    char text[256];
    const char *path = getenv("FAULTS_PLAN");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return plan;
    ssize_t got = syscall(SYS_read, fd, text, sizeof(text) - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    if (sscanf(text, "%ld %ld %ld %15s %ld %ld", &plan.round, &plan.first, &plan.count, plan.what,
               &plan.clock_ms, &plan.monotonic_ms) != 6)
        return (struct plan){.first = 0};
    return plan;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- the disk ---- */

static int is_below(int fd)
{
    char link[64], path[4096];
    const char *below = getenv("FAULTS_BELOW");
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = below ? readlink(link, path, sizeof(path) - 1) : -1;
    if (len < 0)
        return 0;
    path[len] = '\0';
    return strncmp(path, below, strlen(below)) == 0;
}

static void note(const char *call, long number, const char *what)
{
    char path[4096], line[128];
    snprintf(path, sizeof(path), "%s.hits", getenv("FAULTS_PLAN"));
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    int len = snprintf(line, sizeof(line), "%ld %s %s\n", number, call, what);
    if (fd >= 0)
        syscall(SYS_write, fd, line, (size_t)len);
    close(fd);
}

/* How this call is to fail: an errno; -1 for half of it; 0 not at all. */
static int verdict(int fd, const char *call)
{
    static long round, number;
    int saved = errno;
    struct plan plan = read_plan();
    if (plan.first == 0 || !is_below(fd)) {
        errno = saved;
        return 0;
    }
    if (plan.round != round)
        number = 0;
    round = plan.round;
    number++;
    errno = saved;
    if (number < plan.first || number - plan.first >= plan.count)
        return 0;
    note(call, number, plan.what);
    if (strcmp(plan.what, "SHORT") == 0)
        return strstr(call, "write") ? -1 : EIO;
    return strcmp(plan.what, "EIO") == 0 ? EIO : strcmp(plan.what, "EROFS") == 0 ? EROFS : ENOSPC;
}

#define FAIL_AS(code)                                                                              \
    if (code > 0) {                                                                                \
        errno = code;                                                                              \
        return -1;                                                                                 \
    }

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) = next("write");
    int code = verdict(fd, "write");
    FAIL_AS(code)
    return real(fd, bytes, code ? len / 2 : len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite");
    int code = verdict(fd, "pwrite");
    FAIL_AS(code)
    return real(fd, bytes, code ? len / 2 : len, at);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    ssize_t (*real)(int, const struct iovec *, int) = next("writev");
    int code = verdict(fd, "writev");
    FAIL_AS(code)
    return real(fd, pieces, code && count > 1 ? count / 2 : count);
}

int fdatasync(int fd)
{
    int (*real)(int) = next("fdatasync");
    int code = verdict(fd, "fdatasync");
    FAIL_AS(code)
    return real(fd);
}

int fsync(int fd)
{
    int (*real)(int) = next("fsync");
    int code = verdict(fd, "fsync");
    FAIL_AS(code)
    return real(fd);
}

int ftruncate(int fd, off_t len)
{
    int (*real)(int, off_t) = next("ftruncate");
    int code = verdict(fd, "ftruncate");
    FAIL_AS(code)
    return real(fd, len);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    int (*real)(int, int, off_t, off_t) = next("fallocate");
    int code = verdict(fd, "fallocate");
    FAIL_AS(code)
    return real(fd, mode, at, len);
}

/* ---- clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    int saved = errno;
    struct plan plan = read_plan();
    long ahead = clock == CLOCK_REALTIME ? plan.clock_ms : plan.monotonic_ms;
    now->tv_sec += ahead / 1000;
    now->tv_nsec += ahead % 1000 * 1000000;
    if (now->tv_nsec >= 1000000000) {
        now->tv_sec++;
        now->tv_nsec -= 1000000000;
    } else if (now->tv_nsec < 0) {
        now->tv_sec--;
        now->tv_nsec += 1000000000;
    }
    errno = saved;
    return result;
}
