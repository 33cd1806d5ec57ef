/* Look-ups by every name a thing has, and that no app's lead to another's. */
#include <stdio.h>

#include "store/scene.h"

SUITE(store_lookup);

static struct str spelled(const struct session *session, enum vendor vendor,
                          struct spelling *spelling)
{
    session_spell(session, vendor, spelling);
    return spelling_view(spelling);
}

static enum err by_spelling(struct scene *scene, uint32_t app, enum vendor vendor, struct str text)
{
    struct session session;
    return store_session_by_spelling(scene->snapshot, app, vendor, text, &session);
}

Test(store_lookup, a_session_is_found_by_each_vendors_spelling)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct session session, found;
    struct spelling spelling;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_read(&scene);
    uint32_t app = scene_app(&scene, "acme").number;
    ASSERT_OK(store_session(scene.snapshot, app, &draft.id, &session));
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct str text = spelled(&session, (enum vendor)vendor, &spelling);
        ASSERT_OK(
            store_session_by_spelling(scene.snapshot, app, (enum vendor)vendor, text, &found));
        cr_expect_arr_eq(found.id.bytes, draft.id.bytes, sizeof(found.id.bytes));
        for (int other = 1; other < VENDOR_END; other++)
            if (other != vendor)
                cr_expect_eq(by_spelling(&scene, app, (enum vendor)other, text), ERR_NOT_FOUND,
                             "%s is no id of %s", vendor_name(vendor), vendor_name(other));
        cr_expect_eq(by_spelling(&scene, app + 1, (enum vendor)vendor, text), ERR_NOT_FOUND);
    }
    scene_done(&scene);
    scene_end(&scene);
}

