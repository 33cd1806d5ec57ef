/* Who has brought too many credentials that are nobody's is not listened to for a while: neither an
 * address, be they different ones, nor a credential, wherever it comes from.
 *
 * No credential is kept, and no address: hashes of them are, under a key that no client knows. */
#ifndef ROLLCALL_SERVE_GUARD_H
#define ROLLCALL_SERVE_GUARD_H

#include "base/throttle.h"
#include "core/core.h"
#include "http/request.h"

struct guard {
    struct throttle *throttle; /* NULL: none */
    int64_t most;              /* failures a minute; 0: any number */
};

/* What of a request is counted. */
struct guarded {
    bool address, credential; /* whether either is */
    uint64_t address_hash, credential_hash;
};

struct guarded guard_read(const struct guard *guard, const struct request *request,
                          const struct credential *credential);

/* After how many milliseconds it is listened to; 0: at once. */
int64_t guard_wait(const struct guard *guard, const struct guarded *guarded, int64_t now);
/* Counts it, unless `failed` is false, which takes as long. */
void guard_note(const struct guard *guard, const struct guarded *guarded, int64_t now, bool failed);

#endif
