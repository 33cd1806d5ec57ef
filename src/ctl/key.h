/* The commands of `rollcall key`. */
#ifndef ROLLCALL_CTL_KEY_H
#define ROLLCALL_CTL_KEY_H

#include "ctl/ctl.h"

extern const struct command key_list;
extern const struct command key_rotate;
extern const struct command key_add;
extern const struct command key_remove;

#endif
