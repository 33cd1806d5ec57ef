#include "ctl/key.h"

#include "ctl/group.h"

static const struct command commands[] = {
    {"list", key_list, "show an app's signing keys, and how many secret keys it has"},
    {"rotate", key_rotate, "have an app sign with a new key"},
    {"add", key_add, "give an app a fresh secret key"},
    {"remove", key_remove, "take a secret key away from an app"},
};
static const struct group group = {
    .doc = "Looks after an app's keys: those that sign its access tokens, and the secret ones that "
           "open its APIs.\v ",
    .commands = commands,
    .count = sizeof(commands) / sizeof(*commands),
};

int ctl_key(struct ctl *ctl, int argc, char **argv)
{
    return group_run(&group, ctl, argc, argv);
}
