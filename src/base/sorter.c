#include "base/sorter.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/frames.h"

enum {
    DIGITS = sizeof(uint64_t), /* of a byte each */
    DIGIT_VALUES = 256,
    FEW = 200,              /* so many are not worth the counting by digits */
    READ_LEAST = 32 * 1024, /* what is read at a time of each run that is merged; */
    READ_MOST = 256 * 1024, /* more makes it no quicker */
    WRITE_BYTES = 128 * 1024,
    FAN_LEAST = 2
};

/* A string in memory: its first bytes as a number, and where it lies. */
struct item {
    uint64_t front;
    size_t at; /* of its length, which the bytes follow */
};

/* A sorted part of the file. */
struct run {
    uint64_t begin, end;
};

/* A run that is merged, and the string that it comes with. */
struct source {
    struct frame_reader reader;
    uint64_t front;
    struct str bytes;
};

struct sorter {
    struct sorter_options options;
    struct buf bytes;
    struct item *items, *spare; /* with room for `room` each */
    size_t count, room, next;
    int fd; /* -1: all is in memory */
    uint64_t file_bytes;
    struct run *runs;
    size_t run_count;
    struct source *sources; /* of the merge at hand */
    size_t *heap;           /* sources by what they come with, the first of all in front */
    size_t source_count, heap_count;
    bool begun; /* the front of the heap was given away */
};

enum err sorter_new(const struct sorter_options *options, struct sorter **sorter)
{
    struct sorter *made = calloc(1, sizeof(*made));
    if (!made)
        return ERR_MEMORY;
    made->options = *options;
    made->fd = -1;
    *sorter = made;
    return ERR_OK;
}

static void end_merge(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->source_count; i++)
        frame_reader_end(&sorter->sources[i].reader);
    free(sorter->sources);
    free(sorter->heap);
    sorter->sources = NULL;
    sorter->heap = NULL;
    sorter->source_count = sorter->heap_count = 0;
    sorter->begun = false;
}

static void free_memory(struct sorter *sorter)
{
    buf_free(&sorter->bytes);
    free(sorter->items);
    free(sorter->spare);
    sorter->items = sorter->spare = NULL;
    sorter->room = 0;
}

void sorter_reset(struct sorter *sorter)
{
    end_merge(sorter);
    if (sorter->fd >= 0)
        close(sorter->fd);
    sorter->fd = -1;
    sorter->file_bytes = 0;
    sorter->run_count = 0;
    sorter->count = sorter->next = 0;
    buf_reset(&sorter->bytes);
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter)
        return;
    sorter_reset(sorter);
    free_memory(sorter);
    free(sorter->runs);
    free(sorter);
}

/* ---- in memory ---- */

static struct str string_at(const struct sorter *sorter, const struct item *item)
{
    uint32_t len;
    memcpy(&len, sorter->bytes.ptr + item->at, sizeof(len));
    return (struct str){sorter->bytes.ptr + item->at + sizeof(len), len};
}

/* The bytes behind the first `same`. */
static uint64_t front_of(struct str bytes, size_t same)
{
    uint8_t front[DIGITS] = {0};
    struct str rest = str_from(bytes, same);
    if (rest.len)
        memcpy(front, rest.ptr, rest.len < sizeof(front) ? rest.len : sizeof(front));
    return bytes_u64(front);
}

static int compare(const struct sorter *sorter, struct str a, struct str b)
{
    return sorter->options.cmp ? sorter->options.cmp(a, b) : str_cmp(a, b);
}

