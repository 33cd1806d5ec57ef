/* The verbs: who may, then do. Vendor-free; used by the daemon and the command line. */
#ifndef ROLLCALL_CORE_CORE_H
#define ROLLCALL_CORE_CORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/dpop.h"
#include "model/jwt.h"
#include "model/query.h"
#include "store/store.h"

/* What a request brought to be let in with, as its dialect read it. */
enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_TOKENS, /* candidate session tokens: the first one the store knows counts, alive or
                          not */
    CREDENTIAL_USER_TOKEN,    /* one session token, and the id of the user who must hold it */
    CREDENTIAL_APP_KEY,       /* an app's secret key, and the account name it must belong to */
    CREDENTIAL_ACCESS_TOKEN,  /* a JWT signed by an app's key */
    CREDENTIAL_REFRESH_TOKEN, /* candidate refresh tokens, likewise, with a proof of possession
                                 (RFC 9449) */
    CREDENTIAL_PUBLIC, /* none is asked for: names an app, for what everybody may see of it */
    CREDENTIAL_NOBODY  /* none is asked for, and nothing of any app is shown: no snapshot is needed
                        */
};

enum { TOKENS_MAX = 130 }; /* every cookie of a request can be one, and two headers */

struct credential {
    enum credential_kind kind;
    struct str tokens[TOKENS_MAX]; /* where there are no candidates: the key or token alone */
    size_t token_count;
    size_t cookie_count; /* so many of them, the first, came in cookies */
    struct str user;
    int use;          /* of the key: a vendor's number or KEY_ADMIN */
    struct str actor; /* on whose behalf the holder of a key says to act; for the audit trail */
    /* CREDENTIAL_REFRESH_TOKEN: the proof, or empty; the request it must be for, whose URL may be
     * known by several names. */
    struct str proof, method, urls[PROOF_URLS];
    bool has_account;   /* the vendor's credential names an account */
    struct str account; /* must be the app's, where named; for CREDENTIAL_PUBLIC the app's id, or
                           empty for the only app there is */
};

/* One more candidate, where there is one; takes a credential, so that it can be called back for
 * each cookie. */
static inline void credential_add(void *context, struct str token)
{
    struct credential *credential = context;
    if (token.len && credential->token_count < TOKENS_MAX)
        credential->tokens[credential->token_count++] = token;
}

/* Who was let in. An app key lets in nobody in particular: has_session is false. */
struct caller {
    struct app app;
    int use;          /* of the key that let in, where has_session is false */
    struct str actor; /* as the credential says */
    /* The credential is one of ours, be it over: also where nobody was let in. */
    bool known;
    bool by_cookie; /* let in by what a browser sends along whoever's page has asked it to */
    bool has_session;
    struct session session;
    struct user user;
    /* CREDENTIAL_REFRESH_TOKEN: the one that let in; the proof, where there was one; the app's
     * nonce of the moment; and RFC 9449's word for what was wrong with the proof, or NULL. The last
     * two are there also when nobody was let in. */
    struct str refresh_token;
    bool spent; /* it was used before: nothing is done for it but what ends the session */
    bool has_proof;
    struct proof proof;
    struct str nonce;
    const char *fault;
};

enum verb {
    VERB_LIST,      /* a page of sessions */
    VERB_NOTHING,   /* what is shown is no app's */
    VERB_SELF,      /* the caller's own session */
    VERB_GET,       /* one session */
    VERB_END,       /* ends sessions */
    VERB_TOUCH,     /* moves a session's activity, and its end, on */
    VERB_CREATE,    /* begins a session */
    VERB_REFRESH,   /* uses up the refresh token that the caller came with */
    VERB_KEYS,      /* the public keys of the app */
    VERB_CONFIGURE, /* gives the app other lifetimes */
    VERB_USER,      /* one user of the app: `user` */
    VERB_USERS,     /* those after `user`, query.limit of them */
    VERB_AUDIT      /* the lines of the audit trail after `since` and `line`, likewise */
};

