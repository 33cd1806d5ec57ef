/* Refresh tokens and nonces: what is made of what, and what is read back. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdio.h>

#include "base/clock.h"
#include "model/dpop.h"
#include "model/refresh.h"
#include "support/suite.h"

SUITE(model_refresh);

Test(model_refresh, a_record_comes_back_as_it_was)
{
    struct refresh refresh = {.has_previous = true, .rotated = 123456789, .has_key = true}, back;
    struct buf record = {0};
    memset(refresh.hash, 1, HASH_BYTES);
    memset(refresh.previous, 2, HASH_BYTES);
    memset(refresh.salt, 3, SALT_BYTES);
    memset(refresh.key, 4, HASH_BYTES);
    refresh.has_family = true;
    memset(refresh.family, 5, HASH_BYTES);
    refresh_encode(&refresh, &record);
    cr_assert_eq(refresh_decode(buf_view(&record), &back), ERR_OK);
    cr_assert(back.has_previous && back.has_key && back.rotated == 123456789);
    cr_assert_arr_eq(back.hash, refresh.hash, HASH_BYTES);
    cr_assert_arr_eq(back.previous, refresh.previous, HASH_BYTES);
    cr_assert_arr_eq(back.salt, refresh.salt, SALT_BYTES);
    cr_assert_arr_eq(back.key, refresh.key, HASH_BYTES);
    cr_assert(back.has_family);
    cr_assert_arr_eq(back.family, refresh.family, HASH_BYTES);
    for (size_t len = 0; len < record.len; len++)
        cr_assert_eq(refresh_decode((struct str){record.ptr, len}, &back), ERR_CORRUPT);
    record.ptr[0] = 9;
    cr_assert_eq(refresh_decode(buf_view(&record), &back), ERR_VERSION);
    buf_reset(&record);
    refresh.rotated = INSTANT_MAX + 1;
    refresh_encode(&refresh, &record);
    cr_assert_eq(refresh_decode(buf_view(&record), &back), ERR_CORRUPT);
    buf_free(&record);
}

Test(model_refresh, a_successor_depends_on_token_and_salt)
{
    uint8_t salt[SALT_BYTES] = {1}, other[SALT_BYTES] = {2};
    char one[SUCCESSOR_TEXT], same[SUCCESSOR_TEXT], third[SUCCESSOR_TEXT], fourth[SUCCESSOR_TEXT];
    refresh_succeed(STR("token"), salt, one);
    refresh_succeed(STR("token"), salt, same);
    refresh_succeed(STR("token"), other, third);
    refresh_succeed(STR("tokem"), salt, fourth);
    cr_assert(memcmp(one, same, SUCCESSOR_TEXT) == 0);
    cr_assert(memcmp(one, third, SECRET_TEXT) != 0);
    cr_assert(memcmp(one, fourth, SECRET_TEXT) != 0);
}

/* As it lay in the store when no family was kept. */
Test(model_refresh, a_record_of_old_is_read)
{
    struct refresh refresh = {.has_previous = true, .rotated = 123456789, .has_key = true}, back;
    struct buf record = {0};
    memset(refresh.key, 4, HASH_BYTES);
    refresh_encode(&refresh, &record);
    record.ptr[0] = 1;
    cr_assert_eq(refresh_decode(buf_view(&record), &back), ERR_CORRUPT);
    record.len -= HASH_BYTES;
    cr_assert_eq(refresh_decode(buf_view(&record), &back), ERR_OK);
    cr_assert(back.has_previous && back.has_key && back.rotated == 123456789 && !back.has_family);
    cr_assert_arr_eq(back.key, refresh.key, HASH_BYTES);
    buf_free(&record);
}

