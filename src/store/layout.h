/* How the store lies in LMDB: its tables, their keys, and which entries a record has in them. Every
 * number is big-endian, so that keys sort as numbers do; '~' is the complement, so that the latest
 * comes first.
 *
 *   meta      name                         -> a number
 *   apps      app                          -> record (app_encode)
 *   app_ids   id                           -> app
 *   keys      use, hash                    -> app
 *   signing   key id                       -> app, private JWK
 *   signers   app                          -> key id of its newest signing key
 *   users     app, user                    -> record (user_encode)
 *   user_ids  app, 'i', id; app, 'u', uuid -> user
 *   sessions  app, user, ~created, ~id     -> record (session_encode): a user's lie side by side
 *   ids       app, id                      -> user, created, slot
 *   tokens    hash                         -> app, user, ~created, ~id
 *   brought   app, vendor, text            -> id
 *   audit     app, instant, number         -> a line of the audit trail (audit.c)
 *   refreshes app, id                      -> record (refresh_encode)
 *   refresh   hash, or its family's        -> app, user, ~created, ~id
 *   proofs    hash                         -> the instant until which it is kept
 *   retired   key id                       -> the instant until which the signing key is
 *   index     app                          -> what is said of its index as a whole (index.c)
 *   rows      app, number                  -> a block of rows, one for each slot (rows.c)
 *   trees     app, tree, number            -> a node of a counted tree (tree_node.h)
 *   devices   app, number                  -> the texts of a device (device_encode)
 *   device_numbers  app, SHA-256 of the texts -> number */
#ifndef ROLLCALL_STORE_LAYOUT_H
#define ROLLCALL_STORE_LAYOUT_H

#include "base/err.h"
#include "model/app.h"
#include "model/refresh.h"
#include "model/session.h"
#include "model/user.h"

enum table {
    TABLE_META,
    TABLE_APPS,
    TABLE_APP_IDS,
    TABLE_KEYS,
    TABLE_SIGNING,
    TABLE_SIGNERS,
    TABLE_USERS,
    TABLE_USER_IDS,
    TABLE_SESSIONS,
    TABLE_IDS,
    TABLE_TOKENS,
    TABLE_BROUGHT,
    TABLE_AUDIT,
    TABLE_REFRESHES,
    TABLE_REFRESH,
    TABLE_PROOFS,
    TABLE_RETIRED,
    TABLE_INDEX,
    TABLE_ROWS,
    TABLE_TREES,
    TABLE_DEVICES,
    TABLE_DEVICE_NUMBERS,
    TABLE_COUNT
};
extern const char *const table_names[TABLE_COUNT];

/* In meta: up to which instant time was believed to have come (purge_pace.c). */
#define KEY_BELIEVED STR("believed")

/* Format 1 had neither the audit trail nor what comes after it, format 2 no index of slots and
 * trees; they are brought up when they are opened for writing. */
enum { FORMAT = 3, KEY_MAX = 160, APP_BYTES = 4, USER_BYTES = 8, SESSION_KEY_BYTES = 36 };

/* A key, or a short value. */
struct key {
    uint8_t bytes[KEY_MAX];
    size_t len;
};

static inline struct str key_view(const struct key *key)
{
    return (struct str){(const char *)key->bytes, key->len};
}

/* Each appends to what is there; what does not fit is a fault of ours. */
void key_put(struct key *key, struct str bytes);
void key_put_u8(struct key *key, uint8_t value);
void key_put_u32(struct key *key, uint32_t value);
void key_put_u64(struct key *key, uint64_t value);
/* An instant's bits so that earlier sorts first; and complemented. */
void key_put_instant(struct key *key, int64_t instant);
/* The reverse, of 8 bytes. */
int64_t instant_of_key(const uint8_t *bytes);

/* Where a session lies. */
struct place {
    uint32_t app;
    uint64_t user;
    int64_t created;
    struct uuid id;
    uint32_t slot, device; /* where they are known */
};

static inline struct place place_of(const struct session *session)
{
    return (struct place){
        .app = session->app, .user = session->user, .created = session->created, .id = session->id};
}

struct key key_of_app(uint32_t app);
struct key key_of_user(uint32_t app, uint64_t user);
struct key key_of_user_id(uint32_t app, struct str id);
struct key key_of_user_uuid(uint32_t app, const struct uuid *uuid);
struct key key_of_session(const struct place *place);
struct key key_of_id(uint32_t app, const struct uuid *id);
struct key key_of_brought(uint32_t app, int vendor, struct str text);
struct key key_of_app_key(const struct app_key *key);

/* The reverse of key_of_session and of a value in `ids`; false for what is no such thing. */
bool place_of_session_key(struct str key, struct place *place);
bool place_of_id(uint32_t app, const struct uuid *id, struct str value, struct place *place);

/* Calls back for every index entry a record has: the one place that says which. What `each` returns
 * other than ERR_OK ends it and is the result. ERR_CORRUPT, before any: of an app or
 * user with an id that none has. */
typedef enum err (*entry_fn)(void *context, enum table table, const struct key *key,
                             struct str value);
enum err entries_of_app(const struct app *app, entry_fn each, void *context) MUST_CHECK;
enum err entries_of_user(const struct user *user, entry_fn each, void *context) MUST_CHECK;
enum err entries_of_session(const struct session *session, uint32_t slot, entry_fn each,
                            void *context) MUST_CHECK;
enum err entries_of_refresh(const struct place *place, const struct refresh *refresh, entry_fn each,
                            void *context) MUST_CHECK;

#endif
