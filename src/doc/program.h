/* The two programs as what documents them sees them: commands, their options, and what these take.
 */
#ifndef ROLLCALL_DOC_PROGRAM_H
#define ROLLCALL_DOC_PROGRAM_H

#include "ctl/ctl.h"

/* A program, or a command in one, by its whole name: "rollcall", "rollcall app add", "rollcalld".
 * NULL when there is none. */
const struct command *program_find(const char *name);

/* The command's own options; one without a name is behind the last. */
const struct argp_option *program_options(const struct command *command);
/* Whether there is an option to be shown; hidden ones stand behind all others. */
bool program_shows(const struct argp_option *option);
/* The options it shares with all the others of its program; NULL when there are none. */
const struct argp_option *program_shared(const struct command *command);
/* Those that argp brings along. */
extern const struct argp_option program_help[];

/* What a value is, by the name that stands for it in --help: a file, a folder, one of some words.
 * Anything else is not known. */
enum value_kind { VALUE_TEXT, VALUE_FILE, VALUE_FOLDER, VALUE_WORD };
struct value {
    const char *name;
    enum value_kind kind;
    const char *(*word)(size_t i); /* NULL behind the last one */
};
/* `name` may have "..." behind it. */
const struct value *value_of(const char *name);

/* What a command takes beside options: the first such word of its usage, or NULL. The caller frees
 * it. */
char *program_argument(const struct command *command);

#endif
