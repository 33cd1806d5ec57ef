/* Confines itself as a process of the pool does, and then tries what one may do and what none may:
 *
 *   confined CONFIG worker|writer|alone
 *
 * Each is tried in a process of its own, that has its descriptors from before. Says in TAP how it
 * went. The configuration names a store and a log_file in a folder that has nothing else in it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/config.h"
#include "serve/confine.h"

enum { KILLED = 255 };

/* What a process has from before it is confined, and names of what it has not. */
static struct scene {
    pid_t master;
    int data, lock, listening, unbound;
    const char *rules; /* of user agents */
    char data_path[256], data_by_fd[32], new_in_store[256], aside[256];
} scene;

static int of(long result)
{
    return result >= 0 ? 0 : errno;
}

static int opened(const char *path, int flags)
{
    return of(open(path, flags, 0600));
}

/* ---- what nobody may ---- */

static int run_program(void)
{
    char *const argv[] = {"true", NULL}, *const env[] = {NULL};
    return of(execve("/bin/true", argv, env));
}

static int run_descriptor(void)
{
    char *const argv[] = {"true", NULL}, *const env[] = {NULL};
    return of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, env, 0));
}

static int begin_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return of(pid);
}

static void *nothing(void *argument)
{
    return argument;
}

static int begin_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL);
}

static int trace(void)
{
    return of(ptrace(PTRACE_SEIZE, scene.master, NULL, NULL));
}

static int read_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&scene, 1};
    return of(process_vm_readv(scene.master, &here, 1, &there, 1, 0));
}

static int stop_master(void)
{
    return of(kill(scene.master, SIGCONT));
}

static int signal_thread(void)
{
    return of(syscall(SYS_tgkill, scene.master, scene.master, SIGCONT));
}

static int signal_by_descriptor(void)
{
    return of(fcntl(scene.unbound, F_SETOWN, scene.master));
}

