/* The parts of the manual pages that are made of the programs' own tables, in mdoc(7). */
#ifndef ROLLCALL_DOC_MANUAL_H
#define ROLLCALL_DOC_MANUAL_H

#include <stdio.h>

#include "ctl/ctl.h"

/* How a program is called, a command after the other. */
void manual_synopsis(FILE *out, const struct command *program);
/* The options of a command; of a program, or of what has commands, also those that all of them
 * share. Nothing where there are none. */
void manual_options(FILE *out, const struct command *command);
/* The options of the configuration file. */
void manual_config(FILE *out);
/* The same as the example file that is installed. */
void manual_example(FILE *out);

#endif
