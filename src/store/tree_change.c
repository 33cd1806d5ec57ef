/* Changes in trees: down to the leaf, and on the way up again every node on the path is written
 * with what is below it now. */
#include "store/tree_node.h"

/* One change on its way. */
struct change {
    const struct tree *tree;
    const struct tree_entry *entry;
    struct tree_place place; /* behind the entry, where it is there */
    uint32_t next;           /* the number of the next node that is made */
    bool at_end;             /* whether each node on the path is the last of its level */
    /* What the node that was changed last has become. */
    struct tree_summary summary, right_summary;
    size_t count;   /* of its entries; 0: it is gone */
    bool has_right; /* whether it gave entries to a node of their own */
    uint32_t right;
};

static uint8_t *bytes_at(const struct tree *tree, struct node_draft *draft, size_t at)
{
    return draft->bytes + HEAD_BYTES + at * node_stride(tree, draft->bytes[0]);
}

/* Makes room for an entry, or closes the gap of one. */
static void shift(const struct tree *tree, struct node_draft *draft, size_t at, bool open)
{
    size_t count = node_view(draft).count;
    uint8_t *here = bytes_at(tree, draft, at), *next = bytes_at(tree, draft, at + 1);
    uint8_t *end = bytes_at(tree, draft, count);
    if (open)
        memmove(next, here, (size_t)(end - here));
    else
        memmove(here, next, (size_t)(end - next));
    node_set_count(draft, open ? count + 1 : count - 1);
}

static enum err load(const struct tree *tree, uint32_t number, size_t level,
                     struct node_draft *draft)
{
    struct tree_node node;
    enum err err = node_read(tree, number, level, &node);
    if (err != ERR_OK)
        return err;
    draft->number = number;
    memcpy(draft->bytes, node.bytes, HEAD_BYTES + node.count * node_stride(tree, node.level));
    return ERR_OK;
}

/* Which entry is meant by what changes one that is there: the one right before the place. */
static enum err find_entry(const struct change *change, const struct tree_node *leaf, size_t before,
                           bool *there)
{
    int cmp = 1;
    *there = false;
    if (before == 0)
        return ERR_OK;
    struct tree_entry entry = node_entry(node_at(change->tree, leaf, before - 1));
    enum err err = ERR_OK;
    if (entry.value == change->entry->value)
        err = change->tree->tie(change->tree->context, change->place.sought, entry.slot, &cmp);
    *there = cmp == 0;
    return err;
}

/* ---- inserting ---- */

/* Opens room at `at` in a node that may be full: then its second half, or where the room is at the
 * very end of the tree that alone, goes to a node of its own. *home is where the room is. (At the
 * end of another node it would be alone for long: what comes after it in descending order would
 * find that node just as full.) */
static void open_room(struct change *change, struct node_draft *draft, struct node_draft *right,
                      size_t *at, struct node_draft **home)
{
    const struct tree *tree = change->tree;
    struct tree_node node = node_view(draft);
    *home = draft;
    change->has_right = node.count >= node_capacity(tree, node.level);
    if (change->has_right) {
        size_t kept = change->at_end && *at == node.count ? node.count : node.count / 2;
        node_begin(right, change->next++, node.level);
        memcpy(bytes_at(tree, right, 0), bytes_at(tree, draft, kept),
               (node.count - kept) * node_stride(tree, node.level));
        node_set_count(right, node.count - kept);
        node_set_count(draft, kept);
        if (*at > kept || kept == node.count) {
            *home = right;
            *at -= kept;
        }
    }
    shift(tree, *home, *at, true);
}

static enum err save_halves(struct change *change, struct node_draft *draft,
                            struct node_draft *right)
{
    enum err err = ERR_OK;
    if (change->has_right) {
        change->right = right->number;
        node_sum(change->tree, right, &change->right_summary);
        err = node_write(change->tree, right);
    }
    node_sum(change->tree, draft, &change->summary);
    /* The root is written once it is known whether it stays one. */
    return err == ERR_OK && draft->number != ROOT ? node_write(change->tree, draft) : err;
}

static enum err insert_below(struct change *change, struct node_draft *draft);

static enum err insert_into_leaf(struct change *change, struct node_draft *draft, size_t before)
{
    struct node_draft right, *home;
    struct tree_node node = node_view(draft);
    bool there;
    enum err err = find_entry(change, &node, before, &there);
    if (err != ERR_OK || there)
        return err == ERR_OK ? ERR_CORRUPT : err;
    open_room(change, draft, &right, &before, &home);
    node_put_entry(change->tree, home, before, change->entry);
    return save_halves(change, draft, &right);
}

