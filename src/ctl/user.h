/* What `rollcall user` can do, but for what is shown. */
#ifndef ROLLCALL_CTL_USER_H
#define ROLLCALL_CTL_USER_H

#include "ctl/ctl.h"

extern const struct command user_set;

#endif
