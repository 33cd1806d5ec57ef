/* Puts that change a part of what is there, as it is by then: what others wrote in between stays.
 */
#include "store/damage.h"
#include "store/scene.h"

SUITE(store_amend);

static struct put key_put_of(uint32_t app, uint8_t hash, bool removes)
{
    return (struct put){
        PUT_KEY,
        .key = {.app = app, .removes = removes, .key = {.use = KEY_ADMIN, .hash = {hash}}}};
}

static void expect(struct scene *scene, struct put put, enum err expected)
{
    ASSERT_ERR(scene_apply(scene, &put, 1, NULL), expected);
}

/* Whose key that is; 0: nobody's. */
static uint32_t opened_by(struct scene *scene, uint8_t hash)
{
    struct app_key key = {.use = KEY_ADMIN, .hash = {hash}};
    struct app app;
    scene_read(scene);
    enum err err = store_app_by_key(scene->snapshot, &key, &app);
    scene_done(scene);
    return err == ERR_OK ? app.number : 0;
}

Test(store_amend, a_key_comes_or_goes_and_all_else_of_the_app_is_what_others_made_it)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, key_put_of(1, 1, false));
    scene_put(&scene, key_put_of(1, 2, false));
    scene_put(&scene, (struct put){PUT_LIFETIMES, .lifetimes = {.app = 1, .lifetime_s = 7}});
    scene_put(&scene, key_put_of(1, 3, false));
    scene_put(&scene, key_put_of(1, 1, true));
    cr_expect(!opened_by(&scene, 1) && opened_by(&scene, 2) == 1 && opened_by(&scene, 3) == 1);
    scene_read(&scene);
    cr_expect_eq(scene_app(&scene, "acme").lifetime_s, 7);
    cr_expect_eq(scene_app(&scene, "acme").idle_s, HOUR / SECOND_MS);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_amend, a_key_that_cannot_be_added_or_is_not_there_is_told)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("other"));
    scene_put(&scene, key_put_of(1, 1, false));
    expect(&scene, key_put_of(1, 1, false), ERR_CONFLICT);
    expect(&scene, key_put_of(2, 1, false), ERR_CONFLICT);
    expect(&scene, key_put_of(2, 1, true), ERR_NOT_FOUND);
    expect(&scene, key_put_of(77, 1, false), ERR_NOT_FOUND);
    for (uint8_t i = 2; i <= APP_KEYS_MAX; i++)
        scene_put(&scene, key_put_of(1, i, false));
    expect(&scene, key_put_of(1, APP_KEYS_MAX + 1, false), ERR_LIMIT);
    cr_expect_eq(opened_by(&scene, 1), 1);
    scene_sound(&scene);
    scene_end(&scene);
}

/* As it can be imported. */
Test(store_amend, a_key_that_an_app_has_twice_goes_altogether)
{
    struct scene scene = scene_new(0);
    struct app_key keys[] = {{.use = KEY_ADMIN, .hash = {1}}, {.use = KEY_ADMIN, .hash = {1}}};
    struct put put = app_put("acme");
    put.app.keys = keys;
    put.app.key_count = LEN(keys);
    scene_put(&scene, put);
    scene_put(&scene, key_put_of(1, 1, true));
    cr_expect_eq(opened_by(&scene, 1), 0);
    expect(&scene, key_put_of(1, 1, true), ERR_NOT_FOUND);
    scene_sound(&scene);
    scene_end(&scene);
}

static struct put name_put(const char *name, bool merges)
{
    struct put put = user_put("acme", "ann");
    put.user.merges = merges;
    put.user.given = 1U << USER_NAME;
    put.user.user.texts[USER_NAME] = str_of(name);
    return put;
}

