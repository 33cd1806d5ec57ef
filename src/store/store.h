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
#include "model/refresh.h"
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
    bool alone;       /* nobody else opens it meanwhile: no lock is taken, and none left behind */
};

/* The caller owns *store and ends it with store_close. What is made is the process's, and links are
 * followed: root has become the folder's owner before (base/owner.h). ERR_NOT_FOUND: no store
 * there. ERR_IO: it cannot be opened; what the system said is in the log. ERR_VERSION: of a later
 * format. ERR_CORRUPT. ERR_FULL: the disk is, even for what readers need. ERR_BUSY: also when
 * others have it open whose data file was another.
 *
 * While it is being opened *store is there for store_abandon, and with an error it is NULL.
 *
 * A page that the file lacks, since it was cut short or the disk cannot be read, or that LMDB finds
 * to be damaged, is a signal to the process that looks at it: store_on_lack. */
enum err store_open(const struct store_options *options, struct store **store) MUST_CHECK;
void store_close(struct store *store);
/* Calls `out` for such a signal, which may do what a handler may, and end the process or leave the
 * call (siglongjmp). The process is ended by the signal when it comes back. */
void store_on_lack(void (*out)(void));
/* As store_close, of a store that a call was left of: what that had in hand is not looked at any
 * more, and is lost to the process. False: this process may hold the lock of those who write, which
 * only its end gives back; it has to end, and may not open the store again. */
bool store_abandon(struct store *store);

/* Whether what was opened is still what its path names, and fit for use. Else it is to be closed,
 * and to be opened anew by who goes on: after a commit that failed, with a program that has brought
 * it up to its own format, with another store in its place, or a lock file that others lock not;
 * and where it is read without a lock, once there can be one. */
bool store_is_there(struct store *store);
/* Whether the system would have this process write to it, however it was opened. */
bool store_may_be_written(struct store *store);

/* ---- reading ---- */

/* A consistent view of everything committed before now. ERR_BUSY: out of reader slots. */
enum err snapshot_begin(struct store *store, struct snapshot **snapshot) MUST_CHECK;
/* What came of reading in it up to now: `err`, but ERR_BUSY where others have written over what it
 * shows, so that nothing of it may be relied on. That can be on a read-only mount alone of what is
 * written elsewhere, or was mounted for writing meanwhile: nobody knows of readers there. */
enum err snapshot_judge(const struct snapshot *snapshot, enum err err) MUST_CHECK;
void snapshot_end(struct snapshot *snapshot);

/* Each gives ERR_NOT_FOUND for what is not there, ERR_CORRUPT or ERR_VERSION for what cannot be
 * read. */
enum err store_app(struct snapshot *snapshot, uint32_t number, struct app *app) MUST_CHECK;
enum err store_app_by_id(struct snapshot *snapshot, struct str id, struct app *app) MUST_CHECK;
enum err store_app_by_key(struct snapshot *snapshot, const struct app_key *key,
                          struct app *app) MUST_CHECK;
/* Where that key is not `there`, some other app, which takes as long. */
enum err store_app_near_key(struct snapshot *snapshot, const struct app_key *key, struct app *app,
                            bool *there) MUST_CHECK;
/* Signing keys: the app and private JWK of a key id; and the newest of an app. */
enum err store_signing_key(struct snapshot *snapshot, struct str kid, uint32_t *app,
                           struct str *jwk) MUST_CHECK;
enum err store_signing_key_of_app(struct snapshot *snapshot, uint32_t app,
                                  struct str *jwk) MUST_CHECK;

/* Until when a key that signs no longer still verifies. ERR_NOT_FOUND: it is not retired. */
enum err store_retired(struct snapshot *snapshot, struct str kid, int64_t *until) MUST_CHECK;

/* Calls back with the id and the private JWK of each of an app's keys. */
typedef enum err (*store_jwk_fn)(void *context, struct str kid, struct str jwk);
enum err store_each_signing_key(struct snapshot *snapshot, uint32_t app, store_jwk_fn each,
                                void *context) MUST_CHECK;

enum err store_user(struct snapshot *snapshot, uint32_t app, uint64_t number,
                    struct user *user) MUST_CHECK;
/* By the application's own id alone: for whom something is begun. Anybody can work out the UUID of
 * another, and give it for an id of his own. */
enum err store_user_by_own_id(struct snapshot *snapshot, uint32_t app, struct str id,
                              struct user *user) MUST_CHECK;
/* By that, else by the UUID it is known by (user.h), in text. */
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