/* Which sessions an ending is about. */
enum target {
    TARGET_ONE,       /* the one that is named */
    TARGET_SELF,      /* the caller's own */
    TARGET_OTHERS,    /* all of the scope's user but the caller's own */
    TARGET_ALL,       /* all of the scope's user but query.without */
    TARGET_LISTED,    /* those of `names`; who is not there is passed over */
    TARGET_HOLDERS,   /* all of the users of `names`, likewise */
    TARGET_EVERYBODY, /* all of the app, `most` at most */
    TARGET_FOUND      /* the page the query gives */
};

/* How a request names one session. */
enum naming {
    NAMED_BY_ID,          /* as a vendor's clients spell it; 0 for the vendor: the UUID */
    NAMED_BY_TOKEN,       /* by its token */
    NAMED_BY_ACCESS_TOKEN /* by a JWT of ours */
};

/* Whose sessions a list is about. */
enum scope { SCOPE_CALLER, SCOPE_USER, SCOPE_APP };

/* What a request asks for, as its dialect read it. */
struct wish {
    enum verb verb;
    bool demand_aal; /* refuse a caller below aal2 whose user has shown a second factor: ERR_AAL */
    enum scope scope;
    struct str user;     /* SCOPE_USER: the user's id; an unknown one has no sessions */
    struct str user_too; /* another spelling of it, where one session is concerned; or empty */
    bool without_caller; /* the caller's own session is left out */
    struct query query;  /* user, holder, without and after are filled in by core */
    /* VERB_LIST, newest first, of at least one: a name for the kind of list, where its pages follow
     * each other by answer.next, which is good for the list of this name, app and user alone; and
     * the one of the page before, or empty. */
    const char *pages_of;
    struct str after;
    struct str current; /* the token of somebody's own session, to be pointed out; or empty */
    int64_t since;
    uint64_t line;

    /* VERB_GET, VERB_TOUCH, and VERB_END with TARGET_ONE: ERR_NOT_FOUND for one that is not there,
     * or not in the scope. */
    enum naming naming;
    enum vendor vendor;
    struct str session;
    bool active_only;  /* ... or not active; an activity asks for an active user, too */
    unsigned statuses; /* a bit each (1 << status) it may be in, else ERR_ENDED; 0: any */

    /* VERB_END */
    enum target target;
    const struct str *names; /* ids, as `naming` says, or of users */
    size_t name_count;
    uint32_t most;
    enum ending as;       /* ENDING_NONE: the record is removed */
    bool absence_is_done; /* one that is not there is as good as ended */
    bool some_must_be;    /* ERR_NOT_FOUND where it is about none at all */

    /* VERB_TOUCH */
    bool quietly;   /* it is no activity of the session's holder */
    bool moves_end; /* the end becomes so long from now: */
    int64_t life_ms;
    bool only_later;  /* ... unless it would be no later than it is */
    int64_t later_ms; /* or else so much later than it is by then; 0: it stays */

    /* VERB_CREATE: for `user`, who is made with that identifier where there is none */
    struct session_draft *draft; /* completed by core */
    struct str identifier;
    bool with_token;   /* it gets a token, to be shown once: answer.token */
    bool with_refresh; /* and a refresh token: answer.refresh_token */

    int64_t access_s, lifetime_s; /* VERB_CONFIGURE; 0: stays */
};

/* A line of the audit trail, and whose session it is about: empty when the user is gone. */
struct trail_line {
    struct audit_line line;
    struct str user_id;
};

