#include "fuzz/fuzz.h"

uint8_t fuzz_byte(struct str *input)
{
    uint8_t byte = input->len ? (uint8_t)input->ptr[0] : 0;
    *input = str_from(*input, 1);
    return byte;
}

char **fuzz_variables(struct arena *arena, struct str *input)
{
    enum { VARIABLES_MAX = 64 };
    char **variables = arena_array(arena, VARIABLES_MAX, sizeof(*variables));
    size_t count = 0;
    struct str line;
    while (input->len) {
        str_split(*input, '\n', &line, input);
        if (line.len == 0)
            break;
        if (count + 1 < VARIABLES_MAX)
            variables[count++] = (char *)arena_copy(arena, line).ptr;
    }
    return variables;
}

struct str fuzz_bend(struct arena *arena, struct str base, struct str input)
{
    struct str copy = arena_copy(arena, base);
    char *bytes = (char *)copy.ptr;
    while (copy.len && input.len >= 3) {
        size_t at = fuzz_byte(&input);
        at = at << 8 | fuzz_byte(&input);
        bytes[at % copy.len] = (char)(bytes[at % copy.len] ^ fuzz_byte(&input));
    }
    return copy;
}
