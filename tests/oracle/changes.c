#include "changes.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/index.h"
#include "support/random.h"

#define MINUTE     INT64_C(60000)
#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

enum { QUEUE_MAX = 1024 };

void changes_begin(struct changes *changes, struct comparison *comparison)
{
    *changes = (struct changes){.comparison = comparison, .world = comparison->world};
    changes->puts = calloc(QUEUE_MAX, sizeof(*changes->puts));
    changes->drafts = calloc(QUEUE_MAX, sizeof(*changes->drafts));
    cr_assert(changes->puts && changes->drafts);
}

void changes_end(struct changes *changes)
{
    free(changes->puts);
    free(changes->drafts);
}

/* ---- writing ---- */

static void must(const struct changes *changes, bool holds, const char *what)
{
    cr_assert(holds, "ROLLCALL_SEED=%" PRIu64 ", change %" PRIu64 ": %s", changes->comparison->seed,
              changes->comparison->changes, what);
}

static void write_all(struct changes *changes)
{
    struct outcome outcome;
    if (changes->count == 0)
        return;
    enum err err = store_apply(changes->world->store, changes->puts, changes->count,
                               changes->world->now, &outcome);
    must(changes, err == ERR_OK, err_word(err));
    must(changes, outcome.matched == changes->matched, "other sessions were matched");
    must(changes, outcome.changed == changes->changed, "other sessions were changed");
    changes->count = 0;
    changes->matched = changes->changed = 0;
}

static void add(struct changes *changes, struct put put)
{
    changes->puts[changes->count++] = put;
    changes->comparison->changes++;
    if (changes->count == QUEUE_MAX)
        write_all(changes);
}

/* The store completes what it is given a copy of, and the world is complete by itself. */
static struct put put_of(struct changes *changes, const struct held *held)
{
    struct session_draft *draft = &changes->drafts[changes->count];
    *draft = held->draft;
    return world_session_put(held, draft);
}

/* The app's number in the store; and a user's, 0 while there is none. */
static uint32_t number_of(struct changes *changes, size_t app, const struct holder *holder,
                          uint64_t *user)
{
    struct snapshot *snapshot;
    struct app record;
    struct user found = {.number = 0};
    must(changes, snapshot_begin(changes->world->store, &snapshot) == ERR_OK, "no snapshot");
    enum err err = store_app_by_id(snapshot, str_of(app_ids[app]), &record);
    if (err == ERR_OK && holder)
        err = store_user_by_id(snapshot, record.number, holder->id, &found);
    must(changes, err == ERR_OK || err == ERR_NOT_FOUND, err_word(err));
    snapshot_end(snapshot);
    if (user)
        *user = found.number;
    return record.number;
}

/* ---- the world's side ---- */

static bool is_active(const struct world *world, const struct held *held)
{
    return naive_status(held, world_idle_ms(world, held->app), world->now) == STATUS_ACTIVE;
}

static void end(struct changes *changes, struct held *held, enum ending as)
{
    held->draft.ending = as;
    held->draft.ended = held->draft.updated = changes->world->now;
}

static void take_out(struct world *world, size_t at)
{
    world->all[at] = world->all[--world->count];
}

/* ---- sessions come and change ---- */

/* Now and then what the store has to fill in, and an id that is brought and looks as if it were
 * made of another session's. */
static void leave_open(struct world *world, struct held *held)
{
    struct session_draft *draft = &held->draft;
    if (random_below(12) == 0)
        draft->created = world->now;
    if (random_below(12) == 0) {
        draft->last_active = draft->updated = draft->created;
        draft->ending = ENDING_NONE;
        draft->ended = 0;
    }
    if (random_below(12) == 0)
        draft->expires = draft->created + world->apps[held->app].lifetime_s * SECOND_MS;
    naive_spell(held);
}

/* The completed one with what completes it left out. */
static struct put open_put_of(struct changes *changes, const struct held *held)
{
    struct put put = put_of(changes, held);
    struct session_draft *draft = put.session.draft;
    int64_t lifetime = changes->world->apps[held->app].lifetime_s * SECOND_MS;
    if (draft->expires == draft->created + lifetime)
        draft->expires = INSTANT_NONE;
    if (draft->updated == draft->last_active && draft->ending == ENDING_NONE)
        draft->updated = INSTANT_NONE;
    if (draft->last_active == draft->created)
        draft->last_active = INSTANT_NONE;
    /* One that has ended by now would begin with its end. */
    if (draft->created == changes->world->now &&
        (draft->expires == INSTANT_NONE || draft->expires >= draft->created))
        draft->created = INSTANT_NONE;
    return put;
}

