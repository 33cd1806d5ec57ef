/* A command line that begins with the name of one of several commands: `rollcall` itself, and what
 * has commands of its own. */
#ifndef ROLLCALL_CTL_GROUP_H
#define ROLLCALL_CTL_GROUP_H

#include "ctl/ctl.h"

/* Runs that of the group's commands which is named, as a command is run; argv[0] is the group's own
 * name. */
int group_run(const struct command *group, struct ctl *ctl, int argc, char **argv);

#endif
