/* Files that tests read. */
#ifndef ROLLCALL_TESTS_FILES_H
#define ROLLCALL_TESTS_FILES_H

/* $ROLLCALL_GOLDEN, or where the golden cases lie seen from the source tree. */
const char *golden_folder(void);

/* A file's bytes with a NUL behind them, the caller's to free; NULL when it cannot be read. */
char *file_read(const char *path);

#endif
