/* Access tokens and proofs of possession as a forger would make them, each asked of the service:
 * signed with the app's own key wherever what is wrong is something else. */
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/refresh.h"
#include "support/asking.h"
#include "support/suite.h"

SUITE(serve_tokens);

#define SESSION "00000001-0000-7000-8000-000000000001"
#define SECOND  "00000001-0000-7000-8000-000000000002"
#define THIRD   "00000001-0000-7000-8000-000000000003"

enum { NOW_S = 1767225600, TEXT_BYTES = 16 * 1024 };

static const char records[] =
    "{\"kind\":\"app\",\"id\":\"acme\",\"keys\":[{\"for\":\"admin\",\"secret\":\"rk_acme\"}]}\n"
    "{\"kind\":\"app\",\"id\":\"other\"}\n"
    "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ann\"}\n"
    "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ben\"}\n"
    "{\"kind\":\"user\",\"app\":\"other\",\"id\":\"ann\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"id\":\"" SESSION
    "\",\"ids\":{\"prelude\":\"ses-one\"}}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ben\",\"id\":\"" SECOND
    "\",\"ids\":{\"prelude\":\"ses-two\"}}\n"
    "{\"kind\":\"session\",\"app\":\"other\",\"user\":\"ann\",\"id\":\"" THIRD
    "\",\"ids\":{\"prelude\":\"ses-three\"}}\n";

static struct asking asking;
static json_t *acme, *other; /* private keys */
static char token[TEXT_BYTES];

/* Into TEXT_BYTES bytes. */
__attribute__((format(printf, 2, 3))) static void put(char *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(out, TEXT_BYTES, format, args);
    va_end(args);
    cr_assert(len >= 0 && len < TEXT_BYTES);
}

static json_t *key_of(uint32_t app)
{
    struct snapshot *snapshot;
    struct str jwk;
    cr_assert_eq(snapshot_begin(asking.store, &snapshot), ERR_OK);
    cr_assert_eq(store_signing_key_of_app(snapshot, app, &jwk), ERR_OK);
    json_t *key = json_loadb(jwk.ptr, jwk.len, 0, NULL);
    cr_assert_not_null(key);
    snapshot_end(snapshot);
    return key;
}

static void begin(void)
{
    static const struct site site = {.public_url = STR("https://auth.example")};
    asking_now = NOW_S * INT64_C(1000);
    asking_begin(&asking, records, &site);
    acme = key_of(1);
    other = key_of(2);
}

static void end(void)
{
    json_decref(acme);
    json_decref(other);
    asking_end(&asking);
}

/* ---- forging ---- */

static const char *kid_of(const json_t *key)
{
    return json_string_value(json_object_get(key, "kid"));
}

static json_t *encode(const char *text)
{
    return jose_b64_enc(text, strlen(text));
}

/* The header's text is signed as it is; `alg`, where the header names none that jose knows. */
static void sign(const char *header, json_t *payload, const char *alg, const json_t *key)
{
    json_t *jws = json_pack("{s:o}", "payload", payload);
    json_t *how = json_pack("{s:o}", "protected", encode(header));
    if (alg)
        json_object_set_new(how, "header", json_pack("{s:s}", "alg", alg));
    cr_assert(jose_jws_sig(NULL, jws, how, key), "%s", header);
    put(token, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
        json_string_value(json_object_get(jws, "payload")),
        json_string_value(json_object_get(jws, "signature")));
    json_decref(how);
    json_decref(jws);
}

/* With @KID and @OTHER replaced. */
static const char *header_text(const char *format)
{
    static char text[TEXT_BYTES];
    const char *at = strchr(format, '@');
    if (!at)
        return format;
    bool own = strncmp(at, "@KID", 4) == 0;
    put(text, "%.*s%s%s", (int)(at - format), format, kid_of(own ? acme : other),
        at + (own ? 4 : 6));
    return text;
}

#define HEADER "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\"}"
#define WHO    "\"iss\":\"urn:rollcall:app:acme\",\"aud\":\"acme\",\"sub\":\"ann\",\"sid\":\"ses-one\""
#define WHEN   "\"iat\":1767225600,\"exp\":1767225900"
#define CLAIMS "{" WHO "," WHEN "}"

