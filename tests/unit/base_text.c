/* base/str, base/buf, base/spell, base/json_out: text in, text out. */
#include <jansson.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "base/spell.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(base_text);

Test(base_text, splits_at_the_first_separator)
{
    struct str head, tail;
    cr_assert(str_split(STR("a:b:c"), ':', &head, &tail));
    cr_assert(str_eq(head, STR("a")) && str_eq(tail, STR("b:c")));
    cr_assert(!str_split(STR("abc"), ':', &head, &tail));
    cr_assert(str_eq(head, STR("abc")) && tail.len == 0);
    cr_assert(!str_split(STR_NONE, ':', &head, &tail));
}

Test(base_text, trims_blanks_at_both_ends_only)
{
    cr_assert(str_eq(str_trim(STR(" \ta b\t ")), STR("a b")));
    cr_assert_eq(str_trim(STR(" \t ")).len, 0);
}

Test(base_text, orders_prefixes_first)
{
    cr_assert_lt(str_cmp(STR("ab"), STR("abc")), 0);
    cr_assert_gt(str_cmp(STR("b"), STR("abc")), 0);
    cr_assert_eq(str_cmp(STR_NONE, STR("")), 0);
    cr_assert_gt(str_cmp(STR("\xFF"), STR("a")), 0, "bytes count as unsigned");
}

Test(base_text, reads_whole_integers_alone)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t value = 0;
        bool good = str_to_i64(str_of(cases[i].text), &value);
        cr_expect_eq(good, cases[i].good, "\"%s\"", cases[i].text);
        if (good && cases[i].good)
            cr_expect_eq(value, cases[i].value, "\"%s\" gave %ld", cases[i].text, (long)value);
    }
}

