/* Records that cannot be read, before a repair and after it: what is theirs fails, and nothing
 * else. */
#include "store/damage.h"
#include "store/index.h"

SUITE(store_unreadable);

enum { MUCH = 16 * 1024 * 1024 };

/* acme's ann has sessions 0 and 2, bob 1 and 3; they live for a day and have no idle limit. */
static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    struct put app = app_put("acme");
    app.app.app.idle_s = 0;
    scene_put(&scene, app);
    for (uint64_t i = 0; i < 4; i++) {
        struct session_draft draft = draft_new(i, NOW - (int64_t)i);
        scene_put(&scene, session_put("acme", i % 2 ? "bob" : "ann", &draft));
    }
    return scene;
}

/* The record of a session. */
static struct row record_of(struct scene *scene, uint64_t id)
{
    struct row row;
    struct place place = {.app = 0};
    struct uuid sought = id_of(id);
    for (size_t at = 0; row_read(scene, TABLE_SESSIONS, at, &row); at++)
        if (place_of_session_key((struct str){row.key, row.key_len}, &place) &&
            memcmp(&place.id, &sought, sizeof(sought)) == 0)
            break;
    cr_assert(memcmp(&place.id, &sought, sizeof(sought)) == 0, "no session %d", (int)id);
    return row;
}

/* Nothing of it can be read; or its times can. */
static void spoil(struct scene *scene, uint64_t id, bool all)
{
    struct row row = record_of(scene, id);
    if (all)
        memset(row.value, 0xEE, row.value_len);
    else
        row.value_len = 40;
    row_write(scene, &row);
}

static void tell_nobody(void *context, struct str sentence)
{
    (void)context, (void)sentence;
}

static void repair(struct scene *scene)
{
    struct repair repair = {.now = NOW, .dir = scene->dir, .memory = MUCH, .report = tell_nobody};
    ASSERT_OK(store_repair(scene->store, &repair));
}

static struct put ending_of(uint64_t id)
{
    return (struct put){
        PUT_ENDING, .ending = {.app = 1, .has_id = true, .id = id_of(id), .as = ENDING_REVOKED}};
}

static struct session session_of(struct scene *scene, uint64_t id)
{
    struct session session;
    struct uuid uuid = id_of(id);
    scene_read(scene);
    ASSERT_OK(store_session(scene->snapshot, 1, &uuid, &session));
    scene_done(scene);
    return session;
}

static int64_t as_of(struct scene *scene)
{
    struct index_head head;
    scene_read(scene);
    ASSERT_OK(head_read(scene->snapshot, 1, &head));
    scene_done(scene);
    return head.as_of.at;
}

/* ---- repairs ---- */

/* The token's entry would lead to it, and be nobody's to take back. */
Test(store_unreadable, what_a_repair_leaves_out_lets_nobody_in)
{
    static char overlong[SPELLING_MAX + 1];
    struct scene scene = furnished();
    struct session_draft draft = draft_new(10, NOW);
    struct session session;
    struct uuid id = id_of(10);
    struct buf record = {0};
    draft_token(&draft, "token");
    scene_put(&scene, session_put("acme", "ann", &draft));
    struct row row = record_of(&scene, 10);
    memset(overlong, 'x', sizeof(overlong));
    draft.texts[TEXT_BROUGHT_ID + VENDOR_KRATOS] = (struct str){overlong, sizeof(overlong)};
    session_encode_beside(&draft, 1, &record);
    row.value_len = record.len;
    memcpy(row.value, record.ptr, record.len);
    row_write(&scene, &row);
    buf_free(&record);
    repair(&scene);
    scene_read(&scene);
    ASSERT_ERR(scene_by_token(&scene, "token", &session), ERR_NOT_FOUND);
    ASSERT_ERR(store_session(scene.snapshot, 1, &id, &session), ERR_NOT_FOUND);
    scene_done(&scene);
    scene_end(&scene);
}

/* ---- deadlines that have come ---- */

