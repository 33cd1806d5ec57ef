#include "model/dpop.h"

#include <jansson.h>
#include <jose/jwk.h>

#include "base/buf.h"
#include "model/jws.h"

static bool is_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value && strcmp(value, text) == 0;
}

/* The public key, of the one kind that is taken: P-256. It is made anew of what its thumbprint is
 * made of, for the sender's object may hold more: with "keys" in it jose takes it for a set, and
 * one key would be verified with while the thumbprint is another's. */
static json_t *key_of(const json_t *header)
{
    const json_t *jwk = json_object_get(header, "jwk");
    const char *x = json_string_value(json_object_get(jwk, "x"));
    const char *y = json_string_value(json_object_get(jwk, "y"));
    if (!is_text(jwk, "kty", "EC") || !is_text(jwk, "crv", "P-256") || !x || !y ||
        json_object_get(jwk, "d") || json_object_get(jwk, "k"))
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "x", x, "y", y);
}

static bool is_right(const json_t *header)
{
    return is_text(header, "typ", "dpop+jwt") && is_text(header, "alg", "ES256") &&
           !json_object_get(header, "crit");
}

static bool thumbprint(const json_t *key, uint8_t *out)
{
    return jose_jwk_thp_buf(NULL, key, "S256", out, HASH_BYTES) == HASH_BYTES;
}

/* Scheme and host in any case; what follows as it is, but for query and fragment. */
static bool is_url(const char *claimed, struct str url)
{
    size_t len = claimed ? strcspn(claimed, "?#") : 0, i = 0;
    if (!claimed || len != url.len)
        return false;
    const char *path = strstr(claimed, "://");
    size_t authority = path ? (size_t)(path - claimed) + 3 : 0;
    authority += strcspn(claimed + authority, "/?#");
    for (; i < len && i < authority; i++)
        if (((unsigned char)claimed[i] | 0x20) != ((unsigned char)url.ptr[i] | 0x20))
            return false;
    return memcmp(claimed + i, url.ptr + i, len - i) == 0;
}

static bool is_for(const json_t *payload, struct str method, const struct str *urls)
{
    const char *claimed = json_string_value(json_object_get(payload, "htm"));
    const char *url = json_string_value(json_object_get(payload, "htu"));
    bool known = false;
    for (size_t i = 0; i < PROOF_URLS; i++)
        known |= urls[i].len && is_url(url, urls[i]);
    return known && claimed && str_eq(str_of(claimed), method);
}

static bool read_times(const json_t *payload, int64_t now_s, struct proof *proof)
{
    const json_t *issued = json_object_get(payload, "iat");
    proof->issued_s = json_integer_value(issued);
    return json_is_integer(issued) && proof->issued_s >= now_s - PROOF_WINDOW_S &&
           proof->issued_s <= now_s + PROOF_WINDOW_S;
}

static bool read_id(const json_t *payload, struct proof *proof)
{
    const json_t *id = json_object_get(payload, "jti");
    struct buf both = {0};
    buf_put(&both, proof->key, sizeof(proof->key));
    buf_str(&both, (struct str){json_string_value(id), json_string_length(id)});
    bool readable = json_string_length(id) > 0 && !both.failed;
    secret_hash(buf_view(&both), proof->id);
    buf_free(&both);
    return readable;
}

static bool read_nonce(struct arena *arena, const json_t *payload, struct proof *proof)
{
    const json_t *nonce = json_object_get(payload, "nonce");
    if (!json_is_string(nonce))
        return true;
    proof->nonce =
        arena_copy(arena, (struct str){json_string_value(nonce), json_string_length(nonce)});
    return proof->nonce.ptr != NULL;
}

enum err proof_read(struct arena *arena, struct str text, struct str method, const struct str *urls,
                    int64_t now_s, struct proof *proof)
{
    *proof = (struct proof){.issued_s = 0};
    struct jws jws;
    bool whole = jws_split(text, PROOF_MAX_BYTES, &jws);
    json_auto_t *header = whole ? jws_object(arena, jws.header) : NULL;
    json_auto_t *payload = whole ? jws_object(arena, jws.payload) : NULL;
    json_auto_t *key = header && is_right(header) ? key_of(header) : NULL;
    if (!payload || !key || !jws_is_by(arena, &jws, key) || !thumbprint(key, proof->key) ||
        !is_for(payload, method, urls) || !read_times(payload, now_s, proof) ||
        !read_id(payload, proof))
        return ERR_UNAUTHORIZED;
    return read_nonce(arena, payload, proof) ? ERR_OK : ERR_MEMORY;
}

/* ---- nonces ---- */

static void nonce_of_period(struct str secret, int64_t period, char *out)
{
    secret_derive(secret, "rollcall dpop nonce", &period, sizeof(period), out);
}

void nonce_make(struct str secret, int64_t now_s, char *out)
{
    nonce_of_period(secret, now_s / NONCE_PERIOD_S, out);
}

bool nonce_holds(struct str secret, int64_t now_s, struct str nonce)
{
    char now[SECRET_TEXT], before[SECRET_TEXT];
    nonce_of_period(secret, now_s / NONCE_PERIOD_S, now);
    nonce_of_period(secret, now_s / NONCE_PERIOD_S - 1, before);
    return secret_equal(nonce, (struct str){now, sizeof(now)}) ||
           secret_equal(nonce, (struct str){before, sizeof(before)});
}
