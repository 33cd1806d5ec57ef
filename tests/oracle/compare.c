#include "compare.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/finding.h"
#include "store/index.h"
#include "support/random.h"
#include "words.h"

enum { ARENA_BYTES = 256 * 1024 * 1024 };

struct comparison comparison_new(void)
{
    struct comparison comparison = {.seed = random_begin()};
    comparison.world = calloc(1, sizeof(*comparison.world));
    comparison.arena = arena_new(ARENA_BYTES);
    comparison.places = calloc(HELD_MAX, sizeof(*comparison.places));
    cr_assert(comparison.world && comparison.arena && comparison.places);
    *comparison.world = world_new();
    return comparison;
}

void comparison_end(struct comparison *comparison, const char *name)
{
    fprintf(stderr,
            "# %s: %" PRIu64 " pages compared after %" PRIu64 " changes, seed %" PRIu64 "\n", name,
            comparison->pages, comparison->changes, comparison->seed);
    world_end(comparison->world);
    free(comparison->world);
    free(comparison->places);
    arena_free(comparison->arena);
}

/* A question, and what came of it on either side. */
struct trial {
    struct comparison *comparison;
    struct question *question;
    struct snapshot *snapshot;
    struct app app;
    struct user holder; /* whose sessions it is about */
    size_t total;       /* as many places are filled */
};

/* How the store went about it. */
static void explain(const struct trial *trial, char *out, size_t size)
{
    const struct question *question = trial->question;
    struct explanation explanation = {.step_count = 0};
    struct page page;
    size_t len = 0;
    enum err err = store_explain(trial->snapshot, &trial->app, &question->query, question->now,
                                 trial->comparison->arena, &page, &explanation);
    for (size_t i = 0; i < explanation.step_count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "\n  %s", explanation.steps[i]);
    if (len < size)
        snprintf(out + len, size - len, "\n  few: %zu, nodes of: %zu, advanced by: %zu, %s",
                 finding_few, tree_node_limit, (size_t)index_advance_few, err_word(err));
}

static void fail(const struct trial *trial, const char *what)
{
    const struct comparison *comparison = trial->comparison;
    char question[2048], way[2048];
    words_of_question(trial->question, question, sizeof(question));
    explain(trial, way, sizeof(way));
    cr_assert(false, "ROLLCALL_SEED=%" PRIu64 ", page %" PRIu64 ", change %" PRIu64 ": %s\n  %s%s",
              comparison->seed, comparison->pages, comparison->changes, what, question, way);
}

static void must_be_ok(const struct trial *trial, enum err err)
{
    if (err != ERR_OK)
        fail(trial, err_word(err));
}

/* Somebody who is no user of that app asks for everybody's. */
static enum err name_user(struct trial *trial)
{
    struct question *question = trial->question;
    enum err err =
        store_user_by_id(trial->snapshot, trial->app.number, question->user_id, &trial->holder);
    if (err == ERR_OK) {
        question->query.user = trial->holder.number;
        question->query.holder = random_below(2) ? &trial->holder : NULL;
    } else if (err == ERR_NOT_FOUND) {
        question->query.user = 0;
        question->query.holder = NULL;
        question->user_id = STR_NONE;
        err = ERR_OK;
    }
    return err;
}

static enum err complete(struct trial *trial)
{
    struct question *question = trial->question;
    struct str why;
    enum err err = store_app_by_id(trial->snapshot, str_of(app_ids[question->app]), &trial->app);
    if (err == ERR_OK && question->needle)
        err = pattern_compile(trial->comparison->arena, str_of(question->needle), question->kind,
                              &question->query.pattern, &why);
    return err == ERR_OK && question->user_id.len ? name_user(trial) : err;
}

/* Says what is wrong with an item; NULL when nothing is. */
static const char *fault_of(const struct found *item, const struct held *held,
                            const struct question *question)
{
    const struct session *session = &item->session;
    const struct session_draft *draft = &held->draft;
    const struct holder *holder = held->holder;
    if (memcmp(session->id.bytes, draft->id.bytes, sizeof(draft->id.bytes)) != 0)
        return "another session";
    if (item->status != naive_status(held, question->idle_ms, question->now))
        return "of another status";
    if (!str_eq(item->user.texts[USER_ID], holder->id) ||
        !str_eq(item->user.texts[USER_USERNAME], holder->username) ||
        !str_eq(item->user.texts[USER_NAME], holder->name))
        return "of another user";
    if (session->created != draft->created || session->expires != draft->expires ||
        session->last_active != draft->last_active || session->updated != draft->updated ||
        session->ending != draft->ending)
        return "of other instants";
    if (!str_eq(session_text(session, TEXT_OS_VERSION), draft->texts[TEXT_OS_VERSION]))
        return "of other contents";
    return NULL;
}

