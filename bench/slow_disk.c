/* A disk that takes longer to say that something is on it. Preloaded (ld.so(8)), it holds up
 * fdatasync, and what is written to a file opened with O_DSYNC, by $SLOW_DISK_US microseconds: how
 * LMDB waits for a disk, twice a transaction. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_fn)(int);
typedef ssize_t (*write_fn)(int, const void *, size_t, off_t);

static void hold_up(void)
{
    const char *text = getenv("SLOW_DISK_US");
    long us = text ? strtol(text, NULL, 10) : 0;
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

int fdatasync(int fd)
{
    int code = ((sync_fn)dlsym(RTLD_NEXT, "fdatasync"))(fd);
    hold_up();
    return code;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t written = ((write_fn)dlsym(RTLD_NEXT, "pwrite"))(fd, bytes, len, at);
    if (fcntl(fd, F_GETFL) & O_DSYNC)
        hold_up();
    return written;
}
