/* How an index is moved on where a whole import falls due at one instant: a little with each write
 * and each step of housekeeping, and no answer tells. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/deadline.h"
#include "store/env.h"
#include "store/finding.h"
#include "store/index.h"
#include "store/scene.h"

SUITE(store_advance);

/* How many there are, and how many deadlines of a kind a write goes past at most. */
enum { MANY = 400, WITH_A_WRITE = 128, LATER_ID = 100000 };

/* They all begin at NOW, so that they all end a day later; idle for an hour before, where the app
 * asks for that. */
static void put_many(struct scene *scene, const char *id, bool idle)
{
    struct session_draft *drafts = calloc(MANY, sizeof(*drafts));
    struct put *puts = calloc(MANY, sizeof(*puts)), app = app_put(id);
    cr_assert(drafts && puts);
    if (!idle)
        app.app.app.idle_s = 0;
    scene_put(scene, app);
    for (size_t i = 0; i < MANY; i++) {
        drafts[i] = draft_new(i * 7 % MANY, NOW);
        puts[i] = session_put(id, i % 3 ? "ann" : "bob", &drafts[i]);
    }
    ASSERT_OK(scene_apply(scene, puts, MANY, NULL));
    free(drafts);
    free(puts);
}

static struct scene furnished(bool idle)
{
    struct scene scene = scene_new(0);
    put_many(&scene, "acme", idle);
    return scene;
}

static uint64_t due(struct scene *scene, uint32_t app, int64_t to)
{
    uint64_t count;
    scene_read(scene);
    ASSERT_OK(index_due(scene->snapshot, app, to, &count));
    scene_done(scene);
    return count;
}

static struct as_of as_of(struct scene *scene)
{
    struct index_head head;
    scene_read(scene);
    ASSERT_OK(head_read(scene->snapshot, 1, &head));
    scene_done(scene);
    return head.as_of;
}

/* Whether it stands between sessions of one instant. */
static bool is_within(struct scene *scene)
{
    struct as_of here = as_of(scene);
    return !as_of_is_whole(&here);
}

/* One session more, which lives for a day from then. */
static void write_at(struct scene *scene, uint64_t id, int64_t now)
{
    struct session_draft draft = draft_new(id, now);
    scene_apply_at(scene, session_put("acme", "eve", &draft), now, ERR_OK);
}

/* Before and after the deadline, as large stores are answered and as small ones are. */
static void expect_active(struct scene *scene, uint64_t many, int64_t over)
{
    for (finding_few = 0; finding_few <= 5; finding_few += 5) {
        cr_expect_eq(scene_count_active(scene, NOW), many);
        cr_expect_eq(scene_count_active(scene, over - 1), many);
        cr_expect_eq(scene_count_active(scene, over), 0);
        cr_expect_eq(scene_count_active(scene, over + 1), 0);
    }
    finding_few = 0;
    scene_sound(scene);
}

/* ---- with writes ---- */

Test(store_advance, a_write_goes_past_no_more_than_some_of_one_instant)
{
    for (int idle = 0; idle <= 1; idle++) {
        struct scene scene = furnished(idle);
        int64_t now = NOW + 30 * DAY;
        uint64_t left = due(&scene, 1, now), id = LATER_ID;
        cr_assert_eq(left, idle ? 2 * MANY : MANY);
        while (left > 0) {
            write_at(&scene, id++, now);
            uint64_t after = due(&scene, 1, now);
            cr_assert_lt(after, left);
            cr_assert_leq(left - after, idle ? 2 * WITH_A_WRITE : WITH_A_WRITE);
            cr_expect_eq(scene_count_active(&scene, now), id - LATER_ID);
            scene_sound(&scene);
            left = after;
        }
        cr_expect_eq(as_of(&scene).at, now);
        cr_expect(!is_within(&scene));
        scene_end(&scene);
    }
}

static struct put touch_of(uint64_t id, int64_t last_active)
{
    return (struct put){
        PUT_TOUCH,
        .touch = {.app = 1, .id = id_of(id), .last_active = last_active, .expires = NOW + 3 * DAY}};
}

static struct put ending_of(uint64_t id, enum ending as)
{
    return (struct put){PUT_ENDING,
                        .ending = {.app = 1, .has_id = true, .id = id_of(id), .as = as}};
}

