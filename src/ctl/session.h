/* The commands of `rollcall session`, each run as those of ctl.h are. */
#ifndef ROLLCALL_CTL_SESSION_H
#define ROLLCALL_CTL_SESSION_H

#include "ctl/ctl.h"

int session_create(struct ctl *ctl, int argc, char **argv);
int session_show(struct ctl *ctl, int argc, char **argv);
int session_touch(struct ctl *ctl, int argc, char **argv);
int session_extend(struct ctl *ctl, int argc, char **argv);
int session_revoke(struct ctl *ctl, int argc, char **argv);

#endif