static int list_with_token(void)
{
    return asked_status(
        asking_ask(&asking, "GET /v1/session/me/list\nAuthorization: Bearer %s\n", token));
}

/* ... and in the same words as anybody else's nonsense. */
static bool is_refused(const char *text)
{
    static char nonsense[TEXT_BYTES];
    put(nonsense, "%s",
        asking_ask(&asking, "GET /v1/session/me/list\nAuthorization: Bearer nonsense\n"));
    return strcmp(nonsense,
                  asking_ask(&asking, "GET /v1/session/me/list\nAuthorization: Bearer %s\n",
                             text)) == 0 &&
           asked_status(nonsense) == 401;
}

/* ---- access tokens ---- */

Test(serve_tokens, a_token_like_ours_lets_in)
{
    begin();
    sign(header_text(HEADER), encode(CLAIMS), NULL, acme);
    cr_expect_eq(list_with_token(), 200);
    end();
}

Test(serve_tokens, headers_of_a_forger_let_nobody_in)
{
    static const struct {
        const char *header, *alg;
    } cases[] = {
        /* By other ways of signing with the very key. */
        {"{\"alg\":\"RS384\",\"typ\":\"JWT\",\"kid\":\"@KID\"}", NULL},
        {"{\"alg\":\"RS512\",\"typ\":\"JWT\",\"kid\":\"@KID\"}", NULL},
        {"{\"alg\":\"PS256\",\"typ\":\"JWT\",\"kid\":\"@KID\"}", NULL},
        /* The key, but no word of the algorithm; or of the kind of token. */
        {"{\"typ\":\"JWT\",\"kid\":\"@KID\"}", "RS256"},
        {"{\"alg\":\"RS256\",\"typ\":\"dpop+jwt\",\"kid\":\"@KID\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"@KID\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"jwt\",\"kid\":\"@KID\"}", NULL},
        {"{\"alg\":\"RS256\",\"kid\":\"@KID\"}", NULL},
        /* Keys of the sender's, and words for readers of another kind. */
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"jwk\":{\"kty\":\"oct\",\"k\":"
         "\"AA\"}}",
         NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"jku\":\"https://evil.example/k\"}",
         NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"x5c\":[\"AA==\"]}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"x5u\":\"https://evil.example/c\"}",
         NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"zip\":\"DEF\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"cty\":\"JWT\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@KID\",\"b64\":true}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@OTHER\",\"kid\":\"@KID\"}", NULL},
        /* Another app's key, or none's. */
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@OTHER\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"nobody's\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\"}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":null}", NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"../../data.mdb\"}", NULL},
    };
    begin();
    json_t *any = json_deep_copy(acme); /* a key that does not say what it is for */
    json_object_del(any, "alg");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sign(header_text(cases[i].header), encode(CLAIMS), cases[i].alg, any);
        cr_expect(is_refused(token), "%s", cases[i].header);
    }
    json_decref(any);
    end();
}

Test(serve_tokens, a_signature_by_another_key_lets_nobody_in)
{
    begin();
    sign(header_text(HEADER), encode(CLAIMS), NULL, other);
    cr_expect(is_refused(token), "another app's key, this one's kid");
    /* Another app's own token, for itself and for this one. */
    sign(header_text("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@OTHER\"}"), encode(CLAIMS),
         NULL, other);
    cr_expect(is_refused(token), "another app's key and kid, this one's claims");
    end();
}

/* What is public of a key, taken for a secret (RFC 8725, 2.1). */
Test(serve_tokens, the_public_key_is_no_secret_to_sign_with)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"@KID\"}";
    begin();
    json_t *public = json_deep_copy(acme);
    cr_assert(jose_jwk_pub(NULL, public));
    char *text = json_dumps(public, JSON_COMPACT);
    json_t *secrets[] = {json_pack("{s:s, s:o}", "kty", "oct", "k", encode(text)),
                         json_pack("{s:s, s:O}", "kty", "oct", "k", json_object_get(public, "n"))};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
        sign(header_text(header), encode(CLAIMS), NULL, secrets[i]);
        cr_expect(is_refused(token), "secret %zu", i);
        json_decref(secrets[i]);
    }
    free(text);
    json_decref(public);
    end();
}

