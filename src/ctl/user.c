#include "ctl/user.h"

#include <stdio.h>

#include "ctl/find.h"
#include "ctl/table.h"
#include "ctl/work.h"
#include "model/interchange.h"

struct options {
    struct ctl *ctl;
    const char *id, *app;
    bool one, json; /* whether it is about one user, who is named */
};

static void parse_id(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (!options->one || options->id)
        argp_error(state, options->one ? "one user is expected" : "no argument is expected: %s",
                   arg);
    options->id = arg;
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
    case 'j':
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        parse_id(state, arg);
        return 0;
    case ARGP_KEY_END:
        if (options->one && !options->id)
            argp_error(state, "a user's id is expected");
        if (!options->app)
            argp_error(state, "--app is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"json", 'j', NULL, 0, "Records that import reads, one a line", 0},
    {0},
};
static const struct argp list_argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "--app=ID",
    .doc = "Lists the users of an app, in the order in which they came; those of an import all "
           "at once by their ids.",
    .children = ctl_children,
};
static const struct argp show_argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "--app=ID USER_ID",
    .doc = "Shows all that is known of a user.\vThe user is named by the application's own id, or "
           "by the UUID it is known by.",
    .children = ctl_children,
};

static struct str state_of(const struct user *user)
{
    return user->active ? STR("active") : STR("inactive");
}

static enum err print_record(const struct app *app, const struct user *user)
{
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    record_write_user(&json, user, app->id);
    return ctl_print(&buf) == EXIT_DONE ? ERR_OK : ERR_MEMORY;
}

/* ---- list ---- */

struct listing {
    const struct options *options;
    const struct app *app;
    struct table table;
};

static enum err list_user(void *context, const struct user *user)
{
    struct listing *listing = context;
    struct table *table = &listing->table;
    if (listing->options->json)
        return print_record(listing->app, user);
    table_cell(table, user->texts[USER_ID]);
    table_cell(table, state_of(user));
    table_instant(table, user->created);
    table_cell(table, user->texts[USER_IDENTIFIER]);
    table_cell(table, user->texts[USER_USERNAME]);
    table_cell(table, user->texts[USER_NAME]);
    return ERR_OK;
}

static int list(struct work *work, const struct options *options)
{
    static const char *const headings[] = {"ID",         "STATE",    "CREATED",
                                           "IDENTIFIER", "USERNAME", "NAME"};
    struct app app;
    struct listing listing = {.options = options, .app = &app};
    listing.table.columns = sizeof(headings) / sizeof(*headings);
    if (find_app(work->snapshot, options->app, &app) != ERR_OK)
        return EXIT_FAILED;
    for (size_t i = 0; i < listing.table.columns; i++)
        table_cell(&listing.table, str_of(headings[i]));
    enum err err = store_each_user(work->snapshot, app.number, 0, list_user, &listing);
    if (err == ERR_OK && !options->json && !table_print(&listing.table))
        err = ERR_MEMORY;
    table_end(&listing.table);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the users cannot be listed: %s", err_text(err));
}

/* ---- show ---- */

static void row(struct table *table, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    table_cell(table, str_of(name));
    table_cell(table, value);
}

static bool print_lines(const struct user *user)
{
    static const struct {
        const char *name;
        enum user_text text;
    } rows[] = {{"identifier", USER_IDENTIFIER},
                {"username", USER_USERNAME},
                {"name", USER_NAME},
                {"external_id", USER_EXTERNAL_ID},
                {"schema_id", USER_SCHEMA_ID},
                {"roles", USER_ROLES},
                {"traits", USER_TRAITS},
                {"metadata_public", USER_METADATA_PUBLIC},
                {"metadata_admin", USER_METADATA_ADMIN},
                {"verifiable_addresses", USER_VERIFIABLE_ADDRESSES},
                {"recovery_addresses", USER_RECOVERY_ADDRESSES}};
    struct table table = {.columns = 2};
    char uuid[UUID_TEXT];
    uuid_write(&user->uuid, uuid);
    row(&table, "id", user->texts[USER_ID]);
    row(&table, "uuid", (struct str){uuid, sizeof(uuid)});
    row(&table, "state", state_of(user));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        row(&table, rows[i].name, user->texts[rows[i].text]);
    table_cell(&table, STR("created"));
    table_instant(&table, user->created);
    table_cell(&table, STR("updated"));
    table_instant(&table, user->updated);
    bool printed = table_print(&table);
    table_end(&table);
    return printed;
}

static int show(struct work *work, const struct options *options)
{
    struct app app;
    struct user user;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK ||
        find_user(work->snapshot, &app, options->id, &user) != ERR_OK)
        return EXIT_FAILED;
    if (options->json)
        return print_record(&app, &user) == ERR_OK ? EXIT_DONE : EXIT_FAILED;
    return print_lines(&user) ? EXIT_DONE : ctl_fail("%s", err_text(ERR_MEMORY));
}

/* ---- both ---- */

static int run(const struct argp *argp, struct options *options, int argc, char **argv)
{
    struct work work;
    int code = EXIT_FAILED;
    argp_parse(argp, argc, argv, 0, NULL, options);
    if (work_begin(&work, options->ctl, STORE_READ) == ERR_OK)
        code = options->one ? show(&work, options) : list(&work, options);
    return work_end(&work, code);
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    return run(&list_argp, &options, argc, argv);
}

static const struct command user_list = {
    .name = "list",
    .summary = "list the users of an app",
    .argp = &list_argp,
    .run = run_list,
};

static int run_show(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .one = true};
    return run(&show_argp, &options, argc, argv);
}

static const struct command user_show = {
    .name = "show",
    .summary = "show all that is known of a user",
    .argp = &show_argp,
    .run = run_show,
};

/* ---- the group ---- */

static const struct command *const commands[] = {&user_list, &user_show, &user_set, NULL};

const struct command ctl_user = {
    .name = "user",
    .summary = "list, show or change users",
    .doc = "Shows and changes the users of an app.\v ",
    .commands = commands,
};
