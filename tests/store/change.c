/* Endings, touches, batches that share a transaction, the audit trail, and purging. */
#include <stdlib.h>

#include "store/env.h"
#include "store/index.h"
#include "store/scene.h"

SUITE(store_change);

/* Two apps; acme's ann has sessions 0, 2, 4, bob 1, 3; a session of every odd hour. */
static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("other"));
    for (uint64_t i = 0; i < 5; i++) {
        struct session_draft draft = draft_new(i, NOW - (int64_t)i * 60000);
        scene_put(&scene, session_put("acme", i % 2 ? "bob" : "ann", &draft));
    }
    struct session_draft foreign = draft_new(0, NOW);
    scene_put(&scene, session_put("other", "ann", &foreign));
    return scene;
}

static uint32_t number_of(struct scene *scene, const char *id)
{
    scene_read(scene);
    uint32_t number = scene_app(scene, id).number;
    scene_done(scene);
    return number;
}

static struct put ending_of(struct scene *scene, uint64_t id, enum ending as)
{
    return (struct put){PUT_ENDING, .ending = {.app = number_of(scene, "acme"),
                                               .has_id = true,
                                               .id = id_of(id),
                                               .as = as,
                                               .actor = STR("test")}};
}

static struct put ending_of_all(struct scene *scene, const char *user, enum ending as)
{
    struct put put = {PUT_ENDING,
                      .ending = {.app = number_of(scene, "acme"), .reach = REACH_USER, .as = as}};
    scene_read(scene);
    put.ending.user = scene_user(scene, "acme", user).number;
    scene_done(scene);
    return put;
}

static struct session session_of(struct scene *scene, uint64_t id)
{
    struct session session;
    struct uuid uuid = id_of(id);
    ASSERT_OK(store_session(scene->snapshot, scene_app(scene, "acme").number, &uuid, &session));
    return session;
}

static void came_to(struct outcome outcome, uint64_t matched, uint64_t changed)
{
    cr_expect(outcome.matched == matched && outcome.changed == changed, "matched %d, changed %d",
              (int)outcome.matched, (int)outcome.changed);
}

