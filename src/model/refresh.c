#include "model/refresh.h"

#include "base/bytes.h"
#include "base/clock.h"

enum {
    VERSION = 1,
    FLAG_PREVIOUS = 1,
    FLAG_KEY = 2,
    AT_FLAGS = 1,
    AT_HASH = 2,
    AT_PREVIOUS = AT_HASH + HASH_BYTES,
    AT_SALT = AT_PREVIOUS + HASH_BYTES,
    AT_ROTATED = AT_SALT + SALT_BYTES,
    AT_KEY = AT_ROTATED + 8,
    RECORD_BYTES = AT_KEY + HASH_BYTES
};

void refresh_encode(const struct refresh *refresh, struct buf *buf)
{
    uint8_t record[RECORD_BYTES] = {VERSION};
    record[AT_FLAGS] =
        (uint8_t)((refresh->has_previous ? FLAG_PREVIOUS : 0) | (refresh->has_key ? FLAG_KEY : 0));
    memcpy(record + AT_HASH, refresh->hash, HASH_BYTES);
    memcpy(record + AT_PREVIOUS, refresh->previous, HASH_BYTES);
    memcpy(record + AT_SALT, refresh->salt, SALT_BYTES);
    bytes_put_u64(record + AT_ROTATED, (uint64_t)refresh->rotated);
    memcpy(record + AT_KEY, refresh->key, HASH_BYTES);
    buf_put(buf, record, sizeof(record));
}

enum err refresh_decode(struct str record, struct refresh *refresh)
{
    const uint8_t *at = (const uint8_t *)record.ptr;
    if (record.len < 1)
        return ERR_CORRUPT;
    if (at[0] != VERSION)
        return ERR_VERSION;
    if (record.len != RECORD_BYTES)
        return ERR_CORRUPT;
    *refresh = (struct refresh){.has_previous = at[AT_FLAGS] & FLAG_PREVIOUS,
                                .rotated = (int64_t)bytes_u64(at + AT_ROTATED),
                                .has_key = at[AT_FLAGS] & FLAG_KEY};
    memcpy(refresh->hash, at + AT_HASH, HASH_BYTES);
    memcpy(refresh->previous, at + AT_PREVIOUS, HASH_BYTES);
    memcpy(refresh->salt, at + AT_SALT, SALT_BYTES);
    memcpy(refresh->key, at + AT_KEY, HASH_BYTES);
    return instant_is_valid(refresh->rotated) ? ERR_OK : ERR_CORRUPT;
}

void refresh_succeed(struct str token, const uint8_t *salt, char *out)
{
    secret_derive(token, "rollcall refresh", salt, SALT_BYTES, out);
}
