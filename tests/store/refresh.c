/* Refresh tokens: used once, again within the grace period, and after it; keys and proofs. */
#include "model/refresh.h"

#include <stdlib.h>

#include "store/damage.h"
#include "store/scene.h"

SUITE(store_refresh);

/* acme's ann has session 0, whose refresh token is "first". */
static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(0, NOW);
    struct put put = session_put("acme", "ann", &draft);
    scene_put(&scene, app_put("acme"));
    put.session.has_refresh = true;
    secret_hash(STR("first"), put.session.refresh_hash);
    scene_put(&scene, put);
    return scene;
}

static struct put rotation_of(const char *token, uint8_t salt)
{
    struct put put = {PUT_ROTATION, .rotation = {.app = 1, .id = id_of(0)}};
    char successor[SUCCESSOR_TEXT];
    memset(put.rotation.salt, salt, SALT_BYTES);
    refresh_succeed(str_of(token), put.rotation.salt, successor);
    secret_hash(str_of(token), put.rotation.presented);
    refresh_family(str_of(token), put.rotation.family);
    secret_hash((struct str){successor, SUCCESSOR_TEXT}, put.rotation.successor);
    return put;
}

static struct outcome rotate(struct scene *scene, struct put put, int64_t now)
{
    struct outcome outcome;
    ASSERT_OK(store_apply(scene->store, &put, 1, now, &outcome));
    return outcome;
}

static enum err find(struct scene *scene, struct str token, struct session *session)
{
    struct refresh refresh;
    uint8_t hash[HASH_BYTES], family[HASH_BYTES];
    bool there;
    secret_hash(token, hash);
    refresh_family(token, family);
    scene_read(scene);
    enum err err =
        store_session_near_refresh(scene->snapshot, hash, family, session, &refresh, &there);
    scene_done(scene);
    return err == ERR_OK && !there ? ERR_NOT_FOUND : err;
}

static enum ending ending_of(struct scene *scene)
{
    struct session session;
    struct uuid id = id_of(0);
    scene_read(scene);
    ASSERT_OK(store_session(scene->snapshot, 1, &id, &session));
    enum ending ending = session.ending;
    scene_done(scene);
    return ending;
}

Test(store_refresh, a_token_is_good_once)
{
    struct scene scene = furnished();
    struct session session;
    char successor[SUCCESSOR_TEXT + 1] = {0};
    ASSERT_OK(find(&scene, STR("first"), &session));
    cr_assert_eq(rotate(&scene, rotation_of("first", 1), NOW + 1).rotation, ROTATION_DONE);
    struct put put = rotation_of("first", 1);
    refresh_succeed(STR("first"), put.rotation.salt, successor);
    ASSERT_OK(find(&scene, str_of(successor), &session));
    cr_assert_eq(session.last_active, NOW + 1);
    cr_assert_eq(rotate(&scene, rotation_of(successor, 2), NOW + 2).rotation, ROTATION_DONE);
    cr_assert_eq(rotate(&scene, rotation_of("another", 3), NOW + 3).rotation, ROTATION_NONE);
    ASSERT_ERR(find(&scene, STR("another"), &session), ERR_NOT_FOUND);
    cr_assert_eq(ending_of(&scene), ENDING_NONE);
    scene_sound(&scene);
    scene_end(&scene);
}

/* Whoever has a copy may have used it, and what came of it, before its owner did. */
Test(store_refresh, one_that_was_used_ends_the_session_however_many_came_after_it)
{
    for (int at = 0; at < 4; at++) {
        struct scene scene = furnished();
        struct session session;
        char tokens[5][SUCCESSOR_TEXT + 1] = {"first"};
        for (uint8_t i = 0; i < 4; i++) {
            struct put put = rotation_of(tokens[i], i);
            refresh_succeed(str_of(tokens[i]), put.rotation.salt, tokens[i + 1]);
            cr_assert_eq(rotate(&scene, put, NOW + i).rotation, ROTATION_DONE);
        }
        scene_sound(&scene);
        ASSERT_OK(find(&scene, str_of(tokens[at]), &session));
        struct put put = rotation_of(tokens[at], 9);
        cr_assert_eq(rotate(&scene, put, NOW + 2 * REFRESH_GRACE_MS).rotation, ROTATION_REUSED);
        cr_assert_eq(ending_of(&scene), ENDING_REVOKED, "%d", at);
        scene_sound(&scene);
        scene_end(&scene);
    }
}