/* The same, or else the session whose token's hash is next to it: *there says which. Who lets
 * somebody in by a token looks at either alike, so that it takes as long. ERR_NOT_FOUND: it is not
 * there, and nothing next to it can be read. */
enum err store_session_near_token(struct snapshot *snapshot, const uint8_t *hash,
                                  struct session *session, bool *there) MUST_CHECK;

/* By the SHA-256 of a refresh token, or its family's; and what is kept of that. Where it is not
 * `there`, some other session, which takes as long. */
enum err store_session_near_refresh(struct snapshot *snapshot, const uint8_t *hash,
                                    const uint8_t *family, struct session *session,
                                    struct refresh *refresh, bool *there) MUST_CHECK;
/* ERR_NOT_FOUND: that proof was not used, or so long ago that it does not matter. */
enum err store_proof(struct snapshot *snapshot, const uint8_t *hash) MUST_CHECK;

/* The sessions of `app` that answer the query at `now`, exactly: order, ties, total. The page is
 * the arena's. ERR_RUNAWAY from the pattern; ERR_MEMORY. */
enum err store_find(struct snapshot *snapshot, const struct app *app, const struct query *query,
                    int64_t now, struct arena *arena, struct page *page) MUST_CHECK;

/* How a query was answered: what trees told of its conditions, and which way was taken, a line
 * each; and how many sessions that lets expect, were no condition to do with another. */
enum { EXPLANATION_STEPS = 16, EXPLANATION_STEP = 160 };
struct explanation {
    uint64_t expected;
    size_t step_count;
    char steps[EXPLANATION_STEPS][EXPLANATION_STEP];
};
/* store_find, saying how; `explanation` begins zeroed, or is NULL. */
enum err store_explain(struct snapshot *snapshot, const struct app *app, const struct query *query,
                       int64_t now, struct arena *arena, struct page *page,
                       struct explanation *explanation) MUST_CHECK;

/* Whether any session the user has or had, still kept, was at assurance level `aal` or above. */
enum err store_user_has_aal(struct snapshot *snapshot, uint32_t app, uint64_t user, int aal,
                            bool *has) MUST_CHECK;

/* Walks. `each` is called for every object in the order of numbers (apps, users) or of users,
 * newest first (sessions); what it returns other than ERR_OK stops the walk and is its result. */
typedef enum err (*store_app_fn)(void *context, const struct app *app);
typedef enum err (*store_user_fn)(void *context, const struct user *user);
typedef enum err (*store_session_fn)(void *context, const struct session *session);
enum err store_each_app(struct snapshot *snapshot, store_app_fn each, void *context) MUST_CHECK;
enum err store_each_user(struct snapshot *snapshot, uint32_t app, uint64_t from, /* a number */
                         store_user_fn each, void *context) MUST_CHECK;
enum err store_each_session(struct snapshot *snapshot, uint32_t app, store_session_fn each,
                            void *context) MUST_CHECK;

/* ---- writing ---- */

/* One put: the object replaces the one of the same id, or is new. The caller owns all it points at
 * until store_apply returns. */
struct put_app {
    bool fresh;     /* it must be new: ERR_CONFLICT */
    struct app app; /* number is not looked at; created 0: now, or what it was */
    const struct app_key *keys;
    size_t key_count;
};
/* Gives an app one key more, or takes one away; all else of it is what it is by then. ERR_CONFLICT:
 * it has that key, or another app has; ERR_LIMIT; ERR_NOT_FOUND: it has no such key. */
struct put_key {
    uint32_t app;
    bool removes;
    struct app_key key;
};
struct put_user {
    struct str app_id;
    struct user
        user; /* app, number, uuid are not looked at; created, updated 0: now, or what they were */
    /* A user who is there stays but for what is given, and is counted in outcome.matched. */
    bool merges;
    unsigned given; /* texts: 1U << enum user_text each */
    bool gives_state;
};
struct put_session {
    struct str app_id, user_id;  /* a user that does not exist is made, with that id ... */
    struct str user_identifier;  /* ... and this identifier, where there is one */
    struct session_draft *draft; /* completed by session_complete with the app's lifetime */
    bool fresh; /* it must be new, is held to the app's limit, and is noted in the audit trail */
    struct str actor; /* who made it, where it is fresh */
    bool has_refresh;
    uint8_t refresh_hash[HASH_BYTES]; /* of a refresh token it is given */
};
/* Ends sessions that are active, or removes sessions whatever they are. Of a user's or an app's,
 * those whose record cannot be read, which let nobody in, stay, uncounted; the log names them. */
