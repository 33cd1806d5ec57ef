#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/find.h"
#include "ctl/session.h"
#include "ctl/session_rows.h"
#include "ctl/work.h"

enum { KEY_AS = 0x100, KEY_EXCEPT, KEY_DRY_RUN };

struct options {
    struct ctl *ctl;
    const char *app, *user, *except;
    enum ending as;
    bool dry;
    char **ids; /* into argv */
    size_t id_count;
};

/* ---- the command line ---- */

static void parse_as(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    bool revoked = strcmp(arg, "revoked") == 0;
    if (!revoked && strcmp(arg, "logged_out") != 0)
        argp_error(state, "--as: revoked or logged_out is expected: %s", arg);
    options->as = revoked ? ENDING_REVOKED : ENDING_LOGGED_OUT;
}

/* Which sessions are meant must be clear: those named, or those of a user. */
static void check_usage(struct argp_state *state)
{
    const struct options *options = state->input;
    if (options->user && options->id_count)
        argp_error(state, "either sessions or --user is expected, not both");
    if (!options->user && options->id_count == 0)
        argp_error(state, "a session's id, or --app and --user, are expected");
    if (options->user && !options->app)
        argp_error(state, "--app is expected with --user");
    if (options->except && !options->user)
        argp_error(state, "--except goes with --user");
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
    case 'u':
        options->user = arg;
        return 0;
    case KEY_EXCEPT:
        options->except = arg;
        return 0;
    case KEY_AS:
        parse_as(state, arg);
        return 0;
    case KEY_DRY_RUN:
        options->dry = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->ids = state->argv + state->next;
        options->id_count = (size_t)(state->argc - state->next);
        return 0;
    case ARGP_KEY_END:
        check_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "Look in this app alone, where several have a session of that id", 0},
    {"user", 'u', "ID", 0, "All active sessions of this user of --app", 0},
    {"except", KEY_EXCEPT, "SESSION_ID", 0, "Leave this session of theirs alone", 0},
    {"as", KEY_AS, "ENDING", 0, "What they end as: revoked (default) or logged_out", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Show what would be ended, and end nothing", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "[--app=ID] SESSION_ID...\n--app=ID --user=ID [--except=SESSION_ID]",
    .doc = "Ends active sessions, for good.\vA session may be named by its UUID, or as any of the "
           "vendors spells its id. Exit code 1 when one that is named is not there; the others are "
           "ended then. One that is over already stays as it is.",
    .children = ctl_children,
};

static const char *word_of(const struct options *options)
{
    return options->as == ENDING_REVOKED ? "revoked" : "logged out";
}

/* ---- what would be ended ---- */

static int print_table(struct table *table, enum err err)
{
    if (err == ERR_OK && !table_print(table))
        err = ERR_MEMORY;
    table_end(table);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the sessions cannot be shown: %s", err_text(err));
}

/* ---- those that are named ---- */

/* Each has a batch of its own, so that each tells what became of it; all share a transaction. */
struct ones {
    struct named *named;
    struct batch *batches;
    size_t count, missing;
};

static enum status status_of(const struct work *work, const struct named *named)
{
    return session_status(&named->session, named->app.idle_s * SECOND_MS, work->now);
}

/* False when there is no memory. What cannot be found has been said, and is passed over. */
static bool find_all(struct work *work, const struct options *options, struct ones *ones)
{
    ones->named = arena_array(work->arena, options->id_count, sizeof(*ones->named));
    ones->batches = arena_array(work->arena, options->id_count, sizeof(*ones->batches));
    if (!ones->named || !ones->batches)
        return false;
    for (size_t i = 0; i < options->id_count; i++) {
        enum err err =
            find_session(work->snapshot, options->ids[i], options->app, &ones->named[ones->count]);
        ones->count += err == ERR_OK;
        ones->missing += err != ERR_OK;
    }
    return true;
}

static enum err plan(struct work *work, const struct options *options, struct ones *ones)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < ones->count; i++) {
        char id[UUID_TEXT];
        uuid_write(&ones->named[i].session.id, id);
        struct wish wish = {.verb = VERB_END,
                            .target = TARGET_ONE,
                            .scope = SCOPE_APP,
                            .session = {id, sizeof(id)},
                            .as = options->as};
        err = work_grant(work, &ones->named[i].app, &wish);
        ones->batches[i] = (struct batch){
            .puts = work->answer.puts, .count = work->answer.put_count, .now = work->now};
    }
    return err;
}

