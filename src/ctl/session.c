#include "ctl/session.h"

#include "ctl/group.h"

static const struct command commands[] = {
    {"create", session_create, "begin a session, and print what lets its holder in"},
    {"show", session_show, "show all that is known of a session"},
    {"touch", session_touch, "note that a session is in use"},
    {"extend", session_extend, "move a session's end"},
    {"revoke", session_revoke, "end sessions"},
};
static const struct group group = {
    .doc = "Does to sessions what an application's server can do.\v ",
    .commands = commands,
    .count = sizeof(commands) / sizeof(*commands),
};

int ctl_session(struct ctl *ctl, int argc, char **argv)
{
    return group_run(&group, ctl, argc, argv);
}
