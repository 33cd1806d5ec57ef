/* Who follows the audit trail, from the last line that was read on, misses none. */
#include "store/scene.h"

SUITE(store_trail);

enum { MINUTE = 60 * SECOND_MS };

static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("before"));
    return scene;
}

/* A session is begun, which is a line, with that id. */
static struct put beginning_of(const char *app, uint64_t id, struct session_draft *draft)
{
    *draft = draft_new(id, NOW);
    struct put put = session_put(app, "ann", draft);
    put.session.fresh = true;
    return put;
}

static void begin_at(struct scene *scene, const char *app, uint64_t id, int64_t now)
{
    struct session_draft draft;
    struct outcome outcome;
    struct put put = beginning_of(app, id, &draft);
    ASSERT_OK(store_apply(scene->store, &put, 1, now, &outcome));
}

/* The place up to which the trail was read, and what came behind it. */
struct follower {
    const char *app;
    int64_t at;
    uint64_t number;
    uint64_t ids[8]; /* of sessions */
    size_t count;
};

static enum err see(void *context, const struct audit_line *line)
{
    struct follower *follower = context;
    if (line->at == follower->at && line->number <= follower->number)
        return ERR_OK;
    cr_assert_lt(follower->count, LEN(follower->ids));
    follower->ids[follower->count++] = line->session.bytes[15];
    follower->at = line->at;
    follower->number = line->number;
    return ERR_OK;
}

/* What is new is that one session's line, which lies at `at`; id 0: nothing is. */
static void expect_next(struct scene *scene, struct follower *follower, uint64_t id, int64_t at)
{
    follower->count = 0;
    scene_read(scene);
    uint32_t app = scene_app(scene, follower->app).number;
    ASSERT_OK(store_each_audit(scene->snapshot, app, follower->at, see, follower));
    scene_done(scene);
    cr_assert_eq(follower->count, id != 0, "%lu: %zu lines", (unsigned long)id, follower->count);
    cr_assert(id == 0 || (follower->ids[0] == id && follower->at == at), "%lu: %lu at %ld",
              (unsigned long)id, (unsigned long)follower->ids[0], (long)(follower->at - NOW));
}

Test(store_trail, what_is_written_later_comes_later_whenever_it_was_asked_for)
{
    struct scene scene = furnished();
    struct follower acme = {.app = "acme", .at = INSTANT_MIN},
                    before = {.app = "before", .at = INSTANT_MIN};
    begin_at(&scene, "acme", 1, NOW + MINUTE);
    expect_next(&scene, &acme, 1, NOW + MINUTE);
    begin_at(&scene, "acme", 2, NOW);
    expect_next(&scene, &acme, 2, NOW + MINUTE);
    begin_at(&scene, "before", 3, NOW + 5);
    expect_next(&scene, &before, 3, NOW + 5);
    begin_at(&scene, "acme", 4, NOW + 6);
    expect_next(&scene, &acme, 4, NOW + MINUTE);
    begin_at(&scene, "acme", 5, NOW + MINUTE + 1);
    expect_next(&scene, &acme, 5, NOW + MINUTE + 1);
    begin_at(&scene, "before", 6, NOW);
    expect_next(&scene, &before, 6, NOW + 5);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_trail, so_it_is_in_one_transaction)
{
    struct scene scene = furnished();
    struct session_draft drafts[2];
    struct put puts[] = {beginning_of("acme", 1, &drafts[0]), beginning_of("acme", 2, &drafts[1])};
    struct batch batches[] = {{.puts = &puts[0], .count = 1, .now = NOW + 9},
                              {.puts = &puts[1], .count = 1, .now = NOW}};
    struct follower acme = {.app = "acme", .at = NOW + 9, .number = 1};
    store_apply_all(scene.store, batches, LEN(batches));
    ASSERT_OK(batches[0].err);
    ASSERT_OK(batches[1].err);
    expect_next(&scene, &acme, 2, NOW + 9);
    scene_end(&scene);
}

/* Else all would be said to have been at once, until the clock is there again. */
Test(store_trail, lines_keep_to_a_clock_that_was_set_back_by_more)
{
    struct scene scene = furnished();
    struct follower ahead = {.app = "acme", .at = INSTANT_MIN}, acme = ahead;
    begin_at(&scene, "acme", 1, NOW + DAY);
    expect_next(&scene, &ahead, 1, NOW + DAY);
    begin_at(&scene, "acme", 2, NOW + DAY - MINUTE - 1);
    expect_next(&scene, &ahead, 0, 0);
    begin_at(&scene, "acme", 3, NOW);
    acme.at = NOW;
    acme.number = 0;
    scene_read(&scene);
    ASSERT_OK(store_each_audit(scene.snapshot, 1, NOW, see, &acme));
    scene_done(&scene);
    cr_assert(acme.count == 3 && acme.ids[0] == 3 && acme.ids[1] == 2 && acme.ids[2] == 1);
    acme.at = NOW;
    acme.number = 3;
    begin_at(&scene, "acme", 4, NOW - 5);
    acme.count = 0;
    scene_read(&scene);
    ASSERT_OK(store_each_audit(scene.snapshot, 1, NOW, see, &acme));
    scene_done(&scene);
    cr_assert(acme.count == 3 && acme.ids[0] == 4, "it comes after the one before it");
    scene_end(&scene);
}
