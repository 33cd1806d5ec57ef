/* A JWK Set (RFC 7517): the same in every dialect. */
#ifndef ROLLCALL_DIALECT_KEYS_H
#define ROLLCALL_DIALECT_KEYS_H

#include "dialect/dialect.h"

enum err keys_want(const struct request *request, const struct caller *caller, struct wish *wish,
                   struct failure *failure);
void keys_show(const struct request *request, const struct answer *answer, struct reply *reply);

#endif