Test(serve_tokens, another_kind_of_key_lets_nobody_in)
{
    begin();
    json_t *key = json_pack("{s:s}", "alg", "ES256");
    cr_assert(jose_jwk_gen(NULL, key));
    sign(header_text("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"@KID\"}"), encode(CLAIMS), NULL,
         key);
    cr_expect(is_refused(token), "%s", token);
    json_decref(key);
    end();
}

/* What no library signs: the header is another, and payload and signature are the good token's, or
 * there is no signature. */
Test(serve_tokens, tokens_without_a_signature_let_nobody_in)
{
    static const char *const algorithms[] = {"none", "None", "NONE", "rs256", "RS256 ", ""};
    static const char *const signatures[] = {"", ".", ".AA"};
    char text[TEXT_BYTES], header[TEXT_BYTES];
    begin();
    sign(header_text(HEADER), encode(CLAIMS), NULL, acme);
    const char *rest = strchr(token, '.');
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
        put(header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}", algorithms[i], kid_of(acme));
        json_t *encoded = encode(header);
        put(text, "%s%s", json_string_value(encoded), rest);
        cr_expect(is_refused(text), "\"%s\"", algorithms[i]);
        for (size_t j = 0; j < sizeof(signatures) / sizeof(*signatures); j++) {
            const char *end_of_payload = strrchr(rest, '.');
            put(text, "%s%.*s%s", json_string_value(encoded), (int)(end_of_payload - rest), rest,
                signatures[j]);
            cr_expect(is_refused(text), "\"%s\" and \"%s\"", algorithms[i], signatures[j]);
        }
        json_decref(encoded);
    }
    end();
}

/* The same token in other spellings. */
Test(serve_tokens, a_token_has_one_spelling)
{
    char text[TEXT_BYTES];
    const char *first, *last;
    begin();
    sign(header_text(HEADER), encode(CLAIMS), NULL, acme);
    first = strchr(token, '.');
    last = strrchr(token, '.');
    static const char *const endings[] = {"A", "=", "==", ".", ".AA", ",", "\xC2\xA0"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        put(text, "%s%s", token, endings[i]);
        cr_expect(is_refused(text), "with \"%s\"", endings[i]);
    }
    put(text, "%.*s=%s", (int)(first - token), token, first);
    cr_expect(is_refused(text), "padding after the header");
    put(text, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%s\"}",
        (int)(first - token), token, (int)(last - first - 1), first + 1, last + 1);
    cr_expect(is_refused(text), "as JSON");
    snprintf(
        text, sizeof(text),
        "{\"payload\":\"%.*s\",\"signatures\":[{\"protected\":\"%.*s\",\"signature\":\"%s\"}]}",
        (int)(last - first - 1), first + 1, (int)(first - token), token, last + 1);
    cr_expect(is_refused(text), "as JSON with several signatures");
    json_t *nested = encode(token);
    sign(header_text(HEADER), nested, NULL, acme);
    cr_expect(is_refused(token), "a token within a token");
    /* A payload whose last letter has bits that count for nothing, and is signed so. */
    char loose[TEXT_BYTES];
    json_t *encoded = encode(CLAIMS " ");
    put(loose, "%s", json_string_value(encoded));
    json_decref(encoded);
    cr_assert_neq(strlen(loose) % 4, 0, "the payload's length leaves no bits over");
    sign(header_text(HEADER), json_string(loose), NULL, acme);
    cr_expect_eq(list_with_token(), 200);
    loose[strlen(loose) - 1]++;
    sign(header_text(HEADER), json_string(loose), NULL, acme);
    cr_expect(is_refused(token), "a payload spelt otherwise");
    end();
}

