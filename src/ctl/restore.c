#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"

enum { KEY_FORCE = 0x100 };

struct options {
    struct ctl *ctl;
    const char *backup;
    bool force;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_FORCE:
        options->force = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->backup)
            argp_error(state, "one backup is expected");
        options->backup = arg;
        return 0;
    case ARGP_KEY_END:
        if (!options->backup || *options->backup == '\0')
            argp_error(state, "a backup's folder is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"force", KEY_FORCE, NULL, 0, "Replace a store that is there", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "BACKUP",
    .doc = "Makes the store from a backup, which is a folder that \"rollcall backup\" made.\vThe "
           "backup is checked first; only a sound one takes the store's place, and all at once. "
           "Nobody may have the store open: stop the pool before.",
    .children = ctl_children,
};

static int say_why(enum err err, const struct restore *restore)
{
    if (restore->faults)
        return ctl_fail("the backup at %s has %" PRIu64 " %s; nothing was restored",
                        restore->backup, restore->faults,
                        restore->faults == 1 ? "fault" : "faults");
    switch (err) {
    case ERR_NOT_FOUND:
        return ctl_fail("no backup at %s", restore->backup);
    case ERR_INVALID:
        return ctl_fail("%s is a store in use, not a backup", restore->backup);
    case ERR_CONFLICT:
        return ctl_fail("there is a store at %s already; --force replaces it", restore->path);
    case ERR_BUSY:
        return ctl_fail("the store at %s is in use; stop the pool first", restore->path);
    case ERR_FULL:
        return ctl_fail("there is no room for the backup at %s", restore->path);
    case ERR_CORRUPT:
    case ERR_VERSION:
        return ctl_fail("the backup at %s cannot be used: %s", restore->backup, err_text(err));
    default:
        return ctl_fail("the backup cannot be restored to %s: %s", restore->path, err_text(err));
    }
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct restore restore = {.backup = options.backup,
                              .path = ctl->store_path,
                              .replace = options.force,
                              .report = ctl_report};
    enum err err = store_restore_open(&restore);
    if (err == ERR_OK)
        err = ctl_become_owner(ctl);
    if (err == ERR_OK)
        err = store_restore(&restore);
    if (err != ERR_OK)
        return say_why(err, &restore);
    printf("restored %s from %s\n", restore.path, restore.backup);
    return EXIT_DONE;
}

const struct command ctl_restore = {
    .name = "restore",
    .summary = "put a backup in the store's place",
    .argp = &argp,
    .run = run,
};
