#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "dev"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "model/secret.h"

static const struct command {
    const char *name;
    int (*run)(struct ctl *ctl, int argc, char **argv);
    const char *summary;
} commands[] = {
    {"init", ctl_init, "make an empty store"},
    {"import", ctl_import, "read records from JSON Lines files into the store"},
    {"list", ctl_list, "show sessions, the newest first"},
    {"app", ctl_app, "add an app with fresh keys, or list the apps"},
    {"token", ctl_token, "print a Prelude access token for a session"},
    {"stat", ctl_stat, "how much is in the store, and how large it is"},
    {"check", ctl_check, "look whether records and indices agree"},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(*commands) };

/* The whole command line: what comes before the subcommand, and where that is. */
struct line {
    struct ctl ctl;
    const struct command *command;
    int at;
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->ctl;
        return 0;
    case ARGP_KEY_ARG:
        line->command = find_command(arg);
        line->at = state->next - 1;
        if (!line->command)
            argp_error(state, "no such command: %s", arg);
        state->next = state->argc; /* the rest is the subcommand's own */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a command is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Puts the table of commands where argp writes what follows the options. */
static char *list_commands(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    struct buf buf = {0};
    buf_str(&buf, STR("Commands:\n"));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        buf_printf(&buf, "  %-8s %s\n", commands[i].name, commands[i].summary);
    buf_str(&buf, STR("\n\"rollcall COMMAND --help\" says more. Exit codes: 0 done, 1 failed, 2 "
                      "wrong usage."));
    buf_byte(&buf, '\0');
    return buf.failed ? NULL : buf.ptr; /* argp frees it */
}

static const struct argp argp = {
    .parser = parse,
    .args_doc = "COMMAND [ARGUMENT...]",
    .doc = "Looks after a store of login sessions.\v ",
    .children = ctl_children,
    .help_filter = list_commands,
};

static int run(const struct line *line, int argc, char **argv)
{
    char name[64];
    struct ctl ctl = line->ctl;
    snprintf(name, sizeof(name), "rollcall %s", line->command->name);
    argv[line->at] = name;
    int code = line->command->run(&ctl, argc - line->at, argv + line->at);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = ctl_fail("standard output cannot be written: %s", strerror(errno));
    return code;
}

int main(int argc, char **argv)
{
    const char *from_environment = getenv("ROLLCALL_STORE");
    bool given = from_environment && *from_environment;
    struct line line = {.ctl = {.store_path = given ? from_environment : "/var/lib/rollcall"}};
    argp_program_version = "rollcall " PACKAGE_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line);
    if (!secret_begin())
        return ctl_fail("the system's random source does not work");
    return run(&line, argc, argv);
}