static bool is_taken(const struct world *world, const struct held *by, enum vendor vendor,
                     struct str text)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct held *held = &world->all[i];
        if (held != by && held->app == by->app &&
            str_eq(held->draft.texts[TEXT_BROUGHT_ID + (int)vendor], text))
            return true;
    }
    return false;
}

static void imitate(struct world *world, struct held *held)
{
    const struct held *other = world_any(world);
    enum vendor vendor = (enum vendor)(1 + random_below(VENDOR_END - 1));
    struct spelling spelling;
    if (!other || random_below(held->app == 1 ? 25 : 1000) != 0)
        return;
    id_spell(vendor, &other->draft.id, other->draft.created, &spelling);
    if (is_taken(world, held, vendor, spelling_view(&spelling)))
        return;
    struct str text = arena_copy(world->texts, spelling_view(&spelling));
    cr_assert_not_null(text.ptr);
    held->draft.texts[TEXT_BROUGHT_ID + (int)vendor] = text;
    naive_spell(held);
}

static void put_new(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    for (size_t left = 1 + random_below(many); left > 0 && world->count < HELD_MAX; left--) {
        struct held *held = &world->all[world->count];
        world_draw(world, held);
        leave_open(world, held);
        imitate(world, held);
        world->count++;
        add(changes, open_put_of(changes, held));
    }
}

static void put_again(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    for (size_t left = 1 + random_below(many); left > 0 && world->count > 0; left--) {
        struct held *held = &world->all[random_below(world->count)];
        world_draw_contents(world, held);
        leave_open(world, held);
        add(changes, open_put_of(changes, held));
    }
}

/* Newest first, and of one instant the greater id: as a user's sessions lie. */
static bool is_newer(const struct held *a, const struct held *b)
{
    if (a->draft.created != b->draft.created)
        return a->draft.created > b->draft.created;
    return memcmp(a->draft.id.bytes, b->draft.id.bytes, sizeof(a->draft.id.bytes)) > 0;
}

/* The oldest active session of that user; how many there are. */
static struct held *oldest(const struct world *world, const struct held *of, size_t *count)
{
    struct held *found = NULL;
    *count = 0;
    for (size_t i = 0; i < world->count; i++) {
        struct held *held = &world->all[i];
        if (held->holder != of->holder || !is_active(world, held))
            continue;
        ++*count;
        if (!found || is_newer(found, held))
            found = held;
    }
    return found;
}

/* Ends as many of a user's as it takes to make room for one more. */
static void make_room(struct changes *changes, const struct held *held, size_t most)
{
    size_t count;
    struct held *old = oldest(changes->world, held, &count);
    for (; most && count >= most; old = oldest(changes->world, held, &count)) {
        end(changes, old, ENDING_REVOKED);
        changes->changed++;
        changes->matched++;
    }
}

/* One that is held to the app's limit. */
static void put_fresh(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    struct held *held = &world->all[world->count];
    struct outcome outcome;
    size_t count;
    (void)many;
    if (world->count == HELD_MAX)
        return;
    write_all(changes);
    world_draw(world, held);
    const struct app *app = &world->apps[held->app];
    struct put put = put_of(changes, held);
    put.session.fresh = true;
    put.session.actor = STR("test");
    oldest(world, held, &count);
    if (app->max_per_user && count >= (size_t)app->max_per_user && !app->ends_oldest) {
        enum err err = store_apply(world->store, &put, 1, world->now, &outcome);
        must(changes, err == ERR_LIMIT, "a session too many was let in");
        return;
    }
    make_room(changes, held, (size_t)app->max_per_user);
    world->count++;
    add(changes, put);
}

/* ---- sessions end and go ---- */

static enum ending draw_ending(void)
{
    return random_below(2) ? ENDING_LOGGED_OUT : ENDING_REVOKED;
}

