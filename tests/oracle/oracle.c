/* The oracle: random stores, random questions; what the store finds is what filtering and sorting
 * everything it was ever given comes to. */
#include <inttypes.h>
#include <stdio.h>

#include "support/random.h"
#include "support/suite.h"
#include "world.h"

SUITE(oracle);

enum { ARENA_BYTES = 64 * 1024 * 1024 };

/* How many sessions there are, and how many questions are asked about them. */
static const struct {
    size_t sessions, questions;
} stages[] = {{0, 50}, {1, 100}, {4, 200}, {30, 1500}, {250, 2000}, {1200, 600}, {4000, 400}};

struct trial {
    struct world world;
    struct snapshot *snapshot;
    struct arena *arena;
    uint64_t seed;
    struct user holder; /* of the question at hand */
    size_t places[HELD_MAX];
};

/* The question in words, for when its answer is wrong. */
static void describe(const struct question *question, char *out, size_t size)
{
    const struct query *query = &question->query;
    int len =
        snprintf(out, size,
                 "app %s user '%.*s' now %" PRId64 " idle %" PRId64 " vendor %s page %" PRId64
                 "+%" PRId64 "%s%s%s%s%s",
                 app_ids[question->app], STR_ARG(question->user_id), question->now,
                 question->idle_ms, vendor_name((int)query->vendor), query->offset, query->limit,
                 query->active_only ? " active" : "", query->without ? " without" : "",
                 query->id_descending ? " ids-desc" : "", question->needle ? " pattern " : "",
                 question->needle ? question->needle : "");
    for (size_t i = 0; i < query->order_count && len > 0 && (size_t)len < size; i++)
        len += snprintf(out + len, size - (size_t)len, " order %d%s", query->orders[i].field,
                        query->orders[i].descending ? " desc" : "");
    for (size_t i = 0; i < query->condition_count && len > 0 && (size_t)len < size; i++)
        len += snprintf(out + len, size - (size_t)len,
                        " where %d: rel %d '%.*s' [%" PRId64 ", %" PRId64 "]",
                        query->conditions[i].field, query->conditions[i].relation,
                        STR_ARG(query->conditions[i].text), query->conditions[i].low,
                        query->conditions[i].high);
}

/* Somebody who is no user of that app asks for everybody's. */
static enum err name_user(struct trial *trial, struct question *question, uint32_t app)
{
    enum err err = store_user_by_id(trial->snapshot, app, question->user_id, &trial->holder);
    if (err == ERR_OK) {
        question->query.user = trial->holder.number;
        question->query.holder = random_below(2) ? &trial->holder : NULL;
    } else if (err == ERR_NOT_FOUND) {
        question->user_id = STR_NONE;
        err = ERR_OK;
    }
    return err;
}

static void complete(struct trial *trial, struct question *question, struct app *app)
{
    struct str why;
    enum err err = store_app_by_id(trial->snapshot, str_of(app_ids[question->app]), app);
    if (err == ERR_OK && question->needle)
        err = pattern_compile(trial->arena, str_of(question->needle), question->kind,
                              &question->query.pattern, &why);
    if (err == ERR_OK && question->user_id.len)
        err = name_user(trial, question, app->number);
    cr_assert(err == ERR_OK, "ROLLCALL_SEED=%" PRIu64 ": %s", trial->seed, err_word(err));
}

/* Says what is wrong with an item; NULL when nothing is. */
static const char *fault_of(const struct found *item, const struct held *held,
                            const struct question *question)
{
    if (memcmp(item->session.id.bytes, held->draft.id.bytes, sizeof(held->draft.id.bytes)) != 0)
        return "another session";
    if (item->status != naive_status(held, question->idle_ms, question->now))
        return "another status";
    if (!str_eq(item->user.texts[USER_ID], held->user_id))
        return "another user";
    if (item->session.created != held->draft.created ||
        item->session.expires != held->draft.expires ||
        !str_eq(session_text(&item->session, TEXT_OS_VERSION), held->draft.texts[TEXT_OS_VERSION]))
        return "other contents";
    return NULL;
}

static void compare(struct trial *trial, const struct question *question, const struct page *page)
{
    char text[2048];
    const struct query *query = &question->query;
    size_t total = naive_find(trial->world.all, trial->world.count, question, trial->places);
    size_t offset = query->offset < (int64_t)total ? (size_t)query->offset : total;
    size_t left = total - offset;
    size_t count = query->limit < (int64_t)left ? (size_t)query->limit : left;
    describe(question, text, sizeof(text));
    cr_assert(page->total == total, "ROLLCALL_SEED=%" PRIu64 ": total %" PRIu64 ", not %zu: %s",
              trial->seed, page->total, total, text);
    cr_assert(page->count == count, "ROLLCALL_SEED=%" PRIu64 ": %zu items, not %zu: %s",
              trial->seed, page->count, count, text);
    for (size_t i = 0; i < count; i++) {
        const char *fault =
            fault_of(&page->items[i], &trial->world.all[trial->places[offset + i]], question);
        cr_assert(!fault, "ROLLCALL_SEED=%" PRIu64 ": item %zu is %s: %s", trial->seed, i, fault,
                  text);
    }
}

