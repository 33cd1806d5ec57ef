/* Reading one line, for tests of the interchange form. */
#ifndef ROLLCALL_TESTS_INTERCHANGE_TRY_H
#define ROLLCALL_TESTS_INTERCHANGE_TRY_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/interchange.h"

/* The record's views are the arena's: good until tried_end. */
struct tried {
    struct arena *arena;
    struct record *record;
    struct record_fault fault;
    enum err err;
};

static inline struct tried try_shifted(struct str line, int64_t shift_ms)
{
    struct tried tried = {.arena = arena_new(16 * 1024 * 1024),
                          .record = malloc(sizeof(struct record))};
    cr_assert(tried.arena && tried.record);
    tried.err = record_read(tried.arena, line, shift_ms, tried.record, &tried.fault);
    return tried;
}

static inline struct tried try_line(const char *line)
{
    struct tried tried = try_shifted(str_of(line), 0);
    cr_assert(tried.err == ERR_OK, "%s\n%.*s: expected %.*s (%s)", line, STR_ARG(tried.fault.field),
              STR_ARG(tried.fault.expected), err_word(tried.err));
    return tried;
}

static inline void tried_end(struct tried *tried)
{
    free(tried->record);
    arena_free(tried->arena);
}

/* A line that must be refused, where, and what must be in the words for it. */
struct refused {
    const char *line, *field, *expected;
};

static inline void assert_refused(const struct refused *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tried tried = try_shifted(str_of(rows[i].line), 0);
        char expected[512];
        snprintf(expected, sizeof(expected), "%.*s", STR_ARG(tried.fault.expected));
        cr_expect(tried.err == ERR_INVALID, "%s: %s", rows[i].line, err_word(tried.err));
        cr_expect(str_eq(tried.fault.field, str_of(rows[i].field)), "%s: field %.*s, not %s",
                  rows[i].line, STR_ARG(tried.fault.field), rows[i].field);
        cr_expect(strstr(expected, rows[i].expected), "%s: expected %s, not %s", rows[i].line,
                  expected, rows[i].expected);
        tried_end(&tried);
    }
}
#define ASSERT_REFUSED(rows) assert_refused(rows, sizeof(rows) / sizeof(*(rows)))

#endif
