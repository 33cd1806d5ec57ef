#include "world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support/random.h"
#include "support/scratch.h"

#define EPOCH      INT64_C(1784000000000)
#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

const char *const app_ids[APPS] = {"acme", "globex", "initech"};

/* Numbers that are the same and are not, more digits than 64 bits hold, and what is no number. */
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
};

static const char *const device_names[] = {"",        "Chrome",  "Mobile Safari",
                                           "Firefox", "firefox", "Chrome Mobile"};
static const char *const device_types[] = {"", "browser", "mobile", "desktop-app"};
static const char *const os_names[] = {"", "Windows", "iOS", "Linux", "Mac OS"};
static const char *const os_versions[] = {"", "10", "17.4", "9", "10.15.7"};

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[random_below(count)];
}

/* ---- the store ---- */

static struct put app_put(const struct world *world, size_t app)
{
    struct app wanted = {
        .id = str_of(app_ids[app]), .lifetime_s = 86400, .idle_s = world->idle_ms[app] / SECOND_MS};
    return (struct put){PUT_APP, .app = {.app = wanted}};
}

static void apply(struct world *world, const struct put *puts, size_t count)
{
    struct outcome outcome;
    enum err err = store_apply(world->store, puts, count, EPOCH, &outcome);
    cr_assert(err == ERR_OK, "put %zu of %zu: %s", outcome.at, count, err_word(err));
}

struct world world_new(void)
{
    struct world world = {.dir = scratch_dir()};
    world.all = calloc(HELD_MAX, sizeof(*world.all));
    cr_assert_not_null(world.all);
    world.store = scratch_store(world.dir, "");
    struct put puts[APPS + USERS];
    for (size_t app = 0; app < APPS; app++)
        puts[app] = app_put(&world, app);
    apply(&world, puts, APPS);
    return world;
}

void world_end(struct world *world)
{
    store_close(world->store);
    free(world->all);
    scratch_remove(world->dir);
}

/* Few instants, so that many are the same; now and then one far off. */
static int64_t draw_instant(int64_t least)
{
    switch (random_below(12)) {
    case 0:
        return least + (int64_t)random_below(86400000);
    case 1:
        return least;
    default:
        return least + (int64_t)random_below(6) * 60 * SECOND_MS;
    }
}

static void draw_brought(struct session_draft *draft, char (*room)[32])
{
    static uint64_t unique;
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        if (random_below(4) == 0) {
            snprintf(room[vendor], sizeof(room[vendor]), "%c%lx.%lu", "!0Zaz~"[random_below(6)],
                     (unsigned long)random_below(4096), (unsigned long)unique++);
            draft->texts[TEXT_BROUGHT_ID + vendor] = str_of(room[vendor]);
        }
}

/* Everything of a session but its id and its holder. */
static void draw_contents(struct held *held, char (*room)[32])
{
    struct session_draft *draft = &held->draft;
    *draft = (struct session_draft){.has_id = true, .id = draft->id, .aal = AAL_UNSET};
    draft->created = draw_instant(random_below(20) ? EPOCH : -3 * 60 * SECOND_MS);
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
    draw_brought(draft, room);
    draft->aal = 1;
    naive_spell(held);
}

static char (*brought_room(size_t at))[32]
{
    static char room[HELD_MAX][VENDOR_END][32];
    return room[at];
}

static struct put session_put(struct held *held)
{
    return (struct put){PUT_SESSION, .session = {.app_id = str_of(app_ids[held->app]),
                                                 .user_id = held->user_id,
                                                 .draft = &held->draft}};
}

static struct put user_put(const struct held *held)
{
    struct put put = {PUT_USER,
                      .user = {.app_id = str_of(app_ids[held->app]), .user = {.active = true}}};
    put.user.user.texts[USER_ID] = held->user_id;
    put.user.user.texts[USER_USERNAME] = naive_username(held->user_id);
    put.user.user.texts[USER_NAME] = naive_user_name(held->user_id);
    return put;
}

