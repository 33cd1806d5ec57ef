/* model/session, model/factor: the stored form, status at an instant, what a draft leaves open. */
#include "base/clock.h"
#include "model/session.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(model_session);

static char pool[4096];

static struct str random_view(size_t most)
{
    size_t len = random_below(3) ? random_below(most + 1) : 0;
    return (struct str){pool + random_below(sizeof(pool) - most), len};
}

static void fill(struct session_draft *draft)
{
    *draft = (struct session_draft){
        .has_id = true,
        .created = random_instant(),
        .last_active = random_instant(),
        .updated = random_instant(),
        .expires = random_instant(),
        .ending = (enum ending)random_below(ENDING_COUNT),
        .ended = random_instant(),
        .aal = (int)random_below(AAL_MAX + 1),
        .has_token = random_below(2),
        .factor_count = random_below(FACTORS_MAX + 1),
    };
    random_bytes(draft->id.bytes, sizeof(draft->id.bytes));
    if (draft->has_token)
        random_bytes(draft->token_hash, sizeof(draft->token_hash));
    for (int i = 0; i < TEXT_COUNT; i++)
        draft->texts[i] = random_view(64);
    for (size_t i = 0; i < draft->factor_count; i++) {
        draft->factors[i].channel = (enum channel)random_below(CHANNEL_COUNT);
        draft->factors[i].type = (enum factor_type)random_below(FACTOR_TYPE_COUNT);
        draft->factors[i].verified_at_s = random_instant() / SECOND_MS;
        for (int text = 0; text < METHOD_TEXT_COUNT; text++)
            draft->factors[i].texts[text] = random_view(40);
    }
}

static void assert_same(const struct session_draft *a, const struct session_draft *b, uint64_t seed)
{
    cr_assert(a->last_active == b->last_active && a->updated == b->updated &&
                  a->expires == b->expires && a->ending == b->ending && a->ended == b->ended &&
                  a->aal == b->aal && a->has_token == b->has_token,
              "seed %lu: numbers", (unsigned long)seed);
    cr_assert_arr_eq(a->token_hash, b->token_hash, TOKEN_HASH_BYTES);
    for (int i = 0; i < TEXT_COUNT; i++)
        cr_assert(str_eq(a->texts[i], b->texts[i]), "seed %lu: text %d", (unsigned long)seed, i);
    cr_assert_eq(a->factor_count, b->factor_count, "seed %lu", (unsigned long)seed);
    for (size_t i = 0; i < a->factor_count; i++) {
        cr_assert(a->factors[i].channel == b->factors[i].channel &&
                      a->factors[i].type == b->factors[i].type &&
                      a->factors[i].verified_at_s == b->factors[i].verified_at_s,
                  "seed %lu: factor %zu", (unsigned long)seed, i);
        for (int text = 0; text < METHOD_TEXT_COUNT; text++)
            cr_assert(str_eq(a->factors[i].texts[text], b->factors[i].texts[text]),
                      "seed %lu: factor %zu text %d", (unsigned long)seed, i, text);
    }
}

Test(model_session, a_stored_session_is_read_back)
{
    uint64_t seed = random_begin();
    struct buf buf = {0};
    random_bytes(pool, sizeof(pool));
    for (int round = 0; round < 1000; round++) {
        struct session_draft draft, back;
        struct session session;
        fill(&draft);
        buf_reset(&buf);
        session_encode(&draft, &buf);
        cr_assert_eq(session_decode(buf_view(&buf), &session), ERR_OK, "seed %lu",
                     (unsigned long)seed);
        session_to_draft(&session, &back);
        assert_same(&draft, &back, seed);
    }
    buf_free(&buf);
}

Test(model_session, damaged_bytes_are_told_never_followed)
{
    random_begin();
    struct buf buf = {0};
    random_bytes(pool, sizeof(pool));
    for (int round = 0; round < 3000; round++) {
        struct session_draft draft;
        struct session session;
        fill(&draft);
        buf_reset(&buf);
        if (random_below(2))
            session_encode(&draft, &buf);
        else
            session_encode_beside(&draft, 1, &buf);
        for (size_t hits = 1 + random_below(4); hits; hits--)
            buf.ptr[random_below(buf.len)] = (char)random_u64();
        struct str cut = {buf.ptr, random_below(buf.len + 1)};
        if (session_decode(cut, &session) == ERR_OK)
            session_to_draft(&session, &draft);
    }
    buf_free(&buf);
}

