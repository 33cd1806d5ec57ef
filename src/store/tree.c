/* Counting in trees, and walking along them. */
#include "store/tree.h"

#include "base/deadline.h"
#include "store/tree_node.h"

static enum err read_root(const struct tree *tree, struct tree_node *node)
{
    return node_read(tree, ROOT, ANY_LEVEL, node);
}

static enum err read_child(const struct tree *tree, const struct tree_node *parent, size_t at,
                           struct tree_node *child)
{
    return node_read(tree, node_child(node_at(tree, parent, at)), parent->level - 1, child);
}

/* An empty tree has no nodes, and nothing of whatever is asked. */
static enum err none_if_empty(enum err err)
{
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* What the first `end` entries or children of a node weigh. */
static uint64_t weight_before(const struct tree *tree, const struct tree_node *node, size_t end,
                              unsigned states)
{
    uint64_t weight = 0;
    for (size_t at = 0; at < end; at++)
        weight += node_weight(tree, node, at, states);
    return weight;
}

enum err tree_count(const struct tree *tree, unsigned states, uint64_t *count)
{
    struct tree_node node;
    *count = 0;
    enum err err = read_root(tree, &node);
    if (err == ERR_OK)
        *count = weight_before(tree, &node, node.count, states);
    return none_if_empty(err);
}

static enum err rank(const struct tree *tree, const struct tree_place *place, unsigned states,
                     uint64_t *rank)
{
    struct tree_node node;
    *rank = 0;
    enum err err = read_root(tree, &node);
    while (err == ERR_OK) {
        size_t before = 0;
        err = node_search(tree, &node, place, &before);
        if (err != ERR_OK || before == 0)
            return err;
        /* What stands before ends within the last child that begins before. */
        size_t whole = node.level ? before - 1 : before;
        *rank += weight_before(tree, &node, whole, states);
        if (node.level == 0)
            return ERR_OK;
        err = read_child(tree, &node, whole, &node);
    }
    return none_if_empty(err);
}

enum err tree_rank(const struct tree *tree, uint64_t value, unsigned states, uint64_t *count)
{
    return rank(tree, &(struct tree_place){.value = value}, states, count);
}

enum err tree_rank_of(const struct tree *tree, uint64_t value, const void *sought, unsigned states,
                      uint64_t *count)
{
    return rank(tree, &(struct tree_place){.value = value, .sought = sought}, states, count);
}

/* Which entry or child the one at `*position` is in or is; *position becomes the one within it.
 * The number of them where there are not so many. */
static size_t find_at(const struct tree *tree, const struct tree_node *node, uint64_t *position,
                      unsigned states)
{
    size_t at = 0;
    for (; at < node->count; at++) {
        uint64_t weight = node_weight(tree, node, at, states);
        if (*position < weight)
            break;
        *position -= weight;
    }
    return at;
}

enum err tree_rank_at(const struct tree *tree, uint64_t position, unsigned states, uint64_t *count)
{
    struct tree_node node;
    *count = 0;
    enum err err = read_root(tree, &node);
    while (err == ERR_OK) {
        size_t at = find_at(tree, &node, &position, TREE_ALL);
        *count += weight_before(tree, &node, at, states);
        if (node.level == 0 || at == node.count)
            return ERR_OK;
        err = read_child(tree, &node, at, &node);
    }
    return none_if_empty(err);
}

enum err tree_find(const struct tree *tree, uint64_t value, const void *sought,
                   struct tree_entry *entry)
{
    struct tree_cursor cursor;
    uint64_t position;
    int cmp = 1;
    enum err err = tree_rank_of(tree, value, sought, TREE_ALL, &position);
    if (err == ERR_OK)
        err = tree_seek(&cursor, tree, position, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, entry);
    if (err == ERR_OK && entry->value == value)
        err = tree->tie(tree->context, sought, entry->slot, &cmp);
    return err == ERR_OK && cmp != 0 ? ERR_NOT_FOUND : err;
}

/* ---- walking ---- */

static enum err begin(struct tree_cursor *cursor, const struct tree *tree)
{
    cursor->tree = tree;
    cursor->position = 0;
    cursor->depth = 0;
    enum err err = read_root(tree, &cursor->path[0].node);
    if (err == ERR_OK)
        cursor->depth = 1;
    return err;
}

/* Goes down from the last node of the path to the child it stands at. */
static enum err descend(struct tree_cursor *cursor)
{
    size_t last = cursor->depth - 1;
    enum err err = read_child(cursor->tree, &cursor->path[last].node, cursor->path[last].at,
                              &cursor->path[last + 1].node);
    if (err == ERR_OK)
        cursor->depth++;
    return err;
}

static struct tree_node *last_node(struct tree_cursor *cursor)
{
    return &cursor->path[cursor->depth - 1].node;
}

static size_t *last_at(struct tree_cursor *cursor)
{
    return &cursor->path[cursor->depth - 1].at;
}

enum err tree_seek(struct tree_cursor *cursor, const struct tree *tree, uint64_t position,
                   unsigned states)
{
    enum err err = begin(cursor, tree);
    while (err == ERR_OK) {
        struct tree_node *node = last_node(cursor);
        size_t at = find_at(tree, node, &position, states);
        if (node->level > 0 && at == node->count) { /* at the end: of the last child */
            at--;
            position = UINT64_MAX;
        }
        *last_at(cursor) = at;
        cursor->position += weight_before(tree, node, at, TREE_ALL);
        if (node->level == 0)
            return ERR_OK;
        err = descend(cursor);
    }
    return none_if_empty(err);
}

enum err tree_seek_value(struct tree_cursor *cursor, const struct tree *tree, uint64_t value)
{
    struct tree_place place = {.value = value};
    enum err err = begin(cursor, tree);
    while (err == ERR_OK) {
        struct tree_node *node = last_node(cursor);
        size_t before = 0;
        err = node_search(tree, node, &place, &before);
        if (node->level > 0 && before > 0)
            before--;
        *last_at(cursor) = before;
        cursor->position += weight_before(tree, node, before, TREE_ALL);
        if (err != ERR_OK || node->level == 0)
            return err;
        err = descend(cursor);
    }
    return none_if_empty(err);
}

/* Goes up until there is a child further on, or further back, and down again to its nearest leaf.
 * The place does not move where there is none. */
static enum err cross(struct tree_cursor *cursor, bool forward)
{
    size_t depth = cursor->depth;
    if (deadline_passed())
        return ERR_LATE;
    while (depth > 1) {
        depth--;
        size_t *at = &cursor->path[depth - 1].at;
        if (forward ? *at + 1 == cursor->path[depth - 1].node.count : *at == 0)
            continue;
        *at = forward ? *at + 1 : *at - 1;
        cursor->depth = depth;
        enum err err = ERR_OK;
        while (err == ERR_OK && last_node(cursor)->level > 0) {
            err = descend(cursor);
            struct tree_node *node = last_node(cursor);
            *last_at(cursor) = forward ? 0 : node->level ? node->count - 1 : node->count;
        }
        return err;
    }
    return ERR_NOT_FOUND;
}

enum err tree_next(struct tree_cursor *cursor, struct tree_entry *entry)
{
    enum err err = cursor->depth ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK && *last_at(cursor) == last_node(cursor)->count)
        err = cross(cursor, true);
    if (err != ERR_OK)
        return err;
    *entry = node_entry(node_at(cursor->tree, last_node(cursor), (*last_at(cursor))++));
    cursor->position++;
    return ERR_OK;
}

