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

int main(int argc, char **argv)
{
    const char *from_environment = getenv("ROLLCALL_STORE");
    bool given = from_environment && *from_environment;
    struct ctl ctl = {.store_path = given ? from_environment : LOCALSTATEDIR "/lib/rollcall"};
    char name[] = "rollcall";
    argp_program_version = "rollcall " PACKAGE_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    if (argc > 0)
        argv[0] = name;
    if (!secret_begin())
        return ctl_fail("the system's random source does not work");
    int code = group_run(&ctl_rollcall, &ctl, argc, argv);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = ctl_fail("standard output cannot be written: %s", strerror(errno));
    return code;
}