static void end_some(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    for (size_t left = 1 + random_below(many); left > 0 && world->count > 0; left--) {
        struct held *held = &world->all[random_below(world->count)];
        struct put put = {PUT_ENDING, .ending = {.reach = REACH_ONE,
                                                 .has_id = true,
                                                 .id = held->draft.id,
                                                 .as = draw_ending(),
                                                 .actor = STR("test")}};
        put.ending.app = number_of(changes, held->app, NULL, NULL);
        changes->matched++;
        if (is_active(world, held)) {
            changes->changed++;
            end(changes, held, put.ending.as);
        }
        add(changes, put);
    }
}

static void remove_some(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    for (size_t left = 1 + random_below(many); left > 0 && world->count > 0; left--) {
        size_t at = random_below(world->count);
        struct put put = {PUT_ENDING, .ending = {.reach = REACH_ONE,
                                                 .has_id = true,
                                                 .id = world->all[at].draft.id,
                                                 .as = ENDING_NONE,
                                                 .actor = STR("test")}};
        put.ending.app = number_of(changes, world->all[at].app, NULL, NULL);
        changes->matched++;
        changes->changed++;
        take_out(world, at);
        add(changes, put);
    }
}

/* What an ending of many does to the world; the one it spares is kept. */
static void end_held(struct changes *changes, const struct put_ending *wanted, size_t app,
                     const struct holder *holder)
{
    struct world *world = changes->world;
    for (size_t i = world->count; i-- > 0;) {
        struct held *held = &world->all[i];
        bool spared = wanted->has_id && memcmp(&held->draft.id, &wanted->id, 16) == 0;
        if (held->app != app || (holder && held->holder != holder) || spared)
            continue;
        bool changed = wanted->as == ENDING_NONE || is_active(world, held);
        changes->changed += changed;
        changes->matched += holder || changed;
        if (wanted->as == ENDING_NONE)
            take_out(world, i);
        else if (changed)
            end(changes, held, wanted->as);
    }
}

static void end_user(struct changes *changes, enum ending as)
{
    struct world *world = changes->world;
    const struct held *held = world_any(world), *spared = world_any(world);
    if (!held)
        return;
    struct put put = {PUT_ENDING, .ending = {.reach = REACH_USER, .as = as, .actor = STR("test")}};
    write_all(changes);
    put.ending.app = number_of(changes, held->app, held->holder, &put.ending.user);
    put.ending.has_id = random_below(2);
    put.ending.id = random_below(2) ? held->draft.id : spared->draft.id;
    end_held(changes, &put.ending, held->app, held->holder);
    add(changes, put);
}

static void end_some_user(struct changes *changes, size_t many)
{
    (void)many;
    end_user(changes, draw_ending());
}

static void remove_some_user(struct changes *changes, size_t many)
{
    (void)many;
    end_user(changes, ENDING_NONE);
}

/* Which of an app's sessions go first is not said, only how many: all of them go, by and by. */
static void end_app(struct changes *changes, enum ending as, size_t app)
{
    struct put put = {PUT_ENDING, .ending = {.reach = REACH_APP, .as = as, .actor = STR("test")}};
    uint64_t left;
    write_all(changes);
    put.ending.app = number_of(changes, app, NULL, NULL);
    end_held(changes, &put.ending, app, NULL);
    left = changes->changed;
    put.ending.most = (uint32_t)(1 + random_below(2 * left + 1));
    do {
        changes->changed = changes->matched = left < put.ending.most ? left : put.ending.most;
        left -= changes->changed;
        add(changes, put);
        write_all(changes);
    } while (left > 0);
}

static void end_some_app(struct changes *changes, size_t many)
{
    (void)many;
    end_app(changes, draw_ending(), random_below(APPS));
}

/* The smallest app, or any. */
static void remove_some_app(struct changes *changes, size_t many)
{
    (void)many;
    end_app(changes, ENDING_NONE, random_below(2) ? random_below(APPS) : APPS - 1);
}

/* When a session was over; INT64_MAX while it is not. */
static int64_t over_at(const struct world *world, const struct held *held, int64_t as_of)
{
    const struct session_draft *draft = &held->draft;
    int64_t idle_ms = world_idle_ms(world, held->app);
    switch (naive_status(held, idle_ms, as_of)) {
    case STATUS_ACTIVE:
        return INT64_MAX;
    case STATUS_EXPIRED:
        return draft->expires;
    case STATUS_INACTIVITY_REACHED:
        return draft->last_active + idle_ms;
    default:
        return draft->ended;
    }
}

