/* model/id, model/vendor: one UUID, five spellings. */
#include <ctype.h>

#include "model/id.h"
#include "model/vendor.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(model_id);

static struct uuid random_uuid(void)
{
    struct uuid id;
    random_bytes(id.bytes, sizeof(id.bytes));
    return id;
}

static struct uuid uuid_from(const char *text)
{
    struct uuid id;
    cr_assert(uuid_parse_text(str_of(text), &id), "%s", text);
    return id;
}

Test(model_id, each_vendor_has_its_form)
{
    struct uuid id = uuid_from("01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d");
    static const struct {
        enum vendor vendor;
        const char *prefix;
        size_t len;
    } forms[] = {{VENDOR_PRELUDE, "ses_", 30},
                 {VENDOR_CORBADO, "", 30},
                 {VENDOR_STREAMBIRD, "sess_", 32},
                 {VENDOR_KRATOS, "", 36},
                 {VENDOR_ROCKETCHAT, "", 23}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct spelling spelling;
        id_spell(forms[i].vendor, &id, 1752740640000, &spelling);
        cr_expect_eq(spelling.len, forms[i].len, "%s: %.*s", vendor_name((int)forms[i].vendor),
                     (int)spelling.len, spelling.text);
        cr_expect(str_starts(spelling_view(&spelling), str_of(forms[i].prefix)));
    }
}

/* The TypeID of the specification's own vectors (jetify typeid, valid.yml). */
Test(model_id, a_typeid_is_spelled_as_its_specification_says)
{
    struct uuid id = uuid_from("01890a5d-ac96-774b-bcce-b302099a8057");
    struct spelling spelling;
    id_spell(VENDOR_PRELUDE, &id, 0, &spelling);
    cr_assert(str_eq(spelling_view(&spelling), STR("ses_01h455vb4pex5vsknk084sn02q")), "%.*s",
              (int)spelling.len, spelling.text);
    id = uuid_from("ffffffff-ffff-ffff-ffff-ffffffffffff");
    id_spell(VENDOR_PRELUDE, &id, 0, &spelling);
    cr_assert(str_eq(spelling_view(&spelling), STR("ses_7zzzzzzzzzzzzzzzzzzzzzzzzz")));
}

Test(model_id, spellings_are_read_back_and_keep_the_order)
{
    uint64_t seed = random_begin();
    for (int round = 0; round < 3000; round++) {
        struct uuid a = random_uuid(), b = random_uuid(), back;
        int order = memcmp(a.bytes, b.bytes, sizeof(a.bytes));
        for (int vendor = 1; vendor < VENDOR_END; vendor++) {
            struct spelling spelled, other;
            id_spell((enum vendor)vendor, &a, 1643163802000, &spelled);
            id_spell((enum vendor)vendor, &b, 1643163802000, &other);
            cr_assert(id_parse((enum vendor)vendor, spelling_view(&spelled), &back),
                      "seed %lu: %s: %.*s", (unsigned long)seed, vendor_name(vendor),
                      (int)spelled.len, spelled.text);
            cr_assert_arr_eq(a.bytes, back.bytes, sizeof(a.bytes), "seed %lu: %s: %.*s",
                             (unsigned long)seed, vendor_name(vendor), (int)spelled.len,
                             spelled.text);
            int spelled_order = str_cmp(spelling_view(&spelled), spelling_view(&other));
            cr_assert_eq(order < 0, spelled_order < 0, "seed %lu: %s", (unsigned long)seed,
                         vendor_name(vendor));
        }
    }
}

Test(model_id, what_is_no_spelling_is_refused)
{
    static const struct {
        enum vendor vendor;
        const char *text;
    } cases[] = {
        {VENDOR_PRELUDE, ""},
        {VENDOR_PRELUDE, "ses_"},
        {VENDOR_PRELUDE, "01h455vb4pex5vsknk084sn02q"},
        {VENDOR_PRELUDE, "ses_8zzzzzzzzzzzzzzzzzzzzzzzzz"}, /* more than 128 bits */
        {VENDOR_PRELUDE, "ses_01h455vb4pex5vsknk084sn02u"}, /* u is no digit */
        {VENDOR_PRELUDE, "ses_01H455VB4PEX5VSKNK084SN02Q"},
        {VENDOR_CORBADO, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"},
        {VENDOR_CORBADO, "000"},
        {VENDOR_STREAMBIRD, "sess_zzzzzzzzzzzzzzzzzzzzzzzzzzz"},
        {VENDOR_KRATOS, "01890a5d-ac96-774b-bcce-b302099a805"},
        {VENDOR_KRATOS, "01890a5dac96774bbcceb302099a8057"},
        {VENDOR_KRATOS, "01890a5d-ac96-774b-bcce-b302099a805g"},
        {VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG"},
        {VENDOR_ROCKETCHAT, "00000000000000000000000"},
    };
    struct uuid id;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        cr_expect(!id_parse(cases[i].vendor, str_of(cases[i].text), &id), "%s: %s",
                  vendor_name((int)cases[i].vendor), cases[i].text);
}

Test(model_id, made_ids_are_version_7_of_their_instant)
{
    for (int round = 0; round < 100; round++) {
        struct uuid id = uuid_make(1752740640000);
        char text[UUID_TEXT];
        uuid_write(&id, text);
        cr_assert_arr_eq(text, "0198177b-b500-", 14, "%.36s", text);
        cr_assert_eq(text[14], '7', "%.36s", text);
        cr_assert(strchr("89ab", text[19]), "%.36s", text);
    }
    struct uuid early = uuid_make(-5);
    cr_assert_arr_eq(early.bytes, "\0\0\0\0\0\0", 6);
}

Test(model_id, named_ids_are_version_5_and_tell_parts_apart)
{
    struct uuid a = uuid_of_name(STR("acme"), STR("jane"));
    struct uuid again = uuid_of_name(STR("acme"), STR("jane"));
    struct uuid other = uuid_of_name(STR("acm"), STR("ejane"));
    cr_assert_arr_eq(a.bytes, again.bytes, sizeof(a.bytes));
    cr_assert_arr_neq(a.bytes, other.bytes, sizeof(a.bytes));
    cr_assert_eq(a.bytes[6] >> 4, 5);
}

Test(model_id, ksuids_begin_with_their_second)
{
    char one[KSUID_TEXT], later[KSUID_TEXT];
    struct uuid payload = random_uuid();
    ksuid_write(1643163802000, &payload, one);
    ksuid_write(1643163803000, &payload, later);
    for (int i = 0; i < KSUID_TEXT; i++)
        cr_assert(isalnum((unsigned char)one[i]), "%.27s", one);
    cr_assert_lt(memcmp(one, later, KSUID_TEXT), 0, "%.27s %.27s", one, later);
}

Test(model_id, vendors_and_keys_have_names)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        cr_expect_eq(vendor_of_name(str_of(vendor_name(vendor))), vendor);
        cr_expect_eq(key_use_of_name(str_of(vendor_name(vendor))), vendor);
    }
    cr_expect_null(vendor_name(0));
    cr_expect_null(vendor_name(VENDOR_END));
    cr_expect_eq(vendor_of_name(STR("kratosx")), 0);
    cr_expect_eq(key_use_of_name(STR("admin")), KEY_ADMIN);
    cr_expect_eq(key_use_of_name(STR("root")), -1);
    cr_expect_str_eq(key_use_name(KEY_ADMIN), "admin");
}