static void draw_held(struct world *world, size_t at)
{
    struct held *held = &world->all[at];
    held->app = random_below(8) ? random_below(2) : 2;
    held->user_id = str_of(user_ids[random_below(USERS)]);
    random_bytes(held->draft.id.bytes, sizeof(held->draft.id.bytes));
    draw_contents(held, brought_room(at));
}

void world_grow(struct world *world, size_t count)
{
    struct put *puts = calloc(2 * HELD_MAX + APPS, sizeof(*puts));
    size_t used = 0;
    cr_assert(puts && count <= HELD_MAX);
    for (size_t app = 0; app < APPS; app++) {
        world->idle_ms[app] = random_below(3) ? (int64_t)random_below(10) * 60 * SECOND_MS : 0;
        puts[used++] = app_put(world, app);
    }
    for (size_t at = 0; at < world->count; at++)
        if (random_below(8) == 0) {
            draw_contents(&world->all[at], brought_room(at));
            puts[used++] = session_put(&world->all[at]);
        }
    for (; world->count < count; world->count++) {
        draw_held(world, world->count);
        puts[used++] = user_put(&world->all[world->count]);
        puts[used++] = session_put(&world->all[world->count]);
    }
    apply(world, puts, used);
    free(puts);
}

/* ---- questions ---- */

static const struct held *any(const struct world *world)
{
    return world->count ? &world->all[random_below(world->count)] : NULL;
}

/* An instant that a session has, or one beside it. */
static int64_t draw_bound(const struct world *world, enum field field)
{
    const struct held *held = any(world);
    if (!held || random_below(10) == 0)
        return random_below(2) ? INT64_MIN : INT64_MAX;
    const struct session_draft *draft = &held->draft;
    int64_t value = field == FIELD_CREATED       ? draft->created
                    : field == FIELD_LAST_ACTIVE ? draft->last_active
                    : field == FIELD_UPDATED     ? draft->updated
                                                 : draft->expires;
    return value + (int64_t)random_below(3) - 1;
}

static void draw_range(const struct world *world, struct condition *condition)
{
    enum field field = condition->field;
    if (field == FIELD_STATUS) {
        condition->low = (int64_t)random_below(STATUS_COUNT + 1) - 1;
        condition->high = random_below(3) ? condition->low : (int64_t)random_below(STATUS_COUNT);
        return;
    }
    condition->low = random_below(3) ? draw_bound(world, field) : INT64_MIN;
    condition->high = random_below(3) ? draw_bound(world, field) : INT64_MAX;
    if (random_below(3) == 0)
        condition->high = condition->low;
}

static struct str draw_id(const struct world *world, enum vendor vendor)
{
    const struct held *held = any(world);
    struct str text = held ? spelling_view(&held->spelled[vendor]) : STR("ses_");
    if (random_below(4) == 0)
        text.len = random_below(text.len + 1);
    return text;
}

static struct condition draw_condition(const struct world *world, enum vendor vendor)
{
    struct condition condition = {
        .field = (enum field)random_below(FIELD_EXPIRES + 1),
        .relation = (enum relation)random_below(3),
    };
    if (condition.field == FIELD_ID)
        condition.text = draw_id(world, vendor);
    else if (condition.field == FIELD_USER)
        condition.text = random_below(8) ? str_of(user_ids[random_below(USERS)])
                                         : str_of(random_below(2) ? "" : "77");
    else
        draw_range(world, &condition);
    return condition;
}

static void draw_orders(struct query *query, size_t most)
{
    query->order_count = random_below(most + 1);
    for (size_t i = 0; i < query->order_count; i++)
        query->orders[i] =
            (struct order){(enum field)random_below(FIELD_COUNT), random_below(2) == 0};
}

