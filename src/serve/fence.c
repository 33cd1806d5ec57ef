#include "serve/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "serve/config.h"

/* What later kernels' <linux/landlock.h> adds: it may be older here than the kernel. */
struct ruleset {
    uint64_t files, network, scoped;
};
enum { TRUNCATE = 1 << 14, DEVICE_IOCTL = 1 << 15 };
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };
/* The interface's versions that know them. */
enum { SINCE_REFER = 2, SINCE_TRUNCATE, SINCE_NETWORK, SINCE_IOCTL, SINCE_SCOPES };

enum {
    READ = LANDLOCK_ACCESS_FS_READ_FILE,
    LOOK = READ | LANDLOCK_ACCESS_FS_READ_DIR,
    ADD = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
    KEEP = LOOK | ADD | LANDLOCK_ACCESS_FS_REMOVE_FILE | TRUNCATE,
    OF_A_FILE = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | READ | TRUNCATE
};

int fence_version(void)
{
    long version = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

/* Everything that this kernel can keep a process from. */
static struct ruleset all_of(int version, const struct calls *calls)
{
    struct ruleset all = {.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    if (version >= SINCE_REFER)
        all.files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= SINCE_TRUNCATE)
        all.files |= TRUNCATE;
    if (version >= SINCE_IOCTL)
        all.files |= DEVICE_IOCTL;
    if (version >= SINCE_NETWORK)
        all.network = BIND_TCP | CONNECT_TCP;
    if (version >= SINCE_SCOPES) /* the master is outside */
        all.scoped = ABSTRACT_SOCKETS | (calls->master ? 0 : SIGNALS);
    return all;
}

static size_t size_for(int version)
{
    return version >= SINCE_SCOPES    ? sizeof(struct ruleset)
           : version >= SINCE_NETWORK ? 2 * sizeof(uint64_t)
                                      : sizeof(uint64_t);
}

/* ---- places ---- */

struct fence {
    int fd;
    uint64_t files; /* what is kept from them */
    bool failed;
};

static void let_in(struct fence *fence, int place, uint64_t access)
{
    struct stat info;
    struct landlock_path_beneath_attr rule = {.allowed_access = access & fence->files,
                                              .parent_fd = place};
    if (fstat(place, &info) == 0 && !S_ISDIR(info.st_mode))
        rule.allowed_access &= OF_A_FILE;
    if (syscall(__NR_landlock_add_rule, fence->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        fence->failed = true;
}

/* What is not there is nothing to be let in to. */
static void let_in_to(struct fence *fence, const char *path, uint64_t access)
{
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0)
        return;
    let_in(fence, place, access);
    close(place);
}

/* Cuts the last name off; the root stays. */
static void go_up(char *path)
{
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
}

/* The file's folder: one that is replaced, as packages and rotation do it, is another file. */
static void let_in_beside(struct fence *fence, const char *path, uint64_t access)
{
    char folder[PATH_MAX];
    if (path[0] != '/' || strlen(path) >= sizeof(folder))
        return;
    strcpy(folder, path);
    go_up(folder);
    let_in_to(fence, folder, access);
}

static void let_in_to_nearest(struct fence *fence, const char *path, uint64_t access)
{
    char folder[PATH_MAX];
    int place = -1;
    if (path[0] != '/' || strlen(path) >= sizeof(folder))
        return;
    strcpy(folder, path);
    while ((place = open(folder, O_PATH | O_CLOEXEC)) < 0 && errno == ENOENT && folder[1])
        go_up(folder);
    if (place < 0)
        return;
    let_in(fence, place, access);
    close(place);
}

/* Who only reads the store has its lock open; before that it makes one where there is none, in a
 * folder that may have to be waited for. */
static void let_in_to_store(struct fence *fence, const char *store, const struct calls *calls)
{
    bool reads_only = calls->duty == DUTY_WORKER && calls->settled;
    let_in_to_nearest(fence, store, reads_only ? LOOK : KEEP);
}

static void let_in_to_all(struct fence *fence, const struct config *config,
                          const struct calls *calls)
{
    /* What libraries may read late: chance, time zones, what to load. None of it is secret. */
    static const char *const common[] = {
        "/dev/null", "/dev/urandom", "/etc/ld.so.cache",   "/etc/localtime", "/etc/ssl/openssl.cnf",
        "/lib",      "/usr/lib",     "/usr/share/zoneinfo"};
    for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
        let_in_to(fence, common[i], LOOK);
    let_in_to_store(fence, config->store, calls);
    let_in_beside(fence, config->log_file, ADD);
    let_in_beside(fence, config->access_log_file, ADD);
    if (calls->duty != DUTY_WRITER) {
        let_in_beside(fence, config->user_agents, READ);
        let_in_beside(fence, config->countries, READ);
    }
#ifdef SANITIZED
    let_in_to(fence, "/proc", LOOK);
#elif defined(COVERED)
    let_in_to(fence, "/", KEEP | LANDLOCK_ACCESS_FS_MAKE_DIR);
#endif
}

bool fence_raise(const struct config *config, const struct calls *calls)
{
    int version = fence_version();
    struct ruleset all = all_of(version, calls);
    struct fence fence = {.files = all.files};
    fence.fd = (int)syscall(__NR_landlock_create_ruleset, &all, size_for(version), 0);
    if (fence.fd < 0)
        return false;
    let_in_to_all(&fence, config, calls);
    bool raised = !fence.failed && syscall(__NR_landlock_restrict_self, fence.fd, 0) == 0;
    int error = errno;
    close(fence.fd);
    errno = error;
    return raised;
}
