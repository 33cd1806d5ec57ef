#include "serve/message.h"

#include <criterion/criterion.h>

#include "base/clock.h"
#include "serve/submit.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(message);

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static const struct uuid some_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void same_text(struct str one, struct str two)
{
    cr_assert(str_eq(one, two), "%.*s is not %.*s", STR_ARG(one), STR_ARG(two));
}

static struct buf encoded(const struct put *puts, size_t count)
{
    struct buf message = {0};
    struct batch batch = {.puts = puts, .count = count, .now = 1234567};
    cr_assert_eq(message_encode(&batch, &message), ERR_OK);
    return message;
}

Test(message, an_ending_and_a_touch_come_out_as_they_went_in)
{
    struct put puts[] = {
        {PUT_ENDING,
         .ending =
             {.app = 7, .reach = REACH_USER, .user = 99, .as = ENDING_REVOKED, .actor = STR("a")}},
        {PUT_ENDING, .ending = {.app = 8, .has_id = true, .id = some_id}},
        {PUT_TOUCH, .touch = {.app = 9,
                              .id = some_id,
                              .last_active = -5,
                              .expires = INSTANT_NONE,
                              .only_later = true,
                              .actor = STR("b")}},
    };
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf message = encoded(puts, 3);
    struct batch batch;
    cr_assert_eq(message_decode(buf_view(&message), arena, &batch), ERR_OK);
    cr_assert_eq(batch.count, 3);
    cr_assert_eq(batch.now, 1234567);
    const struct put_ending *all = &batch.puts[0].ending, *one = &batch.puts[1].ending;
    cr_assert(all->app == 7 && all->reach == REACH_USER && all->user == 99 && !all->has_id);
    cr_assert_eq(all->as, ENDING_REVOKED);
    same_text(all->actor, STR("a"));
    cr_assert(one->app == 8 && one->reach == REACH_ONE && one->has_id && one->as == ENDING_NONE);
    cr_assert_arr_eq(one->id.bytes, some_id.bytes, sizeof(some_id.bytes));
    const struct put_touch *touch = &batch.puts[2].touch;
    cr_assert(touch->app == 9 && touch->last_active == -5 && touch->expires == INSTANT_NONE);
    cr_assert(touch->only_later);
    same_text(touch->actor, STR("b"));
    buf_free(&message);
    arena_free(arena);
}

Test(message, a_rotation_and_lifetimes_come_out_as_they_went_in)
{
    struct put puts[] = {
        {PUT_ROTATION,
         .rotation = {.app = 7, .id = some_id, .has_key = true, .proof_until = 99, .salt = {3}}},
        {PUT_LIFETIMES, .lifetimes = {.app = 8, .access_s = 60, .lifetime_s = 7200}},
    };
    struct put_rotation *sent = &puts[0].rotation;
    memset(sent->presented, 1, HASH_BYTES);
    memset(sent->successor, 2, HASH_BYTES);
    memset(sent->key, 4, HASH_BYTES);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf message = encoded(puts, 2);
    struct batch batch;
    cr_assert_eq(message_decode(buf_view(&message), arena, &batch), ERR_OK);
    const struct put_rotation *rotation = &batch.puts[0].rotation;
    cr_assert(rotation->app == 7 && rotation->has_key && !rotation->has_proof);
    cr_assert_eq(rotation->proof_until, 99);
    cr_assert_arr_eq(rotation->id.bytes, some_id.bytes, sizeof(some_id.bytes));
    cr_assert_arr_eq(rotation->presented, sent->presented, HASH_BYTES);
    cr_assert_arr_eq(rotation->family, sent->family, HASH_BYTES);
    cr_assert_arr_eq(rotation->salt, sent->salt, SALT_BYTES);
    cr_assert_arr_eq(rotation->successor, sent->successor, HASH_BYTES);
    cr_assert_arr_eq(rotation->key, sent->key, HASH_BYTES);
    const struct put_lifetimes *lifetimes = &batch.puts[1].lifetimes;
    cr_assert(lifetimes->app == 8 && lifetimes->access_s == 60 && lifetimes->lifetime_s == 7200);
    buf_free(&message);
    arena_free(arena);
}

Test(message, a_session_comes_out_as_it_went_in)
{
    struct session_draft draft = {.created = 1000,
                                  .last_active = 2000,
                                  .updated = 3000,
                                  .expires = 4000,
                                  .aal = 1,
                                  .has_id = true,
                                  .id = some_id,
                                  .has_token = true,
                                  .token_hash = {42}};
    draft.texts[TEXT_IP] = STR("203.0.113.7");
    struct put put = {PUT_SESSION, .session = {.app_id = STR("acme"),
                                               .user_id = STR("u"),
                                               .draft = &draft,
                                               .fresh = true,
                                               .actor = STR("admin")}};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf message = encoded(&put, 1);
    struct batch batch;
    cr_assert_eq(message_decode(buf_view(&message), arena, &batch), ERR_OK);
    const struct put_session *session = &batch.puts[0].session;
    same_text(session->app_id, STR("acme"));
    same_text(session->user_id, STR("u"));
    same_text(session->actor, STR("admin"));
    same_text(session->draft->texts[TEXT_IP], STR("203.0.113.7"));
    cr_assert(session->fresh && session->draft->has_id && session->draft->has_token);
    cr_assert_arr_eq(session->draft->id.bytes, some_id.bytes, sizeof(some_id.bytes));
    cr_assert_eq(session->draft->token_hash[0], 42);
    cr_assert(session->draft->created == 1000 && session->draft->last_active == 2000 &&
              session->draft->updated == 3000 && session->draft->expires == 4000);
    buf_free(&message);
    arena_free(arena);
}

