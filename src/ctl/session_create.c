#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "ctl/find.h"
#include "ctl/session.h"
#include "ctl/work.h"
#include "model/interchange.h"

enum {
    KEY_IDENTIFIER = 0x100,
    KEY_USER_AGENT,
    KEY_IP,
    KEY_HOST,
    KEY_COUNTRY,
    KEY_EXPIRES_IN,
    TEXTS = KEY_EXPIRES_IN - KEY_IDENTIFIER
};

/* The texts that may be given, in the order of their keys: the option, and what a record calls it.
 */
static const struct {
    const char *option, *member;
} text_rows[TEXTS] = {{"identifier", "identifier"},
                      {"user-agent", "user_agent"},
                      {"ip", "ip"},
                      {"host", "host"},
                      {"country", "country_code"}};

struct options {
    struct ctl *ctl;
    struct arena *arena; /* the record's */
    const char *app, *user, *texts[TEXTS];
    int64_t expires_in_s; /* 0: not given */
    bool json;
    struct record record;
};

/* ---- the command line ---- */

/* The record of a new session, as an application would write it for Rollcall's API. */
static void write_record(const struct options *options, struct buf *buf)
{
    struct json_out json = json_begin(buf);
    json_object_begin(&json);
    json_member_text(&json, "user", str_of(options->user));
    for (int i = 0; i < TEXTS; i++)
        if (options->texts[i])
            json_member_text(&json, text_rows[i].member, str_of(options->texts[i]));
    if (options->expires_in_s)
        json_member_i64(&json, "expires_in_s", options->expires_in_s);
    json_object_end(&json);
}

static const char *option_of(struct str member)
{
    for (int i = 0; i < TEXTS; i++)
        if (str_eq(member, str_of(text_rows[i].member)))
            return text_rows[i].option;
    return str_eq(member, STR("expires_in_s")) ? "expires-in" : "user";
}

/* JSON has no bytes that are not UTF-8: what is written with them would not be what was given. */
static void check_utf8(struct argp_state *state)
{
    const struct options *options = state->input;
    if (!str_is_utf8(str_of(options->user)))
        argp_error(state, "--user: UTF-8 is expected");
    for (int i = 0; i < TEXTS; i++)
        if (!str_is_utf8(str_of(options->texts[i])))
            argp_error(state, "--%s: UTF-8 is expected", text_rows[i].option);
}

/* What holds for a session that is made over the API holds here, in the same words. */
static void read_record(struct argp_state *state)
{
    struct options *options = state->input;
    struct record_fault fault;
    struct buf buf = {0};
    write_record(options, &buf);
    enum err err = buf.failed ? ERR_MEMORY
                              : record_read_new_session(options->arena, buf_view(&buf),
                                                        &options->record, &fault);
    buf_free(&buf);
    if (err == ERR_INVALID)
        argp_error(state, "--%s: expected %.*s", option_of(fault.field), STR_ARG(fault.expected));
    else if (err != ERR_OK)
        argp_failure(state, EXIT_FAILED, 0, "%s", err_text(err));
}

static void check_usage(struct argp_state *state)
{
    const struct options *options = state->input;
    if (!options->app || !options->user)
        argp_error(state, "--app and --user are expected");
    check_utf8(state);
    read_record(state);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key >= KEY_IDENTIFIER && key < KEY_IDENTIFIER + TEXTS) {
        options->texts[key - KEY_IDENTIFIER] = arg;
        return 0;
    }
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
    case KEY_EXPIRES_IN:
        if (!str_to_i64(str_of(arg), &options->expires_in_s) || options->expires_in_s == 0)
            argp_error(state, "--expires-in: a number of seconds from 1 on is expected: %s", arg);
        return 0;
    case 'j':
        options->json = true;
        return 0;
    case ARGP_KEY_END:
        check_usage(state);
        return 0;
    default:
        return key == ARGP_KEY_ARG ? ctl_parse_nothing(key, arg, state) : ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "The app it is of", 0},
    {"user", 'u', "ID", 0, "Whose it is; who is not there yet is made", 0},
    {"identifier", KEY_IDENTIFIER, "TEXT", 0, "What a user who is made signs in with", 0},
    {"user-agent", KEY_USER_AGENT, "UA", 0, "The browser or program, as it calls itself", 0},
    {"ip", KEY_IP, "IP", 0, "The address it was signed in from", 0},
    {"host", KEY_HOST, "HOST", 0, "The server it was signed in at", 0},
    {"country", KEY_COUNTRY, "CC", 0, "Two letters: where it was signed in from", 0},
    {"expires-in", KEY_EXPIRES_IN, "SECONDS", 0, "How long it lives (default: as the app says)", 0},
    {"json", 'j', NULL, 0, "One JSON object instead of lines", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "--app=ID --user=ID",
    .doc = "Begins a session. Prints its id, its token, its refresh token, and an access token "
           "that is good for as long as the app says, which is five minutes at first.\vThey are "
           "shown once: the store keeps only the SHA-256 of the tokens.",
    .children = ctl_children,
};

