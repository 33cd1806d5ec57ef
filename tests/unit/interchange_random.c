/* model/interchange: what is written is read again the same; no line whatever does harm. */
#include "base/clock.h"
#include "support/random.h"
#include "support/suite.h"
#include "unit/interchange_try.h"

SUITE(interchange_random);

enum { ROUNDS = 2000, TEXT_BYTES = 40 };

/* Texts of a draft under construction; a new one each time. */
struct texts {
    char bytes[TEXT_COUNT + FACTORS_MAX * METHOD_TEXT_COUNT][TEXT_BYTES];
    size_t used;
};

static struct str random_text(struct texts *texts, size_t least)
{
    static const char *const pieces[] = {"a", "Z", "7", " ", "\"", "\\", "/", "é", "𝄞", "-"};
    char *text = texts->bytes[texts->used++];
    size_t len = 0, count = least + random_below(9);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(sizeof(pieces) / sizeof(*pieces))];
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return (struct str){text, len};
}

static void make_factor(struct texts *texts, struct factor *factor)
{
    static const enum channel channels[] = {CHANNEL_SMS, CHANNEL_EMAIL};
    *factor = (struct factor){.channel = channels[random_below(2)],
                              .type = FACTOR_OTP,
                              .verified_at_s = random_instant() / SECOND_MS};
    for (int i = 0; i < METHOD_TEXT_COUNT; i++)
        if (i == METHOD_ID || i == METHOD_TYPE || random_below(3) == 0)
            factor->texts[i] = random_text(texts, 1);
}

static void make_draft(struct texts *texts, struct session_draft *draft)
{
    texts->used = 0;
    *draft = (struct session_draft){.has_id = true,
                                    .created = random_instant(),
                                    .last_active = random_instant(),
                                    .updated = random_instant(),
                                    .ending = (enum ending)random_below(ENDING_COUNT),
                                    .aal = (int)random_below(AAL_MAX + 1),
                                    .factor_count = random_below(FACTORS_MAX + 1)};
    draft->expires = instant_later(draft->created, (int64_t)random_below(10000000000));
    draft->ended = draft->ending == ENDING_NONE ? 0 : random_instant();
    random_bytes(draft->id.bytes, sizeof(draft->id.bytes));
    for (int i = 0; i < TEXT_COUNT; i++)
        if (i != TEXT_COUNTRY_CODE && i != TEXT_BROUGHT_ID && random_below(2))
            draft->texts[i] = random_text(texts, 0);
    draft->texts[TEXT_BROUGHT_ID + VENDOR_KRATOS] =
        random_below(2) ? STR("4c0ffee0-0000-4000-8000-0123456789ab") : STR_NONE;
    if (random_below(2))
        draft->texts[TEXT_COUNTRY_CODE] = STR("SE");
    for (size_t i = 0; i < draft->factor_count; i++)
        make_factor(texts, &draft->factors[i]);
}

/* Two drafts are the same when they are stored the same. */
static void expect_same(const struct session_draft *a, const struct session_draft *b, uint64_t seed,
                        struct str line)
{
    struct buf left = {0}, right = {0};
    session_encode(a, &left);
    session_encode(b, &right);
    cr_expect(str_eq(buf_view(&left), buf_view(&right)) && a->created == b->created &&
                  memcmp(&a->id, &b->id, sizeof(a->id)) == 0,
              "seed %lu: %.*s", (unsigned long)seed, STR_ARG(line));
    buf_free(&left);
    buf_free(&right);
}

Test(interchange_random, what_is_written_is_read_again_the_same)
{
    uint64_t seed = random_begin();
    struct texts *texts = malloc(sizeof(*texts));
    for (int i = 0; i < ROUNDS; i++) {
        struct buf record = {0}, line = {0};
        struct session_draft draft;
        struct session session;
        make_draft(texts, &draft);
        session_encode(&draft, &record);
        cr_assert_eq(session_decode(buf_view(&record), &session), ERR_OK, "seed %lu",
                     (unsigned long)seed);
        session.id = draft.id;
        session.created = draft.created;
        struct json_out json = json_begin(&line);
        record_write_session(&json, &session, STR("acme"), STR("usr-1"));
        struct tried tried = try_shifted(buf_view(&line), 0);
        cr_assert(tried.err == ERR_OK, "seed %lu: %.*s: %.*s: expected %.*s", (unsigned long)seed,
                  STR_ARG(buf_view(&line)), STR_ARG(tried.fault.field),
                  STR_ARG(tried.fault.expected));
        cr_expect(str_eq(tried.record->app_id, STR("acme")));
        cr_expect(str_eq(tried.record->user_id, STR("usr-1")));
        expect_same(&draft, &tried.record->draft, seed, buf_view(&line));
        tried_end(&tried);
        buf_free(&record);
        buf_free(&line);
    }
    free(texts);
}

