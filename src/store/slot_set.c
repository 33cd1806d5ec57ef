#include "store/slot_set.h"

#include <stdlib.h>

enum { WORD_BITS = 64 };

static size_t words_of(const struct slot_set *set)
{
    return (set->slots + WORD_BITS - 1) / WORD_BITS;
}

enum err slot_set_new(struct slot_set *set, size_t slots)
{
    set->slots = slots;
    set->words = calloc(words_of(set) + 1, sizeof(*set->words));
    return set->words ? ERR_OK : ERR_MEMORY;
}

void slot_set_free(struct slot_set *set)
{
    free(set->words);
    *set = (struct slot_set){NULL, 0};
}

uint64_t slot_set_count(const struct slot_set *set)
{
    uint64_t count = 0;
    for (size_t i = 0; i < words_of(set); i++)
        count += (uint64_t)__builtin_popcountll(set->words[i]);
    return count;
}

void slot_set_keep(struct slot_set *set, const struct slot_set *other)
{
    for (size_t i = 0; i < words_of(set); i++)
        set->words[i] &= other->words[i];
}

void slot_set_drop(struct slot_set *set, const struct slot_set *other)
{
    for (size_t i = 0; i < words_of(set); i++)
        set->words[i] &= ~other->words[i];
}

void slot_set_join(struct slot_set *set, const struct slot_set *other)
{
    for (size_t i = 0; i < words_of(set); i++)
        set->words[i] |= other->words[i];
}

bool slot_set_next(const struct slot_set *set, uint32_t from, uint32_t *slot)
{
    if (from >= set->slots)
        return false;
    uint64_t word = set->words[from / WORD_BITS] & UINT64_MAX << from % WORD_BITS;
    size_t at = from / WORD_BITS;
    while (word == 0 && ++at < words_of(set))
        word = set->words[at];
    *slot = (uint32_t)(at * WORD_BITS) + (uint32_t)(word ? __builtin_ctzll(word) : 0);
    return word != 0;
}
