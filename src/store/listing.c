/* Pages. A list is in the order of a tree, forwards or backwards, but for what has the same in the
 * tree's field: that goes by the orders that follow, and by the ids in the end. So what a page
 * shows is a stretch of the tree whose first and last groups of the same are looked at by
 * themselves. */
#include "store/listing.h"

/* So many are read and sorted without more ado; and so many where ids that sessions were brought
 * with decide, which no tree has in order. */
enum { FEW = 256, BROUGHT_MOST = 65536 };

static enum err list(struct listing *listing, const struct source *source, size_t order,
                     struct span span);

static const struct query *query_of(const struct listing *listing)
{
    return listing->plan->finding->query;
}

/* The orders, the newest first where none was asked for. */
static size_t order_count(const struct query *query)
{
    return query->order_count ? query->order_count : 1;
}

static struct order order_at(const struct query *query, size_t at)
{
    if (at == order_count(query))
        return (struct order){FIELD_ID, query->id_descending};
    return query->order_count ? query->orders[at] : (struct order){FIELD_CREATED, true};
}

struct order listing_order(const struct listing *listing, size_t at)
{
    return order_at(query_of(listing), at);
}

/* ---- hits ---- */

static enum err gather(void *context, uint32_t slot)
{
    struct listing *listing = context;
    struct hit hit;
    enum err err = finding_look_at_slot(listing->plan->finding, slot, &hit, NULL);
    if (err != ERR_OK)
        return err;
    buf_put(&listing->gathered, &hit, sizeof(hit));
    return listing->gathered.failed ? ERR_MEMORY : ERR_OK;
}

/* Puts what was gathered in order, and a part of it on the page. */
static enum err put_gathered(struct listing *listing, struct span span)
{
    struct buf *hits = &listing->plan->finding->hits;
    finding_sort(listing->plan->finding, &listing->gathered);
    size_t count = hit_count(&listing->gathered);
    if (span.from < count) {
        size_t left = count - (size_t)span.from;
        size_t take = span.count < left ? (size_t)span.count : left;
        buf_put(hits, listing->gathered.ptr + span.from * sizeof(struct hit),
                take * sizeof(struct hit));
    }
    buf_reset(&listing->gathered);
    return hits->failed ? ERR_MEMORY : ERR_OK;
}

static enum err put_stretch(struct listing *listing, const struct sequence *sequence,
                            struct stretch stretch, struct span span)
{
    enum err err = sequence_each(sequence, &stretch, gather, listing);
    return err == ERR_OK ? put_gathered(listing, span) : err;
}

static enum err put_set(struct listing *listing, const struct slot_set *set, struct span span)
{
    enum err err = ERR_OK;
    uint32_t slot;
    for (uint32_t from = 0; err == ERR_OK && slot_set_next(set, from, &slot); from = slot + 1)
        err = gather(listing, slot);
    return err == ERR_OK ? put_gathered(listing, span) : err;
}

/* ---- groups ---- */

struct group {
    uint64_t begin, end;   /* positions */
    uint64_t first, count; /* ordinals of what matches in it */
};

enum err listing_put_slot(void *context, uint32_t slot)
{
    slot_set_put(context, slot, true);
    return ERR_OK;
}

/* A group in the orders that follow. */
static enum err list_within(struct listing *listing, const struct sequence *sequence,
                            const struct group *group, size_t order, struct span span)
{
    struct slot_set set;
    struct stretch stretch = {group->begin, group->end, 0, UINT64_MAX};
    enum err err = slot_set_new(&set, listing->plan->head.slots);
    if (err == ERR_OK)
        err = sequence_each(sequence, &stretch, listing_put_slot, &set);
    if (err == ERR_OK)
        err = list(listing, &(struct source){TREE_ALL, &set, group->count}, order, span);
    slot_set_free(&set);
    return err;
}

/* Part of a group whose ids are in the tree's order, which is the list's or its reverse. */
static enum err list_ids(struct listing *listing, const struct sequence *sequence,
                         const struct group *group, struct span span)
{
    bool reverse = query_of(listing)->id_descending;
    uint64_t skip = reverse ? group->count - span.from - span.count : span.from;
    struct stretch stretch = {group->begin, group->end, skip, span.count};
    enum err err = ERR_OK;
    if (!sequence->set) {
        err = sequence_locate(sequence, group->first + skip, &stretch.begin);
        stretch.skip = 0;
    }
    return err == ERR_OK ? put_stretch(listing, sequence, stretch, (struct span){0, span.count})
                         : err;
}

static enum err list_group(struct listing *listing, const struct sequence *sequence,
                           const struct group *group, size_t order, struct span span)
{
    bool last = order + 1 >= order_count(query_of(listing));
    if (span.count == 0)
        return ERR_OK;
    if (group->count <= finding_most(FEW))
        return put_stretch(listing, sequence,
                           (struct stretch){group->begin, group->end, 0, UINT64_MAX}, span);
    if (last && listing->plan->plain)
        return list_ids(listing, sequence, group, span);
    return list_within(listing, sequence, group, order + 1, span);
}

