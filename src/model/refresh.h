/* What is kept of a session's refresh token: a secret that is good once, for an access token and
 * its own successor. Neither is kept in clear. The successor is made of the token and a salt that
 * was drawn when the token was used, so that whoever brings the token again, within the grace
 * period, can be given the same one; salt and hashes alone make no token.
 *
 * All that come of one token are a family (RFC 9700, 4.14.2): one that was used is told from what
 * never was one, however many came after it. The first is a secret of SECRET_TEXT characters; each
 * later one has as many of its own, and behind them what the first makes of itself. */
#ifndef ROLLCALL_MODEL_REFRESH_H
#define ROLLCALL_MODEL_REFRESH_H

#include "base/buf.h"
#include "base/err.h"
#include "model/secret.h"

enum { SALT_BYTES = 16, SUCCESSOR_TEXT = 2 * SECRET_TEXT };

/* How long a token that was used is taken for a request that went out twice, not for a theft. */
enum { REFRESH_GRACE_MS = 20 * 1000 };

struct refresh {
    uint8_t hash[HASH_BYTES]; /* SHA-256 of the token that is good now */
    bool has_previous;
    uint8_t previous[HASH_BYTES]; /* of the one before it */
    uint8_t salt[SALT_BYTES];     /* that made this one of that one */
    int64_t rotated;              /* when that was */
    bool has_key;
    uint8_t key[HASH_BYTES]; /* the RFC 7638 thumbprint of the key it is bound to */
    bool has_family;         /* a token has been used */
    uint8_t family[HASH_BYTES];
};

/* How a token stands to the one that is good now. */
enum refresh_standing {
    REFRESH_UNKNOWN,
    REFRESH_GOOD,
    REFRESH_AGAIN, /* it was used a moment ago */
    REFRESH_SPENT  /* it was used before that: somebody has a copy of it */
};

/* Who ends the session then, as the audit trail has it. */
#define REFRESH_REUSE STR("refresh-reuse")

void refresh_encode(const struct refresh *refresh, struct buf *buf);
/* ERR_VERSION, ERR_CORRUPT as in session.h. */
enum err refresh_decode(struct str record, struct refresh *refresh) MUST_CHECK;

/* Writes the successor, SUCCESSOR_TEXT characters, no NUL. */
void refresh_succeed(struct str token, const uint8_t *salt, char *out);
/* The SHA-256 of what a token's family has in common: HASH_BYTES bytes. */
void refresh_family(struct str token, uint8_t *hash);
/* By the SHA-256 of a token, and its family's. */
enum refresh_standing refresh_stand(const struct refresh *refresh, const uint8_t *hash,
                                    const uint8_t *family, int64_t now);

#endif
