#include "model/secret.h"

#include <sodium.h>

#include "base/bytes.h"

_Static_assert(HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
_Static_assert(SHORT_KEY_BYTES == crypto_shorthash_KEYBYTES, "SipHash");
_Static_assert(TAG_BYTES * 2 >= HASH_BYTES, "half of it at least (RFC 2104, 5)");

bool secret_begin(void)
{
    return sodium_init() >= 0;
}

/* Writes HASH_BYTES bytes as text, and wipes them. */
static void write_text(uint8_t *bytes, char *out)
{
    char text[SECRET_TEXT + 1];
    sodium_bin2base64(text, sizeof(text), bytes, HASH_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    memcpy(out, text, SECRET_TEXT);
    secret_wipe(bytes, HASH_BYTES);
    secret_wipe(text, sizeof(text));
}

void secret_make(char *out)
{
    uint8_t random[HASH_BYTES];
    randombytes_buf(random, sizeof(random));
    write_text(random, out);
}

/* Writes HASH_BYTES bytes. */
static void authenticate(struct str secret, const char *purpose, const void *bytes, size_t len,
                         uint8_t *out)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.ptr, secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_auth_hmacsha256_update(&state, bytes, len);
    crypto_auth_hmacsha256_final(&state, out);
    secret_wipe(&state, sizeof(state));
}

void secret_derive(struct str secret, const char *purpose, const void *bytes, size_t len, char *out)
{
    uint8_t made[HASH_BYTES];
    authenticate(secret, purpose, bytes, len, made);
    write_text(made, out);
}

void secret_tag(struct str secret, const char *purpose, const void *bytes, size_t len, uint8_t *out)
{
    uint8_t made[HASH_BYTES];
    authenticate(secret, purpose, bytes, len, made);
    memcpy(out, made, TAG_BYTES);
    secret_wipe(made, sizeof(made));
}

uint64_t secret_short_hash(const uint8_t *key, const void *bytes, size_t len)
{
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, bytes, len, key);
    return bytes_u64(hash);
}

void secret_random(void *bytes, size_t len)
{
    randombytes_buf(bytes, len);
}

bool secret_equal(struct str a, struct str b)
{
    return a.len == b.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void secret_hash(struct str secret, uint8_t *hash)
{
    crypto_hash_sha256(hash, (const unsigned char *)secret.ptr, secret.len);
}

bool secret_hash_parse(struct str hex, uint8_t *hash)
{
    size_t len = 0;
    return hex.len == HASH_HEX &&
           sodium_hex2bin(hash, HASH_BYTES, hex.ptr, hex.len, NULL, &len, NULL) == 0 &&
           len == HASH_BYTES;
}

bool secret_hash_equal(const uint8_t *a, const uint8_t *b)
{
    return sodium_memcmp(a, b, HASH_BYTES) == 0;
}

void secret_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}
