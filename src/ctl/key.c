#include "ctl/key.h"

static const struct command *const commands[] = {&key_list, &key_rotate, &key_add, &key_remove,
                                                 NULL};

const struct command ctl_key = {
    .name = "key",
    .summary = "list, rotate, add or remove an app's keys",
    .doc = "Looks after an app's keys: those that sign its access tokens, and the secret ones that "
           "open its APIs.\v ",
    .commands = commands,
};
