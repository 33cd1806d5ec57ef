/* Access tokens and proofs of possession: as they come ('J', 'D'), or header and payload in JSON, a
 * line each, that are signed here with a key that is known ('j', 'd'), so that what lies behind the
 * signature is reached. */
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>

#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "model/jwt.h"
#include "model/quiet.h"

enum { ARENA_BYTES = 8 << 20 };

static struct arena *arena;

static json_t *made_key(const char *algorithm)
{
    jose_cfg_auto_t *config = quiet_config();
    json_t *key = json_pack("{s:s}", "alg", algorithm);
    MUST_HOLD(jose_jwk_gen(config, key), "no key");
    return key;
}

/* Header and payload as a token that is signed with the key; empty where jose does not take the
 * header. With `shown` the key is in the header. */
static struct str sign(struct str input, json_t *key, bool shown)
{
    struct str head_text, payload_text;
    str_split(input, '\n', &head_text, &payload_text);
    jose_cfg_auto_t *config = quiet_config();
    json_auto_t *head = json_loadb(head_text.ptr ? head_text.ptr : "", head_text.len, 0, NULL);
    json_auto_t *public = shown ? json_deep_copy(key) : NULL;
    if (!json_is_object(head))
        return STR_NONE;
    if (shown && jose_jwk_pub(config, public))
        json_object_set(head, "jwk", public);
    json_auto_t *jws =
        json_pack("{s:o}", "payload", jose_b64_enc(payload_text.ptr, payload_text.len));
    json_auto_t *with = json_pack("{s:O}", "protected", head);
    if (!jws || !with || !jose_jws_sig(config, jws, with, key))
        return STR_NONE;
    return arena_printf(arena, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
                        json_string_value(json_object_get(jws, "payload")),
                        json_string_value(json_object_get(jws, "signature")));
}

static void try_jwt(struct str token, json_t *key)
{
    static char *jwk;
    struct claims claims;
    struct str kid;
    jwk = jwk ? jwk : json_dumps(key, JSON_COMPACT);
    enum err err = jwt_kid(arena, token, &kid);
    MUST_HOLD(err == ERR_OK || err == ERR_UNAUTHORIZED, "%s", err_word(err));
    err = jwt_verify(arena, str_of(jwk), token, &claims);
    MUST_HOLD(err == ERR_OK || err == ERR_UNAUTHORIZED, "%s", err_word(err));
    MUST_HOLD(err != ERR_OK || (claims.issuer.len && claims.audience.len && claims.subject.len &&
                                claims.session.len),
              "a claim is missing");
}

static void try_proof(struct str text)
{
    static const struct str urls[PROOF_URLS] = {STR("https://a.example/x"), STR("http://b/")};
    struct proof proof;
    enum err err = proof_read(arena, text, STR("GET"), urls, 0, &proof);
    MUST_HOLD(err == ERR_OK || err == ERR_UNAUTHORIZED, "%s", err_word(err));
    if (err == ERR_OK)
        MUST_HOLD(proof.issued_s >= -PROOF_WINDOW_S && proof.issued_s <= PROOF_WINDOW_S, "%lld",
                  (long long)proof.issued_s);
}

/* Through all of admission too, where kid and issuer are looked at. */
static void try_service(struct str token)
{
    static const struct site site;
    char *env[] = {
        "REQUEST_METHOD=GET", "REQUEST_URI=/v1/session/me/list",
        (char *)arena_printf(arena, "HTTP_AUTHORIZATION=Bearer %.*s", STR_ARG(token)).ptr, NULL};
    struct world *world = world_get(4);
    struct str answer = world_answer(world, &site, env, STR_NONE);
    MUST_HOLD(str_starts(answer, STR("Status: 4")), "%.*s", STR_ARG(answer));
    world_restore(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *rsa, *ec;
    struct str input = fuzz_input(data, size);
    arena = arena ? arena : arena_new(ARENA_BYTES);
    rsa = rsa ? rsa : made_key("RS256");
    ec = ec ? ec : made_key("ES256");
    uint8_t how = fuzz_byte(&input);
    if (how == 'j')
        input = sign(input, rsa, false);
    else if (how == 'd')
        input = sign(input, ec, true);
    if (how == 'j' || how == 'J') {
        try_jwt(input, rsa);
        try_service(input);
    } else {
        try_proof(input);
    }
    arena_reset(arena);
    return 0;
}
