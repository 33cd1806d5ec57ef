/* An input file read line by line, as often as is wanted: what cannot be read twice (standard
 * input, a pipe) is first copied to a temporary file that has no name. */
#ifndef ROLLCALL_CTL_SOURCE_H
#define ROLLCALL_CTL_SOURCE_H

#include "base/err.h"
#include "base/str.h"

struct source {
    const char *name; /* for reports; the caller's */
    int fd;
    uint64_t size; /* bytes in all */
    uint64_t line; /* the number of the line read last, from 1 */
    char *buffer;  /* owned */
    size_t begin, end;
    uint64_t offset; /* in the file, of what is read next: processes may share the descriptor */
    bool at_end;
};

/* "-" is standard input. What goes wrong is said on standard error: ERR_IO, ERR_MEMORY. The caller
 * ends it with source_close, also after a failure. */
enum err source_open(struct source *source, const char *path) MUST_CHECK;
void source_close(struct source *source);

/* Goes back to the first line. */
void source_rewind(struct source *source);
/* Goes to the first line that begins at that byte or after it; lines are counted from there on.
 * ERR_IO, said as above. */
enum err source_seek(struct source *source, uint64_t at) MUST_CHECK;
/* The byte that the next line begins at. */
uint64_t source_tell(const struct source *source);
/* The next line, without its end; a view until the next call. For a line longer than LINE_MAX_BYTES
 * a view longer than that is given, whose bytes mean nothing. ERR_NOT_FOUND: no more lines. ERR_IO,
 * said as above. */
enum err source_next(struct source *source, struct str *line) MUST_CHECK;

#endif