Test(message, what_cannot_be_sent_is_refused)
{
    static char long_text[UINT16_MAX + 1];
    struct put app = {PUT_APP, .app = {.keys = NULL}};
    struct put later = {PUT_TOUCH, .touch = {.expires = INSTANT_NONE, .later_ms = 1}};
    struct put past = {PUT_ENDING, .ending = {.if_past = true}};
    struct put touch = {PUT_TOUCH, .touch = {.actor = {long_text, sizeof(long_text)}}};
    struct buf message = {0};
    struct batch batch = {.puts = &app, .count = 1};
    cr_assert_eq(message_encode(&batch, &message), ERR_INTERNAL);
    batch.puts = &past;
    buf_reset(&message);
    cr_assert_eq(message_encode(&batch, &message), ERR_INTERNAL);
    batch.puts = &later;
    buf_reset(&message);
    cr_assert_eq(message_encode(&batch, &message), ERR_INTERNAL);
    batch.puts = &touch;
    buf_reset(&message);
    cr_assert_eq(message_encode(&batch, &message), ERR_TOO_LARGE);
    batch.count = MESSAGE_PUTS_MAX + 1;
    buf_reset(&message);
    cr_assert_eq(message_encode(&batch, &message), ERR_TOO_LARGE);
    buf_free(&message);
}

/* A message cut anywhere is none, and neither is one with something after it. */
Test(message, every_length_but_its_own_is_corrupt)
{
    struct put put = {PUT_TOUCH, .touch = {.app = 9, .id = some_id, .actor = STR("someone")}};
    struct buf message = encoded(&put, 1);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct batch batch;
    for (size_t len = 0; len < message.len; len++)
        cr_assert_eq(message_decode((struct str){message.ptr, len}, arena, &batch), ERR_CORRUPT,
                     "%zu of %zu bytes were taken", len, message.len);
    buf_byte(&message, 0);
    cr_assert_eq(message_decode(buf_view(&message), arena, &batch), ERR_CORRUPT);
    buf_free(&message);
    arena_free(arena);
}

/* Nothing that is counted from an instant overflows, whatever a worker says that it is. */
Test(message, instants_that_cannot_be_are_corrupt)
{
    static const int64_t wrong[] = {INT64_MAX, INSTANT_MAX + 1, INSTANT_MIN - 1, INT64_MIN + 1};
    struct arena *arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct session_draft draft = {.has_id = true, .created = wrong[i]},
                             ended = {.has_id = true, .ended = wrong[i]};
        struct put puts[] = {
            {PUT_TOUCH, .touch = {.last_active = wrong[i]}},
            {PUT_TOUCH, .touch = {.expires = wrong[i]}},
            {PUT_ROTATION, .rotation = {.proof_until = wrong[i]}},
            {PUT_SESSION, .session = {.draft = &draft}},
            {PUT_SESSION, .session = {.draft = &ended}},
            {PUT_TOUCH, .touch = {.expires = INSTANT_NONE}}, /* with `now` */
        };
        for (size_t j = 0; j < sizeof(puts) / sizeof(*puts); j++) {
            bool last = j + 1 == sizeof(puts) / sizeof(*puts);
            struct batch batch = {.puts = &puts[j], .count = 1, .now = last ? wrong[i] : 0};
            struct buf message = {0};
            cr_assert_eq(message_encode(&batch, &message), ERR_OK);
            cr_expect_eq(message_decode(buf_view(&message), arena, &batch), ERR_CORRUPT,
                         "put %zu with %lld", j, (long long)wrong[i]);
            buf_free(&message);
        }
    }
    arena_free(arena);
}

/* Whatever bytes come, they are a message or ERR_CORRUPT; a sanitizer says what else went wrong. */
Test(message, any_bytes_are_a_message_or_corrupt)
{
    enum { ROUNDS = 20000 };
    struct put puts[] = {
        {PUT_ENDING, .ending = {.app = 8, .has_id = true, .id = some_id, .actor = STR("a")}},
        {PUT_TOUCH, .touch = {.app = 9, .id = some_id, .actor = STR("b")}},
    };
    struct buf message = encoded(puts, 2), bent = {0};
    struct arena *arena = arena_new(ARENA_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        struct batch batch;
        buf_reset(&bent);
        buf_str(&bent, buf_view(&message));
        for (uint64_t left = 1 + random_below(4); left; left--)
            bent.ptr[random_below(bent.len)] = (char)random_below(256);
        enum err err = message_decode(buf_view(&bent), arena, &batch);
        cr_assert(err == ERR_OK || err == ERR_CORRUPT, "%s", err_word(err));
        arena_reset(arena);
    }
    buf_free(&message);
    buf_free(&bent);
    arena_free(arena);
}

Test(message, an_outcome_comes_back_as_it_was)
{
    struct outcome outcome = {.at = 3, .matched = 5, .changed = 4}, back;
    uint8_t bytes[OUTCOME_BYTES];
    enum err err;
    outcome_encode(ERR_CONFLICT, &outcome, bytes);
    cr_assert(outcome_decode(bytes, sizeof(bytes), &err, &back));
    cr_assert_eq(err, ERR_CONFLICT);
    cr_assert(back.at == 3 && back.matched == 5 && back.changed == 4);
    cr_assert_not(outcome_decode(bytes, sizeof(bytes) - 1, &err, &back));
    bytes[0] = ERR_COUNT;
    cr_assert_not(outcome_decode(bytes, sizeof(bytes), &err, &back));
}
