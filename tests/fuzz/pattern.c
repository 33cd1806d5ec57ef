/* A pattern, regular ('r') or literal, on the first line; what it is looked for in, after it. */
#include "model/pattern.h"
#include "fuzz/fuzz.h"

enum { ARENA_BYTES = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct str input = fuzz_input(data, size), text, why;
    struct pattern *pattern;
    bool found = false, begins = false;
    arena = arena ? arena : arena_new(ARENA_BYTES);
    enum pattern_kind kind = fuzz_byte(&input) == 'r' ? PATTERN_REGEX : PATTERN_LITERAL;
    str_split(input, '\n', &text, &input);
    /* Requests are UTF-8 when a pattern is made of them, and so is what is stored. */
    if (!str_is_utf8(text) || !str_is_utf8(input))
        return 0;
    enum err err = pattern_compile(arena, text, kind, &pattern, &why);
    MUST_HOLD(err == ERR_OK || (err == ERR_INVALID && why.len), "%s", err_word(err));
    for (size_t len = 0; err == ERR_OK && len <= input.len; len += 1 + input.len / 4) {
        struct str beginning = {input.ptr, len};
        err =
            str_is_utf8(beginning) ? pattern_search_beginning(pattern, beginning, &begins) : ERR_OK;
        if (err == ERR_OK)
            err = pattern_search(pattern, input, &found);
        MUST_HOLD(err == ERR_OK || err == ERR_RUNAWAY, "%s", err_word(err));
        MUST_HOLD(err != ERR_OK || found || !begins, "\"%.*s\" is in \"%.*s\" and what follows",
                  STR_ARG(text), STR_ARG(beginning));
        begins = false;
    }
    arena_reset(arena);
    return 0;
}
