#include "serve/guard.h"

#include "model/secret.h"

_Static_assert((int)SHORT_KEY_BYTES == (int)THROTTLE_KEY_BYTES, "one key for both");

/* What the numbers that are hashed begin with, so that no address is a credential. */
enum kind { KIND_ADDRESS = 1, KIND_CREDENTIAL };

static uint64_t hash_text(const struct guard *guard, struct str text)
{
    return text.len ? secret_short_hash(guard->throttle->key, text.ptr, text.len) : 0;
}

static uint64_t hash_tokens(const struct guard *guard, const struct credential *credential)
{
    uint64_t pair[] = {0, 0};
    for (size_t i = 0; i < credential->token_count; i++) {
        pair[1] = hash_text(guard, credential->tokens[i]);
        pair[0] = secret_short_hash(guard->throttle->key, pair, sizeof(pair));
    }
    return pair[0];
}

/* IPv6 is given out in networks of 64 bits (RFC 6177): who has one address of it has all. */
static uint64_t hash_address(const struct guard *guard, const uint8_t *address)
{
    uint8_t bytes[1 + ADDRESS_BYTES] = {KIND_ADDRESS};
    memcpy(bytes + 1, address, address_is_ipv4(address) ? ADDRESS_BYTES : ADDRESS_BYTES / 2);
    return secret_short_hash(guard->throttle->key, bytes, sizeof(bytes));
}

/* With what it goes with: a token that is right stays so, whomever others say it belongs to, and
 * whatever else a browser sends before it; a key, where it is brought for what it does not open. */
static uint64_t hash_credential(const struct guard *guard, const struct credential *credential)
{
    const uint64_t parts[] = {KIND_CREDENTIAL,
                              (uint64_t)credential->kind,
                              (uint64_t)credential->use,
                              hash_tokens(guard, credential),
                              hash_text(guard, credential->user),
                              hash_text(guard, credential->account)};
    return secret_short_hash(guard->throttle->key, parts, sizeof(parts));
}

struct guarded guard_read(const struct guard *guard, const struct request *request,
                          const struct credential *credential)
{
    struct guarded guarded = {.address = false};
    bool brought = credential->kind != CREDENTIAL_NONE && credential->token_count > 0;
    if (!guard->throttle || guard->most == 0 || !brought)
        return guarded;
    guarded.credential = true;
    guarded.credential_hash = hash_credential(guard, credential);
    guarded.address = request->client.foreign;
    if (guarded.address)
        guarded.address_hash = hash_address(guard, request->client.bytes);
    return guarded;
}

int64_t guard_wait(const struct guard *guard, const struct guarded *guarded, int64_t now)
{
    int64_t wait = 0, other = 0;
    if (guarded->address)
        wait = throttle_wait(guard->throttle, guarded->address_hash, now, guard->most);
    if (guarded->credential)
        other = throttle_wait(guard->throttle, guarded->credential_hash, now, guard->most);
    return wait > other ? wait : other;
}

void guard_note(const struct guard *guard, const struct guarded *guarded, int64_t now, bool failed)
{
    if (guarded->address)
        throttle_use(guard->throttle, guarded->address_hash, now, guard->most, failed);
    if (guarded->credential)
        throttle_use(guard->throttle, guarded->credential_hash, now, guard->most, failed);
}
