/* Byte strings one behind the other in a file or a pipe, each after its length. They are for this
 * machine and this run alone. */
#ifndef ROLLCALL_BASE_FRAMES_H
#define ROLLCALL_BASE_FRAMES_H

#include "base/err.h"
#include "base/str.h"

/* What the system says of files and pipes: ERR_FULL, ERR_MEMORY; all else is logged with `what`,
 * and ERR_IO. */
enum err frames_error(int code, const char *what);

/* A file without a name in that folder, for its owner alone, to be written and read; the caller
 * closes it. */
enum err frames_file(const char *dir, int *fd) MUST_CHECK;

/* Begins zeroed but for fd, which stays the caller's, and size, that of its buffer. */
struct frame_writer {
    int fd;
    size_t size;
    char *buffer; /* owned */
    size_t len;
    uint64_t written; /* bytes so far, those in the buffer among them */
};
enum err frame_put(struct frame_writer *writer, struct str frame) MUST_CHECK;
enum err frame_flush(struct frame_writer *writer) MUST_CHECK;
void frame_writer_end(struct frame_writer *writer);

/* Begins zeroed but for fd, which stays the caller's; size, that of its buffer, which grows for a
 * longer frame; and where in the file it begins and ends, or that it is a pipe. */
struct frame_reader {
    int fd;
    size_t size;
    bool is_pipe;
    uint64_t at, end; /* of what was not read yet; not looked at for a pipe */
    char *buffer;     /* owned */
    size_t begin, len;
};
/* The next, a view until the one after it. ERR_NOT_FOUND: there is none. ERR_IO: it ends within a
 * frame. */
enum err frame_next(struct frame_reader *reader, struct str *frame) MUST_CHECK;
void frame_reader_end(struct frame_reader *reader);

#endif
