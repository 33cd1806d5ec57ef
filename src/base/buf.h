/* A growing byte buffer that keeps its memory from one use to the next. A failed append marks the
 * buffer and later appends do nothing, so that a writer checks once, at the end. */
#ifndef ROLLCALL_BASE_BUF_H
#define ROLLCALL_BASE_BUF_H

#include "base/str.h"

struct buf {
    char *ptr; /* owned; NULL until the first append */
    size_t len, cap;
    bool failed; /* out of memory at some append */
};

void buf_free(struct buf *buf);
/* Empties it and clears the mark; the memory stays. */
void buf_reset(struct buf *buf);

void buf_put(struct buf *buf, const void *bytes, size_t len);
void buf_str(struct buf *buf, struct str text);
void buf_i64(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `len` more bytes, to be written by the caller, who then adds to buf->len what it used.
 * NULL when out of memory. */
char *buf_room(struct buf *buf, size_t len);

/* Where there is room, it costs no call: it is what most of a written answer is made with. */
static inline void buf_byte(struct buf *buf, char byte)
{
    if (buf->len < buf->cap && !buf->failed)
        buf->ptr[buf->len++] = byte;
    else
        buf_put(buf, &byte, 1);
}

static inline struct str buf_view(const struct buf *buf)
{
    return (struct str){buf->ptr, buf->len};
}

#endif