static int compare_items(const void *left, const void *right, void *context)
{
    const struct item *a = left, *b = right;
    const struct sorter *sorter = context;
    if (a->front != b->front)
        return a->front < b->front ? -1 : 1;
    int order = compare(sorter, string_at(sorter, a), string_at(sorter, b));
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static size_t digit_of(const struct item *item, int digit)
{
    return item->front >> digit * 8 & (DIGIT_VALUES - 1);
}

/* One step of a sort by digits, the last first; items that have the same stay in their order. */
static void sort_by_digit(struct sorter *sorter, int digit, const size_t *counts)
{
    size_t places[DIGIT_VALUES], place = 0;
    for (size_t i = 0; i < DIGIT_VALUES; i++) {
        places[i] = place;
        place += counts[i];
    }
    for (size_t i = 0; i < sorter->count; i++)
        sorter->spare[places[digit_of(&sorter->items[i], digit)]++] = sorter->items[i];
    struct item *sorted = sorter->spare;
    sorter->spare = sorter->items;
    sorter->items = sorted;
}

static void sort_by_fronts(struct sorter *sorter)
{
    size_t counts[DIGITS][DIGIT_VALUES] = {{0}};
    for (size_t i = 0; i < sorter->count; i++)
        for (int digit = 0; digit < DIGITS; digit++)
            counts[digit][digit_of(&sorter->items[i], digit)]++;
    for (int digit = 0; digit < DIGITS; digit++)
        if (counts[digit][digit_of(&sorter->items[0], digit)] != sorter->count)
            sort_by_digit(sorter, digit, counts[digit]);
}

/* Where all is bytewise, fronts tell the more apart the further behind they are. */
static void move_fronts(struct sorter *sorter)
{
    struct str first = string_at(sorter, &sorter->items[0]);
    size_t same = first.len;
    for (size_t i = 1; i < sorter->count; i++) {
        struct str other = string_at(sorter, &sorter->items[i]);
        size_t at = sorter->options.same;
        while (at < same && at < other.len && other.ptr[at] == first.ptr[at])
            at++;
        same = at < same ? at : same;
    }
    for (size_t i = 0; i < sorter->count; i++)
        sorter->items[i].front = front_of(string_at(sorter, &sorter->items[i]), same);
}

static void sort_items(struct sorter *sorter)
{
    struct item *items = sorter->items;
    if (sorter->count <= FEW) {
        if (sorter->count > 1)
            qsort_r(items, sorter->count, sizeof(*items), compare_items, sorter);
        return;
    }
    if (!sorter->options.cmp)
        move_fronts(sorter);
    sort_by_fronts(sorter);
    items = sorter->items;
    for (size_t begin = 0, end; begin < sorter->count; begin = end) {
        for (end = begin + 1; end < sorter->count && items[end].front == items[begin].front;)
            end++;
        if (end - begin > 1)
            qsort_r(items + begin, end - begin, sizeof(*items), compare_items, sorter);
    }
}

/* ---- to the file ---- */

static enum err add_run(struct sorter *sorter, struct run run)
{
    struct run *runs = realloc(sorter->runs, (sorter->run_count + 1) * sizeof(*runs));
    if (!runs)
        return ERR_MEMORY;
    sorter->runs = runs;
    runs[sorter->run_count++] = run;
    sorter->file_bytes = run.end;
    return ERR_OK;
}

static enum err write_items(const struct sorter *sorter, struct frame_writer *writer)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < sorter->count; i++)
        err = frame_put(writer, string_at(sorter, &sorter->items[i]));
    return err == ERR_OK ? frame_flush(writer) : err;
}

static enum err spill(struct sorter *sorter)
{
    enum err err = sorter->fd < 0 ? frames_file(sorter->options.dir, &sorter->fd) : ERR_OK;
    if (err != ERR_OK)
        return err;
    struct frame_writer writer = {.fd = sorter->fd, .size = WRITE_BYTES};
    sort_items(sorter);
    err = write_items(sorter, &writer);
    frame_writer_end(&writer);
    sorter->count = 0;
    buf_reset(&sorter->bytes);
    struct run run = {sorter->file_bytes, sorter->file_bytes + writer.written};
    return err == ERR_OK ? add_run(sorter, run) : err;
}

static bool grow_items(struct sorter *sorter)
{
    size_t room = sorter->room ? sorter->room * 2 : FEW;
    struct item *items = realloc(sorter->items, room * sizeof(*items));
    if (items)
        sorter->items = items;
    struct item *spare = items ? realloc(sorter->spare, room * sizeof(*spare)) : NULL;
    if (spare)
        sorter->spare = spare;
    sorter->room = spare ? room : sorter->room;
    return spare != NULL;
}

enum err sorter_add(struct sorter *sorter, struct str bytes)
{
    uint32_t len = (uint32_t)bytes.len;
    size_t used = sorter->bytes.len + sorter->count * 2 * sizeof(struct item);
    enum err err = ERR_OK;
    if (bytes.len > UINT32_MAX)
        return ERR_TOO_LARGE;
    if (sorter->count && used + bytes.len > sorter->options.memory)
        err = spill(sorter);
    if (err == ERR_OK && sorter->count == sorter->room && !grow_items(sorter))
        err = ERR_MEMORY;
    if (err != ERR_OK)
        return err;
    sorter->items[sorter->count++] =
        (struct item){front_of(bytes, sorter->options.same), sorter->bytes.len};
    buf_put(&sorter->bytes, &len, sizeof(len));
    buf_str(&sorter->bytes, bytes);
    return sorter->bytes.failed ? ERR_MEMORY : ERR_OK;
}

/* ---- merging ---- */

/* What came in first comes out first: runs are in the order of their strings' coming. */
static bool comes_before(const struct sorter *sorter, size_t left, size_t right)
{
    const struct source *a = &sorter->sources[left], *b = &sorter->sources[right];
    if (a->front != b->front)
        return a->front < b->front;
    int order = compare(sorter, a->bytes, b->bytes);
    return order ? order < 0 : left < right;
}

