#include "ctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define FIRST_AFTER_NS INT64_C(500000000)
#define NEXT_AFTER_NS  INT64_C(100000000)
#define NS_IN_SECOND   INT64_C(1000000000)

/* Asking the clock costs more than a row: it is asked once in so many. */
enum { ROWS_BETWEEN_LOOKS = 64, BAR = 24, PER_CENT = 100 };

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes)
{
    int64_t now = clock_monotonic_ns();
    *progress = (struct progress){.what = what,
                                  .total = total_bytes ? total_bytes : 1,
                                  .begun_ns = now,
                                  .drawn_ns = now - NEXT_AFTER_NS,
                                  .on = isatty(STDERR_FILENO)};
}

static void draw(struct progress *progress, int64_t elapsed_ns)
{
    uint64_t done = progress->bytes < progress->total ? progress->bytes : progress->total;
    int filled = (int)(done * BAR / progress->total);
    double seconds = (double)elapsed_ns / (double)NS_IN_SECOND;
    double left = seconds * (double)(progress->total - done) / (double)(done ? done : 1);
    fprintf(stderr,
            "\r%s [%.*s%*s] %3" PRIu64 " %%  %" PRIu64 " rows, %.0f a second, %.0f s left\033[K",
            progress->what, filled, "########################", BAR - filled, "",
            done * PER_CENT / progress->total, progress->rows, (double)progress->rows / seconds,
            left);
    progress->drawn = true;
}

/* Draws it anew where that is due. */
static void look(struct progress *progress)
{
    int64_t now = clock_monotonic_ns(), elapsed = now - progress->begun_ns;
    if (elapsed < FIRST_AFTER_NS || now - progress->drawn_ns < NEXT_AFTER_NS)
        return;
    draw(progress, elapsed);
    progress->drawn_ns = now;
}

void progress_step(struct progress *progress, uint64_t bytes)
{
    progress_add(progress, 1, bytes);
}

void progress_add(struct progress *progress, uint64_t rows, uint64_t bytes)
{
    uint64_t looks = progress->rows / ROWS_BETWEEN_LOOKS;
    progress->bytes += bytes;
    progress->rows += rows;
    if (progress->on && progress->rows / ROWS_BETWEEN_LOOKS != looks)
        look(progress);
}

void progress_set(struct progress *progress, uint64_t rows, uint64_t done, uint64_t total)
{
    progress->rows = rows;
    progress->bytes = done;
    progress->total = total ? total : 1;
    if (progress->on)
        look(progress);
}

void progress_end(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
