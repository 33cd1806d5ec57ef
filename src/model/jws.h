/* Signed texts of three parts (RFC 7515, 3.1), read strictly: what a JSON or base64 decoder might
 * make something of, and another something else, is refused. */
#ifndef ROLLCALL_MODEL_JWS_H
#define ROLLCALL_MODEL_JWS_H

#include <jansson.h>

#include "base/arena.h"

struct jws {
    struct str header, payload, signature; /* as they stand in the text */
};

/* False for what has not three parts, each of them filled, or more than `most` bytes. */
bool jws_split(struct str text, size_t most, struct jws *jws);

/* The JSON object in a header or payload, the caller's. NULL for base64url that is not the one
 * spelling of its bytes, a member that is there twice, and what is no object. */
json_t *jws_object(struct arena *arena, struct str part);

/* Whether the signature is that key's; by the algorithm that the header names, which the caller has
 * to have looked at. */
bool jws_is_by(struct arena *arena, const struct jws *jws, const json_t *key);

#endif
