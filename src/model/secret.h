/* Secrets of high entropy: made at random, kept as SHA-256 alone. */
#ifndef ROLLCALL_MODEL_SECRET_H
#define ROLLCALL_MODEL_SECRET_H

#include "base/str.h"

enum { SECRET_TEXT = 43, HASH_BYTES = 32, HASH_HEX = 64, TAG_BYTES = 16 };

/* Must be called once before any other function here and before ids are made; false when the
 * system's random source does not work. */
bool secret_begin(void);
/* 256 random bits as 43 characters of base64url without padding; no NUL. */
void secret_make(char *out);
/* SHA-256 of the bytes. */
void secret_hash(struct str secret, uint8_t *hash);
/* 64 hexadecimal digits, either case. */
bool secret_hash_parse(struct str hex, uint8_t *hash);
/* In time that does not tell how far they agree. */
bool secret_hash_equal(const uint8_t *a, const uint8_t *b);
void secret_wipe(void *bytes, size_t len);

/* Writes what a secret makes of some bytes for that purpose (HMAC-SHA-256), in the form of
 * secret_make: nobody can tell it without the secret, and it tells nothing of the secret. */
void secret_derive(struct str secret, const char *purpose, const void *bytes, size_t len,
                   char *out);
/* The same cut to TAG_BYTES bytes, to go with the bytes that it vouches for. */
void secret_tag(struct str secret, const char *purpose, const void *bytes, size_t len,
                uint8_t *out);
/* A keyed hash (SipHash-2-4) for tables: short, quick, and nobody can choose what falls together
 * who does not know the key. */
enum { SHORT_KEY_BYTES = 16 };
uint64_t secret_short_hash(const uint8_t *key, const void *bytes, size_t len);
/* Random bytes; and whether two texts are the same, in constant time for texts of one length. */
void secret_random(void *bytes, size_t len);
bool secret_equal(struct str a, struct str b);

#endif
