/* What becomes of the states that trees have: with another idle limit, and as time goes on. */
#include "base/clock.h"
#include "base/log.h"
#include "store/deadlines.h"
#include "store/index_changing.h"
#include "store/session_read.h"

enum { AHEAD_MS = 60 * 1000 };

enum err changing_begin(struct changing *changing, struct writing *writing, uint32_t number)
{
    struct app app;
    changing->head = (struct index_head){.free = SLOT_NONE};
    changing->writing = writing;
    changing->view = writing_view(writing);
    index_open(&changing->index, &changing->view, number);
    enum err err = store_app(&changing->view, number, &app);
    if (err != ERR_OK)
        return err;
    changing->idle_ms = app.idle_s * SECOND_MS;
    err = head_read(&changing->view, number, &changing->head);
    if (err != ERR_NOT_FOUND)
        return err;
    changing->head.as_of.at = writing->now;
    return ERR_OK;
}

enum err changing_put_head(struct changing *changing)
{
    struct key key = key_of_app(changing->index.app), value = {.len = 0};
    head_encode(&changing->head, &value);
    changing->writing->indexed = changing->index.app;
    return writing_put(changing->writing, TABLE_INDEX, key_view(&key), key_view(&value));
}

unsigned changing_state(const struct changing *changing, const struct session *session)
{
    return as_of_state(&changing->head.as_of, session, changing->idle_ms);
}

/* What a session's state becomes; nothing else of it is looked at. */
struct restating {
    struct changing *changing;
    struct as_of as_of; /* the new one, and the new limit */
    int64_t idle_ms;
};

static enum err restate(const struct restating *restating, const struct session *session,
                        uint32_t slot)
{
    struct changing *changing = restating->changing;
    struct sought sought = {.id = session->id, .user = session->user};
    struct tree_entry created = {index_instant(session->created), slot, 0},
                      id = {index_id(&session->id), slot, 0};
    unsigned before = changing_state(changing, session);
    created.state = id.state = as_of_state(&restating->as_of, session, restating->idle_ms);
    if (created.state == before)
        return ERR_OK;
    enum err err = tree_restate(&changing->index.trees[TREE_CREATED], &created, &sought);
    return err == ERR_OK ? tree_restate(&changing->index.trees[TREE_ID], &id, &sought) : err;
}

/* One of which nothing can be read lets nobody in, and keeps the state it had. */
static enum err restate_slot(const struct restating *restating, uint32_t slot)
{
    struct snapshot *view = &restating->changing->view;
    struct place place;
    struct session session;
    enum err err = slot_row(view, restating->changing->index.app, slot, &place);
    if (err != ERR_OK)
        return err;
    err = session_head_at(view, &place, &session);
    if (err == ERR_CORRUPT)
        return ERR_OK;
    return err == ERR_OK ? restate(restating, &session, slot) : err;
}

