/* How a node of a counted tree lies in its bytes; tree*.c alone include this.
 *   0 level  1 zero  2 count (2 bytes)  4 in the root: the next node's number (4 bytes)
 *   8 entries, of a leaf:        value (8), slot << 3 | state (4)
 *              of an inner node: value (8), slot << 3 (4), child (4), counts (4 each) */
#ifndef ROLLCALL_STORE_TREE_NODE_H
#define ROLLCALL_STORE_TREE_NODE_H

#include "base/bytes.h"
#include "store/tree.h"

enum {
    NODE_BYTES = 4080, /* with LMDB's header of a page it is a page */
    HEAD_BYTES = 8,
    AT_COUNT = 2,
    AT_NEXT = 4,
    AT_REF = 8,
    AT_CHILD = 12,
    AT_COUNTS = 16,
    LEAF_STRIDE = TREE_ENTRY_BYTES,
    COUNT_BYTES = 4,
    STATE_BITS = TREE_STATE_BITS,
    STATE_MASK = TREE_STATE_MASK,
    ROOT = 0
};
_Static_assert((int)STATUS_COUNT <= (int)STATE_MASK, "a state fits");

static inline size_t node_stride(const struct tree *tree, size_t level)
{
    size_t counts = tree->tells_states ? STATUS_COUNT : 1;
    return level ? AT_COUNTS + counts * COUNT_BYTES : LEAF_STRIDE;
}

/* How many entries a node may have. */
size_t node_capacity(const struct tree *tree, size_t level);

static inline const uint8_t *node_at(const struct tree *tree, const struct tree_node *node,
                                     size_t at)
{
    return node->bytes + HEAD_BYTES + at * node_stride(tree, node->level);
}

/* The entry itself, or the first one below a child. */
static inline struct tree_entry node_entry(const uint8_t *at)
{
    uint32_t ref = bytes_u32(at + AT_REF);
    return (struct tree_entry){bytes_u64(at), ref >> STATE_BITS, ref & STATE_MASK};
}

static inline uint32_t node_child(const uint8_t *at)
{
    return bytes_u32(at + AT_CHILD);
}

static inline uint32_t node_counted(const uint8_t *at, size_t which)
{
    return bytes_u32(at + AT_COUNTS + which * COUNT_BYTES);
}

/* How many entries of these states stand at `at`: below a child, or the one of a leaf. */
uint64_t node_weight(const struct tree *tree, const struct tree_node *node, size_t at,
                     unsigned states);

/* Reads a node, of which the level is known unless it is the root (any_level). ERR_NOT_FOUND: no
 * such node, which is for the root alone to be. ERR_CORRUPT. */
enum err node_read(const struct tree *tree, uint32_t number, size_t level,
                   struct tree_node *node) MUST_CHECK;
enum { ANY_LEVEL = TREE_DEPTH_MAX };

/* How many of a node's entries stand before the place (value, sought); without `sought`, before all
 * of that value; with `equal_too`, up to and with the one that is equal. */
struct tree_place {
    uint64_t value;
    const void *sought;
    bool equal_too;
};
enum err node_search(const struct tree *tree, const struct tree_node *node,
                     const struct tree_place *place, size_t *before) MUST_CHECK;

/* A node that is being changed, or made. */
struct node_draft {
    uint32_t number;
    uint8_t bytes[NODE_BYTES];
};
static inline struct tree_node node_view(const struct node_draft *draft)
{
    return (struct tree_node){draft->bytes, draft->bytes[0], bytes_u16(draft->bytes + AT_COUNT)};
}
void node_begin(struct node_draft *draft, uint32_t number, size_t level);
void node_set_count(struct node_draft *draft, size_t count);
/* Writes an entry of a leaf, or a child with what is below it, over what stands there. */
void node_put_entry(const struct tree *tree, struct node_draft *draft, size_t at,
                    const struct tree_entry *entry);
void node_put_child(const struct tree *tree, struct node_draft *draft, size_t at, uint32_t child,
                    const struct tree_summary *summary);
/* What the node sums up to. */
void node_sum(const struct tree *tree, const struct node_draft *draft,
              struct tree_summary *summary);
enum err node_write(const struct tree *tree, const struct node_draft *draft) MUST_CHECK;
enum err node_delete(const struct tree *tree, uint32_t number) MUST_CHECK;

#endif
