/* The counted trees alone, beside a plain sorted list. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/damage.h"
#include "store/tree.h"
#include "support/random.h"

SUITE(tree);

enum { ENTRIES_MAX = 60000, APP = 7, NUMBER = 3 };

/* An entry, and what it is told by from others of its value. */
struct leaf {
    struct tree_entry entry;
    uint64_t tie;
};

struct grove {
    struct scene scene;
    struct tree tree;
    uint64_t seed;
    struct leaf *leaves; /* in order */
    size_t count;
    uint64_t *ties; /* by slot, counted from the greatest down */
    size_t slots;   /* handed out so far */
};

/* Slots are used from the greatest on, so that all of their bits are seen. */
static uint32_t slot_of(size_t at)
{
    return (uint32_t)((size_t)TREE_SLOT_MAX - at);
}

static enum err tie(void *context, const void *sought, uint32_t slot, int *cmp)
{
    const struct grove *grove = context;
    size_t at = (size_t)TREE_SLOT_MAX - slot;
    uint64_t left = *(const uint64_t *)sought;
    if (at >= grove->slots)
        return ERR_CORRUPT;
    *cmp = (left > grove->ties[at]) - (left < grove->ties[at]);
    return ERR_OK;
}

static void write_begin(struct grove *grove)
{
    cr_assert_eq(mdb_txn_begin(grove->scene.store->env, NULL, 0, &grove->tree.txn), 0);
}

static void write_end(struct grove *grove)
{
    cr_assert_eq(mdb_txn_commit(grove->tree.txn), 0);
    grove->tree.txn = NULL;
}

/* In a transaction that is for the caller to end. */
static struct grove *grove_new(size_t limit, bool tells_states)
{
    struct grove *grove = calloc(1, sizeof(*grove));
    cr_assert_not_null(grove);
    grove->seed = random_begin();
    grove->scene = scene_new(0);
    grove->leaves = calloc(ENTRIES_MAX, sizeof(*grove->leaves));
    grove->ties = calloc(4 * ENTRIES_MAX, sizeof(*grove->ties));
    cr_assert(grove->leaves && grove->ties);
    grove->tree = (struct tree){.store = grove->scene.store,
                                .app = APP,
                                .number = NUMBER,
                                .tells_states = tells_states,
                                .tie = tie,
                                .context = grove};
    tree_node_limit = limit;
    write_begin(grove);
    return grove;
}

static void grove_end(struct grove *grove)
{
    if (grove->tree.txn)
        mdb_txn_abort(grove->tree.txn);
    scene_end(&grove->scene);
    free(grove->leaves);
    free(grove->ties);
    free(grove);
    tree_node_limit = 0;
}

static void must(const struct grove *grove, bool holds, const char *what)
{
    cr_assert(holds, "ROLLCALL_SEED=%" PRIu64 ", limit %zu, %s states, %zu entries: %s",
              grove->seed, tree_node_limit, grove->tree.tells_states ? "with" : "without",
              grove->count, what);
}

#define MUST_BE(grove, call, expected) must(grove, (call) == (expected), #call)

/* ---- the list ---- */

/* How many leaves stand before that place. */
static size_t list_rank(const struct grove *grove, uint64_t value, uint64_t sought)
{
    size_t low = 0, high = grove->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct leaf *leaf = &grove->leaves[middle];
        if (leaf->entry.value < value || (leaf->entry.value == value && leaf->tie < sought))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct leaf *leaf, unsigned states)
{
    return states >> leaf->entry.state & 1;
}

static uint64_t list_count(const struct grove *grove, size_t end, unsigned states)
{
    uint64_t count = 0;
    for (size_t i = 0; i < end; i++)
        count += is_of(&grove->leaves[i], states);
    return count;
}

/* ---- changes ---- */

static struct leaf draw_leaf(struct grove *grove, uint64_t value)
{
    struct leaf leaf = {.entry = {.value = value, .slot = slot_of(grove->slots)}};
    cr_assert(grove->slots < 4 * ENTRIES_MAX);
    leaf.tie = random_u64() & ~UINT64_C(1); /* odd ones are nobody's */
    leaf.entry.state = grove->tree.tells_states ? (unsigned)random_below(STATUS_COUNT) : 0;
    grove->ties[grove->slots++] = leaf.tie;
    return leaf;
}