/* ---- what is done ---- */

/* What there is to be shown of the session that was made. */
struct made {
    char id[UUID_TEXT];
    struct str token, refresh_token;
    struct buf access_token;
};

static int print_made(const struct options *options, const struct made *made)
{
    const struct {
        const char *name;
        struct str value;
    } rows[] = {{"id", {made->id, sizeof(made->id)}},
                {"token", made->token},
                {"refresh_token", made->refresh_token},
                {"access_token", buf_view(&made->access_token)}};
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    json_object_begin(&json);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (rows[i].value.len == 0)
            continue;
        json_member_text(&json, rows[i].name, rows[i].value);
        if (!options->json)
            printf("%-13s %.*s\n", rows[i].name, STR_ARG(rows[i].value));
    }
    json_object_end(&json);
    if (options->json)
        return ctl_print(&buf);
    buf_free(&buf);
    return EXIT_DONE;
}

static enum err mint(struct work *work, uint32_t app, struct buf *token)
{
    struct uuid id = work->answer.session.id;
    struct session session;
    enum err err = work_look_again(work);
    if (err == ERR_OK)
        err = store_session(work->snapshot, app, &id, &session);
    return err == ERR_OK
               ? core_access_token(work->snapshot, work->arena, &session, work->now, token)
               : err;
}

/* What is there is shown even where no access token can be made: it will not be shown again. */
static int show(struct work *work, const struct options *options, uint32_t app)
{
    struct made made = {.token = work->answer.token, .refresh_token = work->answer.refresh_token};
    uuid_write(&work->answer.session.id, made.id);
    enum err err = mint(work, app, &made.access_token);
    int code = print_made(options, &made);
    buf_free(&made.access_token);
    return err == ERR_OK ? code : ctl_fail("no access token can be made: %s", err_text(err));
}

static int create(struct work *work, struct options *options)
{
    struct app app;
    struct record *record = &options->record;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK)
        return EXIT_FAILED;
    if (record->expires_in_s)
        record->draft.expires = instant_later(work->now, record->expires_in_s * SECOND_MS);
    struct wish wish = {.verb = VERB_CREATE,
                        .user = record->user_id,
                        .identifier = record->identifier,
                        .draft = &record->draft,
                        .with_token = true,
                        .with_refresh = true};
    enum err err = work_grant(work, &app, &wish);
    if (err == ERR_INACTIVE)
        return ctl_fail("user %s is inactive", options->user);
    if (err == ERR_OK)
        err = work_write(work);
    return err == ERR_OK ? show(work, options, app.number)
                         : ctl_fail("the session cannot be made: %s", err_text(err));
}

static int run_create(struct ctl *ctl, int argc, char **argv)
{
    struct work work;
    struct options options = {.ctl = ctl, .arena = arena_new(SIZE_MAX)};
    int code = EXIT_FAILED;
    if (!options.arena)
        return ctl_fail("%s", err_text(ERR_MEMORY));
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (work_begin(&work, ctl, STORE_WRITE) == ERR_OK)
        code = create(&work, &options);
    code = work_end(&work, code);
    arena_free(options.arena);
    return code;
}

const struct command session_create = {
    .name = "create",
    .summary = "begin a session, and print what lets its holder in",
    .argp = &argp,
    .run = run_create,
};
