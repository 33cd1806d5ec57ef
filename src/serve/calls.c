#include "serve/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS(...)                                                                                 \
    (const int[])                                                                                  \
    {                                                                                              \
        __VA_ARGS__, END                                                                           \
    }
enum { END = -9999 /* no call's number, nor libseccomp's for one that a machine lacks */ };

/* Memory, time, waiting, the locks of the store and of libc, descriptors there are, and what tells
 * about files and this process. */
static const int *const everybodys = CALLS(
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
    SCMP_SYS(getdents64), SCMP_SYS(fadvise64), SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap),
    SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(mincore),
    SCMP_SYS(membarrier), SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times), SCMP_SYS(setitimer),
    SCMP_SYS(getitimer), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getrlimit), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(sendto),
    SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(shutdown));

/* The same on machines of 32 bits; elsewhere they are no calls. */
static const int *const everybodys_32 = CALLS(
    SCMP_SYS(mmap2), SCMP_SYS(_llseek), SCMP_SYS(fstat64), SCMP_SYS(stat64), SCMP_SYS(lstat64),
    SCMP_SYS(fstatat64), SCMP_SYS(statfs64), SCMP_SYS(fstatfs64), SCMP_SYS(futex_time64),
    SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres_time64), SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(ppoll_time64), SCMP_SYS(pselect6_time64), SCMP_SYS(_newselect), SCMP_SYS(getuid32),
    SCMP_SYS(geteuid32), SCMP_SYS(getgid32), SCMP_SYS(getegid32), SCMP_SYS(ugetrlimit),
    SCMP_SYS(sigreturn), SCMP_SYS(recv), SCMP_SYS(send));

/* Where instructions are cached apart from data, patterns that are compiled to machine code need
 * one of these. ARM's is private to it, which SCMP_SYS does not see. */
#ifdef __ARM_NR_cacheflush
static const int *const compilers = CALLS(__ARM_NR_cacheflush);
#else
static const int *const compilers = CALLS(SCMP_SYS(cacheflush), SCMP_SYS(riscv_flush_icache));
#endif

/* Connections that come in. */
static const int *const answerers = CALLS(SCMP_SYS(accept), SCMP_SYS(accept4));

/* LMDB's way to the disk, and the temporary files of a store's upgrade. */
static const int *const writers =
    CALLS(SCMP_SYS(openat), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(fsync),
          SCMP_SYS(fdatasync), SCMP_SYS(msync), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64),
          SCMP_SYS(fallocate), SCMP_SYS(unlink), SCMP_SYS(unlinkat));

/* Who has yet to find the store is to make its lock where there is none, and then takes leave of
 * that. */
static const int *const seekers =
    CALLS(SCMP_SYS(prctl), SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset),
          SCMP_SYS(landlock_add_rule), SCMP_SYS(landlock_restrict_self));

static const int *const deadly = CALLS(SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
                                       SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev));

#ifdef SANITIZED
/* At its end LeakSanitizer stops the process from one that shares its memory. */
static const int *const of_this_build = CALLS(SCMP_SYS(clone), SCMP_SYS(wait4), SCMP_SYS(ptrace),
                                              SCMP_SYS(prctl), SCMP_SYS(open), SCMP_SYS(getdents));
#elif defined(COVERED)
/* gcov adds up its files at the end. */
static const int *const of_this_build =
    CALLS(SCMP_SYS(openat), SCMP_SYS(mkdir), SCMP_SYS(ftruncate));
#else
static const int *const of_this_build = CALLS(SCMP_SYS(sched_yield));
#endif

/* ---- rules ---- */

/* A call that this machine does not have is no harm. */
static bool done(int code)
{
    errno = -code;
    return code == 0 || code == -EDOM || code == -EEXIST;
}

static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *numbers)
{
    for (; *numbers != END; numbers++)
        if (!done(seccomp_rule_add(filter, action, *numbers, 0)))
            return false;
    return true;
}

static bool has(const int *numbers, int number)
{
    while (*numbers != END && *numbers != number)
        numbers++;
    return *numbers == number;
}

static bool end_for(scmp_filter_ctx filter, const int *numbers)
{
    for (; *numbers != END; numbers++)
        if (!has(of_this_build, *numbers) &&
            !done(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, *numbers, 0)))
            return false;
    return true;
}