Test(serve_tokens, claims_of_a_forger_let_nobody_in)
{
#define ISS "\"iss\":\"urn:rollcall:app:acme\","
#define AUD "\"aud\":\"acme\","
#define SUB "\"sub\":\"ann\","
#define SID "\"sid\":\"ses-one\","
    static const char *const cases[] = {
        /* Whose it is. */
        "{" AUD SUB SID WHEN "}",
        "{\"iss\":\"urn:rollcall:app:other\"," AUD SUB SID WHEN "}",
        "{\"iss\":\"urn:rollcall:app:acme2\"," AUD SUB SID WHEN "}",
        "{\"iss\":[\"urn:rollcall:app:acme\"]," AUD SUB SID WHEN "}",
        "{" ISS SUB SID WHEN "}",
        "{" ISS "\"aud\":\"other\"," SUB SID WHEN "}",
        "{" ISS "\"aud\":[\"acme\"]," SUB SID WHEN "}",
        "{" ISS "\"aud\":[\"other\",\"acme\"]," SUB SID WHEN "}",
        "{" ISS "\"aud\":\"Acme\"," SUB SID WHEN "}",
        /* Who it is for. */
        "{" ISS AUD SID WHEN "}",
        "{" ISS AUD "\"sub\":\"ben\"," SID WHEN "}",
        "{" ISS AUD "\"sub\":7," SID WHEN "}",
        "{" ISS AUD SUB WHEN "}",
        "{" ISS AUD SUB "\"sid\":\"ses-two\"," WHEN "}",
        "{" ISS AUD SUB "\"sid\":\"ses-three\"," WHEN "}",
        "{" ISS AUD SUB "\"sid\":\"\"," WHEN "}",
        "{" ISS AUD "\"sub\":\"ben\",\"sub\":\"ann\"," SID WHEN "}",
        /* Until when: no more than a minute ago. */
        "{" WHO ",\"iat\":1767225600}",
        "{" WHO ",\"iat\":1767225240,\"exp\":1767225540}",
        "{" WHO ",\"iat\":1767225600,\"exp\":-9223372036854775808}",
        "{" WHO ",\"iat\":1767225600,\"exp\":\"1767225900\"}",
        "{" WHO ",\"iat\":1767225600,\"exp\":1767225900.5}",
        "{" WHO ",\"iat\":1767225600,\"exp\":1e18}",
        "{" WHO ",\"iat\":1767225600,\"exp\":null}",
        "{" WHO ",\"iat\":1767225600,\"exp\":true}",
        "{" WHO ",\"iat\":1767225600,\"exp\":-1}",
        "{" WHO ",\"iat\":1767225600,\"exp\":99999999999999999999}",
        "{" WHO ",\"iat\":1767225600,\"exp\":1,\"exp\":1767225900}",
        /* From when on: no more than a minute ahead. */
        "{" WHO ",\"exp\":1767225900}",
        "{" WHO ",\"iat\":\"1767225600\",\"exp\":1767225900}",
        "{" WHO ",\"iat\":1767225661,\"exp\":1767225900}",
        "{" WHO "," WHEN ",\"nbf\":1767225661}",
        "{" WHO "," WHEN ",\"nbf\":\"1767225600\"}",
        "{" WHO "," WHEN ",\"nbf\":null}",
        "{" WHO ",\"iat\":9223372036854775807,\"exp\":9223372036854775807}",
        /* No claims. */
        "[" CLAIMS "]",
        "\"\"",
        "{}",
        CLAIMS "x",
        "{" WHO "," WHEN ",\"x\":\"\xFF\"}",
    };
    static const char *const good[] = {
        "{" WHO ",\"iat\":1767225660,\"exp\":1767225900}",
        "{" WHO "," WHEN ",\"nbf\":1767225660}",
        "{" WHO ",\"iat\":0,\"exp\":1767225541}",
        "{" WHO ",\"iat\":-9223372036854775808,\"exp\":9223372036854775807}",
    };
    begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sign(header_text(HEADER), encode(cases[i]), NULL, acme);
        cr_expect(is_refused(token), "%s", cases[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        sign(header_text(HEADER), encode(good[i]), NULL, acme);
        cr_expect_eq(list_with_token(), 200, "%s", good[i]);
    }
    end();
}

/* It is remembered that its signature is good, and nothing else. */
Test(serve_tokens, a_token_that_was_good_is_looked_at_again)
{
    begin();
    sign(header_text(HEADER), encode(CLAIMS), NULL, acme);
    cr_assert_eq(list_with_token(), 200);
    asking_now += 359 * SECOND_MS;
    cr_expect_eq(list_with_token(), 200);
    asking_now += SECOND_MS;
    cr_expect(is_refused(token), "its end was a minute ago");
    asking_now -= 421 * SECOND_MS;
    cr_expect(is_refused(token), "the clock was set back by more than a minute");
    asking_now += SECOND_MS;
    cr_expect_eq(list_with_token(), 200);
    asking_ask(&asking,
               "DELETE /rollcall/v1/sessions/" SESSION "\nAuthorization: Bearer rk_acme\n");
    cr_expect(is_refused(token), "its session is over");
    end();
}

static void retire_key(int64_t until)
{
    struct outcome outcome;
    struct put put = {PUT_SIGNING, .signing = {.app_id = STR("acme"), .keep_until = until}};
    cr_assert_eq(store_apply(asking.store, &put, 1, asking_now, &outcome), ERR_OK);
}

static int public_keys(void)
{
    const char *at = asking_ask(&asking, "GET /.well-known/jwks.json\nHost: acme.example\n");
    int count = 0;
    for (; (at = strstr(at, "\"kid\"")); at++)
        count++;
    return count;
}

/* Whether anything has swept it up or not. */
Test(serve_tokens, a_retired_key_verifies_until_its_instant_and_no_longer)
{
    static char other_token[TEXT_BYTES];
    begin();
    sign(header_text(HEADER), encode("{" WHO ",\"iat\":0,\"exp\":1767229200}"), NULL, acme);
    put(other_token, "%s", token);
    sign(header_text(HEADER), encode("{" WHO ",\"iat\":1,\"exp\":1767229200}"), NULL, acme);
    retire_key(asking_now + 1000);
    cr_expect_eq(public_keys(), 2);
    cr_expect_eq(list_with_token(), 200);
    asking_now += 1000;
    cr_expect(is_refused(token), "one that is remembered");
    cr_expect(is_refused(other_token), "one that is not");
    cr_expect_eq(public_keys(), 1);
    end();
}

/* ---- proofs of possession ---- */

static char refresh_token[TEXT_BYTES], nonce[TEXT_BYTES];

/* What follows a word in the last answer, up to the next of these bytes. */
static void take(const char *before, const char *until, char *out)
{
    const char *at = strstr(asking.out.ptr, before);
    cr_assert_not_null(at, "no %s in %s", before, asking.out.ptr);
    at += strlen(before);
    put(out, "%.*s", (int)strcspn(at, until), at);
}

static const char *refresh(const char *proof)
{
    return asking_ask(&asking, "POST /v1/session/refresh\nX-Refresh-Token: %s\nDPoP: %s\n",
                      refresh_token, proof);
}

/* With @NONCE replaced. */
static const char *claims_text(const char *format)
{
    static char text[TEXT_BYTES];
    const char *at = strstr(format, "@NONCE");
    if (!at)
        return format;
    put(text, "%.*s%s%s", (int)(at - format), format, nonce, at + 6);
    return text;
}

static char *public_text(const json_t *key)
{
    json_t *public = json_deep_copy(key);
    cr_assert(jose_jwk_pub(NULL, public));
    char *text = json_dumps(public, JSON_COMPACT);
    json_decref(public);
    return text;
}

static void prove(const char *typ, const char *alg, const char *jwk, const char *claims,
                  const json_t *key)
{
    char header[TEXT_BYTES];
    put(header, "{\"typ\":\"%s\",\"alg\":\"%s\",\"jwk\":%s}", typ, alg, jwk);
    sign(header, encode(claims_text(claims)), NULL, key);
}

static json_t *generate(const char *alg)
{
    json_t *key = json_pack("{s:s}", "alg", alg);
    cr_assert(jose_jwk_gen(NULL, key));
    json_object_del(key, "alg");
    json_object_del(key, "key_ops");
    return key;
}

static void begin_refresh(const json_t *key)
{
    char *public = public_text(key);
    begin();
    asking_ask(&asking,
               "POST /rollcall/v1/sessions\nAuthorization: Bearer rk_acme\n\n{\"user\":\"ann\"}");
    take("\"refresh_token\":\"", "\"", refresh_token);
    prove("dpop+jwt", "ES256", public,
          "{\"jti\":\"0\",\"htm\":\"POST\",\"htu\":\"https://auth.example/v1/session/refresh\","
          "\"iat\":1767225600}",
          key);
    cr_expect_eq(asked_status(refresh(token)), 400);
    take("DPoP-Nonce: ", "\r", nonce);
    free(public);
}

#define HTM   "\"htm\":\"POST\","
#define HTU   "\"htu\":\"https://auth.example/v1/session/refresh\","
#define JTI   "\"jti\":\"j\","
#define NONCE "\"nonce\":\"@NONCE\""
#define PROOF "{" JTI HTM HTU "\"iat\":1767225600," NONCE "}"

Test(serve_tokens, proofs_of_a_forger_prove_nothing)
{
    static const char *const cases[] = {
        "{" JTI HTU "\"iat\":1767225600," NONCE "}",
        "{" JTI "\"htm\":\"GET\"," HTU "\"iat\":1767225600," NONCE "}",
        "{" JTI "\"htm\":\"post\"," HTU "\"iat\":1767225600," NONCE "}",
        "{" JTI HTM "\"iat\":1767225600," NONCE "}",
        "{" JTI HTM "\"htu\":\"https://evil.example/v1/session/refresh\",\"iat\":1767225600," NONCE
        "}",
        "{" JTI HTM "\"htu\":\"https://auth.example/v1/session/revoke\",\"iat\":1767225600," NONCE
        "}",
        "{" JTI HTM "\"htu\":\"https://auth.example/V1/session/refresh\",\"iat\":1767225600," NONCE
        "}",
        "{" JTI HTM
        "\"htu\":\"https://auth.example.evil/v1/session/refresh\",\"iat\":1767225600," NONCE "}",
        "{" JTI HTM "\"htu\":\"/v1/session/refresh\",\"iat\":1767225600," NONCE "}",
        "{" JTI HTM HTU NONCE "}",
        "{" JTI HTM HTU "\"iat\":1767225539," NONCE "}",
        "{" JTI HTM HTU "\"iat\":1767225661," NONCE "}",
        "{" JTI HTM HTU "\"iat\":\"1767225600\"," NONCE "}",
        "{" JTI HTM HTU "\"iat\":1767225600.0," NONCE "}",
        "{" HTM HTU "\"iat\":1767225600," NONCE "}",
        "{\"jti\":\"\"," HTM HTU "\"iat\":1767225600," NONCE "}",
        "{\"jti\":7," HTM HTU "\"iat\":1767225600," NONCE "}",
        "{" JTI "\"htm\":\"GET\"," HTM HTU "\"iat\":1767225600," NONCE "}",
        "[]",
    };
    json_t *key = generate("ES256"), *wrong = generate("ES384"), *second = generate("ES256");
    json_t *named = NULL;
    char *public = public_text(key), *private = json_dumps(key, JSON_COMPACT);
    char *curve = public_text(wrong), *foreign = public_text(second);
    begin_refresh(key);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        prove("dpop+jwt", "ES256", public, cases[i], key);
        cr_expect_eq(asked_status(refresh(token)), 401, "%s", cases[i]);
        cr_expect_not_null(strstr(asking.out.ptr, "invalid_dpop_proof"), "%s", cases[i]);
    }
    prove("JWT", "ES256", public, PROOF, key);
    cr_expect_eq(asked_status(refresh(token)), 401, "another type");
    prove("dpop+jwt", "ES256", private, PROOF, key);
    cr_expect_eq(asked_status(refresh(token)), 401, "with the private key in it");
    prove("dpop+jwt", "ES384", curve, PROOF, wrong);
    cr_expect_eq(asked_status(refresh(token)), 401, "another curve");
    prove("dpop+jwt", "ES256", foreign, PROOF, key);
    cr_expect_eq(asked_status(refresh(token)), 401, "the key of somebody else");
    named = json_pack("{s:s, s:o}", "kty", "oct", "k", encode(public));
    prove("dpop+jwt", "HS256", public, PROOF, named);
    cr_expect_eq(asked_status(refresh(token)), 401, "the public key as a secret");
    json_t *keys[] = {key, wrong, second, named};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        json_decref(keys[i]);
    free(public), free(private), free(curve), free(foreign);
    end();
}

