/* What bash and zsh need to complete a program's command line. */
#ifndef ROLLCALL_DOC_SHELL_H
#define ROLLCALL_DOC_SHELL_H

#include <stdio.h>

#include "ctl/ctl.h"

/* A script for bash-completion, as lies in share/bash-completion/completions/. */
void shell_bash(FILE *out, const struct command *program);
/* An autoloaded function, as lies in share/zsh/site-functions/. */
void shell_zsh(FILE *out, const struct command *program);

#endif
