/* The contract of the store: apps, users and sessions on disk, read in snapshots, written in
 * batches. It knows no HTTP and no dialect; what lies beneath (LMDB) shows nowhere here.
 *
 * Views that a read gives point into the snapshot and are valid until snapshot_end. One process
 * opens a store once, after fork; one snapshot is open at a time. */
#ifndef ROLLCALL_STORE_STORE_H
#define ROLLCALL_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/app.h"
#include "model/query.h"
#include "model/session.h"
#include "model/user.h"

struct store;
struct snapshot;

enum store_mode {
    STORE_READ,   /* for readers: the data file is opened read-only */
    STORE_WRITE,  /* the store must exist */
    STORE_CREATE, /* as STORE_WRITE; made, folder (mode 0700) and files (0600), where it does not
                     exist */
};

struct store_options {
    const char *path; /* a folder */
    enum store_mode mode;
    size_t map_bytes; /* address space to reserve; 0 for the default (64 GiB, less where that is
                         refused) */
};

/* The caller owns *store and ends it with store_close. ERR_NOT_FOUND: no store there. ERR_IO: it
 * cannot be opened; what the system said is in the log. ERR_VERSION: of a later format.
 * ERR_CORRUPT. ERR_BUSY. */
enum err store_open(const struct store_options *options, struct store **store) MUST_CHECK;
void store_close(struct store *store);

/* ---- reading ---- */

/* A consistent view of everything committed before now. ERR_BUSY: out of reader slots. */
enum err snapshot_begin(struct store *store, struct snapshot **snapshot) MUST_CHECK;
void snapshot_end(struct snapshot *snapshot);

/* Each gives ERR_NOT_FOUND for what is not there, ERR_CORRUPT or ERR_VERSION for what cannot be
 * read. */
enum err store_app(struct snapshot *snapshot, uint32_t number, struct app *app) MUST_CHECK;
enum err store_app_by_id(struct snapshot *snapshot, struct str id, struct app *app) MUST_CHECK;
enum err store_app_by_key(struct snapshot *snapshot, const struct app_key *key,
                          struct app *app) MUST_CHECK;
/* Signing keys: the app and private JWK of a key id; and the newest of an app. */
enum err store_signing_key(struct snapshot *snapshot, struct str kid, uint32_t *app,
                           struct str *jwk) MUST_CHECK;
enum err store_signing_key_of_app(struct snapshot *snapshot, uint32_t app,
                                  struct str *jwk) MUST_CHECK;

enum err store_user(struct snapshot *snapshot, uint32_t app, uint64_t number,
                    struct user *user) MUST_CHECK;
/* By the application's own id, else by the UUID it is known by (user.h), in text. */
enum err store_user_by_id(struct snapshot *snapshot, uint32_t app, struct str id,
                          struct user *user) MUST_CHECK;

enum err store_session(struct snapshot *snapshot, uint32_t app, const struct uuid *id,
                       struct session *session) MUST_CHECK;
/* By the id as a vendor's clients spell it; a session that was brought with an id of that vendor is
 * found by that one alone. */
enum err store_session_by_spelling(struct snapshot *snapshot, uint32_t app, enum vendor vendor,
                                   struct str text, struct session *session) MUST_CHECK;
/* By the SHA-256 of its token, whatever its app. */
enum err store_session_by_token(struct snapshot *snapshot, const uint8_t *hash,
                                struct session *session) MUST_CHECK;

/* The sessions of `app` that answer the query at `now`, exactly: order, ties, total. The page is
 * the arena's. ERR_RUNAWAY from the pattern; ERR_MEMORY. */
enum err store_find(struct snapshot *snapshot, const struct app *app, const struct query *query,
                    int64_t now, struct arena *arena, struct page *page) MUST_CHECK;

/* Whether any session the user has or had, still kept, was at assurance level `aal` or above. */
enum err store_user_has_aal(struct snapshot *snapshot, uint32_t app, uint64_t user, int aal,
                            bool *has) MUST_CHECK;

/* Walks. `each` is called for every object in the order of numbers (apps, users) or of users,
 * newest first (sessions); what it returns other than ERR_OK stops the walk and is its result. */
typedef enum err (*store_app_fn)(void *context, const struct app *app);
typedef enum err (*store_user_fn)(void *context, const struct user *user);
typedef enum err (*store_session_fn)(void *context, const struct session *session);
enum err store_each_app(struct snapshot *snapshot, store_app_fn each, void *context) MUST_CHECK;
enum err store_each_user(struct snapshot *snapshot, uint32_t app, store_user_fn each,
                         void *context) MUST_CHECK;
enum err store_each_session(struct snapshot *snapshot, uint32_t app, store_session_fn each,
                            void *context) MUST_CHECK;

/* ---- writing ---- */

/* One put: the object replaces the one of the same id, or is new. The caller owns all it points at
 * until store_apply returns. */
struct put_app {
    struct app app; /* number is not looked at; created 0: now, or what it was */
    const struct app_key *keys;
    size_t key_count;
};
struct put_user {
    struct str app_id;
    struct user
        user; /* app, number, uuid are not looked at; created, updated 0: now, or what they were */
};
struct put_session {
    struct str app_id, user_id;  /* a user that does not exist is made, with that id alone */
    struct session_draft *draft; /* completed by session_complete with the app's lifetime */
};

enum put_kind { PUT_APP, PUT_USER, PUT_SESSION };
struct put {
    enum put_kind kind;
    union {
        struct put_app app;
        struct put_user user;
        struct put_session session;
    };
};

/* Does all of it in one transaction that is on disk when ERR_OK is returned, or nothing of it. An
 * app without a signing key gets one. `*at` is the put at fault, when one is: ERR_NOT_FOUND (its
 * app does not exist), ERR_CONFLICT (a token, key, or brought id that another object has; a session
 * id in use by another user), ERR_INVALID (an id or text of a length that no record has). ERR_FULL,
 * ERR_IO, ERR_BUSY. */
enum err store_apply(struct store *store, const struct put *puts, size_t count, int64_t now,
                     size_t *at) MUST_CHECK;

/* ---- looking after ---- */

struct store_stat {
    uint64_t apps, users, sessions, index_entries;
    uint64_t file_bytes, used_bytes, map_bytes;
    uint64_t readers, readers_max;
    uint32_t format;
};
enum err store_stat(struct store *store, struct store_stat *stat) MUST_CHECK;

/* Looks whether every index entry has its record and every record its index entries, and that
 * counts agree. `report(context, sentence)` is called for each fault; *faults is their number. */
typedef void (*store_report_fn)(void *context, struct str sentence);
enum err store_check(struct store *store, store_report_fn report, void *context,
                     uint64_t *faults) MUST_CHECK;

#endif