Test(serve_tokens, a_proof_with_an_older_nonce_or_none_is_asked_for_again)
{
    json_t *key = generate("ES256");
    char *public = public_text(key);
    begin_refresh(key);
    asking_now += 2 * 300 * SECOND_MS;
    prove("dpop+jwt", "ES256", public, "{" JTI HTM HTU "\"iat\":1767226200," NONCE "}", key);
    cr_expect_eq(asked_status(refresh(token)), 400);
    cr_expect_not_null(strstr(asking.out.ptr, "use_dpop_nonce"));
    asking_now -= 2 * 300 * SECOND_MS;
    prove("dpop+jwt", "ES256", public, "{" JTI HTM HTU "\"iat\":1767225600,\"nonce\":[]}", key);
    cr_expect_eq(asked_status(refresh(token)), 400);
    free(public);
    json_decref(key);
    end();
}

Test(serve_tokens, a_proof_is_good_once)
{
    json_t *key = generate("ES256"), *second = generate("ES256");
    char *public = public_text(key), *foreign = public_text(second), used[TEXT_BYTES];
    begin_refresh(key);
    prove("dpop+jwt", "ES256", public, PROOF, key);
    put(used, "%s", token);
    cr_assert_eq(asked_status(refresh(used)), 200);
    take("X-Refresh-Token: ", "\r", refresh_token);
    cr_expect_eq(asked_status(refresh(used)), 401);
    cr_expect_not_null(strstr(asking.out.ptr, "invalid_dpop_proof"));
    /* From now on it is bound to that key. */
    prove("dpop+jwt", "ES256", foreign, PROOF, second);
    cr_expect_eq(asked_status(refresh(token)), 401);
    cr_expect_not_null(strstr(asking.out.ptr, "dpop_key_mismatch"));
    free(public), free(foreign);
    json_decref(key);
    json_decref(second);
    end();
}

