/* One line an event on standard error: time, level, process, text. Bytes that would break the line
 * or a terminal are written as \xNN. Never give it a secret, a token, or a whole header. */
#ifndef ROLLCALL_BASE_LOG_H
#define ROLLCALL_BASE_LOG_H

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

#endif