enum reach { REACH_ONE, REACH_USER, REACH_APP, REACH_COUNT };
struct put_ending {
    uint32_t app;
    enum reach reach; /* one session, those of a user, or those of the app */
    uint64_t user;    /* REACH_USER: whose */
    bool has_id;
    struct uuid id; /* REACH_ONE: which; else one to leave alone, where has_id */
    bool if_there;  /* REACH_ONE: none of that id is no fault; else ERR_NOT_FOUND */
    /* But with REACH_ONE: so many are changed at most, and no others counted; 0 with REACH_USER:
     * any number, and all are counted. */
    uint32_t most;
    enum ending as; /* ENDING_NONE: the records are taken out of the store */
    bool if_past;   /* and then only those whose app's retention was over at `past_at` */
    int64_t past_at;
    struct str actor;
};
/* Moves an active session's last activity on, and its end. One that is not active stays as it is.
 */
struct put_touch {
    uint32_t app;
    struct uuid id;      /* ERR_NOT_FOUND when there is none */
    int64_t last_active; /* an earlier one than it has changes nothing */
    int64_t expires;     /* INSTANT_NONE: stays */
    bool only_later;     /* so it does when it is no earlier than `expires` by then */
    int64_t later_ms;    /* it ends so much later than it would by then, but for `expires`; or 0 */
    struct str actor;    /* of a new end, which is noted in the audit trail */
};

/* Uses up a refresh token of an active session; what came of it is in outcome.rotation. */
struct put_rotation {
    uint32_t app;
    struct uuid id;
    uint8_t presented[HASH_BYTES]; /* of the token brought, and its family's */
    uint8_t family[HASH_BYTES];
    uint8_t salt[SALT_BYTES]; /* drawn for this, and the hash of the successor it makes */
    uint8_t successor[HASH_BYTES];
    bool has_key; /* the thumbprint of the key that was proven to be held */
    uint8_t key[HASH_BYTES];
    bool has_proof; /* by which proof, and until when that has to be remembered */
    uint8_t proof[HASH_BYTES];
    int64_t proof_until;
};
/* Makes an app a new signing key; the old one verifies until `keep_until`, or with `at_once` none
 * of the old ones does any more. */
struct put_signing {
    struct str app_id;
    bool at_once;
    int64_t keep_until;
};

/* How long an app's new sessions live, and its access tokens; 0: stays as it is. */
struct put_lifetimes {
    uint32_t app;
    int64_t access_s, lifetime_s;
};

enum put_kind {
    PUT_APP,
    PUT_USER,
    PUT_SESSION,
    PUT_ENDING,
    PUT_TOUCH,
    PUT_ROTATION,
    PUT_SIGNING,
    PUT_LIFETIMES,
    PUT_KEY
};
struct put {
    enum put_kind kind;
    union {
        struct put_app app;
        struct put_user user;
        struct put_session session;
        struct put_ending ending;
        struct put_touch touch;
        struct put_rotation rotation;
        struct put_signing signing;
        struct put_lifetimes lifetimes;
        struct put_key key;
    };
};

/* What became of a refresh token. */
enum rotation {
    ROTATION_NONE,  /* it is none, or its session is over */
    ROTATION_DONE,  /* its successor is good from now on */
    ROTATION_AGAIN, /* it was used a moment ago: the salt is that of the successor there is */
    ROTATION_AGAIN_OF_OLD, /* likewise, by a version that kept no family: the first SECRET_TEXT
                              characters are the successor */
    ROTATION_REUSED,       /* it was used before that: the session has been revoked */
    ROTATION_OTHER_KEY,    /* it is bound to another key, or to one and none was proven */
    ROTATION_USED_PROOF,   /* the proof was used before */
    ROTATION_COUNT
};

/* What a batch came to. */
struct outcome {
    size_t at;        /* the put at fault, when one is */
    uint64_t matched; /* sessions that endings and touches were about, users that were merged */
    uint64_t changed; /* and those of them that were changed */
    enum rotation rotation;
    uint8_t salt[SALT_BYTES]; /* ROTATION_DONE, ROTATION_AGAIN */
};

struct batch {
    const struct put *puts;
    size_t count;
    int64_t now;
    enum err err; /* what store_apply would give */
    struct outcome outcome;
};

