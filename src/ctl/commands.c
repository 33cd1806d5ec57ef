#include "ctl/ctl.h"

static const struct command *const commands[] = {
    &ctl_init,  &ctl_import, &ctl_list,   &ctl_session, &ctl_user, &ctl_app,
    &ctl_key,   &ctl_token,  &ctl_audit,  &ctl_explain, &ctl_stat, &ctl_top,
    &ctl_check, &ctl_purge,  &ctl_backup, &ctl_restore, NULL,
};

const struct command ctl_rollcall = {
    .name = "rollcall",
    .doc = "Looks after a store of login sessions.\v ",
    .commands = commands,
};
