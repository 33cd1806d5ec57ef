/* model/app, model/user, model/secret, model/pattern. */
#include "model/app.h"
#include "model/pattern.h"
#include "model/secret.h"
#include "model/user.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(model_tenant);

Test(model_tenant, a_stored_app_is_read_back)
{
    struct app_key keys[2] = {{.use = VENDOR_CORBADO}, {.use = KEY_ADMIN}}, key;
    secret_hash(STR("corbado1_demo"), keys[0].hash);
    secret_hash(STR("rk_demo"), keys[1].hash);
    struct app app = {.id = STR("acme"),
                      .lifetime_s = 60,
                      .idle_s = 0,
                      .retain_s = 7,
                      .created = -1},
               back;
    app.settings[SETTING_CORBADO_PROJECT_ID] = STR("pro-1");
    struct buf buf = {0};
    app_encode(&app, keys, 2, &buf);
    cr_assert_eq(app_decode(buf_view(&buf), &back), ERR_OK);
    cr_expect(str_eq(back.id, app.id));
    cr_expect(back.lifetime_s == 60 && back.idle_s == 0 && back.retain_s == 7 &&
              back.created == -1);
    cr_expect(str_eq(app_setting(&back, SETTING_CORBADO_PROJECT_ID), STR("pro-1")));
    cr_expect(str_eq(app_setting(&back, SETTING_KRATOS_REQUIRED_AAL), STR("aal1")), "the default");
    cr_expect(str_eq(app_account(&back, VENDOR_CORBADO), STR("pro-1")));
    cr_expect_eq(app_account(&back, VENDOR_STREAMBIRD).len, 0);
    struct str rest = back.keys;
    for (int i = 0; i < 2; i++) {
        cr_assert(app_key_decode(&rest, &key));
        cr_expect_eq(key.use, keys[i].use);
        cr_expect_arr_eq(key.hash, keys[i].hash, SECRET_HASH_BYTES);
    }
    cr_expect(!app_key_decode(&rest, &key));
    for (size_t cut = 0; cut < buf.len; cut++)
        if (app_decode((struct str){buf.ptr, cut}, &back) == ERR_OK)
            cr_expect_eq(back.keys.len % (1 + SECRET_HASH_BYTES), 0, "cut at %zu", cut);
    buf.ptr[0] = 9;
    cr_expect_eq(app_decode(buf_view(&buf), &back), ERR_VERSION);
    buf_free(&buf);
}

/* Who reads one has room for as much. */
Test(model_tenant, a_stored_app_with_an_id_that_no_app_has_is_damaged)
{
    static char text[255];
    memset(text, 'x', sizeof(text));
    const struct str ids[] = {
        STR_NONE, STR("Acme"), STR("a\0b"), {text, APP_ID_MAX + 1}, {text, sizeof(text)}};
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        struct app app = {.id = ids[i]}, back;
        struct buf buf = {0};
        app_encode(&app, NULL, 0, &buf);
        cr_expect_eq(app_decode(buf_view(&buf), &back), ERR_CORRUPT, "id %zu", i);
        buf_free(&buf);
    }
}

Test(model_tenant, without_a_project_the_account_is_the_app)
{
    struct app app = {.id = STR("acme")};
    cr_expect(str_eq(app_account(&app, VENDOR_CORBADO), STR("acme")));
}

