/* store_find: from a query to a page. One user's sessions lie side by side and are looked at each;
 * an app's are counted in trees where one tree tells what matches and in what order, and otherwise
 * narrowed down to a few, or to a set. */
#include "store/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "store/cursor.h"
#include "store/session_read.h"

/* To look at a session takes as long as to walk over this many of them, and no more are looked at
 * than that; a few in any case, and a handful even where they could be counted. */
enum { LOOK_FACTOR = 400, LOOK_MOST = 10000, LOOK_LEAST = 64, FEW = 128, HANDFUL = 8 };

size_t finding_few;

/* Sessions of one user follow each other, so that the last one read is mostly the one sought. */
static enum err read_user(struct finding *finding, uint64_t number)
{
    if (finding->user.number == number)
        return ERR_OK;
    enum err err = store_user(finding->snapshot, finding->app->number, number, &finding->user);
    if (err != ERR_OK)
        finding->user.number = 0;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err read_candidate(struct finding *finding, const struct place *place,
                               struct str record, struct candidate *candidate)
{
    enum err err = session_read(finding->snapshot, record, place, &candidate->session);
    if (err == ERR_OK && finding->needs_user)
        err = read_user(finding, place->user);
    if (err != ERR_OK)
        return err;
    candidate->status =
        session_status(&candidate->session, finding->app->idle_s * SECOND_MS, finding->now);
    if (!finding->needs_user)
        return ERR_OK;
    candidate->user_id = finding->user.texts[USER_ID];
    candidate->username = finding->user.texts[USER_USERNAME];
    candidate->user_name = finding->user.texts[USER_NAME];
    return ERR_OK;
}

static struct candidate candidate_of(const struct hit *hit)
{
    return (struct candidate){.status = hit->status,
                              .user_id = hit->user_id,
                              .username = hit->username,
                              .user_name = hit->user_name};
}

static int hit_cmp(const void *left, const void *right, void *context)
{
    const struct finding *finding = context;
    const struct hit *a = left, *b = right;
    if (deadline_passed()) /* whatever the order, nobody gets to see it */
        return 0;
    if (a->number != b->number)
        return (a->number < b->number) == finding->first.descending ? 1 : -1;
    struct candidate one = candidate_of(a), two = candidate_of(b);
    /* They were read once already; what fails now is the same as an empty record. */
    if (session_read(finding->snapshot, a->record, &a->place, &one.session) != ERR_OK ||
        session_read(finding->snapshot, b->record, &b->place, &two.session) != ERR_OK)
        return 0;
    return candidate_cmp(finding->query, &one, &two);
}

void finding_sort(struct finding *finding, struct buf *hits)
{
    struct hit *hit = (struct hit *)(void *)hits->ptr;
    size_t count = hit_count(hits);
    bool sorted = true;
    for (size_t i = 1; sorted && i < count; i++)
        sorted = hit_cmp(&hit[i - 1], &hit[i], finding) <= 0;
    if (!sorted)
        qsort_r(hit, count, sizeof(*hit), hit_cmp, finding);
}

enum err finding_look(struct finding *finding, const struct place *place, struct str record,
                      struct hit *hit, bool *matches)
{
    struct candidate candidate = {.status = STATUS_ACTIVE};
    enum err err = read_candidate(finding, place, record, &candidate);
    if (err == ERR_OK && matches)
        err = candidate_matches(finding->query, &candidate, &finding->scratch, matches);
    *hit = (struct hit){
        .number = finding->first_is_number ? candidate_number(&candidate, finding->first.field) : 0,
        .place = *place,
        .record = record,
        .user_id = candidate.user_id,
        .username = candidate.username,
        .user_name = candidate.user_name,
        .status = candidate.status};
    return err;
}

enum err finding_look_at_slot(struct finding *finding, uint32_t slot, struct hit *hit,
                              bool *matches)
{
    struct place place;
    struct session session;
    if (deadline_passed())
        return ERR_LATE;
    enum err err = slot_row(finding->snapshot, finding->app->number, slot, &place);
    if (err == ERR_OK)
        err = session_at(finding->snapshot, &place, &session);
    return err == ERR_OK ? finding_look(finding, &place, session.record, hit, matches) : err;
}

/* ---- looking at each ---- */

/* Hits kept beyond what a page can reach, before the worst of them are let go. */
enum { SLACK = 1024 };

struct looking {
    struct finding *finding;
    size_t reach; /* only so many from the first on can stand on the page */
    bool full;    /* the first `reach` hits are in order, none that was let go is before them */
    bool by_head; /* whether a session matches, and where it stands, is told by its times alone */
};

/* Takes up a hit that may still stand on the page. */
static enum err keep(struct looking *looking, const struct hit *hit)
{
    struct finding *finding = looking->finding;
    struct buf *hits = &finding->hits;
    size_t reach = looking->reach;
    const struct hit *first = (const struct hit *)(const void *)hits->ptr;
    finding->total++;
    if (reach == 0 || (looking->full && hit_cmp(hit, &first[reach - 1], finding) > 0))
        return ERR_OK;
    buf_put(hits, hit, sizeof(*hit));
    if (hit_count(hits) > reach && hit_count(hits) - reach >= reach + SLACK) {
        finding_sort(finding, hits);
        hits->len = reach * sizeof(*hit);
        looking->full = true;
    }
    return hits->failed ? ERR_MEMORY : ERR_OK;
}

/* Most of a user's sessions are on no page: they come newest first, as lists mostly are, and are
 * counted without being read any further than that. */
static bool is_passed_over(struct looking *looking, const struct place *place, struct str record)
{
    struct finding *finding = looking->finding;
    const struct buf *hits = &finding->hits;
    struct session session;
    if (!looking->by_head || !session_decode_head(record, &session))
        return false;
    enum status status = session_status(&session, finding->app->idle_s * SECOND_MS, finding->now);
    bool matches = !finding->query->active_only || status == STATUS_ACTIVE;
    const struct hit *hit = (const struct hit *)(const void *)hits->ptr;
    size_t count = hit_count(hits);
    bool beyond = matches && count >= looking->reach &&
                  (looking->reach == 0 || place->created < hit[count - 1].number);
    finding->total += beyond;
    return !matches || beyond;
}

static enum err look_at(void *context, struct str key, struct str record)
{
    struct looking *looking = context;
    struct place place;
    struct hit hit;
    bool matches;
    if (!place_of_session_key(key, &place))
        return ERR_CORRUPT;
    if (is_passed_over(looking, &place, record))
        return ERR_OK;
    enum err err = finding_look(looking->finding, &place, record, &hit, &matches);
    return err == ERR_OK && matches ? keep(looking, &hit) : err;
}

static enum err look_at_slot(void *context, uint32_t slot)
{
    struct looking *looking = context;
    struct hit hit;
    bool matches;
    enum err err = finding_look_at_slot(looking->finding, slot, &hit, &matches);
    return err == ERR_OK && matches ? keep(looking, &hit) : err;
}

/* How many hits from the first on a page can show; any number beyond counting is as good as all. */
static size_t reach_of(const struct query *query)
{
    int64_t reach;
    bool beyond = __builtin_add_overflow(query->offset, query->limit, &reach) || reach > INT32_MAX;
    return beyond ? INT32_MAX : (size_t)reach;
}

/* One user's, the newest first, and no condition but that they are active. */
static bool is_by_head(const struct finding *finding)
{
    const struct query *query = finding->query;
    return query->user && finding->first.field == FIELD_CREATED && finding->first.descending &&
           !query->condition_count && !query->pattern && !query->without && !query->after;
}

/* Every session whose key begins so: a user's, or an app's. */
static enum err look_through(struct finding *finding, const struct key *prefix)
{
    struct looking looking = {
        .finding = finding, .reach = reach_of(finding->query), .by_head = is_by_head(finding)};
    finding->total = 0;
    finding->base = 0;
    buf_reset(&finding->hits);
    enum err err =
        cursor_each(finding->snapshot, TABLE_SESSIONS, key_view(prefix), look_at, &looking);
    finding_sort(finding, &finding->hits);
    return err;
}

/* Every session of the narrowest stretch. */
static enum err look_along(struct plan *plan)
{
    struct finding *finding = plan->finding;
    struct looking looking = {.finding = finding, .reach = reach_of(finding->query)};
    const struct range *range = &plan->ranges[plan->narrowest];
    struct sequence sequence;
    enum err err = sequence_of_states(&sequence, &plan->index, plan->narrowest, TREE_ALL,
                                      range->begin, range->end, NULL, 0);
    finding->total = 0;
    finding->base = 0;
    if (err == ERR_OK)
        err = sequence_each(&sequence, &(struct stretch){range->begin, range->end, 0, UINT64_MAX},
                            look_at_slot, &looking);
    finding_sort(finding, &finding->hits);
    return err;
}

/* ---- which way ---- */

void finding_explain(struct finding *finding, const char *format, ...)
{
    struct explanation *explanation = finding->explanation;
    va_list args;
    if (!explanation || explanation->step_count == EXPLANATION_STEPS)
        return;
    va_start(args, format);
    vsnprintf(explanation->steps[explanation->step_count++], EXPLANATION_STEP, format, args);
    va_end(args);
}

/* By what trees tell of each condition; of a pattern they tell nothing. */
static enum err expect(struct plan *plan)
{
    struct explanation *explanation = plan->finding->explanation;
    const struct tree *created = &plan->index.trees[TREE_CREATED];
    uint64_t of_states = 0;
    if (!explanation)
        return ERR_OK;
    enum err err = plan->states ? tree_count(created, plan->states, &of_states) : ERR_OK;
    double share = (double)of_states;
    if (plan->states != TREE_ALL)
        finding_explain(plan->finding, "status: %llu of %llu", (unsigned long long)of_states,
                        (unsigned long long)plan->sessions);
    for (int i = 0; i < TREE_NUMBER_COUNT; i++)
        if (plan->ranges[i].given && plan->sessions)
            share *= (double)(plan->ranges[i].end - plan->ranges[i].begin) / (double)plan->sessions;
    explanation->expected = (uint64_t)(share + 0.5);
    return err;
}

uint64_t finding_worth(uint64_t sessions)
{
    uint64_t share = sessions / LOOK_FACTOR;
    return finding_most(share < LOOK_LEAST ? LOOK_LEAST : share > LOOK_MOST ? LOOK_MOST : share);
}

static bool is_narrow(const struct plan *plan, uint64_t most)
{
    const struct range *range = &plan->ranges[plan->narrowest];
    return plan->range_count > 0 && range->end - range->begin <= most;
}

static enum err look_along_narrowest(struct plan *plan)
{
    finding_explain(plan->finding, "way: each of the narrowest stretch, %s",
                    tree_kinds[plan->narrowest].name);
    return look_along(plan);
}

static enum err find_by(struct plan *plan, struct arena *arena)
{
    struct finding *finding = plan->finding;
    if (plan->states == 0)
        return ERR_OK;
    if (is_narrow(plan, finding_most(HANDFUL)))
        return look_along_narrowest(plan);
    enum err err = ERR_UNSUITED;
    finding->base = finding->query->offset;
    if (listing_is_counted(plan))
        err = listing_by_count(plan, arena);
    if (err == ERR_OK)
        finding_explain(finding, "way: counted");
    if (err == ERR_UNSUITED && finding->query->limit > 0 && is_narrow(plan, finding_most(FEW)))
        return look_along_narrowest(plan);
    if (err == ERR_UNSUITED) {
        buf_reset(&finding->hits);
        err = listing_near_end(plan, arena);
    }
    if (err != ERR_UNSUITED)
        return err;
    buf_reset(&finding->hits);
    if (is_narrow(plan, finding_worth(plan->sessions)))
        return look_along_narrowest(plan);
    finding->base = finding->query->offset;
    finding_explain(finding, "way: sets of all that match");
    return listing_by_members(plan, arena);
}

static enum err find(struct finding *finding, struct arena *arena)
{
    uint32_t app = finding->app->number;
    struct key prefix =
        finding->query->user ? key_of_user(app, finding->query->user) : key_of_app(app);
    struct plan plan;
    if (finding->query->user) {
        finding_explain(finding, "way: each session of the user");
        return look_through(finding, &prefix);
    }
    enum err err = plan_make(&plan, finding, arena);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = expect(&plan);
    if (err == ERR_OK)
        err = find_by(&plan, arena);
    if (err != ERR_UNSUITED)
        return err;
    finding_explain(finding, "way after all: each session of the app");
    return look_through(finding, &prefix);
}

/* ---- the page ---- */

static enum err fill_item(struct finding *finding, const struct hit *hit, struct found *item)
{
    item->status = hit->status;
    enum err err = session_read(finding->snapshot, hit->record, &hit->place, &item->session);
    if (err == ERR_OK)
        err = read_user(finding, hit->place.user);
    item->user = finding->user;
    return err;
}

static enum err fill_page(struct finding *finding, struct arena *arena, struct page *page)
{
    const struct hit *hit = (const struct hit *)(const void *)finding->hits.ptr;
    int64_t kept = (int64_t)hit_count(&finding->hits),
            skip = finding->query->offset - finding->base;
    int64_t left = skip >= 0 && skip < kept ? kept - skip : 0;
    int64_t count = left < finding->query->limit ? left : finding->query->limit;
    *page = (struct page){.total = finding->total, .count = (size_t)count};
    if (count == 0)
        return ERR_OK;
    page->items = arena_array(arena, page->count, sizeof(*page->items));
    if (!page->items)
        return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < page->count; i++)
        err = fill_item(finding, hit + skip + i, &page->items[i]);
    return err;
}

