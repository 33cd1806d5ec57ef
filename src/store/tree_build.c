/* Building a tree at once: leaves are filled one after the other, and what each sums up to goes to
 * the level above it. */
#include <stdlib.h>

#include "store/tree_node.h"

struct tree_level {
    struct node_draft draft;
    size_t count;
};

enum err tree_build_begin(struct tree_build *build, const struct tree *tree)
{
    *build = (struct tree_build){.tree = tree, .next = ROOT + 1};
    build->levels = calloc(TREE_DEPTH_MAX, sizeof(*build->levels));
    return build->levels ? ERR_OK : ERR_MEMORY;
}

static enum err add_child(struct tree_build *build, size_t level, uint32_t number,
                          const struct tree_summary *summary);

/* Puts the node at hand of a level; the next one begins with nothing. */
static enum err put_node(struct tree_build *build, size_t level)
{
    struct tree_level *at = &build->levels[level];
    struct tree_summary summary;
    node_set_count(&at->draft, at->count);
    at->draft.number = build->next++;
    node_sum(build->tree, &at->draft, &summary);
    at->count = 0;
    if (build->next == UINT32_MAX)
        return ERR_FULL;
    enum err err = node_write(build->tree, &at->draft);
    return err == ERR_OK ? add_child(build, level + 1, at->draft.number, &summary) : err;
}

/* Sees to it that the node at hand has room for one more. */
static enum err make_room(struct tree_build *build, size_t level)
{
    if (level >= TREE_DEPTH_MAX)
        return ERR_FULL;
    struct tree_level *at = &build->levels[level];
    enum err err = ERR_OK;
    if (at->count == node_capacity(build->tree, level))
        err = put_node(build, level);
    if (at->count == 0)
        node_begin(&at->draft, ROOT, level);
    if (level >= build->depth)
        build->depth = level + 1;
    return err;
}

static enum err add_child(struct tree_build *build, size_t level, uint32_t number,
                          const struct tree_summary *summary)
{
    enum err err = make_room(build, level);
    if (err != ERR_OK)
        return err;
    struct tree_level *at = &build->levels[level];
    node_put_child(build->tree, &at->draft, at->count++, number, summary);
    return ERR_OK;
}

enum err tree_build_add(struct tree_build *build, const struct tree_entry *entry)
{
    enum err err = make_room(build, 0);
    if (err != ERR_OK)
        return err;
    struct tree_level *leaf = &build->levels[0];
    node_put_entry(build->tree, &leaf->draft, leaf->count++, entry);
    return ERR_OK;
}

static enum err put_rest(struct tree_build *build)
{
    enum err err = ERR_OK;
    size_t level = 0;
    for (; err == ERR_OK && level + 1 < build->depth; level++)
        if (build->levels[level].count)
            err = put_node(build, level);
    if (err != ERR_OK || build->depth == 0)
        return err;
    struct tree_level *root = &build->levels[build->depth - 1];
    node_set_count(&root->draft, root->count);
    root->draft.number = ROOT;
    bytes_put_u32(root->draft.bytes + AT_NEXT, build->next);
    return node_write(build->tree, &root->draft);
}

enum err tree_build_end(struct tree_build *build, bool whole)
{
    enum err err = whole ? put_rest(build) : ERR_OK;
    free(build->levels);
    build->levels = NULL;
    return err;
}
