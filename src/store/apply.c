/* Whole objects put into the store. Records are made anew from what is put; a replaced record's
 * entries are taken out first, so that none is left behind. */
#include "base/bytes.h"
#include "base/clock.h"
#include "model/secret.h"
#include "store/devices.h"
#include "store/index.h"
#include "store/session_read.h"
#include "store/writing.h"

enum err writing_put(const struct writing *writing, enum table table, struct str key,
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

enum err writing_put_entry(void *context, enum table table, const struct key *key, struct str value)
{
    struct writing *writing = context;
    struct str there;
    enum err err = get(writing, table, key_view(key), &there);
    if (err == ERR_OK)
        return str_eq(there, value) ? ERR_OK : ERR_CONFLICT;
    return err == ERR_NOT_FOUND ? writing_put(writing, table, key_view(key), value) : err;
}

enum err writing_delete(const struct writing *writing, enum table table, const struct key *key)
{
    MDB_val at = env_val(key_view(key));
    int code = mdb_del(writing->txn, writing->store->tables[table], &at, NULL);
    return code == MDB_NOTFOUND ? ERR_OK
                                : env_write_error(writing->store, code, table_names[table]);
}

enum err writing_delete_entry(void *context, enum table table, const struct key *key,
                              struct str value)
{
    struct writing *writing = context;
    struct str there;
    enum err err = get(writing, table, key_view(key), &there);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return str_eq(there, value) ? writing_delete(writing, table, key) : ERR_OK;
}

/* A copy of what LMDB gave, until the next is kept. */
static enum err keep_old(struct writing *writing, struct str *record)
{
    buf_reset(&writing->old);
    buf_str(&writing->old, *record);
    *record = buf_view(&writing->old);
    return writing->old.failed ? ERR_MEMORY : ERR_OK;
}

enum err writing_next_number(const struct writing *writing, struct str name, uint64_t *number)
{
    enum err err = env_get_number(writing->txn, writing->store, TABLE_META, name, number);
    if (err != ERR_OK)
        return err;
    struct key value = {.len = 0};
    key_put_u64(&value, ++*number);
    return writing_put(writing, TABLE_META, name, key_view(&value));
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given == 0 || given == INSTANT_NONE ? otherwise : given;
}

/* ---- apps ---- */

static enum err number_app(const struct writing *writing, uint32_t *number)
{
    uint64_t next;
    enum err err = writing_next_number(writing, STR("apps"), &next);
    *number = (uint32_t)next;
    return err == ERR_OK && next > UINT32_MAX ? ERR_FULL : err;
}

/* Takes out the entries of the app that is replaced, if there is one; a new one gets a number. */
static enum err replace_app(struct writing *writing, const struct put_app *wanted, uint32_t *number,
                            int64_t *created)
{
    struct str id = wanted->app.id;
    struct snapshot snapshot = writing_view(writing);
    struct app old;
    enum err err = store_app_by_id(&snapshot, id, &old);
    if (err == ERR_NOT_FOUND) {
        *created = writing->now;
        return number_app(writing, number);
    }
    if (err == ERR_OK && wanted->fresh)
        return ERR_CONFLICT;
    if (err == ERR_OK)
        err = keep_old(writing, &old.keys);
    if (err != ERR_OK)
        return err;
    *created = old.created;
    *number = old.number;
    old.id = id;
    if (old.idle_s != wanted->app.idle_s)
        err = index_idle(writing, old.number, old.idle_s, wanted->app.idle_s);
    return err == ERR_OK ? entries_of_app(&old, writing_delete_entry, writing) : err;
}

enum err writing_put_app(struct writing *writing, const struct put_app *wanted,
                         const struct signing *signing)
{
    struct app app = wanted->app;
    int64_t created;
    if (!app_id_is_valid(app.id))
        return ERR_INVALID;
    enum err err = replace_app(writing, wanted, &app.number, &created);
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
        err = entries_of_app(&app, writing_put_entry, writing);
    if (err == ERR_OK)
        err = writing_put(writing, TABLE_APPS, key_view(&key), buf_view(&writing->record));
    return err == ERR_OK ? signing_put_first(writing, number, signing) : err;
}

/* 0 leaves what there is. */
static bool lifetimes_fit(const struct put_lifetimes *wanted)
{
    bool access = wanted->access_s == 0 ||
                  (wanted->access_s >= ACCESS_LEAST_S && wanted->access_s <= ACCESS_MOST_S);
    return access && wanted->lifetime_s >= 0 && wanted->lifetime_s <= PERIOD_MAX_S;
}

/* An app that is changed as it is in the transaction. */
struct changing_app {
    struct app app; /* texts are LMDB's: good until something is put */
    struct app_key keys[APP_KEYS_MAX];
    size_t count;
};

static enum err read_app(const struct writing *writing, uint32_t number,
                         struct changing_app *changing)
{
    struct snapshot snapshot = writing_view(writing);
    enum err err = store_app(&snapshot, number, &changing->app);
    if (err != ERR_OK)
        return err;
    struct str rest = changing->app.keys;
    changing->count = 0;
    while (changing->count < APP_KEYS_MAX &&
           app_key_decode(&rest, &changing->keys[changing->count]))
        changing->count++;
    return ERR_OK;
}

static enum err rewrite_app(struct writing *writing, const struct changing_app *changing)
{
    struct key key = key_of_app(changing->app.number);
    buf_reset(&writing->record);
    app_encode(&changing->app, changing->keys, changing->count, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    return writing_put(writing, TABLE_APPS, key_view(&key), buf_view(&writing->record));
}

/* None of an app's entries depends on these. */
enum err writing_put_lifetimes(struct writing *writing, const struct put_lifetimes *wanted)
{
    struct changing_app changing;
    if (!lifetimes_fit(wanted))
        return ERR_INVALID;
    enum err err = read_app(writing, wanted->app, &changing);
    if (err != ERR_OK)
        return err;
    if (wanted->access_s)
        changing.app.access_s = wanted->access_s;
    if (wanted->lifetime_s)
        changing.app.lifetime_s = wanted->lifetime_s;
    return rewrite_app(writing, &changing);
}

/* An imported app may have one more than once. */
static bool take_out_key(struct changing_app *changing, const struct app_key *key)
{
    size_t kept = 0;
    for (size_t i = 0; i < changing->count; i++)
        if (changing->keys[i].use != key->use ||
            !secret_hash_equal(changing->keys[i].hash, key->hash))
            changing->keys[kept++] = changing->keys[i];
    bool there = kept < changing->count;
    changing->count = kept;
    return there;
}

enum err writing_put_key(struct writing *writing, const struct put_key *wanted)
{
    struct key entry = key_of_app_key(&wanted->key), number = key_of_app(wanted->app);
    struct changing_app changing;
    enum err err = read_app(writing, wanted->app, &changing);
    if (err != ERR_OK)
        return err;
    bool there = take_out_key(&changing, &wanted->key);
    if (there != wanted->removes)
        return there ? ERR_CONFLICT : ERR_NOT_FOUND;
    if (!wanted->removes && changing.count == APP_KEYS_MAX)
        return ERR_LIMIT;
    if (!wanted->removes)
        changing.keys[changing.count++] = wanted->key;
    err = rewrite_app(writing, &changing);
    if (err != ERR_OK)
        return err;
    return (wanted->removes ? writing_delete_entry : writing_put_entry)(writing, TABLE_KEYS, &entry,
                                                                        key_view(&number));
}

/* ---- users ---- */

static bool same_names(const struct user *a, const struct user *b)
{
    return str_eq(a->texts[USER_USERNAME], b->texts[USER_USERNAME]) &&
           str_eq(a->texts[USER_NAME], b->texts[USER_NAME]);
}

/* Takes a user's sessions out of where the names that they have now put them. */
static enum err unname(struct writing *writing, const struct user *user)
{
    struct user named = *user;
    struct str id = user->texts[USER_ID], username = user->texts[USER_USERNAME],
               name = user->texts[USER_NAME];
    buf_reset(&writing->old);
    buf_str(&writing->old, id);
    buf_str(&writing->old, username);
    buf_str(&writing->old, name);
    if (writing->old.failed)
        return ERR_MEMORY;
    struct str kept = buf_view(&writing->old);
    named.texts[USER_ID] = (struct str){kept.ptr, id.len};
    named.texts[USER_USERNAME] = (struct str){kept.ptr + id.len, username.len};
    named.texts[USER_NAME] = (struct str){kept.ptr + id.len + username.len, name.len};
    return index_name(writing, &named, false);
}

static enum err number_of_user(const struct writing *writing, uint32_t app, struct str id,
                               uint64_t *number)
{
    struct key by_id = key_of_user_id(app, id);
    struct str value;
    enum err err = get(writing, TABLE_USER_IDS, key_view(&by_id), &value);
    if (err != ERR_OK)
        return err;
    *number = value.len == USER_BYTES ? bytes_u64((const uint8_t *)value.ptr) : 0;
    return *number ? ERR_OK : ERR_CORRUPT;
}

static void merge(const struct put_user *wanted, const struct user *old, struct user *user)
{
    for (int i = 0; i < USER_TEXT_COUNT; i++)
        if (!(wanted->given & 1U << i))
            user->texts[i] = old->texts[i];
    if (!wanted->gives_state)
        user->active = old->active;
}

/* Fills in what the store says of the user, and makes the record, into which the texts point then.
 */
static enum err complete_user(struct writing *writing, const struct put_user *wanted,
                              const struct user *old, struct user *user)
{
    uint32_t app = user->app;
    uint64_t number = user->number;
    if (wanted->merges && old->number)
        merge(wanted, old, user);
    user->created = given_or(user->created, old->created);
    user->updated = given_or(user->updated, old->updated);
    buf_reset(&writing->record);
    user_encode(user, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    enum err err = user_decode(buf_view(&writing->record), user);
    user->app = app;
    user->number = number;
    return err;
}

/* `old` has no number where the user is new. */
static enum err write_user(struct writing *writing, const struct user *user, const struct user *old)
{
    struct key key = key_of_user(user->app, user->number);
    bool renamed = old->number && !same_names(old, user);
    enum err err = renamed ? unname(writing, old) : ERR_OK;
    if (err == ERR_OK)
        err = entries_of_user(user, writing_put_entry, writing);
    if (err == ERR_OK)
        err = writing_put(writing, TABLE_USERS, key_view(&key), buf_view(&writing->record));
    return err == ERR_OK && renamed ? index_name(writing, user, true) : err;
}

/* The UUID that is made of its id; where somebody was given the text of that for an id of his own,
 * one made of that text. */
static enum err give_uuid(const struct writing *writing, struct str app_id, struct user *user)
{
    enum { TRIES = 8 };
    struct str id = user->texts[USER_ID], there;
    struct uuid own;
    char text[UUID_TEXT];
    user->uuid = user_uuid(app_id, id);
    if (uuid_parse_text(id, &own))
        return ERR_OK;
    for (int tries = 0; tries < TRIES; tries++) {
        struct key key = key_of_user_uuid(user->app, &user->uuid);
        enum err err = get(writing, TABLE_USER_IDS, key_view(&key), &there);
        if (err != ERR_OK)
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        uuid_write(&user->uuid, text);
        user->uuid = uuid_of_name(app_id, (struct str){text, sizeof(text)});
    }
    return ERR_CONFLICT;
}

/* Before anything is put: the app's id is LMDB's. */
static enum err begin_user(struct writing *writing, const struct app *app, struct user *user)
{
    enum err err = give_uuid(writing, app->id, user);
    return err == ERR_OK ? writing_next_number(writing, STR("users"), &user->number) : err;
}

static enum err put_user_of(struct writing *writing, const struct app *app,
                            const struct put_user *wanted, struct user *user, struct user *old)
{
    struct snapshot snapshot = writing_view(writing);
    struct str id = wanted->user.texts[USER_ID];
    *user = wanted->user;
    *old = (struct user){.created = writing->now, .updated = writing->now};
    if (id.len == 0 || id.len > USER_ID_MAX)
        return ERR_INVALID;
    user->app = app->number;
    enum err err = number_of_user(writing, app->number, id, &user->number);
    if (err == ERR_OK)
        err = store_user(&snapshot, app->number, user->number, old);
    else if (err == ERR_NOT_FOUND)
        err = begin_user(writing, app, user);
    if (err == ERR_OK && old->number)
        user->uuid = old->uuid;
    if (err == ERR_OK)
        err = complete_user(writing, wanted, old, user);
    return err == ERR_OK ? write_user(writing, user, old) : err;
}

enum err writing_put_user(struct writing *writing, const struct put_user *wanted)
{
    struct snapshot snapshot = writing_view(writing);
    struct app app;
    struct user user, old;
    enum err err = store_app_by_id(&snapshot, wanted->app_id, &app);
    if (err == ERR_OK)
        err = put_user_of(writing, &app, wanted, &user, &old);
    writing->outcome->matched += err == ERR_OK && wanted->merges && old.number;
    return err;
}

/* The number of a user, who is made with id and identifier alone where there is none. */
static enum err find_or_make_user(struct writing *writing, const struct app *app, struct str id,
                                  struct str identifier, uint64_t *number)
{
    struct put_user wanted = {.user = {.active = true}};
    struct user user, old;
    if (id.len > USER_ID_MAX)
        return ERR_INVALID;
    enum err err = number_of_user(writing, app->number, id, number);
    if (err != ERR_NOT_FOUND)
        return err;
    wanted.user.texts[USER_ID] = id;
    wanted.user.texts[USER_IDENTIFIER] = identifier;
    err = put_user_of(writing, app, &wanted, &user, &old);
    *number = user.number;
    return err;
}

/* ---- sessions ---- */

enum err writing_remove_session(struct writing *writing, const struct session *session)
{
    struct place place = place_of(session);
    struct key key = key_of_session(&place);
    struct snapshot snapshot = writing_view(writing);
    struct str record = session->record;
    struct session old;
    enum err err = keep_old(writing, &record);
    if (err == ERR_OK)
        err = session_read(&snapshot, record, &place, &old);
    if (err == ERR_OK)
        err = index_slot(&snapshot, place.app, &place.id, &place.slot);
    if (err == ERR_OK)
        err = index_remove(writing, &old, place.slot);
    if (err == ERR_OK)
        err = entries_of_session(&old, place.slot, writing_delete_entry, writing);
    if (err == ERR_OK)
        err = writing_delete(writing, TABLE_SESSIONS, &key);
    if (err == ERR_OK)
        err = writing_remove_refresh(writing, &place);
    return err;
}

/* Takes out the session of that id, if there is one; another user's stays, and is in the way. */
static enum err make_way(struct writing *writing, const struct place *place, bool fresh)
{
    struct snapshot snapshot = writing_view(writing);
    struct session old;
    enum err err = store_session(&snapshot, place->app, &place->id, &old);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK && (fresh || old.user != place->user))
        return ERR_CONFLICT;
    return err == ERR_OK ? writing_remove_session(writing, &old) : err;
}

/* What a record and its keys have room for. */
static bool texts_fit(const struct session_draft *draft)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (draft->texts[i].len > (i < TEXT_BROUGHT_ID ? TEXT_MAX : SPELLING_MAX))
            return false;
    return true;
}

static enum err put_first_refresh(struct writing *writing, const struct place *place,
                                  const uint8_t *hash)
{
    struct refresh refresh = {.has_previous = false};
    memcpy(refresh.hash, hash, HASH_BYTES);
    return writing_put_refresh(writing, place, &refresh);
}

enum err writing_put_session(struct writing *writing, const struct put_session *wanted)
{
    struct snapshot snapshot = writing_view(writing);
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
    err = find_or_make_user(writing, &app, wanted->user_id, wanted->user_identifier, &place.user);
    place.app = app.number;
    place.created = draft->created;
    place.id = draft->id;
    if (err == ERR_OK && wanted->fresh)
        err = writing_make_room(writing, &app, place.user);
    if (err == ERR_OK)
        err = make_way(writing, &place, wanted->fresh);
    if (err != ERR_OK)
        return err;
    err = device_number(writing, app.number, draft->texts, &place.device);
    if (err != ERR_OK)
        return err;
    buf_reset(&writing->record);
    session_encode_beside(draft, place.device, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct key key = key_of_session(&place);
    err = session_read(&snapshot, buf_view(&writing->record), &place, &session);
    if (err == ERR_OK)
        err = index_add(writing, &session, &place.slot);
    if (err == ERR_OK)
        err = entries_of_session(&session, place.slot, writing_put_entry, writing);
    if (err == ERR_OK)
        err = writing_put(writing, TABLE_SESSIONS, key_view(&key), buf_view(&writing->record));
    if (err == ERR_OK && wanted->has_refresh)
        err = put_first_refresh(writing, &place, wanted->refresh_hash);
    return err == ERR_OK && wanted->fresh
               ? audit_note(writing, &session, AUDIT_CREATED, wanted->actor)
               : err;
}