Test(store_unreadable, others_are_written_and_listed_after_its_deadline)
{
    for (int all = 0; all <= 1; all++) {
        struct scene scene = furnished();
        struct session_draft draft = draft_new(10, NOW + DAY);
        spoil(&scene, 3, all);
        cr_expect_eq(scene_count_active(&scene, NOW + DAY - 1), all ? 2 : 1);
        scene_apply_at(&scene, ending_of(0), NOW + DAY - 1, ERR_OK);
        cr_expect_eq(session_of(&scene, 0).ending, ENDING_REVOKED);
        cr_expect_eq(as_of(&scene), NOW + DAY - 1);
        scene_apply_at(&scene, session_put("acme", "jane", &draft), NOW + DAY, ERR_OK);
        /* One whose times can be read is over when they say; one of which nothing can stays. */
        cr_expect_eq(scene_count_active(&scene, NOW + DAY), all ? 2 : 1);
        scene_end(&scene);
    }
}

Test(store_unreadable, an_apps_idle_limit_can_be_changed_all_the_same)
{
    struct scene scene = furnished();
    spoil(&scene, 3, true);
    scene_apply_at(&scene, app_put("acme"), NOW, ERR_OK);
    scene_end(&scene);
}

/* What was moved before the damage was met goes back; what was asked for is done. */
Test(store_unreadable, a_damaged_index_is_not_moved_on_and_others_are_written)
{
    struct scene scene = furnished();
    struct session_draft draft = draft_new(0, NOW), stray = draft_new(4, NOW);
    struct put revoke = ending_of(0), other = session_put("globex", "ann", &draft);
    struct batch batches[] = {{.puts = &other, .count = 1, .now = NOW + DAY - 1},
                              {.puts = &revoke, .count = 1, .now = NOW + DAY - 1}};
    struct row rows;
    bool more;
    scene_put(&scene, app_put("globex"));
    stray.created -= 2;
    stray.id.bytes[0] = 0xFF; /* no other is compared with it */
    scene_put(&scene, session_put("acme", "eve", &stray));
    cr_assert(row_read(&scene, TABLE_ROWS, 0, &rows));
    memset(rows.value + rows.value_len - ROW_BYTES, 0, ROW_BYTES);
    row_write(&scene, &rows);
    uint64_t faults = scene_faults(&scene, NULL);
    int64_t before = as_of(&scene);
    store_apply_all(scene.store, batches, LEN(batches));
    ASSERT_OK(batches[0].err);
    ASSERT_OK(batches[1].err);
    cr_expect_eq(scene_count(&scene, "globex"), 1);
    cr_expect_eq(session_of(&scene, 0).ending, ENDING_REVOKED);
    cr_expect_eq(scene_faults(&scene, NULL), faults);
    cr_expect_eq(as_of(&scene), before);
    ASSERT_OK(store_catch_up(scene.store, NOW + DAY, 100, &more));
    cr_expect(!more);
    scene_end(&scene);
}

/* ---- its user ---- */

static struct put ending_of_all(struct scene *scene, const char *user, enum ending as)
{
    struct put put = {PUT_ENDING, .ending = {.app = 1, .reach = REACH_USER, .as = as}};
    scene_read(scene);
    put.ending.user = scene_user(scene, "acme", user).number;
    scene_done(scene);
    return put;
}

Test(store_unreadable, the_users_others_are_ended_and_counted)
{
    for (int repaired = 0; repaired <= 1; repaired++) {
        struct scene scene = furnished();
        spoil(&scene, 0, true);
        if (repaired)
            repair(&scene);
        struct put put = ending_of_all(&scene, "ann", ENDING_REVOKED);
        struct outcome outcome = scene_apply_at(&scene, put, NOW, ERR_OK);
        cr_expect(outcome.matched == 1 && outcome.changed == 1);
        cr_expect_eq(session_of(&scene, 2).ending, ENDING_REVOKED);
        put = (struct put){PUT_ENDING, .ending = {.app = 1, .reach = REACH_APP, .most = 10}};
        outcome = scene_apply_at(&scene, put, NOW, ERR_OK);
        cr_expect(outcome.matched == 3 && outcome.changed == 3);
        scene_end(&scene);
    }
}