static int make_socket(void)
{
    return of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int make_tcp_socket(void)
{
    return of(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_tcp_pair(void)
{
    int pair[2];
    return of(socketpair(AF_INET, SOCK_STREAM, 0, pair));
}

static int make_datagram_pair(void)
{
    int pair[2];
    return of(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
}

/* Of datagrams, by another name. */
static int make_raw_pair(void)
{
    int pair[2];
    return of(socketpair(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0, pair));
}

static int call_out(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};
    return of(connect(scene.unbound, (struct sockaddr *)&address, sizeof(address)));
}

static int listen_elsewhere(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    return of(bind(scene.unbound, (struct sockaddr *)&address, sizeof(sa_family_t)));
}

static int rename_store(void)
{
    return of(rename(scene.data_path, scene.aside));
}

static int link_store(void)
{
    return of(link(scene.data_path, scene.aside));
}

static int open_up_store(void)
{
    return of(chmod(scene.data_path, 0666));
}

static int open_up_data(void)
{
    return of(fchmod(scene.data, 0666));
}

static int give_store_away(void)
{
    return of(chown(scene.data_path, 1, 1));
}

static int make_folder(void)
{
    return of(mkdir(scene.new_in_store, 0700));
}

static int make_link(void)
{
    return of(symlink("/etc/passwd", scene.new_in_store));
}

static int make_in_tmp(void)
{
    return opened("/tmp/rollcall-confined", O_WRONLY | O_CREAT | O_EXCL);
}

static int make_nameless(void)
{
    return opened("/tmp", O_RDWR | O_TMPFILE);
}

static int make_memory_file(void)
{
    return of(memfd_create("x", 0));
}

static int read_passwords(void)
{
    return opened("/etc/passwd", O_RDONLY);
}

static int read_environment(void)
{
    return opened("/proc/self/environ", O_RDONLY);
}

static int list_root(void)
{
    return opened("/", O_RDONLY | O_DIRECTORY);
}

static int mount_memory(void)
{
    return of(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int unshare_all(void)
{
    return of(unshare(CLONE_NEWUSER));
}

static int change_root(void)
{
    return of(chroot("/tmp"));
}

static int become_root(void)
{
    return of(setresuid(0, 0, 0));
}

static int raise_limit(void)
{
    struct rlimit most = {4096, 4096};
    return of(setrlimit(RLIMIT_NOFILE, &most));
}

static int allow_cores(void)
{
    return of(prctl(PR_SET_DUMPABLE, 1));
}

static int load_filter(void)
{
    return of(syscall(SYS_bpf, 0, NULL, 0));
}

static int make_ring(void)
{
    return of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int keep_key(void)
{
    return of(syscall(SYS_keyctl, 0, -3, 1));
}

static int watch_itself(void)
{
    return of(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

/* Who starts a pool, or changes a key, waits for that. */
static int lock_store(void)
{
    return of(flock(scene.data, LOCK_SH));
}

static int clear_append(void)
{
    return of(fcntl(scene.data, F_SETFL, 0));
}

/* ---- what writing takes ---- */

static int write_store(void)
{
    return opened(scene.data_path, O_RDWR);
}

static int write_store_again(void)
{
    return opened(scene.data_by_fd, O_RDWR);
}

static int empty_store(void)
{
    return opened(scene.data_path, O_WRONLY | O_TRUNC);
}

/* As the log is opened. */
static int add_to_store(void)
{
    return opened(scene.data_path, O_WRONLY | O_APPEND | O_CREAT);
}

static int open_lock(void)
{
    char path[300];
    snprintf(path, sizeof(path), "%.*slock.mdb", (int)strlen(scene.data_path) - 8, scene.data_path);
    return opened(path, O_RDWR);
}

static int make_in_store(void)
{
    return opened(scene.new_in_store, O_RDWR | O_CREAT | O_EXCL);
}

static int remove_from_store(void)
{
    return of(unlink(scene.aside));
}

static int write_at(void)
{
    int fd = scene.lock;
    char byte;
    return pread(fd, &byte, 1, 0) == 1 ? of(pwrite(fd, &byte, 1, 0)) : errno;
}

static int reach_disk(void)
{
    return of(fdatasync(scene.lock));
}

/* ---- what everybody may, or who answers ---- */

static int read_store(void)
{
    char bytes[16];
    return of(pread(scene.data, bytes, sizeof(bytes), 0));
}

static int open_store_to_read(void)
{
    return opened(scene.data_path, O_RDONLY);
}

static int map_store(void)
{
    return mmap(NULL, 4096, PROT_READ, MAP_SHARED, scene.data, 0) == MAP_FAILED ? errno : 0;
}

static int map_store_to_write(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, scene.data, 0) == MAP_FAILED ? errno
                                                                                             : 0;
}

static int lock_a_byte(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1000000, .l_len = 1};
    return of(fcntl(scene.lock, F_SETLK, &lock));
}

/* PCRE2's compiled patterns. */
static int map_code(void)
{
    void *place =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? errno : 0;
}

static int take_memory(void)
{
    char *room = malloc(1 << 20);
    for (size_t size = 1 << 20; room && size <= (size_t)64 << 20; size *= 2)
        room = realloc(room, size);
    free(room);
    return room ? 0 : errno;
}

static int wait_a_little(void)
{
    struct timespec moment = {.tv_nsec = 1000};
    return of(nanosleep(&moment, NULL));
}

static int take_random(void)
{
    char bytes[8];
    return getentropy(bytes, sizeof(bytes)) == 0 ? 0 : errno;
}

static int look_into_nowhere(void)
{
    return opened("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int tell_master(void)
{
    return of(kill(scene.master, SIGRTMIN));
}

static int ask_for_master(void)
{
    return of(kill(scene.master, 0));
}

static int signal_itself(void)
{
    signal(SIGUSR1, SIG_IGN);
    return of(raise(SIGUSR1));
}

static int reopen_log(void)
{
    return log_reopen() ? 0 : EACCES;
}

static int accept_connection(void)
{
    return of(accept4(scene.listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static int make_pair(void)
{
    int pair[2];
    return of(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
}

static int read_rules(void)
{
    return opened(scene.rules, O_RDONLY);
}

/* ---- who may what ---- */

enum { WORKER = 1 << DUTY_WORKER, WRITER = 1 << DUTY_WRITER, ALONE = 1 << DUTY_ALONE };
enum { ALL = WORKER | WRITER | ALONE, WRITERS = WRITER | ALONE, ANSWERERS = WORKER | ALONE };
/* What LeakSanitizer takes; it traces nobody but its own. */
#ifdef SANITIZED
enum { SANITIZERS = ALL, TRACING_ENDS = false };
#else
enum { SANITIZERS = 0, TRACING_ENDS = true };
#endif

static const struct attempt {
    const char *what;
    int (*try)(void);
    int who;   /* may */
    bool dies; /* who may not */
} attempts[] = {
    {"run a program", run_program, 0, true},
    {"run a program by its descriptor", run_descriptor, 0, true},
    {"begin a process", begin_process, SANITIZERS, false},
    {"begin a thread", begin_thread, SANITIZERS, false},
    {"trace a process", trace, 0, TRACING_ENDS},
    {"read another process's memory", read_memory, 0, true},
    {"signal another process", stop_master, 0, false},
    {"signal another's thread", signal_thread, 0, false},
    {"have a descriptor signal another", signal_by_descriptor, 0, false},
    {"make a socket", make_socket, 0, false},
    {"make a socket of the network", make_tcp_socket, 0, false},
    {"make a pair of the network", make_tcp_pair, 0, false},
    {"make a pair of datagrams", make_datagram_pair, 0, false},
    {"make a raw pair", make_raw_pair, 0, false},
    {"connect to somebody", call_out, 0, false},
    {"listen elsewhere", listen_elsewhere, 0, false},
    {"rename the store's file", rename_store, 0, false},
    {"link the store's file", link_store, 0, false},
    {"open the store up by name", open_up_store, 0, false},
    {"open the store up", open_up_data, 0, false},
    {"give the store away", give_store_away, 0, false},
    {"make a folder", make_folder, 0, false},
    {"make a symbolic link", make_link, 0, false},
    {"make a file in /tmp", make_in_tmp, 0, false},
    {"make a nameless file", make_nameless, 0, false},
    {"make a file of memory", make_memory_file, 0, false},
    {"read /etc/passwd", read_passwords, 0, false},
    {"read its own environment", read_environment, SANITIZERS, false},
    {"list the root", list_root, 0, false},
    {"mount", mount_memory, 0, false},
    {"make a namespace", unshare_all, 0, false},
    {"change its root", change_root, 0, false},
    {"become root", become_root, 0, false},
    {"raise a limit", raise_limit, 0, false},
    {"allow core dumps", allow_cores, SANITIZERS, false},
    {"call bpf", load_filter, 0, false},
    {"make a ring of system calls", make_ring, 0, false},
    {"call keyctl", keep_key, 0, false},
    {"measure", watch_itself, 0, false},
    {"lock a file as a whole", lock_store, 0, false},
    {"change how a file is written", clear_append, 0, false},
    {"map what is open for reading to write", map_store_to_write, 0, false},
    {"open the store for writing", write_store, WRITERS, false},
    {"open it for writing through /proc", write_store_again, WRITERS, false},
    {"empty the store", empty_store, WRITERS, false},
    {"add to the store as to a log", add_to_store, WRITERS, false},
    {"open the lock", open_lock, WRITERS, false},
    {"make a file in the store", make_in_store, WRITERS, false},
    {"remove a file from the store", remove_from_store, WRITERS, false},
    {"write at a place", write_at, WRITERS, false},
    {"have it come to the disk", reach_disk, WRITERS, false},
    {"read the store", read_store, ALL, false},
    {"open the store for reading", open_store_to_read, ALL, false},
    {"map the store", map_store, ALL, false},
    {"lock a byte", lock_a_byte, ALL, false},
    {"map code", map_code, ALL, false},
    {"take memory", take_memory, ALL, false},
    {"wait", wait_a_little, ALL, false},
    {"take random bytes", take_random, ALL, false},
    {"open /dev/null", look_into_nowhere, ALL, false},
    {"tell the master it is ready", tell_master, ALL, false},
    {"ask whether the master is there", ask_for_master, ALL, false},
    {"signal itself", signal_itself, ALL, false},
    {"open the log anew", reopen_log, ALL, false},
    {"accept a connection", accept_connection, ANSWERERS, false},
    {"make a pair for an answer", make_pair, WORKER, false},
    {"read the rules of user agents", read_rules, ANSWERERS, false},
};
enum { ATTEMPTS = sizeof(attempts) / sizeof(*attempts) };

/* The writer's own number of what came of it; KILLED: the filter has. */
static int outcome_of(const struct config *config, enum duty duty, const struct attempt *attempt)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(confine(config, duty, scene.master, true) == ERR_OK ? attempt->try() : KILLED - 1);
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return KILLED;
    return WIFSIGNALED(status) ? KILLED - 2 : WEXITSTATUS(status);
}

/* The log is another file each time, as after a rotation. */
static bool tell(const struct config *config, enum duty duty, size_t at)
{
    const struct attempt *attempt = &attempts[at];
    bool may = attempt->who & (1 << duty);
    int outcome;
    unlink(config->log_file);
    close(open(scene.aside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    outcome = outcome_of(config, duty, attempt);
    unlink(scene.aside);
    unlink(scene.new_in_store);
    bool right = may             ? outcome == 0
                 : attempt->dies ? outcome == KILLED
                                 : outcome && outcome != KILLED;
    printf("%s %zu - %s: %s # %s\n", right ? "ok" : "not ok", at + 1, attempt->what,
           may             ? "may"
           : attempt->dies ? "dies of it"
                           : "may not",
           outcome == KILLED ? "killed" : strerror(outcome));
    return right;
}

static bool set_scene(const struct config *config)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(address);
    snprintf(scene.data_path, sizeof(scene.data_path), "%s/data.mdb", config->store);
    snprintf(scene.new_in_store, sizeof(scene.new_in_store), "%s/new", config->store);
    snprintf(scene.aside, sizeof(scene.aside), "%s/aside", config->store);
    char lock_path[300];
    snprintf(lock_path, sizeof(lock_path), "%s/lock.mdb", config->store);
    scene.rules = config->user_agents;
    scene.master = getpid();
    scene.data = open(scene.data_path, O_RDONLY | O_CLOEXEC);
    scene.lock = open(lock_path, O_RDWR | O_CLOEXEC);
    snprintf(scene.data_by_fd, sizeof(scene.data_by_fd), "/proc/self/fd/%d", scene.data);
    scene.unbound = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    scene.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A name that the system gives, and as many connections to it as may be accepted. */
    bool set = bind(scene.listening, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 &&
               listen(scene.listening, 8) == 0 &&
               getsockname(scene.listening, (struct sockaddr *)&address, &size) == 0 &&
               connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&address,
                       size) == 0;
    signal(SIGRTMIN, SIG_IGN);
    return set && scene.data >= 0 && scene.lock >= 0 &&
           log_open(config->log_file, config->access_log_file);
}

int main(int argc, char **argv)
{
    static const char *const duties[DUTY_COUNT] = {"worker", "writer", "alone"};
    struct config config;
    enum duty duty = DUTY_WORKER;
    bool right = true;
    while (argc == 3 && duty < DUTY_COUNT && strcmp(argv[2], duties[duty]) != 0)
        duty++;
    if (argc != 3 || duty == DUTY_COUNT) {
        fputs("Usage: confined CONFIG worker|writer|alone\n", stderr);
        return 2;
    }
    if (config_load(argv[1], &config) != ERR_OK || !set_scene(&config)) {
        perror("confined");
        return 1;
    }
#ifdef COVERED
    puts("1..0 # SKIP what gcov writes at the end takes more than that");
    return 0;
#endif
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < ATTEMPTS; i++)
        right = tell(&config, duty, i) && right;
    printf("1..%d\n", ATTEMPTS);
    config_free(&config);
    return right ? 0 : 1;
}