static void insert(struct grove *grove, uint64_t value)
{
    struct leaf leaf = draw_leaf(grove, value);
    size_t at = list_rank(grove, value, leaf.tie);
    memmove(&grove->leaves[at + 1], &grove->leaves[at], (grove->count - at) * sizeof(leaf));
    grove->leaves[at] = leaf;
    grove->count++;
    MUST_BE(grove, tree_insert(&grove->tree, &leaf.entry, &leaf.tie), ERR_OK);
}

static void take_out(struct grove *grove, size_t at)
{
    struct leaf leaf = grove->leaves[at];
    grove->count--;
    memmove(&grove->leaves[at], &grove->leaves[at + 1], (grove->count - at) * sizeof(leaf));
    MUST_BE(grove, tree_remove(&grove->tree, &leaf.entry, &leaf.tie), ERR_OK);
}

static void restate(struct grove *grove)
{
    struct leaf *leaf = &grove->leaves[random_below(grove->count)];
    if (grove->tree.tells_states)
        leaf->entry.state = (unsigned)random_below(STATUS_COUNT);
    MUST_BE(grove, tree_restate(&grove->tree, &leaf->entry, &leaf->tie), ERR_OK);
}

/* What is there cannot come, and what is not cannot go; nothing is changed by it. */
static void refuse(struct grove *grove)
{
    struct leaf there = grove->leaves[random_below(grove->count)], absent = there;
    absent.tie ^= 1;
    MUST_BE(grove, tree_insert(&grove->tree, &there.entry, &there.tie), ERR_CORRUPT);
    MUST_BE(grove, tree_remove(&grove->tree, &absent.entry, &absent.tie), ERR_CORRUPT);
    MUST_BE(grove, tree_restate(&grove->tree, &absent.entry, &absent.tie), ERR_CORRUPT);
    absent.entry.value++;
    MUST_BE(grove, tree_remove(&grove->tree, &absent.entry, &there.tie), ERR_CORRUPT);
}

/* ---- looks ---- */

static bool same(const struct tree_entry *entry, const struct leaf *leaf)
{
    return entry->value == leaf->entry.value && entry->slot == leaf->entry.slot &&
           entry->state == leaf->entry.state;
}

/* Both ways from a place on, past the end and past the beginning. */
static void walk(const struct grove *grove, struct tree_cursor *cursor, size_t at)
{
    struct tree_entry entry;
    size_t steps = random_below(2) ? random_below(40) : 0;
    for (; steps > 0 && at < grove->count; steps--, at++) {
        MUST_BE(grove, tree_next(cursor, &entry), ERR_OK);
        must(grove, same(&entry, &grove->leaves[at]), "the next one is another");
        MUST_BE(grove, cursor->position, at + 1);
    }
    if (at == grove->count) {
        MUST_BE(grove, tree_next(cursor, &entry), ERR_NOT_FOUND);
        MUST_BE(grove, tree_next(cursor, &entry), ERR_NOT_FOUND);
    }
    for (steps = random_below(40); steps > 0 && at > 0; steps--) {
        MUST_BE(grove, tree_previous(cursor, &entry), ERR_OK);
        must(grove, same(&entry, &grove->leaves[--at]), "the previous one is another");
        MUST_BE(grove, cursor->position, at);
    }
    if (at == 0) {
        MUST_BE(grove, tree_previous(cursor, &entry), ERR_NOT_FOUND);
        MUST_BE(grove, tree_previous(cursor, &entry), ERR_NOT_FOUND);
    }
    if (at < grove->count) {
        MUST_BE(grove, tree_next(cursor, &entry), ERR_OK);
        must(grove, same(&entry, &grove->leaves[at]), "there and back is elsewhere");
    }
}

static void run_on(const struct grove *grove, struct tree_cursor *cursor, size_t at)
{
    struct tree_run run = {.count = 1};
    uint64_t most = random_below(4) ? 1 + random_below(50) : UINT64_MAX;
    for (size_t rounds = 5; rounds > 0 && run.count > 0; rounds--) {
        MUST_BE(grove, tree_next_run(cursor, most, &run), ERR_OK);
        must(grove, run.count <= most && run.count <= grove->count - at, "the run is too long");
        must(grove, (run.count == 0) == (at == grove->count), "the run ends before the end");
        for (size_t i = 0; i < run.count; i++, at++) {
            const struct tree_entry *entry = &grove->leaves[at].entry;
            uint32_t ref = tree_run_ref(&run, i);
            must(grove, tree_ref_slot(ref) == entry->slot && tree_ref_state(ref) == entry->state,
                 "another is in the run");
        }
        MUST_BE(grove, cursor->position, at);
    }
}