Test(store_change, an_active_session_is_ended_once_and_for_good)
{
    struct scene scene = furnished();
    struct put put = ending_of(&scene, 2, ENDING_REVOKED);
    came_to(scene_apply_at(&scene, put, NOW, ERR_OK), 1, 1);
    put.ending.as = ENDING_LOGGED_OUT;
    came_to(scene_apply_at(&scene, put, NOW + 5, ERR_OK), 1, 0);
    scene_read(&scene);
    struct session session = session_of(&scene, 2);
    cr_expect_eq(session.ending, ENDING_REVOKED);
    cr_expect_eq(session.ended, NOW);
    cr_expect_eq(session.updated, NOW);
    cr_expect_eq(session_of(&scene, 0).ending, ENDING_NONE);
    scene_done(&scene);
    put.ending.id = id_of(77);
    scene_apply_at(&scene, put, NOW, ERR_NOT_FOUND);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, one_that_is_over_already_stays_what_it_is)
{
    struct scene scene = furnished();
    struct put put = ending_of(&scene, 0, ENDING_REVOKED);
    came_to(scene_apply_at(&scene, put, NOW + 2 * HOUR, ERR_OK), 1, 0);
    scene_read(&scene);
    cr_expect_eq(session_of(&scene, 0).ending, ENDING_NONE, "it was over by inactivity");
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_change, all_of_a_user_or_all_but_one)
{
    struct scene scene = furnished();
    struct put put = ending_of_all(&scene, "ann", ENDING_LOGGED_OUT);
    put.ending.has_id = true;
    put.ending.id = id_of(2);
    came_to(scene_apply_at(&scene, put, NOW, ERR_OK), 2, 2);
    came_to(scene_apply_at(&scene, put, NOW, ERR_OK), 2, 0);
    scene_read(&scene);
    cr_expect_eq(session_of(&scene, 0).ending, ENDING_LOGGED_OUT);
    cr_expect_eq(session_of(&scene, 2).ending, ENDING_NONE);
    cr_expect_eq(session_of(&scene, 3).ending, ENDING_NONE, "bob's");
    scene_done(&scene);
    put.ending.has_id = false;
    came_to(scene_apply_at(&scene, put, NOW, ERR_OK), 3, 1);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, what_is_removed_is_gone_with_all_its_entries)
{
    struct scene scene = furnished();
    struct outcome outcome =
        scene_apply_at(&scene, ending_of_all(&scene, "ann", ENDING_NONE), NOW, ERR_OK);
    came_to(outcome, 3, 3);
    cr_expect_eq(scene_count(&scene, "acme"), 2);
    cr_expect_eq(scene_count(&scene, "other"), 1);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, a_touch_moves_activity_on_and_never_wakes_the_dead)
{
    struct scene scene = furnished();
    struct put put = {PUT_TOUCH, .touch = {.app = number_of(&scene, "acme"),
                                           .id = id_of(4),
                                           .last_active = NOW + 1000,
                                           .expires = INSTANT_NONE}};
    came_to(scene_apply_at(&scene, put, NOW + 1000, ERR_OK), 1, 1);
    put.touch.last_active = NOW;
    came_to(scene_apply_at(&scene, put, NOW + 2000, ERR_OK), 1, 0);
    put.touch.expires = NOW + HOUR;
    came_to(scene_apply_at(&scene, put, NOW + 3000, ERR_OK), 1, 1);
    scene_read(&scene);
    struct session session = session_of(&scene, 4);
    cr_expect_eq(session.last_active, NOW + 1000);
    cr_expect_eq(session.expires, NOW + HOUR);
    cr_expect_eq(session.updated, NOW + 3000);
    scene_done(&scene);
    put.touch.expires = NOW + DAY;
    came_to(scene_apply_at(&scene, put, NOW + HOUR, ERR_OK), 1, 0);
    put.touch.id = id_of(99);
    scene_apply_at(&scene, put, NOW, ERR_NOT_FOUND);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, a_fresh_session_is_never_one_that_is_there)
{
    struct scene scene = furnished();
    struct session_draft draft = draft_new(0, NOW);
    struct put put = session_put("acme", "ann", &draft);
    put.session.fresh = true;
    scene_apply_at(&scene, put, NOW, ERR_CONFLICT);
    draft.id = id_of(50);
    scene_apply_at(&scene, put, NOW, ERR_OK);
    scene_sound(&scene);
    scene_end(&scene);
}

