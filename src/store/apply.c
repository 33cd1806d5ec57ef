/* store_apply: the one way anything is written. Records are made anew from what is put; a replaced
 * record's entries are taken out first, so that none is left behind. */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "model/jwt.h"
#include "model/secret.h"
#include "store/session_read.h"

/* The signing key that a put of a new app will need, made before the transaction: it takes a while.
 */
struct signing {
    struct buf jwk, kid;
};

struct writing {
    struct store *store;
    MDB_txn *txn;
    int64_t now;
    struct buf record;        /* of the object at hand */
    struct buf old;           /* the one it replaces: what LMDB gave is gone with the next put */
    struct signing *signings; /* one for each put */
};

static enum err put(const struct writing *writing, enum table table, struct str key,
                    struct str value)
{
    MDB_val at = env_val(key), bytes = env_val(value);
    return env_write_error(writing->store,
                           mdb_put(writing->txn, writing->store->tables[table], &at, &bytes, 0),
                           table_names[table]);
}

static enum err get(const struct writing *writing, enum table table, struct str key,
                    struct str *value)
{
    return env_get(writing->txn, writing->store, table, key, value);
}

/* An entry may be there already, saying the same; another object's is in the way. */
static enum err put_entry(void *context, enum table table, const struct key *key, struct str value)
{
    struct writing *writing = context;
    struct str there;
    enum err err = get(writing, table, key_view(key), &there);
    if (err == ERR_OK)
        return str_eq(there, value) ? ERR_OK : ERR_CONFLICT;
    return err == ERR_NOT_FOUND ? put(writing, table, key_view(key), value) : err;
}

static enum err delete_entry(void *context, enum table table, const struct key *key,
                             struct str value)
{
    struct writing *writing = context;
    MDB_val at = env_val(key_view(key));
    (void)value;
    int code = mdb_del(writing->txn, writing->store->tables[table], &at, NULL);
    return code == MDB_NOTFOUND ? ERR_OK
                                : env_write_error(writing->store, code, table_names[table]);
}

/* A copy of what LMDB gave, until the next is kept. */
static enum err keep_old(struct writing *writing, struct str *record)
{
    buf_reset(&writing->old);
    buf_str(&writing->old, *record);
    *record = buf_view(&writing->old);
    return writing->old.failed ? ERR_MEMORY : ERR_OK;
}

/* The next number of a kind, from 1. */
static enum err next_number(const struct writing *writing, struct str name, uint64_t *number)
{
    enum err err = env_get_number(writing->txn, writing->store, TABLE_META, name, number);
    if (err != ERR_OK)
        return err;
    struct key value = {.len = 0};
    key_put_u64(&value, ++*number);
    return put(writing, TABLE_META, name, key_view(&value));
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given == 0 || given == INSTANT_NONE ? otherwise : given;
}

/* ---- apps ---- */

/* The snapshot of a writing, so that it reads as readers do. */
static struct snapshot view(const struct writing *writing)
{
    return (struct snapshot){writing->store, writing->txn};
}

static enum err number_app(const struct writing *writing, uint32_t *number)
{
    uint64_t next;
    enum err err = next_number(writing, STR("apps"), &next);
    *number = (uint32_t)next;
    return err == ERR_OK && next > UINT32_MAX ? ERR_FULL : err;
}

/* The key made ahead is used once the app is known to need it. */
static enum err put_signing(struct writing *writing, uint32_t app, const struct signing *signing)
{
    struct key number = key_of_app(app);
    struct str there, kid = buf_view(&signing->kid);
    enum err err = get(writing, TABLE_SIGNERS, key_view(&number), &there);
    if (err != ERR_NOT_FOUND)
        return err;
    if (kid.len == 0)
        return ERR_INTERNAL;
    buf_reset(&writing->record);
    buf_str(&writing->record, key_view(&number));
    buf_str(&writing->record, buf_view(&signing->jwk));
    if (writing->record.failed)
        return ERR_MEMORY;
    err = put(writing, TABLE_SIGNING, kid, buf_view(&writing->record));
    return err == ERR_OK ? put(writing, TABLE_SIGNERS, key_view(&number), kid) : err;
}

/* Takes out the entries of the app that is replaced, if there is one; a new one gets a number. */
static enum err replace_app(struct writing *writing, struct str id, uint32_t *number,
                            int64_t *created)
{
    struct snapshot snapshot = view(writing);
    struct app old;
    enum err err = store_app_by_id(&snapshot, id, &old);
    if (err == ERR_NOT_FOUND) {
        *created = writing->now;
        return number_app(writing, number);
    }
    if (err == ERR_OK)
        err = keep_old(writing, &old.keys);
    if (err != ERR_OK)
        return err;
    *created = old.created;
    *number = old.number;
    old.id = id;
    return entries_of_app(&old, delete_entry, writing);
}

