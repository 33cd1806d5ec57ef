/* One line an event: time, level, process, text. Bytes that would break the line or a terminal are
 * written as \xNN. Never give it a secret, a token, or a whole header. */
#ifndef ROLLCALL_BASE_LOG_H
#define ROLLCALL_BASE_LOG_H

#include "base/buf.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above `level` are left out from now on; LOG_INFO at the start. */
void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug" -> the level; false for any other word. */
_Bool log_level_parse(const char *word, enum log_level *level);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Where lines go from now on: files that are made (mode 0640) or added to. `path` empty: standard
 * error, as at the start; `requests` empty: where the others go. When one cannot be opened, that is
 * logged, both stay as they were, and the answer is false. */
_Bool log_open(const char *path, const char *requests);
/* Opens the files of these names anew, as after a rotation; no line is lost. Also from a signal
 * handler. False when one could not be: it stays. */
_Bool log_reopen(void);
/* What this process says on standard error goes where its log does: before another program is
 * executed. */
void log_as_stderr(void);
/* A finished line of a request's, its end included, by one write(2). */
void log_request(struct str line);

#endif
