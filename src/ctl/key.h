/* The commands of `rollcall key`, each run as those of ctl.h are. */
#ifndef ROLLCALL_CTL_KEY_H
#define ROLLCALL_CTL_KEY_H

#include "ctl/ctl.h"

int key_list(struct ctl *ctl, int argc, char **argv);
int key_rotate(struct ctl *ctl, int argc, char **argv);
int key_add(struct ctl *ctl, int argc, char **argv);
int key_remove(struct ctl *ctl, int argc, char **argv);

#endif
