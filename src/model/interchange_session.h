/* The session's part of the interchange form. */
#ifndef ROLLCALL_MODEL_INTERCHANGE_SESSION_H
#define ROLLCALL_MODEL_INTERCHANGE_SESSION_H

#include "model/json_in.h"

/* Fills record->user_id and record->draft. */
void read_session(struct object *object, struct record *record);

/* A secret in clear under one name, or its SHA-256 in hexadecimal under another; false when neither
 * is there, or it is wrong. The clear copy is wiped. */
bool read_secret(struct object *object, const char *clear, const char *hashed, uint8_t *hash);

#endif
