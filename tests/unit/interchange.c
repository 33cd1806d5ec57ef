/* model/interchange: lines, apps and users of the interchange form. */
#include <stdio.h>

#include "base/clock.h"
#include "model/secret.h"
#include "support/suite.h"
#include "unit/interchange_try.h"

SUITE(interchange);

static void expect_text(struct str text, const char *expected)
{
    cr_expect(str_eq(text, str_of(expected)), "%.*s, not %s", STR_ARG(text), expected);
}

static bool has(struct str text, const char *part)
{
    return text.len && memmem(text.ptr, text.len, part, strlen(part));
}

static void expect_hash(const uint8_t *hash, const char *secret)
{
    uint8_t expected[HASH_BYTES];
    secret_hash(str_of(secret), expected);
    cr_expect_arr_eq(hash, expected, HASH_BYTES, "the hash of %s", secret);
}

/* ---- lines ---- */

Test(interchange, a_line_is_one_strict_json_object)
{
    static const struct refused rows[] = {
        {"", "", "one JSON object"},
        {" ", "", "one JSON object"},
        {"x", "", "one JSON object"},
        {"[]", "", "one JSON object"},
        {"[{\"kind\":\"app\",\"id\":\"a\"}]", "", "one JSON object"},
        {"\"kind\"", "", "one JSON object"},
        {"null", "", "one JSON object"},
        {"{", "", "one JSON object"},
        {"{\"kind\":\"app\",\"id\":\"a\"} {}", "", "one JSON object"},
        {"{\"kind\":\"app\",\"id\":\"a\",}", "", "one JSON object"},
        {"{'kind':'app'}", "", "one JSON object"},
        {"{\"kind\":\"app\",\"id\":\"a\",\"id\":\"b\"}", "", "each key once"},
        {"{\"kind\":\"app\",\"id\":\"a\\u0000\"}", "", "without NUL"},
        {"{\"kind\":\"app\",\"id\":\"\xFF\"}", "", "UTF-8"},
        {"{\"kind\":\"app\",\"id\":\"\xC0\xAF\"}", "", "UTF-8"},
        {"{\"kind\":\"app\",\"id\":\"\xED\xA0\x80\"}", "", "UTF-8"},
        {"{\"kind\":\"app\",\"id\":\"\\ud800\"}", "", "one JSON object"},
        {"{\"kind\":99999999999999999999}", "", "64 bits"},
        {"{}", "kind", "missing"},
        {"{\"kind\":\"group\"}", "kind", "one of app, user, session"},
        {"{\"kind\":1}", "kind", "one of app, user, session"},
        {"{\"kind\":null}", "kind", "one of app, user, session"},
    };
    ASSERT_REFUSED(rows);
}

Test(interchange, bytes_after_a_nul_are_not_forgotten)
{
    static const char line[] = "{\"kind\":\"app\",\"id\":\"a\"}\0{}";
    struct tried tried = try_shifted((struct str){line, sizeof(line) - 1}, 0);
    cr_expect_eq(tried.err, ERR_INVALID);
    tried_end(&tried);
}

Test(interchange, a_line_may_be_a_mebibyte_and_no_more)
{
    static const char head[] = "{\"kind\":\"app\",\"id\":\"a\"}";
    char *line = malloc(LINE_MAX_BYTES + 1);
    memset(line, ' ', LINE_MAX_BYTES + 1);
    memcpy(line, head, sizeof(head) - 1);
    struct tried longest = try_shifted((struct str){line, LINE_MAX_BYTES}, 0),
                 longer = try_shifted((struct str){line, LINE_MAX_BYTES + 1}, 0);
    cr_expect_eq(longest.err, ERR_OK, "%s", err_word(longest.err));
    cr_expect_eq(longer.err, ERR_INVALID, "%s", err_word(longer.err));
    expect_text(longer.fault.field, "");
    expect_text(longer.fault.expected, "a line of at most 1 MiB");
    tried_end(&longest);
    tried_end(&longer);
    free(line);
}

