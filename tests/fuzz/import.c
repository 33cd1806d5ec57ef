/* Records, a line each, into a store with those of a dialect's golden cases, which a letter
 * chooses. Whatever comes of it, the store keeps its promises. */
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "model/interchange.h"

enum { ARENA_BYTES = 16 << 20, LINES_MAX = 16 };

static void put(struct world *world, struct record *record)
{
    struct outcome outcome;
    struct put put = {
        .kind = PUT_SESSION,
        .session = {.app_id = record->app_id, .user_id = record->user_id, .draft = &record->draft}};
    if (record->kind == RECORD_USER)
        put = (struct put){PUT_USER, .user = {.app_id = record->app_id, .user = record->user}};
    else if (record->kind == RECORD_APP)
        return;
    enum err err = store_apply(world->store, &put, 1, world->now, &outcome);
    MUST_HOLD(err_status(err) < 500, "%s", err_word(err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct str input = fuzz_input(data, size), line;
    struct record_fault fault = {0};
    arena = arena ? arena : arena_new(ARENA_BYTES);
    struct world *world = world_get((size_t)fuzz_byte(&input) - 'a');
    struct record *record = arena_alloc(arena, sizeof(*record));
    for (int lines = 0; input.len && lines < LINES_MAX; lines++) {
        str_split(input, '\n', &line, &input);
        if (record_read(arena, line, 0, record, &fault) == ERR_OK)
            put(world, record);
    }
    world_check(world);
    world_restore(world);
    arena_reset(arena);
    return 0;
}
