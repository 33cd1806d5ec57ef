#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "dev"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/std.h"
#include "ctl/group.h"
#include "model/secret.h"

/* A page that is not there (store_on_lack); what is called here may be (signal-safety(7)). */
static void on_lack(void)
{
    static const char text[] = "rollcall: the store is damaged, was cut short, or its disk cannot "
                               "be read; \"rollcall restore\" puts a backup in its place\n";
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
    const char *from_environment = getenv("ROLLCALL_STORE");
    bool given = from_environment && *from_environment;
    struct ctl ctl = {.store_path = given ? from_environment : LOCALSTATEDIR "/lib/rollcall"};
    char name[] = "rollcall";
    std_reserve();
    argp_program_version = "rollcall " PACKAGE_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    if (argc > 0)
        argv[0] = name;
    store_on_lack(on_lack);
    if (!secret_begin())
        return ctl_fail("the system's random source does not work");
    int code = group_run(&ctl_rollcall, &ctl, argc, argv);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = ctl_fail("standard output cannot be written: %s", strerror(errno));
    return code;
}
