/* Base 64 (RFC 4648). */
#ifndef ROLLCALL_BASE_BASE64_H
#define ROLLCALL_BASE_BASE64_H

#include "base/arena.h"

/* Section 4, padded, no white space: at most `size` bytes into `out`, their number in *len. */
bool base64_decode(struct str text, char *out, size_t size, size_t *len);

/* Section 5, "base64url", without padding. */
bool base64url_decode(struct str text, char *out, size_t size, size_t *len);
/* The arena's; a NULL pointer when out of memory. */
struct str base64url_encode(struct arena *arena, struct str bytes);

#endif
