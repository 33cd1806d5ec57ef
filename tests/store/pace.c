/* What is over for long goes for good by a clock that is believed alone. */
#include "base/clock.h"
#include "store/damage.h"
#include "store/scene.h"

SUITE(store_pace);

enum { STEADY_MS = 6 * 3600 * 1000 };

/* Whether it may at `now`, `monotonic_ms` after the start. */
static bool may(struct scene *scene, struct purge_pace *pace, int64_t now, int64_t monotonic_ms)
{
    bool said;
    ASSERT_OK(store_may_purge(scene->store, now + monotonic_ms, monotonic_ms, pace, &said));
    return said;
}

/* As a store is that an earlier version made. */
static void forget(struct scene *scene)
{
    static const struct row believed = {
        .table = TABLE_META, .key = "believed", .key_len = sizeof("believed") - 1};
    row_delete(scene, &believed);
}

Test(store_pace, a_new_store_has_seen_the_clock_it_was_made_by)
{
    struct scene scene = scene_new(0);
    struct purge_pace pace = {.doubted = false};
    int64_t now = clock_now();
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 3, 1));
    cr_expect(!may(&scene, &pace, now + 3650 * DAY, 0), "years ahead");
    cr_expect(!may(&scene, &pace, now + 3650 * DAY, STEADY_MS - 1));
    cr_expect(may(&scene, &pace, now, STEADY_MS), "set right");
    cr_expect(!may(&scene, &pace, now + 3650 * DAY, STEADY_MS));
    cr_expect(may(&scene, &pace, now + 3650 * DAY, 2 * STEADY_MS), "it has stood by that");
    scene_end(&scene);
}

Test(store_pace, the_first_clock_that_a_store_with_sessions_sees_is_not_believed_at_once)
{
    struct scene scene = scene_new(0);
    struct purge_pace pace = {.doubted = false};
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 3, 1));
    forget(&scene);
    cr_expect(!may(&scene, &pace, NOW, 0));
    cr_expect(!may(&scene, &pace, NOW, STEADY_MS - 1));
    cr_expect(may(&scene, &pace, NOW, STEADY_MS));
    pace = (struct purge_pace){.doubted = false};
    cr_expect(may(&scene, &pace, NOW, STEADY_MS), "what was believed is kept");
    scene_end(&scene);
}

Test(store_pace, without_sessions_nothing_can_be_lost_by_it)
{
    struct scene scene = scene_new(0);
    struct purge_pace pace = {.doubted = false};
    forget(&scene);
    cr_expect(may(&scene, &pace, NOW, 0));
    scene_end(&scene);
}