static enum err find_group(const struct sequence *sequence, uint64_t ordinal, struct group *group)
{
    uint64_t position, before = 0;
    enum err err = sequence_locate(sequence, ordinal, &position);
    if (err == ERR_OK)
        err = index_group(sequence->index, sequence->number, position, &group->begin, &group->end);
    if (err == ERR_OK && group->begin < sequence->begin)
        group->begin = sequence->begin;
    if (err == ERR_OK && group->end > sequence->end)
        group->end = sequence->end;
    if (err == ERR_OK)
        err = sequence_count(sequence, group->begin, position, &before);
    if (err == ERR_OK)
        err = sequence_count(sequence, position, group->end, &group->count);
    group->first = ordinal - before;
    group->count += before;
    return err;
}

/* ---- in a tree's order ---- */

/* Which part of a group is on the page; places in the list are counted from its beginning. */
static struct span part_of(const struct sequence *sequence, const struct group *group,
                           bool descending, struct span span)
{
    uint64_t first = descending ? sequence->count - group->first - group->count : group->first;
    uint64_t from = span.from > first ? span.from - first : 0;
    uint64_t end = span.from + span.count - first;
    if (end > group->count)
        end = group->count;
    return (struct span){from, end - from};
}

static enum err list_between(struct listing *listing, const struct sequence *sequence,
                             const struct group *low, const struct group *high)
{
    struct stretch stretch = {low->end, high->begin, 0, UINT64_MAX};
    if (stretch.begin >= stretch.end)
        return ERR_OK;
    return put_stretch(listing, sequence, stretch, (struct span){0, UINT64_MAX});
}

static enum err list_groups(struct listing *listing, const struct sequence *sequence, size_t order,
                            struct span span)
{
    bool descending = listing_order(listing, order).descending;
    uint64_t end = descending ? sequence->count - span.from : span.from + span.count;
    struct group low, high;
    enum err err = find_group(sequence, end - span.count, &low);
    high = low;
    if (err == ERR_OK && end > low.first + low.count)
        err = find_group(sequence, end - 1, &high);
    if (err != ERR_OK)
        return err;
    const struct group *first = descending ? &high : &low, *last = descending ? &low : &high;
    err = list_group(listing, sequence, first, order, part_of(sequence, first, descending, span));
    if (err == ERR_OK && low.begin != high.begin)
        err = list_between(listing, sequence, &low, &high);
    if (err == ERR_OK && low.begin != high.begin)
        err = list_group(listing, sequence, last, order, part_of(sequence, last, descending, span));
    return err;
}

/* Where ids go the way the field goes, or are the field, the list is the tree, forwards or
 * backwards. */
static enum err list_straight(struct listing *listing, const struct sequence *sequence,
                              bool descending, struct span span)
{
    uint64_t first = descending ? sequence->count - span.from - span.count : span.from;
    struct stretch stretch = {0, sequence->end, 0, span.count};
    enum err err = sequence_locate(sequence, first, &stretch.begin);
    return err == ERR_OK ? put_stretch(listing, sequence, stretch, (struct span){0, span.count})
                         : err;
}

static enum err list_sequence(struct listing *listing, const struct sequence *sequence,
                              size_t order, struct span span)
{
    const struct query *query = query_of(listing);
    struct order by = order_at(query, order);
    if (span.from >= sequence->count || span.count == 0)
        return ERR_OK;
    if (span.count > sequence->count - span.from)
        span.count = sequence->count - span.from;
    bool last = order + 1 >= order_count(query);
    bool straight = by.field == FIELD_ID ||
                    (last && listing->plan->plain && by.descending == query->id_descending);
    return straight ? list_straight(listing, sequence, by.descending, span)
                    : list_groups(listing, sequence, order, span);
}

enum err listing_open(struct listing *listing, const struct source *source, enum tree_number number,
                      struct sequence *sequence)
{
    struct plan *plan = listing->plan;
    struct range all = {true, 0, plan->sessions},
                 range = plan->ranges[number].given ? plan->ranges[number] : all;
    struct patch *patches;
    size_t count;
    if (source->set)
        return sequence_of_set(sequence, &plan->index, number, source->set, source->count);
    enum err err = plan_patches(plan, source->states, listing->arena, &patches, &count);
    return err == ERR_OK ? sequence_of_states(sequence, &plan->index, number, source->states,
                                              range.begin, range.end, patches, count)
                         : err;
}

/* ---- by status ---- */

static enum err source_of_state(struct listing *listing, const struct source *source, int state,
                                struct slot_set *set, struct source *of_state)
{
    *of_state = (struct source){.states = 1U << state};
    if (!source->set)
        return ERR_OK;
    enum err err = slot_set_new(set, source->set->slots);
    if (err != ERR_OK)
        return err;
    slot_set_join(set, source->set);
    slot_set_keep(set, &listing->members->states[state]);
    *of_state = (struct source){TREE_ALL, set, slot_set_count(set)};
    return ERR_OK;
}

