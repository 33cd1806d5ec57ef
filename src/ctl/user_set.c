#include <stdio.h>

#include "base/json_out.h"
#include "ctl/find.h"
#include "ctl/user.h"
#include "ctl/work.h"
#include "model/interchange.h"

/* In the order of member_names. */
enum { KEY_IDENTIFIER = 0x100, KEY_USERNAME, KEY_NAME, KEY_STATE, KEY_ROLES, KEYS_END };
enum { MEMBERS = KEYS_END - KEY_IDENTIFIER };

static const char *const member_names[MEMBERS] = {"identifier", "username", "name", "state",
                                                  "roles"};

struct options {
    struct ctl *ctl;
    struct arena *arena; /* the record's */
    const char *id, *app, *members[MEMBERS];
    struct record record;
};

static const char *given(const struct options *options, int key)
{
    return options->members[key - KEY_IDENTIFIER];
}

/* ---- the command line ---- */

/* "a,b": an array of texts; of none for "". */
static void write_roles(struct json_out *json, struct str rest)
{
    struct str role;
    json_array_begin(json);
    for (bool more = rest.len > 0; more;) {
        more = str_split(rest, ',', &role, &rest);
        json_text(json, role);
    }
    json_array_end(json);
}

/* A user's record of what is given, as import reads it. */
static void write_record(const struct options *options, struct buf *buf)
{
    struct json_out json = json_begin(buf);
    json_object_begin(&json);
    json_member_text(&json, "kind", STR("user"));
    json_member_text(&json, "app", str_of(options->app));
    json_member_text(&json, "id", str_of(options->id));
    for (int i = 0; i < MEMBERS; i++) {
        if (!options->members[i])
            continue;
        json_key(&json, member_names[i]);
        if (i == KEY_ROLES - KEY_IDENTIFIER)
            write_roles(&json, str_of(options->members[i]));
        else
            json_text(&json, str_of(options->members[i]));
    }
    json_object_end(&json);
}

static bool is_utf8(const struct options *options)
{
    bool right = str_is_utf8(str_of(options->id));
    for (int i = 0; i < MEMBERS; i++)
        right = right && str_is_utf8(str_of(options->members[i]));
    return right;
}

/* What a record may hold, a user may be given, in the same words. */
static void read_record(struct argp_state *state)
{
    struct options *options = state->input;
    struct record_fault fault;
    struct buf buf = {0};
    write_record(options, &buf);
    enum err err = buf.failed
                       ? ERR_MEMORY
                       : record_read(options->arena, buf_view(&buf), 0, &options->record, &fault);
    buf_free(&buf);
    if (err == ERR_INVALID)
        argp_error(state, "%.*s: expected %.*s", STR_ARG(fault.field), STR_ARG(fault.expected));
    else if (err != ERR_OK)
        argp_failure(state, EXIT_FAILED, 0, "%s", err_text(err));
}

static void check_usage(struct argp_state *state)
{
    const struct options *options = state->input;
    if (!options->id)
        argp_error(state, "a user's id is expected");
    if (!options->app)
        argp_error(state, "--app is expected");
    if (!is_utf8(options))
        argp_error(state, "UTF-8 is expected");
    read_record(state);
}

static void parse_id(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    if (options->id)
        argp_error(state, "one user is expected");
    options->id = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key >= KEY_IDENTIFIER && key < KEYS_END) {
        options->members[key - KEY_IDENTIFIER] = arg;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case 'a':
        options->app = arg;
        return 0;
    case ARGP_KEY_ARG:
        parse_id(state, arg);
        return 0;
    case ARGP_KEY_END:
        check_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"identifier", KEY_IDENTIFIER, "TEXT", 0, "What the user signs in with", 0},
    {"username", KEY_USERNAME, "TEXT", 0, "The user name", 0},
    {"name", KEY_NAME, "TEXT", 0, "The user's own name", 0},
    {"state", KEY_STATE, "STATE", 0, "The state: active, or inactive, and no session lets in", 0},
    {"roles", KEY_ROLES, "A,B", 0, "The roles, with commas between them", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "--app=ID USER_ID",
    .doc = "Changes what is given of a user, and leaves the rest as it is. A user who is not there "
           "is made.\vAn empty text takes away what there was.",
    .children = ctl_children,
};

/* ---- what is done ---- */

/* What of the record is given. */
static void choose(const struct options *options, struct put_user *put)
{
    static const struct {
        int key;
        enum user_text text;
    } rows[] = {{KEY_IDENTIFIER, USER_IDENTIFIER},
                {KEY_USERNAME, USER_USERNAME},
                {KEY_NAME, USER_NAME},
                {KEY_ROLES, USER_ROLES}};
    put->merges = true;
    put->gives_state = given(options, KEY_STATE) != NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (given(options, rows[i].key))
            put->given |= 1U << rows[i].text;
    if (given(options, KEY_ROLES) && *given(options, KEY_ROLES) == '\0')
        put->user.texts[USER_ROLES] = STR_NONE;
}

/* The user's own id: it may be the UUID that was given. */
static bool find_id(struct work *work, const struct options *options, struct str *id)
{
    struct app app;
    struct user user;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK)
        return false;
    enum err err = store_user_by_id(work->snapshot, app.number, *id, &user);
    if (err == ERR_OK) {
        *id = arena_copy(work->arena, user.texts[USER_ID]);
        err = id->ptr ? ERR_OK : ERR_MEMORY;
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        ctl_fail("user %s cannot be read: %s", options->id, err_text(err));
        return false;
    }
    work_stop_looking(work);
    return true;
}

static int set(struct work *work, const struct options *options)
{
    struct put put = {PUT_USER,
                      .user = {.app_id = str_of(options->app), .user = options->record.user}};
    struct outcome outcome;
    if (!find_id(work, options, &put.user.user.texts[USER_ID]))
        return EXIT_FAILED;
    choose(options, &put.user);
    put.user.user.updated = work->now;
    enum err err = store_apply(work->store, &put, 1, work->now, &outcome);
    if (err != ERR_OK)
        return ctl_fail("user %s cannot be changed: %s", options->id, err_text(err));
    printf("%s %s\n", outcome.matched ? "changed" : "made", options->id);
    return EXIT_DONE;
}

static int run_set(struct ctl *ctl, int argc, char **argv)
{
    struct work work;
    struct options options = {.ctl = ctl, .arena = arena_new(SIZE_MAX)};
    int code = EXIT_FAILED;
    if (!options.arena)
        return ctl_fail("%s", err_text(ERR_MEMORY));
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (work_begin(&work, ctl, STORE_WRITE) == ERR_OK)
        code = set(&work, &options);
    code = work_end(&work, code);
    arena_free(options.arena);
    return code;
}

const struct command user_set = {
    .name = "set",
    .summary = "change a user, or make one",
    .argp = &argp,
    .run = run_set,
};