struct answer {
    const struct caller *caller;
    struct wish wish;         /* as it was granted */
    struct page page;         /* VERB_LIST */
    struct str next;          /* and, with wish.pages_of, `after` of the next page, or empty */
    const struct user *users; /* VERB_USERS; the arena's, as is the next */
    const struct trail_line *lines; /* VERB_AUDIT */
    size_t count;                   /* of users or lines */
    bool more;                      /* there are more */
    bool has_current;               /* somebody's own session, where it is known */
    struct uuid current;
    int64_t now;
    /* VERB_GET, VERB_TOUCH, VERB_CREATE, VERB_END with TARGET_ONE: the session, as it is once what
     * is to be written is; and its user. */
    bool has_session;
    struct session session;
    struct user user;
    enum status status;
    bool foreseen;            /* ... and it was active */
    struct str keys;          /* VERB_KEYS: a JWK Set */
    struct str token;         /* VERB_CREATE: in clear */
    struct str refresh_token; /* VERB_CREATE, VERB_REFRESH: the one that is good from now on */
    struct str minted;        /* the JWT that the dialect asked for */
    const struct put *puts;   /* to be written before the answer is shown; the arena's */
    size_t put_count;
    struct outcome outcome; /* of that */
};

struct core;

/* What admission remembers between requests. NULL when out of memory. */
struct core *core_new(void);
void core_free(struct core *core);

/* Who the credential lets in at `now`. ERR_UNAUTHORIZED for anything that does not: unknown, ended,
 * expired, of an inactive user, of another account. Views in *caller are the snapshot's, which may
 * be NULL for CREDENTIAL_NOBODY. */
enum err core_admit(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct credential *credential, int64_t now,
                    struct caller *caller) MUST_CHECK;

/* Finds what is wished for that caller, and plans what is to be written for it. ERR_AAL,
 * ERR_RUNAWAY, ERR_MARK, ERR_NOT_FOUND, ERR_MEMORY, and what the store gives. The snapshot may be
 * NULL for VERB_NOTHING. */
enum err core_grant(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct caller *caller, const struct wish *wish, int64_t now,
                    struct answer *answer) MUST_CHECK;

/* Once what was planned is written: what the answer says depends on what came of it.
 * ERR_UNAUTHORIZED for a refresh token that was none after all, with caller->fault as in admission;
 * ERR_NOT_FOUND where some had to be there and none was. */
enum err core_settle(struct arena *arena, struct caller *caller, struct answer *answer) MUST_CHECK;

/* Whether nothing came of what was foreseen of a session, which another request may have come to
 * first: all of the request is to be looked at again, as of what there is by now. */
bool core_was_overtaken(const struct answer *answer);

/* The put that notes that the caller was here, once in a while: NULL when it was noted lately, or
 * the caller has no session. The arena's. */
const struct put *core_activity(struct arena *arena, const struct caller *caller, int64_t now);

/* Who signs an app's tokens, as `iss` says it; the arena's. */
struct str core_issuer_of(struct arena *arena, struct str app_id);

/* Signs a JWT of the app's, with the issuer, subject and all else the claims say. The arena's. */
enum err core_mint(struct snapshot *snapshot, struct arena *arena, uint32_t app,
                   const struct claims *claims, struct str *token) MUST_CHECK;

/* What stands in every access token of ours: issuer, audience, subject, session, id, and an end
 * `life_s` from now. Views are the arena's. ERR_MEMORY. */
enum err core_claims(struct arena *arena, const struct app *app, const struct user *user,
                     const struct session *session, int64_t now, int64_t life_s,
                     struct claims *claims) MUST_CHECK;

/* Appends an access token for a session, good for the app's access_s from `now`. ERR_NOT_FOUND: no
 * such session, by any vendor's spelling of its id. */
enum err core_access_token(struct snapshot *snapshot, struct arena *arena,
                           const struct session *session, int64_t now,
                           struct buf *token) MUST_CHECK;

/* The session a JWT of ours is for, whether it is active or not. ERR_UNAUTHORIZED: no such token,
 * or an expired one. */
enum err core_session_of_access_token(struct core *core, struct snapshot *snapshot,
                                      struct arena *arena, struct str token, int64_t now,
                                      struct session *session) MUST_CHECK;

#endif
