/* store_apply: what replaces what, what is in whose way, and that a batch is all or nothing. */
#include <stdio.h>

#include "store/scene.h"

SUITE(store_apply);

static struct app_key key_of(int use, const char *secret)
{
    struct app_key key = {.use = use};
    secret_hash(str_of(secret), key.hash);
    return key;
}

static struct put app_with_keys(const char *id, const struct app_key *keys, size_t count)
{
    struct put put = app_put(id);
    put.app.keys = keys;
    put.app.key_count = count;
    return put;
}

Test(store_apply, an_app_is_read_back)
{
    struct scene scene = scene_new(0);
    struct app_key keys[] = {key_of(VENDOR_CORBADO, "corbado1_a"), key_of(KEY_ADMIN, "rk_a")};
    struct put put = app_with_keys("acme", keys, LEN(keys));
    put.app.app.retain_s = 77;
    put.app.app.settings[SETTING_CORBADO_PROJECT_ID] = STR("pro-1");
    scene_put(&scene, put);
    scene_read(&scene);
    struct app app = scene_app(&scene, "acme"), by_key, by_number;
    cr_expect(str_eq(app.id, STR("acme")));
    cr_expect_eq(app.lifetime_s, DAY / SECOND_MS);
    cr_expect_eq(app.idle_s, HOUR / SECOND_MS);
    cr_expect_eq(app.retain_s, 77);
    cr_expect_eq(app.created, NOW, "not given: now");
    cr_expect(str_eq(app_setting(&app, SETTING_CORBADO_PROJECT_ID), STR("pro-1")));
    ASSERT_OK(store_app(scene.snapshot, app.number, &by_number));
    cr_expect(str_eq(by_number.id, app.id));
    for (size_t i = 0; i < LEN(keys); i++) {
        ASSERT_OK(store_app_by_key(scene.snapshot, &keys[i], &by_key));
        cr_expect_eq(by_key.number, app.number);
        keys[i].use = VENDOR_STREAMBIRD;
        ASSERT_ERR(store_app_by_key(scene.snapshot, &keys[i], &by_key), ERR_NOT_FOUND);
    }
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

static uint32_t signing_key_of(struct scene *scene, const char *id, char *jwk, size_t size)
{
    struct str text;
    uint32_t number = scene_app(scene, id).number;
    ASSERT_OK(store_signing_key_of_app(scene->snapshot, number, &text));
    snprintf(jwk, size, "%.*s", STR_ARG(text));
    return number;
}

Test(store_apply, an_app_put_again_keeps_number_birth_and_signing_key)
{
    enum { JWK = 4096 };
    static char before[JWK], after[JWK];
    struct scene scene = scene_new(0);
    struct app_key old[] = {key_of(KEY_ADMIN, "old"), key_of(KEY_ADMIN, "kept")},
                   new[] = {key_of(KEY_ADMIN, "kept"), key_of(KEY_ADMIN, "new")};
    struct put put = app_with_keys("acme", old, LEN(old));
    put.app.app.created = NOW - DAY;
    scene_put(&scene, put);
    scene_read(&scene);
    uint32_t number = signing_key_of(&scene, "acme", before, sizeof(before));
    scene_done(&scene);
    scene_put(&scene, app_with_keys("acme", new, LEN(new)));
    scene_read(&scene);
    struct app app = scene_app(&scene, "acme");
    cr_expect_eq(signing_key_of(&scene, "acme", after, sizeof(after)), number);
    cr_expect_str_eq(after, before);
    cr_expect_eq(app.created, NOW - DAY);
    ASSERT_ERR(store_app_by_key(scene.snapshot, &old[0], &app), ERR_NOT_FOUND);
    ASSERT_OK(store_app_by_key(scene.snapshot, &new[0], &app));
    ASSERT_OK(store_app_by_key(scene.snapshot, &new[1], &app));
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, a_signing_key_is_its_apps_alone)
{
    struct scene scene = scene_new(0);
    struct put puts[] = {app_put("acme"), app_put("globex")};
    ASSERT_OK(scene_apply(&scene, puts, 2, NULL));
    scene_read(&scene);
    struct str acme, globex;
    ASSERT_OK(store_signing_key_of_app(scene.snapshot, scene_app(&scene, "acme").number, &acme));
    ASSERT_OK(
        store_signing_key_of_app(scene.snapshot, scene_app(&scene, "globex").number, &globex));
    cr_expect(!str_eq(acme, globex));
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_apply, a_key_of_another_app_is_in_the_way)
{
    struct scene scene = scene_new(0);
    struct app_key key = key_of(KEY_ADMIN, "one"), twice[] = {key, key};
    scene_put(&scene, app_with_keys("acme", twice, 2));
    struct put put = app_with_keys("globex", &key, 1);
    ASSERT_ERR(scene_apply(&scene, &put, 1, NULL), ERR_CONFLICT);
    key.use = VENDOR_STREAMBIRD;
    scene_put(&scene, put);
    scene_sound(&scene);
    scene_put(&scene, app_with_keys("acme", NULL, 0));
    key.use = KEY_ADMIN;
    scene_put(&scene, put);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, a_user_is_read_back_and_replaced)
{
    struct scene scene = scene_new(0);
    struct put put = user_put("acme", "jane");
    scene_put(&scene, app_put("acme"));
    put.user.user.texts[USER_IDENTIFIER] = STR("jane@doe.com");
    put.user.user.created = put.user.user.updated = INSTANT_NONE;
    scene_put(&scene, put);
    scene_read(&scene);
    struct user first = scene_user(&scene, "acme", "jane"), second;
    cr_expect(str_eq(first.texts[USER_IDENTIFIER], STR("jane@doe.com")));
    cr_expect(first.active && first.created == NOW && first.updated == NOW);
    scene_done(&scene);
    put.user.user.active = false;
    put.user.user.updated = NOW + 5;
    put.user.user.texts[USER_IDENTIFIER] = STR_NONE;
    scene_put(&scene, put);
    scene_read(&scene);
    second = scene_user(&scene, "acme", "jane");
    cr_expect_eq(second.number, first.number);
    cr_expect_eq(second.texts[USER_IDENTIFIER].len, 0);
    cr_expect(!second.active && second.created == NOW && second.updated == NOW + 5);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, a_missing_user_is_made_with_that_id_alone)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW), again = draft_new(2, NOW);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_put(&scene, session_put("acme", "jane", &again));
    struct store_stat stat;
    ASSERT_OK(store_stat(scene.store, &stat));
    cr_expect_eq(stat.users, 1);
    scene_read(&scene);
    struct user user = scene_user(&scene, "acme", "jane");
    cr_expect(user.active && user.created == NOW);
    for (int i = USER_ID + 1; i < USER_TEXT_COUNT; i++)
        cr_expect_eq(user.texts[i].len, 0, "text %d", i);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_apply, a_session_is_read_back_whole)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW - HOUR), back;
    scene_put(&scene, app_put("acme"));
    draft_token(&draft, "secret");
    draft.ending = ENDING_REVOKED;
    draft.ended = NOW;
    for (int i = 0; i < TEXT_BROUGHT_ID; i++)
        draft.texts[i] = STR("a text");
    draft.factor_count = 1;
    draft.factors[0] = (struct factor){.type = FACTOR_TOTP, .verified_at_s = 7};
    draft.factors[0].texts[METHOD_ID] = STR("totp_1");
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_read(&scene);
    struct session session;
    uint32_t number = scene_app(&scene, "acme").number;
    ASSERT_OK(store_session(scene.snapshot, number, &draft.id, &session));
    cr_expect_eq(session.user, scene_user(&scene, "acme", "jane").number);
    session_to_draft(&session, &back);
    cr_expect(back.created == NOW - HOUR && back.last_active == NOW - HOUR && back.updated == NOW &&
              back.expires == NOW - HOUR + DAY && back.ended == NOW);
    cr_expect_arr_eq(back.id.bytes, draft.id.bytes, sizeof(back.id.bytes));
    cr_expect_arr_eq(back.token_hash, draft.token_hash, TOKEN_HASH_BYTES);
    for (int i = 0; i < TEXT_COUNT; i++)
        cr_expect(str_eq(back.texts[i], draft.texts[i]), "text %d", i);
    cr_expect_eq(back.factor_count, 1);
    cr_expect(str_eq(back.factors[0].texts[METHOD_ID], STR("totp_1")));
    scene_done(&scene);
    scene_end(&scene);
}