Test(store_unreadable, the_user_signs_in_as_often_as_the_app_allows)
{
    struct scene scene = furnished();
    struct put app = app_put("acme");
    struct session_draft draft = draft_new(10, NOW), other = draft_new(11, NOW);
    app.app.app.max_per_user = 2;
    scene_put(&scene, app);
    spoil(&scene, 0, true);
    struct put put = session_put("acme", "ann", &draft);
    put.session.fresh = true;
    scene_apply_at(&scene, put, NOW, ERR_OK);
    put.session.draft = &other;
    scene_apply_at(&scene, put, NOW, ERR_LIMIT);
    scene_end(&scene);
}

Test(store_unreadable, the_user_is_given_another_name)
{
    for (int repaired = 0; repaired <= 1; repaired++) {
        struct scene scene = furnished();
        struct str report;
        struct put put = user_put("acme", "ann");
        put.user.user.texts[USER_NAME] = STR("Ann");
        spoil(&scene, 0, true);
        if (repaired)
            repair(&scene);
        uint64_t faults = scene_faults(&scene, NULL);
        scene_apply_at(&scene, put, NOW, ERR_OK);
        cr_expect_eq(scene_faults(&scene, &report), faults, "%.*s", STR_ARG(report));
        scene_end(&scene);
    }
}

/* Nobody can tell whose it is. */
Test(store_unreadable, one_whose_key_is_damaged_keeps_nothing_from_its_user)
{
    struct scene scene = furnished();
    struct put put = user_put("acme", "ann");
    struct row row = record_of(&scene, 0);
    row.key[row.key_len++] = 'x';
    row_write(&scene, &row);
    put.user.user.texts[USER_NAME] = STR("Ann");
    scene_apply_at(&scene, put, NOW, ERR_OK);
    put = ending_of_all(&scene, "ann", ENDING_REVOKED);
    cr_expect_eq(scene_apply_at(&scene, put, NOW, ERR_OK).changed, 2);
    put = (struct put){PUT_ENDING,
                       .ending = {.app = 1, .reach = REACH_APP, .most = 10, .as = ENDING_REVOKED}};
    cr_expect_eq(scene_apply_at(&scene, put, NOW, ERR_OK).changed, 2);
    scene_end(&scene);
}

/* ---- purging ---- */

static uint64_t purge(struct scene *scene, size_t most, uint64_t *damaged)
{
    struct purge_place place = {.len = 0};
    uint64_t removed, all = 0;
    do {
        ASSERT_OK(store_purge(scene->store, NOW + 2 * DAY, most, &place, &removed));
        all += removed;
    } while (place.len);
    *damaged = place.damaged;
    return all;
}

Test(store_unreadable, what_else_is_past_retention_goes)
{
    for (size_t most = 1; most <= 10; most += 9)
        for (int repaired = 0; repaired <= 1; repaired++) {
            struct scene scene = furnished();
            uint64_t damaged;
            spoil(&scene, 2, true);
            if (repaired)
                repair(&scene);
            cr_expect_eq(purge(&scene, most, &damaged), 3);
            cr_expect_eq(damaged, 1);
            cr_expect_eq(purge(&scene, most, &damaged), 0);
            cr_expect_eq(damaged, 1);
            scene_end(&scene);
        }
}

Test(store_unreadable, one_whose_entries_are_damaged_keeps_no_other_from_going)
{
    struct scene scene = furnished();
    struct row rows;
    uint64_t damaged;
    cr_assert(row_read(&scene, TABLE_IDS, 3, &rows));
    rows.value_len--;
    row_write(&scene, &rows);
    cr_expect_eq(purge(&scene, 10, &damaged), 3);
    cr_expect_eq(damaged, 1);
    scene_end(&scene);
}

Test(store_unreadable, proofs_of_which_one_is_damaged_go)
{
    struct scene scene = furnished();
    struct row proof = {.table = TABLE_PROOFS, .key_len = HASH_BYTES, .value_len = 3}, there;
    row_write(&scene, &proof);
    proof.key[0] = 1;
    proof.value_len = sizeof(uint64_t); /* until 1970 */
    row_write(&scene, &proof);
    ASSERT_OK(store_sweep(scene.store, NOW, 100));
    cr_assert(row_read(&scene, TABLE_PROOFS, 0, &there));
    cr_expect_eq(there.value_len, 3);
    cr_expect(!row_read(&scene, TABLE_PROOFS, 1, &there));
    scene_end(&scene);
}
