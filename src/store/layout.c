#include "store/layout.h"

#include <assert.h>

#include "base/bytes.h"

const char *const table_names[TABLE_COUNT] = {
    [TABLE_META] = "meta",         [TABLE_APPS] = "apps",
    [TABLE_APP_IDS] = "app_ids",   [TABLE_KEYS] = "keys",
    [TABLE_SIGNING] = "signing",   [TABLE_SIGNERS] = "signers",
    [TABLE_USERS] = "users",       [TABLE_USER_IDS] = "user_ids",
    [TABLE_SESSIONS] = "sessions", [TABLE_IDS] = "ids",
    [TABLE_TOKENS] = "tokens",     [TABLE_BROUGHT] = "brought",
    [TABLE_AUDIT] = "audit",       [TABLE_REFRESHES] = "refreshes",
    [TABLE_REFRESH] = "refresh",   [TABLE_PROOFS] = "proofs",
    [TABLE_RETIRED] = "retired",   [TABLE_INDEX] = "index",
    [TABLE_ROWS] = "rows",         [TABLE_TREES] = "trees",
    [TABLE_DEVICES] = "devices",   [TABLE_DEVICE_NUMBERS] = "device_numbers",
};

enum { ID_BYTES = 16, INSTANT_BYTES = 8, SLOT_BYTES = 4 };

void key_put(struct key *key, struct str bytes)
{
    assert(bytes.len <= sizeof(key->bytes) - key->len);
    if (bytes.len)
        memcpy(key->bytes + key->len, bytes.ptr, bytes.len);
    key->len += bytes.len;
}

void key_put_u8(struct key *key, uint8_t value)
{
    key_put(key, (struct str){(const char *)&value, 1});
}

void key_put_u32(struct key *key, uint32_t value)
{
    uint8_t bytes[4];
    bytes_put_u32(bytes, value);
    key_put(key, (struct str){(const char *)bytes, sizeof(bytes)});
}

void key_put_u64(struct key *key, uint64_t value)
{
    uint8_t bytes[8];
    bytes_put_u64(bytes, value);
    key_put(key, (struct str){(const char *)bytes, sizeof(bytes)});
}

/* Flipping the sign bit makes the bits of signed numbers sort as the numbers do. */
static uint64_t sortable(int64_t instant)
{
    return (uint64_t)instant ^ UINT64_C(1) << 63;
}

void key_put_instant(struct key *key, int64_t instant)
{
    key_put_u64(key, sortable(instant));
}

int64_t instant_of_key(const uint8_t *bytes)
{
    return (int64_t)(bytes_u64(bytes) ^ UINT64_C(1) << 63);
}

/* So that the latest comes first. */
static void put_newest(struct key *key, int64_t created, const struct uuid *id)
{
    uint8_t complement[ID_BYTES];
    for (size_t i = 0; i < ID_BYTES; i++)
        complement[i] = (uint8_t)~id->bytes[i];
    key_put_u64(key, ~sortable(created));
    key_put(key, (struct str){(const char *)complement, ID_BYTES});
}

struct key key_of_app(uint32_t app)
{
    struct key key = {.len = 0};
    key_put_u32(&key, app);
    return key;
}

struct key key_of_user(uint32_t app, uint64_t user)
{
    struct key key = key_of_app(app);
    key_put_u64(&key, user);
    return key;
}

struct key key_of_user_id(uint32_t app, struct str id)
{
    struct key key = key_of_app(app);
    key_put_u8(&key, 'i');
    key_put(&key, id);
    return key;
}

static void put_uuid(struct key *key, const struct uuid *id)
{
    key_put(key, (struct str){(const char *)id->bytes, ID_BYTES});
}

struct key key_of_user_uuid(uint32_t app, const struct uuid *uuid)
{
    struct key key = key_of_app(app);
    key_put_u8(&key, 'u');
    put_uuid(&key, uuid);
    return key;
}

struct key key_of_session(const struct place *place)
{
    struct key key = key_of_user(place->app, place->user);
    put_newest(&key, place->created, &place->id);
    return key;
}

struct key key_of_id(uint32_t app, const struct uuid *id)
{
    struct key key = key_of_app(app);
    put_uuid(&key, id);
    return key;
}

struct key key_of_brought(uint32_t app, int vendor, struct str text)
{
    struct key key = key_of_app(app);
    key_put_u8(&key, (uint8_t)vendor);
    key_put(&key, text);
    return key;
}

struct key key_of_app_key(const struct app_key *app_key)
{
    struct key key = {.len = 0};
    key_put_u8(&key, (uint8_t)app_key->use);
    key_put(&key, (struct str){(const char *)app_key->hash, SECRET_HASH_BYTES});
    return key;
}

/* Reads what put_newest wrote. */
static void read_newest(const uint8_t *at, struct place *place)
{
    place->created = (int64_t)(~bytes_u64(at) ^ UINT64_C(1) << 63);
    for (size_t i = 0; i < ID_BYTES; i++)
        place->id.bytes[i] = (uint8_t)~at[INSTANT_BYTES + i];
}