enum err tree_next_run(struct tree_cursor *cursor, uint64_t most, struct tree_run *run)
{
    enum err err = cursor->depth ? ERR_OK : ERR_NOT_FOUND;
    run->count = 0;
    if (err == ERR_OK && *last_at(cursor) == last_node(cursor)->count)
        err = cross(cursor, true);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    const struct tree_node *node = last_node(cursor);
    size_t left = node->count - *last_at(cursor);
    run->bytes = node_at(cursor->tree, node, *last_at(cursor));
    run->count = left < most ? left : (size_t)most;
    *last_at(cursor) += run->count;
    cursor->position += run->count;
    return ERR_OK;
}

enum err tree_previous(struct tree_cursor *cursor, struct tree_entry *entry)
{
    enum err err = cursor->depth ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK && *last_at(cursor) == 0)
        err = cross(cursor, false);
    if (err != ERR_OK)
        return err;
    *entry = node_entry(node_at(cursor->tree, last_node(cursor), --*last_at(cursor)));
    cursor->position--;
    return ERR_OK;
}

/* ---- looking after ---- */

struct checking {
    const struct tree *tree;
    uint64_t entries, nodes, last;
};

static enum err check_node(struct checking *checking, uint32_t number, size_t level,
                           struct tree_summary *summary);

static enum err check_child(struct checking *checking, const uint8_t *at, size_t level,
                            struct tree_summary *below)
{
    enum err err = check_node(checking, node_child(at), level, below);
    struct tree_entry first = node_entry(at);
    bool same = first.value == below->first.value && first.slot == below->first.slot;
    for (size_t i = 0; err == ERR_OK && i < (checking->tree->tells_states ? STATUS_COUNT : 1); i++)
        same = same && node_counted(at, i) == below->counts[i];
    return err == ERR_OK && !same ? ERR_CORRUPT : err;
}

static enum err check_entry(struct checking *checking, struct tree_entry entry,
                            struct tree_summary *summary)
{
    bool sound = entry.value >= checking->last && entry.state < STATUS_COUNT;
    checking->last = entry.value;
    checking->entries++;
    if (sound)
        summary->counts[entry.state]++;
    return sound ? ERR_OK : ERR_CORRUPT;
}

static enum err check_node(struct checking *checking, uint32_t number, size_t level,
                           struct tree_summary *summary)
{
    const struct tree *tree = checking->tree;
    struct tree_node node;
    *summary = (struct tree_summary){.first = {0}};
    enum err err = node_read(tree, number, level, &node);
    checking->nodes += err == ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < node.count; i++) {
        const uint8_t *at = node_at(tree, &node, i);
        struct tree_summary below = {.first = node_entry(at)};
        err = node.level ? check_child(checking, at, node.level - 1, &below)
                         : check_entry(checking, below.first, &below);
        if (i == 0)
            summary->first = below.first;
        for (size_t j = 0; j < STATUS_COUNT; j++)
            summary->counts[j] += below.counts[j];
    }
    return err;
}

enum err tree_check(const struct tree *tree, uint64_t *entries, uint64_t *nodes)
{
    struct checking checking = {.tree = tree};
    struct tree_summary summary;
    enum err err = check_node(&checking, ROOT, ANY_LEVEL, &summary);
    *entries = checking.entries;
    *nodes = checking.nodes;
    return none_if_empty(err);
}
