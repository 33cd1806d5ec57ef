/* `session touch` and `session extend`: what a session that is active can be given. */
#include <stdio.h>

#include "base/clock.h"
#include "ctl/find.h"
#include "ctl/session.h"
#include "ctl/work.h"

enum { KEY_BY = 0x100 };

struct options {
    struct ctl *ctl;
    const char *id, *app;
    bool extends;
    int64_t by_s;
};

/* ---- the command line ---- */

static void parse_id(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (options->id)
        argp_error(state, "one session is expected");
    options->id = arg;
}

static void parse_by(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (!str_to_i64(str_of(arg), &options->by_s) || options->by_s < 1 ||
        options->by_s > PERIOD_MAX_S)
        argp_error(state, "--by: a number of seconds from 1 to %lld is expected: %s",
                   (long long)PERIOD_MAX_S, arg);
}

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
    case KEY_BY:
        parse_by(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        parse_id(state, arg);
        return 0;
    case ARGP_KEY_END:
        if (!options->id)
            argp_error(state, "a session's id is expected");
        if (options->extends && !options->by_s)
            argp_error(state, "--by is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define APP_OPTION                                                                                 \
    {                                                                                              \
        "app", 'a', "ID", 0, "Look in this app alone, where several have a session of that id", 0  \
    }
#define NAMING                                                                                     \
    "\vThe session may be named by its UUID, or as any of the vendors spells its id. Exit code 1 " \
    "when there is none, or it is not active."

static const struct argp_option touch_rows[] = {APP_OPTION, {0}};
static const struct argp touch_argp = {
    .options = touch_rows,
    .parser = parse,
    .args_doc = "SESSION_ID",
    .doc = "Notes that an active session is in use now." NAMING,
    .children = ctl_children,
};

static const struct argp_option extend_rows[] = {
    {"by", KEY_BY, "SECONDS", 0, "How much later it ends", 0}, APP_OPTION, {0}};
static const struct argp extend_argp = {
    .options = extend_rows,
    .parser = parse,
    .args_doc = "--by=SECONDS SESSION_ID",
    .doc = "Has an active session end so much later than it would." NAMING,
    .children = ctl_children,
};

/* ---- what is done ---- */

static int not_active(const struct options *options, enum status status)
{
    return ctl_fail("session %s is not active: %s", options->id, status_names[status]);
}

/* It may have ended, or have gone, before it was written to: what it is now is looked at. */
static int show(struct work *work, const struct options *options, const struct named *named)
{
    uint32_t app = named->app.number;
    int64_t idle_ms = named->app.idle_s * SECOND_MS;
    struct uuid uuid = named->session.id;
    struct session session;
    struct buf line = {0};
    char id[UUID_TEXT];
    enum err err = work_look_again(work);
    if (err == ERR_OK)
        err = store_session(work->snapshot, app, &uuid, &session);
    if (err != ERR_OK)
        return ctl_fail("session %s is gone: %s", options->id, err_text(err));
    enum status status = session_status(&session, idle_ms, work->now);
    if (status != STATUS_ACTIVE)
        return not_active(options, status);
    uuid_write(&session.id, id);
    buf_printf(&line, "%s %.*s: %s ", options->extends ? "extended" : "touched", (int)sizeof(id),
               id, options->extends ? "expires" : "last active");
    instant_put_seconds(&line, options->extends ? session.expires : session.last_active);
    return ctl_print(&line);
}

static int change(struct work *work, const struct options *options)
{
    struct named named;
    char id[UUID_TEXT];
    if (find_session(work->snapshot, options->id, options->app, &named) != ERR_OK)
        return EXIT_FAILED;
    uuid_write(&named.session.id, id);
    struct wish wish = {.verb = VERB_TOUCH,
                        .scope = SCOPE_APP,
                        .session = {id, sizeof(id)},
                        .statuses = 1U << STATUS_ACTIVE,
                        .quietly = options->extends,
                        .later_ms = options->by_s * SECOND_MS};
    enum err err = work_grant(work, &named.app, &wish);
    if (err == ERR_ENDED && work->answer.status == STATUS_ACTIVE)
        return ctl_fail("session %s is of an inactive user", options->id);
    if (err == ERR_ENDED)
        return not_active(options, work->answer.status);
    if (err == ERR_OK)
        err = work_write(work);
    return err == ERR_OK ? show(work, options, &named)
                         : ctl_fail("session %s cannot be changed: %s", options->id, err_text(err));
}

static int run(const struct argp *argp, struct options *options, int argc, char **argv)
{
    struct work work;
    argp_parse(argp, argc, argv, 0, NULL, options);
    int code = work_begin(&work, options->ctl, STORE_WRITE) == ERR_OK ? change(&work, options)
                                                                      : EXIT_FAILED;
    return work_end(&work, code);
}

static int run_touch(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    return run(&touch_argp, &options, argc, argv);
}

const struct command session_touch = {
    .name = "touch",
    .summary = "note that a session is in use",
    .argp = &touch_argp,
    .run = run_touch,
};

static int run_extend(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .extends = true};
    return run(&extend_argp, &options, argc, argv);
}

const struct command session_extend = {
    .name = "extend",
    .summary = "move a session's end",
    .argp = &extend_argp,
    .run = run_extend,
};
