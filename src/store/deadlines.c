#include "store/deadlines.h"

size_t deadlines_of(const struct index *index, int64_t idle_ms, struct deadlines *kinds)
{
    kinds[0] = (struct deadlines){index, &index->trees[TREE_EXPIRES], 0};
    kinds[1] = (struct deadlines){index, &index->trees[TREE_LAST_ACTIVE], idle_ms};
    return idle_ms > 0 ? 2 : 1;
}

/* What comes to its deadline at an instant; none reaches beyond what instants can be. */
static uint64_t value_at(const struct deadlines *deadlines, int64_t at)
{
    return index_instant(at < INT64_MIN + deadlines->after_ms ? INT64_MIN
                                                              : at - deadlines->after_ms);
}

/* How many are due as of then: they are the tree's first. Without an id no session is looked at,
 * which may be damaged. */
static enum err count_due(const struct deadlines *deadlines, const struct as_of *as_of,
                          uint64_t *count)
{
    uint64_t next = value_at(deadlines, as_of->at);
    struct sought sought = {.id = as_of->below};
    next += next < UINT64_MAX; /* nothing is due later */
    return as_of_is_whole(as_of) ? tree_rank(deadlines->tree, next, TREE_ALL, count)
                                 : tree_rank_of(deadlines->tree, next, &sought, TREE_ALL, count);
}

enum err deadlines_between(const struct deadlines *deadlines, const struct as_of *one,
                           const struct as_of *other, struct deadline_range *range)
{
    bool in_order = as_of_cmp(one, other) <= 0;
    *range = (struct deadline_range){0, 0};
    enum err err = count_due(deadlines, in_order ? one : other, &range->begin);
    if (err == ERR_OK)
        err = count_due(deadlines, in_order ? other : one, &range->end);
    return err == ERR_OK && range->end < range->begin ? ERR_CORRUPT : err;
}

/* As of when all are due that stand before a position, and no others. */
static enum err stop_at(const struct deadlines *deadlines, uint64_t position, struct as_of *stop)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    struct place place;
    uint64_t first = 0;
    enum err err = tree_seek(&cursor, deadlines->tree, position, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = tree_rank(deadlines->tree, entry.value, TREE_ALL, &first);
    if (err == ERR_OK)
        err = slot_row(deadlines->index->snapshot, deadlines->index->app, entry.slot, &place);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    *stop = (struct as_of){.at = 0};
    if (first < position)
        stop->below = place.id;
    int64_t value = index_instant_of(entry.value);
    return __builtin_add_overflow(value, deadlines->after_ms - 1, &stop->at) ? ERR_CORRUPT : ERR_OK;
}

/* Of a tree that is damaged, an entry need not lie where its rank says: nothing is counted from one
 * that does not. */
static bool lies_between(const struct as_of *stop, const struct as_of *from, const struct as_of *to)
{
    int way = as_of_cmp(from, to);
    return as_of_cmp(from, stop) == way && (as_of_cmp(stop, to) == way || !as_of_cmp(stop, to));
}

enum err deadlines_bound(const struct deadlines *deadlines, const struct as_of *from,
                         struct as_of *to, uint64_t most)
{
    struct deadline_range range;
    struct as_of stop;
    enum err err = deadlines_between(deadlines, from, to, &range);
    if (err != ERR_OK || range.end - range.begin <= most)
        return err;
    bool back = as_of_cmp(from, to) > 0;
    err = stop_at(deadlines, back ? range.end - most : range.begin + most, &stop);
    if (err == ERR_OK && !lies_between(&stop, from, to))
        err = ERR_CORRUPT;
    if (err == ERR_OK)
        *to = stop;
    return err;
}
