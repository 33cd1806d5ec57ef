#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/devices.h"
#include "store/env.h"
#include "store/session_read.h"

static enum err get(struct snapshot *snapshot, enum table table, const struct key *key,
                    struct str *value)
{
    return env_get(snapshot->txn, snapshot->store, table, key_view(key), value);
}

/* An index entry that leads nowhere is damage, not absence. */
static enum err dangling(enum err err)
{
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

enum err store_app(struct snapshot *snapshot, uint32_t number, struct app *app)
{
    struct key key = key_of_app(number);
    struct str record;
    enum err err = get(snapshot, TABLE_APPS, &key, &record);
    if (err == ERR_OK)
        err = app_decode(record, app);
    app->number = number;
    return err;
}

/* The app whose number an index entry holds. */
static enum err app_at(struct snapshot *snapshot, struct str value, struct app *app)
{
    if (value.len != APP_BYTES)
        return ERR_CORRUPT;
    return dangling(store_app(snapshot, bytes_u32((const uint8_t *)value.ptr), app));
}

enum err store_app_by_id(struct snapshot *snapshot, struct str id, struct app *app)
{
    struct str value;
    if (!app_id_is_valid(id))
        return ERR_NOT_FOUND;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_APP_IDS, id, &value);
    return err == ERR_OK ? app_at(snapshot, value, app) : err;
}

enum err store_app_near_key(struct snapshot *snapshot, const struct app_key *app_key,
                            struct app *app, bool *there)
{
    struct key key = key_of_app_key(app_key);
    struct str value;
    enum err err = cursor_near(snapshot, TABLE_KEYS, key_view(&key), &value, there);
    if (err != ERR_OK)
        return err;
    err = app_at(snapshot, value, app);
    return *there || err == ERR_OK ? err : ERR_NOT_FOUND;
}

enum err store_app_by_key(struct snapshot *snapshot, const struct app_key *app_key, struct app *app)
{
    bool there;
    enum err err = store_app_near_key(snapshot, app_key, app, &there);
    return err == ERR_OK && !there ? ERR_NOT_FOUND : err;
}

enum err store_signing_key(struct snapshot *snapshot, struct str kid, uint32_t *app,
                           struct str *jwk)
{
    struct str value;
    if (kid.len > KEY_MAX)
        return ERR_NOT_FOUND;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_SIGNING, kid, &value);
    if (err != ERR_OK)
        return err;
    if (value.len <= APP_BYTES)
        return ERR_CORRUPT;
    *app = bytes_u32((const uint8_t *)value.ptr);
    *jwk = str_from(value, APP_BYTES);
    return ERR_OK;
}

enum err store_retired(struct snapshot *snapshot, struct str kid, int64_t *until)
{
    struct str value;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_RETIRED, kid, &value);
    if (err != ERR_OK)
        return err;
    if (value.len != sizeof(uint64_t))
        return ERR_CORRUPT;
    *until = (int64_t)bytes_u64((const uint8_t *)value.ptr);
    return ERR_OK;
}

enum err store_signing_key_of_app(struct snapshot *snapshot, uint32_t app, struct str *jwk)
{
    struct key key = key_of_app(app);
    struct str kid;
    uint32_t owner;
    enum err err = get(snapshot, TABLE_SIGNERS, &key, &kid);
    if (err == ERR_OK)
        err = dangling(store_signing_key(snapshot, kid, &owner, jwk));
    return err == ERR_OK && owner != app ? ERR_CORRUPT : err;
}

enum err store_user(struct snapshot *snapshot, uint32_t app, uint64_t number, struct user *user)
{
    struct key key = key_of_user(app, number);
    struct str record;
    enum err err = get(snapshot, TABLE_USERS, &key, &record);
    if (err == ERR_OK)
        err = user_decode(record, user);
    user->app = app;
    user->number = number;
    return err;
}

static enum err user_at(struct snapshot *snapshot, uint32_t app, const struct key *key,
                        struct user *user)
{
    struct str value;
    enum err err = get(snapshot, TABLE_USER_IDS, key, &value);
    if (err != ERR_OK)
        return err;
    if (value.len != USER_BYTES)
        return ERR_CORRUPT;
    return dangling(store_user(snapshot, app, bytes_u64((const uint8_t *)value.ptr), user));
}

enum err store_user_by_own_id(struct snapshot *snapshot, uint32_t app, struct str id,
                              struct user *user)
{
    if (id.len == 0 || id.len > USER_ID_MAX)
        return ERR_NOT_FOUND;
    struct key key = key_of_user_id(app, id);
    return user_at(snapshot, app, &key, user);
}

enum err store_user_by_id(struct snapshot *snapshot, uint32_t app, struct str id, struct user *user)
{
    struct uuid uuid;
    enum err err = store_user_by_own_id(snapshot, app, id, user);
    if (err != ERR_NOT_FOUND || !uuid_parse_text(id, &uuid))
        return err;
    struct key key = key_of_user_uuid(app, &uuid);
    return user_at(snapshot, app, &key, user);
}

