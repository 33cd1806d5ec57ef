#include "model/jwt.h"

#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>

#include "model/jws.h"
#include "model/quiet.h"

static const char algorithm[] = "RS256", type[] = "JWT";

static json_t *parse(struct str text)
{
    return json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, NULL);
}

static int put_json(const char *bytes, size_t size, void *buf)
{
    buf_put(buf, bytes, size);
    return 0;
}

enum err jwk_generate(struct buf *jwk, struct buf *kid)
{
    jose_cfg_auto_t *config = quiet_config();
    json_auto_t *key = json_pack("{s:s, s:s}", "alg", algorithm, "use", "sig");
    if (!config || !key)
        return ERR_MEMORY;
    if (!jose_jwk_gen(config, key))
        return ERR_INTERNAL;
    json_auto_t *thumbprint = jose_jwk_thp(config, key, "S256");
    if (!thumbprint || json_object_set(key, "kid", thumbprint) != 0)
        return ERR_INTERNAL;
    buf_str(kid, str_of(json_string_value(thumbprint)));
    json_dump_callback(key, put_json, jwk, JSON_COMPACT);
    return jwk->failed || kid->failed ? ERR_MEMORY : ERR_OK;
}

enum err jwk_public(struct str jwk, struct buf *public)
{
    jose_cfg_auto_t *config = quiet_config();
    json_auto_t *key = parse(jwk);
    if (!config || !key)
        return config ? ERR_CORRUPT : ERR_MEMORY;
    if (!jose_jwk_pub(config, key))
        return ERR_CORRUPT;
    json_dump_callback(key, put_json, public, JSON_COMPACT);
    return public->failed ? ERR_MEMORY : ERR_OK;
}

/* A claim with nothing in it is left out. */
static bool set_claim(json_t *payload, const char *name, struct str value)
{
    return value.len == 0 ||
           json_object_set_new(payload, name, json_stringn(value.ptr, value.len)) == 0;
}

static json_t *payload_of(const struct claims *claims)
{
    json_auto_t *payload = json_pack("{s:I, s:I}", "iat", (json_int_t)claims->issued_s, "exp",
                                     (json_int_t)claims->expires_s);
    json_auto_t *more = claims->more.len ? parse(claims->more) : NULL;
    bool whole =
        payload && set_claim(payload, "iss", claims->issuer) &&
        set_claim(payload, "aud", claims->audience) && set_claim(payload, "sub", claims->subject) &&
        set_claim(payload, "sid", claims->session) && set_claim(payload, "jti", claims->id);
    if (!whole || (claims->more.len && json_object_update_missing(payload, more) != 0))
        return NULL;
    return jose_b64_enc_dump(payload);
}

enum err jwt_sign(struct str jwk, const struct claims *claims, struct buf *token)
{
    jose_cfg_auto_t *config = quiet_config();
    json_auto_t *key = parse(jwk);
    if (!config || !key)
        return config ? ERR_CORRUPT : ERR_MEMORY;
    json_auto_t *jws = json_pack("{s:o}", "payload", payload_of(claims));
    json_auto_t *header = json_pack("{s:{s:s, s:s, s:O}}", "protected", "alg", algorithm, "typ",
                                    type, "kid", json_object_get(key, "kid"));
    if (!jws || !header)
        return ERR_MEMORY;
    if (!jose_jws_sig(config, jws, header, key))
        return ERR_INTERNAL;
    buf_printf(token, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
               json_string_value(json_object_get(jws, "payload")),
               json_string_value(json_object_get(jws, "signature")));
    return token->failed ? ERR_MEMORY : ERR_OK;
}

static struct str copy_member(struct arena *arena, const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member))
        return STR_NONE;
    return arena_copy(arena, (struct str){json_string_value(member), json_string_length(member)});
}

/* A header as jwt_sign makes it: three members, and no other. Whatever else there might be, a key
 * of the sender's, or where one is to be had, is nothing that we have signed. */
static bool is_own(const json_t *header)
{
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const char *typ = json_string_value(json_object_get(header, "typ"));
    return json_object_size(header) == 3 && alg && strcmp(alg, algorithm) == 0 && typ &&
           strcmp(typ, type) == 0;
}

enum err jwt_kid(struct arena *arena, struct str token, struct str *kid)
{
    struct jws jws;
    json_auto_t *header = jws_split(token, JWT_MAX, &jws) ? jws_object(arena, jws.header) : NULL;
    if (!header || !is_own(header))
        return ERR_UNAUTHORIZED;
    *kid = copy_member(arena, header, "kid");
    return kid->len ? ERR_OK : ERR_UNAUTHORIZED;
}

/* From when on it is good: `iat`, or `nbf` where that is later. False for an `nbf` that is no
 * integer. */
static bool read_start(const json_t *payload, struct claims *claims)
{
    const json_t *start = json_object_get(payload, "nbf");
    claims->starts_s = claims->issued_s;
    if (start && json_integer_value(start) > claims->issued_s)
        claims->starts_s = json_integer_value(start);
    return !start || json_is_integer(start);
}

static bool read_claims(struct arena *arena, const json_t *payload, struct claims *claims)
{
    const json_t *issued = json_object_get(payload, "iat");
    const json_t *expires = json_object_get(payload, "exp");
    if (!json_is_integer(issued) || !json_is_integer(expires))
        return false;
    *claims = (struct claims){
        .issuer = copy_member(arena, payload, "iss"),
        .audience = copy_member(arena, payload, "aud"),
        .subject = copy_member(arena, payload, "sub"),
        .session = copy_member(arena, payload, "sid"),
        .id = copy_member(arena, payload, "jti"),
        .issued_s = json_integer_value(issued),
        .expires_s = json_integer_value(expires),
    };
    return read_start(payload, claims) && claims->issuer.len && claims->audience.len &&
           claims->subject.len && claims->session.len;
}

enum err jwt_verify(struct arena *arena, struct str jwk, struct str token, struct claims *claims)
{
    struct jws jws;
    json_auto_t *header = jws_split(token, JWT_MAX, &jws) ? jws_object(arena, jws.header) : NULL;
    if (!header || !is_own(header))
        return ERR_UNAUTHORIZED;
    json_auto_t *key = parse(jwk);
    if (!key)
        return ERR_CORRUPT;
    if (!jws_is_by(arena, &jws, key))
        return ERR_UNAUTHORIZED;
    json_auto_t *payload = jws_object(arena, jws.payload);
    return payload && read_claims(arena, payload, claims) ? ERR_OK : ERR_UNAUTHORIZED;
}
