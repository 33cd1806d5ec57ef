#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 4096, FILE_MODE = 0640 };

/* A file that lines go to; its descriptor stays the same when it is opened anew. */
struct sink {
    int fd;
    char path[PATH_MAX]; /* empty: none was named */
};

static const char *const words[] = {"error", "warn", "info", "debug"};
static enum log_level threshold = LOG_INFO;
static struct sink events = {.fd = STDERR_FILENO}, requests = {.fd = -1};

void log_set_level(enum log_level level)
{
    threshold = level;
}

_Bool log_level_parse(const char *word, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(word, words[i]) == 0) {
            *level = (enum log_level)i;
            return 1;
        }
    return 0;
}

/* One write a line, so that lines of several processes do not mix. */
static void write_line(int fd, struct str line)
{
    if (write(fd, line.ptr, line.len) < 0)
        (void)0; /* nowhere left to say it */
}

static void put_safe(struct buf *line, const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            buf_printf(line, "\\x%02x", (unsigned char)*text);
        else
            buf_byte(line, *text);
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > threshold)
        return;
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct buf line = {0};
    instant_put_millis(&line, clock_now());
    buf_printf(&line, " %s [%d] ", words[level], (int)getpid());
    put_safe(&line, text);
    buf_byte(&line, '\n');
    if (!line.failed)
        write_line(events.fd, buf_view(&line));
    buf_free(&line);
}

void log_request(struct str line)
{
    write_line(requests.fd >= 0 ? requests.fd : events.fd, line);
}

void log_as_stderr(void)
{
    dup2(events.fd, STDERR_FILENO);
}

/* ---- files ---- */

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
}

/* The descriptor of a file of that name, `otherwise` without a name; -1, and it is logged. */
static int open_named(const char *path, int otherwise)
{
    if (!*path)
        return otherwise;
    int fd = strlen(path) < PATH_MAX ? open_file(path) : (errno = ENAMETOOLONG, -1);
    if (fd < 0)
        log_error("log: %s: %s", path, strerror(errno));
    return fd;
}

static void change(struct sink *sink, const char *path, int fd)
{
    if (sink->path[0])
        close(sink->fd);
    sink->fd = fd;
    memcpy(sink->path, path, strlen(path) + 1);
}

_Bool log_open(const char *path, const char *requests_path)
{
    int fd = open_named(path, STDERR_FILENO);
    int requests_fd = fd < 0 ? -1 : open_named(requests_path, -1);
    if (fd < 0 || (requests_fd < 0 && *requests_path)) {
        if (fd >= 0 && *path)
            close(fd);
        return 0;
    }
    change(&events, path, fd);
    change(&requests, requests_path, requests_fd);
    return 1;
}

/* The descriptor is given its new file in one step: a line that is being written goes to either.
 * What is called here may be (signal-safety(7); dup3 is a system call and nothing more). */
static _Bool reopen(const struct sink *sink)
{
    int fd = sink->path[0] ? open_file(sink->path) : -1;
    _Bool done = fd >= 0 && dup3(fd, sink->fd, O_CLOEXEC) >= 0;
    if (fd >= 0)
        close(fd);
    return done || !sink->path[0];
}

_Bool log_reopen(void)
{
    int saved = errno;
    _Bool first = reopen(&events), second = reopen(&requests);
    errno = saved;
    return first && second;
}