static void look_at_place(const struct grove *grove, uint64_t value, uint64_t sought,
                          unsigned states)
{
    const struct tree *tree = &grove->tree;
    struct tree_cursor cursor;
    struct tree_entry entry;
    uint64_t rank;
    size_t at = list_rank(grove, value, sought), first = list_rank(grove, value, 0);
    const struct leaf *leaf = at < grove->count ? &grove->leaves[at] : NULL;
    bool there = leaf && leaf->entry.value == value && leaf->tie == sought;
    MUST_BE(grove, tree_rank_of(tree, value, &sought, states, &rank), ERR_OK);
    MUST_BE(grove, rank, list_count(grove, at, states));
    MUST_BE(grove, tree_rank(tree, value, states, &rank), ERR_OK);
    MUST_BE(grove, rank, list_count(grove, first, states));
    MUST_BE(grove, tree_find(tree, value, &sought, &entry), there ? ERR_OK : ERR_NOT_FOUND);
    must(grove, !there || same(&entry, leaf), "another was found");
    MUST_BE(grove, tree_seek_value(&cursor, tree, value), ERR_OK);
    MUST_BE(grove, cursor.position, first);
    walk(grove, &cursor, first);
}

/* Where the leaf lies that has so many of these states before it. */
static size_t list_seek(const struct grove *grove, uint64_t position, unsigned states)
{
    size_t at = 0;
    for (; at < grove->count; at++)
        if (is_of(&grove->leaves[at], states) && position-- == 0)
            break;
    return at;
}

static void look_at_position(const struct grove *grove, uint64_t position, unsigned states)
{
    const struct tree *tree = &grove->tree;
    struct tree_cursor cursor;
    uint64_t rank;
    size_t at = list_seek(grove, position, states);
    size_t before = position < grove->count ? (size_t)position : grove->count;
    MUST_BE(grove, tree_rank_at(tree, position, states, &rank), ERR_OK);
    MUST_BE(grove, rank, list_count(grove, before, states));
    MUST_BE(grove, tree_seek(&cursor, tree, position, states), ERR_OK);
    MUST_BE(grove, cursor.position, at);
    walk(grove, &cursor, at);
    MUST_BE(grove, tree_seek(&cursor, tree, position, states), ERR_OK);
    run_on(grove, &cursor, at);
}

static void look(const struct grove *grove)
{
    const struct leaf none = {.entry = {.value = random_u64()}};
    const struct leaf *leaf = grove->count ? &grove->leaves[random_below(grove->count)] : &none;
    unsigned states = grove->tree.tells_states ? (unsigned)random_below(TREE_ALL + 1) : TREE_ALL;
    uint64_t count;
    MUST_BE(grove, tree_count(&grove->tree, states, &count), ERR_OK);
    MUST_BE(grove, count, list_count(grove, grove->count, states));
    look_at_place(grove, leaf->entry.value, leaf->tie, states);
    look_at_place(grove, leaf->entry.value + random_below(3) - 1, leaf->tie + random_below(3) - 1,
                  states);
    look_at_place(grove, random_below(2) ? 0 : UINT64_MAX, random_below(2) ? 0 : UINT64_MAX,
                  states);
    look_at_position(grove, random_below(grove->count + 3), states);
    look_at_position(grove, random_below(2) ? count : 0, states);
    look_at_position(grove, random_below(8) ? count + random_below(3) : UINT64_MAX, states);
}

/* Nothing is wrong with the nodes, and all there are are of the tree. */
static uint64_t check(struct grove *grove)
{
    uint64_t entries, nodes;
    MDB_stat stat;
    MUST_BE(grove, tree_check(&grove->tree, &entries, &nodes), ERR_OK);
    MUST_BE(grove, entries, grove->count);
    cr_assert_eq(mdb_stat(grove->tree.txn, grove->scene.store->tables[TABLE_TREES], &stat), 0);
    MUST_BE(grove, stat.ms_entries, nodes);
    return nodes;
}

/* ---- tests ---- */

