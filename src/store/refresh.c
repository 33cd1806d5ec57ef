/* Refresh tokens: a record for each session that has one, found by the hashes of the token that is
 * good now, of the one before it, and of their family. */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/session_read.h"
#include "store/writing.h"

static enum err read_refresh(struct snapshot *snapshot, uint32_t app, const struct uuid *id,
                             struct refresh *refresh)
{
    struct key key = key_of_id(app, id);
    struct str record;
    enum err err =
        env_get(snapshot->txn, snapshot->store, TABLE_REFRESHES, key_view(&key), &record);
    return err == ERR_OK ? refresh_decode(record, refresh) : err;
}

/* Where an entry with that hash leads, or one with the other; both are looked for either way. */
static enum err near_either(struct snapshot *snapshot, const uint8_t *hash, const uint8_t *other,
                            struct str *value, bool *there)
{
    struct str second,
        keys[] = {{(const char *)hash, HASH_BYTES}, {(const char *)other, HASH_BYTES}};
    enum err err = cursor_near(snapshot, TABLE_REFRESH, keys[0], value, there);
    if (err != ERR_OK)
        return err;
    err = env_get(snapshot->txn, snapshot->store, TABLE_REFRESH, keys[1], &second);
    if (err == ERR_OK && !*there) {
        *value = second;
        *there = true;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err store_session_near_refresh(struct snapshot *snapshot, const uint8_t *hash,
                                    const uint8_t *family, struct session *session,
                                    struct refresh *refresh, bool *there)
{
    struct str value;
    struct place place;
    enum err err = near_either(snapshot, hash, family, &value, there);
    if (err != ERR_OK)
        return err;
    err = place_of_session_key(value, &place)
              ? read_refresh(snapshot, place.app, &place.id, refresh)
              : ERR_CORRUPT;
    if (err == ERR_OK)
        err = session_at(snapshot, &place, session);
    return *there || err == ERR_OK ? err : ERR_NOT_FOUND;
}

enum err writing_put_refresh(struct writing *writing, const struct place *place,
                             const struct refresh *refresh)
{
    struct key key = key_of_id(place->app, &place->id);
    enum err err = entries_of_refresh(place, refresh, writing_put_entry, writing);
    if (err != ERR_OK)
        return err;
    buf_reset(&writing->record);
    refresh_encode(refresh, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    return writing_put(writing, TABLE_REFRESHES, key_view(&key), buf_view(&writing->record));
}

enum err writing_remove_refresh(struct writing *writing, const struct place *place)
{
    struct snapshot snapshot = writing_view(writing);
    struct key key = key_of_id(place->app, &place->id);
    struct refresh old;
    enum err err = read_refresh(&snapshot, place->app, &place->id, &old);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = entries_of_refresh(place, &old, writing_delete_entry, writing);
    return err == ERR_OK ? writing_delete(writing, TABLE_REFRESHES, &key) : err;
}

enum err store_proof(struct snapshot *snapshot, const uint8_t *hash)
{
    struct str value, key = {(const char *)hash, HASH_BYTES};
    return env_get(snapshot->txn, snapshot->store, TABLE_PROOFS, key, &value);
}

/* ---- rotation ---- */

/* A proof is good once: notes it, until it would be refused for its age. */
static enum err use_proof(struct writing *writing, const struct put_rotation *wanted, bool *used)
{
    struct key key = {.len = 0}, until = {.len = 0};
    struct str there;
    *used = false;
    if (!wanted->has_proof)
        return ERR_OK;
    key_put(&key, (struct str){(const char *)wanted->proof, HASH_BYTES});
    key_put_u64(&until, (uint64_t)wanted->proof_until);
    enum err err = env_get(writing->txn, writing->store, TABLE_PROOFS, key_view(&key), &there);
    *used = err == ERR_OK;
    return err == ERR_NOT_FOUND
               ? writing_put(writing, TABLE_PROOFS, key_view(&key), key_view(&until))
               : err;
}

/* Binds the token to the first key it is brought with. False when it is another one's, or when it
 * is bound and no key was brought. */
static bool is_holder(const struct refresh *refresh, const struct put_rotation *wanted)
{
    return !refresh->has_key || (wanted->has_key && secret_hash_equal(refresh->key, wanted->key));
}

static enum err renew(struct writing *writing, const struct put_rotation *wanted,
                      const struct place *place, const struct refresh *old)
{
    struct refresh fresh = *old;
    struct put_touch touch = {
        .app = wanted->app, .id = wanted->id, .last_active = writing->now, .expires = INSTANT_NONE};
    fresh.has_previous = true;
    memcpy(fresh.previous, old->hash, HASH_BYTES);
    memcpy(fresh.hash, wanted->successor, HASH_BYTES);
    memcpy(fresh.salt, wanted->salt, SALT_BYTES);
    fresh.rotated = writing->now;
    if (!fresh.has_family) {
        fresh.has_family = true;
        memcpy(fresh.family, wanted->family, HASH_BYTES);
    }
    if (!fresh.has_key && wanted->has_key) {
        fresh.has_key = true;
        memcpy(fresh.key, wanted->key, HASH_BYTES);
    }
    enum err err = entries_of_refresh(place, old, writing_delete_entry, writing);
    if (err == ERR_OK)
        err = writing_put_refresh(writing, place, &fresh);
    return err == ERR_OK ? writing_touch(writing, &touch) : err;
}

/* Somebody has a copy of the token: nobody may go on with it, or with what came of it. */
static enum err end_chain(struct writing *writing, const struct put_rotation *wanted)
{
    struct put_ending ending = {.app = wanted->app,
                                .has_id = true,
                                .id = wanted->id,
                                .as = ENDING_REVOKED,
                                .actor = REFRESH_REUSE};
    return writing_end(writing, &ending);
}

/* For a token that is good, or was a moment ago. */
static enum err exchange(struct writing *writing, const struct put_rotation *wanted,
                         const struct place *place, const struct refresh *refresh, bool good)
{
    struct outcome *outcome = writing->outcome;
    bool used;
    enum err err = use_proof(writing, wanted, &used);
    if (err != ERR_OK)
        return err;
    if (used) {
        outcome->rotation = ROTATION_USED_PROOF;
        return ERR_OK;
    }
    if (good) {
        outcome->rotation = ROTATION_DONE;
        memcpy(outcome->salt, wanted->salt, SALT_BYTES);
        return renew(writing, wanted, place, refresh);
    }
    outcome->rotation = refresh->has_family ? ROTATION_AGAIN : ROTATION_AGAIN_OF_OLD;
    memcpy(outcome->salt, refresh->salt, SALT_BYTES);
    return ERR_OK;
}

/* What was used before ends the session, whoever brings it: before the key is looked at, which may
 * be the thief's. */
static enum err rotate(struct writing *writing, const struct put_rotation *wanted,
                       const struct place *place, const struct refresh *refresh)
{
    struct outcome *outcome = writing->outcome;
    enum refresh_standing standing =
        refresh_stand(refresh, wanted->presented, wanted->family, writing->now);
    if (standing == REFRESH_UNKNOWN)
        return ERR_OK;
    if (standing == REFRESH_SPENT) {
        outcome->rotation = ROTATION_REUSED;
        return end_chain(writing, wanted);
    }
    if (!is_holder(refresh, wanted)) {
        outcome->rotation = ROTATION_OTHER_KEY;
        return ERR_OK;
    }
    return exchange(writing, wanted, place, refresh, standing == REFRESH_GOOD);
}

enum err writing_rotate(struct writing *writing, const struct put_rotation *wanted)
{
    struct snapshot snapshot = writing_view(writing);
    struct session session;
    struct refresh refresh;
    struct app app;
    writing->outcome->rotation = ROTATION_NONE;
    enum err err = store_app(&snapshot, wanted->app, &app);
    if (err == ERR_OK)
        err = store_session(&snapshot, wanted->app, &wanted->id, &session);
    if (err == ERR_OK)
        err = read_refresh(&snapshot, wanted->app, &wanted->id, &refresh);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct place place = place_of(&session);
    if (session_status(&session, app.idle_s * SECOND_MS, writing->now) != STATUS_ACTIVE)
        return ERR_OK;
    return rotate(writing, wanted, &place, &refresh);
}
