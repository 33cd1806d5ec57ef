/* Rocket.Chat's calls about one session, about everybody's, and those its clients make around them:
 * login by resume token, me, logout. */
#ifndef ROLLCALL_DIALECT_ROCKETCHAT_SESSION_H
#define ROLLCALL_DIALECT_ROCKETCHAT_SESSION_H

#include "dialect/dialect.h"

/* The token that a login resumes, from the body. */
void rocketchat_who_resumes(const struct request *request, struct credential *credential);

enum err rocketchat_want_all(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure);
enum err rocketchat_want_info(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure);
enum err rocketchat_want_info_admin(const struct request *request, const struct caller *caller,
                                    struct wish *wish, struct failure *failure);
enum err rocketchat_want_logout_me(const struct request *request, const struct caller *caller,
                                   struct wish *wish, struct failure *failure);
enum err rocketchat_want_logout_admin(const struct request *request, const struct caller *caller,
                                      struct wish *wish, struct failure *failure);
enum err rocketchat_want_self(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure);
enum err rocketchat_want_end_self(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure);

void rocketchat_show_all(const struct request *request, const struct answer *answer,
                         struct reply *reply);
void rocketchat_show_info(const struct request *request, const struct answer *answer,
                          struct reply *reply);
void rocketchat_show_info_admin(const struct request *request, const struct answer *answer,
                                struct reply *reply);
void rocketchat_show_logged_out(const struct request *request, const struct answer *answer,
                                struct reply *reply);
void rocketchat_show_login(const struct request *request, const struct answer *answer,
                           struct reply *reply);
void rocketchat_show_me(const struct request *request, const struct answer *answer,
                        struct reply *reply);
void rocketchat_show_goodbye(const struct request *request, const struct answer *answer,
                             struct reply *reply);

/* ---- shared with the list of one's own ---- */

struct json_out rocketchat_begin(struct reply *reply);
/* The members that a row of any list begins with, up to loginAt. */
void rocketchat_show_row(const struct session *session, const struct user *user,
                         struct json_out *json);
/* The members after a list's rows: total, count, offset, success. */
void rocketchat_show_totals(const struct request *request, const struct answer *answer,
                            struct json_out *json);
enum pattern_kind rocketchat_filter_kind(const struct caller *caller);

#endif
