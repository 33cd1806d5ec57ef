/* The commands of `rollcall session`. */
#ifndef ROLLCALL_CTL_SESSION_H
#define ROLLCALL_CTL_SESSION_H

#include "ctl/ctl.h"

extern const struct command session_create;
extern const struct command session_show;
extern const struct command session_touch;
extern const struct command session_extend;
extern const struct command session_revoke;

#endif
