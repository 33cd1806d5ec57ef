/* A session: when it began and ends, whose it is, on what device, how it was signed in.
 * `struct session` is read in place: its numbers are copied out, its texts stay views into the
 * record, valid as long as the record's bytes are (a snapshot, or the buffer it was encoded into).
 */
#ifndef ROLLCALL_MODEL_SESSION_H
#define ROLLCALL_MODEL_SESSION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "model/factor.h"
#include "model/id.h"
#include "model/vendor.h"

enum { TOKEN_HASH_BYTES = 32, TEXT_MAX = 1024 };

/* In the order of their words, so that comparing numbers compares words. */
enum status {
    STATUS_ACTIVE,
    STATUS_EXPIRED,
    STATUS_INACTIVITY_REACHED,
    STATUS_LOGGED_OUT,
    STATUS_REVOKED,
    STATUS_COUNT
};
extern const char *const status_names[STATUS_COUNT];

/* How a session was ended. Numbers stand in the store. */
enum ending { ENDING_NONE, ENDING_LOGGED_OUT, ENDING_REVOKED, ENDING_COUNT };

/* Authenticator assurance level, 0 to 3. */
enum { AAL_UNSET = -1, AAL_MAX = 3 };

/* The texts of a session. Numbers stand in the store: append only, before the ids, is a new
 * version. */
enum session_text {
    TEXT_DEVICE_TYPE,
    TEXT_DEVICE_MODEL,
    TEXT_DEVICE_NAME,
    TEXT_DEVICE_VERSION,
    TEXT_DEVICE_LONG_VERSION,
    TEXT_OS_NAME,
    TEXT_OS_VERSION,
    TEXT_USER_AGENT,
    TEXT_DEVICE_END, /* so far they say what device it is: many sessions have the same */
    TEXT_IP = TEXT_DEVICE_END,
    TEXT_HOST,
    TEXT_COUNTRY_CODE,
    TEXT_BROUGHT_ID, /* + vendor number: the id the session had at that vendor */
    TEXT_COUNT = TEXT_BROUGHT_ID + VENDOR_END
};

/* A session to be stored. The caller owns what the views point at. */
struct session_draft {
    bool has_id;
    struct uuid id;
    /* Milliseconds since 1970; INSTANT_NONE before session_complete where none was given. */
    int64_t created, last_active, updated, expires;
    enum ending ending;
    int64_t ended; /* when; 0 without an ending */
    int aal;       /* AAL_UNSET before session_complete where none was given */
    bool has_token;
    uint8_t token_hash[TOKEN_HASH_BYTES]; /* SHA-256 of the token */
    struct str texts[TEXT_COUNT];
    struct factor factors[FACTORS_MAX];
    size_t factor_count;
};

struct session {
    uint32_t app;  /* the app's number in the store */
    uint64_t user; /* the user's number in the store */
    struct uuid id;
    int64_t created, last_active, updated, expires;
    enum ending ending;
    int64_t ended;
    int aal;
    bool has_token;
    const uint8_t *token_hash; /* TOKEN_HASH_BYTES bytes */
    struct str record;         /* the record's bytes; use session_text and session_factors */
    /* Where the record leaves its device to a record of that number: session_give_device. */
    uint32_t device;
    struct str device_record;
};

/* Nothing is given yet. */
void session_draft_begin(struct session_draft *draft);

/* Fills in what a draft leaves open: created at `now` or when it expires, whichever is earlier,
 * last active at creation, updated at the later of last activity and ending, expiry `lifetime_ms`
 * after creation (at most INSTANT_MAX), a version 7 id made of the creation, and the assurance
 * level of its factors. */
void session_complete(struct session_draft *draft, int64_t lifetime_ms, int64_t now);

/* Appends the stored form: all of a draft but id and created, which the store keeps in its key. */
void session_encode(const struct session_draft *draft, struct buf *buf);
/* The same but for the device's texts, which are in a record of that number, not 0. */
void session_encode_beside(const struct session_draft *draft, uint32_t device, struct buf *buf);
/* Appends the device's texts, the first TEXT_DEVICE_END of a draft's. */
void device_encode(const struct str *texts, struct buf *buf);
/* Reads a stored form; app, user, id, created and the device are left for the store to fill in.
 * ERR_VERSION: a later form. ERR_CORRUPT: no form of ours. */
enum err session_decode(struct str record, struct session *session) MUST_CHECK;

/* Reads no more than ending and times, of a record whose rest may be damaged; false where it is no
 * record of ours. */
bool session_decode_head(struct str record, struct session *session);

/* Has the session say of its device what that record does; as long as the record's bytes are there.
 * ERR_CORRUPT: it is no such record. */
enum err session_give_device(struct session *session, struct str record) MUST_CHECK;

/* A text of the session; empty when it has none. */
struct str session_text(const struct session *session, enum session_text text);
/* The factors, for factor_decode; empty when there are none. */
struct str session_factors(const struct session *session);
/* Everything a session holds as a draft again, its views into the same record. */
void session_to_draft(const struct session *session, struct session_draft *draft);

/* The status at `now`, exactly as contracted: an ending stands for good; else whichever deadline
 * came first has ended it, the absolute one on a tie. `idle_ms` is the app's idle limit, 0 for
 * none. */
enum status session_status(const struct session *session, int64_t idle_ms, int64_t now);

/* The session's id as a vendor's clients spell it: the one it was brought with, else the computed
 * one. */
void session_spell(const struct session *session, enum vendor vendor, struct spelling *spelling);

#endif
