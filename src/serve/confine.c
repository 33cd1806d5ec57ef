#include "serve/confine.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/config.h"
#include "serve/fence.h"

static const char *const duty_names[] = {"worker", "writer", "single process"};
static const char *const mode_words[] = {"auto", "require", "off"};

/* What a process has been left without; errno of what could not be done, or 0. */
struct confinement {
    uid_t uid;
    int privileges, fence, calls;
    int fence_version;
};

bool confine_mode_parse(const char *word, enum confine_mode *mode)
{
    for (size_t i = 0; i < sizeof(mode_words) / sizeof(*mode_words); i++)
        if (strcmp(word, mode_words[i]) == 0) {
            *mode = (enum confine_mode)i;
            return true;
        }
    return false;
}

/* ---- doing ---- */

/* No core is written, whatever takes it (core(5): a program that it is piped to gets one even where
 * its size is limited to nothing). Processes are counted by user, so that none but this one's wish
 * for another is refused. The store's map has no limit of its own: what is address space to one is
 * disk cache to all. */
static void limit(void)
{
    static const struct {
        __rlimit_resource_t resource;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0},
                  {RLIMIT_NOFILE, 1024}, /* a writer holds one for each of 256 workers */
#ifndef SANITIZED
                  {RLIMIT_NPROC, 0},
#endif
                  {RLIMIT_MSGQUEUE, 0}};
    struct rlimit now;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        if (getrlimit(limits[i].resource, &now) == 0 && now.rlim_max > limits[i].most)
            (void)setrlimit(limits[i].resource, &(struct rlimit){limits[i].most, limits[i].most});
    prctl(PR_SET_DUMPABLE, 0);
}

static void take_away(const struct config *config, const struct calls *calls,
                      struct confinement *made)
{
    errno = 0;
    made->fence_version = fence_version();
    made->fence = fence_raise(config, calls) ? 0 : errno;
    made->calls = calls_allow(calls) ? 0 : errno;
}

/* A process that has no way to more privileges may take some away without having any. */
static struct confinement take_all_away(const struct config *config, const struct calls *calls)
{
    struct confinement made = {.uid = geteuid()};
    limit();
    made.privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
    take_away(config, calls, &made);
    return made;
}

static bool is_whole(const struct confinement *made)
{
    return !made->privileges && !made->fence && !made->calls;
}

static enum err judge(const struct config *config, const struct confinement *made)
{
    return config->confine == CONFINE_REQUIRE && !is_whole(made) ? ERR_IO : ERR_OK;
}

static struct calls calls_of(const struct config *config, enum duty duty, pid_t master,
                             bool settled)
{
    return (struct calls){.duty = duty,
                          .master = master,
                          .adds_logs = *config->log_file || *config->access_log_file,
                          .settled = settled};
}

enum err confine(const struct config *config, enum duty duty, pid_t master, bool settled)
{
    struct calls calls = calls_of(config, duty, master, settled);
    if (config->confine == CONFINE_OFF)
        return ERR_OK;
    struct confinement made = take_all_away(config, &calls);
    enum err err = judge(config, &made);
    if (err != ERR_OK)
        log_error("%s: cannot be confined as required", duty_names[duty]);
    return err;
}

enum err confine_settle(const struct config *config, enum duty duty, pid_t master)
{
    struct calls calls = calls_of(config, duty, master, true);
    struct confinement made = {.privileges = 0};
    if (config->confine == CONFINE_OFF)
        return ERR_OK;
    take_away(config, &calls, &made);
    return judge(config, &made);
}

/* ---- trying ---- */

/* In a process of its own, for there is no way back. */
static void try_in_child(const struct config *config, enum duty duty, int to)
{
    struct calls calls = calls_of(config, duty, getppid(), true);
    struct confinement made = {.uid = geteuid()};
    if (config->confine != CONFINE_OFF)
        made = take_all_away(config, &calls);
    _exit(write(to, &made, sizeof(made)) == sizeof(made) ? 0 : 1);
}

static enum err try_out(const struct config *config, enum duty duty, struct confinement *made)
{
    int ends[2];
    if (pipe(ends) != 0)
        return ERR_IO;
    pid_t pid = fork();
    if (pid == 0)
        try_in_child(config, duty, ends[1]);
    close(ends[1]);
    bool told = pid > 0 && read(ends[0], made, sizeof(*made)) == sizeof(*made);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return told ? ERR_OK : ERR_IO;
}

/* ---- telling ---- */

static void put_part(struct buf *line, const char *what, int version, int error)
{
    buf_printf(line, ", %s%s", error ? "no " : "", what);
    if (error)
        buf_printf(line, " (%s)", strerror(error));
    else if (version)
        buf_printf(line, " %d", version);
}

static void describe(const struct config *config, enum duty duty, const struct confinement *made,
                     struct buf *line)
{
    const struct passwd *entry = getpwuid(made->uid);
    buf_printf(line, "%s: as ", duty_names[duty]);
    if (entry)
        buf_printf(line, "%s", entry->pw_name);
    else
        buf_printf(line, "user %u", (unsigned)made->uid);
    if (config->confine == CONFINE_OFF) {
        buf_printf(line, ", not confined");
    } else {
        put_part(line, "new privileges refused", 0, made->privileges);
        put_part(line, "seccomp", 0, made->calls);
        put_part(line, "landlock", made->fence_version, made->fence);
        buf_printf(line, ", no core dumps");
    }
    buf_byte(line, '\0');
}

typedef void (*tell_fn)(FILE *out, const char *line, bool lacks);

static void tell_log(FILE *out, const char *line, bool lacks)
{
    (void)out;
    log_line(lacks ? LOG_WARN : LOG_INFO, "%s", line);
}

static void tell_comment(FILE *out, const char *line, bool lacks)
{
    (void)lacks;
    fprintf(out, "# %s\n", line);
}

static enum err check_one(const struct config *config, enum duty duty, tell_fn tell, FILE *out)
{
    struct confinement made = {.uid = 0};
    struct buf line = {0};
    enum err err = try_out(config, duty, &made);
    if (err != ERR_OK) {
        log_error("%s: cannot be tried", duty_names[duty]);
        return err;
    }
    describe(config, duty, &made, &line);
    if (!line.failed)
        tell(out, line.ptr, !is_whole(&made));
    err = judge(config, &made);
    if (err != ERR_OK)
        log_error("confine = \"require\": not to be had here: %s", line.failed ? "" : line.ptr);
    buf_free(&line);
    return err;
}

/* The log is told of those there will be. */
enum err confine_check(const struct config *config)
{
    if (!config->workers)
        return check_one(config, DUTY_ALONE, tell_log, NULL);
    enum err err = check_one(config, DUTY_WORKER, tell_log, NULL);
    return err == ERR_OK ? check_one(config, DUTY_WRITER, tell_log, NULL) : err;
}

enum err confine_print(const struct config *config, FILE *out)
{
    enum err err = ERR_OK;
    for (enum duty duty = 0; err == ERR_OK && duty < DUTY_COUNT; duty++)
        err = check_one(config, duty, tell_comment, out);
    return err;
}