static const size_t limits[] = {4, 5, 7, 0};

/* Each limit, without states and with them. */
#define EACH_KIND(grove)                                                                           \
    for (size_t kind_ = 0; kind_ < 2 * LEN(limits); kind_++)                                       \
        for (struct grove *grove = grove_new(limits[kind_ / 2], kind_ % 2); grove;                 \
             grove_end(grove), grove = NULL)

static void empty(struct grove *grove, size_t left)
{
    while (grove->count > left) {
        take_out(grove, random_below(grove->count));
        if (random_below(16) == 0)
            look(grove);
    }
    check(grove);
}

/* Few values, so that most are equal to some; or any. */
static uint64_t draw_value(size_t few)
{
    return few ? random_below(few) * 1000 : random_u64();
}

static void change(struct grove *grove, size_t target, size_t few)
{
    if (grove->count == 0 || random_below(3) > (grove->count >= target ? 1 : 0))
        insert(grove, draw_value(few));
    else if (random_below(3) == 0)
        restate(grove);
    else if (random_below(8) == 0)
        refuse(grove);
    else if (grove->count > target || random_below(2))
        take_out(grove, random_below(grove->count));
}

Test(tree, changes_at_random)
{
    static const size_t fews[] = {0, 1, 3, 40};
    EACH_KIND(grove)
    for (size_t i = 0; i < LEN(fews); i++) {
        size_t most = tree_node_limit ? 200 : 1500;
        for (size_t step = 0; step < 4 * most; step++) {
            change(grove, step < 3 * most ? most : most / 10, fews[i]);
            if (random_below(tree_node_limit ? 2 : 20) == 0)
                look(grove);
        }
        check(grove);
        empty(grove, random_below(2) ? 0 : 3);
    }
}

Test(tree, entries_that_come_in_order_or_are_equal)
{
    EACH_KIND(grove)
    for (int way = 0; way < 4; way++) {
        uint64_t count = tree_node_limit ? 300 : 3000;
        for (uint64_t i = 0; i < count; i++) {
            insert(grove, way == 0 ? i : way == 1 ? count - i : way == 2 ? 5 : i / 100);
            if (random_below(40) == 0)
                look(grove);
        }
        check(grove);
        empty(grove, 0);
    }
}

/* From one end on, until none is left. */
Test(tree, entries_that_go_in_order)
{
    EACH_KIND(grove)
    for (int way = 0; way < 3; way++) {
        for (int i = 0; i < (tree_node_limit ? 300 : 3000); i++)
            insert(grove, random_u64());
        while (grove->count > 0) {
            take_out(grove, way == 0 ? 0 : way == 1 ? grove->count - 1 : grove->count / 2);
            if (random_below(40) == 0)
                look(grove);
        }
        MUST_BE(grove, check(grove), 0);
    }
}

static void build(struct grove *grove, size_t count)
{
    struct tree_build build;
    for (size_t i = 0; i < count; i++) {
        grove->leaves[i] = draw_leaf(grove, i / 3 * 10);
        /* Of one value those that come later are greater. */
        grove->leaves[i].tie = grove->ties[grove->slots - 1] = 2 * i;
    }
    grove->count = count;
    MUST_BE(grove, tree_build_begin(&build, &grove->tree), ERR_OK);
    for (size_t i = 0; i < count; i++)
        MUST_BE(grove, tree_build_add(&build, &grove->leaves[i].entry), ERR_OK);
    MUST_BE(grove, tree_build_end(&build, true), ERR_OK);
}

/* Full nodes, and one more or less than fills them; then changed like any other. */
Test(tree, trees_that_are_built_at_once)
{
    static const size_t counts[] = {0,  1,  3,   4,   5,   6,   15,  16,  17,  20,
                                    25, 26, 340, 339, 338, 256, 257, 343, 344, 1000};
    EACH_KIND(grove)
    for (size_t i = 0; i < LEN(counts); i++) {
        build(grove, counts[i]);
        check(grove);
        for (int times = 0; times < 10; times++)
            look(grove);
        for (int times = 0; times < 60; times++)
            change(grove, counts[i], 400);
        look(grove);
        empty(grove, 0);
    }
}

