#include <stdio.h>

#include "base/clock.h"
#include "core/core.h"
#include "ctl/ctl.h"

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
    {"app", 'a', "ID", 0, "Look in this app alone", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "SESSION_ID",
    .doc = "Prints a Prelude access token for an active session, good for five minutes.\v"
           "The session may be named by its UUID, or as any of the vendors spells its id.",
    .children = ctl_children,
};

/* A search through the apps. */
struct search {
    struct snapshot *snapshot;
    const struct options *options;
    struct app app;
    struct session session;
    size_t found; /* how many different sessions */
};

static enum err take(struct search *search, const struct app *app, enum err err,
                     const struct session *session)
{
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    bool same = search->found && search->session.app == session->app &&
                memcmp(&search->session.id, &session->id, sizeof(session->id)) == 0;
    search->app = *app;
    search->session = *session;
    search->found += !same;
    return ERR_OK;
}

static enum err look_in(void *context, const struct app *app)
{
    struct search *search = context;
    struct str id = str_of(search->options->id);
    struct session session;
    struct uuid uuid;
    enum err err = ERR_OK;
    if (search->options->app && !str_eq(app->id, str_of(search->options->app)))
        return ERR_OK;
    if (uuid_parse_text(id, &uuid))
        err = take(search, app, store_session(search->snapshot, app->number, &uuid, &session),
                   &session);
    for (int vendor = 1; err == ERR_OK && vendor < VENDOR_END; vendor++)
        err = take(search, app,
                   store_session_by_spelling(search->snapshot, app->number, (enum vendor)vendor, id,
                                             &session),
                   &session);
    return err;
}

/* Whether a token for the session found would let in; says why not. */
static bool is_usable(const struct search *search)
{
    struct user user;
    enum err err = store_user(search->snapshot, search->session.app, search->session.user, &user);
    enum status status =
        session_status(&search->session, search->app.idle_s * SECOND_MS, clock_now());
    if (err != ERR_OK)
        ctl_fail("the session's user cannot be read: %s", err_text(err));
    else if (status != STATUS_ACTIVE)
        ctl_fail("session %s is not active: %s", search->options->id, status_names[status]);
    else if (!user.active)
        ctl_fail("session %s is of an inactive user", search->options->id);
    return err == ERR_OK && status == STATUS_ACTIVE && user.active;
}

static int print_token(const struct search *search)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf token = {0};
    enum err err =
        arena ? core_access_token(search->snapshot, arena, &search->session, clock_now(), &token)
              : ERR_MEMORY;
    if (err == ERR_OK)
        printf("%.*s\n", STR_ARG(buf_view(&token)));
    buf_free(&token);
    arena_free(arena);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("no token can be made: %s", err_text(err));
}

static int answer(struct search *search)
{
    const struct options *options = search->options;
    enum err err = store_each_app(search->snapshot, look_in, search);
    if (err != ERR_OK)
        return ctl_fail("the store cannot be read: %s", err_text(err));
    if (search->found == 0)
        return ctl_fail("no session of that id");
    if (search->found > 1)
        return ctl_fail("%s names more than one session%s", options->id,
                        options->app ? "" : "; --app says which app's");
    return is_usable(search) ? print_token(search) : EXIT_FAILED;
}

int ctl_token(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct search search = {.options = &options};
    struct store *store;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_begin(ctl, &store, &search.snapshot) != ERR_OK)
        return EXIT_FAILED;
    int code = answer(&search);
    ctl_end(store, search.snapshot);
    return code;
}
