#include "store/sequence.h"

#include <stdlib.h>

static const struct tree *tree_of(const struct sequence *sequence)
{
    return &sequence->index->trees[sequence->number];
}

/* ---- patches ---- */

static int patch_cmp(const void *left, const void *right)
{
    const struct patch *a = left, *b = right;
    return (a->position > b->position) - (a->position < b->position);
}

/* Trees that tell no states are not asked for some, and nothing but what is left out is patched. */
static enum err place_patches(struct sequence *sequence, struct patch *patches, size_t count)
{
    enum err err = ERR_OK;
    uint64_t ordinal = 0, last = sequence->base;
    size_t within = 0;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct patch patch = patches[i];
        err = index_position(sequence->index, sequence->number, patch.slot, &patch.position);
        if (patch.position >= sequence->begin && patch.position < sequence->end)
            patches[within++] = patch;
    }
    sequence->patch_count = count = within;
    if (count)
        qsort(patches, count, sizeof(*patches), patch_cmp);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct patch *patch = &patches[i];
        err = tree_rank_at(tree_of(sequence), patch->position, sequence->states, &patch->rank);
        patch->ordinal = ordinal + (patch->rank - last);
        ordinal = patch->ordinal + patch->in;
        last = patch->rank + !patch->in;
        sequence->count += patch->in ? 1 : UINT64_MAX;
    }
    return err;
}

enum err sequence_of_states(struct sequence *sequence, const struct index *index,
                            enum tree_number number, unsigned states, uint64_t begin, uint64_t end,
                            struct patch *patches, size_t patch_count)
{
    uint64_t up_to = end;
    *sequence = (struct sequence){.index = index,
                                  .number = number,
                                  .begin = begin,
                                  .end = end,
                                  .states = states,
                                  .base = begin};
    enum err err = ERR_OK;
    if (states != TREE_ALL) {
        err = tree_rank_at(tree_of(sequence), begin, states, &sequence->base);
        if (err == ERR_OK)
            err = tree_rank_at(tree_of(sequence), end, states, &up_to);
    }
    if (err != ERR_OK)
        return err;
    sequence->count = up_to - sequence->base;
    sequence->patches = patches;
    return place_patches(sequence, patches, patch_count);
}

enum err sequence_of_set(struct sequence *sequence, const struct index *index,
                         enum tree_number number, const struct slot_set *set, uint64_t count)
{
    *sequence = (struct sequence){
        .index = index, .number = number, .count = count, .states = TREE_ALL, .set = set};
    return tree_count(tree_of(sequence), TREE_ALL, &sequence->end);
}

static const struct patch *patch_at(const struct sequence *sequence, uint64_t position)
{
    struct patch sought = {.position = position};
    return sequence->patch_count ? bsearch(&sought, sequence->patches, sequence->patch_count,
                                           sizeof(sought), patch_cmp)
                                 : NULL;
}

static bool matches(const struct sequence *sequence, uint32_t ref, uint64_t position)
{
    if (sequence->set)
        return slot_set_has(sequence->set, tree_ref_slot(ref));
    const struct patch *patch = patch_at(sequence, position);
    return patch                          ? patch->in
           : sequence->states == TREE_ALL ? true
                                          : sequence->states >> tree_ref_state(ref) & 1;
}

/* ---- locating ---- */

static enum err locate_by_count(const struct sequence *sequence, uint64_t ordinal,
                                uint64_t *position)
{
    uint64_t rank = sequence->base + ordinal;
    for (size_t i = 0; i < sequence->patch_count; i++) {
        const struct patch *patch = &sequence->patches[i];
        if (patch->ordinal > ordinal)
            break;
        if (patch->in && patch->ordinal == ordinal) {
            *position = patch->position;
            return ERR_OK;
        }
        rank = patch->rank + !patch->in + (ordinal - patch->ordinal - patch->in);
    }
    struct tree_cursor cursor;
    enum err err = tree_seek(&cursor, tree_of(sequence), rank, sequence->states);
    *position = cursor.position;
    return err;
}

/* Where in a run the one is that has `left` members before it; those of the run where it is not in
 * it are taken off. */
static size_t find_in_run(const struct slot_set *set, const struct tree_run *run, uint64_t *left)
{
    size_t at = 0;
    for (; at < run->count; at++) {
        bool has = slot_set_has(set, tree_ref_slot(tree_run_ref(run, at)));
        if (has && *left == 0)
            break;
        *left -= has;
    }
    return at;
}

