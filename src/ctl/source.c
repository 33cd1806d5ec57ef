#include "ctl/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "model/interchange.h"
#include "model/secret.h"

/* A line of the greatest length, one byte that shows that it is longer, its end. */
enum { BUFFER_BYTES = LINE_MAX_BYTES + 2 };

static enum err fail(const char *name)
{
    ctl_fail("%s: %s", name, strerror(errno));
    return ERR_IO;
}

static enum err copy(int from, int to, char *buffer)
{
    for (;;) {
        ssize_t got = read(from, buffer, BUFFER_BYTES), put = 0;
        if (got == 0)
            return ERR_OK;
        if (got < 0 && errno == EINTR)
            continue;
        for (ssize_t at = 0; at < got && put >= 0; at += put)
            put = write(to, buffer + at, (size_t)(got - at));
        if (got < 0 || put < 0)
            return ERR_IO;
    }
}

/* The records hold secrets in clear: the copy has no name, and goes with the process. */
static enum err spool(struct source *source)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof(path), "%s/rollcall-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0)
        return fail(path);
    unlink(path);
    enum err err = copy(source->fd, fd, source->buffer);
    if (err != ERR_OK)
        fail(source->name);
    close(source->fd);
    source->fd = fd;
    return err;
}

enum err source_open(struct source *source, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat info;
    *source = (struct source){.name = standard ? "standard input" : path};
    source->fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return fail(source->name);
    source->buffer = malloc(BUFFER_BYTES);
    if (!source->buffer) {
        ctl_fail("%s: %s", source->name, err_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    if (fstat(source->fd, &info) != 0)
        return fail(source->name);
    if (!S_ISREG(info.st_mode)) {
        enum err err = spool(source);
        if (err != ERR_OK)
            return err;
        if (fstat(source->fd, &info) != 0)
            return fail(source->name);
    }
    source->size = (uint64_t)info.st_size;
    return ERR_OK;
}

void source_close(struct source *source)
{
    if (source->buffer)
        secret_wipe(source->buffer, BUFFER_BYTES);
    free(source->buffer);
    if (source->fd >= 0)
        close(source->fd);
    *source = (struct source){.fd = -1};
}

static void go_to(struct source *source, uint64_t at)
{
    source->begin = source->end = 0;
    source->offset = at;
    source->line = 0;
    source->at_end = false;
}

void source_rewind(struct source *source)
{
    go_to(source, 0);
}

uint64_t source_tell(const struct source *source)
{
    return source->offset - (source->end - source->begin);
}

/* Moves what is left to the front and reads more behind it. */
static enum err fill(struct source *source)
{
    ssize_t got;
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    do
        got = pread(source->fd, source->buffer + source->end, BUFFER_BYTES - source->end,
                    (off_t)source->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail(source->name);
    source->end += (size_t)got;
    source->offset += (uint64_t)got;
    source->at_end = got == 0;
    return ERR_OK;
}

/* The next end of line at hand, or as much as fits, or all there is. */
static enum err take(struct source *source, struct str *piece, bool *ended)
{
    for (size_t seen = 0;;) {
        struct str have = {source->buffer + source->begin, source->end - source->begin};
        const char *end = have.len > seen ? memchr(have.ptr + seen, '\n', have.len - seen) : NULL;
        *ended = end || source->at_end;
        if (*ended || have.len > LINE_MAX_BYTES) {
            *piece = (struct str){have.ptr, end ? (size_t)(end - have.ptr) : have.len};
            source->begin += piece->len + (end != NULL);
            return ERR_OK;
        }
        seen = have.len;
        enum err err = fill(source);
        if (err != ERR_OK)
            return err;
    }
}

enum err source_next(struct source *source, struct str *line)
{
    struct str rest;
    bool ended;
    enum err err = take(source, line, &ended);
    if (err != ERR_OK)
        return err;
    if (line->len == 0 && source->at_end && source->begin == source->end)
        return ERR_NOT_FOUND;
    source->line++;
    while (err == ERR_OK && !ended)
        err = take(source, &rest, &ended);
    return err;
}

/* The byte before tells whether a line begins right there: what is left of the one it belongs to is
 * passed over. */
enum err source_seek(struct source *source, uint64_t at)
{
    struct str rest;
    go_to(source, at ? at - 1 : 0);
    enum err err = at ? source_next(source, &rest) : ERR_OK;
    source->line = 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
