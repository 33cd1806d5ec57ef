#include "core/verified.h"

#include <stdlib.h>

/* One place a hash: a newcomer takes the place of whoever has it, so that no look-up walks. */
enum { PLACES = 4096 };

struct verified_tokens {
    struct verified places[PLACES];
};

struct verified_tokens *verified_new(void)
{
    return calloc(1, sizeof(struct verified_tokens));
}

void verified_free(struct verified_tokens *tokens)
{
    free(tokens);
}

static size_t place_of(const uint8_t *hash)
{
    return (size_t)(hash[0] << 8 | hash[1]) % PLACES;
}

const struct verified *verified_find(const struct verified_tokens *tokens, const uint8_t *hash)
{
    const struct verified *token = &tokens->places[place_of(hash)];
    return token->app && secret_hash_equal(token->hash, hash) ? token : NULL;
}

void verified_add(struct verified_tokens *tokens, const struct verified *token)
{
    tokens->places[place_of(token->hash)] = *token;
}

bool remembered_set(struct remembered *remembered, struct str text)
{
    if (text.len > sizeof(remembered->bytes))
        return false;
    if (text.len)
        memcpy(remembered->bytes, text.ptr, text.len);
    remembered->len = text.len;
    return true;
}
