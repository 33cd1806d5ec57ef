/* What the fuzzing targets share: libFuzzer calls one function of each with whatever bytes it has
 * made up; a crash, a leak, a sanitizer's finding or a broken promise ends the program. */
#ifndef ROLLCALL_TESTS_FUZZ_H
#define ROLLCALL_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"

/* The target's; always gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever comes in. */
#define MUST_HOLD(condition, ...)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s: ", __FILE__, __LINE__, #condition);         \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline struct str fuzz_input(const uint8_t *data, size_t size)
{
    return (struct str){(const char *)data, size};
}

/* Takes one byte off the front; 0 when there is none. */
uint8_t fuzz_byte(struct str *input);

/* Takes lines NAME=value off the front, up to an empty one; a NULL is behind the last. The arena's.
 */
char **fuzz_variables(struct arena *arena, struct str *input);

/* A copy of `base` with the rest of the input as changes: where (two bytes), and what the byte
 * there is flipped by. The arena's. */
struct str fuzz_bend(struct arena *arena, struct str base, struct str input);

#endif