static enum err put_app(struct writing *writing, const struct put_app *wanted,
                        const struct signing *signing)
{
    struct app app = wanted->app;
    int64_t created;
    if (!app_id_is_valid(app.id))
        return ERR_INVALID;
    enum err err = replace_app(writing, app.id, &app.number, &created);
    if (err != ERR_OK)
        return err;
    app.created = given_or(app.created, created);
    buf_reset(&writing->record);
    app_encode(&app, wanted->keys, wanted->key_count, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct key key = key_of_app(app.number);
    uint32_t number = app.number;
    err = app_decode(buf_view(&writing->record), &app);
    app.number = number;
    if (err == ERR_OK)
        err = entries_of_app(&app, put_entry, writing);
    if (err == ERR_OK)
        err = put(writing, TABLE_APPS, key_view(&key), buf_view(&writing->record));
    return err == ERR_OK ? put_signing(writing, number, signing) : err;
}

/* ---- users ---- */

static enum err put_user_of(struct writing *writing, const struct app *app,
                            const struct user *wanted, uint64_t *number)
{
    struct snapshot snapshot = view(writing);
    struct user user = *wanted, old = {.created = writing->now, .updated = writing->now};
    if (user.texts[USER_ID].len == 0 || user.texts[USER_ID].len > USER_ID_MAX)
        return ERR_INVALID;
    struct key by_id = key_of_user_id(app->number, user.texts[USER_ID]);
    struct str value;
    /* Before anything is put: the app's id is LMDB's. */
    user.uuid = user_uuid(app->id, user.texts[USER_ID]);
    enum err err = get(writing, TABLE_USER_IDS, key_view(&by_id), &value);
    if (err == ERR_OK && value.len == USER_BYTES) {
        *number = bytes_u64((const uint8_t *)value.ptr);
        err = store_user(&snapshot, app->number, *number, &old);
    } else if (err == ERR_NOT_FOUND) {
        err = next_number(writing, STR("users"), number);
    }
    if (err != ERR_OK)
        return err;
    user.app = app->number;
    user.number = *number;
    user.created = given_or(user.created, old.created);
    user.updated = given_or(user.updated, old.updated);
    buf_reset(&writing->record);
    user_encode(&user, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct key key = key_of_user(app->number, *number);
    err = entries_of_user(&user, put_entry, writing);
    return err == ERR_OK ? put(writing, TABLE_USERS, key_view(&key), buf_view(&writing->record))
                         : err;
}

static enum err put_user(struct writing *writing, const struct put_user *wanted)
{
    struct snapshot snapshot = view(writing);
    struct app app;
    uint64_t number;
    enum err err = store_app_by_id(&snapshot, wanted->app_id, &app);
    return err == ERR_OK ? put_user_of(writing, &app, &wanted->user, &number) : err;
}

/* The number of a user, who is made with that id alone where there is none. */
static enum err find_or_make_user(struct writing *writing, const struct app *app, struct str id,
                                  uint64_t *number)
{
    if (id.len > USER_ID_MAX)
        return ERR_INVALID;
    struct key by_id = key_of_user_id(app->number, id);
    struct str value;
    enum err err = get(writing, TABLE_USER_IDS, key_view(&by_id), &value);
    if (err == ERR_OK) {
        *number = value.len == USER_BYTES ? bytes_u64((const uint8_t *)value.ptr) : 0;
        return *number ? ERR_OK : ERR_CORRUPT;
    }
    struct user user = {.active = true};
    user.texts[USER_ID] = id;
    return err == ERR_NOT_FOUND ? put_user_of(writing, app, &user, number) : err;
}

/* ---- sessions ---- */

static enum err count_sessions(const struct writing *writing, uint32_t app, int64_t difference)
{
    struct key key = key_of_app(app), value = {.len = 0};
    uint64_t count;
    enum err err =
        env_get_number(writing->txn, writing->store, TABLE_COUNTS, key_view(&key), &count);
    key_put_u64(&value, count + (uint64_t)difference);
    return err == ERR_OK ? put(writing, TABLE_COUNTS, key_view(&key), key_view(&value)) : err;
}

static enum err remove_session(struct writing *writing, const struct session *session)
{
    struct place place = {session->app, session->user, session->created, session->id};
    struct key key = key_of_session(&place);
    struct str record = session->record;
    struct session old;
    enum err err = keep_old(writing, &record);
    if (err == ERR_OK)
        err = session_read(record, &place, &old);
    if (err == ERR_OK)
        err = entries_of_session(&old, delete_entry, writing);
    if (err == ERR_OK)
        err = delete_entry(writing, TABLE_SESSIONS, &key, STR_NONE);
    return err == ERR_OK ? count_sessions(writing, session->app, -1) : err;
}

/* Takes out the session of that id, if there is one; another user's stays, and is in the way. */
static enum err make_way(struct writing *writing, const struct place *place)
{
    struct snapshot snapshot = view(writing);
    struct session old;
    enum err err = store_session(&snapshot, place->app, &place->id, &old);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK && old.user != place->user)
        return ERR_CONFLICT;
    return err == ERR_OK ? remove_session(writing, &old) : err;
}

/* What a record and its keys have room for. */
static bool texts_fit(const struct session_draft *draft)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (draft->texts[i].len > (i < TEXT_BROUGHT_ID ? TEXT_MAX : SPELLING_MAX))
            return false;
    return true;
}

