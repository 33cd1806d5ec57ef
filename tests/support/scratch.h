/* Folders and stores of a test's own. */
#ifndef ROLLCALL_TESTS_SCRATCH_H
#define ROLLCALL_TESTS_SCRATCH_H

#include "store/store.h"

/* A fresh folder under $TMPDIR or /tmp; the caller ends it with scratch_remove. */
char *scratch_dir(void);
void scratch_remove(char *dir);

/* Makes DIR/store and puts the JSON Lines of `jsonl` into it now; the caller
 * closes it. What is wrong ends the test with the line at fault. */
struct store *scratch_store(const char *dir, const char *jsonl);
/* The same, as if it were `now`. */
struct store *scratch_store_at(const char *dir, const char *jsonl, int64_t now);
/* Puts more JSON Lines into a store. */
void scratch_put(struct store *store, const char *jsonl, int64_t now);

#endif