static enum err locate_forwards(const struct sequence *sequence, uint64_t left, uint64_t *position)
{
    struct tree_cursor cursor;
    struct tree_run run = {NULL, 1};
    enum err err = tree_seek(&cursor, tree_of(sequence), 0, TREE_ALL);
    while (err == ERR_OK && run.count > 0) {
        err = tree_next_run(&cursor, UINT64_MAX, &run);
        size_t at = err == ERR_OK ? find_in_run(sequence->set, &run, &left) : 0;
        *position = cursor.position - run.count + at;
        if (err == ERR_OK && at < run.count)
            return ERR_OK;
    }
    return err == ERR_OK ? ERR_CORRUPT : err;
}

static enum err locate_backwards(const struct sequence *sequence, uint64_t left, uint64_t *position)
{
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = tree_seek(&cursor, tree_of(sequence), sequence->end, TREE_ALL);
    while (err == ERR_OK) {
        err = tree_previous(&cursor, &entry);
        bool has = err == ERR_OK && slot_set_has(sequence->set, entry.slot);
        *position = cursor.position;
        if (has && left == 0)
            return ERR_OK;
        left -= has;
    }
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* From the nearer end. */
static enum err locate_by_walk(const struct sequence *sequence, uint64_t ordinal,
                               uint64_t *position)
{
    return ordinal < sequence->count / 2
               ? locate_forwards(sequence, ordinal, position)
               : locate_backwards(sequence, sequence->count - 1 - ordinal, position);
}

enum err sequence_locate(const struct sequence *sequence, uint64_t ordinal, uint64_t *position)
{
    return sequence->set ? locate_by_walk(sequence, ordinal, position)
                         : locate_by_count(sequence, ordinal, position);
}

/* ---- counting and walking ---- */

static enum err count_one(void *context, uint32_t slot)
{
    uint64_t *count = context;
    (void)slot;
    ++*count;
    return ERR_OK;
}

enum err sequence_count(const struct sequence *sequence, uint64_t begin, uint64_t end,
                        uint64_t *count)
{
    uint64_t before = begin, up_to = end;
    *count = 0;
    if (sequence->set)
        return sequence_each(sequence, &(struct stretch){begin, end, 0, UINT64_MAX}, count_one,
                             count);
    enum err err = ERR_OK;
    if (sequence->states != TREE_ALL) {
        err = tree_rank_at(tree_of(sequence), begin, sequence->states, &before);
        if (err == ERR_OK)
            err = tree_rank_at(tree_of(sequence), end, sequence->states, &up_to);
    }
    *count = up_to - before;
    for (size_t i = 0; i < sequence->patch_count; i++)
        if (sequence->patches[i].position >= begin && sequence->patches[i].position < end)
            *count += sequence->patches[i].in ? 1 : UINT64_MAX;
    return err;
}

/* Where so much of a stretch is of other states that to walk over it would take long, it is gone
 * on from the next one that matches. */
static enum err leap(const struct sequence *sequence, struct tree_cursor *cursor, uint64_t end)
{
    uint64_t ordinal, position = end;
    enum err err = sequence_count(sequence, sequence->begin, cursor->position, &ordinal);
    if (err == ERR_OK && ordinal < sequence->count)
        err = sequence_locate(sequence, ordinal, &position);
    if (err == ERR_OK && position < cursor->position) /* counts that are wrong lead in circles */
        err = ERR_CORRUPT;
    return err == ERR_OK ? tree_seek(cursor, tree_of(sequence), position, TREE_ALL) : err;
}

/* What is being walked over. */
struct walking {
    const struct sequence *sequence;
    uint64_t skip, most;
    slot_fn each;
    void *context;
    bool any; /* of the last run matched */
};

static enum err walk_run(struct walking *walking, const struct tree_run *run, uint64_t position)
{
    enum err err = ERR_OK;
    walking->any = false;
    for (size_t i = 0; err == ERR_OK && walking->most > 0 && i < run->count; i++) {
        uint32_t ref = tree_run_ref(run, i);
        if (!matches(walking->sequence, ref, position + i))
            continue;
        walking->any = true;
        if (walking->skip > 0) {
            walking->skip--;
            continue;
        }
        walking->most--;
        err = walking->each(walking->context, tree_ref_slot(ref));
    }
    return err;
}

enum err sequence_each(const struct sequence *sequence, const struct stretch *stretch, slot_fn each,
                       void *context)
{
    struct walking walking = {sequence, stretch->skip, stretch->most, each, context, true};
    struct tree_cursor cursor;
    struct tree_run run = {NULL, 1};
    enum err err = tree_seek(&cursor, tree_of(sequence), stretch->begin, TREE_ALL);
    while (err == ERR_OK && run.count > 0 && walking.most > 0 && cursor.position < stretch->end) {
        uint64_t at = cursor.position;
        err = tree_next_run(&cursor, stretch->end - at, &run);
        if (err == ERR_OK)
            err = walk_run(&walking, &run, at);
        if (err == ERR_OK && !walking.any && !sequence->set)
            err = leap(sequence, &cursor, stretch->end);
    }
    return err;
}