static struct scmp_arg_cmp equal(unsigned argument, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp equal_under(uint64_t mask, unsigned argument, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static bool add_if(scmp_filter_ctx filter, int number, struct scmp_arg_cmp condition)
{
    return done(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &condition));
}

static bool add_if_both(scmp_filter_ctx filter, int number, struct scmp_arg_cmp one,
                        struct scmp_arg_cmp other)
{
    struct scmp_arg_cmp conditions[] = {one, other};
    return done(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 2, conditions));
}

/* Without those that could have the kernel send a signal, and O_APPEND taken from a log. */
static bool add_fcntl(scmp_filter_ctx filter)
{
    static const int commands[] = {F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,
                                   F_GETFL,     F_GETLK,         F_SETLK,     F_SETLKW,
                                   F_OFD_GETLK, F_OFD_SETLK,     F_OFD_SETLKW};
    bool added = true;
    for (size_t i = 0; added && i < sizeof(commands) / sizeof(*commands); i++)
        added = add_if(filter, SCMP_SYS(fcntl), equal(1, (uint64_t)commands[i])) &&
                add_if(filter, SCMP_SYS(fcntl64), equal(1, (uint64_t)commands[i]));
    return added;
}

/* Files that are there for reading; those of the log to add to, as log_reopen opens them. */
static bool add_opening(scmp_filter_ctx filter, bool adds_logs)
{
    const uint64_t how = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    const uint64_t adding = O_WRONLY | O_CREAT | O_APPEND;
    return add_if(filter, SCMP_SYS(openat), equal_under(how, 2, O_RDONLY)) &&
           (!adds_logs || add_if(filter, SCMP_SYS(openat), equal_under(how, 2, adding)));
}

/* Whether somebody is there may be asked of anybody; abort(3) is a signal to oneself. */
static bool add_signals(scmp_filter_ctx filter, pid_t master)
{
    return add_if(filter, SCMP_SYS(kill), equal(1, 0)) &&
           add_if(filter, SCMP_SYS(tgkill), equal(0, (uint64_t)getpid())) &&
           (!master || add_if_both(filter, SCMP_SYS(kill), equal(0, (uint64_t)master),
                                   equal(1, (uint64_t)SIGRTMIN)));
}

/* What the writer answers on (submit.c): of datagrams, either of the pair could send to any socket
 * that has a name. */
static bool add_pair(scmp_filter_ctx filter)
{
    return add_if_both(filter, SCMP_SYS(socketpair), equal(0, AF_UNIX),
                       equal(1, SOCK_SEQPACKET | SOCK_CLOEXEC));
}

/* By prlimit64 limits are asked for, not set. */
static bool add_narrow(scmp_filter_ctx filter, const struct calls *calls)
{
    return add_signals(filter, calls->master) && add_fcntl(filter) &&
           add_if_both(filter, SCMP_SYS(prlimit64), equal(0, 0), equal(2, 0)) &&
           (calls->duty != DUTY_WORKER || add_pair(filter));
}

static bool add_of_duty(scmp_filter_ctx filter, const struct calls *calls)
{
    bool answers = calls->duty != DUTY_WRITER;
    bool writes = calls->duty != DUTY_WORKER || !calls->settled;
    return (!answers || add_all(filter, SCMP_ACT_ALLOW, answerers)) &&
           (calls->settled || add_all(filter, SCMP_ACT_ALLOW, seekers)) &&
           (writes ? add_all(filter, SCMP_ACT_ALLOW, writers)
                   : add_opening(filter, calls->adds_logs));
}

static bool add_rules(scmp_filter_ctx filter, const struct calls *calls)
{
    return end_for(filter, deadly) && add_all(filter, SCMP_ACT_ALLOW, everybodys) &&
           add_all(filter, SCMP_ACT_ALLOW, everybodys_32) &&
           add_all(filter, SCMP_ACT_ALLOW, compilers) &&
           add_all(filter, SCMP_ACT_ALLOW, of_this_build) && add_of_duty(filter, calls) &&
           add_narrow(filter, calls);
}

bool calls_allow(const struct calls *calls)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    bool allowed = false;
    if (!filter) {
        errno = ENOMEM;
        return false;
    }
    /* Found by halving, not one after another; no_new_privs has been seen to. */
    if (done(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)) &&
        done(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0)) && add_rules(filter, calls))
        allowed = done(seccomp_load(filter));
    int error = errno;
    seccomp_release(filter);
    errno = error;
    return allowed;
}
