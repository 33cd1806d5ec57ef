/* store_find: from a query to a page. One user's sessions lie side by side; an app's newest lie in
 * order; everything else looks at each session of the app, until counted indices stand behind the
 * same call. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/candidate.h"
#include "store/cursor.h"
#include "store/session_read.h"

/* A session that was found, in as few bytes as its place in the order needs. */
struct hit {
    int64_t number; /* of the first order, where that is a number */
    struct place place;
    struct str record, user_id, username, user_name; /* the snapshot's */
    enum status status;
};

/* Hits kept beyond what a page can reach, before the worst of them are let go. */
enum { SLACK = 1024 };

struct finding {
    struct snapshot *snapshot;
    const struct app *app;
    const struct query *query;
    int64_t now;
    struct order first;
    bool first_is_number, needs_user;
    struct user user; /* of the session looked at last */
    struct buf hits;  /* of struct hit */
    size_t reach;     /* only so many from the first on can stand on the page */
    bool full;        /* the first `reach` hits are in order, none that was let go is before them */
    struct buf scratch; /* what a pattern is searched in */
    int64_t base;       /* the place of the first hit among all that match */
    uint64_t total;
};

static size_t hit_count(const struct finding *finding)
{
    return finding->hits.len / sizeof(struct hit);
}

static struct hit *hit_at(const struct finding *finding, size_t at)
{
    return (struct hit *)(void *)finding->hits.ptr + at;
}

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
    enum err err = session_read(record, place, &candidate->session);
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
    if (a->number != b->number)
        return (a->number < b->number) == finding->first.descending ? 1 : -1;
    struct candidate one = candidate_of(a), two = candidate_of(b);
    /* They were read once already; what fails now is the same as an empty record. */
    if (session_read(a->record, &a->place, &one.session) != ERR_OK ||
        session_read(b->record, &b->place, &two.session) != ERR_OK)
        return 0;
    return candidate_cmp(finding->query, &one, &two);
}

static void sort(struct finding *finding)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < hit_count(finding); i++)
        sorted = hit_cmp(hit_at(finding, i - 1), hit_at(finding, i), finding) <= 0;
    if (!sorted)
        qsort_r(finding->hits.ptr, hit_count(finding), sizeof(struct hit), hit_cmp, finding);
}

/* Takes up a hit that may still stand on the page. */
static enum err keep(struct finding *finding, const struct hit *hit)
{
    size_t reach = finding->reach;
    if (reach == 0 || (finding->full && hit_cmp(hit, hit_at(finding, reach - 1), finding) > 0))
        return ERR_OK;
    buf_put(&finding->hits, hit, sizeof(*hit));
    if (hit_count(finding) > reach && hit_count(finding) - reach >= reach + SLACK) {
        sort(finding);
        finding->hits.len = reach * sizeof(*hit);
        finding->full = true;
    }
    return finding->hits.failed ? ERR_MEMORY : ERR_OK;
}

static enum err look_at(void *context, struct str key, struct str record)
{
    struct finding *finding = context;
    struct hit hit = {.record = record};
    struct candidate candidate = {.status = STATUS_ACTIVE};
    bool matches = false;
    if (!place_of_session_key(key, &hit.place))
        return ERR_CORRUPT;
    enum err err = read_candidate(finding, &hit.place, record, &candidate);
    if (err == ERR_OK)
        err = candidate_matches(finding->query, &candidate, &finding->scratch, &matches);
    if (err != ERR_OK || !matches)
        return err;
    finding->total++;
    hit.number = finding->first_is_number ? candidate_number(&candidate, finding->first.field) : 0;
    hit.user_id = candidate.user_id;
    hit.username = candidate.username;
    hit.user_name = candidate.user_name;
    hit.status = candidate.status;
    return keep(finding, &hit);
}

/* Every session whose key begins so: a user's, or an app's. */
static enum err look_through(struct finding *finding, const struct key *prefix)
{
    return cursor_each(finding->snapshot, TABLE_SESSIONS, key_view(prefix), look_at, finding);
}

/* ---- the page ---- */

static enum err fill_item(struct finding *finding, const struct hit *hit, struct found *item)
{
    item->status = hit->status;
    enum err err = session_read(hit->record, &hit->place, &item->session);
    if (err == ERR_OK)
        err = read_user(finding, hit->place.user);
    item->user = finding->user;
    return err;
}

static enum err fill_page(struct finding *finding, struct arena *arena, struct page *page)
{
    int64_t kept = (int64_t)hit_count(finding), skip = finding->query->offset - finding->base;
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
        err = fill_item(finding, hit_at(finding, (size_t)skip + i), &page->items[i]);
    return err;
}

/* How many hits from the first on a page can show; any number beyond counting is as good as all. */
static size_t reach_of(const struct query *query)
{
    int64_t reach;
    bool beyond = __builtin_add_overflow(query->offset, query->limit, &reach) || reach > INT32_MAX;
    return beyond ? INT32_MAX : (size_t)reach;
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

enum err store_find(struct snapshot *snapshot, const struct app *app, const struct query *query,
                    int64_t now, struct arena *arena, struct page *page)
{
    struct finding finding = {.snapshot = snapshot,
                              .app = app,
                              .query = query,
                              .now = now,
                              .needs_user = candidate_needs_user(query),
                              .hits = snapshot->store->hits,
                              .scratch = snapshot->store->scratch};
    if (query->holder)
        finding.user = *query->holder;
    finding.first_is_number = candidate_order_is_number(query, &finding.first);
    finding.reach = reach_of(query);
    struct key prefix =
        query->user ? key_of_user(app->number, query->user) : key_of_app(app->number);
    enum err err = look_through(&finding, &prefix);
    if (err == ERR_OK) {
        sort(&finding);
        err = fill_page(&finding, arena, page);
    }
    put_back(&finding);
    return err;
}
