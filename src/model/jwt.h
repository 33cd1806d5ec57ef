/* Access tokens: JWT (RFC 7519) signed with RS256, and the JWK (RFC 7517) that sign them. */
#ifndef ROLLCALL_MODEL_JWT_H
#define ROLLCALL_MODEL_JWT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/vendor.h"

enum { JWT_MAX = 256 * 1024, JWT_LIFE_S = 300 };

/* How far a token's times may be from our clock, its start ahead and its end behind: who signs and
 * who judges is one machine, but its clock may be set right by a little, and a client whose clock
 * is late sends what it takes for good. RFC 7519, 4.1.4: "some small leeway". */
enum { JWT_LEEWAY_S = 60 };

/* How `sid` spells a session: as the vendor does whose clients read it. */
#define JWT_SID_VENDOR VENDOR_PRELUDE

struct claims {
    struct str issuer, audience, subject, session, id; /* iss, aud, sub, sid, jti */
    int64_t issued_s, expires_s;                       /* iat, exp: seconds since 1970 */
    int64_t starts_s; /* iat, or nbf where that is later; in reading alone */
    struct str more;  /* a JSON object of further claims, or nothing; looked at in signing alone */
};

/* A new 2048-bit key pair: appends the private JWK as JSON to `jwk` and its key id to `kid` (the
 * RFC 7638 thumbprint). ERR_MEMORY, ERR_INTERNAL. */
enum err jwk_generate(struct buf *jwk, struct buf *kid) MUST_CHECK;

/* Appends the public half of a private JWK, as JSON. */
enum err jwk_public(struct str jwk, struct buf *public) MUST_CHECK;

/* Appends the signed token. `jwk` is a private JWK as jwk_generate makes them. */
enum err jwt_sign(struct str jwk, const struct claims *claims, struct buf *token) MUST_CHECK;

/* The key id in the token's header. ERR_UNAUTHORIZED for what is no JWT of ours: too long, not
 * three parts, another algorithm or type, no kid, any other member. */
enum err jwt_kid(struct arena *arena, struct str token, struct str *kid) MUST_CHECK;

/* Checks header and signature, and gives the claims, views into the arena. Whether they are meant
 * for us and still hold is for the caller to judge. ERR_UNAUTHORIZED for a bad signature or claims
 * that are missing or of another type. */
enum err jwt_verify(struct arena *arena, struct str jwk, struct str token,
                    struct claims *claims) MUST_CHECK;

#endif
