/* A bulk comes to the same as puts do; it is seen whole or not at all, by others too. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/env.h"
#include "store/scene.h"

SUITE(store_bulk);

enum { MUCH = 16 * 1024 * 1024, LITTLE = 1, SESSIONS_A_USER = 5 };

static enum err begin(struct scene *scene, size_t memory, struct bulk **bulk)
{
    struct bulk_options options = {.now = NOW, .dir = scene->dir, .memory = memory};
    return store_bulk_begin(scene->store, &options, bulk);
}

static enum err give_user(struct bulk *bulk, const char *id)
{
    struct user user = {.active = true};
    user.texts[USER_ID] = str_of(id);
    user.texts[USER_NAME] = STR("Somebody");
    return store_bulk_user(bulk, &user);
}

static enum err give_session(struct bulk *bulk, struct session_draft *draft)
{
    struct buf record = {0};
    session_complete(draft, DAY, NOW);
    session_encode(draft, &record);
    enum err err = store_bulk_session(bulk, draft->created, &draft->id, buf_view(&record));
    buf_free(&record);
    return err;
}

/* So many users with SESSIONS_A_USER sessions each, the newest first. */
static enum err give_many(struct bulk *bulk, const char *app, size_t users)
{
    char id[32];
    enum err err = store_bulk_app(bulk, str_of(app));
    for (size_t i = 0; err == ERR_OK && i < users; i++) {
        snprintf(id, sizeof(id), "user-%04zu", i);
        err = give_user(bulk, id);
        for (size_t j = 0; err == ERR_OK && j < SESSIONS_A_USER; j++) {
            struct session_draft draft =
                draft_new(i * SESSIONS_A_USER + j, NOW - (int64_t)(j * 7 + i % 5) * HOUR);
            err = give_session(bulk, &draft);
        }
    }
    return err;
}

/* A store with apps and nothing else. */
static struct scene furnished(size_t map_bytes)
{
    struct scene scene = scene_new(map_bytes);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("globex"));
    return scene;
}

/* All that a list says, in its order. */
static struct str listed(struct scene *scene, const char *app)
{
    struct query query = {.vendor = VENDOR_KRATOS, .limit = 10000};
    struct str all = STR_NONE;
    char id[UUID_TEXT];
    scene_read(scene);
    struct page page = scene_find(scene, app, &query);
    for (size_t i = 0; i < page.count; i++) {
        const struct session *session = &page.items[i].session;
        uuid_write(&session->id, id);
        all = arena_printf(scene->arena, "%.*s%.*s %lld %lld %lld\n", STR_ARG(all), UUID_TEXT, id,
                           (long long)session->created, (long long)session->last_active,
                           (long long)session->expires);
    }
    scene_done(scene);
    return all;
}

static void put_many(struct scene *scene, const char *app, size_t users)
{
    char id[32];
    for (size_t i = 0; i < users; i++) {
        snprintf(id, sizeof(id), "user-%04zu", i);
        for (size_t j = 0; j < SESSIONS_A_USER; j++) {
            struct session_draft draft =
                draft_new(i * SESSIONS_A_USER + j, NOW - (int64_t)(j * 7 + i % 5) * HOUR);
            scene_put(scene, session_put(app, id, &draft));
        }
    }
}

Test(store_bulk, it_comes_to_what_puts_come_to)
{
    enum { USERS = 40 };
    static const size_t memories[] = {MUCH, LITTLE};
    struct scene put = furnished(0);
    put_many(&put, "acme", USERS);
    put_many(&put, "globex", 3);
    for (size_t i = 0; i < LEN(memories); i++) {
        struct scene scene = furnished(0);
        struct bulk *bulk;
        ASSERT_OK(begin(&scene, memories[i], &bulk));
        ASSERT_OK(give_many(bulk, "acme", USERS));
        ASSERT_OK(give_many(bulk, "globex", 3));
        ASSERT_OK(store_bulk_end(bulk));
        scene_sound(&scene);
        cr_expect(str_eq(listed(&scene, "acme"), listed(&put, "acme")));
        cr_expect(str_eq(listed(&scene, "globex"), listed(&put, "globex")));
        scene_end(&scene);
    }
    scene_end(&put);
}

