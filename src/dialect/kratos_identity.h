/* An identity and a session in Ory Kratos' JSON. */
#ifndef ROLLCALL_DIALECT_KRATOS_IDENTITY_H
#define ROLLCALL_DIALECT_KRATOS_IDENTITY_H

#include "base/json_out.h"
#include "http/request.h"
#include "model/session.h"
#include "model/user.h"

/* How much of an identity is shown: lists leave out addresses and the schema's URL. */
enum kratos_detail { KRATOS_IN_LIST, KRATOS_IN_FULL };

void kratos_show_session(const struct request *request, const struct session *session,
                         const struct user *user, enum kratos_detail detail, struct json_out *json);

#endif
