/* model/interchange: sessions of the interchange form, read and written. */
#include "base/clock.h"
#include "model/secret.h"
#include "support/random.h"
#include "support/suite.h"
#include "unit/interchange_try.h"

SUITE(interchange_session);

/* The example of the interchange form, as the vendors' own documents fill it. */
static const char example[] =
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-4693224802260150919\","
    "\"id\":\"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d\",\"token\":"
    "\"MP2YWEMeM8MxjkGKpH4dqOQ4Q4DlSPaj\","
    "\"created_at\":\"2025-07-17T08:24:00.000Z\",\"last_active_at\":\"2025-07-17T09:00:00.000Z\","
    "\"updated_at\":\"2025-07-17T09:00:00.000Z\",\"expires_at\":\"2025-08-16T08:24:00.000Z\","
    "\"ended\":{\"as\":\"revoked\",\"at\":\"2025-07-18T10:00:00.000Z\"},"
    "\"device\":{\"type\":\"mobile\",\"model\":\"iPhone 15 Pro\",\"name\":\"Mobile Safari\","
    "\"version\":\"17.4\",\"long_version\":\"17.4.1\",\"os\":{\"name\":\"iOS\",\"version\":\"17."
    "4\"}},"
    "\"user_agent\":\"Mozilla/5.0 …\",\"ip\":\"203.0.113.7\",\"host\":\"app.example.com\","
    "\"country_code\":\"US\",\"aal\":\"aal1\","
    "\"factors\":[{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{\"method_id\":\"pn_"
    "1\","
    "\"method_type\":\"phone_number\",\"phone_number_id\":\"pn_1\",\"phone_number\":\"+"
    "14152222222\","
    "\"last_verified_at\":1643163802}}],"
    "\"ids\":{\"rocketchat\":\"QoYYFw2t9oKks2niG\",\"streambird\":\"sess_"
    "24tZ6tlJ7CxlTwB6Zoj6SHQ9vU3\"}}";

