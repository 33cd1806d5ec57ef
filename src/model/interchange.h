/* The neutral record in its interchange form: one JSON object a line, strict. What `rollcall
 * import` reads, the demo data and the tests are made of. */
#ifndef ROLLCALL_MODEL_INTERCHANGE_H
#define ROLLCALL_MODEL_INTERCHANGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "model/app.h"
#include "model/session.h"
#include "model/user.h"

enum { LINE_MAX_BYTES = 1024 * 1024 };

enum record_kind { RECORD_APP, RECORD_USER, RECORD_SESSION };

struct record {
    enum record_kind kind;
    struct str app_id; /* whose record it is; its own id for an app */
    /* RECORD_APP */
    struct app app;
    struct app_key keys[APP_KEYS_MAX];
    size_t key_count;
    /* RECORD_USER: `user`; RECORD_SESSION: user_id and draft. Instants not given are INSTANT_NONE.
     */
    struct user user;
    struct str user_id;
    struct session_draft draft;
    /* record_read_new_session alone */
    struct str identifier;
    int64_t expires_in_s; /* 0: not given */
    bool forwarded;       /* what the request says of its client is said of the session's */
};

/* Where a line is wrong: the path of the field ("device.os.name"; empty for the whole line) and
 * what was expected there, in words ("an RFC 3339 instant in UTC"). The arena's. */
struct record_fault {
    struct str field;
    struct str expected;
};

/* Reads one line (without its end) into *record, whose views are the arena's. `shift_ms` is added
 * to every instant in it. ERR_INVALID fills *fault; ERR_MEMORY. Secrets and tokens are hashed here
 * and their clear form wiped. */
enum err record_read(struct arena *arena, struct str line, int64_t shift_ms, struct record *record,
                     struct record_fault *fault) MUST_CHECK;

/* The same for a session that is to begin: a session's record without kind and app, and with the
 * identifier of a user who is not there yet, how long it is to live, and whether it is to be noted
 * of its client what the request says, where given. */
enum err record_read_new_session(struct arena *arena, struct str text, struct record *record,
                                 struct record_fault *fault) MUST_CHECK;

/* Begins an object and writes a session's members in the form record_read reads, for an app and a
 * user of those ids. Its token and the token's hash are left out: what is written lets nobody in.
 * The caller may add members, and ends it. */
void record_begin_session(struct json_out *json, const struct session *session, struct str app_id,
                          struct str user_id);

/* The same of a user, whole. */
void record_write_user(struct json_out *json, const struct user *user, struct str app_id);

/* A session's, whole. */
void record_write_session(struct json_out *json, const struct session *session, struct str app_id,
                          struct str user_id);

#endif
