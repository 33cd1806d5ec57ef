/* The oracle: random stores, random questions; what the store finds is what filtering and sorting
 * everything it was ever given comes to. */
#include <inttypes.h>

#include "compare.h"
#include "support/suite.h"

SUITE(oracle);

/* How many sessions there are, and how many questions are asked about them. */
static const struct {
    size_t sessions, questions;
} stages[] = {{0, 50}, {1, 100}, {4, 200}, {30, 1500}, {250, 2000}, {1200, 600}, {4000, 400}};

Test(oracle, the_store_finds_what_filtering_and_sorting_everything_does)
{
    struct comparison comparison = comparison_new();
    for (size_t stage = 0; stage < sizeof(stages) / sizeof(*stages); stage++) {
        world_grow(comparison.world, stages[stage].sessions);
        comparison.changes++;
        for (size_t i = 0; i < stages[stage].questions; i++)
            compare_any(&comparison, (enum kind)(i % KIND_COUNT));
        compare_soundness(&comparison);
    }
    comparison_end(&comparison, "random stores");
}

/* Whose id a text is at a vendor, in one app; NULL: nobody's. */
static const struct held *owner(const struct world *world, size_t app, enum vendor vendor,
                                struct str text)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->all[i].app == app && str_eq(spelling_view(&world->all[i].spelled[vendor]), text))
            return &world->all[i];
    return NULL;
}

static void look_up(const struct comparison *comparison, struct snapshot *snapshot, struct str text,
                    size_t app, enum vendor vendor)
{
    struct app record;
    struct session session;
    const struct held *expected = owner(comparison->world, app, vendor, text);
    cr_assert_eq(store_app_by_id(snapshot, str_of(app_ids[app]), &record), ERR_OK);
    enum err err = store_session_by_spelling(snapshot, record.number, vendor, text, &session);
    cr_assert(err == (expected ? ERR_OK : ERR_NOT_FOUND),
              "ROLLCALL_SEED=%" PRIu64 ": '%.*s' of %s in %s: %s", comparison->seed, STR_ARG(text),
              vendor_name((int)vendor), app_ids[app], err_word(err));
    if (expected)
        cr_assert_arr_eq(session.id.bytes, expected->draft.id.bytes, sizeof(session.id.bytes),
                         "ROLLCALL_SEED=%" PRIu64, comparison->seed);
}

/* Every spelling of every session leads to it in its own app, and to nothing in the others; the
 * computed one that a brought id stands in for leads to nothing, too. */
Test(oracle, spellings_lead_home_and_nowhere_else)
{
    struct comparison comparison = comparison_new();
    struct world *world = comparison.world;
    struct snapshot *snapshot;
    world_grow(world, 120);
    world_grow(world, 240);
    cr_assert_eq(snapshot_begin(world->store, &snapshot), ERR_OK);
    for (size_t i = 0; i < world->count; i++)
        for (int vendor = 1; vendor < VENDOR_END; vendor++)
            for (size_t app = 0; app < APPS; app++) {
                const struct held *held = &world->all[i];
                struct spelling computed;
                id_spell((enum vendor)vendor, &held->draft.id, held->draft.created, &computed);
                look_up(&comparison, snapshot, spelling_view(&held->spelled[vendor]), app,
                        (enum vendor)vendor);
                look_up(&comparison, snapshot, spelling_view(&computed), app, (enum vendor)vendor);
            }
    snapshot_end(snapshot);
    comparison_end(&comparison, "spellings");
}
