/* The command line of rollcalld. */
#ifndef ROLLCALL_SERVE_ARGUMENTS_H
#define ROLLCALL_SERVE_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

enum { USAGE = 2 }; /* the exit code where it is wrong */

struct arguments {
    const char *config; /* the file, or NULL */
    bool check;
};

/* Its input is a struct arguments. */
extern const struct argp rollcalld_argp;

#endif