static long active_sessions(void)
{
    const char *text = asking_ask(
        &asking, "GET /rollcall/v1/sessions?status=active\nAuthorization: Bearer rk_acme\n");
    const char *total = strstr(text, "\"total\":");
    cr_assert_not_null(total, "%s", text);
    return strtol(total + strlen("\"total\":"), NULL, 10);
}

static void make_inactive(const char *user)
{
    struct outcome outcome;
    struct put put = {PUT_USER,
                      .user = {.app_id = STR("acme"), .merges = true, .gives_state = true}};
    put.user.user.texts[USER_ID] = str_of(user);
    cr_assert_eq(store_apply(asking.store, &put, 1, asking_now, &outcome), ERR_OK);
}

/* Has the first token of a session used, with that key, so long ago that it is no retry. */
static void begin_with_used(const json_t *key)
{
    char *public = public_text(key);
    begin_refresh(key);
    prove("dpop+jwt", "ES256", public, PROOF, key);
    cr_assert_eq(asked_status(refresh(token)), 200);
    asking_now += REFRESH_GRACE_MS + 1;
    free(public);
}

/* The first key that a token is brought with may be a thief's: its holder has none that fits then,
 * and what he has used is all that tells of him. */
Test(serve_tokens, a_used_token_ends_the_session_whoever_has_bound_what_came_of_it)
{
    json_t *thief = generate("ES256"), *holder = generate("ES256");
    char *public = public_text(holder);
    begin_with_used(thief);
    long before = active_sessions();
    prove("dpop+jwt", "ES256", public, "{\"jti\":\"k\"," HTM HTU "\"iat\":1767225621," NONCE "}",
          holder);
    cr_expect_eq(asked_status(refresh(token)), 401);
    cr_expect_null(strstr(asking.out.ptr, "dpop"), "%s", asking.out.ptr);
    cr_expect_eq(active_sessions(), before - 1);
    free(public);
    json_decref(thief);
    json_decref(holder);
    end();
}

Test(serve_tokens, and_of_a_user_who_is_inactive_by_now_and_without_a_proof)
{
    json_t *key = generate("ES256");
    begin_with_used(key);
    long before = active_sessions();
    make_inactive("ann");
    cr_expect_eq(asked_status(asking_ask(&asking, "POST /v1/session/refresh\nX-Refresh-Token: %s\n",
                                         refresh_token)),
                 401);
    cr_expect_eq(active_sessions(), before - 1);
    json_decref(key);
    end();
}
