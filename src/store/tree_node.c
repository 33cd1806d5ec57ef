#include "store/tree_node.h"

size_t tree_node_limit;

size_t node_capacity(const struct tree *tree, size_t level)
{
    size_t fits = (NODE_BYTES - HEAD_BYTES) / node_stride(tree, level);
    return tree_node_limit && tree_node_limit < fits ? tree_node_limit : fits;
}

uint64_t node_weight(const struct tree *tree, const struct tree_node *node, size_t at,
                     unsigned states)
{
    const uint8_t *bytes = node_at(tree, node, at);
    if (node->level == 0)
        return !tree->tells_states || states >> node_entry(bytes).state & 1;
    if (!tree->tells_states)
        return node_counted(bytes, 0);
    uint64_t weight = 0;
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (states >> i & 1)
            weight += node_counted(bytes, i);
    return weight;
}

static struct key key_of_node(const struct tree *tree, uint32_t number)
{
    struct key key = key_of_app(tree->app);
    key_put_u8(&key, tree->number);
    key_put_u32(&key, number);
    return key;
}

enum err node_read(const struct tree *tree, uint32_t number, size_t level, struct tree_node *node)
{
    struct key key = key_of_node(tree, number);
    struct str value;
    enum err err = env_get(tree->txn, tree->store, TABLE_TREES, key_view(&key), &value);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND && number != ROOT ? ERR_CORRUPT : err;
    if (value.len < HEAD_BYTES || value.len > NODE_BYTES)
        return ERR_CORRUPT;
    node->bytes = (const uint8_t *)value.ptr;
    node->level = node->bytes[0];
    node->count = bytes_u16(node->bytes + AT_COUNT);
    bool sound = node->level < TREE_DEPTH_MAX && (level == ANY_LEVEL || node->level == level) &&
                 node->count > 0 &&
                 value.len == HEAD_BYTES + node->count * node_stride(tree, node->level);
    return sound ? ERR_OK : ERR_CORRUPT;
}

static enum err stands_before(const struct tree *tree, const uint8_t *at,
                              const struct tree_place *place, bool *before)
{
    struct tree_entry entry = node_entry(at);
    int cmp = 0;
    *before = entry.value < place->value;
    if (entry.value != place->value || !place->sought)
        return ERR_OK;
    enum err err = tree->tie(tree->context, place->sought, entry.slot, &cmp);
    *before = cmp > 0 || (cmp == 0 && place->equal_too);
    return err;
}

enum err node_search(const struct tree *tree, const struct tree_node *node,
                     const struct tree_place *place, size_t *before)
{
    size_t low = 0, high = node->count;
    enum err err = ERR_OK;
    while (err == ERR_OK && low < high) {
        size_t middle = (low + high) / 2;
        bool is_before;
        err = stands_before(tree, node_at(tree, node, middle), place, &is_before);
        if (is_before)
            low = middle + 1;
        else
            high = middle;
    }
    *before = low;
    return err;
}

void node_begin(struct node_draft *draft, uint32_t number, size_t level)
{
    memset(draft->bytes, 0, HEAD_BYTES);
    draft->number = number;
    draft->bytes[0] = (uint8_t)level;
}

void node_set_count(struct node_draft *draft, size_t count)
{
    bytes_put_u16(draft->bytes + AT_COUNT, (uint16_t)count);
}

static uint8_t *draft_at(const struct tree *tree, struct node_draft *draft, size_t at)
{
    return draft->bytes + HEAD_BYTES + at * node_stride(tree, draft->bytes[0]);
}

static void put_entry(uint8_t *at, const struct tree_entry *entry, unsigned state)
{
    bytes_put_u64(at, entry->value);
    bytes_put_u32(at + AT_REF, entry->slot << STATE_BITS | state);
}

void node_put_entry(const struct tree *tree, struct node_draft *draft, size_t at,
                    const struct tree_entry *entry)
{
    put_entry(draft_at(tree, draft, at), entry, tree->tells_states ? entry->state : 0);
}

void node_put_child(const struct tree *tree, struct node_draft *draft, size_t at, uint32_t child,
                    const struct tree_summary *summary)
{
    uint8_t *bytes = draft_at(tree, draft, at);
    put_entry(bytes, &summary->first, 0);
    bytes_put_u32(bytes + AT_CHILD, child);
    for (size_t i = 0; i < (tree->tells_states ? STATUS_COUNT : 1); i++)
        bytes_put_u32(bytes + AT_COUNTS + i * COUNT_BYTES, summary->counts[i]);
}

void node_sum(const struct tree *tree, const struct node_draft *draft, struct tree_summary *summary)
{
    struct tree_node node = node_view(draft);
    *summary = (struct tree_summary){.first = node_entry(node_at(tree, &node, 0))};
    for (size_t at = 0; at < node.count; at++) {
        const uint8_t *bytes = node_at(tree, &node, at);
        if (node.level == 0)
            summary->counts[tree->tells_states ? node_entry(bytes).state % STATUS_COUNT : 0]++;
        else
            for (size_t i = 0; i < (tree->tells_states ? STATUS_COUNT : 1); i++)
                summary->counts[i] += node_counted(bytes, i);
    }
}

enum err node_write(const struct tree *tree, const struct node_draft *draft)
{
    struct key key = key_of_node(tree, draft->number);
    struct tree_node node = node_view(draft);
    size_t len = HEAD_BYTES + node.count * node_stride(tree, node.level);
    MDB_val at = env_val(key_view(&key)), value = {len, (void *)draft->bytes};
    return env_write_error(
        tree->store, mdb_put(tree->txn, tree->store->tables[TABLE_TREES], &at, &value, 0), "trees");
}

enum err node_delete(const struct tree *tree, uint32_t number)
{
    struct key key = key_of_node(tree, number);
    MDB_val at = env_val(key_view(&key));
    return env_write_error(
        tree->store, mdb_del(tree->txn, tree->store->tables[TABLE_TREES], &at, NULL), "trees");
}
