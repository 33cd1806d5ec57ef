/* An app: the tenant. No credential of one app ever shows a session of another.
 * Texts are views: into the record they were read from, or into what the caller owns. */
#ifndef ROLLCALL_MODEL_APP_H
#define ROLLCALL_MODEL_APP_H

#include "base/buf.h"
#include "base/err.h"
#include "model/vendor.h"

enum { APP_ID_MAX = 64, APP_KEYS_MAX = 64, SECRET_HASH_BYTES = 32 };

/* Defaults of an app that says nothing about its sessions: 30 days, 7 days, 90 days. */
enum { LIFETIME_DEFAULT_S = 2592000, IDLE_DEFAULT_S = 604800, RETAIN_DEFAULT_S = 7776000 };
enum { ACCESS_DEFAULT_S = 300, ACCESS_LEAST_S = 30, ACCESS_MOST_S = 86400 };
/* No token that an app's key signs is good for longer. */
enum { TOKEN_MOST_S = 86400 };
enum { TOUCH_DEFAULT_S = 60, TOUCH_MAX_S = 86400, MAX_PER_USER_MAX = 10000 };
/* The longest any of the three may be: 100 years. */
#define PERIOD_MAX_S INT64_C(3155760000)

/* A secret that opens an API of the app; only its SHA-256 is known. */
struct app_key {
    int use; /* a vendor's number, or KEY_ADMIN */
    uint8_t hash[SECRET_HASH_BYTES];
};

struct app {
    uint32_t number; /* the app's own in the store, from 1; not part of the record */
    struct str id;   /* 1 to 64 of a-z 0-9 - */
    int64_t lifetime_s, idle_s, retain_s;
    int64_t access_s;     /* how long an access token is good */
    int64_t touch_s;      /* a session's last activity is written so often at most */
    int64_t max_per_user; /* active sessions; 0: any number */
    bool ends_oldest;     /* at that number a new one ends the oldest; else it is refused */
    int64_t created;      /* milliseconds since 1970 */
    struct str settings[SETTING_COUNT]; /* empty: the default of vendors.def */
    struct str keys;                    /* stored keys, for app_key_decode */
};

/* 1 to 64 of a-z 0-9 -. */
bool app_id_is_valid(struct str id);

/* Appends the stored form: all of `app` but number and keys, then `count` keys. */
void app_encode(const struct app *app, const struct app_key *keys, size_t count, struct buf *buf);
/* number is left for the store to fill in. ERR_VERSION, ERR_CORRUPT as in session.h. */
enum err app_decode(struct str record, struct app *app) MUST_CHECK;
/* Reads one key off the front of *rest and moves *rest past it; false at the end. */
bool app_key_decode(struct str *rest, struct app_key *key);

/* What the app set, or the setting's default. */
struct str app_setting(const struct app *app, enum setting setting);
/* The account name that goes with the app's keys of that use; empty where the vendor has none. */
struct str app_account(const struct app *app, int use);

#endif
