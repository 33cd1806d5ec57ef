/* The command line of rollcalld. */
#ifndef ROLLCALL_SERVE_ARGUMENTS_H
#define ROLLCALL_SERVE_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

enum { USAGE = 2 }; /* the exit code where it is wrong */

struct arguments {
    const char *config; /* the file, or NULL */
    bool check;
    const char *take_over; /* the descriptor of what a master hands over, or NULL */
    char *const *argv;     /* all of them, for the program that comes after this one */
};

/* Its input is a struct arguments. */
extern const struct argp rollcalld_argp;

#endif
