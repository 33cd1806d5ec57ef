/* Memory of one request, from one place: taken in small pieces, given back all at once.
 * There is no free for a piece. Foreign objects (a jansson root, a compiled pattern) are adopted
 * and destroyed at the next reset, last adopted first. */
#ifndef ROLLCALL_BASE_ARENA_H
#define ROLLCALL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

/* An empty arena that hands out at most `limit` bytes between two resets. NULL when out of memory.
 * The caller owns it and ends it with arena_free. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *arena);

/* Destroys what was adopted and takes every piece back; keeps the first block for the next request.
 */
void arena_reset(struct arena *arena);

/* `size` bytes, zeroed, aligned for any type. NULL when the limit or the memory is used up. */
void *arena_alloc(struct arena *arena, size_t size);

/* An array of `count` elements of `size` bytes, zeroed. NULL as above, and when the product
 * overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of the bytes, NUL-terminated (the NUL is not counted). A NULL pointer in it: out of
 * memory. */
struct str arena_copy(struct arena *arena, struct str text);

/* Formats as printf does. Where memory is out the view is empty with a NULL pointer. */
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `destroy(object)` is called at the next reset or free; where that cannot be noted it is called at
 * once and the answer is false. */
bool arena_adopt(struct arena *arena, void *object, void (*destroy)(void *object))
    __attribute__((warn_unused_result));

#endif
