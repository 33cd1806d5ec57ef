#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "dev"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/group.h"
#include "model/secret.h"

static const struct command commands[] = {
    {"init", ctl_init, "make an empty store"},
    {"import", ctl_import, "read records from JSON Lines files into the store"},
    {"list", ctl_list, "show sessions, the newest first"},
    {"session", ctl_session, "create, show, touch, extend or revoke sessions"},
    {"user", ctl_user, "list, show or change users"},
    {"app", ctl_app, "add an app with fresh keys, or list the apps"},
    {"key", ctl_key, "list, rotate, add or remove an app's keys"},
    {"token", ctl_token, "print a Prelude access token for a session"},
    {"audit", ctl_audit, "show what became of which session, when, and by whom"},
    {"explain", ctl_explain, "how a list is answered, and how long it takes"},
    {"stat", ctl_stat, "how much is in the store, and how large it is"},
    {"check", ctl_check, "look whether records and indices agree"},
    {"purge", ctl_purge, "take out sessions that are past their app's retention"},
    {"backup", ctl_backup, "copy the store while it is in use"},
    {"restore", ctl_restore, "put a backup in the store's place"},
};
static const struct group group = {
    .doc = "Looks after a store of login sessions.\v ",
    .commands = commands,
    .count = sizeof(commands) / sizeof(*commands),
};

int main(int argc, char **argv)
{
    const char *from_environment = getenv("ROLLCALL_STORE");
    bool given = from_environment && *from_environment;
    struct ctl ctl = {.store_path = given ? from_environment : "/var/lib/rollcall"};
    char name[] = "rollcall";
    argp_program_version = "rollcall " PACKAGE_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    if (argc > 0)
        argv[0] = name;
    if (!secret_begin())
        return ctl_fail("the system's random source does not work");
    int code = group_run(&group, &ctl, argc, argv);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = ctl_fail("standard output cannot be written: %s", strerror(errno));
    return code;
}
