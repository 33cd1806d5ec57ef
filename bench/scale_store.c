/* Rollcall's side: one process that asks as a worker does. */
#include <stdio.h>

#include "model/pattern.h"
#include "scale.h"

static struct store *store;
static struct arena *arena;

static void must(enum err err, const char *what)
{
    if (err != ERR_OK)
        die("%s: %s", what, err_word(err));
}

void store_side_open(const char *path, enum store_mode mode)
{
    enum { ARENA_BYTES = 1 << 24 };
    struct store_options options = {.path = path, .mode = mode};
    must(store_open(&options, &store), path);
    arena = arena_new(ARENA_BYTES);
    if (!arena)
        die("out of memory");
}

void store_side_close(void)
{
    arena_free(arena);
    store_close(store);
}

struct store *store_side(void)
{
    return store;
}

/* Looks for it in a new snapshot, which stays open. */
static enum err find(const struct request *request, int64_t offset, int64_t limit,
                     struct snapshot **snapshot, struct page *page)
{
    struct app app;
    struct str why;
    struct query query = request->query;
    query.offset = offset;
    query.limit = limit;
    arena_reset(arena);
    must(snapshot_begin(store, snapshot), "snapshot_begin");
    must(store_app_by_id(*snapshot, STR(SCALE_APP), &app), "store_app_by_id");
    if (request->needle)
        must(pattern_compile(arena, str_of(request->needle), request->kind, &query.pattern, &why),
             request->needle);
    enum err err = store_find(*snapshot, &app, &query, scale_now, arena, page);
    if (err != ERR_RUNAWAY)
        must(err, request->name);
    return err;
}

enum err store_side_ask(const struct request *request, int64_t offset, int64_t limit,
                        struct answer *answer)
{
    struct snapshot *snapshot;
    struct page page = {0};
    enum err err = find(request, offset, limit, &snapshot, &page);
    answer->total = page.total;
    answer->count = page.count;
    for (size_t i = 0; i < page.count; i++)
        answer->ids[i] = page.items[i].session.id;
    snapshot_end(snapshot);
    return err;
}

static void take_value(enum field field, const struct found *found, struct value *value)
{
    const struct session *session = &found->session;
    struct spelling spelling;
    value->id = session->id;
    if (field == FIELD_ID) {
        session_spell(session, VENDOR_CORBADO, &spelling);
        snprintf(value->text, sizeof(value->text), "%.*s", STR_ARG(spelling_view(&spelling)));
    } else if (field == FIELD_USER) {
        snprintf(value->text, sizeof(value->text), "%.*s", STR_ARG(found->user.texts[USER_ID]));
    }
    value->number = field == FIELD_CREATED       ? session->created
                    : field == FIELD_LAST_ACTIVE ? session->last_active
                    : field == FIELD_UPDATED     ? session->updated
                                                 : session->expires;
}

struct value store_side_value(enum field field, int64_t permille)
{
    struct request request = {
        .query = {.vendor = VENDOR_CORBADO, .orders = {{field, false}}, .order_count = 1}};
    struct snapshot *snapshot;
    struct value value = {0};
    struct page page;
    struct answer answer;
    store_side_ask(&request, 0, 0, &answer);
    find(&request, (int64_t)answer.total * permille / 1000, 1, &snapshot, &page);
    if (page.count != 1)
        die("too few sessions");
    take_value(field, &page.items[0], &value);
    snapshot_end(snapshot);
    return value;
}

uint64_t store_side_user(const char *id)
{
    struct snapshot *snapshot;
    struct app app;
    struct user user;
    must(snapshot_begin(store, &snapshot), "snapshot_begin");
    must(store_app_by_id(snapshot, STR(SCALE_APP), &app), "store_app_by_id");
    must(store_user_by_id(snapshot, app.number, str_of(id), &user), id);
    snapshot_end(snapshot);
    return user.number;
}

void store_side_mark(struct request *request)
{
    struct spelling spelling;
    struct snapshot *snapshot;
    struct answer answer;
    struct page page;
    store_side_ask(request, 0, 0, &answer);
    find(request, (int64_t)answer.total / 2, 1, &snapshot, &page);
    if (page.count != 1)
        die("too few sessions");
    const struct session *session = &page.items[0].session;
    session_spell(session, request->query.vendor, &spelling);
    snprintf(request->after_text, sizeof(request->after_text), "%.*s",
             STR_ARG(spelling_view(&spelling)));
    request->after_id = session->id;
    request->after = (struct mark){.created = session->created, .id = str_of(request->after_text)};
    request->query.after = &request->after;
    snapshot_end(snapshot);
}