Test(interchange, deep_nesting_is_refused)
{
    enum { DEPTH = 100000 };
    char *line = malloc(DEPTH);
    memset(line, '[', DEPTH);
    struct tried tried = try_shifted((struct str){line, DEPTH}, 0);
    cr_expect_eq(tried.err, ERR_INVALID);
    tried_end(&tried);
    free(line);
}

Test(interchange, faults_never_quote_values)
{
    static const char *const lines[] = {
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"s3cr3t",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"s3cr3t\" \"x\"}",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"s3cr3t\\x\"}",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"s3cr3t\xFF\"}",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":[\"s3cr3t\"]}",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"s3cr3t\",\"token\":1}",
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token_sha256\":\"s3cr3t\"}",
        "{\"kind\":\"app\",\"id\":\"a\",\"keys\":[{\"for\":\"s3cr3t\",\"secret\":\"s3cr3t\"}]}",
        "{\"kind\":\"app\",\"id\":\"a\",\"keys\":[\"s3cr3t\"]}",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct tried tried = try_shifted(str_of(lines[i]), 0);
        cr_expect_eq(tried.err, ERR_INVALID, "%s", lines[i]);
        cr_expect(!has(tried.fault.expected, "s3cr3t"), "%.*s", STR_ARG(tried.fault.expected));
        cr_expect(!has(tried.fault.field, "s3cr3t"), "%.*s", STR_ARG(tried.fault.field));
        tried_end(&tried);
    }
}

Test(interchange, a_long_unknown_key_is_cut_between_characters)
{
    char line[1024];
    int len = snprintf(line, sizeof(line), "{\"kind\":\"app\",\"id\":\"a\",\"x");
    for (int i = 0; i < 100; i++)
        len += snprintf(line + len, sizeof(line) - (size_t)len, "é");
    snprintf(line + len, sizeof(line) - (size_t)len, "\":1}");
    struct tried tried = try_shifted(str_of(line), 0);
    cr_expect_eq(tried.err, ERR_INVALID);
    cr_expect_leq(tried.fault.field.len, 64);
    cr_expect(str_is_utf8(tried.fault.field));
    tried_end(&tried);
}

/* ---- apps ---- */

Test(interchange, an_app_is_read)
{
    struct tried tried =
        try_line("{\"kind\":\"app\",\"id\":\"acme-2\","
                 "\"session\":{\"lifetime_s\":60,\"idle_s\":0,\"retain_s\":3155760000},"
                 "\"corbado\":{\"project_id\":\"pro-1\"},\"kratos\":{\"required_aal\":\"highest_"
                 "available\"},"
                 "\"rocketchat\":{\"filter\":\"literal\"},\"prelude\":{},"
                 "\"keys\":[{\"for\":\"corbado\",\"secret\":\"corbado1_demo\"},{\"for\":\"admin\","
                 "\"sha256\":"
                 "\"9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08\"}]}");
    const struct record *record = tried.record;
    cr_expect_eq(record->kind, RECORD_APP);
    expect_text(record->app_id, "acme-2");
    expect_text(record->app.id, "acme-2");
    cr_expect_eq(record->app.lifetime_s, 60);
    cr_expect_eq(record->app.idle_s, 0);
    cr_expect_eq(record->app.retain_s, PERIOD_MAX_S);
    cr_expect_eq(record->app.created, INSTANT_NONE);
    expect_text(record->app.settings[SETTING_CORBADO_PROJECT_ID], "pro-1");
    expect_text(record->app.settings[SETTING_KRATOS_REQUIRED_AAL], "highest_available");
    expect_text(record->app.settings[SETTING_ROCKETCHAT_FILTER], "literal");
    cr_assert_eq(record->key_count, 2);
    cr_expect_eq(record->keys[0].use, VENDOR_CORBADO);
    expect_hash(record->keys[0].hash, "corbado1_demo");
    cr_expect_eq(record->keys[1].use, KEY_ADMIN);
    expect_hash(record->keys[1].hash, "test");
    tried_end(&tried);
}