Test(model_refresh, all_that_come_of_one_are_a_family)
{
    uint8_t salt[SALT_BYTES] = {1}, first[HASH_BYTES], later[HASH_BYTES], other[HASH_BYTES];
    char one[SUCCESSOR_TEXT], next[SUCCESSOR_TEXT];
    refresh_family(STR("token"), first);
    refresh_family(STR("tokem"), other);
    cr_assert_arr_neq(first, other, HASH_BYTES);
    refresh_succeed(STR("token"), salt, one);
    for (uint8_t i = 0; i < 5; i++) {
        refresh_family((struct str){one, SUCCESSOR_TEXT}, later);
        cr_assert_arr_eq(first, later, HASH_BYTES);
        salt[0] = i;
        refresh_succeed((struct str){one, SUCCESSOR_TEXT}, salt, next);
        cr_assert(memcmp(one, next, SECRET_TEXT) != 0);
        memcpy(one, next, SUCCESSOR_TEXT);
    }
}

Test(model_refresh, how_a_token_stands_to_the_one_that_is_good)
{
    static const int64_t now = 1000000;
    struct refresh refresh = {.has_previous = true, .rotated = now, .has_family = true};
    uint8_t unknown[HASH_BYTES] = {9};
    refresh.hash[0] = 1, refresh.previous[0] = 2, refresh.family[0] = 3;
    const uint8_t *family = refresh.family;
    cr_assert_eq(refresh_stand(&refresh, refresh.hash, unknown, now), REFRESH_GOOD);
    for (int back = -1; back <= 1; back += 2) {
        int64_t last = now + back * REFRESH_GRACE_MS;
        cr_assert_eq(refresh_stand(&refresh, refresh.previous, family, last), REFRESH_AGAIN);
        cr_assert_eq(refresh_stand(&refresh, refresh.previous, family, last + back), REFRESH_SPENT);
    }
    cr_assert_eq(refresh_stand(&refresh, unknown, family, now), REFRESH_SPENT);
    cr_assert_eq(refresh_stand(&refresh, unknown, unknown, now), REFRESH_UNKNOWN);
    /* What the family has in common is no token. */
    cr_assert_eq(refresh_stand(&refresh, family, unknown, now), REFRESH_UNKNOWN);
    refresh.has_family = false;
    cr_assert_eq(refresh_stand(&refresh, unknown, family, now), REFRESH_UNKNOWN);
}

Test(model_refresh, a_nonce_holds_for_its_period_and_the_next)
{
    char text[SECRET_TEXT];
    int64_t begin = 4 * NONCE_PERIOD_S;
    nonce_make(STR("secret"), begin, text);
    struct str nonce = {text, SECRET_TEXT};
    cr_expect(nonce_holds(STR("secret"), begin, nonce));
    cr_expect(nonce_holds(STR("secret"), begin + 2 * NONCE_PERIOD_S - 1, nonce));
    cr_expect_not(nonce_holds(STR("secret"), begin + 2 * NONCE_PERIOD_S, nonce));
    cr_expect_not(nonce_holds(STR("secret"), begin - 1, nonce));
    cr_expect_not(nonce_holds(STR("another"), begin, nonce));
    cr_expect_not(nonce_holds(STR("secret"), begin, STR("")));
}

/* RFC 9449, figure 2: the proof of the specification's own example. */
static const struct str example =
    STR("eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0Vj"
        "NoUkl"
        "DUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWc"
        "lUwQ2"
        "R2R1JEQSIsImNydiI6IlAtMjU2In19."
        "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0"
        "dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-"
        "FdWP0A0zdr"
        "j8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg");

static enum err read_example(struct str text, const char *method, const char *url, int64_t now_s)
{
    struct arena *arena = arena_new(1 << 20);
    struct str urls[PROOF_URLS] = {STR_NONE, str_of(url)};
    struct proof proof;
    enum err err = proof_read(arena, text, str_of(method), urls, now_s, &proof);
    arena_free(arena);
    return err;
}