/* A KSUID's second is part of the id: the same UUID with another second is none of ours. */
Test(store_lookup, only_the_exact_spelling_finds)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct spelling later;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_read(&scene);
    uint32_t app = scene_app(&scene, "acme").number;
    id_spell(VENDOR_STREAMBIRD, &draft.id, NOW + SECOND_MS, &later);
    ASSERT_ERR(by_spelling(&scene, app, VENDOR_STREAMBIRD, spelling_view(&later)), ERR_NOT_FOUND);
    static const struct str none[] = {STR(""), STR("x"), STR("ses_"), STR("\0\xff"),
                                      STR("01981776-3fc0-7c3e-9a00-000000000001 ")};
    for (size_t i = 0; i < LEN(none); i++)
        for (int vendor = 1; vendor < VENDOR_END; vendor++)
            cr_expect_eq(by_spelling(&scene, app, (enum vendor)vendor, none[i]), ERR_NOT_FOUND);
    static char overlong[4096];
    memset(overlong, '0', sizeof(overlong));
    ASSERT_ERR(by_spelling(&scene, app, VENDOR_KRATOS, (struct str){overlong, sizeof(overlong)}),
               ERR_NOT_FOUND);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_lookup, a_brought_id_stands_in_for_the_computed_one)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct spelling computed;
    struct session session;
    draft_brought(&draft, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_read(&scene);
    ASSERT_OK(scene_by_spelling(&scene, "acme", VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG", &session));
    ASSERT_ERR(scene_by_spelling(&scene, "acme", VENDOR_PRELUDE, "QoYYFw2t9oKks2niG", &session),
               ERR_NOT_FOUND);
    id_spell(VENDOR_ROCKETCHAT, &draft.id, NOW, &computed);
    uint32_t app = scene_app(&scene, "acme").number;
    ASSERT_ERR(by_spelling(&scene, app, VENDOR_ROCKETCHAT, spelling_view(&computed)),
               ERR_NOT_FOUND);
    id_spell(VENDOR_CORBADO, &draft.id, NOW, &computed);
    ASSERT_OK(by_spelling(&scene, app, VENDOR_CORBADO, spelling_view(&computed)));
    scene_done(&scene);
    scene_end(&scene);
}

/* A session may have been brought with what is another one's computed id: it is found by it. */
Test(store_lookup, a_brought_id_goes_before_another_sessions_computed_one)
{
    struct scene scene = scene_new(0);
    struct session_draft first = draft_new(1, NOW), second = draft_new(2, NOW);
    struct session session;
    char text[UUID_TEXT + 1] = {0};
    uuid_write(&first.id, text);
    draft_brought(&second, VENDOR_KRATOS, text);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &first));
    scene_put(&scene, session_put("acme", "jane", &second));
    scene_read(&scene);
    ASSERT_OK(scene_by_spelling(&scene, "acme", VENDOR_KRATOS, text, &session));
    cr_expect_arr_eq(session.id.bytes, second.id.bytes, sizeof(second.id.bytes));
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_lookup, a_user_is_found_by_id_and_by_uuid)
{
    struct scene scene = scene_new(0);
    static const char own[] = "9f425a8d-7efc-4768-8f23-7647a74fdf13";
    char text[UUID_TEXT + 1] = {0};
    struct user user;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("globex"));
    scene_put(&scene, user_put("acme", "jane"));
    scene_put(&scene, user_put("acme", own));
    scene_read(&scene);
    struct user jane = scene_user(&scene, "acme", "jane");
    struct uuid uuid = user_uuid(STR("acme"), STR("jane"));
    cr_expect_arr_eq(jane.uuid.bytes, uuid.bytes, sizeof(uuid.bytes));
    uuid_write(&uuid, text);
    cr_expect_eq(scene_user(&scene, "acme", text).number, jane.number);
    uuid = scene_user(&scene, "acme", own).uuid;
    uuid_write(&uuid, text);
    cr_expect_str_eq(text, own, "a UUID of its own");
    uint32_t globex = scene_app(&scene, "globex").number;
    ASSERT_ERR(store_user_by_id(scene.snapshot, globex, STR("jane"), &user), ERR_NOT_FOUND);
    ASSERT_ERR(store_user_by_id(scene.snapshot, globex, str_of(own), &user), ERR_NOT_FOUND);
    ASSERT_ERR(store_user(scene.snapshot, globex, jane.number, &user), ERR_NOT_FOUND);
    ASSERT_ERR(store_user_by_id(scene.snapshot, globex, STR_NONE, &user), ERR_NOT_FOUND);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_lookup, a_signing_key_is_found_by_its_id)
{
    struct scene scene = scene_new(0);
    static char overlong[600];
    memset(overlong, 'k', sizeof(overlong));
    struct str jwk, none[] = {STR(""), STR("unknown"), {overlong, sizeof(overlong)}};
    uint32_t number;
    scene_put(&scene, app_put("acme"));
    scene_read(&scene);
    for (size_t i = 0; i < LEN(none); i++)
        ASSERT_ERR(store_signing_key(scene.snapshot, none[i], &number, &jwk), ERR_NOT_FOUND);
    ASSERT_ERR(store_signing_key_of_app(scene.snapshot, 99, &jwk), ERR_NOT_FOUND);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_lookup, the_highest_assurance_a_user_has_shown)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW), second = draft_new(2, NOW - 9 * DAY);
    bool has;
    second.aal = 2;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_read(&scene);
    struct user jane = scene_user(&scene, "acme", "jane");
    ASSERT_OK(store_user_has_aal(scene.snapshot, jane.app, jane.number, 2, &has));
    cr_expect(!has);
    scene_done(&scene);
    scene_put(&scene, session_put("acme", "jane", &second));
    scene_read(&scene);
    ASSERT_OK(store_user_has_aal(scene.snapshot, jane.app, jane.number, 2, &has));
    cr_expect(has, "one that has expired counts, too");
    ASSERT_OK(store_user_has_aal(scene.snapshot, jane.app, jane.number + 1, 1, &has));
    cr_expect(!has);
    scene_done(&scene);
    scene_end(&scene);
}

