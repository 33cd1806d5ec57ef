/* describe: what is told of the programs elsewhere than in themselves, made of their own tables. It
 * is not installed; `make` runs it.
 *     describe page OPENAPI.json <TEMPLATE     a manual page
 *     describe example                         rollcall.conf
 *     describe bash PROGRAM, zsh PROGRAM       completion of a program's command line */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc/manual.h"
#include "doc/page.h"
#include "doc/program.h"
#include "doc/shell.h"

static bool describe(const char *what, const char *argument)
{
    const struct command *program = program_find(argument);
    if (strcmp(what, "page") == 0)
        return page_write(stdin, argument, stdout);
    if (strcmp(what, "example") == 0)
        manual_example(stdout);
    else if (strcmp(what, "bash") == 0 && program)
        shell_bash(stdout, program);
    else if (strcmp(what, "zsh") == 0 && program)
        shell_zsh(stdout, program);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !describe(argv[1], argc > 2 ? argv[2] : ""))
        return EXIT_FAILURE;
    if (fflush(stdout) != 0) {
        fprintf(stderr, "describe: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
