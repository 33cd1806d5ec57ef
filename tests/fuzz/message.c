/* What workers send the writer: made up ('r'), or messages about a golden session with some bytes
 * flipped. One that can be read is done as the writer does it, and the store keeps its promises. */
#include "serve/message.h"

#include "fuzz/fuzz.h"
#include "fuzz/world.h"

enum { ARENA_BYTES = 16 << 20, PUTS = 7 };

static struct arena *arena;

static enum err take(void *context, const struct session *session)
{
    *(struct session *)context = *session;
    return ERR_CONFLICT;
}

/* One put of each kind about a session. */
static size_t make_puts(const struct session *session, struct session_draft *draft,
                        struct put *puts)
{
    session_to_draft(session, draft);
    puts[0] = (struct put){PUT_TOUCH, .touch = {.app = session->app,
                                                .id = session->id,
                                                .last_active = session->last_active + 60000,
                                                .expires = session->expires + 60000,
                                                .actor = STR("a")}};
    puts[1] = (struct put){
        PUT_ENDING, .ending = {.app = session->app, .has_id = true, .id = session->id, .as = 2}};
    puts[2] = (struct put){
        PUT_ENDING, .ending = {.app = session->app, .reach = REACH_USER, .user = session->user}};
    puts[3] = (struct put){PUT_ENDING,
                           .ending = {.app = session->app, .reach = REACH_APP, .most = 3, .as = 1}};
    puts[4] = (struct put){PUT_LIFETIMES,
                           .lifetimes = {.app = session->app, .access_s = 60, .lifetime_s = 7200}};
    puts[5] = (struct put){PUT_ROTATION, .rotation = {.app = session->app, .id = session->id}};
    puts[6] = (struct put){PUT_SESSION, .session = {.app_id = STR("acme"),
                                                    .user_id = STR("new"),
                                                    .user_identifier = STR("new@example.com"),
                                                    .draft = draft,
                                                    .fresh = true,
                                                    .has_refresh = true,
                                                    .actor = STR("a")}};
    draft->has_id = true;
    draft->has_token = false;
    memset(draft->texts + TEXT_BROUGHT_ID, 0, VENDOR_END * sizeof(*draft->texts));
    return PUTS;
}

/* A message with one of the puts, or all; the arena's. */
static struct str base(struct world *world, size_t which)
{
    struct put puts[PUTS];
    struct session_draft draft;
    struct session session;
    struct snapshot *snapshot;
    struct buf message = {0};
    MUST_HOLD(snapshot_begin(world->store, &snapshot) == ERR_OK, "no snapshot");
    MUST_HOLD(store_each_session(snapshot, 1, take, &session) == ERR_CONFLICT, "no session");
    struct batch batch = {
        .puts = puts, .count = make_puts(&session, &draft, puts), .now = world->now};
    draft.id.bytes[15] ^= 1; /* a new one */
    if (which < PUTS) {
        batch.puts = &puts[which];
        batch.count = 1;
    }
    MUST_HOLD(message_encode(&batch, &message) == ERR_OK, "not encoded");
    snapshot_end(snapshot);
    struct str copy = arena_copy(arena, buf_view(&message));
    buf_free(&message);
    return copy;
}

static void try_message(struct world *world, struct str message)
{
    struct batch batch;
    struct buf again = {0};
    enum err err = message_decode(message, arena, &batch);
    MUST_HOLD(err == ERR_OK || err == ERR_CORRUPT, "%s", err_word(err));
    if (err == ERR_CORRUPT)
        return;
    store_apply_all(world->store, &batch, 1);
    MUST_HOLD(err_status(batch.err) < 500, "%s", err_word(batch.err));
    world_check(world);
    world_restore(world);
    err = message_encode(&batch, &again);
    MUST_HOLD(err == ERR_OK || err == ERR_TOO_LARGE, "%s", err_word(err));
    MUST_HOLD(err != ERR_OK || message_decode(buf_view(&again), arena, &batch) == ERR_OK,
              "not what was read");
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = fuzz_input(data, size);
    arena = arena ? arena : arena_new(ARENA_BYTES);
    uint8_t which = fuzz_byte(&input);
    struct world *world = world_get(which);
    if (which != 'r')
        input = fuzz_bend(arena, base(world, fuzz_byte(&input) % (PUTS + 1)), input);
    try_message(world, input);
    arena_reset(arena);
    return 0;
}