static void sink(struct sorter *sorter, size_t at)
{
    size_t *heap = sorter->heap, moving = heap[at];
    for (size_t child; (child = 2 * at + 1) < sorter->heap_count; at = child) {
        if (child + 1 < sorter->heap_count && comes_before(sorter, heap[child + 1], heap[child]))
            child++;
        if (comes_before(sorter, moving, heap[child]))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

/* Reads a source's next string. */
static enum err step(const struct sorter *sorter, struct source *source)
{
    enum err err = frame_next(&source->reader, &source->bytes);
    source->front = err == ERR_OK ? front_of(source->bytes, sorter->options.same) : 0;
    return err;
}

/* Readies a merge of `count` runs from the `first` on. */
static enum err begin_merge(struct sorter *sorter, size_t first, size_t count)
{
    size_t share = sorter->options.memory / (count + 1);
    share = share < READ_LEAST ? READ_LEAST : share > READ_MOST ? READ_MOST : share;
    sorter->sources = calloc(count, sizeof(*sorter->sources));
    sorter->heap = calloc(count, sizeof(*sorter->heap));
    if (!sorter->sources || !sorter->heap)
        return ERR_MEMORY;
    sorter->source_count = count;
    for (size_t i = 0; i < count; i++) {
        struct source *source = &sorter->sources[i];
        source->reader = (struct frame_reader){.fd = sorter->fd,
                                               .size = share,
                                               .at = sorter->runs[first + i].begin,
                                               .end = sorter->runs[first + i].end};
        enum err err = step(sorter, source);
        if (err != ERR_OK)
            return err == ERR_NOT_FOUND ? ERR_IO : err;
        sorter->heap[sorter->heap_count++] = i;
    }
    for (size_t i = sorter->heap_count / 2; i-- > 0;)
        sink(sorter, i);
    return ERR_OK;
}

static enum err next_merged(struct sorter *sorter, struct str *bytes)
{
    if (sorter->begun && sorter->heap_count) {
        enum err err = step(sorter, &sorter->sources[sorter->heap[0]]);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
        if (err == ERR_NOT_FOUND)
            sorter->heap[0] = sorter->heap[--sorter->heap_count];
        if (sorter->heap_count)
            sink(sorter, 0);
    }
    sorter->begun = true;
    if (sorter->heap_count == 0)
        return ERR_NOT_FOUND;
    *bytes = sorter->sources[sorter->heap[0]].bytes;
    return ERR_OK;
}

/* Merges some of the runs into one of another file. */
static enum err merge_into(struct sorter *sorter, size_t first, size_t count,
                           struct frame_writer *writer)
{
    struct str bytes;
    enum err err = begin_merge(sorter, first, count);
    while (err == ERR_OK) {
        err = next_merged(sorter, &bytes);
        if (err == ERR_OK)
            err = frame_put(writer, bytes);
    }
    end_merge(sorter);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Merges so many runs at a time, those side by side, into another file that takes the place of this
 * one. */
static enum err merge_runs(struct sorter *sorter, size_t fan)
{
    int fd;
    size_t made = 0;
    enum err err = frames_file(sorter->options.dir, &fd);
    if (err != ERR_OK)
        return err;
    struct frame_writer writer = {.fd = fd, .size = WRITE_BYTES};
    for (size_t first = 0; err == ERR_OK && first < sorter->run_count; first += fan) {
        size_t left = sorter->run_count - first;
        struct run run = {.begin = writer.written};
        err = merge_into(sorter, first, left < fan ? left : fan, &writer);
        run.end = writer.written;
        sorter->runs[made++] = run;
    }
    if (err == ERR_OK)
        err = frame_flush(&writer);
    frame_writer_end(&writer);
    close(sorter->fd);
    sorter->fd = fd;
    sorter->run_count = made;
    return err;
}

enum err sorter_sort(struct sorter *sorter)
{
    size_t fan = sorter->options.memory / READ_LEAST;
    enum err err = ERR_OK;
    if (fan < FAN_LEAST)
        fan = FAN_LEAST;
    if (sorter->fd < 0) {
        sort_items(sorter);
        return ERR_OK;
    }
    if (sorter->count)
        err = spill(sorter);
    free_memory(sorter);
    while (err == ERR_OK && sorter->run_count > fan)
        err = merge_runs(sorter, fan);
    return err == ERR_OK ? begin_merge(sorter, 0, sorter->run_count) : err;
}

enum err sorter_next(struct sorter *sorter, struct str *bytes)
{
    if (sorter->fd >= 0)
        return next_merged(sorter, bytes);
    if (sorter->next == sorter->count)
        return ERR_NOT_FOUND;
    *bytes = string_at(sorter, &sorter->items[sorter->next++]);
    return ERR_OK;
}
