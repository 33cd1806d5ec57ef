#include "doc/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char *checked(char *text)
{
    if (!text) {
        fputs("describe: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return text;
}

char *text_of(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return checked(text);
}

char *text_take(struct buf *buf)
{
    return checked(buf->failed ? NULL : buf->ptr);
}
