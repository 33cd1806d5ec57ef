/* Ids in Ory Kratos' paths and bodies. */
#ifndef ROLLCALL_DIALECT_KRATOS_ID_H
#define ROLLCALL_DIALECT_KRATOS_ID_H

#include "http/request.h"
#include "model/id.h"

/* Reads a UUID of any version in each of the forms that Kratos' parser (gofrs/uuid 4.4) takes: 36
 * characters, 32 digits, either in braces or after "urn:uuid:"; gives its 36 characters, the
 * arena's. ERR_INVALID, with that parser's own words in *failure. */
enum err kratos_id_read(struct arena *arena, struct str text, struct str *id,
                        struct failure *failure) MUST_CHECK;

/* A failure whose text is the whole message, without a reason. The text must outlive it. */
enum err kratos_refuse(struct failure *failure, struct str message) MUST_CHECK;
bool kratos_is_refusal(const struct failure *failure);

#endif