/* At, just before or after the instant when some session's retention is over, or any. */
static int64_t draw_purge(const struct world *world)
{
    const struct held *held = world_any(world);
    int64_t over = held ? over_at(world, held, world->now) : INT64_MAX;
    if (over == INT64_MAX || random_below(3) == 0)
        return world->now - (int64_t)random_below(10) * MINUTE;
    int64_t as_of =
        over + world->apps[held->app].retain_s * SECOND_MS + (int64_t)random_below(3) - 1;
    return as_of < world->now ? as_of : world->now;
}

static void purge(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    struct purge_place place = {.len = 0};
    uint64_t removed, all = 0, expected = 0;
    int64_t as_of = draw_purge(world);
    write_all(changes);
    do {
        enum err err = store_purge_as_of(world->store, as_of, world->now,
                                         1 + random_below(8 * many), &place, &removed);
        must(changes, err == ERR_OK, err_word(err));
        all += removed;
    } while (place.len > 0);
    for (size_t i = world->count; i-- > 0;) {
        int64_t over = over_at(world, &world->all[i], as_of);
        int64_t retain = world->apps[world->all[i].app].retain_s * SECOND_MS;
        if (over > as_of || as_of - over <= retain)
            continue;
        expected++;
        take_out(world, i);
    }
    changes->comparison->changes++;
    must(changes, all == expected, "another number was purged");
}

/* ---- touches ---- */

static void touch_some(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    for (size_t left = 1 + random_below(2 * many); left > 0 && world->count > 0; left--) {
        struct held *held = &world->all[random_below(world->count)];
        struct session_draft *draft = &held->draft;
        struct put put = {PUT_TOUCH, .touch = {.id = draft->id,
                                               .last_active = world->now,
                                               .expires = INSTANT_NONE,
                                               .actor = STR("test")}};
        put.touch.app = number_of(changes, held->app, NULL, NULL);
        if (random_below(4) == 0)
            put.touch.last_active = draft->last_active + (int64_t)random_below(5) * MINUTE - MINUTE;
        if (random_below(3) == 0)
            put.touch.expires = random_below(2)
                                    ? draft->expires + (int64_t)random_below(3) * 5 * MINUTE
                                    : world->now + (int64_t)random_below(4) * 10 * MINUTE;
        bool moves = put.touch.expires != INSTANT_NONE && put.touch.expires != draft->expires;
        bool later = put.touch.last_active > draft->last_active;
        changes->matched++;
        if (is_active(world, held) && (moves || later)) {
            changes->changed++;
            draft->last_active = later ? put.touch.last_active : draft->last_active;
            draft->expires = moves ? put.touch.expires : draft->expires;
            draft->updated = world->now;
        }
        add(changes, put);
    }
}

/* ---- users, apps, time ---- */

static void call_user(struct changes *changes, size_t many)
{
    static const char *const names[] = {"",    "jane",      "Jane",        "jane doe", "mobile.s",
                                        "ios", "mobile.sa", "mobile.safa", "~",        "Bo",
                                        "12",  "\xc3\xa9",  "Chrome"};
    size_t app = random_below(APPS);
    struct holder *holder = world_holder(changes->world, app, random_below(USERS));
    (void)many;
    if (random_below(3))
        holder->username = str_of(names[random_below(LENGTH(names))]);
    if (random_below(3))
        holder->name = str_of(names[random_below(LENGTH(names))]);
    add(changes, world_user_put(app, holder));
}

static void limit_app(struct changes *changes, size_t many)
{
    static const int64_t idle_s[] = {0, 60, 120, 300, 301, 600, 3600, 86400};
    static const int64_t lifetime_s[] = {60, 600, 3600, 86400};
    static const int64_t retain_s[] = {0, 300, 3600, 86400};
    size_t at = random_below(APPS);
    struct app *app = &changes->world->apps[at];
    (void)many;
    app->idle_s = idle_s[random_below(LENGTH(idle_s))];
    app->lifetime_s = lifetime_s[random_below(LENGTH(lifetime_s))];
    app->retain_s = retain_s[random_below(LENGTH(retain_s))];
    app->max_per_user = random_below(2) ? 0 : 1 + (int64_t)random_below(5);
    app->ends_oldest = random_below(3);
    add(changes, world_app_put(changes->world, at));
}

