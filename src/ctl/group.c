#include "ctl/group.h"

#include <stdio.h>

/* The whole command line: what comes before the command, and where that is. */
struct line {
    const struct command *group;
    struct ctl *ctl;
    const char *name; /* the group's own */
    const struct command *command;
    int at;
};

static const struct command *find_command(const struct command *group, const char *name)
{
    const struct command *const *each = group->commands;
    while (*each && strcmp((*each)->name, name) != 0)
        each++;
    return *each;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = line->ctl;
        return 0;
    case ARGP_KEY_ARG:
        line->command = find_command(line->group, arg);
        line->at = state->next - 1;
        if (!line->command)
            argp_error(state, "no such command: %s", arg);
        state->next = state->argc; /* the rest is the command's own */
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
    const struct line *line = input;
    if (key != ARGP_KEY_HELP_POST_DOC || !line)
        return (char *)(uintptr_t)text;
    struct buf buf = {0};
    buf_str(&buf, STR("Commands:\n"));
    for (const struct command *const *each = line->group->commands; *each; each++)
        buf_printf(&buf, "  %-8s %s\n", (*each)->name, (*each)->summary);
    buf_printf(&buf,
               "\n\"%s COMMAND --help\" says more. Exit codes: 0 done, 1 failed, 2 wrong usage.",
               line->name);
    buf_byte(&buf, '\0');
    return buf.failed ? NULL : buf.ptr; /* argp frees it */
}

int group_run(const struct command *group, struct ctl *ctl, int argc, char **argv)
{
    char name[64];
    struct line line = {.group = group, .ctl = ctl, .name = argv[0]};
    const struct argp argp = {
        .parser = parse,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = group->doc,
        .children = ctl_children,
        .help_filter = list_commands,
    };
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line);
    snprintf(name, sizeof(name), "%s %s", argv[0], line.command->name);
    argv[line.at] = name;
    argc -= line.at, argv += line.at;
    return line.command->commands ? group_run(line.command, ctl, argc, argv)
                                  : line.command->run(ctl, argc, argv);
}
