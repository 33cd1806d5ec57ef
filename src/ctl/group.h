/* A command line that begins with the name of one of several commands: `rollcall` itself, and what
 * has commands of its own. */
#ifndef ROLLCALL_CTL_GROUP_H
#define ROLLCALL_CTL_GROUP_H

#include "ctl/ctl.h"

struct command {
    const char *name;
    int (*run)(struct ctl *ctl, int argc, char **argv);
    const char *summary;
};

struct group {
    const char *doc;
    const struct command *commands;
    size_t count;
};

/* Runs the command that is named, as those of ctl.h are run; argv[0] is the group's own name. */
int group_run(const struct group *group, struct ctl *ctl, int argc, char **argv);

#endif