Test(interchange_random, tokens_are_never_written)
{
    struct session_draft draft = {.has_id = true, .has_token = true};
    struct session session;
    struct buf record = {0}, line = {0};
    memset(draft.token_hash, 0xAB, sizeof(draft.token_hash));
    session_encode(&draft, &record);
    cr_assert_eq(session_decode(buf_view(&record), &session), ERR_OK);
    session.id = draft.id;
    session.created = 0;
    struct json_out json = json_begin(&line);
    record_write_session(&json, &session, STR("acme"), STR("u"));
    cr_expect_null(memmem(line.ptr, line.len, "token", 5), "%.*s", STR_ARG(buf_view(&line)));
    cr_expect_null(memmem(line.ptr, line.len, "abab", 4), "%.*s", STR_ARG(buf_view(&line)));
    buf_free(&record);
    buf_free(&line);
}

/* Pieces that lines are made of, so that many get past the first brace. */
static const char *const pieces[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     ":",
                                     ",",
                                     "\"",
                                     "\\",
                                     "\\u0000",
                                     "null",
                                     "true",
                                     "1e999",
                                     "-1",
                                     " ",
                                     "\n",
                                     "\"kind\":",
                                     "\"session\"",
                                     "\"app\"",
                                     "\"user\"",
                                     "\"id\":",
                                     "\"token\":",
                                     "\"keys\":[{",
                                     "\"factors\":[{",
                                     "\"method\":{",
                                     "\"last_verified_at\":",
                                     "\"device\":{",
                                     "\"os\":{",
                                     "\"ids\":{",
                                     "\"traits\":{",
                                     "\"created_at\":\"2025-07-17T08:24:00.000Z\"",
                                     "\"acme\"",
                                     "\xFF",
                                     "\"ended\":{",
                                     "\"roles\":[",
                                     "\"verifiable_addresses\":[{",
                                     "\"value\":",
                                     "\"via\":"};

static void expect_harmless(struct str line, uint64_t seed)
{
    struct tried tried = try_shifted(line, (int64_t)random_u64());
    cr_expect(tried.err == ERR_OK || (tried.err == ERR_INVALID && tried.fault.expected.len > 0 &&
                                      str_is_utf8(tried.fault.field)),
              "seed %lu: %s", (unsigned long)seed, err_word(tried.err));
    tried_end(&tried);
}

Test(interchange_random, random_bytes_are_refused_and_nothing_worse)
{
    uint64_t seed = random_begin();
    char bytes[200];
    for (int i = 0; i < ROUNDS; i++) {
        size_t len = random_below(sizeof(bytes));
        random_bytes(bytes, len);
        expect_harmless((struct str){bytes, len}, seed);
    }
}

Test(interchange_random, random_pieces_of_records_do_no_harm)
{
    uint64_t seed = random_begin();
    for (int i = 0; i < ROUNDS; i++) {
        struct buf line = {0};
        buf_str(&line,
                random_below(2) ? STR("{\"kind\":\"session\",") : STR("{\"kind\":\"user\","));
        for (size_t count = random_below(30); count > 0; count--)
            buf_str(&line, str_of(pieces[random_below(sizeof(pieces) / sizeof(*pieces))]));
        expect_harmless(buf_view(&line), seed);
        buf_free(&line);
    }
}

Test(interchange_random, a_record_with_one_byte_changed_does_no_harm)
{
    static const char record[] =
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"token\":\"t\",\"id\":"
        "\"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d\",\"created_at\":\"2025-07-17T08:24:00.000Z\","
        "\"ended\":{\"as\":\"revoked\",\"at\":\"2025-07-18T10:00:00.000Z\"},\"aal\":\"aal1\","
        "\"factors\":[{\"delivery_channel\":\"sms\",\"type\":\"otp\",\"method\":{\"method_id\":"
        "\"m\","
        "\"method_type\":\"phone_number\",\"last_verified_at\":1643163802}}],"
        "\"ids\":{\"rocketchat\":\"QoYYFw2t9oKks2niG\"},\"device\":{\"os\":{\"name\":\"iOS\"}}}";
    uint64_t seed = random_begin();
    char line[sizeof(record)];
    for (size_t at = 0; at < sizeof(record) - 1; at++) {
        memcpy(line, record, sizeof(record));
        line[at] = (char)random_u64();
        expect_harmless((struct str){line, sizeof(record) - 1}, seed);
        expect_harmless((struct str){line, at}, seed);
    }
}

Test(interchange_random, running_out_of_memory_is_told)
{
    static const char line[] =
        "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"u\",\"name\":\"Jane\",\"traits\":{\"a\":1}}";
    struct record *record = malloc(sizeof(*record));
    for (size_t limit = 0; limit < 160; limit += 16) {
        struct arena *arena = arena_new(limit);
        struct record_fault fault;
        enum err err = record_read(arena, str_of(line), 0, record, &fault);
        cr_expect(err == ERR_MEMORY || err == ERR_OK, "%zu bytes: %s", limit, err_word(err));
        cr_expect(limit > 0 || err == ERR_MEMORY, "no memory at all");
        arena_free(arena);
    }
    free(record);
}