bool place_of_session_key(struct str key, struct place *place)
{
    const uint8_t *bytes = (const uint8_t *)key.ptr;
    if (key.len != SESSION_KEY_BYTES)
        return false;
    place->app = bytes_u32(bytes);
    place->user = bytes_u64(bytes + APP_BYTES);
    read_newest(bytes + APP_BYTES + USER_BYTES, place);
    return true;
}

bool place_of_id(uint32_t app, const struct uuid *id, struct str value, struct place *place)
{
    const uint8_t *bytes = (const uint8_t *)value.ptr;
    if (value.len != USER_BYTES + INSTANT_BYTES + SLOT_BYTES)
        return false;
    *place = (struct place){
        .app = app,
        .user = bytes_u64(bytes),
        .created = instant_of_key(bytes + USER_BYTES),
        .id = *id,
        .slot = bytes_u32(bytes + USER_BYTES + INSTANT_BYTES),
    };
    return true;
}

static enum err give(entry_fn each, void *context, enum table table, struct key key,
                     struct str value)
{
    return each(context, table, &key, value);
}

/* Whether the key stands again further on: it has one entry all the same. */
static bool comes_again(struct str rest, const struct app_key *key)
{
    struct app_key other;
    while (app_key_decode(&rest, &other))
        if (other.use == key->use && memcmp(other.hash, key->hash, sizeof(key->hash)) == 0)
            return true;
    return false;
}

enum err entries_of_app(const struct app *app, entry_fn each, void *context)
{
    struct key number = key_of_app(app->number), id = {.len = 0};
    if (!app_id_is_valid(app->id))
        return ERR_CORRUPT;
    key_put(&id, app->id);
    enum err err = give(each, context, TABLE_APP_IDS, id, key_view(&number));
    struct str rest = app->keys;
    struct app_key key;
    while (err == ERR_OK && app_key_decode(&rest, &key))
        if (!comes_again(rest, &key))
            err = give(each, context, TABLE_KEYS, key_of_app_key(&key), key_view(&number));
    return err;
}

enum err entries_of_user(const struct user *user, entry_fn each, void *context)
{
    struct key number = {.len = 0};
    if (user->texts[USER_ID].len > USER_ID_MAX)
        return ERR_CORRUPT;
    key_put_u64(&number, user->number);
    enum err err = give(each, context, TABLE_USER_IDS,
                        key_of_user_id(user->app, user->texts[USER_ID]), key_view(&number));
    if (err == ERR_OK)
        err = give(each, context, TABLE_USER_IDS, key_of_user_uuid(user->app, &user->uuid),
                   key_view(&number));
    return err;
}

static enum err give_brought(const struct session *session, entry_fn each, void *context)
{
    struct str id = {(const char *)session->id.bytes, ID_BYTES};
    enum err err = ERR_OK;
    for (int vendor = 1; err == ERR_OK && vendor < VENDOR_END; vendor++) {
        struct str text = session_text(session, (enum session_text)(TEXT_BROUGHT_ID + vendor));
        if (text.len)
            err =
                give(each, context, TABLE_BROUGHT, key_of_brought(session->app, vendor, text), id);
    }
    return err;
}

enum err entries_of_session(const struct session *session, uint32_t slot, entry_fn each,
                            void *context)
{
    struct place place = place_of(session);
    struct key self = key_of_session(&place), where = {.len = 0};
    key_put_u64(&where, place.user);
    key_put_instant(&where, place.created);
    key_put_u32(&where, slot);
    enum err err =
        give(each, context, TABLE_IDS, key_of_id(place.app, &place.id), key_view(&where));
    if (err == ERR_OK && session->has_token) {
        struct key hash = {.len = 0};
        key_put(&hash, (struct str){(const char *)session->token_hash, TOKEN_HASH_BYTES});
        err = give(each, context, TABLE_TOKENS, hash, key_view(&self));
    }
    return err == ERR_OK ? give_brought(session, each, context) : err;
}

enum err entries_of_refresh(const struct place *place, const struct refresh *refresh, entry_fn each,
                            void *context)
{
    struct key self = key_of_session(place), now = {.len = 0}, before = now, family = now;
    key_put(&now, (struct str){(const char *)refresh->hash, HASH_BYTES});
    key_put(&before, (struct str){(const char *)refresh->previous, HASH_BYTES});
    key_put(&family, (struct str){(const char *)refresh->family, HASH_BYTES});
    enum err err = give(each, context, TABLE_REFRESH, now, key_view(&self));
    if (err == ERR_OK && refresh->has_previous)
        err = give(each, context, TABLE_REFRESH, before, key_view(&self));
    if (err == ERR_OK && refresh->has_family)
        err = give(each, context, TABLE_REFRESH, family, key_view(&self));
    return err;
}
