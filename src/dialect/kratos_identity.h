/* An identity and a session in Ory Kratos' JSON. */
#ifndef ROLLCALL_DIALECT_KRATOS_IDENTITY_H
#define ROLLCALL_DIALECT_KRATOS_IDENTITY_H

#include "base/json_out.h"
#include "http/request.h"
#include "model/session.h"
#include "model/user.h"

/* What of an identity is shown beyond what always is. */
enum {
    KRATOS_SCHEMA_URL = 1, /* its text; else an empty one */
    KRATOS_ADDRESSES = 2,
    KRATOS_METADATA_ADMIN = 4
};

enum kratos_devices { KRATOS_DEVICES, KRATOS_DEVICES_EMPTY, KRATOS_DEVICES_NULL };

/* How a session is shown: each of Kratos' answers fills in something else. */
struct kratos_view {
    bool identity; /* else null */
    unsigned detail;
    enum kratos_devices devices;
};

/* Begins the session's object and writes its members; the caller may add some, and ends it. */
void kratos_show_members(const struct request *request, const struct session *session,
                         enum status status, const struct user *user,
                         const struct kratos_view *view, struct json_out *json);

/* The whole of it. */
void kratos_show_session(const struct request *request, const struct session *session,
                         enum status status, const struct user *user,
                         const struct kratos_view *view, struct json_out *json);

#endif