Test(store_refresh, within_the_grace_period_the_same_successor_comes_again)
{
    struct scene scene = furnished();
    struct outcome first = rotate(&scene, rotation_of("first", 1), NOW);
    struct outcome again = rotate(&scene, rotation_of("first", 2), NOW + REFRESH_GRACE_MS);
    cr_assert_eq(first.rotation, ROTATION_DONE);
    cr_assert_eq(again.rotation, ROTATION_AGAIN);
    cr_assert_arr_eq(first.salt, again.salt, SALT_BYTES);
    cr_assert_eq(ending_of(&scene), ENDING_NONE);
    scene_sound(&scene);
    scene_end(&scene);
}

/* What was answered, and lost, by a version that kept no family. */
Test(store_refresh, and_so_does_one_of_old)
{
    enum { AT_FLAGS = 1, FLAG_FAMILY = 4 };
    struct scene scene = furnished();
    struct outcome first = rotate(&scene, rotation_of("first", 1), NOW);
    struct row row;
    cr_assert(row_read(&scene, TABLE_REFRESHES, 0, &row));
    row.value[AT_FLAGS] &= (char)~FLAG_FAMILY;
    row_write(&scene, &row);
    struct outcome again = rotate(&scene, rotation_of("first", 2), NOW + 1);
    cr_assert_eq(again.rotation, ROTATION_AGAIN_OF_OLD);
    cr_assert_arr_eq(first.salt, again.salt, SALT_BYTES);
    scene_end(&scene);
}

Test(store_refresh, after_it_the_session_is_over)
{
    struct scene scene = furnished();
    struct outcome outcome;
    outcome = rotate(&scene, rotation_of("first", 1), NOW);
    outcome = rotate(&scene, rotation_of("first", 2), NOW + REFRESH_GRACE_MS + 1);
    cr_assert_eq(outcome.rotation, ROTATION_REUSED);
    cr_assert_eq(ending_of(&scene), ENDING_REVOKED);
    outcome = rotate(&scene, rotation_of("first", 3), NOW + REFRESH_GRACE_MS + 2);
    cr_assert_eq(outcome.rotation, ROTATION_NONE);
    scene_sound(&scene);
    scene_end(&scene);
}

/* A clock that was set back makes it no longer. */
Test(store_refresh, nor_is_there_a_grace_before_it)
{
    struct scene scene = furnished();
    struct outcome outcome;
    outcome = rotate(&scene, rotation_of("first", 1), NOW);
    outcome = rotate(&scene, rotation_of("first", 2), NOW - REFRESH_GRACE_MS);
    cr_assert_eq(outcome.rotation, ROTATION_AGAIN);
    outcome = rotate(&scene, rotation_of("first", 2), NOW - REFRESH_GRACE_MS - 1);
    cr_assert_eq(outcome.rotation, ROTATION_REUSED);
    cr_assert_eq(ending_of(&scene), ENDING_REVOKED);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_refresh, two_at_once_get_one_successor)
{
    struct scene scene = furnished();
    struct put one = rotation_of("first", 1), two = rotation_of("first", 2);
    struct batch batches[] = {{.puts = &one, .count = 1, .now = NOW},
                              {.puts = &two, .count = 1, .now = NOW}};
    store_apply_all(scene.store, batches, 2);
    cr_assert_eq(batches[0].outcome.rotation, ROTATION_DONE);
    cr_assert_eq(batches[1].outcome.rotation, ROTATION_AGAIN);
    cr_assert_arr_eq(batches[0].outcome.salt, batches[1].outcome.salt, SALT_BYTES);
    scene_end(&scene);
}

