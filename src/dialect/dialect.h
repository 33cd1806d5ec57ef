/* A dialect: one vendor's session API as data. Everything in it is pure: no clock, no store, no
 * socket.
 *
 * The way of a request: route -> who (credential) -> core_admit -> want (wish) -> core_grant ->
 * what is to be written is -> show. A failure anywhere leaves by `fail`, in the vendor's own shape.
 */
#ifndef ROLLCALL_DIALECT_DIALECT_H
#define ROLLCALL_DIALECT_DIALECT_H

#include "base/err.h"
#include "core/core.h"
#include "http/reply.h"
#include "http/request.h"
#include "model/vendor.h"

struct route {
    const char *method; /* "GET" answers HEAD too */
    const char *path; /* from the first '/', decoded; a segment "{}" stands for any: see `wilds` */
    /* Checks the parameters and says what is wished. ERR_INVALID or ERR_MALFORMED, with *failure
     * filled in (views: literals or the request's arena). NULL: it is about the process that
     * answers, which answers it by itself. */
    enum err (*want)(const struct request *request, const struct caller *caller, struct wish *wish,
                     struct failure *failure);
    /* Writes the answer, a 200 unless it says otherwise. */
    void (*show)(const struct request *request, const struct answer *answer, struct reply *reply);
    /* Reads this route's credential, where it is not the dialect's; or NULL. */
    void (*who)(const struct request *request, struct credential *credential);
    /* Says what stands in the JWT that the answer carries (answer.minted), where it carries one; or
     * NULL. Without an issuer in the claims none is made. */
    enum err (*mint)(const struct request *request, const struct answer *answer,
                     struct claims *claims);
};

struct dialect {
    enum vendor vendor;         /* 0: Rollcall's own */
    const char *const *spaces;  /* path prefixes that are this vendor's alone; NULL at the end */
    const struct route *routes; /* ends with a row whose path is NULL */
    bool slash_at_end;          /* a '/' after a path is tolerated */
    /* What pages of other origins may send and see beyond what any may (the Fetch standard's CORS
     * protocol); NULL: no browser asks this vendor's API. */
    const char *cors_takes, *cors_shows;
    /* Reads the credential; CREDENTIAL_NONE when the request brings none. */
    void (*who)(const struct request *request, struct credential *credential);
    /* Writes a failure in the vendor's shape. `route` is NULL where none was found. For
     * ERR_NO_METHOD the Allow header is added by the router. */
    void (*fail)(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply);
};

extern const struct dialect dialect_prelude, dialect_corbado, dialect_streambird, dialect_kratos,
    dialect_rocketchat, dialect_native;

/* All of them; NULL at the end. */
extern const struct dialect *const dialects[];

#endif