/* Memory is kept for the next search, but not what an uncommonly large one took. */
static void put_back(struct finding *finding)
{
    enum { KEPT_BYTES = 1024 * 1024 };
    struct store *store = finding->snapshot->store;
    buf_reset(&finding->hits);
    buf_reset(&finding->scratch);
    if (finding->hits.cap > KEPT_BYTES)
        buf_free(&finding->hits);
    store->hits = finding->hits;
    store->scratch = finding->scratch;
}

enum err store_explain(struct snapshot *snapshot, const struct app *app, const struct query *query,
                       int64_t now, struct arena *arena, struct page *page,
                       struct explanation *explanation)
{
    struct finding finding = {.snapshot = snapshot,
                              .app = app,
                              .query = query,
                              .now = now,
                              .needs_user = candidate_needs_user(query),
                              .hits = snapshot->store->hits,
                              .scratch = snapshot->store->scratch,
                              .explanation = explanation};
    if (query->holder)
        finding.user = *query->holder;
    finding.first_is_number = candidate_order_is_number(query, &finding.first);
    enum err err = find(&finding, arena);
    if (err == ERR_OK)
        err = deadline_passed() ? ERR_LATE : fill_page(&finding, arena, page);
    put_back(&finding);
    return err;
}

enum err store_find(struct snapshot *snapshot, const struct app *app, const struct query *query,
                    int64_t now, struct arena *arena, struct page *page)
{
    return store_explain(snapshot, app, query, now, arena, page, NULL);
}