static enum err put_session(struct writing *writing, const struct put_session *wanted)
{
    struct snapshot snapshot = view(writing);
    struct session_draft *draft = wanted->draft;
    struct app app;
    struct session session;
    struct place place = {.user = 0};
    if (!texts_fit(draft))
        return ERR_INVALID;
    enum err err = store_app_by_id(&snapshot, wanted->app_id, &app);
    if (err != ERR_OK)
        return err;
    session_complete(draft, app.lifetime_s * SECOND_MS, writing->now);
    err = find_or_make_user(writing, &app, wanted->user_id, &place.user);
    place.app = app.number;
    place.created = draft->created;
    place.id = draft->id;
    if (err == ERR_OK)
        err = make_way(writing, &place);
    if (err != ERR_OK)
        return err;
    buf_reset(&writing->record);
    session_encode(draft, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct key key = key_of_session(&place);
    err = session_read(buf_view(&writing->record), &place, &session);
    if (err == ERR_OK)
        err = entries_of_session(&session, put_entry, writing);
    if (err == ERR_OK)
        err = put(writing, TABLE_SESSIONS, key_view(&key), buf_view(&writing->record));
    return err == ERR_OK ? count_sessions(writing, place.app, 1) : err;
}

/* ---- the batch ---- */

static enum err put_one(struct writing *writing, const struct put *put, size_t at)
{
    switch (put->kind) {
    case PUT_APP:
        return put_app(writing, &put->app, &writing->signings[at]);
    case PUT_USER:
        return put_user(writing, &put->user);
    case PUT_SESSION:
        return put_session(writing, &put->session);
    }
    return ERR_INTERNAL;
}

static enum err write_batch(struct writing *writing, const struct put *puts, size_t count,
                            size_t *at)
{
    enum err err = env_begin_write(writing->store, &writing->txn);
    if (err != ERR_OK)
        return err;
    for (*at = 0; err == ERR_OK && *at < count;)
        if ((err = put_one(writing, &puts[*at], *at)) == ERR_OK)
            ++*at;
    if (err == ERR_OK)
        return env_write_error(writing->store, mdb_txn_commit(writing->txn), "commit");
    mdb_txn_abort(writing->txn);
    return err;
}

/* Makes the signing key that a new app will need. One made by somebody else in the meantime keeps
 * its own. */
static enum err make_signing(struct store *store, struct str app_id, struct signing *signing)
{
    struct snapshot *snapshot;
    struct app app;
    struct str jwk;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    err = store_app_by_id(snapshot, app_id, &app);
    if (err == ERR_OK)
        err = store_signing_key_of_app(snapshot, app.number, &jwk);
    snapshot_end(snapshot);
    return err == ERR_NOT_FOUND ? jwk_generate(&signing->jwk, &signing->kid) : err;
}

static enum err make_signings(struct writing *writing, const struct put *puts, size_t count)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        if (puts[i].kind == PUT_APP)
            err = make_signing(writing->store, puts[i].app.app.id, &writing->signings[i]);
    return err;
}

static void wipe_signings(struct writing *writing, size_t count)
{
    for (size_t i = 0; writing->signings && i < count; i++) {
        struct signing *signing = &writing->signings[i];
        if (signing->jwk.ptr)
            secret_wipe(signing->jwk.ptr, signing->jwk.cap);
        buf_free(&signing->jwk);
        buf_free(&signing->kid);
    }
    free(writing->signings);
}

enum err store_apply(struct store *store, const struct put *puts, size_t count, int64_t now,
                     size_t *at)
{
    struct writing writing = {.store = store, .now = now};
    *at = 0;
    writing.signings = calloc(count ? count : 1, sizeof(*writing.signings));
    enum err err = writing.signings ? make_signings(&writing, puts, count) : ERR_MEMORY;
    if (err == ERR_OK)
        err = write_batch(&writing, puts, count, at);
    while (err == ERR_FULL && env_grow(store) == ERR_OK)
        err = write_batch(&writing, puts, count, at);
    wipe_signings(&writing, count);
    buf_free(&writing.record);
    buf_free(&writing.old);
    return err;
}
