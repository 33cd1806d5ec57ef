/* What matches where no one tree tells: each condition's stretch of its tree is walked over, or
 * what lies outside of it, and the sets are put together. */
#include "store/finding.h"

/* Puts the slots of positions [begin, end) into a set. */
static enum err put_stretch(const struct tree *tree, uint64_t begin, uint64_t end,
                            struct slot_set *set)
{
    struct tree_cursor cursor;
    struct tree_run run = {NULL, 1};
    enum err err = tree_seek(&cursor, tree, begin, TREE_ALL);
    while (err == ERR_OK && run.count > 0 && cursor.position < end) {
        err = tree_next_run(&cursor, end - cursor.position, &run);
        for (size_t i = 0; err == ERR_OK && i < run.count; i++)
            slot_set_put(set, tree_ref_slot(tree_run_ref(&run, i)), true);
    }
    return err;
}

/* All slots that a session has. */
static enum err put_all(struct plan *plan, struct slot_set *set)
{
    return put_stretch(&plan->index.trees[TREE_ID], 0, plan->sessions, set);
}

static enum err put_outside(struct plan *plan, enum tree_number number, struct slot_set *set)
{
    const struct range *range = &plan->ranges[number];
    const struct tree *tree = &plan->index.trees[number];
    enum err err = put_stretch(tree, 0, range->begin, set);
    return err == ERR_OK ? put_stretch(tree, range->end, plan->sessions, set) : err;
}

/* The narrowest stretch as it is, and of each other what is less to walk over. */
static enum err find_base(struct plan *plan, struct slot_set *base)
{
    enum err err = ERR_OK;
    if (plan->range_count == 0) /* with statuses, what has one is all there is */
        return plan_tells_states(plan) ? ERR_OK : put_all(plan, base);
    const struct range *first = &plan->ranges[plan->narrowest];
    err = put_stretch(&plan->index.trees[plan->narrowest], first->begin, first->end, base);
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++) {
        const struct range *range = &plan->ranges[i];
        struct slot_set other = {NULL, 0};
        bool inside = range->end - range->begin <= plan->sessions / 2;
        if (!range->given || i == (int)plan->narrowest)
            continue;
        err = slot_set_new(&other, base->slots);
        if (err == ERR_OK)
            err = inside ? put_stretch(&plan->index.trees[i], range->begin, range->end, &other)
                         : put_outside(plan, (enum tree_number)i, &other);
        if (err == ERR_OK && inside)
            slot_set_keep(base, &other);
        else if (err == ERR_OK)
            slot_set_drop(base, &other);
        slot_set_free(&other);
    }
    return err;
}

/* ---- statuses ---- */

static enum err put_states(struct plan *plan, struct members *members)
{
    struct tree_cursor cursor;
    struct tree_run run = {NULL, 1};
    enum err err = tree_seek(&cursor, &plan->index.trees[TREE_CREATED], 0, TREE_ALL);
    while (err == ERR_OK && run.count > 0) {
        err = tree_next_run(&cursor, UINT64_MAX, &run);
        for (size_t i = 0; err == ERR_OK && i < run.count; i++) {
            uint32_t ref = tree_run_ref(&run, i);
            if (tree_ref_state(ref) < STATUS_COUNT)
                slot_set_put(&members->states[tree_ref_state(ref)], tree_ref_slot(ref), true);
        }
    }
    return err;
}

static enum err restate(void *context, uint32_t slot, enum status is, unsigned was)
{
    struct members *members = context;
    slot_set_put(&members->states[was], slot, false);
    slot_set_put(&members->states[is], slot, true);
    return ERR_OK;
}

static enum err find_states(struct plan *plan, struct members *members)
{
    struct slot_set any = {NULL, 0};
    enum err err = ERR_OK;
    for (int i = 0; err == ERR_OK && i < STATUS_COUNT; i++)
        if (plan->states >> i & 1)
            err = slot_set_new(&members->states[i], members->base.slots);
    if (err == ERR_OK)
        err = put_states(plan, members);
    if (err == ERR_OK)
        err = plan_each_stale(plan, restate, members);
    if (err == ERR_OK)
        err = slot_set_new(&any, members->base.slots);
    for (int i = 0; err == ERR_OK && i < STATUS_COUNT; i++)
        if (plan->states >> i & 1)
            slot_set_join(&any, &members->states[i]);
    if (err == ERR_OK && plan->range_count > 0)
        slot_set_keep(&members->base, &any);
    else if (err == ERR_OK)
        slot_set_join(&members->base, &any);
    slot_set_free(&any);
    return err;
}

/* ---- what only records tell ---- */

static enum err leave_out(void *context, uint32_t slot)
{
    slot_set_put(context, slot, false);
    return ERR_OK;
}

static enum err look_at_each(struct plan *plan, struct slot_set *set)
{
    enum err err = ERR_OK;
    uint32_t slot;
    for (uint32_t from = 0; err == ERR_OK && slot_set_next(set, from, &slot); from = slot + 1) {
        struct hit hit;
        bool matches;
        err = finding_look_at_slot(plan->finding, slot, &hit, &matches);
        if (err == ERR_OK && !matches)
            slot_set_put(set, slot, false);
    }
    return err;
}

enum err members_find(struct plan *plan, struct members *members)
{
    *members = (struct members){.base = {NULL, 0}};
    enum err err = head_check(plan->finding->snapshot, plan->finding->app->number, &plan->head);
    if (err == ERR_OK)
        err = slot_set_new(&members->base, plan->head.slots);
    if (err == ERR_OK)
        err = find_base(plan, &members->base);
    if (err == ERR_OK && plan_tells_states(plan))
        err = find_states(plan, members);
    if (err == ERR_OK)
        err = plan_each_left_out(plan, leave_out, &members->base);
    bool has_pattern = plan->finding->query->pattern != NULL;
    /* A record that is looked at is searched as well. */
    if (err == ERR_OK && (plan->has_residue || (has_pattern && !plan->plain)))
        return look_at_each(plan, &members->base);
    return err == ERR_OK && has_pattern ? sift(plan, &members->base) : err;
}

void members_free(struct members *members)
{
    slot_set_free(&members->base);
    for (int i = 0; i < STATUS_COUNT; i++)
        slot_set_free(&members->states[i]);
}
