#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/fresh_key.h"
#include "ctl/table.h"

enum {
    KEY_LIFETIME = 0x100,
    KEY_IDLE,
    KEY_RETAIN,
    KEY_TOUCH,
    KEY_MOST,
    KEY_AT_MOST,
    KEY_PROJECT,
    KEY_NO_KEYS
};

struct options {
    struct ctl *ctl;
    struct app app; /* as it will be added */
    bool no_keys;
};

/* ---- the command line ---- */

static void parse_period(struct argp_state *state, const char *arg, int64_t least, int64_t *seconds)
{
    if (!str_to_i64(str_of(arg), seconds) || *seconds < least || *seconds > PERIOD_MAX_S)
        argp_error(state, "a number of seconds from %lld to %lld is expected: %s", (long long)least,
                   (long long)PERIOD_MAX_S, arg);
}

static void parse_number(struct argp_state *state, const char *arg, int64_t most, int64_t *number)
{
    if (!str_to_i64(str_of(arg), number) || *number < 0 || *number > most)
        argp_error(state, "a number from 0 to %lld is expected: %s", (long long)most, arg);
}

static void parse_policy(struct argp_state *state, const char *arg, struct app *app)
{
    app->ends_oldest = strcmp(arg, "end_oldest") == 0;
    if (!app->ends_oldest && strcmp(arg, "refuse") != 0)
        argp_error(state, "--at-max: refuse or end_oldest is expected");
}

static void parse_project(struct argp_state *state, const char *arg)
{
    enum { PROJECT_MAX = 256 };
    struct options *options = state->input;
    struct str id = str_of(arg);
    /* A colon ends the user name of a Basic credential (RFC 7617, section 2). */
    if (id.len == 0 || id.len > PROJECT_MAX || !str_is_utf8(id) || memchr(id.ptr, ':', id.len))
        argp_error(state, "--project-id: 1 to %d bytes without a colon are expected", PROJECT_MAX);
    options->app.settings[SETTING_CORBADO_PROJECT_ID] = id;
}

static void parse_id(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (state->arg_num > 0)
        argp_error(state, "too many arguments: %s", arg);
    options->app.id = str_of(arg);
    if (!app_id_is_valid(options->app.id))
        argp_error(state, "an app's id is 1 to %d of a-z 0-9 -", APP_ID_MAX);
}

static error_t parse_add(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_LIFETIME:
        parse_period(state, arg, 1, &options->app.lifetime_s);
        return 0;
    case KEY_IDLE:
        parse_period(state, arg, 0, &options->app.idle_s);
        return 0;
    case KEY_RETAIN:
        parse_period(state, arg, 0, &options->app.retain_s);
        return 0;
    case KEY_TOUCH:
        parse_number(state, arg, TOUCH_MAX_S, &options->app.touch_s);
        return 0;
    case KEY_MOST:
        parse_number(state, arg, MAX_PER_USER_MAX, &options->app.max_per_user);
        return 0;
    case KEY_AT_MOST:
        parse_policy(state, arg, &options->app);
        return 0;
    case KEY_PROJECT:
        parse_project(state, arg);
        return 0;
    case KEY_NO_KEYS:
        options->no_keys = true;
        return 0;
    case ARGP_KEY_ARG:
        parse_id(state, arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the new app's id is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"lifetime", KEY_LIFETIME, "SECONDS", 0, "How long a new session lives (default 30 days)", 0},
    {"idle", KEY_IDLE, "SECONDS", 0, "How long one may lie idle; 0: for ever (default 7 days)", 0},
    {"retain", KEY_RETAIN, "SECONDS", 0, "How long an ended one is kept (default 90 days)", 0},
    {"touch", KEY_TOUCH, "SECONDS", 0,
     "How often the last activity of one is written at most (default 60)", 0},
    {"max-per-user", KEY_MOST, "N", 0,
     "How many active ones a user may have; 0: any number (default)", 0},
    {"at-max", KEY_AT_MOST, "POLICY", 0,
     "What then becomes of a new one: refuse (default), or end_oldest, which makes room for it", 0},
    {"project-id", KEY_PROJECT, "ID", 0, "The user name of Corbado's API (default: the app's id)",
     0},
    {"no-keys", KEY_NO_KEYS, NULL, 0, "Make no API keys", 0},
    {0},
};
static const struct argp add_argp = {
    .options = option_rows,
    .parser = parse_add,
    .args_doc = "ID",
    .doc =
        "Adds an app with a signing key and a fresh API key for each API that has one.\vKeys are "
        "shown once, as they are made; the store keeps only their SHA-256.",
    .children = ctl_children,
};
static const struct argp list_argp = {
    .parser = ctl_parse_nothing,
    .doc = "Lists the apps, their periods in seconds, and what they have keys for.",
    .children = ctl_children,
};

/* ---- add ---- */

static int add(struct store *store, const struct options *options)
{
    struct fresh_key made[FRESH_COUNT];
    struct app_key keys[FRESH_COUNT];
    struct outcome outcome;
    for (size_t i = 0; i < FRESH_COUNT; i++) {
        fresh_key_make(fresh_uses[i], &made[i]);
        keys[i] = made[i].key;
    }
    struct put put = {PUT_APP, .app = {.fresh = true,
                                       .app = options->app,
                                       .keys = keys,
                                       .key_count = options->no_keys ? 0 : FRESH_COUNT}};
    enum err err = store_apply(store, &put, 1, clock_now(), &outcome);
    if (err == ERR_OK)
        printf("added %.*s\n", STR_ARG(options->app.id));
    for (size_t i = 0; err == ERR_OK && !options->no_keys && i < FRESH_COUNT; i++)
        fresh_key_print(&options->app, &made[i]);
    secret_wipe(made, sizeof(made));
    if (err == ERR_CONFLICT)
        return ctl_fail("there is an app %.*s already", STR_ARG(options->app.id));
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the app cannot be added: %s", err_text(err));
}

static int run_add(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl,
                              .app = {.lifetime_s = LIFETIME_DEFAULT_S,
                                      .idle_s = IDLE_DEFAULT_S,
                                      .retain_s = RETAIN_DEFAULT_S,
                                      .access_s = ACCESS_DEFAULT_S,
                                      .touch_s = TOUCH_DEFAULT_S}};
    struct store *store;
    argp_parse(&add_argp, argc, argv, 0, NULL, &options);
    if (ctl_open(ctl, STORE_WRITE, &store) != ERR_OK)
        return EXIT_FAILED;
    int code = add(store, &options);
    store_close(store);
    return code;
}