/* Does all of it in one transaction that is on disk when ERR_OK is returned, or nothing of it. An
 * app without a signing key gets one. ERR_NOT_FOUND (the app or session of the put at fault does
 * not exist), ERR_CONFLICT (a token, key, or brought id that another object has; a session id in
 * use by another user, or at all where it must be fresh), ERR_INVALID (an id or text of a length
 * that no record has, or a lifetime that none can have), ERR_LIMIT. ERR_FULL, ERR_IO, ERR_BUSY. */
enum err store_apply(struct store *store, const struct put *puts, size_t count, int64_t now,
                     struct outcome *outcome) MUST_CHECK;

/* Many batches in one transaction: each is done whole or not at all, whatever becomes of the
 * others, and says so in its `err`; all that are done are on disk when this returns. */
void store_apply_all(struct store *store, struct batch *batches, size_t count);

/* ---- writing all at once ---- */

/* How far it is: so many records, and so much of all the work. */
typedef void (*store_progress_fn)(void *context, uint64_t records, uint64_t done, uint64_t total);

struct bulk_options {
    int64_t now;
    const char *dir;                 /* of temporary files */
    size_t memory;                   /* bytes, about, beside what LMDB takes */
    uint64_t users, sessions, bytes; /* how many are to come at most, and of what size; about */
    store_progress_fn progress;      /* or NULL */
    void *context;
};

struct bulk;

/* Begins to write users and sessions into a store that has none, in one transaction: nobody sees
 * any of it until store_bulk_end. They come by app, in the order of the apps' numbers, and user.
 * After an error it can only be dropped. ERR_CONFLICT: it has some. */
enum err store_bulk_begin(struct store *store, const struct bulk_options *options,
                          struct bulk **bulk) MUST_CHECK;
/* What comes next is of this app. ERR_NOT_FOUND; ERR_CONFLICT: its turn was before. */
enum err store_bulk_app(struct bulk *bulk, struct str app_id) MUST_CHECK;
/* Each user once. app, number and uuid are not looked at; created, updated 0: now. */
enum err store_bulk_user(struct bulk *bulk, const struct user *user) MUST_CHECK;
/* A session of the user before, session_encode's record of a whole draft, the newest first.
 * ERR_CONFLICT. */
enum err store_bulk_session(struct bulk *bulk, int64_t created, const struct uuid *id,
                            struct str record) MUST_CHECK;
/* Makes the index and commits. ERR_CONFLICT: two claim one id, token or brought id; nothing is kept
 * then. It ends the bulk in any case. */
enum err store_bulk_end(struct bulk *bulk) MUST_CHECK;
void store_bulk_drop(struct bulk *bulk);

/* ---- the audit trail ---- */

/* Numbers stand in the store. */
enum audit_event {
    AUDIT_CREATED = 1,
    AUDIT_LOGGED_OUT,
    AUDIT_REVOKED,
    AUDIT_REMOVED,
    AUDIT_EXTENDED,
    AUDIT_EVENT_END
};
extern const char *const audit_event_names[AUDIT_EVENT_END];

/* One line: what became of which session, when, and by whom. Views are the snapshot's. */
struct audit_line {
    uint64_t number; /* counted up through the whole store */
    /* When it was asked for; or the instant of the line that was written before it, where that is
     * later by no more than a minute: by instant and number, what is written later comes later, but
     * for a clock that was set back by more. */
    int64_t at;
    enum audit_event event;
    uint32_t app;
    uint64_t user; /* the user's number; the user may be gone */
    struct uuid session;
    struct str actor;
};

/* Calls back for the lines of an app, oldest first, from that instant on; as the walks above. */
typedef enum err (*store_audit_fn)(void *context, const struct audit_line *line);
enum err store_each_audit(struct snapshot *snapshot, uint32_t app, int64_t since,
                          store_audit_fn each, void *context) MUST_CHECK;

/* ---- looking after ---- */

/* Takes out sessions whose app's retention is over at `now`, looking at no more than `most` from
 * where the last call left off. *place begins zeroed, is the caller's, and has no length again once
 * the end was reached; *removed says how many went. Those that are damaged stay, and are counted
 * from the beginning on: they, their app or their entries cannot be read. */
struct purge_place {
    uint8_t key[40];
    size_t len;
    uint64_t damaged;
};
enum err store_purge(struct store *store, int64_t now, size_t most, struct purge_place *place,
                     uint64_t *removed) MUST_CHECK;

/* The same for sessions whose retention was over at an earlier instant; `now` is when they go. */
enum err store_purge_as_of(struct store *store, int64_t as_of, int64_t now, size_t most,
                           struct purge_place *place, uint64_t *removed) MUST_CHECK;

