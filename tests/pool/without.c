/* Runs a program as on a kernel that lacks something:
 *
 *   without seccomp|landlock PROGRAM ARGUMENT... */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int lacks_seccomp(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp setting = {.op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP};
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) ||
           seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &setting);
}

static int lacks_landlock(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (argc < 3 || !filter)
        return 2;
    if (strcmp(argv[1], "seccomp") == 0 ? lacks_seccomp(filter) : lacks_landlock(filter))
        return 1;
    if (seccomp_load(filter) == 0)
        execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
