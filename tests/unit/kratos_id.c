/* The forms of a UUID that Kratos' parser takes, and what it says of the others. */
#include "dialect/kratos_id.h"

#include <criterion/criterion.h>

#include "support/suite.h"

SUITE(kratos_id);

Test(kratos_id, every_form_is_the_same_id)
{
    static const char *const forms[] = {
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
        "6ba7b8109dad11d180b400c04fd430c8",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        "{6ba7b8109dad11d180b400c04fd430c8}",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "urn:uuid:6ba7b8109dad11d180b400c04fd430c8",
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct failure failure = {.err = ERR_OK};
        struct str id;
        cr_expect_eq(kratos_id_read(arena, str_of(forms[i]), &id, &failure), ERR_OK, "%s",
                     forms[i]);
        cr_expect(str_eq(id, str_of(forms[0])), "%s: %.*s", forms[i], STR_ARG(id));
    }
    arena_free(arena);
}

Test(kratos_id, what_is_none_is_told_in_the_parsers_words)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"BADUUID", "uuid: incorrect UUID length 7 in string \"BADUUID\""},
        {"a\"b\\c", "uuid: incorrect UUID length 5 in string \"a\\\"b\\\\c\""},
        {"6ba7b810x9dad-11d1-80b4-00c04fd430c8",
         "uuid: incorrect UUID format in string \"6ba7b810x9dad-11d1-80b4-00c04fd430c8\""},
        {"{6ba7b810-9dad-11d1-80b4-00c04fd430c8)",
         "uuid: incorrect UUID format in string \"{6ba7b810-9dad-11d1-80b4-00c04fd430c8)\""},
        {"urn:ulid:6ba7b8109dad11d180b400c04fd430c8",
         "uuid: incorrect UUID format in string \"urn:ulid:\""},
        {"6ba7b810-9dad-11d1-80b4-00c04fd430cg", "uuid: invalid UUID format"},
        {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "uuid: invalid UUID format"},
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct failure failure = {.err = ERR_OK};
        struct str id;
        cr_expect_eq(kratos_id_read(arena, str_of(cases[i].text), &id, &failure), ERR_INVALID, "%s",
                     cases[i].text);
        cr_expect(kratos_is_refusal(&failure));
        cr_expect(str_eq(failure.text, str_of(cases[i].message)), "%s: %.*s", cases[i].text,
                  STR_ARG(failure.text));
    }
    arena_free(arena);
}
