#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(WITH_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
/* So that a step from one piece into the next is found. */
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(begin, size)   ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(begin, size) ((void)0)
enum { GAP = 0 };
#endif

enum { BLOCK_SIZE = 64 * 1024, ALIGNMENT = _Alignof(max_align_t) };

struct block {
    struct block *next; /* older */
    size_t size, used;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct adopted {
    struct adopted *next; /* older */
    void *object;
    void (*destroy)(void *object);
};

struct arena {
    struct block *blocks; /* the newest first; the last one is kept for ever */
    struct adopted *adopted;
    size_t limit, used;
};

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);
    if (block) {
        *block = (struct block){.size = size};
        ASAN_POISON_MEMORY_REGION(block->bytes, size);
    }
    return block;
}

struct arena *arena_new(size_t limit)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        return NULL;
    arena->limit = limit;
    arena->blocks = block_new(BLOCK_SIZE);
    if (!arena->blocks) {
        free(arena);
        return NULL;
    }
    return arena;
}

static void destroy_adopted(struct arena *arena)
{
    for (struct adopted *each = arena->adopted; each; each = each->next)
        each->destroy(each->object);
    arena->adopted = NULL;
}

void arena_reset(struct arena *arena)
{
    destroy_adopted(arena);
    while (arena->blocks->next) {
        struct block *older = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = older;
    }
    ASAN_POISON_MEMORY_REGION(arena->blocks->bytes, arena->blocks->size);
    arena->blocks->used = 0;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->blocks);
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t asked = size;
    if (size > arena->limit || size > SIZE_MAX - ALIGNMENT - GAP)
        return NULL;
    size = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->limit - arena->used)
        return NULL;
    if (size > arena->blocks->size - arena->blocks->used) {
        struct block *block = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *piece = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += size;
    arena->used += size;
    ASAN_UNPOISON_MEMORY_REGION(piece, asked);
    return memset(piece, 0, asked);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return arena_alloc(arena, total);
}

struct str arena_copy(struct arena *arena, struct str text)
{
    char *copy = arena_alloc(arena, text.len + 1);
    if (!copy)
        return STR_NONE;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return (struct str){copy, text.len};
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return (struct str){text, text ? (size_t)length : 0};
}

bool arena_adopt(struct arena *arena, void *object, void (*destroy)(void *object))
{
    struct adopted *note = arena_alloc(arena, sizeof(*note));
    if (!note) {
        destroy(object);
        return false;
    }
    *note = (struct adopted){arena->adopted, object, destroy};
    arena->adopted = note;
    return true;
}
