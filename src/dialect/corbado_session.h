/* Corbado's calls about one session: the current revoke, and the five on long and short sessions
 * that its clients in JavaScript, Go and PHP still make. */
#ifndef ROLLCALL_DIALECT_CORBADO_SESSION_H
#define ROLLCALL_DIALECT_CORBADO_SESSION_H

#include "dialect/dialect.h"

enum err corbado_want_revoke(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err corbado_want_create(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err corbado_want_get(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure);
enum err corbado_want_get_of_user(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure);
enum err corbado_want_status(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err corbado_want_short(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure);

void corbado_show_long(const struct request *request, const struct answer *answer,
                       struct reply *reply);
void corbado_show_short(const struct request *request, const struct answer *answer,
                        struct reply *reply);

/* The claims of a short session. */
enum err corbado_mint_short(const struct request *request, const struct answer *answer,
                            struct claims *claims);

#endif
