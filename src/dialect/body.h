/* A request's JSON body, as far as dialects look into one. */
#ifndef ROLLCALL_DIALECT_BODY_H
#define ROLLCALL_DIALECT_BODY_H

#include <jansson.h>

#include "http/request.h"

/* The body as a JSON object, whatever its content type says; the arena owns it. NULL for one that
 * is none: absent, another type of JSON, broken, a key twice, or nested beyond what jansson reads.
 */
const json_t *body_object(const struct request *request);

/* The pairs of a form (application/x-www-form-urlencoded) as an object of texts; of those that
 * cannot be decoded there is none. NULL when out of memory. */
const json_t *body_form(const struct request *request);

/* Whether the body says that it is a form. */
bool body_is_form(const struct request *request);

/* A member that is text; empty with a NULL pointer when there is none, or another type. A view into
 * the object. */
struct str body_text(const json_t *object, const char *name);

/* A JSON value as compact text, the arena's; a NULL pointer when out of memory. */
struct str body_dump(const struct request *request, const json_t *json);

/* Lets go of a JSON value that the arena has adopted. */
void body_release(void *json);

/* Whether the member is there at all. */
bool body_has(const json_t *object, const char *name);

#endif