struct walked {
    char text[256];
    enum err stop;
};

static enum err walk_app(void *context, const struct app *app)
{
    struct walked *walked = context;
    size_t len = strlen(walked->text);
    snprintf(walked->text + len, sizeof(walked->text) - len, "%.*s ", STR_ARG(app->id));
    return walked->stop;
}

static enum err walk_user(void *context, const struct user *user)
{
    struct walked *walked = context;
    size_t len = strlen(walked->text);
    snprintf(walked->text + len, sizeof(walked->text) - len, "%.*s ",
             STR_ARG(user->texts[USER_ID]));
    return walked->stop;
}

static enum err walk_session(void *context, const struct session *session)
{
    struct walked *walked = context;
    size_t len = strlen(walked->text);
    snprintf(walked->text + len, sizeof(walked->text) - len, "%d ", session->id.bytes[15]);
    return walked->stop;
}

Test(store_lookup, walks_see_everything_of_an_app_in_order)
{
    struct scene scene = scene_new(0);
    struct walked apps = {.text = ""}, users = apps, sessions = apps, stopped = apps;
    struct session_draft drafts[] = {draft_new(1, NOW - 2), draft_new(2, NOW), draft_new(3, -5),
                                     draft_new(4, NOW - 1), draft_new(5, NOW)};
    struct put puts[] = {app_put("globex"),
                         app_put("acme"),
                         session_put("acme", "jane", &drafts[0]),
                         session_put("acme", "jane", &drafts[1]),
                         session_put("acme", "jane", &drafts[2]),
                         session_put("acme", "adam", &drafts[3]),
                         session_put("globex", "eve", &drafts[4])};
    ASSERT_OK(scene_apply(&scene, puts, LEN(puts), NULL));
    scene_read(&scene);
    uint32_t acme = scene_app(&scene, "acme").number;
    ASSERT_OK(store_each_app(scene.snapshot, walk_app, &apps));
    cr_expect_str_eq(apps.text, "globex acme ");
    ASSERT_OK(store_each_user(scene.snapshot, acme, 0, walk_user, &users));
    cr_expect_str_eq(users.text, "jane adam ");
    ASSERT_OK(store_each_session(scene.snapshot, acme, walk_session, &sessions));
    cr_expect_str_eq(sessions.text, "2 1 3 4 ");
    stopped.stop = ERR_BUSY;
    ASSERT_ERR(store_each_session(scene.snapshot, acme, walk_session, &stopped), ERR_BUSY);
    cr_expect_str_eq(stopped.text, "2 ");
    scene_done(&scene);
    scene_end(&scene);
}

/* Anybody can work out the UUID that another user has, or will have, and call himself so. */
Test(store_lookup, whoever_is_called_as_anothers_uuid_is_in_nobodys_way)
{
    struct scene scene = scene_new(0);
    struct uuid uuid = user_uuid(STR("acme"), STR("jane"));
    char text[UUID_TEXT + 1] = {0};
    struct user user;
    uuid_write(&uuid, text);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, user_put("acme", text));
    scene_put(&scene, user_put("acme", "jane"));
    scene_put(&scene, user_put("acme", "jane"));
    scene_read(&scene);
    struct user jane = scene_user(&scene, "acme", "jane"), named = scene_user(&scene, "acme", text);
    cr_expect_neq(jane.number, named.number);
    uuid_write(&jane.uuid, text);
    cr_expect_eq(scene_user(&scene, "acme", text).number, jane.number);
    ASSERT_ERR(store_user_by_own_id(scene.snapshot, jane.app, str_of(text), &user), ERR_NOT_FOUND);
    scene_done(&scene);
    scene_sound(&scene);
    struct put again = user_put("acme", text);
    ASSERT_ERR(scene_apply(&scene, &again, 1, NULL), ERR_CONFLICT);
    scene_end(&scene);
}
