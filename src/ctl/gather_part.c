/* An item's bytes sort as is wanted: its app's rank; the user's id and a NUL, which is in no id; of
 * what kind it is; where in the files it stands, or the session's instant and id, latest first.
 * Behind them is the record. */
#include "ctl/gather_part.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/sorter.h"

enum {
    ARENA_BYTES = 64 * 1024 * 1024,
    PIPE_BUFFER_BYTES = 256 * 1024,
    KIND_USER = 0,
    KIND_SESSION = 1,
    RANK_BYTES = sizeof(uint32_t),
    STANDING_BYTES = sizeof(uint32_t) + sizeof(uint64_t),
    NEWEST_BYTES = sizeof(uint64_t) + sizeof(struct uuid)
};

struct part {
    const struct gather *gather;
    const struct gather_part *self;
    struct gather_result result;
    struct arena *arena;
    struct record *record; /* the one at hand: large, so not on the stack */
    struct sorter *sorter;
    struct buf item;
    const struct gather_app *app; /* of the record before: mostly that of the next */
};

static int compare_ids(const void *id, const void *app)
{
    return str_cmp(*(const struct str *)id, str_of(((const struct gather_app *)app)->id));
}

static bool find_app(struct part *part, struct str id)
{
    const struct gather *gather = part->gather;
    if (part->app && compare_ids(&id, part->app) == 0)
        return true;
    if (gather->app_count)
        part->app =
            bsearch(&id, gather->apps, gather->app_count, sizeof(*gather->apps), compare_ids);
    return part->app != NULL;
}

/* ---- items ---- */

static void put_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[sizeof(value)];
    bytes_put_u32(bytes, value);
    buf_put(buf, bytes, sizeof(bytes));
}

static void put_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[sizeof(value)];
    bytes_put_u64(bytes, value);
    buf_put(buf, bytes, sizeof(bytes));
}

static void put_front(struct part *part, struct str user_id, int kind)
{
    buf_reset(&part->item);
    put_u32(&part->item, part->app->rank);
    buf_str(&part->item, user_id);
    buf_byte(&part->item, '\0');
    buf_byte(&part->item, (char)kind);
}

static void put_user(struct part *part, size_t source, uint64_t at)
{
    const struct user *user = &part->record->user;
    put_front(part, user->texts[USER_ID], KIND_USER);
    put_u32(&part->item, (uint32_t)source);
    put_u64(&part->item, at);
    user_encode(user, &part->item);
    part->result.users++;
}

static void put_session(struct part *part)
{
    struct session_draft *draft = &part->record->draft;
    session_complete(draft, part->app->lifetime_s * SECOND_MS, part->gather->now);
    put_front(part, part->record->user_id, KIND_SESSION);
    /* Complemented, so that the latest is first; with the sign bit flipped, as numbers sort. */
    put_u64(&part->item, ~((uint64_t)draft->created ^ UINT64_C(1) << 63));
    for (size_t i = 0; i < sizeof(draft->id); i++)
        buf_byte(&part->item, (char)~draft->id.bytes[i]);
    session_encode(draft, &part->item);
    part->result.sessions++;
}

bool gather_part_item(struct str item, struct gathered *gathered)
{
    const uint8_t *bytes = (const uint8_t *)item.ptr;
    struct str rest = str_from(item, RANK_BYTES), id;
    if (item.len < RANK_BYTES || !str_split(rest, '\0', &id, &rest) || rest.len == 0)
        return false;
    bool is_user = rest.ptr[0] == KIND_USER;
    rest = str_from(rest, 1);
    *gathered = (struct gathered){.rank = bytes_u32(bytes), .user_id = id, .is_user = is_user};
    if (rest.len < (is_user ? STANDING_BYTES : NEWEST_BYTES))
        return false;
    bytes = (const uint8_t *)rest.ptr;
    gathered->record = str_from(rest, is_user ? STANDING_BYTES : NEWEST_BYTES);
    if (is_user)
        return true;
    gathered->created = (int64_t)(~bytes_u64(bytes) ^ UINT64_C(1) << 63);
    for (size_t i = 0; i < sizeof(gathered->id); i++)
        gathered->id.bytes[i] = (uint8_t)~bytes[sizeof(uint64_t) + i];
    return true;
}

