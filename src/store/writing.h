/* A batch being written: what the files that write share. */
#ifndef ROLLCALL_STORE_WRITING_H
#define ROLLCALL_STORE_WRITING_H

#include "store/env.h"

/* The signing key that a put of a new app will need, made before the transaction: it takes a while.
 */
struct signing {
    struct buf jwk, kid;
};

struct writing {
    struct store *store;
    MDB_txn *txn;
    int64_t now;
    struct outcome *outcome; /* of the batch at hand */
    struct buf record;       /* of the object at hand */
    struct buf old;          /* the one it replaces: what LMDB gave is gone with the next put */
    uint32_t indexed;        /* an app whose index was changed */
};

/* The transaction as a snapshot, so that a writing reads as readers do. */
static inline struct snapshot writing_view(const struct writing *writing)
{
    return (struct snapshot){writing->store, writing->txn};
}

enum err writing_put(const struct writing *writing, enum table table, struct str key,
                     struct str value) MUST_CHECK;
/* The next number of a kind, from 1. */
enum err writing_next_number(const struct writing *writing, struct str name,
                             uint64_t *number) MUST_CHECK;

/* One put each, as store.h says. */
enum err writing_put_app(struct writing *writing, const struct put_app *wanted,
                         const struct signing *signing) MUST_CHECK;
enum err writing_put_lifetimes(struct writing *writing,
                               const struct put_lifetimes *wanted) MUST_CHECK;
enum err writing_put_key(struct writing *writing, const struct put_key *wanted) MUST_CHECK;
enum err writing_put_user(struct writing *writing, const struct put_user *wanted) MUST_CHECK;
enum err writing_put_session(struct writing *writing, const struct put_session *wanted) MUST_CHECK;
enum err writing_end(struct writing *writing, const struct put_ending *wanted) MUST_CHECK;
/* Sees to it that the user may have one active session more. ERR_LIMIT. */
enum err writing_make_room(struct writing *writing, const struct app *app,
                           uint64_t user) MUST_CHECK;
enum err writing_touch(struct writing *writing, const struct put_touch *wanted) MUST_CHECK;
enum err writing_rotate(struct writing *writing, const struct put_rotation *wanted) MUST_CHECK;
enum err writing_put_signing(struct writing *writing, const struct put_signing *wanted,
                             const struct signing *signing) MUST_CHECK;

/* The key made ahead is used once the app is known to need it. */
enum err signing_put_first(struct writing *writing, uint32_t app,
                           const struct signing *signing) MUST_CHECK;

/* Whether the session had been over for longer than its app keeps it by then. */
bool ending_is_past(const struct session *session, const struct app *app, int64_t at);

/* Takes a session's record and entries out. */
enum err writing_remove_session(struct writing *writing, const struct session *session) MUST_CHECK;

/* What is kept of a session's refresh token: put, or taken out if there is any. */
enum err writing_put_refresh(struct writing *writing, const struct place *place,
                             const struct refresh *refresh) MUST_CHECK;
enum err writing_remove_refresh(struct writing *writing, const struct place *place) MUST_CHECK;

/* Takes out what a key has, if anything. */
enum err writing_delete(const struct writing *writing, enum table table,
                        const struct key *key) MUST_CHECK;

/* Each an entry_fn, `context` being the writing. An entry may be there already, saying the same;
 * another object's is in the way: ERR_CONFLICT. Who has none, since another has it, takes out
 * none. */
enum err writing_put_entry(void *context, enum table table, const struct key *key,
                           struct str value) MUST_CHECK;
enum err writing_delete_entry(void *context, enum table table, const struct key *key,
                              struct str value) MUST_CHECK;

/* Adds a line to the audit trail. */
enum err audit_note(struct writing *writing, const struct session *session, enum audit_event event,
                    struct str actor) MUST_CHECK;

#endif
