/* Rollcall's own API, for an application's login code: what the files of it share. */
#ifndef ROLLCALL_DIALECT_NATIVE_H
#define ROLLCALL_DIALECT_NATIVE_H

#include "dialect/dialect.h"

enum { NATIVE_LIMIT_DEFAULT = 100, NATIVE_LIMIT_MAX = 1000 };

/* What is wrong with an `after` that is none. */
extern const char native_no_page[];

/* ERR_INVALID, with the field at fault and what it must be. */
enum err native_refuse(struct failure *failure, const char *field, const char *text) MUST_CHECK;

/* `limit`, 1 to NATIVE_LIMIT_MAX. */
enum err native_read_limit(const struct request *request, struct wish *wish,
                           struct failure *failure) MUST_CHECK;

/* Writes a session's object: its record, its status, how each vendor spells its id, and whether it
 * is somebody's own. */
void native_show_session(const struct answer *answer, const struct session *session,
                         const struct user *user, enum status status, struct json_out *json);

/* ---- sessions ---- */
enum err native_want_create(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure);
enum err native_want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure);
enum err native_want_list_of_user(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure);
enum err native_want_get(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure);
enum err native_want_touch(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure);
enum err native_want_extend(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure);
enum err native_want_end(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure);
enum err native_want_revoke(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure);
enum err native_mint_access(const struct request *request, const struct answer *answer,
                            struct claims *claims);
void native_show_created(const struct request *request, const struct answer *answer,
                         struct reply *reply);
void native_show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply);
void native_show_one(const struct request *request, const struct answer *answer,
                     struct reply *reply);
void native_show_revoked(const struct request *request, const struct answer *answer,
                         struct reply *reply);

#endif