/* The one that fails takes no other along, and leaves nothing of itself behind. */
Test(store_change, batches_share_a_transaction_and_fail_alone)
{
    struct scene scene = furnished();
    struct put first = ending_of(&scene, 0, ENDING_REVOKED);
    struct put second[] = {ending_of(&scene, 1, ENDING_REVOKED),
                           ending_of(&scene, 88, ENDING_REVOKED)};
    struct put third = ending_of(&scene, 3, ENDING_LOGGED_OUT);
    struct batch batches[] = {{.puts = &first, .count = 1, .now = NOW},
                              {.puts = second, .count = 2, .now = NOW},
                              {.puts = &third, .count = 1, .now = NOW + 7}};
    store_apply_all(scene.store, batches, LEN(batches));
    cr_expect_eq(batches[0].err, ERR_OK);
    cr_expect_eq(batches[1].err, ERR_NOT_FOUND);
    cr_expect_eq(batches[1].outcome.at, 1);
    cr_expect_eq(batches[2].err, ERR_OK);
    scene_read(&scene);
    cr_expect_eq(session_of(&scene, 0).ending, ENDING_REVOKED);
    cr_expect_eq(session_of(&scene, 1).ending, ENDING_NONE);
    cr_expect_eq(session_of(&scene, 3).ended, NOW + 7);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, a_map_that_is_full_is_grown_under_many_batches)
{
    enum { COUNT = 400, EACH = 20 };
    struct scene scene = scene_new(MEBI / 4);
    scene_put(&scene, app_put("acme"));
    struct session_draft *drafts = calloc(COUNT * EACH, sizeof(*drafts));
    struct put *puts = calloc(COUNT * EACH, sizeof(*puts));
    struct batch *batches = calloc(COUNT, sizeof(*batches));
    for (size_t i = 0; i < COUNT * EACH; i++) {
        drafts[i] = draft_new(i, NOW);
        puts[i] = session_put("acme", "ann", &drafts[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        batches[i] = (struct batch){.puts = puts + i * EACH, .count = EACH, .now = NOW};
    store_apply_all(scene.store, batches, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        cr_expect_eq(batches[i].err, ERR_OK, "batch %zu: %s", i, err_word(batches[i].err));
    cr_expect_eq(scene_count(&scene, "acme"), COUNT * EACH);
    scene_sound(&scene);
    free(drafts);
    free(puts);
    free(batches);
    scene_end(&scene);
}

/* ---- the audit trail ---- */

struct trail {
    struct audit_line lines[16];
    size_t count;
};

static enum err keep(void *context, const struct audit_line *line)
{
    struct trail *trail = context;
    cr_assert_lt(trail->count, LEN(trail->lines));
    trail->lines[trail->count++] = *line;
    return ERR_OK;
}

static struct trail trail_of(struct scene *scene, const char *app, int64_t since)
{
    struct trail trail = {.count = 0};
    ASSERT_OK(store_each_audit(scene->snapshot, scene_app(scene, app).number, since, keep, &trail));
    return trail;
}

Test(store_change, what_became_of_sessions_is_on_the_trail)
{
    struct scene scene = furnished();
    struct session_draft draft = draft_new(60, NOW);
    struct put fresh = session_put("acme", "eve", &draft);
    fresh.session.fresh = true;
    fresh.session.actor = STR("login");
    scene_apply_at(&scene, fresh, NOW, ERR_OK);
    scene_apply_at(&scene, ending_of(&scene, 60, ENDING_LOGGED_OUT), NOW + 1, ERR_OK);
    scene_apply_at(&scene, ending_of(&scene, 60, ENDING_REVOKED), NOW + 2, ERR_OK);
    scene_apply_at(&scene, ending_of(&scene, 60, ENDING_NONE), NOW + 3, ERR_OK);
    scene_read(&scene);
    struct trail trail = trail_of(&scene, "acme", INSTANT_MIN);
    struct uuid id = id_of(60);
    cr_assert_eq(trail.count, 3, "%zu: an ending that changed nothing is no event", trail.count);
    cr_expect_eq(trail.lines[0].event, AUDIT_CREATED);
    cr_expect(str_eq(trail.lines[0].actor, STR("login")));
    cr_expect_eq(trail.lines[1].event, AUDIT_LOGGED_OUT);
    cr_expect_eq(trail.lines[1].at, NOW + 1);
    cr_expect(str_eq(trail.lines[1].actor, STR("test")));
    cr_expect_eq(trail.lines[2].event, AUDIT_REMOVED);
    cr_expect_eq(trail.lines[2].user, scene_user(&scene, "acme", "eve").number);
    cr_expect_arr_eq(trail.lines[2].session.bytes, id.bytes, sizeof(id.bytes));
    cr_expect_eq(trail_of(&scene, "acme", NOW + 3).count, 1);
    cr_expect_eq(trail_of(&scene, "other", INSTANT_MIN).count, 0);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

/* An app's lines lie together, and the trail is walked from app to app. */
Test(store_change, lines_that_are_old_go_so_many_at_a_time_and_no_others)
{
    static const uint64_t gone[] = {4, 3, 0};
    struct scene scene = furnished();
    uint64_t removed;
    scene_put(&scene, app_put("zeta"));
    for (uint64_t i = 0; i < 12; i++) {
        struct session_draft draft = draft_new(60 + i, NOW);
        struct put fresh = session_put(i % 2 ? "acme" : "zeta", "eve", &draft);
        fresh.session.fresh = true;
        scene_apply_at(&scene, fresh, NOW + (int64_t)i, ERR_OK);
    }
    for (size_t i = 0; i < LEN(gone); i++) {
        ASSERT_OK(store_purge_audit(scene.store, NOW + 7, 4, &removed));
        cr_assert_eq(removed, gone[i], "%lu", (unsigned long)removed);
    }
    scene_read(&scene);
    struct trail acme = trail_of(&scene, "acme", INSTANT_MIN),
                 zeta = trail_of(&scene, "zeta", INSTANT_MIN);
    cr_expect(acme.count == 3 && zeta.count == 2, "%zu, %zu", acme.count, zeta.count);
    cr_expect(acme.lines[0].at == NOW + 7 && zeta.lines[0].at == NOW + 8);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- purging ---- */

static uint64_t purge(struct scene *scene, int64_t now, size_t most)
{
    struct purge_place place = {.len = 0};
    uint64_t removed, all = 0;
    do {
        ASSERT_OK(store_purge(scene->store, now, most, &place, &removed));
        all += removed;
    } while (place.len);
    return all;
}

Test(store_change, what_is_past_retention_goes_and_nothing_else)
{
    struct scene scene = scene_new(0);
    struct put put = app_put("acme");
    put.app.app.retain_s = 10 * DAY / SECOND_MS;
    put.app.app.idle_s = 0;
    scene_put(&scene, put);
    for (uint64_t i = 0; i < 20; i++) { /* they live for a day: ended at NOW - (i - 1) days */
        struct session_draft draft = draft_new(i, NOW - (int64_t)i * DAY);
        scene_put(&scene, session_put("acme", i % 2 ? "ann" : "bob", &draft));
    }
    cr_expect_eq(purge(&scene, NOW, 3), 8, "those of 12 to 19 days ago");
    cr_expect_eq(purge(&scene, NOW, 100), 0);
    cr_expect_eq(purge(&scene, NOW + 1, 1), 1, "the one whose ten days were just over");
    cr_expect_eq(scene_count(&scene, "acme"), 11);
    scene_sound(&scene);
    scene_end(&scene);
}

static uint64_t due(struct scene *scene, int64_t to)
{
    uint64_t count;
    scene_read(scene);
    ASSERT_OK(index_due(scene->snapshot, 1, to, &count));
    scene_done(scene);
    return count;
}

/* Some at a time, and the store is sound after each. */
static void catch_up_to(struct scene *scene, int64_t to)
{
    uint64_t left = due(scene, to), before = UINT64_MAX;
    bool more;
    while (left >= 16 && left < before) {
        ASSERT_OK(store_catch_up(scene->store, to, 50, &more));
        before = left;
        left = due(scene, to);
        scene_sound(scene);
    }
    cr_expect_lt(left, 16, "%lu deadlines are left", (unsigned long)left);
}

/* A clock that was years ahead leaves nothing behind that every list would have to look at. */
Test(store_change, what_was_noted_by_a_clock_that_was_ahead_is_taken_back)
{
    for (int64_t idle_s = 0; idle_s <= 7200; idle_s += 7200) {
        struct scene scene = scene_new(0);
        struct put put = app_put("acme");
        put.app.app.idle_s = idle_s;
        scene_put(&scene, put);
        for (uint64_t i = 0; i < 300; i++) {
            struct session_draft draft = draft_new(i, NOW - (int64_t)(i / 3) * 600000);
            scene_put(&scene, session_put("acme", i % 2 ? "ann" : "bob", &draft));
        }
        uint64_t far = due(&scene, NOW + 3650 * DAY);
        cr_assert_geq(far, 300);
        catch_up_to(&scene, NOW + 3650 * DAY);
        cr_expect_geq(due(&scene, NOW), far - 16);
        catch_up_to(&scene, NOW);
        cr_expect_geq(due(&scene, NOW + 3650 * DAY), far - 16);
        scene_end(&scene);
    }
}

Test(store_change, what_was_past_retention_by_then_goes_now)
{
    struct scene scene = scene_new(0);
    struct put put = app_put("acme");
    struct purge_place place = {.len = 0};
    uint64_t removed;
    scene_put(&scene, put); /* it keeps nothing, and a session lives for a day */
    for (uint64_t i = 0; i < 4; i++) {
        struct session_draft draft = draft_new(i, NOW - (int64_t)(i + 1) * DAY);
        scene_put(&scene, session_put("acme", "ann", &draft));
    }
    ASSERT_OK(store_purge_as_of(scene.store, NOW - 2 * DAY, NOW, 100, &place, &removed));
    cr_expect_eq(removed, 2, "%lu", (unsigned long)removed);
    scene_read(&scene);
    struct trail trail = trail_of(&scene, "acme", INSTANT_MIN);
    cr_assert_eq(trail.count, 2);
    cr_expect_eq(trail.lines[0].at, NOW, "the trail says when it was");
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- a store of the format before ---- */

Test(store_change, an_earlier_format_is_brought_up_by_who_may_write)
{
    struct scene scene = furnished();
    MDB_txn *txn;
    MDB_dbi meta, audit;
    uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    MDB_val key = {6, "format"}, value = {sizeof(one), one};
    cr_assert_eq(mdb_txn_begin(scene.store->env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    cr_assert_eq(mdb_dbi_open(txn, "audit", 0, &audit), 0);
    cr_assert_eq(mdb_put(txn, meta, &key, &value, 0), 0);
    cr_assert_eq(mdb_drop(txn, audit, 1), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    scene_close(&scene);
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_VERSION);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    came_to(scene_apply_at(&scene, ending_of(&scene, 2, ENDING_REVOKED), NOW, ERR_OK), 1, 1);
    scene_sound(&scene);
    scene_close(&scene);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    scene_end(&scene);
}

/* ---- how many a user may have ---- */

static struct put limited_app(int64_t most, bool ends_oldest)
{
    struct put put = app_put("acme");
    put.app.app.max_per_user = most;
    put.app.app.ends_oldest = ends_oldest;
    return put;
}

static enum err begin(struct scene *scene, uint64_t id, int64_t created)
{
    struct session_draft draft = draft_new(id, created);
    struct put put = session_put("acme", "ann", &draft);
    struct outcome outcome;
    put.session.fresh = true;
    return store_apply(scene->store, &put, 1, NOW, &outcome);
}

Test(store_change, one_too_many_is_refused)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, limited_app(2, false));
    ASSERT_OK(begin(&scene, 0, NOW - 2));
    ASSERT_OK(begin(&scene, 1, NOW - 1));
    ASSERT_ERR(begin(&scene, 2, NOW), ERR_LIMIT);
    scene_put(&scene, ending_of(&scene, 0, ENDING_REVOKED));
    ASSERT_OK(begin(&scene, 2, NOW));
    ASSERT_ERR(begin(&scene, 3, NOW), ERR_LIMIT);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, or_the_oldest_makes_room)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, limited_app(2, true));
    for (uint64_t i = 0; i < 5; i++)
        ASSERT_OK(begin(&scene, i, NOW - 10 + (int64_t)i));
    scene_read(&scene);
    for (uint64_t i = 0; i < 5; i++)
        cr_expect_eq(session_of(&scene, i).ending, i < 3 ? ENDING_REVOKED : ENDING_NONE, "%d",
                     (int)i);
    scene_done(&scene);
    /* A lower limit holds from the next one on. */
    scene_put(&scene, limited_app(1, true));
    ASSERT_OK(begin(&scene, 5, NOW));
    scene_read(&scene);
    cr_expect_eq(session_of(&scene, 4).ending, ENDING_REVOKED);
    cr_expect_eq(session_of(&scene, 5).ending, ENDING_NONE);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_change, lifetimes_are_an_apps_and_all_else_of_it_stays)
{
    struct scene scene = furnished();
    struct app_key key = {.use = KEY_ADMIN, .hash = {7}}, kept;
    struct put app = app_put("acme");
    app.app.keys = &key;
    app.app.key_count = 1;
    scene_put(&scene, app);
    struct put put = {PUT_LIFETIMES,
                      .lifetimes = {.app = number_of(&scene, "acme"), .access_s = 60}};
    scene_put(&scene, put);
    scene_read(&scene);
    struct app after = scene_app(&scene, "acme");
    struct str keys = after.keys;
    cr_expect_eq(after.access_s, 60);
    cr_expect_eq(after.lifetime_s, DAY / SECOND_MS);
    cr_expect_eq(after.idle_s, HOUR / SECOND_MS);
    cr_expect(app_key_decode(&keys, &kept) && kept.hash[0] == 7 && keys.len == 0);
    scene_done(&scene);
    put.lifetimes.access_s = 0;
    put.lifetimes.lifetime_s = 7;
    scene_put(&scene, put);
    scene_read(&scene);
    cr_expect_eq(scene_app(&scene, "acme").access_s, 60);
    cr_expect_eq(scene_app(&scene, "acme").lifetime_s, 7);
    scene_done(&scene);
    put.lifetimes.app = 77;
    scene_apply_at(&scene, put, NOW, ERR_NOT_FOUND);
    scene_sound(&scene);
    scene_end(&scene);
}