Test(store_amend, of_a_user_who_is_there_only_what_is_given_changes)
{
    struct scene scene = scene_new(0);
    struct outcome outcome;
    scene_put(&scene, app_put("acme"));
    struct put merging = name_put("Ann", true);
    ASSERT_OK(store_apply(scene.store, &merging, 1, NOW, &outcome));
    cr_expect_eq(outcome.matched, 0, "she is made");
    struct session_draft draft = draft_new(1, NOW);
    scene_put(&scene, session_put("acme", "ann", &draft));
    struct put whole = name_put("Anne", false);
    whole.user.user.active = false;
    whole.user.user.texts[USER_USERNAME] = STR("username");
    whole.user.user.texts[USER_TRAITS] = STR("{\"n\":1}");
    scene_put(&scene, whole);
    merging = name_put("Anna", true);
    ASSERT_OK(store_apply(scene.store, &merging, 1, NOW + HOUR, &outcome));
    cr_expect_eq(outcome.matched, 1);
    scene_read(&scene);
    struct user user = scene_user(&scene, "acme", "ann");
    cr_expect(!user.active && user.created == NOW);
    cr_expect(str_eq(user.texts[USER_NAME], STR("Anna")));
    cr_expect(str_eq(user.texts[USER_USERNAME], STR("username")));
    cr_expect(str_eq(user.texts[USER_TRAITS], STR("{\"n\":1}")));
    scene_done(&scene);
    merging.user.given = 0;
    merging.user.gives_state = true;
    scene_put(&scene, merging);
    scene_read(&scene);
    cr_expect(scene_user(&scene, "acme", "ann").active);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_amend, an_end_moves_on_from_where_it_is_by_then)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct session session;
    draft.expires = NOW + HOUR;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "ann", &draft));
    struct put_touch touch = {.app = 1, .id = id_of(1), .expires = INSTANT_NONE, .later_ms = HOUR};
    struct put later = {PUT_TOUCH, .touch = touch}, end = later;
    end.touch.expires = NOW + DAY;
    end.touch.later_ms = 0;
    scene_put(&scene, later);
    scene_put(&scene, end);
    scene_put(&scene, later);
    scene_put(&scene, later);
    end.touch.only_later = true;
    scene_put(&scene, end);
    scene_read(&scene);
    struct uuid id = id_of(1);
    ASSERT_OK(store_session(scene.snapshot, 1, &id, &session));
    cr_expect_eq(session.expires, NOW + DAY + 2 * HOUR);
    scene_done(&scene);
    later.touch.later_ms = INSTANT_MAX;
    scene_put(&scene, later);
    scene_read(&scene);
    ASSERT_OK(store_session(scene.snapshot, 1, &id, &session));
    cr_expect_eq(session.expires, INSTANT_MAX);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- entries of a damaged store ---- */

Test(store_amend, a_signing_keys_id_that_is_too_long_is_damage)
{
    struct scene scene = scene_new(0);
    struct put put = {PUT_SIGNING, .signing = {.app_id = STR("acme"), .keep_until = NOW}};
    struct row row;
    scene_put(&scene, app_put("acme"));
    cr_assert(row_read(&scene, TABLE_SIGNERS, 0, &row));
    row.value_len = KEY_MAX + 1;
    row_write(&scene, &row);
    expect(&scene, put, ERR_CORRUPT);
    cr_assert(row_read(&scene, TABLE_SIGNING, 0, &row));
    row.key_len = KEY_MAX + 1;
    row_write(&scene, &row);
    put.signing.at_once = true;
    expect(&scene, put, ERR_CORRUPT);
    scene_end(&scene);
}

Test(store_amend, a_users_number_that_is_none_is_damage)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct row row = {.table = TABLE_USER_IDS};
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, user_put("acme", "ann"));
    struct key key = key_of_user_id(1, STR("ann"));
    memcpy(row.key, key.bytes, key.len);
    row.key_len = key.len;
    for (row.value_len = 7; row.value_len <= 9; row.value_len++) {
        row_write(&scene, &row);
        expect(&scene, user_put("acme", "ann"), ERR_CORRUPT);
        expect(&scene, name_put("Ann", true), ERR_CORRUPT);
        expect(&scene, session_put("acme", "ann", &draft), ERR_CORRUPT);
    }
    scene_end(&scene);
}
