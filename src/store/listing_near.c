/* Pages near an end of the list. One tree tells how many match, another has the order: from the end
 * of that on, sessions are looked at until the page is full. */
#include "store/finding.h"

/* What is looked for may be rarer near the end than elsewhere: so many times as many are looked at
 * as should be enough. It may be all of it there, too: so a few are looked at in any case. */
enum { PATIENCE = 4, PROBE = 128 };

struct search {
    struct plan *plan;
    const struct tree *tree;
    bool descending, backwards; /* the order, and the way through the list */
    uint64_t wanted;            /* of what matches, from that end of the list on */
    uint64_t most;              /* to be looked at */
};

/* The total, where the statuses and the one condition there may be are told by one tree. */
static enum err count(struct plan *plan, struct arena *arena, uint64_t *total)
{
    enum tree_number number = plan->range_count ? plan->narrowest : TREE_CREATED;
    struct range all = {true, 0, plan->sessions},
                 range = plan->range_count ? plan->ranges[number] : all;
    struct sequence sequence;
    struct patch *patches;
    size_t patch_count;
    bool told = plan->states == TREE_ALL || tree_kinds[number].tells_states;
    if (plan->range_count > 1 || !told || plan->patched_too_often)
        return ERR_UNSUITED;
    enum err err = plan_patches(plan, plan->states, arena, &patches, &patch_count);
    if (err == ERR_OK)
        err = sequence_of_states(&sequence, &plan->index, number, plan->states, range.begin,
                                 range.end, patches, patch_count);
    *total = sequence.count;
    return err;
}

/* Sessions that are the same in the tree's number are taken up all or none: what decides among them
 * is not in the tree. */
static enum err look(const struct search *search)
{
    struct finding *finding = search->plan->finding;
    bool upwards = search->descending == search->backwards;
    struct tree_cursor cursor;
    struct tree_entry entry = {.value = 0};
    uint64_t looked = 0;
    enum err err = tree_seek(&cursor, search->tree, upwards ? 0 : search->plan->sessions, TREE_ALL);
    for (uint64_t last = 0; err == ERR_OK; last = entry.value) {
        struct hit hit;
        bool matches;
        err = upwards ? tree_next(&cursor, &entry) : tree_previous(&cursor, &entry);
        bool is_group = looked > 0 && entry.value == last;
        if (err != ERR_OK || (!is_group && hit_count(&finding->hits) >= search->wanted))
            break;
        if (++looked > search->most)
            return ERR_UNSUITED;
        err = finding_look_at_slot(finding, entry.slot, &hit, &matches);
        if (err == ERR_OK && matches)
            buf_put(&finding->hits, &hit, sizeof(hit));
    }
    if (finding->hits.failed)
        return ERR_MEMORY;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err listing_near_end(struct plan *plan, struct arena *arena)
{
    struct finding *finding = plan->finding;
    const struct query *query = finding->query;
    struct order order =
        query->order_count ? query->orders[0] : (struct order){FIELD_CREATED, true};
    enum tree_number number = plan_tree_of(order.field);
    uint64_t total = 0, offset = (uint64_t)query->offset, worth = finding_worth(plan->sessions);
    bool by_tree = number != TREE_NUMBER_COUNT && (number != TREE_ID || plan->plain);
    if (plan->has_residue || query->pattern || query->order_count > 1 || !by_tree)
        return ERR_UNSUITED;
    enum err err = count(plan, arena, &total);
    finding->total = total;
    if (err != ERR_OK || query->limit == 0 || offset >= total)
        return err;
    uint64_t left = total - offset,
             shown = (uint64_t)query->limit < left ? (uint64_t)query->limit : left;
    struct search search = {.plan = plan,
                            .tree = &plan->index.trees[number],
                            .descending = order.descending,
                            .backwards = left < offset + shown,
                            .most = worth};
    search.wanted = search.backwards ? left : offset + shown;
    if (search.wanted > worth)
        return ERR_UNSUITED;
    if (search.wanted * plan->sessions / total > worth / PATIENCE)
        search.most = PROBE < worth / PATIENCE ? PROBE : worth / PATIENCE;
    err = look(&search);
    if (err != ERR_OK)
        return err;
    finding_explain(finding, "way: from the %s of %s on", search.backwards ? "end" : "beginning",
                    tree_kinds[number].name);
    finding_sort(finding, &finding->hits);
    finding->base = search.backwards ? (int64_t)(total - hit_count(&finding->hits)) : 0;
    return ERR_OK;
}
