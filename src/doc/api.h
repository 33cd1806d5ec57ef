/* What rollcall-api(7) says of a dialect, in mdoc(7), made of the OpenAPI document. */
#ifndef ROLLCALL_DOC_API_H
#define ROLLCALL_DOC_API_H

#include <jansson.h>
#include <stdio.h>

/* All operations of a tag, which is a dialect: what they do, take and answer, what lets in, and
 * what is answered when they fail. */
void api_dialect(FILE *out, json_t *document, json_t *tag);

#endif
