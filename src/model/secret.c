#include "model/secret.h"

#include <sodium.h>

_Static_assert(HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

bool secret_begin(void)
{
    return sodium_init() >= 0;
}

void secret_make(char *out)
{
    uint8_t random[HASH_BYTES];
    char text[SECRET_TEXT + 1];
    randombytes_buf(random, sizeof(random));
    sodium_bin2base64(text, sizeof(text), random, sizeof(random),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    memcpy(out, text, SECRET_TEXT);
    secret_wipe(random, sizeof(random));
    secret_wipe(text, sizeof(text));
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