Test(store_refresh, it_is_bound_to_the_first_key_and_each_proof_is_good_once)
{
    struct scene scene = furnished();
    struct put put = rotation_of("first", 1);
    char successor[SUCCESSOR_TEXT + 1] = {0};
    refresh_succeed(STR("first"), put.rotation.salt, successor);
    put.rotation.has_key = put.rotation.has_proof = true;
    memset(put.rotation.key, 'k', HASH_BYTES);
    memset(put.rotation.proof, 'p', HASH_BYTES);
    put.rotation.proof_until = NOW + 1000;
    cr_assert_eq(rotate(&scene, put, NOW).rotation, ROTATION_DONE);

    struct put next = rotation_of(successor, 2);
    cr_assert_eq(rotate(&scene, next, NOW).rotation, ROTATION_OTHER_KEY, "no key");
    next.rotation.has_key = next.rotation.has_proof = true;
    memset(next.rotation.key, 'x', HASH_BYTES);
    memset(next.rotation.proof, 'q', HASH_BYTES);
    cr_assert_eq(rotate(&scene, next, NOW).rotation, ROTATION_OTHER_KEY);
    memset(next.rotation.key, 'k', HASH_BYTES);
    memset(next.rotation.proof, 'p', HASH_BYTES);
    cr_assert_eq(rotate(&scene, next, NOW).rotation, ROTATION_USED_PROOF);
    memset(next.rotation.proof, 'q', HASH_BYTES);
    cr_assert_eq(rotate(&scene, next, NOW).rotation, ROTATION_DONE);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_refresh, what_is_over_is_swept_up)
{
    struct scene scene = furnished();
    struct put put = rotation_of("first", 1);
    uint8_t proof[HASH_BYTES];
    memset(proof, 'p', HASH_BYTES);
    put.rotation.has_proof = true;
    memcpy(put.rotation.proof, proof, HASH_BYTES);
    put.rotation.proof_until = NOW + 1000;
    cr_assert_eq(rotate(&scene, put, NOW).rotation, ROTATION_DONE);
    for (int64_t late = 0; late <= 1; late++) {
        ASSERT_OK(store_sweep(scene.store, NOW + 999 + late, 10));
        scene_read(&scene);
        ASSERT_ERR(store_proof(scene.snapshot, proof), late ? ERR_NOT_FOUND : ERR_OK);
        scene_done(&scene);
    }
    scene_end(&scene);
}

Test(store_refresh, it_goes_with_its_session)
{
    struct scene scene = furnished();
    struct session session;
    struct put put = {PUT_ENDING,
                      .ending = {.app = 1, .has_id = true, .id = id_of(0), .as = ENDING_NONE}};
    cr_assert_eq(rotate(&scene, rotation_of("first", 1), NOW).rotation, ROTATION_DONE);
    scene_put(&scene, put);
    ASSERT_ERR(find(&scene, STR("first"), &session), ERR_NOT_FOUND);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_refresh, a_new_signing_key_signs_and_the_old_one_is_kept_for_a_while)
{
    struct scene scene = furnished();
    struct str before, after, kept;
    int64_t until;
    uint32_t app;
    struct put put = {PUT_SIGNING, .signing = {.app_id = STR("acme"), .keep_until = NOW + 1000}};
    scene_read(&scene);
    ASSERT_OK(store_signing_key_of_app(scene.snapshot, 1, &before));
    char *old = strndup(before.ptr, before.len), *kid = strstr(old, "\"kid\":\"") + 7;
    scene_done(&scene);
    scene_put(&scene, put);
    *strchr(kid, '"') = '\0';
    scene_read(&scene);
    ASSERT_OK(store_signing_key_of_app(scene.snapshot, 1, &after));
    cr_assert_null(memmem(after.ptr, after.len, kid, strlen(kid)));
    ASSERT_OK(store_signing_key(scene.snapshot, str_of(kid), &app, &kept));
    ASSERT_OK(store_retired(scene.snapshot, str_of(kid), &until));
    cr_expect_eq(until, NOW + 1000);
    ASSERT_ERR(store_retired(scene.snapshot, STR("another"), &until), ERR_NOT_FOUND);
    ASSERT_ERR(store_retired(scene.snapshot, STR_NONE, &until), ERR_NOT_FOUND);
    scene_done(&scene);
    scene_sound(&scene);
    ASSERT_OK(store_sweep(scene.store, NOW + 1000, 10));
    scene_read(&scene);
    ASSERT_ERR(store_signing_key(scene.snapshot, str_of(kid), &app, &kept), ERR_NOT_FOUND);
    ASSERT_OK(store_signing_key_of_app(scene.snapshot, 1, &after));
    scene_done(&scene);
    scene_sound(&scene);
    free(old);
    scene_end(&scene);
}