static enum err insert_into_inner(struct change *change, struct node_draft *draft, size_t before)
{
    const struct tree *tree = change->tree;
    struct tree_node node = node_view(draft);
    size_t at = before ? before - 1 : 0;
    change->at_end = change->at_end && at + 1 == node.count;
    struct node_draft child, right, *home;
    enum err err = load(tree, node_child(node_at(tree, &node, at)), node.level - 1, &child);
    if (err == ERR_OK)
        err = insert_below(change, &child);
    if (err != ERR_OK)
        return err;
    node_put_child(tree, draft, at, child.number, &change->summary);
    if (change->has_right) {
        struct tree_summary summary = change->right_summary;
        uint32_t number = change->right;
        at++;
        open_room(change, draft, &right, &at, &home);
        node_put_child(tree, home, at, number, &summary);
    }
    return save_halves(change, draft, &right);
}

static enum err insert_below(struct change *change, struct node_draft *draft)
{
    struct tree_node node = node_view(draft);
    size_t before = 0;
    enum err err = node_search(change->tree, &node, &change->place, &before);
    if (err != ERR_OK)
        return err;
    return node.level ? insert_into_inner(change, draft, before)
                      : insert_into_leaf(change, draft, before);
}

/* A root that has become two gets one above them: the number of the root stays what it is. */
static enum err raise_root(struct change *change, struct node_draft *root)
{
    const struct tree *tree = change->tree;
    size_t level = node_view(root).level + 1;
    if (!change->has_right)
        return ERR_OK;
    if (level >= TREE_DEPTH_MAX)
        return ERR_FULL;
    root->number = change->next++;
    bytes_put_u32(root->bytes + AT_NEXT, 0);
    enum err err = node_write(tree, root);
    struct tree_summary left = change->summary;
    uint32_t left_number = root->number;
    node_begin(root, ROOT, level);
    node_set_count(root, 2);
    node_put_child(tree, root, 0, left_number, &left);
    node_put_child(tree, root, 1, change->right, &change->right_summary);
    return err;
}

static enum err write_root(struct change *change, struct node_draft *root)
{
    bytes_put_u32(root->bytes + AT_NEXT, change->next);
    return change->next == UINT32_MAX ? ERR_FULL : node_write(change->tree, root);
}

static enum err load_root(struct change *change, struct node_draft *root)
{
    enum err err = load(change->tree, ROOT, ANY_LEVEL, root);
    if (err == ERR_OK)
        change->next = bytes_u32(root->bytes + AT_NEXT);
    return err;
}

static struct change change_of(const struct tree *tree, const struct tree_entry *entry,
                               const void *sought)
{
    return (struct change){.tree = tree,
                           .entry = entry,
                           .place = {entry->value, sought, true},
                           .next = ROOT + 1,
                           .at_end = true};
}

enum err tree_insert(const struct tree *tree, const struct tree_entry *entry, const void *sought)
{
    struct change change = change_of(tree, entry, sought);
    struct node_draft root;
    enum err err = load_root(&change, &root);
    if (err == ERR_NOT_FOUND) {
        node_begin(&root, ROOT, 0);
        err = ERR_OK;
    }
    if (err == ERR_OK)
        err = insert_below(&change, &root);
    if (err == ERR_OK)
        err = raise_root(&change, &root);
    return err == ERR_OK ? write_root(&change, &root) : err;
}

/* ---- removing, and another state ---- */

/* Writes a node that is no root, and notes what is below it. */
static enum err save(struct change *change, const struct node_draft *draft)
{
    change->count = node_view(draft).count;
    if (change->count)
        node_sum(change->tree, draft, &change->summary);
    if (draft->number == ROOT)
        return ERR_OK;
    return change->count ? node_write(change->tree, draft)
                         : node_delete(change->tree, draft->number);
}