static const struct {
    enum session_text text;
    const char *value;
} example_texts[] = {
    {TEXT_DEVICE_TYPE, "mobile"},
    {TEXT_DEVICE_MODEL, "iPhone 15 Pro"},
    {TEXT_DEVICE_NAME, "Mobile Safari"},
    {TEXT_DEVICE_VERSION, "17.4"},
    {TEXT_DEVICE_LONG_VERSION, "17.4.1"},
    {TEXT_OS_NAME, "iOS"},
    {TEXT_OS_VERSION, "17.4"},
    {TEXT_USER_AGENT, "Mozilla/5.0 …"},
    {TEXT_IP, "203.0.113.7"},
    {TEXT_HOST, "app.example.com"},
    {TEXT_COUNTRY_CODE, "US"},
    {TEXT_BROUGHT_ID + VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG"},
    {TEXT_BROUGHT_ID + VENDOR_STREAMBIRD, "sess_24tZ6tlJ7CxlTwB6Zoj6SHQ9vU3"},
    {TEXT_BROUGHT_ID + VENDOR_CORBADO, ""},
};

Test(interchange_session, a_session_is_read)
{
    struct tried tried = try_line(example);
    const struct session_draft *draft = &tried.record->draft;
    uint8_t hash[HASH_BYTES];
    char id[UUID_TEXT];
    cr_expect_eq(tried.record->kind, RECORD_SESSION);
    cr_expect(str_eq(tried.record->app_id, STR("acme")));
    cr_expect(str_eq(tried.record->user_id, STR("usr-4693224802260150919")));
    uuid_write(&draft->id, id);
    cr_expect(draft->has_id &&
              str_eq((struct str){id, sizeof(id)}, STR("01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d")));
    secret_hash(STR("MP2YWEMeM8MxjkGKpH4dqOQ4Q4DlSPaj"), hash);
    cr_expect(draft->has_token);
    cr_expect_arr_eq(draft->token_hash, hash, HASH_BYTES);
    cr_expect_eq(draft->created, INT64_C(1752740640000));
    cr_expect_eq(draft->last_active, INT64_C(1752742800000));
    cr_expect_eq(draft->updated, INT64_C(1752742800000));
    cr_expect_eq(draft->expires, INT64_C(1755332640000));
    cr_expect_eq(draft->ending, ENDING_REVOKED);
    cr_expect_eq(draft->ended, INT64_C(1752832800000));
    cr_expect_eq(draft->aal, 1);
    for (size_t i = 0; i < sizeof(example_texts) / sizeof(*example_texts); i++)
        cr_expect(str_eq(draft->texts[example_texts[i].text], str_of(example_texts[i].value)),
                  "%.*s, not %s", STR_ARG(draft->texts[example_texts[i].text]),
                  example_texts[i].value);
    cr_assert_eq(draft->factor_count, 1);
    cr_expect_eq(draft->factors[0].channel, CHANNEL_SMS);
    cr_expect_eq(draft->factors[0].type, FACTOR_OTP);
    cr_expect_eq(draft->factors[0].verified_at_s, 1643163802);
    cr_expect(str_eq(draft->factors[0].texts[METHOD_PHONE_NUMBER], STR("+14152222222")));
    cr_expect_eq(draft->factors[0].texts[METHOD_EMAIL].len, 0);
    tried_end(&tried);
}

Test(interchange_session, a_session_needs_app_and_user_alone)
{
    struct tried tried = try_line("{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\"}");
    const struct session_draft *draft = &tried.record->draft;
    cr_expect_not(draft->has_id);
    cr_expect_not(draft->has_token);
    cr_expect_eq(draft->created, INSTANT_NONE);
    cr_expect_eq(draft->last_active, INSTANT_NONE);
    cr_expect_eq(draft->updated, INSTANT_NONE);
    cr_expect_eq(draft->expires, INSTANT_NONE);
    cr_expect_eq(draft->ending, ENDING_NONE);
    cr_expect_eq(draft->ended, 0);
    cr_expect_eq(draft->aal, AAL_UNSET);
    cr_expect_eq(draft->factor_count, 0);
    tried_end(&tried);
}

#define SESSION(rest) "{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\"," rest "}"
#define FACTOR(channel, type, method)                                                              \
    SESSION("\"factors\":[{\"delivery_channel\":\"" channel "\",\"type\":\"" type                  \
            "\",\"method\":{" method "}}]")
#define METHOD "\"method_id\":\"m\",\"method_type\":\"t\",\"last_verified_at\":1"

Test(interchange_session, sessions_are_refused)
{
    static const struct refused rows[] = {
        {"{\"kind\":\"session\",\"user\":\"u\"}", "app", "missing"},
        {"{\"kind\":\"session\",\"app\":\"a\"}", "user", "missing"},
        {"{\"kind\":\"session\",\"app\":\"a\",\"user\":\"\"}", "user", "1 to 128"},
        {SESSION("\"status\":\"active\""), "status", "no such key"},
        {SESSION("\"id\":\"5\""), "id", "UUID"},
        {SESSION("\"id\":5"), "id", "text"},
        {SESSION("\"token\":\"\""), "token", "text"},
        {SESSION("\"token\":5"), "token", "text"},
        {SESSION("\"token\":\"a\",\"token_sha256\":\"b\""), "token_sha256", "not both"},
        {SESSION("\"token_sha256\":\"zz\""), "token_sha256", "64 hex"},
        {SESSION("\"created_at\":\"2025-02-29T00:00:00Z\""), "created_at", "RFC 3339"},
        {SESSION("\"created_at\":\"2025-01-01\""), "created_at", "RFC 3339"},
        {SESSION("\"created_at\":\"2025-01-01T00:00:00\""), "created_at", "UTC"},
        {SESSION("\"created_at\":\"2025-01-01T00:00:00+01:00\""), "created_at", "UTC"},
        {SESSION("\"created_at\":1752740640000"), "created_at", "RFC 3339"},
        {SESSION("\"last_active_at\":\"\""), "last_active_at", "RFC 3339"},
        {SESSION("\"updated_at\":null"), "updated_at", "RFC 3339"},
        {SESSION("\"created_at\":\"2025-01-02T00:00:00Z\",\"expires_at\":\"2025-01-01T00:00:00Z\""),
         "expires_at", "not before created_at"},
        {SESSION("\"ended\":\"revoked\""), "ended", "object"},
        {SESSION("\"ended\":{\"as\":\"revoked\"}"), "ended.at", "missing"},
        {SESSION("\"ended\":{\"at\":\"2025-01-01T00:00:00Z\"}"), "ended.as", "missing"},
        {SESSION("\"ended\":{\"as\":\"expired\",\"at\":\"2025-01-01T00:00:00Z\"}"), "ended.as",
         "one of logged_out, revoked"},
        {SESSION("\"ended\":{\"as\":\"revoked\",\"at\":\"2025-01-01T00:00:00Z\",\"by\":\"x\"}"),
         "ended.by", "no such key"},
        {SESSION("\"device\":[]"), "device", "object"},
        {SESSION("\"device\":{\"colour\":\"red\"}"), "device.colour", "no such key"},
        {SESSION("\"device\":{\"type\":5}"), "device.type", "text"},
        {SESSION("\"device\":{\"os\":\"iOS\"}"), "device.os", "object"},
        {SESSION("\"device\":{\"os\":{\"name\":5}}"), "device.os.name", "text"},
        {SESSION("\"device\":{\"os\":{\"build\":\"5\"}}"), "device.os.build", "no such key"},
        {SESSION("\"country_code\":\"us\""), "country_code", "two letters"},
        {SESSION("\"country_code\":\"U\""), "country_code", "two letters"},
        {SESSION("\"country_code\":\"USA\""), "country_code", "text"},
        {SESSION("\"aal\":\"aal4\""), "aal", "one of aal0, aal1, aal2, aal3"},
        {SESSION("\"aal\":1"), "aal", "one of"},
        {SESSION("\"ids\":{\"myspace\":\"x\"}"), "ids.myspace", "no such key"},
        {SESSION("\"ids\":{\"corbado\":\"\"}"), "ids.corbado", "1 to 128"},
        {SESSION("\"ids\":{\"kratos\":\"3F2504E0-4F89\"}"), "ids.kratos", "a UUID"},
        {SESSION("\"ids\":{\"corbado\":\"a\\nb\"}"), "ids.corbado", "printable"},
        {SESSION("\"factors\":{}"), "factors", "array"},
        {SESSION("\"factors\":[\"sms\"]"), "factors[0]", "object"},
        {SESSION("\"factors\":[{}]"), "factors[0].delivery_channel", "missing"},
        {SESSION("\"factors\":[{\"delivery_channel\":\"sms\",\"type\":\"otp\"}]"),
         "factors[0].method", "missing"},
        {FACTOR("pigeon", "otp", METHOD), "factors[0].delivery_channel", "one of sms, email,"},
        {FACTOR("sms", "letter", METHOD), "factors[0].type", "one of otp, oauth,"},
        {FACTOR("sms", "oauth", METHOD), "factors[0].type", "otp"},
        {FACTOR("sms", "otp", "\"method_type\":\"t\",\"last_verified_at\":1"),
         "factors[0].method.method_id", "missing"},
        {FACTOR("sms", "otp", "\"method_id\":\"\",\"method_type\":\"t\",\"last_verified_at\":1"),
         "factors[0].method.method_id", "text"},
        {FACTOR("sms", "otp", "\"method_id\":\"m\",\"last_verified_at\":1"),
         "factors[0].method.method_type", "missing"},
        {FACTOR("sms", "otp", "\"method_id\":\"m\",\"method_type\":\"t\""),
         "factors[0].method.last_verified_at", "missing"},
        {FACTOR("sms", "otp",
                "\"method_id\":\"m\",\"method_type\":\"t\",\"last_verified_at\":\"1\""),
         "factors[0].method.last_verified_at", "integer"},
        {FACTOR("sms", "otp",
                "\"method_id\":\"m\",\"method_type\":\"t\",\"last_verified_at\":253402300800"),
         "factors[0].method.last_verified_at", "integer from"},
        {FACTOR("sms", "otp", METHOD ",\"fax\":\"1\""), "factors[0].method.fax", "no such key"},
        {SESSION("\"factors\":[{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{" METHOD
                 "}},{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{" METHOD
                 "},\"at\":1}]"),
         "factors[1].at", "no such key"},
    };
    ASSERT_REFUSED(rows);
}

/* As Kratos shows it; who asks may write it in any way. */
Test(interchange_session, an_id_of_kratos_is_kept_in_lower_case)
{
    struct tried tried =
        try_line(SESSION("\"ids\":{\"kratos\":\"3F2504E0-4F89-41D3-9A0C-0305E82C3301\"}"));
    cr_expect(str_eq(tried.record->draft.texts[TEXT_BROUGHT_ID + VENDOR_KRATOS],
                     STR("3f2504e0-4f89-41d3-9a0c-0305e82c3301")));
    tried_end(&tried);
}

Test(interchange_session, what_real_records_leave_empty_may_be_empty)
{
    struct tried tried = try_line(
        SESSION("\"user_agent\":\"\",\"ip\":\"\",\"country_code\":\"\",\"device\":{\"os\":{}},"
                "\"factors\":[],\"ids\":{},\"created_at\":\"2025-01-01T00:00:00Z\","
                "\"expires_at\":\"2025-01-01T00:00:00Z\","
                "\"last_active_at\":\"2024-01-01T00:00:00.5Z\""));
    cr_expect_eq(tried.record->draft.factor_count, 0);
    tried_end(&tried);
}

Test(interchange_session, every_channel_has_its_type)
{
    static const enum factor_type types[CHANNEL_COUNT] = {
        FACTOR_OTP,   FACTOR_OTP,   FACTOR_TOTP,     FACTOR_TOTP,   FACTOR_OAUTH,
        FACTOR_OAUTH, FACTOR_OAUTH, FACTOR_OAUTH,    FACTOR_OAUTH,  FACTOR_OAUTH,
        FACTOR_OAUTH, FACTOR_OAUTH, FACTOR_WEBAUTHN, FACTOR_WALLET, FACTOR_WALLET};
    for (int channel = 0; channel < CHANNEL_COUNT; channel++)
        for (int type = 0; type < FACTOR_TYPE_COUNT; type++) {
            struct buf line = {0};
            buf_printf(
                &line,
                "%s\"factors\":[{\"delivery_channel\":\"%s\",\"type\":\"%s\",\"method\":{%s}}]}",
                "{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",", channel_names[channel],
                factor_type_names[type], METHOD);
            struct tried tried = try_shifted(buf_view(&line), 0);
            cr_expect_eq(tried.err, (int)types[channel] == type ? ERR_OK : ERR_INVALID, "%s as %s",
                         channel_names[channel], factor_type_names[type]);
            tried_end(&tried);
            buf_free(&line);
        }
}

Test(interchange_session, a_session_has_at_most_so_many_factors)
{
    for (int count = FACTORS_MAX; count <= FACTORS_MAX + 1; count++) {
        struct buf line = {0};
        buf_str(&line, STR("{\"kind\":\"session\",\"app\":\"a\",\"user\":\"u\",\"factors\":["));
        for (int i = 0; i < count; i++)
            buf_printf(&line, "%s{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{%s}}",
                       i ? "," : "", METHOD);
        buf_str(&line, STR("]}"));
        struct tried tried = try_shifted(buf_view(&line), 0);
        cr_expect_eq(tried.err, count > FACTORS_MAX ? ERR_INVALID : ERR_OK, "%d factors", count);
        tried_end(&tried);
        buf_free(&line);
    }
}

/* ---- shifting ---- */

Test(interchange_session, every_instant_is_shifted)
{
    enum { SHIFT = 86400000 + 2500 };
    struct tried plain = try_line(example), moved = try_shifted(str_of(example), SHIFT);
    const struct session_draft *before = &plain.record->draft, *after = &moved.record->draft;
    cr_assert_eq(moved.err, ERR_OK);
    cr_expect_eq(after->created, before->created + SHIFT);
    cr_expect_eq(after->last_active, before->last_active + SHIFT);
    cr_expect_eq(after->updated, before->updated + SHIFT);
    cr_expect_eq(after->expires, before->expires + SHIFT);
    cr_expect_eq(after->ended, before->ended + SHIFT);
    cr_expect_eq(after->factors[0].verified_at_s,
                 before->factors[0].verified_at_s + SHIFT / SECOND_MS);
    tried_end(&plain);
    tried_end(&moved);
}

Test(interchange_session, a_users_instants_are_shifted)
{
    struct tried tried = try_shifted(
        STR("{\"kind\":\"user\",\"app\":\"a\",\"id\":\"u\",\"created_at\":\"1970-01-01T00:00:00Z\","
            "\"updated_at\":\"1970-01-01T00:00:01Z\"}"),
        -7);
    cr_assert_eq(tried.err, ERR_OK);
    cr_expect_eq(tried.record->user.created, -7);
    cr_expect_eq(tried.record->user.updated, 993);
    tried_end(&tried);
}

Test(interchange_session, no_instant_is_shifted_out_of_the_years)
{
    static const struct {
        const char *line, *field;
        int64_t shift_ms;
    } rows[] = {
        {SESSION("\"created_at\":\"9999-12-31T23:59:59.999Z\""), "created_at", 1},
        {SESSION("\"created_at\":\"0000-01-01T00:00:00Z\""), "created_at", -1},
        {SESSION("\"expires_at\":\"2025-01-01T00:00:00Z\""), "expires_at", INT64_MAX},
        {SESSION("\"expires_at\":\"1925-01-01T00:00:00Z\""), "expires_at", INT64_MIN},
        {FACTOR("sms", "otp", METHOD), "factors[0].method.last_verified_at", INT64_MAX},
        {FACTOR("sms", "otp", METHOD), "factors[0].method.last_verified_at", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct tried tried = try_shifted(str_of(rows[i].line), rows[i].shift_ms);
        cr_expect_eq(tried.err, ERR_INVALID, "%s", rows[i].line);
        cr_expect(str_eq(tried.fault.field, str_of(rows[i].field)), "%.*s",
                  STR_ARG(tried.fault.field));
        tried_end(&tried);
    }
}