/* Patterns that POSIX and PCRE2 take the same way. */
static void draw_pattern(const struct world *world, struct question *question)
{
    static const char *const regexes[] = {
        "chrome", "^fire",     "ios|linux",      "[0-9]{3}",  "doe[.]com$", "e.*b",
        "^$",     "usr-[0-9]", "(a|e|i|o|u){2}", "mobile.?s", ".",          "[^[:alnum:]]",
    };
    static const char *const literals[] = {"chrome", "CHROME", "rWin", "safarimobile",
                                           ".*",     "usr-1",  "o",    "a b",
                                           "@doe",   "(",      "\\",   "[0-9]"};
    (void)world;
    question->kind = random_below(2) ? PATTERN_REGEX : PATTERN_LITERAL;
    question->query.pattern_finds_users = random_below(2);
    question->needle = question->kind == PATTERN_REGEX ? one_of(regexes, LENGTH(regexes))
                                                       : one_of(literals, LENGTH(literals));
}

static void draw_page(const struct world *world, struct query *query)
{
    static const int64_t far[] = {INT32_MAX, INT64_MAX - 1, INT64_MAX};
    size_t span = world->count / (1 + random_below(8)) + 3;
    query->offset = random_below(2) ? 0 : (int64_t)random_below(span);
    query->limit = random_below(3) ? (int64_t)random_below(12) : (int64_t)random_below(span);
    if (random_below(40) == 0)
        query->offset = far[random_below(LENGTH(far))];
    if (random_below(20) == 0)
        query->limit = far[random_below(LENGTH(far))];
}

/* At, just before or after the instant when some session's status turns; or any time. */
static int64_t draw_now(const struct world *world, int64_t idle_ms)
{
    const struct held *held = any(world);
    if (!held || random_below(4) == 0)
        return EPOCH + (int64_t)random_below(20) * 60 * SECOND_MS;
    int64_t turn = random_below(2) ? held->draft.expires : held->draft.last_active + idle_ms;
    return turn + (int64_t)random_below(3) - 1;
}

static void draw_conditions(const struct world *world, struct question *question,
                            struct condition *conditions)
{
    question->query.condition_count = random_below(CONDITIONS_MAX);
    question->query.conditions = conditions;
    for (size_t i = 0; i < question->query.condition_count; i++)
        conditions[i] = draw_condition(world, question->query.vendor);
}

struct question world_ask(const struct world *world, enum kind kind, struct condition *conditions)
{
    struct question question = {.app = random_below(APPS)};
    struct query *query = &question.query;
    const struct held *held = any(world);
    question.idle_ms = world->idle_ms[question.app];
    question.now = draw_now(world, question.idle_ms);
    query->vendor = kind == KIND_CORBADO      ? VENDOR_CORBADO
                    : kind == KIND_ROCKETCHAT ? VENDOR_ROCKETCHAT
                                              : (enum vendor)(1 + random_below(VENDOR_END - 1));
    query->id_descending = random_below(2);
    draw_page(world, query);
    if (kind == KIND_CORBADO || kind == KIND_ANY)
        draw_conditions(world, &question, conditions);
    if (kind != KIND_PLAIN)
        draw_orders(query, kind == KIND_CORBADO ? 1 : kind == KIND_ROCKETCHAT ? 4 : ORDERS_MAX);
    else if (random_below(2))
        query->orders[query->order_count++] = (struct order){FIELD_CREATED, true};
    query->active_only = kind == KIND_ROCKETCHAT || (kind == KIND_ANY && random_below(2));
    if (kind == KIND_ROCKETCHAT || (kind == KIND_ANY && random_below(3) == 0))
        draw_pattern(world, &question);
    if (held && (kind == KIND_ROCKETCHAT || (kind != KIND_CORBADO && random_below(3) == 0)))
        question.user_id = held->user_id;
    if (held && kind == KIND_ANY && random_below(4) == 0)
        query->without = &held->draft.id;
    if (held && kind == KIND_ANY && random_below(4) == 0) {
        question.after =
            (struct mark){.created = held->draft.created, .id = draw_id(world, query->vendor)};
        query->after = &question.after;
    }
    return question;
}