/* With its device beside it, a record says the same as with all in it; without, nothing of it. */
Test(model_session, a_device_may_lie_beside_the_record)
{
    uint64_t seed = random_begin();
    struct buf record = {0}, device = {0};
    random_bytes(pool, sizeof(pool));
    for (int round = 0; round < 300; round++) {
        struct session_draft draft, back;
        struct session session;
        fill(&draft);
        buf_reset(&record);
        buf_reset(&device);
        session_encode_beside(&draft, 7, &record);
        device_encode(draft.texts, &device);
        cr_assert_eq(session_decode(buf_view(&record), &session), ERR_OK);
        cr_assert_eq(session.device, 7);
        cr_assert_eq(session_text(&session, TEXT_USER_AGENT).len, 0);
        for (size_t len = 0; len < device.len; len++)
            cr_assert_eq(session_give_device(&session, (struct str){device.ptr, len}), ERR_CORRUPT,
                         "seed %lu: %zu bytes of %zu", (unsigned long)seed, len, device.len);
        cr_assert_eq(session_give_device(&session, buf_view(&device)), ERR_OK);
        session_to_draft(&session, &back);
        assert_same(&draft, &back, seed);
    }
    buf_free(&record);
    buf_free(&device);
}

Test(model_session, a_later_version_is_told_from_damage)
{
    struct buf buf = {0};
    struct session session;
    session_encode(&(struct session_draft){.aal = 1}, &buf);
    buf.ptr[0] = 3;
    cr_assert_eq(session_decode(buf_view(&buf), &session), ERR_VERSION);
    cr_assert_eq(session_decode(STR("short"), &session), ERR_CORRUPT);
    buf_free(&buf);
}

/* None is counted from that would overflow. */
Test(model_session, instants_that_cannot_be_are_damage)
{
    static const int64_t wrong[] = {INSTANT_NONE, INSTANT_MIN - 1, INSTANT_MAX + 1, INT64_MAX};
    struct buf buf = {0};
    struct session session;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const struct session_draft drafts[] = {{.last_active = wrong[i]},
                                               {.updated = wrong[i]},
                                               {.expires = wrong[i]},
                                               {.ended = wrong[i]}};
        for (size_t j = 0; j < sizeof(drafts) / sizeof(*drafts); j++) {
            buf_reset(&buf);
            session_encode(&drafts[j], &buf);
            cr_expect_eq(session_decode(buf_view(&buf), &session), ERR_CORRUPT,
                         "instant %zu is %lld", j, (long long)wrong[i]);
        }
    }
    buf_free(&buf);
}

Test(model_session, an_id_longer_than_any_is_damage)
{
    static char text[SPELLING_MAX + 1];
    struct session session;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 4; i++) {
        struct session_draft draft = {.texts = {{"", 0}}};
        struct buf record = {0};
        draft.texts[TEXT_HOST] = (struct str){text, sizeof(text)};
        draft.texts[TEXT_BROUGHT_ID + VENDOR_END - 1] = (struct str){text, SPELLING_MAX + i % 2};
        if (i < 2)
            session_encode(&draft, &record);
        else
            session_encode_beside(&draft, 1, &record);
        cr_expect_eq(session_decode(buf_view(&record), &session), i % 2 ? ERR_CORRUPT : ERR_OK);
        buf_free(&record);
    }
}

Test(model_session, a_factor_that_was_verified_when_it_cannot_have_been_is_damage)
{
    struct factor factor = {.verified_at_s = INSTANT_MAX / SECOND_MS}, back;
    struct buf buf = {0};
    factor_encode(&factor, &buf);
    struct str rest = buf_view(&buf);
    cr_assert(factor_decode(&rest, &back));
    factor.verified_at_s++;
    buf_reset(&buf);
    factor_encode(&factor, &buf);
    rest = buf_view(&buf);
    cr_assert_not(factor_decode(&rest, &back));
    buf_free(&buf);
}

