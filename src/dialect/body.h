/* A request's JSON body, as far as dialects look into one. */
#ifndef ROLLCALL_DIALECT_BODY_H
#define ROLLCALL_DIALECT_BODY_H

#include <jansson.h>

#include "http/request.h"

/* The body as a JSON object, whatever its content type says; the arena owns it. NULL for one that
 * is none: absent, another type of JSON, broken, a key twice, or nested beyond what jansson reads.
 */
const json_t *body_object(const struct request *request);

/* A member that is text; empty with a NULL pointer when there is none, or another type. A view into
 * the object. */
struct str body_text(const json_t *object, const char *name);

/* Whether the member is there at all. */
bool body_has(const json_t *object, const char *name);

#endif
