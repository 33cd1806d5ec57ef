/* From a query's conditions to stretches of trees. */
#include "store/finding.h"
#include "store/session_read.h"

enum tree_number plan_tree_of(enum field field)
{
    static const enum tree_number trees[FIELD_COUNT] = {
        [FIELD_ID] = TREE_ID,
        [FIELD_USER] = TREE_USER,
        [FIELD_STATUS] = TREE_NUMBER_COUNT,
        [FIELD_CREATED] = TREE_CREATED,
        [FIELD_LAST_ACTIVE] = TREE_LAST_ACTIVE,
        [FIELD_UPDATED] = TREE_UPDATED,
        [FIELD_EXPIRES] = TREE_EXPIRES,
        [FIELD_DEVICE_NAME] = TREE_NUMBER_COUNT,
        [FIELD_OS_NAME] = TREE_NUMBER_COUNT,
        [FIELD_OS_VERSION] = TREE_NUMBER_COUNT,
        [FIELD_USERNAME] = TREE_USERNAME,
        [FIELD_USER_NAME] = TREE_USER_NAME,
    };
    return trees[field];
}

/* ---- where a text stands among ids ---- */

static enum err id_cmp(struct plan *plan, uint64_t position, struct str text, int *cmp)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    struct place place;
    struct spelling spelling;
    enum err err = tree_seek(&cursor, &plan->index.trees[TREE_ID], position, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = slot_row(plan->finding->snapshot, plan->index.app, entry.slot, &place);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    id_spell(plan->finding->query->vendor, &place.id, place.created, &spelling);
    *cmp = str_cmp(spelling_view(&spelling), text);
    return ERR_OK;
}

/* How many ids stand before the text; with `equal_too`, that which is equal as well. */
static enum err search_ids(struct plan *plan, struct str text, bool equal_too, uint64_t *position)
{
    uint64_t low = 0, high = plan->sessions;
    enum err err = ERR_OK;
    while (err == ERR_OK && low < high) {
        uint64_t middle = low + (high - low) / 2;
        int cmp = 0;
        err = id_cmp(plan, middle, text, &cmp);
        if (cmp < 0 || (cmp == 0 && equal_too))
            low = middle + 1;
        else
            high = middle;
    }
    *position = low;
    return err;
}