static void fail_at(const struct trial *trial, const struct page *page, size_t at,
                    const char *fault)
{
    const struct comparison *comparison = trial->comparison;
    size_t place = comparison->places[(size_t)trial->question->query.offset + at];
    char found[512], expected[512], text[1280];
    words_of_found(&page->items[at], found, sizeof(found));
    words_of_held(&comparison->world->all[place], trial->question, expected, sizeof(expected));
    snprintf(text, sizeof(text), "item %zu is %s:\n  it is  %s\n  not    %s", at, fault, found,
             expected);
    fail(trial, text);
}

static void compare_page(struct trial *trial, const struct page *page)
{
    const struct comparison *comparison = trial->comparison;
    const struct query *query = &trial->question->query;
    size_t total = trial->total;
    size_t offset = query->offset < (int64_t)total ? (size_t)query->offset : total;
    size_t left = total - offset;
    size_t count = query->limit < (int64_t)left ? (size_t)query->limit : left;
    char text[128];
    snprintf(text, sizeof(text), "total %" PRIu64 ", not %zu; %zu items, not %zu", page->total,
             total, page->count, count);
    if (page->total != total || page->count != count)
        fail(trial, text);
    for (size_t i = 0; i < count; i++) {
        const struct held *held = &comparison->world->all[comparison->places[offset + i]];
        const char *fault = fault_of(&page->items[i], held, trial->question);
        if (fault)
            fail_at(trial, page, i, fault);
    }
}

/* Small stores are to be answered as large ones are, too. */
static size_t draw_few(void)
{
    static const size_t few[] = {0, 1, 2, 5, 30, 200};
    return few[random_below(sizeof(few) / sizeof(*few))];
}

static void find(struct trial *trial)
{
    struct comparison *comparison = trial->comparison;
    const struct question *question = trial->question;
    struct explanation explanation = {.step_count = 0};
    struct page page;
    finding_few = draw_few();
    must_be_ok(trial,
               store_explain(trial->snapshot, &trial->app, &question->query, question->now,
                             comparison->arena, &page, random_below(8) ? NULL : &explanation));
    compare_page(trial, &page);
    comparison->pages++;
}

static void turn_page(struct query *query, size_t total)
{
    size_t limit = random_below(4) ? random_below(12) : random_below(total + 2), offset;
    switch (random_below(4)) {
    case 0: /* the last one */
        offset = total > limit ? total - limit : 0;
        break;
    case 1: /* just past the end, or all but that */
        offset = total + random_below(3) - (total ? 1 : 0);
        break;
    default:
        offset = random_below(total + 1);
    }
    query->offset = (int64_t)offset;
    query->limit = (int64_t)limit;
}

void compare(struct comparison *comparison, struct question *question, size_t more)
{
    struct trial trial = {.comparison = comparison, .question = question};
    const struct world *world = comparison->world;
    cr_assert_eq(snapshot_begin(world->store, &trial.snapshot), ERR_OK);
    must_be_ok(&trial, complete(&trial));
    trial.total = naive_find(world->all, world->count, question, comparison->places);
    find(&trial);
    for (; more > 0; more--) {
        turn_page(&question->query, trial.total);
        find(&trial);
    }
    snapshot_end(trial.snapshot);
    arena_reset(comparison->arena);
}

void compare_any(struct comparison *comparison, enum kind kind)
{
    struct question question;
    question_draw(&question, comparison->world, kind);
    compare(comparison, &question, random_below(3));
}

void ask_in_vain(struct comparison *comparison)
{
    struct question question;
    struct trial trial = {.comparison = comparison, .question = &question};
    struct page page;
    question_draw(&question, comparison->world, KIND_ANY);
    cr_assert_eq(snapshot_begin(comparison->world->store, &trial.snapshot), ERR_OK);
    finding_few = draw_few();
    if (complete(&trial) == ERR_OK)
        (void)!store_find(trial.snapshot, &trial.app, &question.query, question.now,
                          comparison->arena, &page);
    snapshot_end(trial.snapshot);
    arena_reset(comparison->arena);
}

static void print_fault(void *context, struct str sentence)
{
    (void)context;
    fprintf(stderr, "%.*s\n", STR_ARG(sentence));
}

void compare_soundness(struct comparison *comparison)
{
    uint64_t faults;
    enum err err = store_check(comparison->world->store, print_fault, NULL, &faults);
    cr_assert(err == ERR_OK && faults == 0,
              "ROLLCALL_SEED=%" PRIu64 ", change %" PRIu64 ": %" PRIu64 " faults, %s",
              comparison->seed, comparison->changes, faults, err_word(err));
}
