/* Ory Kratos' administrative routes, and what they share with the public ones. */
#ifndef ROLLCALL_DIALECT_KRATOS_ADMIN_H
#define ROLLCALL_DIALECT_KRATOS_ADMIN_H

#include "dialect/dialect.h"
#include "dialect/kratos_identity.h"

/* The app's admin key in Authorization, with or without the word Bearer: the clients made for Ory
 * Network send it, those made for one's own Kratos send the key alone. */
void kratos_who_admin(const struct request *request, struct credential *credential);

enum err kratos_want_all(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure);
enum err kratos_want_one(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure);
enum err kratos_want_end(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure);
enum err kratos_want_extend(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure);
enum err kratos_want_bulk(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure);
enum err kratos_want_of_identity(const struct request *request, const struct caller *caller,
                                 struct wish *wish, struct failure *failure);
enum err kratos_want_end_of_identity(const struct request *request, const struct caller *caller,
                                     struct wish *wish, struct failure *failure);
enum err kratos_want_redirect(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure);

void kratos_show_all(const struct request *request, const struct answer *answer,
                     struct reply *reply);
void kratos_show_one(const struct request *request, const struct answer *answer,
                     struct reply *reply);
void kratos_show_bulk(const struct request *request, const struct answer *answer,
                      struct reply *reply);
void kratos_show_of_identity(const struct request *request, const struct answer *answer,
                             struct reply *reply);
void kratos_show_redirect(const struct request *request, const struct answer *answer,
                          struct reply *reply);

/* Begins an answer: the type of a body, and no caching. */
void kratos_begin(struct reply *reply, struct str type);
/* The same for a success, with a writer into the body; its end is a line's end. */
struct json_out kratos_begin_json(struct reply *reply);
void kratos_end_json(struct reply *reply);
/* 204, and nothing else. */
void kratos_show_nothing(const struct request *request, const struct answer *answer,
                         struct reply *reply);
/* A page of sessions with its Link and X-Total-Count, as `view` says. */
void kratos_show_page(const struct request *request, const struct answer *answer,
                      const struct kratos_view *view, struct reply *reply);

#endif