/* The table of the record's contract, and its edges: a deadline is past at its very instant. */
Test(model_session, status_is_what_came_first)
{
    static const struct {
        enum ending ending;
        int64_t last_active, expires, idle, now;
        enum status status;
    } cases[] = {
        {ENDING_NONE, 0, 1000, 0, 999, STATUS_ACTIVE},
        {ENDING_NONE, 0, 1000, 0, 1000, STATUS_EXPIRED},
        {ENDING_NONE, 0, 1000, 500, 499, STATUS_ACTIVE},
        {ENDING_NONE, 0, 1000, 500, 500, STATUS_INACTIVITY_REACHED},
        {ENDING_NONE, 0, 1000, 500, 5000, STATUS_INACTIVITY_REACHED},
        {ENDING_NONE, 0, 1000, 1000, 1000, STATUS_EXPIRED}, /* a tie is an expiry */
        {ENDING_NONE, 0, 1000, 1001, 1000, STATUS_EXPIRED},
        {ENDING_NONE, 900, 1000, 500, 5000, STATUS_EXPIRED},
        {ENDING_NONE, INT64_MAX - 10, INT64_MAX, 500, 0, STATUS_ACTIVE}, /* no overflow */
        {ENDING_LOGGED_OUT, 0, 1000, 500, 5000, STATUS_LOGGED_OUT},
        {ENDING_REVOKED, 0, 1000, 500, 1, STATUS_REVOKED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct session session = {.ending = cases[i].ending,
                                  .last_active = cases[i].last_active,
                                  .expires = cases[i].expires};
        enum status status = session_status(&session, cases[i].idle, cases[i].now);
        cr_expect_eq(status, cases[i].status, "case %zu: %s", i, status_names[status]);
    }
}

Test(model_session, statuses_sort_as_their_words)
{
    for (int i = 1; i < STATUS_COUNT; i++)
        cr_expect_lt(strcmp(status_names[i - 1], status_names[i]), 0);
}

static struct session_draft open_draft(void)
{
    return (struct session_draft){.created = INSTANT_NONE,
                                  .last_active = INSTANT_NONE,
                                  .updated = INSTANT_NONE,
                                  .expires = INSTANT_NONE,
                                  .aal = AAL_UNSET};
}

Test(model_session, what_a_draft_leaves_open_is_filled_in)
{
    struct session_draft draft = open_draft();
    session_complete(&draft, 5000, 1000);
    cr_expect_eq(draft.created, 1000);
    cr_expect_eq(draft.last_active, 1000);
    cr_expect_eq(draft.updated, 1000);
    cr_expect_eq(draft.expires, 6000);
    cr_expect_eq(draft.aal, 1);
    cr_expect(draft.has_id);
    cr_expect_eq(draft.id.bytes[6] >> 4, 7);

    draft = open_draft();
    draft.created = INSTANT_MAX - 1;
    draft.ending = ENDING_REVOKED;
    draft.ended = INSTANT_MAX;
    session_complete(&draft, 5000, 1000);
    cr_expect_eq(draft.expires, INSTANT_MAX, "years of four digits end there");
    cr_expect_eq(draft.updated, INSTANT_MAX, "its ending changed it");

    draft = open_draft();
    draft.expires = 500;
    session_complete(&draft, 5000, 1000);
    cr_expect_eq(draft.created, 500, "no session begins after its end");
}

Test(model_session, assurance_follows_from_the_factors)
{
    struct factor otp = {.type = FACTOR_OTP}, totp = {.type = FACTOR_TOTP},
                  webauthn = {.type = FACTOR_WEBAUTHN}, oauth = {.type = FACTOR_OAUTH};
    cr_expect_eq(factors_aal(NULL, 0), 1);
    cr_expect_eq(factors_aal((struct factor[]){otp}, 1), 1);
    cr_expect_eq(factors_aal((struct factor[]){totp}, 1), 1, "a second factor alone");
    cr_expect_eq(factors_aal((struct factor[]){webauthn}, 1), 1);
    cr_expect_eq(factors_aal((struct factor[]){otp, totp}, 2), 2);
    cr_expect_eq(factors_aal((struct factor[]){otp, webauthn}, 2), 2);
    cr_expect_eq(factors_aal((struct factor[]){otp, oauth}, 2), 1);
}

Test(model_session, a_brought_id_is_spelled_as_it_was)
{
    struct session_draft draft = {.aal = 1, .created = 1752740640000};
    struct session session;
    struct buf buf = {0};
    struct spelling spelling;
    draft.texts[TEXT_BROUGHT_ID + VENDOR_ROCKETCHAT] = STR("QoYYFw2t9oKks2niG");
    session_encode(&draft, &buf);
    cr_assert_eq(session_decode(buf_view(&buf), &session), ERR_OK);
    session_spell(&session, VENDOR_ROCKETCHAT, &spelling);
    cr_expect(str_eq(spelling_view(&spelling), STR("QoYYFw2t9oKks2niG")));
    session_spell(&session, VENDOR_KRATOS, &spelling);
    cr_expect(str_eq(spelling_view(&spelling), STR("00000000-0000-0000-0000-000000000000")));
    buf_free(&buf);
}