Test(store_bulk, a_store_goes_on_after_it)
{
    struct scene scene = furnished(0);
    struct session_draft draft = draft_new(7000, NOW), other = draft_new(7001, NOW);
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(give_many(bulk, "acme", 500));
    ASSERT_OK(store_bulk_end(bulk));
    scene_put(&scene, session_put("acme", "new", &draft));
    scene_put(&scene, session_put("acme", "user-0001", &other));
    cr_expect_eq(scene_count(&scene, "acme"), 500 * SESSIONS_A_USER + 2);
    scene_sound(&scene);
    ASSERT_ERR(begin(&scene, MUCH, &bulk), ERR_CONFLICT);
    scene_end(&scene);
}

Test(store_bulk, users_need_no_sessions_and_apps_no_users)
{
    struct scene scene = furnished(0);
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(store_bulk_end(bulk));
    scene_sound(&scene);
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(store_bulk_app(bulk, STR("acme")));
    ASSERT_OK(store_bulk_app(bulk, STR("globex")));
    ASSERT_OK(give_user(bulk, "jane"));
    ASSERT_OK(store_bulk_end(bulk));
    scene_sound(&scene);
    scene_read(&scene);
    struct user jane = scene_user(&scene, "globex", "jane");
    cr_expect(jane.created == NOW && jane.updated == NOW && jane.active);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_bulk, what_comes_out_of_order_is_refused)
{
    struct scene scene = furnished(0);
    struct session_draft early = draft_new(1, NOW), late = draft_new(2, NOW - HOUR);
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_ERR(give_user(bulk, "jane"), ERR_INVALID);
    ASSERT_ERR(store_bulk_app(bulk, STR("nobody")), ERR_NOT_FOUND);
    ASSERT_OK(store_bulk_app(bulk, STR("globex")));
    ASSERT_ERR(give_session(bulk, &early), ERR_INVALID);
    ASSERT_ERR(store_bulk_app(bulk, STR("acme")), ERR_CONFLICT);
    ASSERT_OK(give_user(bulk, "jane"));
    ASSERT_OK(give_session(bulk, &late));
    ASSERT_ERR(give_session(bulk, &early), ERR_CONFLICT);
    store_bulk_drop(bulk);
    cr_expect_eq(scene_count(&scene, "globex"), 0);
    scene_sound(&scene);
    scene_end(&scene);
}

/* Two sessions of two users that are alike in one thing. */
static void assert_conflict(const struct session_draft *first, const struct session_draft *second)
{
    struct scene scene = furnished(0);
    struct session_draft drafts[] = {*first, *second};
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(store_bulk_app(bulk, STR("acme")));
    ASSERT_OK(give_user(bulk, "jane"));
    ASSERT_OK(give_session(bulk, &drafts[0]));
    ASSERT_OK(give_user(bulk, "john"));
    ASSERT_OK(give_session(bulk, &drafts[1]));
    ASSERT_ERR(store_bulk_end(bulk), ERR_CONFLICT);
    cr_expect_eq(scene_count(&scene, "acme"), 0);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_bulk, two_that_claim_the_same_are_a_conflict_and_nothing_is_kept)
{
    struct session_draft id[] = {draft_new(1, NOW), draft_new(1, NOW - HOUR)};
    struct session_draft token[] = {draft_new(1, NOW), draft_new(2, NOW)};
    struct session_draft brought[] = {draft_new(1, NOW), draft_new(2, NOW)};
    for (int i = 0; i < 2; i++) {
        draft_token(&token[i], "same");
        draft_brought(&brought[i], VENDOR_KRATOS, "same");
    }
    assert_conflict(&id[0], &id[1]);
    assert_conflict(&token[0], &token[1]);
    assert_conflict(&brought[0], &brought[1]);
}

