#include "ctl/session.h"

static const struct command *const commands[] = {&session_create, &session_show,   &session_touch,
                                                 &session_extend, &session_revoke, NULL};

const struct command ctl_session = {
    .name = "session",
    .summary = "create, show, touch, extend or revoke sessions",
    .doc = "Does to sessions what an application's server can do.\v ",
    .commands = commands,
};