static void ask(struct trial *trial, enum kind kind)
{
    struct condition conditions[CONDITIONS_MAX];
    struct question question = world_ask(&trial->world, kind, conditions);
    if (question.query.after) /* it has moved with what it is in */
        question.query.after = &question.after;
    struct app app;
    struct page page;
    cr_assert_eq(snapshot_begin(trial->world.store, &trial->snapshot), ERR_OK);
    complete(trial, &question, &app);
    enum err err =
        store_find(trial->snapshot, &app, &question.query, question.now, trial->arena, &page);
    cr_assert(err == ERR_OK, "ROLLCALL_SEED=%" PRIu64 ": %s", trial->seed, err_word(err));
    compare(trial, &question, &page);
    snapshot_end(trial->snapshot);
    arena_reset(trial->arena);
}

static void print_fault(void *context, struct str sentence)
{
    (void)context;
    fprintf(stderr, "%.*s\n", STR_ARG(sentence));
}

static void check_soundness(struct trial *trial)
{
    uint64_t faults;
    cr_assert_eq(store_check(trial->world.store, print_fault, NULL, &faults), ERR_OK);
    cr_assert(faults == 0, "ROLLCALL_SEED=%" PRIu64 ": %" PRIu64 " faults", trial->seed, faults);
}

static struct trial *trial_new(void)
{
    static struct trial trial;
    trial.seed = random_begin();
    trial.world = world_new();
    trial.arena = arena_new(ARENA_BYTES);
    cr_assert_not_null(trial.arena);
    return &trial;
}

static void trial_end(struct trial *trial)
{
    arena_free(trial->arena);
    world_end(&trial->world);
}

Test(oracle, the_store_finds_what_filtering_and_sorting_everything_does)
{
    struct trial *trial = trial_new();
    for (size_t stage = 0; stage < sizeof(stages) / sizeof(*stages); stage++) {
        world_grow(&trial->world, stages[stage].sessions);
        for (size_t i = 0; i < stages[stage].questions; i++)
            ask(trial, (enum kind)(i % KIND_COUNT));
        check_soundness(trial);
    }
    trial_end(trial);
}

/* Whose id a text is at a vendor, in one app; NULL: nobody's. */
static const struct held *owner(const struct world *world, size_t app, enum vendor vendor,
                                struct str text)
{
    for (size_t i = 0; i < world->count; i++)
        if (world->all[i].app == app && str_eq(spelling_view(&world->all[i].spelled[vendor]), text))
            return &world->all[i];
    return NULL;
}

static void look_up(struct trial *trial, struct str text, size_t app, enum vendor vendor)
{
    struct app record;
    struct session session;
    const struct held *expected = owner(&trial->world, app, vendor, text);
    cr_assert_eq(store_app_by_id(trial->snapshot, str_of(app_ids[app]), &record), ERR_OK);
    enum err err =
        store_session_by_spelling(trial->snapshot, record.number, vendor, text, &session);
    cr_assert(err == (expected ? ERR_OK : ERR_NOT_FOUND),
              "ROLLCALL_SEED=%" PRIu64 ": '%.*s' of %s in %s: %s", trial->seed, STR_ARG(text),
              vendor_name((int)vendor), app_ids[app], err_word(err));
    if (expected)
        cr_assert_arr_eq(session.id.bytes, expected->draft.id.bytes, sizeof(session.id.bytes),
                         "ROLLCALL_SEED=%" PRIu64, trial->seed);
}

/* Every spelling of every session leads to it in its own app, and to nothing in the others; the
 * computed one that a brought id stands in for leads to nothing, too. */
Test(oracle, spellings_lead_home_and_nowhere_else)
{
    struct trial *trial = trial_new();
    world_grow(&trial->world, 120);
    world_grow(&trial->world, 240);
    cr_assert_eq(snapshot_begin(trial->world.store, &trial->snapshot), ERR_OK);
    for (size_t i = 0; i < trial->world.count; i++)
        for (int vendor = 1; vendor < VENDOR_END; vendor++)
            for (size_t app = 0; app < APPS; app++) {
                const struct held *held = &trial->world.all[i];
                struct spelling computed;
                id_spell((enum vendor)vendor, &held->draft.id, held->draft.created, &computed);
                look_up(trial, spelling_view(&held->spelled[vendor]), app, (enum vendor)vendor);
                look_up(trial, spelling_view(&computed), app, (enum vendor)vendor);
            }
    snapshot_end(trial->snapshot);
    trial_end(trial);
}