Test(tree, a_large_tree_that_is_built_at_once)
{
    struct grove *grove = grove_new(0, true);
    build(grove, ENTRIES_MAX - 100);
    check(grove);
    for (int times = 0; times < 50; times++) {
        change(grove, ENTRIES_MAX - 100, 20000);
        look(grove);
    }
    check(grove);
    grove_end(grove);
}

Test(tree, a_build_that_is_given_up_leaves_nothing_in_memory)
{
    struct grove *grove = grove_new(0, true);
    struct tree_build build;
    struct tree_entry entry = {.value = 1};
    MUST_BE(grove, tree_build_begin(&build, &grove->tree), ERR_OK);
    MUST_BE(grove, tree_build_add(&build, &entry), ERR_OK);
    MUST_BE(grove, tree_build_end(&build, false), ERR_OK);
    grove_end(grove);
}

/* A store may go on with nodes of another size than it began with. */
Test(tree, nodes_of_another_size)
{
    struct grove *grove = grove_new(0, true);
    for (size_t i = 0; i < 12; i++) {
        tree_node_limit = limits[(i + 3) % LEN(limits)];
        for (size_t step = 0; step < 600; step++)
            change(grove, i % 2 ? 50 : 400, 100);
        look(grove);
        check(grove);
    }
    empty(grove, 0);
    grove_end(grove);
}

/* However they come, nodes are not nearly empty. */
Test(tree, nodes_are_filled)
{
    enum { LEAF = 339, COUNT = 12 * LEAF, ENTRIES_A_NODE = 100 };
    for (int way = 0; way < 4; way++) {
        struct grove *grove = grove_new(0, true);
        for (uint64_t i = 0; i < COUNT / 2; i++)
            insert(grove, i);
        for (uint64_t i = 0; i < COUNT / 2; i++)
            insert(grove, way == 0   ? COUNT + i
                          : way == 1 ? COUNT - i
                          : way == 2 ? 1000
                                     : COUNT + random_below(COUNT));
        uint64_t nodes = check(grove);
        cr_assert(nodes * ENTRIES_A_NODE <= COUNT, "way %d: %" PRIu64 " nodes of %d entries", way,
                  nodes, COUNT);
        for (size_t i = 0; i < COUNT - 400; i++)
            take_out(grove, random_below(grove->count));
        nodes = check(grove);
        cr_assert(nodes * 20 <= 400, "way %d: %" PRIu64 " nodes of 400 entries", way, nodes);
        grove_end(grove);
    }
}

/* ---- damage ---- */

static void must_be_told(const struct grove *grove, enum err err)
{
    must(grove, err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_FULL,
         err_word(err));
}

/* Everything that can be asked, of which the answers may be wrong but must come. */
static void ask_all(const struct grove *grove)
{
    const struct tree *tree = &grove->tree;
    const struct leaf *leaf = &grove->leaves[random_below(grove->count)];
    struct tree_cursor cursor;
    struct tree_entry entry;
    uint64_t number;
    enum err err = tree_seek(&cursor, tree, random_below(grove->count + 1), TREE_ALL);
    for (size_t i = 0; err == ERR_OK && i < 2 * grove->count; i++)
        err = tree_next(&cursor, &entry);
    must_be_told(grove, err);
    err = tree_seek_value(&cursor, tree, leaf->entry.value);
    for (size_t i = 0; err == ERR_OK && i < 2 * grove->count; i++)
        err = tree_previous(&cursor, &entry);
    must_be_told(grove, err);
    must_be_told(grove, tree_count(tree, 5, &number));
    must_be_told(grove, tree_rank(tree, leaf->entry.value, 3, &number));
    must_be_told(grove, tree_rank_at(tree, random_below(grove->count), 3, &number));
    must_be_told(grove, tree_rank_of(tree, leaf->entry.value, &leaf->tie, 3, &number));
    must_be_told(grove, tree_find(tree, leaf->entry.value, &leaf->tie, &entry));
}

/* The same of changes, which are not kept. */
static void change_all(struct grove *grove)
{
    for (size_t i = 0; i < 8; i++) {
        const struct leaf *leaf = &grove->leaves[random_below(grove->count)];
        uint64_t other = leaf->tie ^ 2;
        must_be_told(grove, tree_insert(&grove->tree, &leaf->entry, &other));
        must_be_told(grove, tree_restate(&grove->tree, &leaf->entry, &leaf->tie));
        must_be_told(grove, tree_remove(&grove->tree, &leaf->entry, &leaf->tie));
    }
}

