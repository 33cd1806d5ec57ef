#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/temporary.h"

enum { KEY_REPAIR = 0x100, REPAIR_MEMORY = 256 * 1024 * 1024 };

struct options {
    struct ctl *ctl;
    bool repair;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = options->ctl;
    else if (key == KEY_REPAIR)
        options->repair = true;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "no argument is expected: %s", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const struct argp_option option_rows[] = {
    {"repair", KEY_REPAIR, NULL, 0,
     "Where something is wrong, make the index anew from the records, and look again", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Looks whether every record has its index entries, every index entry its record, and "
           "whether counts agree.\vWhat is wrong is said on standard error, a line each; the exit "
           "code is then 1. A repair changes no record: of one that cannot be read nothing is in "
           "the index then, and it is told again.",
    .children = ctl_children,
};

static int conclude(enum err err, uint64_t faults)
{
    if (err != ERR_OK)
        return ctl_fail("the check came to no end: %s", err_text(err));
    if (faults)
        return ctl_fail("%" PRIu64 " %s", faults, faults == 1 ? "fault" : "faults");
    printf("nothing is wrong\n");
    return EXIT_DONE;
}

/* ---- repair ---- */

static void show(void *context, uint64_t records, uint64_t done, uint64_t total)
{
    progress_set(context, records, done, total);
}

static void report(void *context, struct str sentence)
{
    progress_end(context);
    ctl_report(NULL, sentence);
}

static enum err repair(const struct ctl *ctl, struct store *store)
{
    struct progress progress;
    struct temporary dir = temporary_dir(ctl->store_path);
    struct repair repair = {.now = clock_now(),
                            .dir = dir.path,
                            .memory = REPAIR_MEMORY,
                            .report = report,
                            .progress = show,
                            .context = &progress};
    progress_begin(&progress, "indexing", 0);
    enum err err = store_repair(store, &repair);
    progress_end(&progress);
    if (err != ERR_OK)
        ctl_fail("the index cannot be made anew, and is as it was: %s",
                 err == ERR_CONFLICT ? "two sessions of an app have one id" : err_text(err));
    else
        printf("the index was made anew from the records\n");
    return err;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct store *store;
    uint64_t faults = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_open(ctl, options.repair ? STORE_WRITE : STORE_READ, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = store_check(store, ctl_report, NULL, &faults);
    if (options.repair && (faults || err != ERR_OK)) {
        ctl_fail("%" PRIu64 " %s before the repair", faults, faults == 1 ? "fault" : "faults");
        if (repair(ctl, store) == ERR_OK)
            err = store_check(store, ctl_report, NULL, &faults);
    }
    store_close(store);
    return conclude(err, faults);
}

const struct command ctl_check = {
    .name = "check",
    .summary = "look whether records and indices agree",
    .argp = &argp,
    .run = run,
};