/* What became of one; false when it could not be ended. */
static bool tell(const struct work *work, const struct options *options, const struct ones *ones,
                 size_t at)
{
    const struct named *named = &ones->named[at];
    const struct batch *batch = &ones->batches[at];
    enum status status = status_of(work, named);
    char id[UUID_TEXT];
    uuid_write(&named->session.id, id);
    if (batch->err != ERR_OK)
        ctl_fail("session %.*s cannot be ended: %s", (int)sizeof(id), id, err_text(batch->err));
    else if (batch->outcome.changed)
        printf("%s %.*s\n", word_of(options), (int)sizeof(id), id);
    else
        printf("over already %.*s: %s\n", (int)sizeof(id), id,
               status == STATUS_ACTIVE ? "ended just now" : status_names[status]);
    return batch->err == ERR_OK;
}

static int show_ones(struct work *work, const struct ones *ones)
{
    struct table table = {.cells = 0};
    session_headings(&table);
    for (size_t i = 0; i < ones->count; i++) {
        const struct named *named = &ones->named[i];
        struct found found = {named->session, named->user, status_of(work, named)};
        if (found.status == STATUS_ACTIVE)
            session_row(&table, work->arena, &named->app, &found);
    }
    return print_table(&table, ERR_OK);
}

static int end_ones(struct work *work, const struct options *options)
{
    struct ones ones = {.count = 0};
    bool right = true;
    enum err err = find_all(work, options, &ones) ? ERR_OK : ERR_MEMORY;
    if (err == ERR_OK && !options->dry)
        err = plan(work, options, &ones);
    if (err != ERR_OK)
        return ctl_fail("the sessions cannot be ended: %s", err_text(err));
    if (options->dry)
        right = show_ones(work, &ones) == EXIT_DONE;
    else if (ones.count)
        store_apply_all(work->store, ones.batches, ones.count);
    for (size_t i = 0; !options->dry && i < ones.count; i++)
        right = tell(work, options, &ones, i) && right;
    return right && ones.missing == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- those of a user ---- */

static int show_user(struct work *work, const struct app *app, const struct wish *wish)
{
    struct table table = {.cells = 0};
    enum err err = work_grant(work, app, wish);
    const struct page *page = &work->answer.page;
    session_headings(&table);
    for (size_t i = 0; err == ERR_OK && i < page->count; i++)
        session_row(&table, work->arena, app, &page->items[i]);
    return print_table(&table, err);
}

static int end_user(struct work *work, const struct options *options, const struct app *app,
                    const struct wish *wish)
{
    enum err err = work_grant(work, app, wish);
    if (err == ERR_OK)
        err = work_write(work);
    if (err != ERR_OK)
        return ctl_fail("the sessions cannot be ended: %s", err_text(err));
    uint64_t changed = work->answer.outcome.changed;
    printf("%s %" PRIu64 " %s\n", word_of(options), changed, changed == 1 ? "session" : "sessions");
    return EXIT_DONE;
}

/* A slip in the one that is to stay must not cost it. */
static bool find_except(struct work *work, const struct options *options, const struct user *user,
                        struct named *except)
{
    if (find_session(work->snapshot, options->except, options->app, except) != ERR_OK)
        return false;
    if (except->session.user != user->number)
        ctl_fail("session %s is not of user %s", options->except, options->user);
    return except->session.user == user->number;
}

/* Shown as a list; ended by whose they are when that is written, so that none that begins meanwhile
 * is missed. */
static int end_of_user(struct work *work, const struct options *options)
{
    struct app app;
    struct user user;
    struct named except;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK ||
        find_user(work->snapshot, &app, options->user, &user) != ERR_OK ||
        (options->except && !find_except(work, options, &user, &except)))
        return EXIT_FAILED;
    struct wish wish = {.verb = options->dry ? VERB_LIST : VERB_END,
                        .target = TARGET_ALL,
                        .scope = SCOPE_USER,
                        .user = str_of(options->user),
                        .query = {.vendor = VENDOR_KRATOS,
                                  .active_only = true,
                                  .without = options->except ? &except.session.id : NULL,
                                  .id_descending = true,
                                  .limit = INT64_MAX},
                        .as = options->as};
    return options->dry ? show_user(work, &app, &wish) : end_user(work, options, &app, &wish);
}

static int run_revoke(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .as = ENDING_REVOKED};
    struct work work;
    int code = EXIT_FAILED;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (work_begin(&work, ctl, options.dry ? STORE_READ : STORE_WRITE) == ERR_OK)
        code = options.user ? end_of_user(&work, &options) : end_ones(&work, &options);
    return work_end(&work, code);
}

const struct command session_revoke = {
    .name = "revoke",
    .summary = "end sessions",
    .argp = &argp,
    .run = run_revoke,
};