Test(model_tenant, app_ids_are_held_to_their_rule)
{
    cr_expect(app_id_is_valid(STR("a")));
    cr_expect(app_id_is_valid(STR("acme-2")));
    cr_expect(!app_id_is_valid(STR("")));
    cr_expect(!app_id_is_valid(STR("Acme")));
    cr_expect(!app_id_is_valid(STR("a b")));
    cr_expect(!app_id_is_valid(STR("a/b")));
    cr_expect(
        !app_id_is_valid(STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

Test(model_tenant, a_stored_user_is_read_back)
{
    struct user user = {.active = true, .created = 5, .updated = 6}, back;
    user.uuid = user_uuid(STR("acme"), STR("jane"));
    user.texts[USER_ID] = STR("jane");
    user.texts[USER_TRAITS] = STR("{\"email\":\"jane@doe.com\"}");
    user.texts[USER_ROLES] = STR("[\"admin\"]");
    struct buf buf = {0};
    user_encode(&user, &buf);
    cr_assert_eq(user_decode(buf_view(&buf), &back), ERR_OK);
    cr_expect(back.active && back.created == 5 && back.updated == 6);
    cr_expect_arr_eq(back.uuid.bytes, user.uuid.bytes, sizeof(user.uuid.bytes));
    for (int i = 0; i < USER_TEXT_COUNT; i++)
        cr_expect(str_eq(back.texts[i], user.texts[i]), "text %d", i);
    for (size_t cut = 0; cut < buf.len; cut++)
        cr_expect_neq(user_decode((struct str){buf.ptr, cut}, &back), ERR_OK, "cut at %zu", cut);
    buf_free(&buf);
}

Test(model_tenant, user_ids_sort_as_numbers_where_they_are)
{
    static const char *const ascending[] = {
        "usr-2", "10",   "usr-0011", "11", "usr-4693224802260150919", "99999999999999999999999",
        "Jane",  "jane", "usr-x"};
    size_t count = sizeof(ascending) / sizeof(*ascending);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = user_id_cmp(str_of(ascending[i]), str_of(ascending[j]));
            cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%s against %s",
                         ascending[i], ascending[j]);
        }
    cr_expect_eq(user_id_cmp(STR("usr-7"), STR("7")), 0, "the prefix says nothing");
}

Test(model_tenant, secrets_are_hashed_and_compared)
{
    uint8_t hash[HASH_BYTES], other[HASH_BYTES];
    char secret[SECRET_TEXT], next[SECRET_TEXT];
    secret_hash(STR("abc"), hash);
    cr_expect(secret_hash_parse(
        STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015AD"), other));
    cr_expect(secret_hash_equal(hash, other), "FIPS 180-2's vector");
    other[31] ^= 1;
    cr_expect(!secret_hash_equal(hash, other));
    cr_expect(!secret_hash_parse(STR("ba78"), other));
    cr_expect(!secret_hash_parse(
        STR("za7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), other));
    secret_make(secret);
    secret_make(next);
    cr_expect_arr_neq(secret, next, SECRET_TEXT);
}

static enum err search(const char *pattern_text, enum pattern_kind kind, const char *subject,
                       bool *found)
{
    struct arena *arena = arena_new(1 << 20);
    struct pattern *pattern;
    struct str why;
    *found = false;
    enum err err = pattern_compile(arena, str_of(pattern_text), kind, &pattern, &why);
    if (err == ERR_OK)
        err = pattern_search(pattern, str_of(subject), found);
    else
        cr_expect_gt(why.len, 0);
    arena_free(arena);
    return err;
}

Test(model_tenant, patterns_match_without_case)
{
    static const struct {
        const char *pattern, *subject;
        enum pattern_kind kind;
        bool found;
    } cases[] = {
        {"windows", "ChromebrowserWindows", PATTERN_REGEX, true},
        {"w.n", "ChromebrowserWindows", PATTERN_REGEX, true},
        {"^chrome", "ChromebrowserWindows", PATTERN_REGEX, true},
        {"^windows", "ChromebrowserWindows", PATTERN_REGEX, false},
        {"w.n", "ChromebrowserWindows", PATTERN_LITERAL, false},
        {"CHROMEB", "ChromebrowserWindows", PATTERN_LITERAL, true},
        {".*", "a.*b", PATTERN_LITERAL, true},
        {"\xC3\x89t\xC3\xA9", "\xC3\xA9t\xC3\x89", PATTERN_REGEX, true},
        {"", "", PATTERN_REGEX, true},
        {"x", "\xFF\xFE", PATTERN_REGEX, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool found;
        cr_expect_eq(search(cases[i].pattern, cases[i].kind, cases[i].subject, &found), ERR_OK,
                     "%s", cases[i].pattern);
        cr_expect_eq(found, cases[i].found, "%s in %s", cases[i].pattern, cases[i].subject);
    }
}

Test(model_tenant, broken_patterns_are_refused_and_runaways_cut_off)
{
    bool found;
    char longer[PATTERN_MAX + 2];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    cr_expect_eq(search("(", PATTERN_REGEX, "x", &found), ERR_INVALID);
    cr_expect_eq(search("[z-a]", PATTERN_REGEX, "x", &found), ERR_INVALID);
    cr_expect_eq(search("\\C", PATTERN_REGEX, "x", &found), ERR_INVALID);
    cr_expect_eq(search(longer, PATTERN_LITERAL, "x", &found), ERR_INVALID);
    cr_expect_eq(
        search("(a+)+$", PATTERN_REGEX, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", &found),
        ERR_RUNAWAY);
}

/* None of these runs away at one place of the text; that there are so many places is what costs. */
Test(model_tenant, patterns_that_cost_a_little_everywhere_are_cut_off)
{
    static const char *const patterns[] = {"a*a*[bc]", "(a{0,2000})\\1[bc]", "(?<=a{50})a*a*[bc]",
                                           "(?=(a+))*\\1[bc]"};
    char subject[4000];
    bool found;
    memset(subject, 'a', sizeof(subject) - 1);
    subject[sizeof(subject) - 1] = '\0';
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
        cr_expect_eq(search(patterns[i], PATTERN_REGEX, subject, &found), ERR_RUNAWAY, "%s",
                     patterns[i]);
}

Test(model_tenant, an_honest_pattern_may_search_without_end)
{
    struct arena *arena = arena_new(1 << 20);
    struct pattern *pattern;
    struct str why, subject = STR("Chrome on a MacBook desktop macOS 0a1b2c3d4e5f user-1");
    cr_assert_eq(pattern_compile(arena, STR("(chrome|safari).*os [0-9a-f]+ user-[2-9]"),
                                 PATTERN_REGEX, &pattern, &why),
                 ERR_OK);
    for (int i = 0; i < 100000; i++) {
        bool found;
        cr_assert_eq(pattern_search(pattern, subject, &found), ERR_OK, "search %d", i);
        cr_assert_not(found);
    }
    arena_free(arena);
}
