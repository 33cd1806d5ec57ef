/* The OpenAPI document of all that is served: the same for everybody, whatever apps there are. */
#ifndef ROLLCALL_DIALECT_OPENAPI_H
#define ROLLCALL_DIALECT_OPENAPI_H

#include "dialect/dialect.h"

void openapi_who(const struct request *request, struct credential *credential);
enum err openapi_want(const struct request *request, const struct caller *caller, struct wish *wish,
                      struct failure *failure);
void openapi_show(const struct request *request, const struct answer *answer, struct reply *reply);

#endif
