/* A user of an app: who holds sessions. Views as in session.h. */
#ifndef ROLLCALL_MODEL_USER_H
#define ROLLCALL_MODEL_USER_H

#include "base/buf.h"
#include "base/err.h"
#include "model/id.h"

enum { USER_ID_MAX = 128, USER_JSON_MAX = 8192 };

/* The texts of a user; the JSON ones hold well-formed compact JSON or nothing. Numbers stand in the
 * store: append only. */
enum user_text {
    USER_ID,
    USER_IDENTIFIER,
    USER_USERNAME,
    USER_NAME,
    USER_EXTERNAL_ID,
    USER_SCHEMA_ID,
    USER_TRAITS,               /* JSON object */
    USER_METADATA_PUBLIC,      /* any JSON */
    USER_METADATA_ADMIN,       /* any JSON */
    USER_VERIFIABLE_ADDRESSES, /* JSON array */
    USER_RECOVERY_ADDRESSES,   /* JSON array */
    USER_ROLES,                /* JSON array of strings */
    USER_TEXT_COUNT
};

/* Both what is stored and what is read: the texts' views belong to the caller, or to the snapshot.
 */
struct user {
    uint32_t app;     /* the app's number; not part of the record */
    uint64_t number;  /* the user's own; not part of the record */
    struct uuid uuid; /* the id itself when it is a UUID, else made of app id and user id */
    bool active;
    int64_t created, updated; /* milliseconds since 1970 */
    struct str texts[USER_TEXT_COUNT];
};

/* The UUID by which dialects that want one know a user. */
struct uuid user_uuid(struct str app_id, struct str user_id);

void user_encode(const struct user *user, struct buf *buf);
/* app and number are left for the store to fill in. ERR_VERSION, ERR_CORRUPT as in session.h. */
enum err user_decode(struct str record, struct user *user) MUST_CHECK;

/* The order Corbado contracts for user ids: after a leading "usr-" is taken off both, whole decimal
 * numbers come first, by value; all else by its bytes. <0, 0, >0; 0 only for the same id. */
int user_id_cmp(struct str a, struct str b);

#endif
