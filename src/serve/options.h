/* The options of the configuration file, from which come its reader, `rollcalld --help`, the
 * example file and rollcall.conf(5). */
#ifndef ROLLCALL_SERVE_OPTIONS_H
#define ROLLCALL_SERVE_OPTIONS_H

#include <stdio.h>

#include "base/buf.h"

enum kind { KIND_TEXT, KIND_LIST, KIND_INTEGER };

/* One row an option: what it may be, what it is when nobody says, what it is for. */
struct config_option {
    const char *name;
    enum kind kind;
    const char *otherwise; /* as the file would have it */
    long low, high;        /* KIND_INTEGER */
    const char *(*wrong)(
        const char *text); /* KIND_TEXT, an element of KIND_LIST: why not, or NULL */
    /* Without a capital at its beginning and a full stop at its end. Whole sentences that stand in
     * the manual and the example alone may follow behind '\v'. */
    const char *help;
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

/* What stands on either side of the option's default in the file. */
const char *config_quote(const struct config_option *option);
/* Appends what the option is for, with its bounds, and a NUL: all of it, or what --help says. */
void config_text(const struct config_option *option, bool all, struct buf *buf);
/* Text in lines of at most 78 bytes, each with `indent` before it. */
void config_wrap(FILE *out, const char *indent, const char *text);
/* Every option with its default and what it is for, as --help has them. */
void config_help(FILE *out);

#endif
