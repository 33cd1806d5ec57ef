/* A bar on standard error for work that takes longer than a moment; nothing where that is no
 * terminal. */
#ifndef ROLLCALL_CTL_PROGRESS_H
#define ROLLCALL_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* is being done */
    uint64_t total, bytes, rows;
    int64_t begun_ns, drawn_ns;
    bool on, drawn;
};

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes);
/* One row of that many bytes is done; or so many rows. */
void progress_step(struct progress *progress, uint64_t bytes);
void progress_add(struct progress *progress, uint64_t rows, uint64_t bytes);
/* So many rows are done in all, and so much of `total`. */
void progress_set(struct progress *progress, uint64_t rows, uint64_t done, uint64_t total);
/* Takes the bar away, as must be done before anything else is written there. */
void progress_end(struct progress *progress);

#endif
