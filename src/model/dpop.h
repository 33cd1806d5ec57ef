/* Proofs of possession (RFC 9449): a JWT that a client signs for one request with a key of its own.
 */
#ifndef ROLLCALL_MODEL_DPOP_H
#define ROLLCALL_MODEL_DPOP_H

#include "base/arena.h"
#include "base/err.h"
#include "model/secret.h"

enum { PROOF_URLS = 3, PROOF_MAX_BYTES = 4096, PROOF_WINDOW_S = 60, NONCE_PERIOD_S = 300 };

struct proof {
    uint8_t key[HASH_BYTES]; /* the RFC 7638 thumbprint of its key */
    uint8_t id[HASH_BYTES];  /* SHA-256 of key and jti: the same proof has the same, no other has */
    int64_t issued_s;        /* iat */
    struct str nonce;        /* the arena's; empty when it has none */
};

/* Checks all of a proof that can be without a store: its form, its signature by the key it holds,
 * that it is for that method and one of PROOF_URLS
 * URLs (compared without query and fragment; empty ones are none), and no more than PROOF_WINDOW_S
 * from `now_s`. ERR_UNAUTHORIZED; ERR_MEMORY. */
enum err proof_read(struct arena *arena, struct str text, struct str method, const struct str *urls,
                    int64_t now_s, struct proof *proof) MUST_CHECK;

/* The nonce of the period `now_s` lies in, made with a secret of the app's: SECRET_TEXT characters,
 * no NUL. */
void nonce_make(struct str secret, int64_t now_s, char *out);
/* Whether it is that of this period or of the one before. */
bool nonce_holds(struct str secret, int64_t now_s, struct str nonce);

#endif
