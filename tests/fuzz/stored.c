/* Records as they lie on disk: made up ('r'), or those of a golden session, user, app, refresh
 * token and device with some bytes flipped. Whatever they are, they are read, or refused. */
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "store/env.h"

enum { ARENA_BYTES = 8 << 20 };

static struct arena *arena;
static size_t seen; /* what is read is looked at */

static void see(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        seen += (unsigned char)text.ptr[i];
}

static void see_session(const struct session *session)
{
    struct session_draft draft;
    struct buf again = {0};
    struct session back;
    for (int text = 0; text < TEXT_COUNT; text++)
        see(session_text(session, (enum session_text)text));
    seen += (size_t)session_status(session, 1000, 1000);
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct spelling spelling;
        session_spell(session, (enum vendor)vendor, &spelling);
        see(spelling_view(&spelling));
    }
    session_to_draft(session, &draft);
    session_encode(&draft, &again);
    MUST_HOLD(session_decode(buf_view(&again), &back) == ERR_OK, "not what was read");
    buf_free(&again);
}

static void see_user(const struct user *user)
{
    for (size_t text = 0; text < USER_TEXT_COUNT; text++)
        see(user->texts[text]);
}

static void see_app(const struct app *app)
{
    struct app_key key;
    for (int setting = 0; setting < SETTING_COUNT; setting++)
        see(app_setting(app, (enum setting)setting));
    for (struct str rest = app->keys; app_key_decode(&rest, &key);)
        see(app_account(app, key.use));
}

static void read_all(struct str record, struct str device)
{
    struct session session = {.app = 0};
    struct user user;
    struct app app;
    struct refresh refresh;
    if (session_decode_head(record, &session))
        seen += (size_t)session.ending;
    enum err err = session_decode(record, &session);
    if (err == ERR_OK && session.device)
        err = session_give_device(&session, device);
    if (err == ERR_OK)
        see_session(&session);
    if (user_decode(record, &user) == ERR_OK)
        see_user(&user);
    if (app_decode(record, &app) == ERR_OK)
        see_app(&app);
    if (refresh_decode(record, &refresh) == ERR_OK)
        seen += refresh.hash[0];
}

/* The value of a table's row of that number, or of the first; the arena's. */
static struct str row_of(struct world *world, enum table table, size_t at)
{
    struct snapshot *snapshot;
    MDB_cursor *cursor;
    MDB_val key, value = {0, NULL};
    MUST_HOLD(snapshot_begin(world->store, &snapshot) == ERR_OK, "no snapshot");
    MUST_HOLD(mdb_cursor_open(snapshot->txn, world->store->tables[table], &cursor) == 0, "cursor");
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (at-- && code == 0)
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    struct str copy = arena_copy(arena, env_str(value));
    mdb_cursor_close(cursor);
    snapshot_end(snapshot);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum table tables[] = {TABLE_SESSIONS, TABLE_USERS, TABLE_APPS, TABLE_REFRESHES,
                                        TABLE_DEVICES};
    struct str input = fuzz_input(data, size);
    arena = arena ? arena : arena_new(ARENA_BYTES);
    uint8_t which = fuzz_byte(&input);
    if (which == 'r') {
        read_all(input, input);
    } else {
        struct world *world = world_get(which);
        size_t row = fuzz_byte(&input);
        enum table table = tables[fuzz_byte(&input) % 5];
        struct str record = row_of(world, table, row);
        struct str device = table == TABLE_DEVICES ? record : row_of(world, TABLE_DEVICES, 0);
        if (table == TABLE_DEVICES) {
            device = fuzz_bend(arena, device, input);
            record = row_of(world, TABLE_SESSIONS, row);
        } else {
            record = fuzz_bend(arena, record, input);
        }
        read_all(record, device);
    }
    arena_reset(arena);
    return 0;
}
