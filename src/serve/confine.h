/* Least power: what a process that reads what comes from outside can do to the system is no more
 * than its duty takes, even once somebody else has got hold of it. */
#ifndef ROLLCALL_SERVE_CONFINE_H
#define ROLLCALL_SERVE_CONFINE_H

#include <stdio.h>

#include "base/err.h"
#include "serve/calls.h"

struct config;

enum confine_mode {
    CONFINE_AUTO,    /* as far as the kernel can */
    CONFINE_REQUIRE, /* or not at all */
    CONFINE_OFF
};
/* "auto", "require", "off"; false for any other word. */
bool confine_mode_parse(const char *word, enum confine_mode *mode);

/* Takes from this process, for good, what its duty does not take. Signals `master` by SIGRTMIN
 * afterwards, if it is not 0. `settled`: the store is open; without, it can be looked for, and
 * confine_settle takes that away. ERR_IO, logged: where all of it is required, and not to be had.
 */
enum err confine(const struct config *config, enum duty duty, pid_t master,
                 bool settled) MUST_CHECK;
enum err confine_settle(const struct config *config, enum duty duty, pid_t master) MUST_CHECK;

/* Tries it out, and logs a line for each duty of this configuration: what is in force here;
 * warnings for what is not. ERR_IO, logged: all of it is required, and not to be had. */
enum err confine_check(const struct config *config) MUST_CHECK;
/* The same, printed as comments, for every duty there is. */
enum err confine_print(const struct config *config, FILE *out) MUST_CHECK;

#endif
