/* Prelude's refresh, and the logout of whoever holds a refresh token. */
#ifndef ROLLCALL_DIALECT_PRELUDE_REFRESH_H
#define ROLLCALL_DIALECT_PRELUDE_REFRESH_H

#include "dialect/dialect.h"

/* The refresh token in X-Refresh-Token, or in a cookie; and the DPoP proof. */
void prelude_who_refresh(const struct request *request, struct credential *credential);

enum err prelude_want_refresh(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure);
enum err prelude_want_logout(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err prelude_mint_refresh(const struct request *request, const struct answer *answer,
                              struct claims *claims);
void prelude_show_refresh(const struct request *request, const struct answer *answer,
                          struct reply *reply);
void prelude_show_logout(const struct request *request, const struct answer *answer,
                         struct reply *reply);
/* 204, and nothing else. */
void prelude_show_nothing(const struct request *request, const struct answer *answer,
                          struct reply *reply);

#endif
