/* The OpenAPI document: what its references stand for, and what its schemas say in words. */
#ifndef ROLLCALL_DOC_SCHEMA_H
#define ROLLCALL_DOC_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* What a Reference Object, as in "#/components/schemas/Session", stands for; anything else stands
 * for itself. */
json_t *schema_resolve(json_t *document, json_t *value);
/* A text that is a member, or "". */
const char *schema_text(const json_t *object, const char *member);
/* All that is said of a value: what it may be, and what it is, by its own description or else by
 * its schema's. The caller frees it. */
char *schema_words(json_t *document, json_t *value, json_t *schema, bool required);

#endif
