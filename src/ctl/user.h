/* The commands of `rollcall user`, each run as those of ctl.h are. */
#ifndef ROLLCALL_CTL_USER_H
#define ROLLCALL_CTL_USER_H

#include "ctl/ctl.h"

int user_list(struct ctl *ctl, int argc, char **argv);
int user_show(struct ctl *ctl, int argc, char **argv);
int user_set(struct ctl *ctl, int argc, char **argv);

#endif
