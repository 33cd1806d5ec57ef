#include "world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support/random.h"
#include "support/scratch.h"

#define EPOCH      INT64_C(1784000000000)
#define MINUTE     INT64_C(60000)
#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

enum { TEXTS_BYTES = 256 * 1024 * 1024 };

const char *const app_ids[APPS] = {"acme", "globex", "initech"};

#define LONG_TEXT                                                                                  \
    "a-hundred-and-twenty-eight-bytes-is-what-a-user-id-has-room-for-and-these-have-all-but-the-"  \
    "very-last-one-of-them-in-common-----"

/* Numbers that are the same and are not, more digits than 64 bits hold, long beginnings in common,
 * and what is no number. */
const char *const user_ids[USERS] = {
    "usr-4693224802260150919",
    "usr-469322480226015091",
    "usr-46932248022601509190000000000000000000001",
    "usr-12",
    "12",
    "usr-012",
    "usr-9",
    "usr-100",
    "0",
    "usr-0",
    "usr-",
    "usr-x",
    "usr",
    "x",
    "jane",
    "Jane",
    "jane@doe.com",
    "9f425a8d-7efc-4768-8f23-7647a74fdf13",
    "rbAXPnMktTFbNpwtJ",
    "12a",
    "1 2",
    "-5",
    "\xc3\xa9lan",
    "~",
    "18446744073709551615",
    "18446744073709551616",
    "usr-00000000000000000000000000000000012",
    "jane@doe.com.example",
    LONG_TEXT "1",
    LONG_TEXT "2",
    "46932248022601509190000000000000000000002",
    "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf",
};

static const char *const usernames[] = {"", "jane", "Jane", "mobile.safari", "ios"};
static const char *const names[] = {"Jane Doe", "", "Fire Chrome", "~", "a b", "Bo"};
static const char *const device_names[] = {"",        "Chrome",  "Mobile Safari",
                                           "Firefox", "firefox", "Chrome Mobile"};
static const char *const device_types[] = {"", "browser", "mobile", "desktop-app"};
static const char *const os_names[] = {"", "Windows", "iOS", "Linux", "Mac OS"};
static const char *const os_versions[] = {"", "10", "17.4", "9", "10.15.7"};

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[random_below(count)];
}

struct holder *world_holder(const struct world *world, size_t app, size_t user)
{
    return &world->holders[app * USERS + user];
}

int64_t world_idle_ms(const struct world *world, size_t app)
{
    return world->apps[app].idle_s * SECOND_MS;
}

const struct held *world_any(const struct world *world)
{
    return world->count ? &world->all[random_below(world->count)] : NULL;
}

/* ---- sessions ---- */

/* Few instants, so that many are the same; now and then one far off. */
static int64_t draw_instant(int64_t least)
{
    switch (random_below(12)) {
    case 0:
        return least + (int64_t)random_below(86400000);
    case 1:
        return least;
    default:
        return least + (int64_t)random_below(6) * MINUTE;
    }
}

/* One in so many of an app's sessions is brought with an id of a vendor; 0: none. Lists are told
 * otherwise where none is, and where there was one that went. */
static size_t brought_one_in(size_t app, int vendor)
{
    return app == 0 ? 0 : app == 1 ? 4 : vendor % 2 ? 0 : 100;
}

static void draw_brought(struct world *world, struct held *held)
{
    static uint64_t unique;
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        size_t one_in = brought_one_in(held->app, vendor);
        struct str *text = &held->draft.texts[TEXT_BROUGHT_ID + vendor];
        if (one_in == 0 || random_below(one_in) != 0)
            continue;
        *text = arena_printf(world->texts, "%c%lx.%lu", "!0Zaz~"[random_below(6)],
                             (unsigned long)random_below(4096), (unsigned long)unique++);
        cr_assert_not_null(text->ptr);
    }
}

void world_draw_contents(struct world *world, struct held *held)
{
    struct session_draft *draft = &held->draft;
    /* The same few for a while, then others. */
    int64_t epoch = world->now - (world->now - EPOCH) % (30 * MINUTE);
    *draft = (struct session_draft){.has_id = true, .id = draft->id, .aal = 1};
    draft->created = draw_instant(random_below(20) ? epoch : -3 * MINUTE);
    draft->last_active = draw_instant(draft->created);
    draft->updated = draw_instant(draft->last_active);
    draft->expires = draw_instant(random_below(8) ? draft->last_active : draft->created);
    if (random_below(5) == 0) {
        draft->ending = random_below(2) ? ENDING_LOGGED_OUT : ENDING_REVOKED;
        draft->ended = draft->updated;
    }
    draft->has_token = random_below(2);
    random_bytes(draft->token_hash, sizeof(draft->token_hash));
    draft->texts[TEXT_DEVICE_NAME] = str_of(one_of(device_names, LENGTH(device_names)));
    draft->texts[TEXT_DEVICE_TYPE] = str_of(one_of(device_types, LENGTH(device_types)));
    draft->texts[TEXT_OS_NAME] = str_of(one_of(os_names, LENGTH(os_names)));
    draft->texts[TEXT_OS_VERSION] = str_of(one_of(os_versions, LENGTH(os_versions)));
    draw_brought(world, held);
    naive_spell(held);
}