static enum err one_id(struct plan *plan, struct str text, struct range *range)
{
    const struct finding *finding = plan->finding;
    enum vendor vendor = finding->query->vendor;
    struct session session;
    uint32_t slot;
    struct spelling spelling;
    enum err err =
        store_session_by_spelling(finding->snapshot, plan->index.app, vendor, text, &session);
    *range = (struct range){.given = true};
    if (err == ERR_OK)
        session_spell(&session, vendor, &spelling);
    /* Others may be taken for it in a path: what is compared here are bytes. */
    if (err == ERR_OK && !str_eq(spelling_view(&spelling), text))
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = index_slot(finding->snapshot, plan->index.app, &session.id, &slot);
    if (err == ERR_OK)
        err = index_position(&plan->index, TREE_ID, slot, &range->begin);
    range->end = err == ERR_OK ? range->begin + 1 : 0;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err id_range(struct plan *plan, const struct condition *condition, struct range *range)
{
    if (condition->relation == RELATION_EQUAL)
        return one_id(plan, condition->text, range);
    *range = (struct range){true, 0, plan->sessions};
    return condition->relation == RELATION_BELOW
               ? search_ids(plan, condition->text, false, &range->end)
               : search_ids(plan, condition->text, true, &range->begin);
}

/* Whether the entry at a position is of a user whose id is the same in the order of users. */
static enum err is_of_user(struct plan *plan, uint64_t position, struct str text, bool *is)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    struct place place;
    struct user user;
    *is = false;
    if (position == plan->sessions)
        return ERR_OK;
    enum err err = tree_seek(&cursor, &plan->index.trees[TREE_USER], position, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = slot_row(plan->finding->snapshot, plan->index.app, entry.slot, &place);
    if (err == ERR_OK)
        err = store_user(plan->finding->snapshot, plan->index.app, place.user, &user);
    *is = err == ERR_OK && user_id_cmp(user.texts[USER_ID], text) == 0;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err user_range(struct plan *plan, const struct condition *condition,
                           struct range *range)
{
    /* Nobody's session of the least id: before all that the user has. */
    struct sought sought = {.user = 0, .text = index_text(condition->text)};
    uint64_t begin, end, first;
    bool is;
    enum err err = tree_rank_of(&plan->index.trees[TREE_USER], index_user_id(condition->text),
                                &sought, TREE_ALL, &begin);
    if (err == ERR_OK)
        err = is_of_user(plan, begin, condition->text, &is);
    end = begin;
    if (err == ERR_OK && is)
        err = index_group(&plan->index, TREE_USER, begin, &first, &end);
    *range = condition->relation == RELATION_BELOW   ? (struct range){true, 0, begin}
             : condition->relation == RELATION_ABOVE ? (struct range){true, end, plan->sessions}
                                                     : (struct range){true, begin, end};
    return err;
}

static enum err instant_range(struct plan *plan, const struct condition *condition,
                              struct range *range)
{
    const struct tree *tree = &plan->index.trees[plan_tree_of(condition->field)];
    *range = (struct range){.given = true};
    if (condition->low > condition->high)
        return ERR_OK;
    range->end = plan->sessions;
    enum err err = tree_rank(tree, index_instant(condition->low), TREE_ALL, &range->begin);
    if (err == ERR_OK && condition->high != INT64_MAX)
        err = tree_rank(tree, index_instant(condition->high) + 1, TREE_ALL, &range->end);
    return err;
}

/* ---- conditions ---- */

static void narrow(struct plan *plan, enum tree_number number, struct range with)
{
    struct range *range = &plan->ranges[number];
    if (!range->given) {
        *range = with;
        plan->range_count++;
    }
    if (with.begin > range->begin)
        range->begin = with.begin;
    if (with.end < range->end)
        range->end = with.end;
    if (range->end < range->begin)
        range->end = range->begin;
}

static void narrow_states(struct plan *plan, const struct condition *condition)
{
    for (int status = 0; status < STATUS_COUNT; status++)
        if (status < condition->low || status > condition->high)
            plan->states &= ~(1U << status);
}

static enum err take_condition(struct plan *plan, const struct condition *condition)
{
    struct range range = {.given = false};
    if (condition->field == FIELD_STATUS) {
        narrow_states(plan, condition);
        return ERR_OK;
    }
    if (condition->field == FIELD_ID && !plan->plain) {
        plan->has_residue = true;
        return ERR_OK;
    }
    enum err err = condition->field == FIELD_ID     ? id_range(plan, condition, &range)
                   : condition->field == FIELD_USER ? user_range(plan, condition, &range)
                                                    : instant_range(plan, condition, &range);
    if (err == ERR_OK) {
        narrow(plan, plan_tree_of(condition->field), range);
        finding_explain(
            plan->finding, "%s: %llu of %llu", tree_kinds[plan_tree_of(condition->field)].name,
            (unsigned long long)(range.end - range.begin), (unsigned long long)plan->sessions);
    }
    return err;
}

/* What comes after a mark is at its instant or before; plan_each_left_out has those at its instant
 * that come before it. */
static enum err take_mark(struct plan *plan, const struct mark *mark)
{
    struct condition at = {.field = FIELD_CREATED, .low = INT64_MIN, .high = mark->created};
    struct range range;
    enum err err = instant_range(plan, &at, &range);
    if (err == ERR_OK)
        narrow(plan, TREE_CREATED, range);
    return err;
}

static enum err take_conditions(struct plan *plan)
{
    const struct query *query = plan->finding->query;
    enum err err = ERR_OK;
    plan->states = query->active_only ? 1U << STATUS_ACTIVE : TREE_ALL;
    for (size_t i = 0; err == ERR_OK && i < query->condition_count; i++)
        err = take_condition(plan, &query->conditions[i]);
    if (err == ERR_OK && query->after)
        err = take_mark(plan, query->after);
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TREE_NUMBER_COUNT; i++) {
        const struct range *range = &plan->ranges[i];
        if (range->given && range->end - range->begin < least) {
            least = range->end - range->begin;
            plan->narrowest = (enum tree_number)i;
        }
    }
    return err;
}

enum err plan_make(struct plan *plan, struct finding *finding, struct arena *arena)
{
    enum vendor vendor = finding->query->vendor;
    *plan = (struct plan){.finding = finding};
    index_open(&plan->index, finding->snapshot, finding->app->number);
    enum err err = head_read(finding->snapshot, finding->app->number, &plan->head);
    if (err == ERR_OK)
        err = tree_count(&plan->index.trees[TREE_CREATED], TREE_ALL, &plan->sessions);
    if (err != ERR_OK)
        return err;
    plan->plain = plan->head.brought[vendor] == 0 && id_keeps_order(vendor);
    err = take_conditions(plan);
    return err == ERR_OK ? plan_note_stale(plan, arena) : err;
}
