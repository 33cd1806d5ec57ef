/* A batch as bytes, for a process that may not write to hand to the one that does. */
#ifndef ROLLCALL_SERVE_MESSAGE_H
#define ROLLCALL_SERVE_MESSAGE_H

#include "store/store.h"

/* The largest message; what a socket takes in one piece on any system that is not tuned down. */
enum { MESSAGE_MAX = 128 * 1024, MESSAGE_PUTS_MAX = 1024 };

/* Appends the batch; what it is put into stays the caller's. Neither apps and users nor
 * signing keys can be sent. ERR_TOO_LARGE, ERR_MEMORY, ERR_INTERNAL for what cannot. */
enum err message_encode(const struct batch *batch, struct buf *message) MUST_CHECK;

/* The reverse: the batch's views go into the message and the arena. ERR_CORRUPT for bytes that are
 * no message, ERR_MEMORY. */
enum err message_decode(struct str message, struct arena *arena, struct batch *batch) MUST_CHECK;

#endif
