#include <stdio.h>

#include "base/clock.h"
#include "core/core.h"
#include "ctl/ctl.h"
#include "ctl/find.h"

enum { ARENA_BYTES = 1024 * 1024 };

struct options {
    struct ctl *ctl;
    const char *id, *app;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case 'a':
        options->app = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->id)
            argp_error(state, "one session is expected");
        options->id = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a session's id is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "Look in this app alone, where several have a session of that id", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "SESSION_ID",
    .doc = "Prints a Prelude access token for an active session.\vIt is good for as long as the "
           "app says, which is five minutes at first. The session may be named by its UUID, or as "
           "any of the vendors spells its id.",
    .children = ctl_children,
};

/* Whether a token for the session would let in; says why not. */
static bool is_usable(const struct options *options, const struct named *named)
{
    enum status status =
        session_status(&named->session, named->app.idle_s * SECOND_MS, clock_now());
    if (status != STATUS_ACTIVE)
        ctl_fail("session %s is not active: %s", options->id, status_names[status]);
    else if (!named->user.active)
        ctl_fail("session %s is of an inactive user", options->id);
    return status == STATUS_ACTIVE && named->user.active;
}

static int print_token(struct snapshot *snapshot, const struct session *session)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf token = {0};
    enum err err =
        arena ? core_access_token(snapshot, arena, session, clock_now(), &token) : ERR_MEMORY;
    if (err == ERR_OK)
        printf("%.*s\n", STR_ARG(buf_view(&token)));
    buf_free(&token);
    arena_free(arena);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("no token can be made: %s", err_text(err));
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct store *store;
    struct snapshot *snapshot;
    struct named named;
    int code = EXIT_FAILED;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_begin(ctl, &store, &snapshot) != ERR_OK)
        return EXIT_FAILED;
    if (find_session(snapshot, options.id, options.app, &named) == ERR_OK &&
        is_usable(&options, &named))
        code = print_token(snapshot, &named.session);
    return ctl_end(store, snapshot, code);
}

const struct command ctl_token = {
    .name = "token",
    .summary = "print a Prelude access token for a session",
    .argp = &argp,
    .run = run,
};