Test(interchange, an_app_has_the_usual_periods_unless_it_says)
{
    struct tried tried = try_line("{\"kind\":\"app\",\"id\":\"a\",\"session\":{\"idle_s\":5}}");
    cr_expect_eq(tried.record->app.lifetime_s, LIFETIME_DEFAULT_S);
    cr_expect_eq(tried.record->app.idle_s, 5);
    cr_expect_eq(tried.record->app.retain_s, RETAIN_DEFAULT_S);
    cr_expect_eq(tried.record->key_count, 0);
    tried_end(&tried);
}

#define APP(rest) "{\"kind\":\"app\",\"id\":\"a\"," rest "}"

Test(interchange, apps_are_refused)
{
    static const struct refused rows[] = {
        {"{\"kind\":\"app\"}", "id", "missing"},
        {"{\"kind\":\"app\",\"id\":\"\"}", "id", "1 to 64"},
        {"{\"kind\":\"app\",\"id\":\"Acme\"}", "id", "a-z 0-9 -"},
        {"{\"kind\":\"app\",\"id\":\"a b\"}", "id", "a-z 0-9 -"},
        {"{\"kind\":\"app\",\"id\":5}", "id", "text"},
        {APP("\"name\":\"A\""), "name", "no such key"},
        {APP("\"session\":5"), "session", "object"},
        {APP("\"session\":{\"lifetime_s\":0}"), "session.lifetime_s", "from 1 to 3155760000"},
        {APP("\"session\":{\"lifetime_s\":60.5}"), "session.lifetime_s", "integer"},
        {APP("\"session\":{\"idle_s\":-1}"), "session.idle_s", "from 0 to 3155760000"},
        {APP("\"session\":{\"retain_s\":3155760001}"), "session.retain_s", "from 0 to 3155760000"},
        {APP("\"session\":{\"idle_s\":\"5\"}"), "session.idle_s", "integer"},
        {APP("\"session\":{\"life\":5}"), "session.life", "no such key"},
        {APP("\"corbado\":{\"project_id\":\"\"}"), "corbado.project_id", "text"},
        {APP("\"corbado\":{\"projectID\":\"p\"}"), "corbado.projectID", "no such key"},
        {APP("\"kratos\":{\"required_aal\":\"aal2\"}"), "kratos.required_aal", "highest_available"},
        {APP("\"rocketchat\":{\"filter\":\"glob\"}"), "rocketchat.filter", "literal"},
        {APP("\"prelude\":{\"x\":1}"), "prelude.x", "no such key"},
        {APP("\"keys\":{}"), "keys", "array"},
        {APP("\"keys\":[5]"), "keys[0]", "object"},
        {APP("\"keys\":[{\"secret\":\"x\"}]"), "keys[0].for", "missing"},
        {APP("\"keys\":[{\"for\":\"myspace\",\"secret\":\"x\"}]"), "keys[0].for", "vendor's name"},
        {APP("\"keys\":[{\"for\":\"admin\"}]"), "keys[0].secret", "secret"},
        {APP("\"keys\":[{\"for\":\"admin\",\"secret\":\"\"}]"), "keys[0].secret", "text"},
        {APP("\"keys\":[{\"for\":\"admin\",\"sha256\":\"00\"}]"), "keys[0].sha256", "64 hex"},
        {APP("\"keys\":[{\"for\":\"admin\",\"secret\":\"x\",\"sha256\":\"00\"}]"), "keys[0].sha256",
         "not both"},
        {APP("\"keys\":[{\"for\":\"admin\",\"secret\":\"x\"},{\"for\":\"admin\",\"secret\":\"y\","
             "\"note\":\"\"}]"),
         "keys[1].note", "no such key"},
    };
    ASSERT_REFUSED(rows);
}