Test(store_bulk, one_user_given_twice_is_a_conflict)
{
    struct scene scene = furnished(0);
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(store_bulk_app(bulk, STR("acme")));
    ASSERT_OK(give_user(bulk, "jane"));
    ASSERT_OK(give_user(bulk, "jane"));
    ASSERT_ERR(store_bulk_end(bulk), ERR_CONFLICT);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_bulk, a_full_disk_is_told_and_nothing_is_kept)
{
    struct scene scene = furnished(0);
    struct rlimit limit = {200000, RLIM_INFINITY}, before;
    struct bulk *bulk;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    enum err err = give_many(bulk, "acme", 1000);
    if (err == ERR_OK)
        err = store_bulk_end(bulk);
    else
        store_bulk_drop(bulk);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect(err == ERR_FULL || err == ERR_IO, "%s", err_word(err));
    cr_expect_eq(scene_count(&scene, "acme"), 0);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- other processes ---- */

/* Does some of a bulk, says so, and waits to be killed, or to end it. */
static void write_elsewhere(struct scene *scene, int said, int go)
{
    struct bulk *bulk;
    char byte;
    bool right = scene_open(scene, STORE_WRITE, MEBI) == ERR_OK &&
                 begin(scene, LITTLE, &bulk) == ERR_OK && give_many(bulk, "acme", 1000) == ERR_OK &&
                 write(said, "", 1) == 1 && read(go, &byte, 1) == 1 &&
                 store_bulk_end(bulk) == ERR_OK;
    _exit(right ? 0 : 1);
}

struct elsewhere {
    pid_t pid;
    int go;
};

/* Returns once the other process is in the middle of it. */
static struct elsewhere begin_elsewhere(struct scene *scene)
{
    int said[2], go[2];
    char byte;
    cr_assert(pipe(said) == 0 && pipe(go) == 0);
    pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0)
        write_elsewhere(scene, said[1], go[0]);
    close(said[1]);
    close(go[0]);
    cr_assert_eq(read(said[0], &byte, 1), 1);
    close(said[0]);
    return (struct elsewhere){pid, go[1]};
}

static int end_elsewhere(struct elsewhere elsewhere)
{
    int status;
    cr_assert_eq(waitpid(elsewhere.pid, &status, 0), elsewhere.pid);
    close(elsewhere.go);
    return status;
}

Test(store_bulk, one_that_is_killed_leaves_nothing)
{
    struct scene scene = furnished(0);
    scene_close(&scene);
    struct elsewhere elsewhere = begin_elsewhere(&scene);
    kill(elsewhere.pid, SIGKILL);
    cr_expect(WIFSIGNALED(end_elsewhere(elsewhere)));
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    cr_expect_eq(scene_count(&scene, "acme"), 0);
    scene_sound(&scene);
    struct bulk *bulk;
    ASSERT_OK(begin(&scene, MUCH, &bulk));
    ASSERT_OK(give_many(bulk, "acme", 10));
    ASSERT_OK(store_bulk_end(bulk));
    scene_sound(&scene);
    scene_end(&scene);
}

/* Its map is the small one that the store had; it follows once the store has outgrown that. */
Test(store_bulk, a_reader_sees_nothing_of_it_and_then_all)
{
    struct scene scene = furnished(MEBI);
    scene_close(&scene);
    struct elsewhere elsewhere = begin_elsewhere(&scene);
    ASSERT_OK(scene_open(&scene, STORE_READ, MEBI));
    cr_expect_eq(scene_count(&scene, "acme"), 0);
    cr_assert_eq(write(elsewhere.go, "", 1), 1);
    cr_expect_eq(end_elsewhere(elsewhere), 0);
    cr_expect_eq(scene_count(&scene, "acme"), 1000 * SESSIONS_A_USER);
    scene_sound(&scene);
    scene_end(&scene);
}