/* Some ids have their first half, or all but the last byte, in common. */
static struct uuid draw_id(void)
{
    static const uint8_t common[] = {0x00, 0x7f, 0xff};
    struct uuid id;
    random_bytes(id.bytes, sizeof(id.bytes));
    if (random_below(8) == 0)
        memset(id.bytes, common[random_below(sizeof(common))], sizeof(id.bytes) / 2);
    return id;
}

void world_draw(struct world *world, struct held *held)
{
    held->app = random_below(8) ? random_below(2) : 2;
    /* Some have many. */
    size_t user = random_below(3) ? random_below(USERS) : random_below(3);
    held->holder = world_holder(world, held->app, user);
    held->draft.id = draw_id();
    world_draw_contents(world, held);
}

/* ---- the store ---- */

struct put world_app_put(const struct world *world, size_t app)
{
    return (struct put){PUT_APP, .app = {.app = world->apps[app]}};
}

struct put world_user_put(size_t app, const struct holder *holder)
{
    struct put put = {PUT_USER, .user = {.app_id = str_of(app_ids[app]), .user = {.active = true}}};
    put.user.user.texts[USER_ID] = holder->id;
    put.user.user.texts[USER_USERNAME] = holder->username;
    put.user.user.texts[USER_NAME] = holder->name;
    return put;
}

struct put world_session_put(const struct held *held, struct session_draft *draft)
{
    return (struct put){PUT_SESSION, .session = {.app_id = str_of(app_ids[held->app]),
                                                 .user_id = held->holder->id,
                                                 .draft = draft}};
}

static void apply(struct world *world, const struct put *puts, size_t count)
{
    struct outcome outcome;
    enum err err = store_apply(world->store, puts, count, world->now, &outcome);
    cr_assert(err == ERR_OK, "put %zu of %zu: %s", outcome.at, count, err_word(err));
}

struct world world_new(void)
{
    struct world world = {.dir = scratch_dir(), .now = EPOCH, .texts = arena_new(TEXTS_BYTES)};
    struct put puts[APPS];
    world.all = calloc(HELD_MAX, sizeof(*world.all));
    world.holders = calloc(APPS * USERS, sizeof(*world.holders));
    cr_assert(world.all && world.holders && world.texts);
    world.store = scratch_store(world.dir, "");
    for (size_t app = 0; app < APPS; app++) {
        world.apps[app] = (struct app){.id = str_of(app_ids[app]), .lifetime_s = 86400};
        puts[app] = world_app_put(&world, app);
        for (size_t user = 0; user < USERS; user++) {
            struct str id = str_of(user_ids[user]);
            *world_holder(&world, app, user) = (struct holder){id, .key = naive_user_key(id)};
        }
    }
    apply(&world, puts, APPS);
    return world;
}

void world_end(struct world *world)
{
    store_close(world->store);
    free(world->all);
    free(world->holders);
    arena_free(world->texts);
    scratch_remove(world->dir);
}

/* The users that are called something are so from the first of their sessions on. */
static struct put name_user(const struct world *world, const struct held *held)
{
    size_t at = (size_t)(held->holder - world->holders);
    struct holder *holder = &world->holders[at];
    holder->username = str_of(usernames[at % LENGTH(usernames)]);
    holder->name = str_of(names[at % LENGTH(names)]);
    return world_user_put(held->app, holder);
}

void world_grow(struct world *world, size_t count)
{
    struct put *puts = calloc(2 * HELD_MAX + APPS, sizeof(*puts));
    size_t used = 0;
    cr_assert(puts && count <= HELD_MAX);
    for (size_t app = 0; app < APPS; app++) {
        world->apps[app].idle_s = random_below(3) ? (int64_t)random_below(10) * 60 : 0;
        puts[used++] = world_app_put(world, app);
    }
    for (size_t at = 0; at < world->count; at++)
        if (random_below(8) == 0) {
            world_draw_contents(world, &world->all[at]);
            puts[used++] = world_session_put(&world->all[at], &world->all[at].draft);
        }
    for (; world->count < count; world->count++) {
        struct held *held = &world->all[world->count];
        world_draw(world, held);
        puts[used++] = name_user(world, held);
        puts[used++] = world_session_put(held, &held->draft);
    }
    apply(world, puts, used);
    free(puts);
}
