/* Whether who brings a refresh token holds the key it is bound to. */
#ifndef ROLLCALL_CORE_POSSESSION_H
#define ROLLCALL_CORE_POSSESSION_H

#include "core/core.h"

/* Checks the credential's proof; fills in the caller's proof, nonce and fault. ERR_UNAUTHORIZED;
 * ERR_INVALID when a proof with a new nonce is called for. */
enum err possession_check(struct snapshot *snapshot, struct arena *arena,
                          const struct credential *credential, int64_t now,
                          const struct refresh *refresh, struct caller *caller) MUST_CHECK;

#endif