/* In a snapshot a device is read once in a while: what was read stands until the snapshot ends. In
 * a writing it may be gone with what is written next. */
static enum err read_device(struct snapshot *snapshot, uint32_t app, uint32_t number,
                            struct str *record)
{
    struct store *store = snapshot->store;
    struct known_device *known = &store->devices[number % DEVICES_KNOWN];
    struct key key = key_of_device(app, number);
    bool reads = snapshot == &store->snapshot;
    if (reads && known->snapshot == store->snapshots && known->app == app &&
        known->number == number) {
        *record = known->record;
        return ERR_OK;
    }
    enum err err = dangling(get(snapshot, TABLE_DEVICES, &key, record));
    if (err == ERR_OK && reads)
        *known = (struct known_device){store->snapshots, app, number, *record};
    return err;
}

enum err session_read(struct snapshot *snapshot, struct str record, const struct place *place,
                      struct session *session)
{
    struct str device;
    enum err err = session_decode(record, session);
    session->app = place->app;
    session->user = place->user;
    session->created = place->created;
    session->id = place->id;
    if (err == ERR_OK && !instant_is_valid(place->created))
        err = ERR_CORRUPT;
    if (err != ERR_OK || session->device == 0)
        return err;
    err = read_device(snapshot, place->app, session->device, &device);
    if (err == ERR_OK)
        err = session_give_device(session, device);
    /* Damage to what many sessions have in common ends none of them: store_check tells of it. */
    return err == ERR_CORRUPT ? ERR_OK : err;
}

enum err session_at(struct snapshot *snapshot, const struct place *place, struct session *session)
{
    struct key key = key_of_session(place);
    struct str record;
    enum err err = dangling(get(snapshot, TABLE_SESSIONS, &key, &record));
    return err == ERR_OK ? session_read(snapshot, record, place, session) : err;
}

enum err session_head_at(struct snapshot *snapshot, const struct place *place,
                         struct session *session)
{
    struct key key = key_of_session(place);
    struct str record;
    *session = (struct session){
        .app = place->app, .user = place->user, .created = place->created, .id = place->id};
    enum err err = dangling(get(snapshot, TABLE_SESSIONS, &key, &record));
    return err == ERR_OK && !session_decode_head(record, session) ? ERR_CORRUPT : err;
}

enum err store_session(struct snapshot *snapshot, uint32_t app, const struct uuid *id,
                       struct session *session)
{
    struct key key = key_of_id(app, id);
    struct place place;
    struct str value;
    enum err err = get(snapshot, TABLE_IDS, &key, &value);
    if (err != ERR_OK)
        return err;
    if (!place_of_id(app, id, value, &place))
        return ERR_CORRUPT;
    return session_at(snapshot, &place, session);
}

static enum err session_by_brought_id(struct snapshot *snapshot, uint32_t app, enum vendor vendor,
                                      struct str text, struct session *session)
{
    struct key key = key_of_brought(app, (int)vendor, text);
    struct str value;
    struct uuid id;
    enum err err = get(snapshot, TABLE_BROUGHT, &key, &value);
    if (err != ERR_OK)
        return err;
    if (value.len != sizeof(id.bytes))
        return ERR_CORRUPT;
    memcpy(id.bytes, value.ptr, sizeof(id.bytes));
    return dangling(store_session(snapshot, app, &id, session));
}

enum err store_session_by_spelling(struct snapshot *snapshot, uint32_t app, enum vendor vendor,
                                   struct str text, struct session *session)
{
    struct uuid id;
    if (text.len == 0 || text.len > SPELLING_MAX)
        return ERR_NOT_FOUND;
    enum err err = session_by_brought_id(snapshot, app, vendor, text, session);
    if (err != ERR_NOT_FOUND || !id_parse(vendor, text, &id))
        return err;
    err = store_session(snapshot, app, &id, session);
    if (err != ERR_OK)
        return err;
    /* A session has one spelling a vendor: not also the one it would have had. */
    bool brought =
        session_text(session, (enum session_text)(TEXT_BROUGHT_ID + (int)vendor)).len > 0;
    return !brought && id_is_spelled(vendor, &id, session->created, text) ? ERR_OK : ERR_NOT_FOUND;
}

enum err store_session_near_token(struct snapshot *snapshot, const uint8_t *hash,
                                  struct session *session, bool *there)
{
    struct str value, key = {(const char *)hash, TOKEN_HASH_BYTES};
    struct place place;
    enum err err = cursor_near(snapshot, TABLE_TOKENS, key, &value, there);
    if (err != ERR_OK)
        return err;
    err = place_of_session_key(value, &place) ? session_at(snapshot, &place, session) : ERR_CORRUPT;
    return *there || err == ERR_OK ? err : ERR_NOT_FOUND;
}

enum err store_session_by_token(struct snapshot *snapshot, const uint8_t *hash,
                                struct session *session)
{
    bool there;
    enum err err = store_session_near_token(snapshot, hash, session, &there);
    return err == ERR_OK && !there ? ERR_NOT_FOUND : err;
}