/* ---- lines ---- */

static enum err take_line(struct part *part, size_t source, uint64_t at, struct str line)
{
    struct record *record = part->record;
    struct record_fault fault;
    arena_reset(part->arena);
    enum err err = record_read(part->arena, line, part->gather->import->shift_ms, record, &fault);
    if (err != ERR_OK)
        return err;
    if (record->kind == RECORD_APP || !find_app(part, record->app_id))
        return ERR_INVALID;
    if (record->kind == RECORD_USER)
        put_user(part, source, at);
    else
        put_session(part);
    part->result.bytes += part->item.len;
    return part->item.failed ? ERR_MEMORY : sorter_add(part->sorter, buf_view(&part->item));
}

static enum err read_range(struct part *part, size_t number, uint64_t from, uint64_t to)
{
    struct source *source = &part->gather->import->sources[number];
    struct gather_pace *pace = part->self->pace;
    struct str line;
    enum err err = source_seek(source, from);
    for (uint64_t at; err == ERR_OK && (at = source_tell(source)) < to;) {
        err = source_next(source, &line);
        if (err == ERR_OK && !import_is_blank(line))
            err = take_line(part, number, at, line);
        atomic_fetch_add_explicit(&pace->rows, 1, memory_order_relaxed);
        atomic_store_explicit(&pace->bytes, pace->bytes + line.len + 1, memory_order_relaxed);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static uint64_t within(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Its part of each file. */
static enum err read_all(struct part *part)
{
    const struct import *import = part->gather->import;
    uint64_t base = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < import->source_count; i++) {
        uint64_t size = import->sources[i].size, head = part->gather->heads[i];
        uint64_t from = within(part->self->from, base, base + size) - base;
        uint64_t to = within(part->self->to, base, base + size) - base;
        if (from < head)
            from = head;
        if (from < to)
            err = read_range(part, i, from, to);
        base += size;
    }
    return err;
}

/* ---- the whole of it ---- */

static enum err give_items(struct part *part, struct frame_writer *writer)
{
    struct str item;
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        err = sorter_next(part->sorter, &item);
        if (err == ERR_OK)
            err = frame_put(writer, item);
    }
    return err == ERR_NOT_FOUND ? frame_put(writer, STR_NONE) : err;
}

static enum err give(struct part *part, int fd)
{
    struct frame_writer writer = {.fd = fd, .size = PIPE_BUFFER_BYTES};
    struct str result = {(const char *)&part->result, sizeof(part->result)};
    enum err err = frame_put(&writer, result);
    if (err == ERR_OK)
        err = frame_flush(&writer);
    if (err == ERR_OK && part->result.err == ERR_OK)
        err = give_items(part, &writer);
    if (err == ERR_OK)
        err = frame_flush(&writer);
    frame_writer_end(&writer);
    return err;
}

static enum err run(struct part *part, int fd)
{
    enum err err = part->arena && part->record ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK)
        err = read_all(part);
    if (err == ERR_OK)
        err = sorter_sort(part->sorter);
    part->result.err = err;
    return give(part, fd);
}

enum err gather_part_run(const struct gather *gather, const struct gather_part *self, int fd)
{
    struct part part = {.gather = gather, .self = self};
    struct sorter_options options = {.dir = gather->dir,
                                     .memory = gather->memory / gather->part_count};
    enum err err = sorter_new(&options, &part.sorter);
    if (err != ERR_OK)
        return err;
    part.arena = arena_new(ARENA_BYTES);
    part.record = malloc(sizeof(*part.record));
    err = run(&part, fd);
    buf_free(&part.item);
    free(part.record);
    arena_free(part.arena);
    sorter_free(part.sorter);
    return err;
}
