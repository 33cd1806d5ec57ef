/* Texts that are the caller's to free. Out of memory, they end the process. */
#ifndef ROLLCALL_DOC_TEXT_H
#define ROLLCALL_DOC_TEXT_H

#include "base/buf.h"

char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What was written, which ends with a NUL. */
char *text_take(struct buf *buf);

#endif