/* Joins two neighbours that have become small into the left one. */
static enum err join(struct change *change, struct node_draft *parent, size_t left_at)
{
    const struct tree *tree = change->tree;
    struct tree_node node = node_view(parent);
    uint32_t right_number = node_child(node_at(tree, &node, left_at + 1));
    struct node_draft left;
    struct tree_node right;
    enum err err = load(tree, node_child(node_at(tree, &node, left_at)), node.level - 1, &left);
    if (err == ERR_OK)
        err = node_read(tree, right_number, node.level - 1, &right);
    size_t count = node_view(&left).count;
    if (err != ERR_OK || count + right.count > node_capacity(tree, right.level) * 3 / 4)
        return err;
    memcpy(bytes_at(tree, &left, count), node_at(tree, &right, 0),
           right.count * node_stride(tree, right.level));
    node_set_count(&left, count + right.count);
    err = save(change, &left);
    node_put_child(tree, parent, left_at, left.number, &change->summary);
    shift(tree, parent, left_at + 1, false);
    return err == ERR_OK ? node_delete(tree, right_number) : err;
}

static enum err join_small(struct change *change, struct node_draft *parent, size_t at)
{
    struct tree_node node = node_view(parent);
    bool is_small = change->count * 4 <= node_capacity(change->tree, node.level - 1);
    enum err err = ERR_OK;
    if (is_small && at + 1 < node.count)
        err = join(change, parent, at);
    if (err == ERR_OK && is_small && at > 0 && at < node_view(parent).count)
        err = join(change, parent, at - 1);
    return err;
}

/* What becomes of the entry before the place in a leaf. */
typedef void (*leaf_fn)(const struct change *change, struct node_draft *leaf, size_t at);

static enum err change_below(struct change *change, struct node_draft *draft, leaf_fn each);

static enum err change_leaf(struct change *change, struct node_draft *draft, size_t before,
                            leaf_fn each)
{
    struct tree_node node = node_view(draft);
    bool there;
    enum err err = find_entry(change, &node, before, &there);
    if (err != ERR_OK || !there)
        return err == ERR_OK ? ERR_CORRUPT : err;
    each(change, draft, before - 1);
    return save(change, draft);
}

static enum err change_inner(struct change *change, struct node_draft *draft, size_t before,
                             leaf_fn each)
{
    const struct tree *tree = change->tree;
    struct tree_node node = node_view(draft);
    struct node_draft child;
    if (before == 0) /* what is there does not stand before the first */
        return ERR_CORRUPT;
    size_t at = before - 1;
    enum err err = load(tree, node_child(node_at(tree, &node, at)), node.level - 1, &child);
    if (err == ERR_OK)
        err = change_below(change, &child, each);
    if (err != ERR_OK)
        return err;
    if (change->count == 0) {
        shift(tree, draft, at, false);
    } else {
        node_put_child(tree, draft, at, child.number, &change->summary);
        err = join_small(change, draft, at);
    }
    return err == ERR_OK ? save(change, draft) : err;
}

static enum err change_below(struct change *change, struct node_draft *draft, leaf_fn each)
{
    struct tree_node node = node_view(draft);
    size_t before = 0;
    enum err err = node_search(change->tree, &node, &change->place, &before);
    if (err != ERR_OK)
        return err;
    return node.level ? change_inner(change, draft, before, each)
                      : change_leaf(change, draft, before, each);
}

/* A root with a single child takes that child's place. */
static enum err lower_root(const struct tree *tree, struct node_draft *root)
{
    struct tree_node node = node_view(root);
    enum err err = ERR_OK;
    while (err == ERR_OK && node.level > 0 && node.count == 1) {
        uint32_t number = node_child(node_at(tree, &node, 0));
        err = load(tree, number, node.level - 1, root);
        if (err == ERR_OK)
            err = node_delete(tree, number);
        root->number = ROOT;
        node = node_view(root);
    }
    return err;
}

static enum err change_entry(const struct tree *tree, const struct tree_entry *entry,
                             const void *sought, leaf_fn each)
{
    struct change change = change_of(tree, entry, sought);
    struct node_draft root;
    enum err err = load_root(&change, &root);
    if (err == ERR_OK)
        err = change_below(&change, &root, each);
    if (err == ERR_OK)
        err = lower_root(tree, &root);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    return node_view(&root).count ? write_root(&change, &root) : node_delete(tree, ROOT);
}

static void take_out(const struct change *change, struct node_draft *leaf, size_t at)
{
    shift(change->tree, leaf, at, false);
}

static void put_state(const struct change *change, struct node_draft *leaf, size_t at)
{
    node_put_entry(change->tree, leaf, at, change->entry);
}

enum err tree_remove(const struct tree *tree, const struct tree_entry *entry, const void *sought)
{
    return change_entry(tree, entry, sought, take_out);
}

enum err tree_restate(const struct tree *tree, const struct tree_entry *entry, const void *sought)
{
    return change_entry(tree, entry, sought, put_state);
}