static enum err count_source(struct listing *listing, struct source *source, size_t order)
{
    struct sequence sequence;
    enum tree_number number = plan_tree_of(listing_order(listing, order).field);
    if (source->set)
        return ERR_OK;
    enum err err = listing_open(listing, source, number, &sequence);
    source->count = sequence.count;
    return err;
}

/* Moves past a part of a list; what of the span is in it is listed. */
enum err listing_put_part(struct listing *listing, const struct source *part, size_t order,
                          struct span *span)
{
    if (span->from >= part->count) {
        span->from -= part->count;
        return ERR_OK;
    }
    uint64_t left = part->count - span->from;
    struct span within = {span->from, span->count < left ? span->count : left};
    span->from = 0;
    span->count -= within.count;
    return list(listing, part, order, within);
}

static enum err list_by_status(struct listing *listing, const struct source *source, size_t order,
                               struct span span)
{
    bool descending = listing_order(listing, order).descending;
    enum err err = ERR_OK;
    if (source->set && !listing->members) /* a large group, of which only trees tell statuses */
        return ERR_UNSUITED;
    for (int i = 0; err == ERR_OK && i < STATUS_COUNT && span.count > 0; i++) {
        int state = descending ? STATUS_COUNT - 1 - i : i;
        struct slot_set set = {NULL, 0};
        struct source part;
        if (!(listing->plan->states >> state & 1))
            continue;
        err = source_of_state(listing, source, state, &set, &part);
        if (err == ERR_OK)
            err = count_source(listing, &part, order + 1);
        if (err == ERR_OK)
            err = listing_put_part(listing, &part, order + 1, &span);
        slot_set_free(&set);
    }
    return err;
}

/* ---- a list ---- */

static enum err list(struct listing *listing, const struct source *source, size_t order,
                     struct span span)
{
    const struct query *query = query_of(listing);
    struct sequence sequence;
    bool by_brought = !listing->plan->plain && (order >= order_count(query) ||
                                                listing_order(listing, order).field == FIELD_ID);
    if (source->set && source->count <= finding_most(by_brought ? BROUGHT_MOST : FEW))
        return put_set(listing, source->set, span);
    if (order >= order_count(query) && !listing->plan->plain)
        return ERR_UNSUITED;
    enum field field = order_at(query, order).field;
    enum tree_number number = plan_tree_of(field);
    if (field == FIELD_STATUS)
        return list_by_status(listing, source, order, span);
    if (number == TREE_NUMBER_COUNT)
        return listing_by_device(listing, source, order, span);
    if (number == TREE_ID && !listing->plan->plain)
        return ERR_UNSUITED;
    enum err err = listing_open(listing, source, number, &sequence);
    return err == ERR_OK ? list_sequence(listing, &sequence, order, span) : err;
}

static struct span page_of(const struct query *query)
{
    return (struct span){(uint64_t)query->offset, (uint64_t)query->limit};
}

/* The tree that a list which is counted goes by: of the first order that is not the status. */
static bool counted_tree(const struct plan *plan, enum tree_number *number)
{
    const struct query *query = plan->finding->query;
    size_t at = order_at(query, 0).field == FIELD_STATUS;
    enum field field = order_at(query, at).field;
    *number = plan_tree_of(field);
    return *number != TREE_NUMBER_COUNT && (field != FIELD_ID || plan->plain);
}

bool listing_is_counted(const struct plan *plan)
{
    enum tree_number number;
    if (plan->has_residue || plan->finding->query->pattern || plan->patched_too_often ||
        !counted_tree(plan, &number))
        return false;
    size_t elsewhere = plan->range_count - plan->ranges[number].given;
    return elsewhere == 0 && (tree_kinds[number].tells_states || !plan_tells_states(plan));
}

static enum err count_all(struct listing *listing)
{
    struct sequence sequence;
    struct source source = {.states = listing->plan->states};
    enum tree_number number;
    counted_tree(listing->plan, &number);
    enum err err = listing_open(listing, &source, number, &sequence);
    listing->plan->finding->total = sequence.count;
    return err;
}

enum err listing_by_count(struct plan *plan, struct arena *arena)
{
    struct listing listing = {.plan = plan, .arena = arena};
    struct source source = {.states = plan->states};
    enum err err = count_all(&listing);
    if (err == ERR_OK)
        err = list(&listing, &source, 0, page_of(plan->finding->query));
    buf_free(&listing.gathered);
    return err;
}

enum err listing_by_members(struct plan *plan, struct arena *arena)
{
    struct members members;
    struct listing listing = {.plan = plan, .arena = arena, .members = &members};
    enum err err = members_find(plan, &members);
    if (err == ERR_OK) {
        struct source source = {TREE_ALL, &members.base, slot_set_count(&members.base)};
        plan->finding->total = source.count;
        err = list(&listing, &source, 0, page_of(plan->finding->query));
    }
    members_free(&members);
    buf_free(&listing.gathered);
    return err;
}
