#include "store/scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

struct scene scene_bare(void)
{
    struct scene scene = {.dir = scratch_dir(), .arena = arena_new(ARENA_BYTES)};
    cr_assert_not_null(scene.arena);
    snprintf(scene.path, sizeof(scene.path), "%s/store", scene.dir);
    return scene;
}

struct scene scene_new(size_t map_bytes)
{
    struct scene scene = scene_bare();
    ASSERT_OK(scene_open(&scene, STORE_CREATE, map_bytes));
    return scene;
}

void scene_end(struct scene *scene)
{
    scene_close(scene);
    arena_free(scene->arena);
    scratch_remove(scene->dir);
}

enum err scene_open(struct scene *scene, enum store_mode mode, size_t map_bytes)
{
    struct store_options options = {.path = scene->path, .mode = mode, .map_bytes = map_bytes};
    return store_open(&options, &scene->store);
}

void scene_close(struct scene *scene)
{
    store_close(scene->store);
    scene->store = NULL;
}

void scene_read(struct scene *scene)
{
    ASSERT_OK(snapshot_begin(scene->store, &scene->snapshot));
}

void scene_done(struct scene *scene)
{
    snapshot_end(scene->snapshot);
    scene->snapshot = NULL;
}

struct put app_put(const char *id)
{
    struct app app = {.id = str_of(id), .lifetime_s = DAY / SECOND_MS, .idle_s = HOUR / SECOND_MS};
    return (struct put){PUT_APP, .app = {.app = app}};
}

struct put user_put(const char *app, const char *user)
{
    struct put put = {PUT_USER, .user = {.app_id = str_of(app), .user = {.active = true}}};
    put.user.user.texts[USER_ID] = str_of(user);
    return put;
}

struct put session_put(const char *app, const char *user, struct session_draft *draft)
{
    return (struct put){
        PUT_SESSION, .session = {.app_id = str_of(app), .user_id = str_of(user), .draft = draft}};
}

struct uuid id_of(uint64_t id)
{
    struct uuid uuid = {{0x01, 0x98, 0x17, 0x76, 0x3f, 0xc0, 0x7c, 0x3e}};
    bytes_put_u64(uuid.bytes + 8, UINT64_C(0x9a00000000000000) + id);
    return uuid;
}

struct session_draft draft_new(uint64_t id, int64_t created)
{
    return (struct session_draft){
        .has_id = true,
        .id = id_of(id),
        .created = created,
        .last_active = INSTANT_NONE,
        .updated = INSTANT_NONE,
        .expires = INSTANT_NONE,
        .aal = AAL_UNSET,
    };
}

void draft_token(struct session_draft *draft, const char *token)
{
    draft->has_token = true;
    secret_hash(str_of(token), draft->token_hash);
}

void draft_brought(struct session_draft *draft, enum vendor vendor, const char *id)
{
    draft->texts[TEXT_BROUGHT_ID + (int)vendor] = str_of(id);
}

enum err scene_apply(struct scene *scene, const struct put *puts, size_t count, size_t *at)
{
    struct outcome outcome;
    enum err err = store_apply(scene->store, puts, count, NOW, &outcome);
    if (at)
        *at = outcome.at;
    return err;
}

void scene_put(struct scene *scene, struct put put)
{
    ASSERT_OK(scene_apply(scene, &put, 1, NULL));
}

struct outcome scene_apply_at(struct scene *scene, struct put put, int64_t now, enum err expected)
{
    struct outcome outcome;
    ASSERT_ERR(store_apply(scene->store, &put, 1, now, &outcome), expected);
    return outcome;
}

enum err scene_fill(struct scene *scene, const char *app, size_t count, size_t users)
{
    enum { NAME = 32 };
    struct put *puts = calloc(count, sizeof(*puts));
    struct session_draft *drafts = calloc(count, sizeof(*drafts));
    char(*names)[NAME] = calloc(count, sizeof(*names));
    cr_assert(puts && drafts && names);
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], NAME, "user-%zu", i % users);
        drafts[i] = draft_new(i, NOW - (int64_t)i * HOUR);
        drafts[i].texts[TEXT_USER_AGENT] = STR("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
                                               "Gecko/20100101 Firefox/128.0");
        puts[i] = session_put(app, names[i], &drafts[i]);
    }
    enum err err = scene_apply(scene, puts, count, NULL);
    free(puts);
    free(drafts);
    free(names);
    return err;
}

struct app scene_app(struct scene *scene, const char *id)
{
    struct app app;
    ASSERT_OK(store_app_by_id(scene->snapshot, str_of(id), &app));
    return app;
}

struct user scene_user(struct scene *scene, const char *app, const char *id)
{
    struct user user;
    uint32_t number = scene_app(scene, app).number;
    ASSERT_OK(store_user_by_id(scene->snapshot, number, str_of(id), &user));
    return user;
}

enum err scene_by_spelling(struct scene *scene, const char *app, enum vendor vendor,
                           const char *text, struct session *session)
{
    uint32_t number = scene_app(scene, app).number;
    return store_session_by_spelling(scene->snapshot, number, vendor, str_of(text), session);
}

enum err scene_by_token(struct scene *scene, const char *token, struct session *session)
{
    uint8_t hash[HASH_BYTES];
    secret_hash(str_of(token), hash);
    return store_session_by_token(scene->snapshot, hash, session);
}

struct page scene_find(struct scene *scene, const char *app, const struct query *query)
{
    struct app found = scene_app(scene, app);
    struct page page;
    ASSERT_OK(store_find(scene->snapshot, &found, query, NOW, scene->arena, &page));
    return page;
}

uint64_t scene_count(struct scene *scene, const char *app)
{
    scene_read(scene);
    struct query query = {.vendor = VENDOR_KRATOS};
    uint64_t total = scene_find(scene, app, &query).total;
    scene_done(scene);
    return total;
}

uint64_t scene_count_active(struct scene *scene, int64_t now)
{
    struct query query = {.vendor = VENDOR_KRATOS, .active_only = true};
    struct page page;
    scene_read(scene);
    struct app app = scene_app(scene, "acme");
    ASSERT_OK(store_find(scene->snapshot, &app, &query, now, scene->arena, &page));
    scene_done(scene);
    return page.total;
}

static void note(void *context, struct str sentence)
{
    struct scene *scene = ((void **)context)[0];
    struct str *report = ((void **)context)[1];
    *report = arena_printf(scene->arena, "%.*s%.*s; ", STR_ARG(*report), STR_ARG(sentence));
}

uint64_t scene_faults(struct scene *scene, struct str *report)
{
    struct str ignored = STR_NONE;
    uint64_t faults;
    if (report)
        *report = STR_NONE;
    void *context[] = {scene, report ? report : &ignored};
    ASSERT_OK(store_check(scene->store, note, context, &faults));
    return faults;
}

void scene_sound(struct scene *scene)
{
    struct str report;
    uint64_t faults = scene_faults(scene, &report);
    cr_assert(faults == 0, "%lu faults: %.*s", (unsigned long)faults, STR_ARG(report));
}
