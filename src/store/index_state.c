/* What becomes of the states that trees have: with another idle limit, and as time goes on. */
#include "base/clock.h"
#include "base/log.h"
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
    changing->head.as_of = writing->now;
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
    return (unsigned)session_status(session, changing->idle_ms, changing->head.as_of);
}

/* What a session's state becomes; nothing else of it is looked at. */
struct restating {
    struct changing *changing;
    int64_t as_of, idle_ms; /* the new ones */
};

static enum err restate(const struct restating *restating, const struct session *session,
                        uint32_t slot)
{
    struct changing *changing = restating->changing;
    struct sought sought = {.id = session->id, .user = session->user};
    struct tree_entry created = {index_instant(session->created), slot, 0},
                      id = {index_id(&session->id), slot, 0};
    unsigned before = changing_state(changing, session);
    created.state = id.state =
        (unsigned)session_status(session, restating->idle_ms, restating->as_of);
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

/* Slots of a tree's entries with low <= value < high, which a cursor would not outlive. */
static enum err gather_slots(const struct tree *tree, uint64_t low, uint64_t high,
                             struct buf *slots)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = tree_seek_value(&cursor, tree, low);
    while (err == ERR_OK) {
        err = tree_next(&cursor, &entry);
        if (err != ERR_OK || entry.value >= high)
            break;
        buf_put(slots, &entry.slot, sizeof(entry.slot));
        err = slots->failed ? ERR_MEMORY : ERR_OK;
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

/* How many entries of a tree are in (from, to]. */
static enum err count_between(const struct tree *tree, int64_t from, int64_t to, uint64_t *count)
{
    uint64_t first = 0, end = 0;
    enum err err = tree_rank(tree, index_instant(from) + 1, TREE_ALL, &first);
    if (err == ERR_OK)
        err = tree_rank(tree, index_instant(to) + 1, TREE_ALL, &end);
    *count = end - first;
    return err;
}

/* Of a tree that is damaged, an entry need not lie where its rank says: nothing is counted from one
 * that does not. */
static enum err look_within(const struct tree_entry *entry, int64_t from, int64_t to)
{
    bool within = entry->value > index_instant(from) && entry->value <= index_instant(to);
    return within ? ERR_OK : ERR_CORRUPT;
}

/* The last deadline of a tree in (from, to] that is among the first `most`; *to becomes that where
 * there are more, and all that fall on the same instant go along. */
static enum err bound(const struct tree *tree, int64_t from, int64_t *to, uint64_t most)
{
    struct tree_cursor cursor;
    struct tree_entry entry = {0};
    uint64_t first, end;
    enum err err = tree_rank(tree, index_instant(from) + 1, TREE_ALL, &first);
    if (err == ERR_OK)
        err = tree_rank(tree, index_instant(*to) + 1, TREE_ALL, &end);
    if (err != ERR_OK || end - first <= most)
        return err;
    err = tree_seek(&cursor, tree, first + most - 1, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = look_within(&entry, from, *to);
    if (err == ERR_OK)
        *to = (int64_t)(entry.value ^ UINT64_C(1) << 63);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* As bound, from the other end: of more than `most` deadlines in (*from, to], *from becomes what
 * leaves the last of them. */
static enum err bound_back(const struct tree *tree, int64_t *from, int64_t to, uint64_t most)
{
    struct tree_cursor cursor;
    struct tree_entry entry = {0};
    uint64_t first, end;
    enum err err = tree_rank(tree, index_instant(*from) + 1, TREE_ALL, &first);
    if (err == ERR_OK)
        err = tree_rank(tree, index_instant(to) + 1, TREE_ALL, &end);
    if (err != ERR_OK || end - first <= most)
        return err;
    err = tree_seek(&cursor, tree, end - most, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = look_within(&entry, *from, to);
    if (err == ERR_OK)
        *from = (int64_t)((entry.value - 1) ^ UINT64_C(1) << 63);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* An idle deadline's instant of last activity; none reaches beyond what instants can be. */
static int64_t active_at(const struct changing *changing, int64_t deadline)
{
    return deadline < INT64_MIN + changing->idle_ms ? INT64_MIN : deadline - changing->idle_ms;
}

static enum err find_bound(struct changing *changing, int64_t *to, uint64_t most)
{
    int64_t from = changing->head.as_of, last = active_at(changing, *to);
    enum err err = bound(&changing->index.trees[TREE_EXPIRES], from, to, most);
    if (err != ERR_OK || changing->idle_ms == 0)
        return err;
    last = active_at(changing, *to);
    err = bound(&changing->index.trees[TREE_LAST_ACTIVE], active_at(changing, from), &last, most);
    *to = last + changing->idle_ms;
    return err;
}

static enum err find_bound_back(struct changing *changing, int64_t *to, uint64_t most)
{
    int64_t from = changing->head.as_of, last;
    enum err err = bound_back(&changing->index.trees[TREE_EXPIRES], to, from, most);
    if (err != ERR_OK || changing->idle_ms == 0)
        return err;
    last = active_at(changing, *to);
    err = bound_back(&changing->index.trees[TREE_LAST_ACTIVE], &last, active_at(changing, from),
                     most);
    *to = last + changing->idle_ms;
    return err;
}

/* Slots of the deadlines in (from, to]. */
static enum err gather_due(struct changing *changing, int64_t from, int64_t to, struct buf *slots)
{
    enum err err = gather_slots(&changing->index.trees[TREE_EXPIRES], index_instant(from) + 1,
                                index_instant(to) + 1, slots);
    if (err == ERR_OK && changing->idle_ms > 0)
        err = gather_slots(&changing->index.trees[TREE_LAST_ACTIVE],
                           index_instant(active_at(changing, from)) + 1,
                           index_instant(active_at(changing, to)) + 1, slots);
    return err;
}

/* A clock that was ahead has left them as of an instant to come, and every list would have to look
 * at what lies between. Some milliseconds are no such thing: batches do not come in order. */
static bool is_ahead(const struct changing *changing, int64_t to)
{
    return to < changing->head.as_of && changing->head.as_of - to > AHEAD_MS;
}

/* A session may be due twice: both deadlines lie between. The second time its state is what it has
 * become, and to put it once more changes nothing. */
static enum err advance(struct writing *writing, uint32_t app, int64_t to, uint64_t most)
{
    struct changing changing;
    struct buf slots = {0};
    enum err err = changing_begin(&changing, writing, app);
    int64_t from = changing.head.as_of;
    bool back = err == ERR_OK && is_ahead(&changing, to);
    if (err != ERR_OK || (to <= from && !back))
        return err;
    err = back ? find_bound_back(&changing, &to, most) : find_bound(&changing, &to, most);
    if (err != ERR_OK || to == from || (to < from) != back)
        return err;
    struct restating restating = {&changing, to, changing.idle_ms};
    err = gather_due(&changing, back ? to : from, back ? from : to, &slots);
    if (err == ERR_OK)
        err = restate_slots(&restating, &slots);
    buf_free(&slots);
    changing.head.as_of = to;
    return err == ERR_OK ? changing_put_head(&changing) : err;
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

/* No answer depends on it, and what else is written must not: of an index that is damaged, what was
 * moved goes back with a transaction of its own. */
enum err index_advance(struct writing *writing, uint32_t app, int64_t to, uint64_t most)
{
    MDB_txn *whole = writing->txn;
    struct store *store = writing->store;
    int code = mdb_txn_begin(store->env, whole, 0, &writing->txn);
    enum err err = env_write_error(store, code, "write");
    if (err == ERR_OK) {
        err = advance(writing, app, to, most);
        if (err == ERR_OK)
            err = env_write_error(store, mdb_txn_commit(writing->txn), "commit");
        else
            mdb_txn_abort(writing->txn);
        if (env_is_damage(err)) {
            tell_stays(store, app);
            err = ERR_OK;
        }
    }
    writing->txn = whole;
    return err;
}

enum err index_due(struct snapshot *snapshot, uint32_t app, int64_t to, uint64_t *count)
{
    struct changing changing;
    struct app record;
    uint64_t first = 0, end = 0;
    enum err err = store_app(snapshot, app, &record);
    if (err == ERR_OK)
        err = head_read(snapshot, app, &changing.head);
    *count = 0;
    if (err != ERR_OK || (to <= changing.head.as_of && !is_ahead(&changing, to)))
        return err;
    int64_t early = changing.head.as_of, late = to;
    if (late < early) {
        early = to;
        late = changing.head.as_of;
    }
    changing.idle_ms = record.idle_s * SECOND_MS;
    index_open(&changing.index, snapshot, app);
    const struct tree *expires = &changing.index.trees[TREE_EXPIRES],
                      *active = &changing.index.trees[TREE_LAST_ACTIVE];
    err = count_between(expires, early, late, &first);
    if (err == ERR_OK && changing.idle_ms > 0)
        err = count_between(active, active_at(&changing, early), active_at(&changing, late), &end);
    *count = first + end;
    return err;
}