/* Takes out lines of the audit trail that are older than `before`, no more than `most`; *removed
 * says how many went: fewer than `most` when no more are that old. */
enum err store_purge_audit(struct store *store, int64_t before, size_t most,
                           uint64_t *removed) MUST_CHECK;

/* Whether what is over may go at `now`. A clock that is more than a day off what the store has seen
 * of it before, or the first that one with sessions sees, is believed once it has stood by that for
 * hours of `monotonic_ms`. *pace begins zeroed, and is the caller's. */
struct purge_pace {
    bool doubted;
    int64_t since_ms, offset_ms;
};
enum err store_may_purge(struct store *store, int64_t now, int64_t monotonic_ms,
                         struct purge_pace *pace, bool *may) MUST_CHECK;

/* Takes out proofs that need not be remembered and signing keys that are retired for good, at most
 * `most` of each. Each is done whatever the other came to; the first error is given. */
enum err store_sweep(struct store *store, int64_t now, size_t most) MUST_CHECK;

/* Takes note of sessions whose deadline has come, so that they need not be looked at with each
 * list: about `most` of them, be they of one app or of many; *more says whether there are more. It
 * takes nothing that a clock could be wrong about for good. */
enum err store_catch_up(struct store *store, int64_t now, size_t most, bool *more) MUST_CHECK;

/* Whether what is written takes no such note along. It does from the opening on, and may meet with
 * a page that it would not need else. */
void store_keep_still(struct store *store, bool still);

/* Takes back what processes that were killed have left. */
void store_tend(struct store *store);

struct store_stat {
    uint64_t apps, users, sessions, audit_lines, index_entries;
    uint64_t file_bytes, used_bytes, map_bytes;
    uint64_t readers, readers_max;
    uint64_t readers_behind; /* how many transactions were committed since the oldest one began */
    uint32_t format;
};
enum err store_stat(struct store *store, struct store_stat *stat) MUST_CHECK;

/* Whether it can be read, and is still what its path names. ERR_NOT_FOUND: it was moved away, or
 * another one has taken its place. */
enum err store_answers(struct store *store) MUST_CHECK;

/* Looks whether every index entry has its record and every record its index entries, and that
 * counts agree. `report(context, sentence)` is called for each fault; *faults is their number. */
typedef void (*store_report_fn)(void *context, struct str sentence);
enum err store_check(struct store *store, store_report_fn report, void *context,
                     uint64_t *faults) MUST_CHECK;

struct repair {
    int64_t now;
    const char *dir; /* of temporary files */
    size_t memory;   /* bytes, about, beside what LMDB takes */
    store_report_fn report;
    store_progress_fn progress; /* or NULL */
    void *context;              /* of both */
};

/* Makes all of the index anew from the records, in one transaction. Records that cannot be read, or
 * whose app or user cannot, are told to `report`, stay as they are and are in no index; where two
 * claim one entry, one has it. ERR_CONFLICT: two sessions of an app have one id, and all is as it
 * was. */
enum err store_repair(struct store *store, const struct repair *repair) MUST_CHECK;

/* ---- backups ---- */

/* Copies the store, as it is at one instant and without what is free in its file, to a folder that
 * is made, or is empty; others may go on reading and writing. It is on disk when ERR_OK is
 * returned, else there is nothing of it. No snapshot may be open. ERR_CONFLICT: something is there.
 * ERR_FULL, ERR_IO. */
enum err store_backup(struct store *store, const char *path) MUST_CHECK;

struct restore {
    const char *backup, *path; /* folders; the latter is made where there is none */
    bool replace;              /* a store that is there; else that is ERR_CONFLICT */
    store_report_fn report;    /* as of store_check; called in another process */
    void *context;
    uint64_t faults; /* of the backup; filled in */
    int from;        /* its data file; filled in */
};

/* Opens the backup, after which who may not read it can restore it. ERR_NOT_FOUND: none there.
 * ERR_INVALID: a process has it open. ERR_IO. */
enum err store_restore_open(struct restore *restore) MUST_CHECK;

/* Puts that backup, which it closes, in the place of a store, of which this process may have none
 * open. What is checked is the copy itself, before it takes its place at once and on disk; until
 * then, and if it does not come to that, all stays as it was. ERR_INVALID: it is the store itself.
 * ERR_BUSY: a process has the store open. ERR_CORRUPT, ERR_VERSION: of the backup, which `faults`
 * may say more about. ERR_FULL, ERR_IO. */
enum err store_restore(struct restore *restore) MUST_CHECK;

#endif
