/* Prelude's management routes for the sessions of a user, with the app's own key. */
#ifndef ROLLCALL_DIALECT_PRELUDE_MANAGE_H
#define ROLLCALL_DIALECT_PRELUDE_MANAGE_H

#include "dialect/dialect.h"

/* Bearer, a key of the app for Prelude; the app in the path must be the key's. */
void prelude_who_manages(const struct request *request, struct credential *credential);

enum err prelude_want_managed(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure);
enum err prelude_want_managed_end(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure);
enum err prelude_want_managed_end_all(const struct request *request, const struct caller *caller,
                                      struct wish *wish, struct failure *failure);
/* The lifetimes of an app's tokens. */
enum err prelude_want_config(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err prelude_want_configure(const struct request *request, const struct caller *caller,
                                struct wish *wish, struct failure *failure);
void prelude_show_config(const struct request *request, const struct answer *answer,
                         struct reply *reply);
/* A token with the claims one likes, of an app that is for trying things out. */
enum err prelude_want_mint(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure);
enum err prelude_mint(const struct request *request, const struct answer *answer,
                      struct claims *claims);
void prelude_show_minted(const struct request *request, const struct answer *answer,
                         struct reply *reply);
void prelude_show_managed(const struct request *request, const struct answer *answer,
                          struct reply *reply);

#endif
