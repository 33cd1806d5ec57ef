#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"

enum { KEY_NO_CHECK = 0x100 };

struct options {
    struct ctl *ctl;
    const char *path;
    bool no_check;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_NO_CHECK:
        options->no_check = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->path)
            argp_error(state, "one folder is expected");
        options->path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!options->path || *options->path == '\0')
            argp_error(state, "a folder is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"no-check", KEY_NO_CHECK, NULL, 0, "Do not look whether the copy is sound", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "FOLDER",
    .doc = "Copies the store, as it is at one instant, to a folder that is made, or is empty. "
           "Everybody may go on using the store meanwhile.\vThe copy is a store itself, with what "
           "is free in the file left out. It is checked as \"rollcall check\" does.",
    .children = ctl_children,
};

static int say_why(enum err err, const char *path)
{
    if (err == ERR_CONFLICT)
        return ctl_fail("%s is no empty folder", path);
    if (err == ERR_FULL)
        return ctl_fail("there is no room for a backup at %s", path);
    return ctl_fail("no backup can be made at %s: %s", path, err_text(err));
}

/* Opens the copy, as one would who needs it. */
static int look(const struct options *options)
{
    struct store_options copy = {.path = options->path, .mode = STORE_READ, .alone = true};
    struct store_stat stat = {.sessions = 0};
    struct store *store;
    uint64_t faults = 0;
    enum err err = store_open(&copy, &store);
    if (err != ERR_OK)
        return ctl_fail("the backup at %s cannot be opened: %s", options->path, err_text(err));
    if (!options->no_check)
        err = store_check(store, ctl_report, NULL, &faults);
    if (err == ERR_OK)
        err = store_stat(store, &stat);
    store_close(store);
    if (err != ERR_OK)
        return ctl_fail("the backup at %s cannot be read: %s", options->path, err_text(err));
    if (faults)
        return ctl_fail("the backup at %s has %" PRIu64 " %s, as the store has", options->path,
                        faults, faults == 1 ? "fault" : "faults");
    printf("backed up %" PRIu64 " apps, %" PRIu64 " users, %" PRIu64 " sessions\n", stat.apps,
           stat.users, stat.sessions);
    return EXIT_DONE;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct store *store;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_open_and_return(ctl, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = store_backup(store, options.path);
    store_close(store);
    return err == ERR_OK ? look(&options) : say_why(err, options.path);
}

const struct command ctl_backup = {
    .name = "backup",
    .summary = "copy the store while it is in use",
    .argp = &argp,
    .run = run,
};