/* Slots of a tree's entries of positions [begin, end), which a cursor would not outlive. */
static enum err gather_slots(const struct tree *tree, uint64_t begin, uint64_t end,
                             struct buf *slots)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = begin < end ? tree_seek(&cursor, tree, begin, TREE_ALL) : ERR_NOT_FOUND;
    while (err == ERR_OK && cursor.position < end) {
        err = tree_next(&cursor, &entry);
        if (err == ERR_OK)
            buf_put(slots, &entry.slot, sizeof(entry.slot));
        if (slots->failed)
            err = ERR_MEMORY;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err restate_slots(const struct restating *restating, const struct buf *slots)
{
    const uint32_t *slot = (const uint32_t *)(const void *)slots->ptr;
    enum err err = ERR_OK;
    for (size_t left = slots->len / sizeof(*slot); err == ERR_OK && left > 0; left--)
        err = restate_slot(restating, *slot++);
    return err;
}

enum err index_idle(struct writing *writing, uint32_t app, int64_t before_s, int64_t after_s)
{
    struct changing changing;
    struct buf slots = {0};
    enum err err = changing_begin(&changing, writing, app);
    struct restating restating = {&changing, changing.head.as_of, after_s * SECOND_MS};
    changing.idle_ms = before_s * SECOND_MS;
    if (err == ERR_OK)
        err = gather_slots(&changing.index.trees[TREE_CREATED], 0, UINT64_MAX, &slots);
    if (err == ERR_OK)
        err = restate_slots(&restating, &slots);
    buf_free(&slots);
    return err;
}

/* ---- moving on ---- */

uint64_t index_advance_few;

/* Slots of what falls due between where the index is and `to`. */
static enum err gather_due(const struct changing *changing, const struct deadlines *kinds,
                           size_t count, const struct as_of *to, struct buf *slots)
{
    enum err err = ERR_OK;
    for (; err == ERR_OK && count > 0; count--, kinds++) {
        struct deadline_range range;
        err = deadlines_between(kinds, &changing->head.as_of, to, &range);
        if (err == ERR_OK)
            err = gather_slots(kinds->tree, range.begin, range.end, slots);
    }
    return err;
}

/* A session may be due twice: both deadlines lie between. The second time its state is what it has
 * become, and to put it once more changes nothing. */
static enum err move_to(struct changing *changing, struct as_of to, uint64_t most)
{
    struct deadlines kinds[DEADLINE_KINDS];
    size_t count = deadlines_of(&changing->index, changing->idle_ms, kinds);
    struct buf slots = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = deadlines_bound(&kinds[i], &changing->head.as_of, &to, most);
    if (err == ERR_OK)
        err = gather_due(changing, kinds, count, &to, &slots);
    struct restating restating = {changing, to, changing->idle_ms};
    if (err == ERR_OK)
        err = restate_slots(&restating, &slots);
    buf_free(&slots);
    changing->head.as_of = to;
    return err == ERR_OK ? changing_put_head(changing) : err;
}

/* Back only from a clock that was ahead, which has left them as of an instant to come, so that
 * every list would have to look at what lies between. Some milliseconds are no such thing: batches
 * do not come in order. */
static bool is_to_move(const struct as_of *as_of, int64_t to)
{
    return to > as_of->at || as_of->at - to > AHEAD_MS;
}

static enum err advance(struct writing *writing, uint32_t app, int64_t to, uint64_t most,
                        bool *more)
{
    struct changing changing;
    enum err err = changing_begin(&changing, writing, app);
    if (err != ERR_OK || !is_to_move(&changing.head.as_of, to))
        return err;
    err =
        move_to(&changing, (struct as_of){.at = to}, index_advance_few ? index_advance_few : most);
    *more = err == ERR_OK && is_to_move(&changing.head.as_of, to);
    return err;
}

/* An index that is damaged is told of once, not with every write. */
static void tell_stays(struct store *store, uint32_t app)
{
    if (!store->told_of_index)
        log_error("store: the index of app %lu is damaged, and not moved on: \"rollcall check\" "
                  "tells more",
                  (unsigned long)app);
    store->told_of_index = true;
}

/* No answer depends on it, and what else is written must not: where the index is damaged, or time
 * is up, what was moved goes back with a transaction of its own. */
enum err index_advance(struct writing *writing, uint32_t app, int64_t to, uint64_t most, bool *more)
{
    MDB_txn *whole = writing->txn;
    struct store *store = writing->store;
    *more = false;
    int code = mdb_txn_begin(store->env, whole, 0, &writing->txn);
    enum err err = env_write_error(store, code, "write");
    if (err == ERR_OK) {
        err = advance(writing, app, to, most, more);
        if (err == ERR_OK)
            err = env_write_error(store, mdb_txn_commit(writing->txn), "commit");
        else
            mdb_txn_abort(writing->txn);
        if (env_is_damage(err))
            tell_stays(store, app);
        if (env_is_damage(err) || err == ERR_LATE)
            err = ERR_OK;
    }
    writing->txn = whole;
    return err;
}

enum err index_due(struct snapshot *snapshot, uint32_t app, int64_t to, uint64_t *count)
{
    struct index index;
    struct index_head head;
    struct app record;
    struct deadlines kinds[DEADLINE_KINDS];
    struct as_of until = {.at = to};
    enum err err = store_app(snapshot, app, &record);
    if (err == ERR_OK)
        err = head_read(snapshot, app, &head);
    *count = 0;
    if (err != ERR_OK || !is_to_move(&head.as_of, to))
        return err;
    index_open(&index, snapshot, app);
    size_t kind_count = deadlines_of(&index, record.idle_s * SECOND_MS, kinds);
    for (size_t i = 0; err == ERR_OK && i < kind_count; i++) {
        struct deadline_range range;
        err = deadlines_between(&kinds[i], &head.as_of, &until, &range);
        *count += range.end - range.begin;
    }
    return err;
}