Test(interchange, an_app_has_at_most_so_many_keys)
{
    struct buf line = {0};
    for (int count = APP_KEYS_MAX; count <= APP_KEYS_MAX + 1; count++) {
        buf_reset(&line);
        buf_str(&line, STR("{\"kind\":\"app\",\"id\":\"a\",\"keys\":["));
        for (int i = 0; i < count; i++)
            buf_printf(&line, "%s{\"for\":\"admin\",\"secret\":\"k%d\"}", i ? "," : "", i);
        buf_str(&line, STR("]}"));
        struct tried tried = try_shifted(buf_view(&line), 0);
        cr_expect_eq(tried.err, count > APP_KEYS_MAX ? ERR_INVALID : ERR_OK, "%d keys", count);
        tried_end(&tried);
    }
    buf_free(&line);
}

/* ---- users ---- */

Test(interchange, a_user_is_read)
{
    struct tried tried = try_line(
        "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"usr-1\",\"identifier\":\"jane@doe.com\","
        "\"username\":\"jane\",\"name\":\"Jane Doé\",\"external_id\":\"x\",\"schema_id\":\"s\","
        "\"state\":\"inactive\",\"roles\":[ \"admin\" , \"user\" ],"
        "\"traits\":{ \"email\" : \"jane@doe.com\", \"tags\":[1, 2] },\"metadata_public\":[true],"
        "\"metadata_admin\":7,"
        "\"verifiable_addresses\":[{\"value\":\"v\",\"via\":\"email\",\"verified\":true,"
        "\"status\":\"completed\",\"more\":{}}],"
        "\"recovery_addresses\":[{\"value\":\"v\",\"via\":\"email\"}],"
        "\"created_at\":\"1970-01-01T00:00:01.500Z\",\"updated_at\":\"1970-01-01T00:00:02Z\"}");
    const struct user *user = &tried.record->user;
    cr_expect_eq(tried.record->kind, RECORD_USER);
    expect_text(tried.record->app_id, "acme");
    expect_text(user->texts[USER_ID], "usr-1");
    expect_text(user->texts[USER_IDENTIFIER], "jane@doe.com");
    expect_text(user->texts[USER_USERNAME], "jane");
    expect_text(user->texts[USER_NAME], "Jane Doé");
    expect_text(user->texts[USER_EXTERNAL_ID], "x");
    expect_text(user->texts[USER_SCHEMA_ID], "s");
    expect_text(user->texts[USER_ROLES], "[\"admin\",\"user\"]");
    expect_text(user->texts[USER_TRAITS], "{\"email\":\"jane@doe.com\",\"tags\":[1,2]}");
    expect_text(user->texts[USER_METADATA_PUBLIC], "[true]");
    expect_text(user->texts[USER_METADATA_ADMIN], "7");
    expect_text(user->texts[USER_VERIFIABLE_ADDRESSES],
                "[{\"value\":\"v\",\"via\":\"email\",\"verified\":true,\"status\":\"completed\","
                "\"more\":{}}]");
    expect_text(user->texts[USER_RECOVERY_ADDRESSES], "[{\"value\":\"v\",\"via\":\"email\"}]");
    cr_expect_not(user->active);
    cr_expect_eq(user->created, 1500);
    cr_expect_eq(user->updated, 2000);
    tried_end(&tried);
}

Test(interchange, a_user_is_active_unless_it_says)
{
    struct tried tried = try_line("{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\"}");
    cr_expect(tried.record->user.active);
    cr_expect_eq(tried.record->user.created, INSTANT_NONE);
    cr_expect_eq(tried.record->user.updated, INSTANT_NONE);
    for (int i = USER_IDENTIFIER; i < USER_TEXT_COUNT; i++)
        cr_expect_eq(tried.record->user.texts[i].len, 0, "text %d", i);
    tried_end(&tried);
}

