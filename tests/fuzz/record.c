/* A line of an import, its instants shifted, or the body that begins a session ('n'). What was read
 * can be stored, and what is written of it can be read again. */
#include "base/clock.h"
#include "fuzz/fuzz.h"
#include "model/interchange.h"

enum { ARENA_BYTES = 16 << 20, LIFETIME_MS = 86400000 };

static struct arena *arena;

static void read_again(const struct buf *line)
{
    struct record *record = arena_alloc(arena, sizeof(*record));
    struct record_fault fault = {0};
    enum err err = record_read(arena, buf_view(line), 0, record, &fault);
    MUST_HOLD(err == ERR_OK, "%.*s: %.*s expected in %.*s", STR_ARG(fault.field),
              STR_ARG(fault.expected), STR_ARG(buf_view(line)));
}

static void check_session(struct record *record, struct buf *stored, struct buf *line)
{
    struct session session;
    session_complete(&record->draft, LIFETIME_MS, 0);
    session_encode(&record->draft, stored);
    MUST_HOLD(session_decode(buf_view(stored), &session) == ERR_OK, "a session that was read");
    session.id = record->draft.id;
    session.created = record->draft.created;
    struct json_out json = {.buf = line};
    record_write_session(&json, &session, record->app_id, record->user_id);
    if (record->app_id.len)
        read_again(line);
}

static void check_user(struct record *record, struct buf *stored, struct buf *line)
{
    struct user user;
    record->user.created = record->user.updated = 0;
    user_encode(&record->user, stored);
    MUST_HOLD(user_decode(buf_view(stored), &user) == ERR_OK, "a user that was read");
    struct json_out json = {.buf = line};
    record_write_user(&json, &user, record->app_id);
    read_again(line);
}

static void check_app(struct record *record, struct buf *stored)
{
    struct app app;
    struct app_key key;
    size_t count = 0;
    app_encode(&record->app, record->keys, record->key_count, stored);
    MUST_HOLD(app_decode(buf_view(stored), &app) == ERR_OK, "an app that was read");
    for (struct str rest = app.keys; app_key_decode(&rest, &key);)
        count++;
    MUST_HOLD(count == record->key_count, "%zu keys of %zu", count, record->key_count);
}

static void check(struct record *record)
{
    struct buf stored = {0}, line = {0};
    if (record->kind == RECORD_SESSION)
        check_session(record, &stored, &line);
    else if (record->kind == RECORD_USER)
        check_user(record, &stored, &line);
    else
        check_app(record, &stored);
    buf_free(&stored);
    buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t shifts[] = {
        0, 1, -1, 31536000000, -31536000000, INSTANT_MAX, -INSTANT_MAX, INT64_MAX, INT64_MIN};
    struct str input = fuzz_input(data, size);
    struct record_fault fault = {0};
    arena = arena ? arena : arena_new(ARENA_BYTES);
    uint8_t how = fuzz_byte(&input);
    struct record *record = arena_alloc(arena, sizeof(*record));
    enum err err = how == 'n' ? record_read_new_session(arena, input, record, &fault)
                              : record_read(arena, input, shifts[(how - '0') % 9u], record, &fault);
    MUST_HOLD(err == ERR_OK || (err == ERR_INVALID && fault.expected.len), "%s", err_word(err));
    if (err == ERR_OK)
        check(record);
    arena_reset(arena);
    return 0;
}
