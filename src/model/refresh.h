/* What is kept of a session's refresh token: a secret that is good once, for an access token and
 * its own successor. Neither is kept in clear. The successor is made of the token and a salt that
 * was drawn when the token was used, so that whoever brings the token again, within the grace
 * period, can be given the same one; salt and hashes alone make no token. */
#ifndef ROLLCALL_MODEL_REFRESH_H
#define ROLLCALL_MODEL_REFRESH_H

#include "base/buf.h"
#include "base/err.h"
#include "model/secret.h"

enum { SALT_BYTES = 16 };

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
};

void refresh_encode(const struct refresh *refresh, struct buf *buf);
/* ERR_VERSION, ERR_CORRUPT as in session.h. */
enum err refresh_decode(struct str record, struct refresh *refresh) MUST_CHECK;

/* Writes the successor, SECRET_TEXT characters, no NUL. */
void refresh_succeed(struct str token, const uint8_t *salt, char *out);

#endif