static enum err try_all(struct grove *grove)
{
    uint64_t entries, nodes;
    write_begin(grove);
    enum err err = tree_check(&grove->tree, &entries, &nodes);
    must_be_told(grove, err);
    ask_all(grove);
    change_all(grove);
    mdb_txn_abort(grove->tree.txn);
    grove->tree.txn = NULL;
    return err;
}

static struct grove *grove_of_many_nodes(size_t limit, size_t *rows)
{
    struct grove *grove = grove_new(limit, true);
    for (int i = 0; i < 600; i++)
        insert(grove, random_below(300));
    *rows = check(grove);
    write_end(grove);
    return grove;
}

/* Other bits, where nodes have their heads more often than where they have entries. */
static void flip(struct row *row)
{
    for (size_t left = 1 + random_below(3); left > 0; left--) {
        size_t at = random_below(2) ? random_below(8) : random_below(row->value_len);
        unsigned bits = random_below(2) ? 1U << random_below(8) : 1 + (unsigned)random_below(255);
        row->value[at] = (char)((unsigned char)row->value[at] ^ bits);
    }
}

Test(tree, flipped_bytes_lead_nowhere)
{
    static const size_t sizes[] = {4, 12, 0};
    for (size_t i = 0; i < LEN(sizes); i++) {
        size_t rows;
        struct grove *grove = grove_of_many_nodes(sizes[i], &rows);
        for (int times = 0; times < 250; times++) {
            struct row sound, damaged;
            cr_assert(row_read(&grove->scene, TABLE_TREES, random_below(rows), &sound));
            damaged = sound;
            flip(&damaged);
            row_write(&grove->scene, &damaged);
            (void)try_all(grove);
            row_write(&grove->scene, &sound);
        }
        MUST_BE(grove, try_all(grove), ERR_OK);
        grove_end(grove);
    }
}

Test(tree, nodes_that_are_cut_off_or_gone_are_noticed)
{
    size_t rows;
    struct grove *grove = grove_of_many_nodes(12, &rows);
    for (int times = 0; times < 150; times++) {
        struct row sound, damaged;
        cr_assert(row_read(&grove->scene, TABLE_TREES, random_below(rows), &sound));
        damaged = sound;
        damaged.value_len = times % 3 ? random_below(sound.value_len) : sound.value_len + 1;
        row_write(&grove->scene, &damaged);
        MUST_BE(grove, try_all(grove), ERR_CORRUPT);
        row_write(&grove->scene, &sound);
    }
    for (size_t at = 1; at < rows; at++) {
        struct row sound;
        cr_assert(row_read(&grove->scene, TABLE_TREES, at, &sound));
        row_delete(&grove->scene, &sound);
        MUST_BE(grove, try_all(grove), ERR_CORRUPT);
        row_write(&grove->scene, &sound);
    }
    MUST_BE(grove, try_all(grove), ERR_OK);
    grove_end(grove);
}

/* In the place of the root a node is a tree, but of fewer nodes than there are. */
static bool is_whole(struct grove *grove, size_t rows)
{
    uint64_t entries, nodes;
    write_begin(grove);
    enum err err = tree_check(&grove->tree, &entries, &nodes);
    mdb_txn_abort(grove->tree.txn);
    grove->tree.txn = NULL;
    return err == ERR_OK && entries == grove->count && nodes == rows;
}

/* A node that stands in two places, or in the place of another level. */
Test(tree, nodes_in_others_places_are_noticed)
{
    size_t rows;
    struct grove *grove = grove_of_many_nodes(12, &rows);
    for (int times = 0; times < 150; times++) {
        struct row sound, damaged, other;
        cr_assert(row_read(&grove->scene, TABLE_TREES, random_below(rows), &sound));
        cr_assert(row_read(&grove->scene, TABLE_TREES, random_below(rows), &other));
        damaged = sound;
        damaged.value_len = other.value_len;
        memcpy(damaged.value, other.value, other.value_len);
        row_write(&grove->scene, &damaged);
        bool is_same = memcmp(sound.key, other.key, sound.key_len) == 0;
        must(grove, is_same == is_whole(grove, rows), "a node in another's place was not noticed");
        (void)try_all(grove);
        row_write(&grove->scene, &sound);
    }
    grove_end(grove);
}
