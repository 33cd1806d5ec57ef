/* The `rollcall` command: its subcommands, and what they share. */
#ifndef ROLLCALL_CTL_CTL_H
#define ROLLCALL_CTL_CTL_H

#include <argp.h>

#include "base/buf.h"
#include "store/store.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What was said before the subcommand, or with it. */
struct ctl {
    const char *store_path;
};

/* What `rollcall` can be told to do: it is done here, or by the commands of its own that it has.
 * The command line is read by it, --help, the manual and the shells' completions are made of it. */
struct command {
    const char *name, *summary;
    const struct argp *argp;
    /* Does it with its own arguments, argv[0] being its name, and gives the exit code. Wrong usage
     * ends the process. */
    int (*run)(struct ctl *ctl, int argc, char **argv);
    /* Instead of these two: NULL behind the last one, and what is said of all of them. */
    const struct command *const *commands;
    const char *doc;
};

extern const struct command ctl_init, ctl_import, ctl_list, ctl_session, ctl_user, ctl_app, ctl_key,
    ctl_token, ctl_audit, ctl_explain, ctl_stat, ctl_top, ctl_check, ctl_purge, ctl_backup,
    ctl_restore;
/* `rollcall` itself. */
extern const struct command ctl_rollcall;

/* The options every subcommand has (--store), as the one child of its argp; the parser's input is
 * the struct ctl, which a subcommand's own parser hands on at ARGP_KEY_INIT. */
extern const struct argp_child ctl_children[];
/* A parser for subcommands without options or arguments of their own. */
error_t ctl_parse_nothing(int key, char *arg, struct argp_state *state);

/* Says on standard error what failed; always EXIT_FAILED. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What root does with a store it does as the owner of the folder, who may have put there what leads
 * elsewhere: files that were named are opened before. ERR_IO, logged. */
enum err ctl_become_owner(const struct ctl *ctl) MUST_CHECK;
/* Opens the store, as its owner; one of an earlier format is brought up, be it for reading alone.
 */
enum err ctl_try_open(const struct ctl *ctl, enum store_mode mode, struct store **store) MUST_CHECK;
/* The same, or says why it cannot. */
enum err ctl_open(const struct ctl *ctl, enum store_mode mode, struct store **store) MUST_CHECK;
/* The same for reading, while who this is stays who it is: to write what is named. */
enum err ctl_open_and_return(const struct ctl *ctl, struct store **store) MUST_CHECK;
/* Gives the command's exit code; says so, where others have written over what it has shown. */
int ctl_judge(const struct snapshot *snapshot, int code);
/* Opens the store for reading and begins a snapshot in it, or says why it cannot; ctl_end ends
 * both, and gives the exit code as ctl_judge does. */
enum err ctl_begin(const struct ctl *ctl, struct store **store,
                   struct snapshot **snapshot) MUST_CHECK;
int ctl_end(struct store *store, struct snapshot *snapshot, int code);

/* Says a fault that store_check found; a store_report_fn, `context` is not looked at. */
void ctl_report(void *context, struct str sentence);

/* Prints what was written as a line, and frees it; the exit code. */
int ctl_print(struct buf *buf);

/* Appends text from a record for a terminal: control characters, which could steer it, as \xNN. */
void ctl_put_visible(struct buf *buf, struct str text);

#endif
