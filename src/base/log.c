#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 4096 };

static const char *const words[] = {"error", "warn", "info", "debug"};
static enum log_level threshold = LOG_INFO;

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
    /* One write a line, so that lines of several processes do not mix. */
    if (!line.failed && write(STDERR_FILENO, line.ptr, line.len) < 0)
        (void)0; /* nowhere left to say it */
    buf_free(&line);
}
