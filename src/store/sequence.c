#include "store/sequence.h"

#include <stdlib.h>

enum { READ_AT_ONCE = 512 };

static const struct tree *tree_of(const struct sequence *sequence)
{
    return &sequence->index->trees[sequence->number];
}

static bool has_state(unsigned states, const struct tree_entry *entry)
{
    return states == TREE_ALL || (states >> entry->state & 1);
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

static bool matches(const struct sequence *sequence, const struct tree_entry *entry,
                    uint64_t position)
{
    if (sequence->set)
        return slot_set_has(sequence->set, entry->slot);
    const struct patch *patch = patch_at(sequence, position);
    return patch ? patch->in : has_state(sequence->states, entry);
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

/* From the nearer end. */
static enum err locate_by_walk(const struct sequence *sequence, uint64_t ordinal,
                               uint64_t *position)
{
    struct tree_cursor cursor;
    struct tree_entry entry = {0};
    bool forward = ordinal < sequence->count / 2;
    uint64_t left = forward ? ordinal + 1 : sequence->count - ordinal;
    enum err err = tree_seek(&cursor, tree_of(sequence), forward ? 0 : sequence->end, TREE_ALL);
    while (err == ERR_OK && left > 0) {
        err = forward ? tree_next(&cursor, &entry) : tree_previous(&cursor, &entry);
        left -= err == ERR_OK && slot_set_has(sequence->set, entry.slot);
    }
    *position = cursor.position - forward;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
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
    return err == ERR_OK ? tree_seek(cursor, tree_of(sequence), position, TREE_ALL) : err;
}

enum err sequence_each(const struct sequence *sequence, const struct stretch *stretch, slot_fn each,
                       void *context)
{
    struct tree_entry entries[READ_AT_ONCE];
    struct tree_cursor cursor;
    uint64_t seen = 0;
    size_t count = 1, idle = 0;
    enum err err = tree_seek(&cursor, tree_of(sequence), stretch->begin, TREE_ALL);
    while (err == ERR_OK && count > 0 && cursor.position < stretch->end) {
        uint64_t at = cursor.position, left = stretch->end - at;
        err =
            tree_read(&cursor, entries, left < READ_AT_ONCE ? (size_t)left : READ_AT_ONCE, &count);
        bool any = false;
        for (size_t i = 0; err == ERR_OK && i < count; i++) {
            if (!matches(sequence, &entries[i], at + i))
                continue;
            any = true;
            if (seen++ < stretch->skip)
                continue;
            if (seen - stretch->skip > stretch->most)
                return ERR_OK;
            err = each(context, entries[i].slot);
        }
        idle = any ? 0 : idle + 1;
        if (err == ERR_OK && idle > 1 && !sequence->set)
            err = leap(sequence, &cursor, stretch->end);
    }
    return err;
}
