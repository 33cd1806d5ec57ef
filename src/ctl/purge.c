#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"

enum { KEY_AS_OF = 0x100, KEY_AUDIT_BEFORE, STEP = 1000 };

struct options {
    struct ctl *ctl;
    int64_t as_of, audit_before, now;
};

/* One to come would take out sessions that still let somebody in, and lines not yet written. */
static int64_t parse_past(struct argp_state *state, const char *name, const char *arg)
{
    const struct options *options = state->input;
    int64_t instant = 0;
    if (!instant_parse(str_of(arg), INSTANT_STRICT, &instant, NULL))
        argp_error(state, "--%s: an RFC 3339 instant is expected: %s", name, arg);
    if (instant > options->now)
        argp_error(state, "--%s: an instant that has come is expected: %s", name, arg);
    return instant;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_AS_OF:
        options->as_of = parse_past(state, "as-of", arg);
        return 0;
    case KEY_AUDIT_BEFORE:
        options->audit_before = parse_past(state, "audit-before", arg);
        return 0;
    default:
        return ctl_parse_nothing(key, arg, state);
    }
}

static const struct argp_option option_rows[] = {
    {"as-of", KEY_AS_OF, "INSTANT", 0,
     "Those whose retention was over by then, which must have come (default: now)", 0},
    {"audit-before", KEY_AUDIT_BEFORE, "INSTANT", 0,
     "And lines of the audit trail that are older (default: none of it goes)", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Takes out sessions that have been over for longer than their app keeps them, and "
           "signing keys and proofs that are of no use any more.\vA pool does the same by itself, "
           "a little at a time, but for the audit trail.",
    .children = ctl_children,
};

static void tell_damaged(uint64_t count)
{
    if (count)
        ctl_fail("%" PRIu64 " damaged %s stayed: see rollcall check", count,
                 count == 1 ? "session" : "sessions");
}

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
        err = store_purge_as_of(store, options->as_of, clock_now(), STEP, &place, &step);
        *removed += step;
        progress_add(&progress, STEP, STEP);
    } while (err == ERR_OK && place.len);
    progress_end(&progress);
    tell_damaged(place.damaged);
    enum err sweep_err = store_sweep(store, options->now, SIZE_MAX);
    return err == ERR_OK ? sweep_err : err;
}

/* In steps, since a pool may be at work on the store. */
static enum err catch_up(struct store *store)
{
    bool more = true;
    enum err err = ERR_OK;
    while (err == ERR_OK && more)
        err = store_catch_up(store, clock_now(), STEP, &more);
    return err;
}

static enum err purge_audit(struct store *store, int64_t before, uint64_t *removed)
{
    uint64_t step;
    enum err err;
    *removed = 0;
    do {
        err = store_purge_audit(store, before, STEP, &step);
        *removed += step;
    } while (err == ERR_OK && step == STEP);
    return err;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    int64_t now = clock_now();
    struct options options = {.ctl = ctl, .as_of = now, .audit_before = INSTANT_MIN, .now = now};
    struct store *store;
    uint64_t removed, lines = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_open(ctl, STORE_WRITE, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = purge_all(store, &options, &removed);
    if (err == ERR_OK)
        err = catch_up(store);
    if (err == ERR_OK && options.audit_before != INSTANT_MIN)
        err = purge_audit(store, options.audit_before, &lines);
    store_close(store);
    printf("purged %" PRIu64 " %s\n", removed, removed == 1 ? "session" : "sessions");
    if (options.audit_before != INSTANT_MIN)
        printf("purged %" PRIu64 " %s of the audit trail\n", lines, lines == 1 ? "line" : "lines");
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the purge came to no end: %s", err_text(err));
}

const struct command ctl_purge = {
    .name = "purge",
    .summary = "take out sessions that are past their app's retention",
    .argp = &argp,
    .run = run,
};