Test(model_refresh, the_specifications_own_proof)
{
    static const char url[] = "https://server.example.com/token";
    const int64_t then = 1562262616;
    cr_expect_eq(read_example(example, "POST", url, then), ERR_OK);
    cr_expect_eq(read_example(example, "POST", "HTTPS://Server.Example.COM/token", then), ERR_OK);
    cr_expect_eq(read_example(example, "POST", url, then + PROOF_WINDOW_S), ERR_OK);
    cr_expect_eq(read_example(example, "POST", url, then + PROOF_WINDOW_S + 1), ERR_UNAUTHORIZED);
    cr_expect_eq(read_example(example, "POST", url, then - PROOF_WINDOW_S - 1), ERR_UNAUTHORIZED);
    cr_expect_eq(read_example(example, "GET", url, then), ERR_UNAUTHORIZED);
    cr_expect_eq(read_example(example, "post", url, then), ERR_UNAUTHORIZED);
    cr_expect_eq(read_example(example, "POST", "https://server.example.com/Token", then),
                 ERR_UNAUTHORIZED);
    cr_expect_eq(read_example(example, "POST", "https://server.example.com/token/", then),
                 ERR_UNAUTHORIZED);
}

/* A byte changed anywhere makes it another proof, or none: nobody is let in by it. */
Test(model_refresh, a_changed_proof_is_none)
{
    char text[1024];
    size_t refused = 0;
    for (size_t at = 0; at < example.len; at++) {
        memcpy(text, example.ptr, example.len);
        text[at] = text[at] == 'A' ? 'B' : 'A';
        refused += read_example((struct str){text, example.len}, "POST",
                                "https://server.example.com/token", 1562262616) != ERR_OK;
    }
    /* The last letter of a signature has bits that stand for nothing. */
    cr_expect_geq(refused, example.len - 1);
}

static json_t *new_key(void)
{
    json_t *key = json_pack("{s:s}", "alg", "ES256");
    cr_assert(jose_jwk_gen(NULL, key));
    return key;
}

static json_t *public_half(const json_t *key)
{
    json_t *half = json_deep_copy(key);
    cr_assert(jose_jwk_pub(NULL, half));
    return half;
}

/* A proof that names one key and is signed with another. Both are the caller's still. */
static enum err read_signed(const json_t *named, const json_t *signer, struct proof *proof)
{
    const int64_t now_s = 1562262616;
    struct arena *arena = arena_new(1 << 20);
    struct str urls[PROOF_URLS] = {STR("https://h/")};
    json_t *claims = json_pack("{s:s, s:s, s:s, s:I}", "jti", "1", "htm", "POST", "htu",
                               "https://h/", "iat", (json_int_t)now_s);
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc_dump(claims));
    json_t *how = json_pack("{s:{s:s, s:s, s:O}}", "protected", "typ", "dpop+jwt", "alg", "ES256",
                            "jwk", named);
    cr_assert(jose_jws_sig(NULL, jws, how, signer));
    char text[PROOF_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "%s.%s.%s",
                       json_string_value(json_object_get(jws, "protected")),
                       json_string_value(json_object_get(jws, "payload")),
                       json_string_value(json_object_get(jws, "signature")));
    enum err err =
        proof_read(arena, (struct str){text, (size_t)len}, STR("POST"), urls, now_s, proof);
    json_decref(how);
    json_decref(jws);
    json_decref(claims);
    arena_free(arena);
    return err;
}

/* A key with "keys" in it is a set to jose: what is shown as the key must be what was signed with.
 */
Test(model_refresh, a_proof_is_of_the_key_that_it_was_signed_with)
{
    json_t *holders = new_key(), *thiefs = new_key();
    json_t *named = public_half(holders), *slipped_in = public_half(thiefs);
    struct proof proof;
    cr_expect_eq(read_signed(named, holders, &proof), ERR_OK);
    cr_expect_eq(read_signed(named, thiefs, &proof), ERR_UNAUTHORIZED);
    json_object_set_new(named, "keys", json_pack("[O]", slipped_in));
    cr_expect_eq(read_signed(named, thiefs, &proof), ERR_UNAUTHORIZED);
    cr_expect_eq(read_signed(named, holders, &proof), ERR_OK);
    json_decref(named);
    json_decref(slipped_in);
    json_decref(holders);
    json_decref(thiefs);
}
