#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* Another one whenever the numbers, or the scales, mean something else. */
#define MAGIC      UINT64_C(0x32746E63526C6C43)
#define FILE_NAME  "metrics"
#define STAGE_NAME "metrics.new"

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S  (1000 * MS)

const struct scale latency_scale = {19,
                                    {10 * US, 20 * US, 50 * US, 100 * US, 200 * US, 500 * US, MS,
                                     2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS, 200 * MS,
                                     500 * MS, S, 2 * S, 5 * S, 10 * S}};
const struct scale batch_scale = {9, {1, 2, 4, 8, 16, 32, 64, 128, 256}};

/* ---- the file ---- */

static bool is_ours(int fd, uint64_t layout)
{
    struct stat info;
    uint64_t head[2];
    return fstat(fd, &info) == 0 && info.st_size == sizeof(struct metrics) &&
           pread(fd, head, sizeof(head), 0) == sizeof(head) && head[0] == MAGIC &&
           head[1] == layout;
}

/* NULL when it cannot be. */
static void *map(int fd, int access)
{
    void *place = mmap(NULL, sizeof(struct metrics), access, MAP_SHARED, fd, 0);
    return place == MAP_FAILED ? NULL : place;
}

static struct metrics *open_file(int folder, uint64_t layout)
{
    int fd = openat(folder, FILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct metrics *metrics =
        fd >= 0 && is_ours(fd, layout) ? map(fd, PROT_READ | PROT_WRITE) : NULL;
    if (fd >= 0)
        close(fd);
    return metrics;
}

/* It is the folder's owner's, whoever makes it. */
static void give_to_owner(int fd, int folder)
{
    struct stat info;
    if (geteuid() == 0 && fstat(folder, &info) == 0)
        (void)!fchown(fd, info.st_uid, info.st_gid);
}

/* All of it is on the disk before it is mapped: a disk that is full could only say so by a signal
 * later. */
static struct metrics *make_file(int folder, uint64_t layout)
{
    int fd = openat(folder, STAGE_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    struct metrics *metrics = NULL;
    if (posix_fallocate(fd, 0, sizeof(*metrics)) == 0)
        metrics = map(fd, PROT_READ | PROT_WRITE);
    give_to_owner(fd, folder);
    close(fd);
    if (!metrics) {
        unlinkat(folder, STAGE_NAME, 0);
        return NULL;
    }
    metrics->magic = MAGIC;
    metrics->layout = layout;
    metrics->began = clock_now();
    throttle_begin(&metrics->failures);
    if (renameat(folder, STAGE_NAME, folder, FILE_NAME) == 0)
        return metrics;
    metrics_close(metrics);
    return NULL;
}

/* Of several that find none, one makes it. */
static struct metrics *open_or_make(int folder, uint64_t layout)
{
    struct metrics *metrics = open_file(folder, layout);
    if (metrics || flock(folder, LOCK_EX) != 0)
        return metrics;
    metrics = open_file(folder, layout);
    return metrics ? metrics : make_file(folder, layout);
}

/* Where there is no memory to share, each process counts for itself. */
static struct metrics last_resort;

static struct metrics *make_unnamed(uint64_t layout)
{
    void *place = mmap(NULL, sizeof(struct metrics), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct metrics *metrics = place == MAP_FAILED ? &last_resort : place;
    metrics->layout = layout;
    metrics->began = clock_now();
    throttle_begin(&metrics->failures);
    return metrics;
}

struct metrics *metrics_open(const char *folder, uint64_t layout)
{
    struct metrics *metrics = NULL;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        metrics = open_or_make(fd, layout);
        close(fd);
    }
    return metrics ? metrics : make_unnamed(layout);
}

enum err metrics_look(const char *folder, uint64_t layout, const struct metrics **metrics)
{
    int place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = place < 0 ? -1 : openat(place, FILE_NAME, O_RDONLY | O_CLOEXEC);
    enum err err = ERR_OK;
    if (fd < 0)
        err = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    else if (!is_ours(fd, layout))
        err = ERR_VERSION;
    else if (!(*metrics = map(fd, PROT_READ)))
        err = ERR_IO;
    int said = errno;
    if (fd >= 0)
        close(fd);
    if (place >= 0)
        close(place);
    errno = said;
    return err;
}

void metrics_close(const struct metrics *metrics)
{
    if (metrics != &last_resort)
        munmap((void *)metrics, sizeof(*metrics));
}

/* FNV-1a, of 64 bits; the NUL counts, so that texts do not run together. */
uint64_t metrics_mix(uint64_t layout, const char *text)
{
    uint64_t mixed = layout ^ UINT64_C(0xCBF29CE484222325);
    do {
        mixed = (mixed ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    } while (*text++);
    return mixed;
}

/* ---- what they say ---- */

uint64_t metrics_queue(const struct metrics *metrics)
{
    uint64_t taken = count_get(&metrics->batches_taken), sent = count_get(&metrics->batches_sent);
    return sent > taken ? sent - taken : 0;
}

bool metrics_has_pool(const struct metrics *metrics)
{
    pid_t master = atomic_load(&metrics->master);
    return master > 0 && (kill(master, 0) == 0 || errno == EPERM);
}

void histogram_add(struct histogram *histogram, const struct scale *scale, uint64_t value)
{
    size_t at = 0;
    while (at < scale->count && value > scale->bounds[at])
        at++;
    count_add(&histogram->buckets[at], 1);
    count_add(&histogram->sum, value);
}

struct histogram_view histogram_look(const struct histogram *histogram)
{
    struct histogram_view view = {.sum = count_get(&histogram->sum)};
    for (size_t i = 0; i <= SCALE_MAX; i++) {
        view.buckets[i] = count_get(&histogram->buckets[i]);
        view.count += view.buckets[i];
    }
    return view;
}

struct histogram_view histogram_since(const struct histogram_view *now,
                                      const struct histogram_view *before)
{
    struct histogram_view view = {.sum = now->sum - before->sum,
                                  .count = now->count - before->count};
    for (size_t i = 0; i <= SCALE_MAX; i++)
        view.buckets[i] = now->buckets[i] - before->buckets[i];
    return view;
}

double histogram_quantile(const struct histogram_view *view, const struct scale *scale, double q)
{
    double sought = q * (double)view->count, passed = 0;
    for (size_t i = 0; view->count && i < scale->count; i++) {
        double here = (double)view->buckets[i], low = i ? (double)scale->bounds[i - 1] : 0;
        if (here > 0 && passed + here >= sought)
            return low + ((double)scale->bounds[i] - low) * (sought - passed) / here;
        passed += here;
    }
    return view->count ? (double)scale->bounds[scale->count - 1] : 0;
}