static const struct command app_add = {
    .name = "add",
    .summary = "add an app with fresh keys",
    .argp = &add_argp,
    .run = run_add,
};

/* ---- list ---- */

static void put_number(struct table *table, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    table_cell(table, str_of(text));
}

/* The uses of an app's keys, each once. */
static struct str uses_of(const struct app *app, struct buf *buf)
{
    struct app_key key;
    for (int use = 0; use < VENDOR_END; use++) {
        bool has = false;
        for (struct str rest = app->keys; app_key_decode(&rest, &key);)
            has = has || key.use == use;
        if (has)
            buf_printf(buf, "%s%s", buf->len ? "," : "", key_use_name(use));
    }
    return buf_view(buf);
}

static enum err put_app(void *context, const struct app *app)
{
    struct table *table = context;
    struct buf uses = {0};
    table_cell(table, app->id);
    put_number(table, app->lifetime_s);
    put_number(table, app->idle_s);
    put_number(table, app->retain_s);
    table_instant(table, app->created);
    table_cell(table, app_setting(app, SETTING_CORBADO_PROJECT_ID));
    table_cell(table, uses_of(app, &uses));
    buf_free(&uses);
    return ERR_OK;
}

static int list(struct snapshot *snapshot)
{
    static const char *const headings[] = {"ID",      "LIFETIME", "IDLE", "RETAIN",
                                           "CREATED", "PROJECT",  "KEYS"};
    struct table table = {.columns = sizeof(headings) / sizeof(*headings)};
    for (size_t i = 0; i < table.columns; i++)
        table_cell(&table, str_of(headings[i]));
    enum err err = store_each_app(snapshot, put_app, &table);
    if (err == ERR_OK && !table_print(&table))
        err = ERR_MEMORY;
    table_end(&table);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the apps cannot be listed: %s", err_text(err));
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    struct store *store;
    struct snapshot *snapshot;
    argp_parse(&list_argp, argc, argv, 0, NULL, ctl);
    if (ctl_begin(ctl, &store, &snapshot) != ERR_OK)
        return EXIT_FAILED;
    int code = list(snapshot);
    return ctl_end(store, snapshot, code);
}

static const struct command app_list = {
    .name = "list",
    .summary = "list the apps",
    .argp = &list_argp,
    .run = run_list,
};

/* ---- the group ---- */

static const struct command *const commands[] = {&app_add, &app_list, NULL};

const struct command ctl_app = {
    .name = "app",
    .summary = "add an app with fresh keys, or list the apps",
    .doc = "Adds apps, or lists them.\v ",
    .commands = commands,
};
