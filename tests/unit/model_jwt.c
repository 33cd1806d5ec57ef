/* model/jwt, core/verified: access tokens. */
#include <jansson.h>
#include <jose/b64.h>

#include "core/verified.h"
#include "model/jwt.h"
#include "support/suite.h"

SUITE(model_jwt);

static struct buf jwk, other_jwk, kid, other_kid, token;
static struct arena *arena;
static const struct claims sample = {.issuer = STR("urn:x"),
                                     .audience = STR("acme"),
                                     .subject = STR("j\xC3\xA9"),
                                     .session = STR("ses_1"),
                                     .id = STR("1"),
                                     .issued_s = 1,
                                     .expires_s = 2};

static void begin(void)
{
    arena = arena_new(1 << 20);
    cr_assert_eq(jwk_generate(&jwk, &kid), ERR_OK);
    cr_assert_eq(jwk_generate(&other_jwk, &other_kid), ERR_OK);
    cr_assert_eq(jwt_sign(buf_view(&jwk), &sample, &token), ERR_OK);
}

static void end(void)
{
    struct buf *all[] = {&jwk, &other_jwk, &kid, &other_kid, &token};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        buf_free(all[i]);
    arena_free(arena);
}

Test(model_jwt, a_signed_token_says_what_it_was_told)
{
    struct str found;
    struct claims claims;
    begin();
    cr_assert_eq(jwt_kid(arena, buf_view(&token), &found), ERR_OK);
    cr_expect(str_eq(found, buf_view(&kid)));
    cr_assert_eq(jwt_verify(arena, buf_view(&jwk), buf_view(&token), &claims), ERR_OK);
    cr_expect(str_eq(claims.issuer, sample.issuer) && str_eq(claims.audience, sample.audience) &&
              str_eq(claims.subject, sample.subject) && str_eq(claims.session, sample.session) &&
              str_eq(claims.id, sample.id));
    cr_expect(claims.issued_s == 1 && claims.expires_s == 2);
    end();
}

Test(model_jwt, another_key_and_any_changed_byte_are_refused)
{
    struct claims claims;
    begin();
    cr_expect_eq(jwt_verify(arena, buf_view(&other_jwk), buf_view(&token), &claims),
                 ERR_UNAUTHORIZED);
    size_t last_dot = token.len;
    while (token.ptr[last_dot - 1] != '.')
        last_dot--;
    for (size_t at = 0; at + 1 < token.len; at += at < last_dot ? 7 : 41) {
        char was = token.ptr[at];
        token.ptr[at] = was == 'A' ? 'B' : 'A';
        cr_expect_neq(jwt_verify(arena, buf_view(&jwk), buf_view(&token), &claims), ERR_OK,
                      "byte %zu", at);
        token.ptr[at] = was;
    }
    /* Of the last digit, two bits count: the next letter spells the same bytes. */
    token.ptr[token.len - 1]++;
    cr_expect_neq(jwt_verify(arena, buf_view(&jwk), buf_view(&token), &claims), ERR_OK);
    end();
}

/* A token with a header of the test's choice and the payload and signature of the good one. */
static struct str with_header(const char *header)
{
    char text[1024];
    size_t len = jose_b64_enc_buf(header, strlen(header), text, sizeof(text));
    struct str head, rest;
    str_split(buf_view(&token), '.', &head, &rest);
    return arena_printf(arena, "%.*s.%.*s", (int)len, text, STR_ARG(rest));
}

Test(model_jwt, headers_that_are_not_ours_are_refused)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k\"}",
        "{\"alg\":\"RS512\",\"kid\":\"k\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":7}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\",\"kid\":\"k\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"j\",\"kid\":\"k\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k\"}",
        "{\"kid\":\"k\"}",
        "[]",
        "\"RS256\"",
        "{",
        "",
    };
    struct str found;
    begin();
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
        cr_expect_eq(jwt_kid(arena, with_header(headers[i]), &found), ERR_UNAUTHORIZED, "%s",
                     headers[i]);
    cr_expect_eq(
        jwt_kid(arena, with_header("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k\"}"), &found),
        ERR_OK);
    end();
}

Test(model_jwt, what_is_no_token_is_refused)
{
    static const char *const texts[] = {
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "a..c", "\xFF.\xFF.\xFF", "  .  .  "};
    struct str found;
    struct claims claims;
    begin();
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        cr_expect_eq(jwt_kid(arena, str_of(texts[i]), &found), ERR_UNAUTHORIZED, "\"%s\"",
                     texts[i]);
        cr_expect_eq(jwt_verify(arena, buf_view(&jwk), str_of(texts[i]), &claims), ERR_UNAUTHORIZED,
                     "\"%s\"", texts[i]);
    }
    char *longest = arena_alloc(arena, JWT_MAX + 2);
    memset(longest, 'a', JWT_MAX + 1);
    longest[1] = longest[3] = '.';
    cr_expect_eq(jwt_kid(arena, (struct str){longest, JWT_MAX + 1}, &found), ERR_UNAUTHORIZED);
    end();
}

Test(model_jwt, tokens_are_remembered_until_another_takes_their_place)
{
    struct verified_tokens *tokens = verified_new();
    struct verified one = {.app = 7}, twin = {.app = 8};
    secret_hash(STR("one"), one.hash);
    memcpy(twin.hash, one.hash, HASH_BYTES);
    twin.hash[HASH_BYTES - 1] ^= 1; /* the same place, another token */
    cr_expect_null(verified_find(tokens, one.hash));
    verified_add(tokens, &one);
    cr_assert_not_null(verified_find(tokens, one.hash));
    cr_expect_eq(verified_find(tokens, one.hash)->app, 7);
    cr_expect_null(verified_find(tokens, twin.hash));
    verified_add(tokens, &twin);
    cr_expect_null(verified_find(tokens, one.hash), "its place was taken");
    cr_expect_eq(verified_find(tokens, twin.hash)->app, 8);
    verified_free(tokens);
    struct remembered remembered;
    char longer[REMEMBERED_TEXT_MAX + 1] = {0};
    cr_expect(!remembered_set(&remembered, (struct str){longer, sizeof(longer)}));
}