/* Everything that entries are made of changes, but the id and the user. */
Test(store_apply, a_session_put_again_leaves_no_entry_behind)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW - HOUR);
    struct session session;
    scene_put(&scene, app_put("acme"));
    draft_token(&draft, "old");
    draft_brought(&draft, VENDOR_ROCKETCHAT, "oldoldold");
    draft_brought(&draft, VENDOR_STREAMBIRD, "sess_gone");
    scene_put(&scene, session_put("acme", "jane", &draft));
    draft = draft_new(1, NOW - DAY);
    draft_token(&draft, "new");
    draft_brought(&draft, VENDOR_ROCKETCHAT, "newnewnew");
    scene_put(&scene, session_put("acme", "jane", &draft));
    cr_expect_eq(scene_count(&scene, "acme"), 1);
    scene_read(&scene);
    ASSERT_ERR(scene_by_token(&scene, "old", &session), ERR_NOT_FOUND);
    ASSERT_OK(scene_by_token(&scene, "new", &session));
    cr_expect_eq(session.created, NOW - DAY);
    ASSERT_ERR(scene_by_spelling(&scene, "acme", VENDOR_ROCKETCHAT, "oldoldold", &session),
               ERR_NOT_FOUND);
    ASSERT_ERR(scene_by_spelling(&scene, "acme", VENDOR_STREAMBIRD, "sess_gone", &session),
               ERR_NOT_FOUND);
    ASSERT_OK(scene_by_spelling(&scene, "acme", VENDOR_ROCKETCHAT, "newnewnew", &session));
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, the_same_batch_twice_changes_nothing)
{
    struct scene scene = scene_new(0);
    struct store_stat once, twice;
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 50, 7));
    ASSERT_OK(store_stat(scene.store, &once));
    ASSERT_OK(scene_fill(&scene, "acme", 50, 7));
    ASSERT_OK(store_stat(scene.store, &twice));
    cr_expect_eq(once.sessions, 50);
    cr_expect_eq(twice.sessions, 50);
    cr_expect_eq(twice.users, 7);
    cr_expect_eq(twice.index_entries, once.index_entries);
    cr_expect_eq(scene_count(&scene, "acme"), 50);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, what_another_session_has_is_in_the_way)
{
    struct scene scene = scene_new(0);
    struct session_draft first = draft_new(1, NOW), other;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("globex"));
    draft_token(&first, "token");
    draft_brought(&first, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    scene_put(&scene, session_put("acme", "jane", &first));

    struct put by_user = session_put("acme", "john", &other);
    other = draft_new(1, NOW);
    ASSERT_ERR(scene_apply(&scene, &by_user, 1, NULL), ERR_CONFLICT);
    other = draft_new(2, NOW);
    draft_token(&other, "token");
    ASSERT_ERR(scene_apply(&scene, &by_user, 1, NULL), ERR_CONFLICT);
    struct put elsewhere = session_put("globex", "jane", &other);
    ASSERT_ERR(scene_apply(&scene, &elsewhere, 1, NULL), ERR_CONFLICT);
    other = draft_new(2, NOW);
    draft_brought(&other, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    ASSERT_ERR(scene_apply(&scene, &by_user, 1, NULL), ERR_CONFLICT);
    cr_expect_eq(scene_count(&scene, "acme"), 1);

    /* Another vendor's id, and another app's ids, are in nobody's way. */
    other = draft_new(2, NOW);
    draft_brought(&other, VENDOR_STREAMBIRD, "QoYYFw2t9oKks2niG");
    scene_put(&scene, by_user);
    other = draft_new(1, NOW);
    draft_brought(&other, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    scene_put(&scene, elsewhere);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, what_belongs_to_no_app_is_not_found)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct put puts[] = {user_put("acme", "jane"), session_put("acme", "jane", &draft),
                         user_put("No App", "jane"), session_put("", "jane", &draft)};
    for (size_t i = 0; i < LEN(puts); i++)
        ASSERT_ERR(scene_apply(&scene, &puts[i], 1, NULL), ERR_NOT_FOUND);
    scene_end(&scene);
}

Test(store_apply, ids_of_impossible_lengths_are_refused)
{
    static char text[TEXT_MAX + 2];
    memset(text, 'x', sizeof(text) - 1);
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW), brought = draft_new(2, NOW),
                         wordy = draft_new(3, NOW);
    draft_brought(&brought, VENDOR_ROCKETCHAT, text);
    wordy.texts[TEXT_HOST] = str_of(text);
    scene_put(&scene, app_put("acme"));
    struct put puts[] = {
        app_put(text),
        app_put("Acme"),
        app_put(""),
        user_put("acme", text),
        user_put("acme", ""),
        session_put("acme", text, &draft),
        session_put("acme", "", &draft),
        session_put("acme", "jane", &brought),
        session_put("acme", "jane", &wordy),
    };
    for (size_t i = 0; i < LEN(puts); i++)
        cr_expect_eq(scene_apply(&scene, &puts[i], 1, NULL), ERR_INVALID, "put %zu", i);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, ids_of_the_greatest_length_are_kept)
{
    static char text[USER_ID_MAX + 1];
    memset(text, 'x', sizeof(text) - 1);
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct session session;
    char app[APP_ID_MAX + 1] = {0};
    memset(app, 'a', sizeof(app) - 1);
    draft_brought(&draft, VENDOR_ROCKETCHAT, text);
    scene_put(&scene, app_put(app));
    scene_put(&scene, session_put(app, text, &draft));
    scene_read(&scene);
    scene_user(&scene, app, text);
    ASSERT_OK(scene_by_spelling(&scene, app, VENDOR_ROCKETCHAT, text, &session));
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

/* Of a batch with a fault in it nothing is kept, and the fault's place is told. */
Test(store_apply, lifetimes_no_app_can_have_are_refused)
{
    static const int64_t bad[][2] = {
        {-1, 0}, {ACCESS_LEAST_S - 1, 0}, {ACCESS_MOST_S + 1, 0}, {INT64_MIN, 0},
        {0, -1}, {0, PERIOD_MAX_S + 1},   {0, INT64_MIN}};
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    for (size_t i = 0; i < LEN(bad); i++) {
        struct put put = {PUT_LIFETIMES,
                          .lifetimes = {.app = 1, .access_s = bad[i][0], .lifetime_s = bad[i][1]}};
        ASSERT_ERR(scene_apply(&scene, &put, 1, NULL), ERR_INVALID);
    }
    scene_read(&scene);
    cr_expect_eq(scene_app(&scene, "acme").lifetime_s, DAY / SECOND_MS);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_apply, a_batch_is_all_or_nothing)
{
    struct scene scene = scene_new(0);
    struct session_draft drafts[] = {draft_new(1, NOW), draft_new(2, NOW), draft_new(3, NOW)};
    struct store_stat before, after;
    size_t at = 99;
    draft_token(&drafts[0], "token");
    draft_token(&drafts[2], "token");
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(store_stat(scene.store, &before));
    struct put puts[] = {session_put("acme", "jane", &drafts[0]), app_put("globex"),
                         user_put("globex", "jane"), session_put("acme", "john", &drafts[1]),
                         session_put("acme", "jane", &drafts[2])};
    ASSERT_ERR(scene_apply(&scene, puts, LEN(puts), &at), ERR_CONFLICT);
    cr_expect_eq(at, 4);
    ASSERT_OK(store_stat(scene.store, &after));
    cr_expect(after.apps == before.apps && after.users == before.users && after.sessions == 0 &&
              after.index_entries == before.index_entries);
    scene_sound(&scene);
    drafts[2].has_token = false;
    ASSERT_OK(scene_apply(&scene, puts, LEN(puts), NULL));
    cr_expect_eq(scene_count(&scene, "acme"), 3);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_apply, an_app_and_all_of_it_may_come_in_one_batch)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct put puts[] = {app_put("acme"), user_put("acme", "jane"),
                         session_put("acme", "jane", &draft), app_put("acme")};
    ASSERT_OK(scene_apply(&scene, puts, LEN(puts), NULL));
    ASSERT_OK(scene_apply(&scene, NULL, 0, NULL));
    struct store_stat stat;
    ASSERT_OK(store_stat(scene.store, &stat));
    cr_expect(stat.apps == 1 && stat.users == 1 && stat.sessions == 1);
    scene_sound(&scene);
    scene_end(&scene);
}

/* The index is moved on after all batches: not that of an app which came and went with one. */
Test(store_apply, an_app_of_a_batch_that_fails_is_nobodys)
{
    struct scene scene = scene_new(0);
    struct session_draft drafts[] = {draft_new(1, NOW), draft_new(2, NOW)};
    struct put bad[] = {app_put("ghost"), session_put("ghost", "jane", &drafts[0]),
                        session_put("nowhere", "jane", &drafts[1])};
    struct put good[] = {user_put("acme", "jane")};
    struct batch batches[] = {{.puts = bad, .count = LEN(bad), .now = NOW},
                              {.puts = good, .count = LEN(good), .now = NOW + 1}};
    scene_put(&scene, app_put("acme"));
    store_apply_all(scene.store, batches, LEN(batches));
    ASSERT_ERR(batches[0].err, ERR_NOT_FOUND);
    ASSERT_OK(batches[1].err);
    scene_sound(&scene);
    scene_end(&scene);
}