Test(base_text, knows_well_formed_utf8)
{
    static const struct {
        struct str text;
        bool good;
    } cases[] = {
        {STR(""), true},
        {STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), true},
        {STR("\xF4\x8F\xBF\xBF"), true},
        {STR("\xC0\x80"), false},         /* overlong */
        {STR("\xE0\x80\x80"), false},     /* overlong */
        {STR("\xF0\x80\x80\x80"), false}, /* overlong */
        {STR("\xED\xA0\x80"), false},     /* a surrogate */
        {STR("\xF4\x90\x80\x80"), false}, /* past U+10FFFF */
        {STR("\xC3"), false},
        {STR("\xE2\x82"), false},
        {STR("\x80"), false},
        {STR("\xFF"), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        cr_expect_eq(str_is_utf8(cases[i].text), cases[i].good, "case %zu", i);
}

Test(base_text, numbers_spelled_come_back)
{
    static const struct str alphabet =
        STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    uint64_t seed = random_begin();
    for (int round = 0; round < 2000; round++) {
        uint8_t number[20], back[20];
        char text[27];
        random_bytes(number, sizeof(number));
        if (round < 256)
            memset(number, round, sizeof(number));
        spell_number(number, sizeof(number), alphabet, text, sizeof(text));
        cr_assert(spell_parse((struct str){text, sizeof(text)}, alphabet, back, sizeof(back)),
                  "seed %lu round %d: %.27s is not read back", (unsigned long)seed, round, text);
        cr_assert_arr_eq(number, back, sizeof(number), "seed %lu round %d", (unsigned long)seed,
                         round);
    }
}

Test(base_text, numbers_too_large_or_foreign_are_refused)
{
    uint8_t number[4];
    static const struct str digits = STR("0123456789");
    cr_assert(spell_parse(STR("4294967295"), digits, number, sizeof(number)));
    cr_assert(!spell_parse(STR("4294967296"), digits, number, sizeof(number)));
    cr_assert(!spell_parse(STR("99999999999999999999"), digits, number, sizeof(number)));
    cr_assert(!spell_parse(STR("12a"), digits, number, sizeof(number)));
}

/* A string of bytes that are apt to go wrong: controls, quotes, halves of sequences. */
static size_t random_text(char *text, size_t most)
{
    static const char *const pieces[] = {"a",
                                         "\"",
                                         "\\",
                                         "/",
                                         "\n",
                                         "\x01",
                                         "\x7F",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         "<&>",
                                         "\xE2\x80\xA8"};
    size_t len = 0;
    while (len + 4 < most && random_below(12)) {
        const char *piece = pieces[random_below(sizeof(pieces) / sizeof(*pieces))];
        size_t piece_len = strlen(piece);
        memcpy(text + len, piece, piece_len);
        len += piece_len;
    }
    return len;
}

Test(base_text, json_strings_are_read_back_by_jansson)
{
    uint64_t seed = random_begin();
    struct buf buf = {0};
    for (int round = 0; round < 5000; round++) {
        char text[64];
        size_t len = random_text(text, sizeof(text));
        buf_reset(&buf);
        struct json_out json = json_begin(&buf);
        json_array_begin(&json);
        json_text(&json, (struct str){text, len});
        json_array_end(&json);
        json_error_t error;
        json_t *array = json_loadb(buf.ptr, buf.len, JSON_ALLOW_NUL, &error);
        cr_assert_not_null(array, "seed %lu round %d: %.*s: %s", (unsigned long)seed, round,
                           (int)buf.len, buf.ptr, error.text);
        json_t *string = json_array_get(array, 0);
        cr_assert(str_eq((struct str){json_string_value(string), json_string_length(string)},
                         (struct str){text, len}),
                  "seed %lu round %d: %.*s", (unsigned long)seed, round, (int)buf.len, buf.ptr);
        json_decref(array);
    }
    buf_free(&buf);
}

Test(base_text, any_bytes_become_json)
{
    uint64_t seed = random_begin();
    struct buf buf = {0};
    for (int round = 0; round < 5000; round++) {
        char text[24];
        size_t len = random_below(sizeof(text));
        random_bytes(text, len);
        buf_reset(&buf);
        struct json_out json = json_begin(&buf);
        json_object_begin(&json);
        json_member_text(&json, "text", (struct str){text, len});
        json_object_end(&json);
        json_t *object = json_loadb(buf.ptr, buf.len, JSON_ALLOW_NUL, NULL);
        cr_assert_not_null(object, "seed %lu round %d: %.*s", (unsigned long)seed, round,
                           (int)buf.len, buf.ptr);
        json_decref(object);
    }
    buf_free(&buf);
}

Test(base_text, json_puts_commas_where_they_belong)
{
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    json_object_begin(&json);
    json_member_i64(&json, "a", -1);
    json_key(&json, "b");
    json_array_begin(&json);
    json_object_begin(&json);
    json_object_end(&json);
    json_none(&json);
    json_bool(&json, true);
    json_raw(&json, STR("{\"c\":2}"));
    json_array_end(&json);
    json_member_bool(&json, "d", false);
    json_object_end(&json);
    cr_assert(str_eq(buf_view(&buf), STR("{\"a\":-1,\"b\":[{},null,true,{\"c\":2}],\"d\":false}")),
              "%.*s", (int)buf.len, buf.ptr);
    buf_free(&buf);
}

Test(base_text, base64_is_read_strictly)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {{"", ""}, {"cHJvLTE6eA==", "pro-1:x"}, {"/+8=", "\xFF\xEF"}};
    static const char *const bad[] = {"cHJvLTE6eA", "cHJ\nvLTE6eA==", "A", "====", "_-8=", " cHJv"};
    char text[16];
    size_t len = 0;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        cr_expect(base64_decode(str_of(good[i].text), text, sizeof(text), &len), "%s",
                  good[i].text);
        cr_expect(str_eq((struct str){text, len}, str_of(good[i].bytes)), "%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        cr_expect(!base64_decode(str_of(bad[i]), text, sizeof(text), &len), "%s", bad[i]);
    cr_expect(!base64_decode(STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), text, sizeof(text), &len),
              "more than there is room for");
}

Test(base_text, base64url_comes_back)
{
    struct arena *arena = arena_new(1 << 20);
    uint64_t seed = random_begin();
    for (int round = 0; round < 500; round++) {
        char bytes[40], back[40];
        size_t len = random_below(sizeof(bytes)), back_len = 0;
        random_bytes(bytes, len);
        struct str text = base64url_encode(arena, (struct str){bytes, len});
        cr_assert(base64url_decode(text, back, sizeof(back), &back_len));
        cr_assert(str_eq((struct str){bytes, len}, (struct str){back, back_len}), "seed %lu",
                  (unsigned long)seed);
    }
    arena_free(arena);
}

Test(base_text, base64_has_64_letters)
{
    char bytes[3];
    size_t len, letters = 0, url_letters = 0;
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = {'A', 'A', 'A', (char)byte};
        letters += base64_decode((struct str){text, sizeof(text)}, bytes, sizeof(bytes), &len);
        url_letters +=
            base64url_decode((struct str){text, sizeof(text)}, bytes, sizeof(bytes), &len);
    }
    cr_expect_eq(letters, 64 + 1, "and '=' at the end");
    cr_expect_eq(url_letters, 64);
}
