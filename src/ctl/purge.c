#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"

enum { KEY_AS_OF = 0x100, STEP = 1000 };

struct options {
    struct ctl *ctl;
    int64_t as_of, now;
};

static void parse_as_of(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (!instant_parse(str_of(arg), INSTANT_STRICT, &options->as_of, NULL))
        argp_error(state, "--as-of: an RFC 3339 instant is expected: %s", arg);
    /* Sessions that still let somebody in would go. */
    if (options->as_of > options->now)
        argp_error(state, "--as-of: an instant that has come is expected: %s", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_AS_OF:
        parse_as_of(state, arg);
        return 0;
    default:
        return ctl_parse_nothing(key, arg, state);
    }
}

static const struct argp_option option_rows[] = {
    {"as-of", KEY_AS_OF, "INSTANT", 0,
     "Those whose retention was over by then, which must have come (default: now)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Takes out sessions that have been over for longer than their app keeps them, and "
           "signing keys and proofs that are of no use any more.\vA pool does the same by itself, "
           "a little at a time.",
    .children = ctl_children,
};

static enum err purge_all(struct store *store, const struct options *options, uint64_t *removed)
{
    struct purge_place place = {.len = 0};
    struct progress progress;
    struct store_stat stat;
    uint64_t step;
    *removed = 0;
    enum err err = store_stat(store, &stat);
    if (err != ERR_OK)
        return err;
    progress_begin(&progress, "purging", stat.sessions);
    do {
        err = store_purge_as_of(store, options->as_of, options->now, STEP, &place, &step);
        *removed += step;
        progress_add(&progress, STEP, STEP);
    } while (err == ERR_OK && place.len);
    progress_end(&progress);
    return err == ERR_OK ? store_sweep(store, options->as_of, SIZE_MAX) : err;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    int64_t now = clock_now();
    struct options options = {.ctl = ctl, .as_of = now, .now = now};
    struct store *store;
    uint64_t removed;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_open(ctl, STORE_WRITE, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = purge_all(store, &options, &removed);
    store_close(store);
    printf("purged %" PRIu64 " %s\n", removed, removed == 1 ? "session" : "sessions");
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the purge came to no end: %s", err_text(err));
}

const struct command ctl_purge = {
    .name = "purge",
    .summary = "take out sessions that are past their app's retention",
    .argp = &argp,
    .run = run,
};
