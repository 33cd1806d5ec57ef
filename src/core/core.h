/* The verbs: who may, then do. Vendor-free; used by the daemon and the command line. */
#ifndef ROLLCALL_CORE_CORE_H
#define ROLLCALL_CORE_CORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/query.h"
#include "store/store.h"

/* What a request brought to be let in with, as its dialect read it. */
enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_TOKENS, /* candidate session tokens: the first one the store knows counts, alive or
                          not */
    CREDENTIAL_USER_TOKEN,  /* one session token, and the id of the user who must hold it */
    CREDENTIAL_APP_KEY,     /* an app's secret key, and the account name it must belong to */
    CREDENTIAL_ACCESS_TOKEN /* a JWT signed by an app's key */
};

enum { TOKENS_MAX = 16 };

struct credential {
    enum credential_kind kind;
    struct str tokens[TOKENS_MAX]; /* for the last two kinds: the key or the JWT alone */
    size_t token_count;
    struct str user;
    int use;            /* of the key: a vendor's number or KEY_ADMIN */
    bool has_account;   /* the vendor's credential names an account */
    struct str account; /* must be the app's, where named */
};

/* Who was let in. An app key lets in nobody in particular: has_session is false. */
struct caller {
    struct app app;
    bool has_session;
    struct session session;
    struct user user;
};

enum verb {
    VERB_LIST, /* a page of sessions */
    VERB_SELF  /* the caller's own session */
};

/* Whose sessions a list is about. */
enum scope { SCOPE_CALLER, SCOPE_USER, SCOPE_APP };

/* What a request asks for, as its dialect read it. */
struct wish {
    enum verb verb;
    bool demand_aal; /* refuse a caller below aal2 whose user has shown a second factor: ERR_AAL */
    enum scope scope;
    struct str user;     /* SCOPE_USER: the user's id; an unknown one has no sessions */
    bool without_caller; /* the caller's own session is left out */
    struct query query;  /* user, holder and without are filled in by core */
};

struct answer {
    const struct caller *caller;
    struct wish wish; /* as it was granted */
    struct page page; /* VERB_LIST */
    int64_t now;
};

struct core;

/* What admission remembers between requests. NULL when out of memory. */
struct core *core_new(void);
void core_free(struct core *core);

/* Who the credential lets in at `now`. ERR_UNAUTHORIZED for anything that does not: unknown, ended,
 * expired, of an inactive user, of another account. Views in *caller are the snapshot's. */
enum err core_admit(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct credential *credential, int64_t now,
                    struct caller *caller) MUST_CHECK;

/* Does what is wished, for that caller. ERR_AAL, ERR_RUNAWAY, ERR_MEMORY, and what the store gives.
 */
enum err core_grant(struct snapshot *snapshot, struct arena *arena, const struct caller *caller,
                    const struct wish *wish, int64_t now, struct answer *answer) MUST_CHECK;

/* Appends an access token for a session, good for JWT_LIFE_S from `now`. ERR_NOT_FOUND: no such
 * session, by any vendor's spelling of its id. */
enum err core_access_token(struct snapshot *snapshot, struct arena *arena,
                           const struct session *session, int64_t now,
                           struct buf *token) MUST_CHECK;

#endif