/* What comes to its deadline meanwhile is taken note of a little at a time, or at once. */
static void pass_time(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    (void)many;
    write_all(changes);
    index_advance_few = random_below(2) ? 1 + random_below(4) : 0;
    world->now += random_below(3)    ? (int64_t)random_below(4) * MINUTE
                  : random_below(20) ? (int64_t)random_below(1500)
                                     : (int64_t)random_below(48) * 60 * MINUTE;
}

/* ---- what fails leaves nothing behind ---- */

/* A session with what another one has, or one that does not exist, after much that could be done;
 * with batches beside it that stand. */
static void fail_between(struct changes *changes, size_t many)
{
    struct world *world = changes->world;
    struct session_draft drafts[3];
    struct put puts[3][2];
    struct batch batches[3];
    struct held spoilt;
    (void)many;
    write_all(changes);
    if (world->count == 0 || world->count + 2 > HELD_MAX)
        return;
    for (size_t i = 0; i < 3; i += 2) {
        struct held *held = &world->all[world->count++];
        world_draw(world, held);
        drafts[i] = held->draft;
        puts[i][0] = world_session_put(held, &drafts[i]);
        batches[i] = (struct batch){.puts = puts[i], .count = 1, .now = world->now};
    }
    spoilt = *world_any(world);
    world_draw_contents(world, &spoilt);
    drafts[1] = spoilt.draft;
    puts[1][0] = world_session_put(&spoilt, &drafts[1]);
    puts[1][1] =
        (struct put){PUT_TOUCH, .touch = {.app = number_of(changes, spoilt.app, NULL, NULL),
                                          .last_active = world->now}};
    random_bytes(&puts[1][1].touch.id, sizeof(puts[1][1].touch.id));
    batches[1] = (struct batch){.puts = puts[1], .count = 2, .now = world->now};
    store_apply_all(world->store, batches, 3);
    must(changes, batches[0].err == ERR_OK && batches[2].err == ERR_OK, "a good batch failed");
    must(changes, batches[1].err == ERR_NOT_FOUND, "a bad batch did not fail");
    changes->comparison->changes += 3;
}

/* ---- the index made anew ---- */

static void must_be_none(void *context, struct str sentence)
{
    cr_assert(false, "ROLLCALL_SEED=%" PRIu64 ": repaired: %.*s",
              ((const struct changes *)context)->comparison->seed, STR_ARG(sentence));
}

static void repair(struct changes *changes, size_t many)
{
    struct repair repair = {.now = changes->world->now,
                            .dir = changes->world->dir,
                            .memory = random_below(2) ? 65536 : 16 * 1024 * 1024,
                            .report = must_be_none,
                            .context = changes};
    (void)many;
    write_all(changes);
    enum err err = store_repair(changes->world->store, &repair);
    must(changes, err == ERR_OK, err_word(err));
    changes->comparison->changes++;
}

/* ---- all of it ---- */

/* How often each, while there are too few sessions and while there are too many. */
static const struct {
    void (*make)(struct changes *changes, size_t many);
    unsigned growing, shrinking;
} kinds[] = {
    {put_new, 30, 4},        {put_again, 8, 5},    {put_fresh, 5, 2},    {end_some, 6, 6},
    {end_some_user, 1, 2},   {end_some_app, 1, 1}, {remove_some, 6, 30}, {remove_some_user, 0, 3},
    {remove_some_app, 0, 1}, {purge, 0, 2},        {touch_some, 12, 10}, {call_user, 5, 5},
    {limit_app, 2, 2},       {pass_time, 8, 8},    {fail_between, 2, 2}, {repair, 1, 1},
};

static size_t draw_kind(bool growing)
{
    unsigned sum = 0, drawn;
    for (size_t i = 0; i < LENGTH(kinds); i++)
        sum += growing ? kinds[i].growing : kinds[i].shrinking;
    drawn = (unsigned)random_below(sum);
    for (size_t i = 0;; i++) {
        unsigned often = growing ? kinds[i].growing : kinds[i].shrinking;
        if (drawn < often)
            return i;
        drawn -= often;
    }
}

void changes_make(struct changes *changes, size_t target)
{
    for (size_t left = 1 + random_below(4); left > 0; left--) {
        size_t count = changes->world->count;
        size_t gap = count < target ? target - count : count - target;
        kinds[draw_kind(count < target)].make(changes, 1 + gap / 12);
        if (random_below(2))
            write_all(changes);
    }
    write_all(changes);
}
