#include "model/refresh.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"

enum {
    VERSION_ALONE = 1, /* of when no family was kept */
    VERSION = 2,
    FLAG_PREVIOUS = 1,
    FLAG_KEY = 2,
    FLAG_FAMILY = 4,
    AT_FLAGS = 1,
    AT_HASH = 2,
    AT_PREVIOUS = AT_HASH + HASH_BYTES,
    AT_SALT = AT_PREVIOUS + HASH_BYTES,
    AT_ROTATED = AT_SALT + SALT_BYTES,
    AT_KEY = AT_ROTATED + 8,
    AT_FAMILY = AT_KEY + HASH_BYTES,
    ALONE_BYTES = AT_FAMILY,
    RECORD_BYTES = AT_FAMILY + HASH_BYTES
};

void refresh_encode(const struct refresh *refresh, struct buf *buf)
{
    uint8_t record[RECORD_BYTES] = {VERSION};
    record[AT_FLAGS] =
        (uint8_t)((refresh->has_previous ? FLAG_PREVIOUS : 0) | (refresh->has_key ? FLAG_KEY : 0) |
                  (refresh->has_family ? FLAG_FAMILY : 0));
    memcpy(record + AT_HASH, refresh->hash, HASH_BYTES);
    memcpy(record + AT_PREVIOUS, refresh->previous, HASH_BYTES);
    memcpy(record + AT_SALT, refresh->salt, SALT_BYTES);
    bytes_put_u64(record + AT_ROTATED, (uint64_t)refresh->rotated);
    memcpy(record + AT_KEY, refresh->key, HASH_BYTES);
    memcpy(record + AT_FAMILY, refresh->family, HASH_BYTES);
    buf_put(buf, record, sizeof(record));
}

enum err refresh_decode(struct str record, struct refresh *refresh)
{
    const uint8_t *at = (const uint8_t *)record.ptr;
    if (record.len < 1)
        return ERR_CORRUPT;
    if (at[0] != VERSION && at[0] != VERSION_ALONE)
        return ERR_VERSION;
    if (record.len != (at[0] == VERSION ? RECORD_BYTES : ALONE_BYTES))
        return ERR_CORRUPT;
    *refresh = (struct refresh){.has_previous = at[AT_FLAGS] & FLAG_PREVIOUS,
                                .rotated = (int64_t)bytes_u64(at + AT_ROTATED),
                                .has_key = at[AT_FLAGS] & FLAG_KEY};
    memcpy(refresh->hash, at + AT_HASH, HASH_BYTES);
    memcpy(refresh->previous, at + AT_PREVIOUS, HASH_BYTES);
    memcpy(refresh->salt, at + AT_SALT, SALT_BYTES);
    memcpy(refresh->key, at + AT_KEY, HASH_BYTES);
    if (at[0] == VERSION) {
        refresh->has_family = at[AT_FLAGS] & FLAG_FAMILY;
        memcpy(refresh->family, at + AT_FAMILY, HASH_BYTES);
    }
    return instant_is_valid(refresh->rotated) ? ERR_OK : ERR_CORRUPT;
}

static void write_family(struct str token, char *out)
{
    if (token.len == SUCCESSOR_TEXT)
        memcpy(out, token.ptr + SECRET_TEXT, SECRET_TEXT);
    else
        secret_derive(token, "rollcall refresh family", "", 0, out);
}

void refresh_succeed(struct str token, const uint8_t *salt, char *out)
{
    secret_derive(token, "rollcall refresh", salt, SALT_BYTES, out);
    write_family(token, out + SECRET_TEXT);
}

void refresh_family(struct str token, uint8_t *hash)
{
    char family[SECRET_TEXT];
    write_family(token, family);
    secret_hash((struct str){family, SECRET_TEXT}, hash);
}

enum refresh_standing refresh_stand(const struct refresh *refresh, const uint8_t *hash,
                                    const uint8_t *family, int64_t now)
{
    if (secret_hash_equal(refresh->hash, hash))
        return REFRESH_GOOD;
    /* Neither after it nor before: with a clock that was set back it would last for as long. */
    if (refresh->has_previous && secret_hash_equal(refresh->previous, hash))
        return llabs(now - refresh->rotated) <= REFRESH_GRACE_MS ? REFRESH_AGAIN : REFRESH_SPENT;
    bool same = refresh->has_family && secret_hash_equal(refresh->family, family);
    return same ? REFRESH_SPENT : REFRESH_UNKNOWN;
}
