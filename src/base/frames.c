#include "base/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

enum { LENGTH_BYTES = sizeof(uint32_t) };

enum err frames_error(int code, const char *what)
{
    if (code == ENOSPC || code == EDQUOT || code == EFBIG)
        return ERR_FULL;
    if (code == ENOMEM)
        return ERR_MEMORY;
    log_error("%s: %s", what, strerror(code));
    return ERR_IO;
}

enum err frames_file(const char *dir, int *fd)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/rollcall-XXXXXX", dir);
    if (len < 0 || (size_t)len >= sizeof(path))
        return frames_error(ENAMETOOLONG, dir);
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0)
        return frames_error(errno, dir);
    unlink(path);
    return ERR_OK;
}

/* ---- writing ---- */

static enum err write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno != EINTR)
            return frames_error(errno, "temporary file");
        bytes += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return ERR_OK;
}

enum err frame_flush(struct frame_writer *writer)
{
    enum err err = write_all(writer->fd, writer->buffer, writer->len);
    writer->len = 0;
    return err;
}

/* Through the buffer, unless it is longer than that. */
static enum err put_bytes(struct frame_writer *writer, const void *bytes, size_t len)
{
    enum err err = ERR_OK;
    if (len > writer->size - writer->len)
        err = frame_flush(writer);
    writer->written += len;
    if (err != ERR_OK || len > writer->size)
        return err == ERR_OK ? write_all(writer->fd, bytes, len) : err;
    if (len)
        memcpy(writer->buffer + writer->len, bytes, len);
    writer->len += len;
    return ERR_OK;
}

enum err frame_put(struct frame_writer *writer, struct str frame)
{
    uint32_t len = (uint32_t)frame.len;
    if (!writer->buffer)
        writer->buffer = malloc(writer->size);
    if (!writer->buffer)
        return ERR_MEMORY;
    if (frame.len > UINT32_MAX)
        return ERR_TOO_LARGE;
    enum err err = put_bytes(writer, &len, sizeof(len));
    return err == ERR_OK ? put_bytes(writer, frame.ptr, frame.len) : err;
}

void frame_writer_end(struct frame_writer *writer)
{
    free(writer->buffer);
    writer->buffer = NULL;
}

/* ---- reading ---- */

static ssize_t read_some(struct frame_reader *reader, char *to, size_t len)
{
    if (reader->is_pipe)
        return read(reader->fd, to, len);
    uint64_t left = reader->end - reader->at;
    ssize_t got = pread(reader->fd, to, len < left ? len : (size_t)left, (off_t)reader->at);
    reader->at += got > 0 ? (uint64_t)got : 0;
    return got;
}

static enum err make_room(struct frame_reader *reader, size_t len)
{
    if (reader->begin)
        memmove(reader->buffer, reader->buffer + reader->begin, reader->len);
    reader->begin = 0;
    if (reader->buffer && len <= reader->size)
        return ERR_OK;
    size_t size = len > reader->size ? len : reader->size;
    char *buffer = realloc(reader->buffer, size);
    if (!buffer)
        return ERR_MEMORY;
    reader->buffer = buffer;
    reader->size = size;
    return ERR_OK;
}

/* Sees to it that `len` bytes are at hand; *ended where not one is. */
static enum err have(struct frame_reader *reader, size_t len, bool *ended)
{
    *ended = false;
    if (reader->len >= len)
        return ERR_OK;
    enum err err = make_room(reader, len);
    while (err == ERR_OK && reader->len < len) {
        ssize_t got = read_some(reader, reader->buffer + reader->len, reader->size - reader->len);
        *ended = got == 0 && reader->len == 0;
        if (*ended)
            return ERR_OK;
        if (got == 0)
            return ERR_IO;
        if (got < 0 && errno != EINTR)
            return frames_error(errno, "temporary file");
        reader->len += got > 0 ? (size_t)got : 0;
    }
    return err;
}

enum err frame_next(struct frame_reader *reader, struct str *frame)
{
    uint32_t len;
    bool ended;
    enum err err = have(reader, LENGTH_BYTES, &ended);
    if (err != ERR_OK || ended)
        return err == ERR_OK ? ERR_NOT_FOUND : err;
    memcpy(&len, reader->buffer + reader->begin, sizeof(len));
    err = have(reader, LENGTH_BYTES + (size_t)len, &ended);
    if (err != ERR_OK)
        return err;
    *frame = (struct str){reader->buffer + reader->begin + LENGTH_BYTES, len};
    reader->begin += LENGTH_BYTES + (size_t)len;
    reader->len -= LENGTH_BYTES + (size_t)len;
    return ERR_OK;
}

void frame_reader_end(struct frame_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}
