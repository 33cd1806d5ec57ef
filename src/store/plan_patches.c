/* Where the index is not the whole truth: sessions whose status is another at the query's instant,
 * and those that are to be left out whatever they are. */
#include "base/clock.h"
#include "store/deadlines.h"
#include "store/finding.h"
#include "store/session_read.h"

/* More sessions than these whose deadline has come since the index was last moved on are not worked
 * into counts one by one. */
enum { STALE_MOST = 512 };

/* ---- statuses that have changed since ---- */

struct due {
    struct plan *plan;
    stale_fn each;
    void *context;
};

static enum err see_due(struct due *due, uint32_t slot)
{
    const struct finding *finding = due->plan->finding;
    int64_t idle_ms = finding->app->idle_s * SECOND_MS;
    struct session session;
    struct place place;
    enum err err = slot_row(finding->snapshot, due->plan->index.app, slot, &place);
    if (err != ERR_OK)
        return err;
    err = session_head_at(finding->snapshot, &place, &session);
    if (err != ERR_OK) /* as with index_advance, it keeps the state it had */
        return err == ERR_CORRUPT ? ERR_OK : err;
    enum status is = session_status(&session, idle_ms, finding->now);
    unsigned was = as_of_state(&due->plan->head.as_of, &session, idle_ms);
    return (unsigned)is == was ? ERR_OK : due->each(due->context, slot, is, was);
}

static enum err each_due(struct due *due, const struct deadlines *deadlines)
{
    const struct plan *plan = due->plan;
    struct as_of now = {.at = plan->finding->now};
    struct deadline_range range;
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = deadlines_between(deadlines, &plan->head.as_of, &now, &range);
    if (err != ERR_OK || range.begin == range.end)
        return err;
    err = tree_seek(&cursor, deadlines->tree, range.begin, TREE_ALL);
    while (err == ERR_OK && cursor.position < range.end) {
        err = tree_next(&cursor, &entry);
        if (err == ERR_OK)
            err = see_due(due, entry.slot);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err plan_each_stale(struct plan *plan, stale_fn each, void *context)
{
    struct due due = {plan, each, context};
    struct deadlines kinds[DEADLINE_KINDS];
    size_t count = deadlines_of(&plan->index, plan->finding->app->idle_s * SECOND_MS, kinds);
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = each_due(&due, &kinds[i]);
    return err;
}

/* ---- what is to be left out ---- */

static enum err leave_out_at_mark(struct plan *plan, slot_fn each, void *context)
{
    const struct finding *finding = plan->finding;
    uint64_t value = index_instant(finding->query->after->created);
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = tree_seek_value(&cursor, &plan->index.trees[TREE_CREATED], value);
    while (err == ERR_OK) {
        struct place place;
        struct session session;
        err = tree_next(&cursor, &entry);
        if (err != ERR_OK || entry.value != value)
            break;
        err = slot_row(finding->snapshot, plan->index.app, entry.slot, &place);
        if (err == ERR_OK)
            err = session_at(finding->snapshot, &place, &session);
        if (err != ERR_OK)
            return err;
        if (!candidate_stands_after(finding->query, &session))
            err = each(context, entry.slot);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err plan_each_left_out(struct plan *plan, slot_fn each, void *context)
{
    const struct finding *finding = plan->finding;
    const struct uuid *without = finding->query->without;
    struct session session;
    uint32_t slot;
    enum err err = finding->query->after ? leave_out_at_mark(plan, each, context) : ERR_OK;
    if (err != ERR_OK || !without)
        return err;
    err = store_session(finding->snapshot, plan->index.app, without, &session);
    if (err == ERR_OK)
        err = index_slot(finding->snapshot, plan->index.app, without, &slot);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return each(context, slot);
}

/* ---- both, for what is counted ---- */

static struct stale *stale_of(struct plan *plan, uint32_t slot)
{
    for (size_t i = 0; i < plan->stale_count; i++)
        if (plan->stale[i].slot == slot)
            return &plan->stale[i];
    return NULL;
}

static enum err note(struct plan *plan, struct stale stale)
{
    if (plan->stale_count == finding_most(STALE_MOST))
        return ERR_UNSUITED;
    plan->stale[plan->stale_count++] = stale;
    return ERR_OK;
}

static enum err note_stale(void *context, uint32_t slot, enum status is, unsigned was)
{
    struct plan *plan = context;
    return stale_of(plan, slot)
               ? ERR_OK
               : note(plan, (struct stale){.slot = slot, .is = (unsigned)is, .was = was});
}

static enum err note_left_out(void *context, uint32_t slot)
{
    struct plan *plan = context;
    struct stale *there = stale_of(plan, slot);
    struct place place;
    struct session session;
    if (there) {
        there->left_out = true;
        return ERR_OK;
    }
    enum err err = slot_row(plan->finding->snapshot, plan->index.app, slot, &place);
    if (err == ERR_OK)
        err = session_at(plan->finding->snapshot, &place, &session);
    if (err != ERR_OK)
        return err;
    unsigned was = as_of_state(&plan->head.as_of, &session, plan->finding->app->idle_s * SECOND_MS);
    return note(plan, (struct stale){slot, true, was, was});
}

bool plan_tells_states(const struct plan *plan)
{
    const struct query *query = plan->finding->query;
    bool tells = plan->states != TREE_ALL;
    for (size_t i = 0; i < query->order_count; i++)
        tells |= query->orders[i].field == FIELD_STATUS;
    return tells;
}

enum err plan_note_stale(struct plan *plan, struct arena *arena)
{
    plan->stale = arena_array(arena, finding_most(STALE_MOST), sizeof(*plan->stale));
    if (!plan->stale)
        return ERR_MEMORY;
    enum err err = plan_tells_states(plan) ? plan_each_stale(plan, note_stale, plan) : ERR_OK;
    if (err == ERR_OK)
        err = plan_each_left_out(plan, note_left_out, plan);
    plan->patched_too_often = err == ERR_UNSUITED;
    return err == ERR_UNSUITED ? ERR_OK : err;
}

enum err plan_patches(const struct plan *plan, unsigned states, struct arena *arena,
                      struct patch **patches, size_t *count)
{
    *count = 0;
    *patches = arena_array(arena, plan->stale_count + 1, sizeof(**patches));
    for (size_t i = 0; *patches && i < plan->stale_count; i++) {
        const struct stale *stale = &plan->stale[i];
        bool is = !stale->left_out && (states >> stale->is & 1), was = states >> stale->was & 1;
        if (is != was)
            (*patches)[(*count)++] = (struct patch){.slot = stale->slot, .in = is};
    }
    return *patches ? ERR_OK : ERR_MEMORY;
}