/* On either side of where it stands: the first of them have been gone past, the last have not. */
Test(store_advance, what_changes_meanwhile_has_the_state_it_should)
{
    struct scene scene = furnished(false);
    struct session_draft early = draft_new(MANY, NOW), late = draft_new(MANY + 1, NOW);
    int64_t over = NOW + DAY;
    memset(early.id.bytes, 0, sizeof(early.id.bytes) - 1);
    late.id.bytes[0] = 0xFF;
    write_at(&scene, LATER_ID, over);
    cr_assert_eq(as_of(&scene).at, over - 1);
    cr_assert(is_within(&scene));
    const struct put puts[] = {
        session_put("acme", "ann", &early),
        session_put("acme", "ann", &late),
        ending_of(0, ENDING_REVOKED),
        ending_of(MANY - 1, ENDING_REVOKED),
        ending_of(1, ENDING_NONE),
        ending_of(MANY - 2, ENDING_NONE),
        touch_of(2, NOW + 1),
        touch_of(MANY - 3, NOW + 1),
        ending_of(LATER_ID, ENDING_NONE),
    };
    for (size_t i = 0; i < LEN(puts); i++) {
        scene_apply_at(&scene, puts[i], over - 1, ERR_OK);
        scene_sound(&scene);
    }
    cr_assert_eq(as_of(&scene).at, over - 1);
    for (finding_few = 0; finding_few <= 5; finding_few += 5) {
        cr_expect_eq(scene_count_active(&scene, over - 1), MANY - 2);
        cr_expect_eq(scene_count_active(&scene, over), 2);
        cr_expect_eq(scene_count_active(&scene, NOW + 3 * DAY), 0);
    }
    struct put idle = app_put("acme");
    scene_apply_at(&scene, idle, over - 1, ERR_OK);
    scene_sound(&scene);
    cr_expect_eq(scene_count_active(&scene, NOW + HOUR), 2);
    scene_end(&scene);
}

/* Time that is up is up for what nobody asked for, too. */
Test(store_advance, a_write_is_done_though_no_time_is_left_to_move_on)
{
    struct scene scene = furnished(false);
    struct as_of before = as_of(&scene), after;
    struct outcome outcome;
    struct put revoke = ending_of(0, ENDING_REVOKED);
    deadline_is_up = 1;
    enum err err = store_apply(scene.store, &revoke, 1, NOW + 30 * DAY, &outcome);
    deadline_is_up = 0;
    ASSERT_OK(err);
    after = as_of(&scene);
    cr_expect_eq(as_of_cmp(&before, &after), 0);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- with housekeeping ---- */

static void catch_up_to(struct scene *scene, int64_t to, uint64_t most, uint64_t many, int64_t over)
{
    bool more = true;
    while (more) {
        uint64_t before = due(scene, 1, to);
        ASSERT_OK(store_catch_up(scene->store, to, most, &more));
        uint64_t after = due(scene, 1, to);
        cr_assert_eq(after > 0, more);
        cr_assert_lt(after, before);
        cr_assert_leq(before - after, 2 * most);
        expect_active(scene, many, over);
    }
}

Test(store_advance, housekeeping_goes_past_one_instant_in_steps_and_back)
{
    for (int idle = 0; idle <= 1; idle++) {
        struct scene scene = furnished(idle);
        int64_t over = idle ? NOW + HOUR : NOW + DAY;
        catch_up_to(&scene, NOW + 30 * DAY, 90, MANY, over);
        catch_up_to(&scene, NOW, 90, MANY, over);
        cr_expect_eq(as_of(&scene).at, NOW);
        scene_end(&scene);
    }
}

Test(store_advance, apps_share_a_step)
{
    struct scene scene = furnished(false);
    uint64_t left = 2 * MANY;
    bool more = true;
    put_many(&scene, "globex", false);
    while (more) {
        ASSERT_OK(store_catch_up(scene.store, NOW + 30 * DAY, 100, &more));
        uint64_t after = due(&scene, 1, NOW + 30 * DAY) + due(&scene, 2, NOW + 30 * DAY);
        cr_assert_lt(after, left);
        cr_assert_leq(left - after, 100);
        left = after;
    }
    cr_expect_eq(left, 0);
    scene_sound(&scene);
    scene_end(&scene);
}

/* Room for files of a certain size stands in for a full disk: who has more to do comes soon. */
Test(store_advance, a_step_that_fails_has_no_more_to_do)
{
    struct scene scene = furnished(false);
    struct rlimit limit, none;
    bool more = false;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum err err = store_catch_up(scene.store, NOW + 30 * DAY, 100, &more);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_neq(err, ERR_OK);
    cr_expect_not(more);
    ASSERT_OK(store_catch_up(scene.store, NOW + 30 * DAY, 100, &more));
    cr_expect(more);
    scene_end(&scene);
}