#define USER(rest) "{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\"," rest "}"

Test(interchange, users_are_refused)
{
    static const struct refused rows[] = {
        {"{\"kind\":\"user\",\"id\":\"u\"}", "app", "missing"},
        {"{\"kind\":\"user\",\"app\":\"A\",\"id\":\"u\"}", "app", "a-z 0-9 -"},
        {"{\"kind\":\"user\",\"app\":\"a\"}", "id", "missing"},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"\"}", "id", "1 to 128"},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"a\\tb\"}", "id", "printable"},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"a\\u007fb\"}", "id", "printable"},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":7}", "id", "text"},
        {USER("\"email\":\"x\""), "email", "no such key"},
        {USER("\"name\":null"), "name", "text"},
        {USER("\"state\":\"gone\""), "state", "one of active, inactive"},
        {USER("\"roles\":\"admin\""), "roles", "array"},
        {USER("\"roles\":[\"a\",1]"), "roles[1]", "role"},
        {USER("\"roles\":[\"\"]"), "roles[0]", "role"},
        {USER("\"traits\":[]"), "traits", "object"},
        {USER("\"traits\":null"), "traits", "object"},
        {USER("\"verifiable_addresses\":{}"), "verifiable_addresses", "array"},
        {USER("\"verifiable_addresses\":[5]"), "verifiable_addresses[0]", "object"},
        {USER("\"verifiable_addresses\":[{\"via\":\"email\"}]"), "verifiable_addresses[0].value",
         "missing"},
        {USER("\"verifiable_addresses\":[{\"value\":\"v\",\"via\":\"email\"},{\"value\":\"v\"}]"),
         "verifiable_addresses[1].via", "missing"},
        {USER(
             "\"verifiable_addresses\":[{\"value\":\"v\",\"via\":\"email\",\"verified\":\"yes\"}]"),
         "verifiable_addresses[0].verified", "true or false"},
        {USER("\"recovery_addresses\":[{\"value\":5,\"via\":\"email\"}]"),
         "recovery_addresses[0].value", "text"},
        {USER("\"created_at\":5"), "created_at", "RFC 3339"},
        {USER("\"updated_at\":\"yesterday\""), "updated_at", "RFC 3339"},
    };
    ASSERT_REFUSED(rows);
}

static enum err read_with_length(const char *format, int length)
{
    struct buf line = {0};
    buf_printf(&line, format, length, "");
    struct tried tried = try_shifted(buf_view(&line), 0);
    enum err err = tried.err;
    tried_end(&tried);
    buf_free(&line);
    return err;
}

Test(interchange, texts_have_their_greatest_lengths)
{
    static const struct {
        const char *format; /* where %*s stands for so many blanks */
        int most;
    } rows[] = {
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"%*s\"}", USER_ID_MAX},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\",\"name\":\"%*s\"}", 1024},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\",\"traits\":{\"a\":\"%*s\"}}",
         USER_JSON_MAX - 8},
        {"{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\",\"metadata_admin\":\"%*s\"}",
         USER_JSON_MAX - 2},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"%*s\"}", USER_ID_MAX},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"token\":\"%*s\"}", 1024},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"user_agent\":\"%*s\"}", 1024},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"host\":\"%*s\"}", 1024},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"ip\":\"%*s\"}", 64},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"device\":{\"model\":\"%*s\"}}",
         1024},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"ids\":{\"corbado\":\"%*s\"}}",
         SPELLING_MAX},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        cr_expect_eq(read_with_length(rows[i].format, rows[i].most), ERR_OK, "%s at %d",
                     rows[i].format, rows[i].most);
        cr_expect_eq(read_with_length(rows[i].format, rows[i].most + 1), ERR_INVALID, "%s at %d",
                     rows[i].format, rows[i].most + 1);
    }
}
