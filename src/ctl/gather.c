#include "ctl/gather_part.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/ctl.h"

enum {
    PARTS_MAX = 8,
    PART_LEAST = 4 * 1024 * 1024, /* bytes that are worth a process */
    PIPE_BYTES = 1024 * 1024,
    LOOK_MS = 100, /* how often the progress bar is looked after */
    PACES_BYTES = PARTS_MAX * sizeof(struct gather_pace)
};

static uint64_t total_bytes(const struct import *import)
{
    uint64_t total = 0;
    for (size_t i = 0; i < import->source_count; i++)
        total += import->sources[i].size;
    return total;
}

static size_t count_parts(uint64_t bytes)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t parts = bytes / PART_LEAST, most = processors > 1 ? (uint64_t)processors : 1;
    if (most > PARTS_MAX)
        most = PARTS_MAX;
    return parts < 1 ? 1 : parts < most ? (size_t)parts : (size_t)most;
}

/* ---- processes ---- */

/* In the new process, which ends with the one that began it. */
static void run_part(const struct gather *gather, const struct gather_part *part, int fd)
    __attribute__((noreturn));

static void run_part(const struct gather *gather, const struct gather_part *part, int fd)
{
    enum err err = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? ERR_OK : ERR_IO;
    for (size_t i = 0; i < gather->part_count; i++)
        if (gather->parts[i].pid)
            close(gather->parts[i].reader.fd);
    if (err == ERR_OK)
        err = gather_part_run(gather, part, fd);
    _exit(err == ERR_OK ? EXIT_DONE : EXIT_FAILED);
}

static enum err begin_part(const struct gather *gather, struct gather_part *part)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return frames_error(errno, "pipe");
    (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        run_part(gather, part, fds[1]);
    }
    int code = errno;
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return frames_error(code, "fork");
    }
    part->pid = pid;
    part->reader = (struct frame_reader){.fd = fds[0], .size = PIPE_BYTES, .is_pipe = true};
    return ERR_OK;
}

static enum err begin_parts(struct gather *gather)
{
    uint64_t total = total_bytes(gather->import);
    size_t count = count_parts(total);
    gather->parts = calloc(count, sizeof(*gather->parts));
    gather->paces =
        mmap(NULL, PACES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (gather->paces == MAP_FAILED)
        gather->paces = NULL;
    if (!gather->parts || !gather->paces)
        return ERR_MEMORY;
    gather->part_count = count;
    for (size_t i = 0; i < count; i++) {
        gather->parts[i].from = total / count * i;
        gather->parts[i].to = i + 1 == count ? total : total / count * (i + 1);
        gather->parts[i].pace = &gather->paces[i];
    }
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = begin_part(gather, &gather->parts[i]);
    return err;
}

/* ---- waiting for them ---- */

static void show_pace(struct gather *gather)
{
    uint64_t rows = 0, bytes = 0;
    for (size_t i = 0; i < gather->part_count; i++) {
        rows += gather->paces[i].rows;
        bytes += gather->paces[i].bytes;
    }
    progress_set(&gather->import->progress, rows, bytes, total_bytes(gather->import));
}

static enum err take_result(struct gather *gather, struct gather_part *part)
{
    struct gather_result result;
    struct str frame;
    enum err err = frame_next(&part->reader, &frame);
    if (err != ERR_OK || frame.len != sizeof(result))
        return err == ERR_MEMORY ? err : ERR_IO;
    memcpy(&result, frame.ptr, sizeof(result));
    gather->users += result.users;
    gather->sessions += result.sessions;
    gather->bytes += result.bytes;
    part->ready = true;
    return result.err;
}

/* Waits until one says something, or for a moment. */
static enum err wait_a_moment(struct gather *gather, size_t *waiting)
{
    struct pollfd polls[PARTS_MAX];
    enum err err = ERR_OK;
    for (size_t i = 0; i < gather->part_count; i++)
        polls[i] = (struct pollfd){.fd = gather->parts[i].ready ? -1 : gather->parts[i].reader.fd,
                                   .events = POLLIN};
    if (poll(polls, gather->part_count, LOOK_MS) < 0)
        return errno == EINTR ? ERR_OK : frames_error(errno, "poll");
    for (size_t i = 0; err == ERR_OK && i < gather->part_count; i++)
        if (polls[i].revents) {
            err = take_result(gather, &gather->parts[i]);
            *waiting -= 1;
        }
    show_pace(gather);
    return err;
}

/* An empty frame is the end; without one the process has not come to it. */
static enum err step(struct gather_part *part)
{
    enum err err = frame_next(&part->reader, &part->item);
    part->ended = err == ERR_OK && part->item.len == 0;
    return err == ERR_NOT_FOUND ? ERR_IO : err;
}

enum err gather_read(struct gather *gather)
{
    progress_begin(&gather->import->progress, "reading", total_bytes(gather->import));
    enum err err = begin_parts(gather);
    size_t waiting = gather->part_count;
    while (err == ERR_OK && waiting)
        err = wait_a_moment(gather, &waiting);
    for (size_t i = 0; err == ERR_OK && i < gather->part_count; i++)
        err = step(&gather->parts[i]);
    progress_end(&gather->import->progress);
    if (err != ERR_OK && err != ERR_INVALID)
        ctl_fail("the files cannot be gathered in %s: %s", gather->dir, err_text(err));
    return err;
}

enum err gather_next(struct gather *gather, struct gathered *gathered)
{
    struct gather_part *first = NULL;
    enum err err = gather->last ? step(gather->last) : ERR_OK;
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < gather->part_count; i++) {
        struct gather_part *part = &gather->parts[i];
        if (!part->ended && (!first || str_cmp(part->item, first->item) < 0))
            first = part;
    }
    gather->last = first;
    if (!first)
        return ERR_NOT_FOUND;
    return gather_part_item(first->item, gathered) ? ERR_OK : ERR_INTERNAL;
}

void gather_end(struct gather *gather)
{
    for (size_t i = 0; i < gather->part_count; i++) {
        struct gather_part *part = &gather->parts[i];
        if (!part->pid)
            continue;
        kill(part->pid, SIGKILL);
        waitpid(part->pid, NULL, 0);
        close(part->reader.fd);
        frame_reader_end(&part->reader);
    }
    if (gather->paces)
        munmap(gather->paces, PACES_BYTES);
    gather->paces = NULL;
    free(gather->parts);
    gather->parts = NULL;
    gather->part_count = 0;
}
