#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "ctl/find.h"
#include "ctl/session.h"
#include "ctl/session_rows.h"
#include "ctl/work.h"
#include "model/interchange.h"

struct options {
    struct ctl *ctl;
    const char *id, *app;
    bool json;
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
    case 'j':
        options->json = true;
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
    {"json", 'j', NULL, 0, "One JSON object instead of lines", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "SESSION_ID",
    .doc = "Shows all that is known of a session, but its token.\vThe session may be named by its "
           "UUID, or as any of the vendors spells its id.",
    .children = ctl_children,
};

/* ---- JSON ---- */

static int64_t idle_end(const struct named *named)
{
    return named->session.last_active + named->app.idle_s * SECOND_MS;
}

static void write_spellings(struct json_out *json, const struct session *session)
{
    json_key(json, "spelled");
    json_object_begin(json);
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct spelling spelling;
        session_spell(session, (enum vendor)vendor, &spelling);
        json_member_text(json, vendor_name(vendor), spelling_view(&spelling));
    }
    json_object_end(json);
}

static int print_json(const struct named *named, enum status status)
{
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    record_begin_session(&json, &named->session, named->app.id, named->user.texts[USER_ID]);
    json_member_text(&json, "status", str_of(status_names[status]));
    if (named->app.idle_s) {
        json_key(&json, "idle_expires_at");
        json_instant_millis(&json, idle_end(named));
    }
    write_spellings(&json, &named->session);
    json_object_end(&json);
    return ctl_print(&buf);
}

/* ---- lines ---- */

static void row(struct table *table, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    table_cell(table, str_of(name));
    table_cell(table, value);
}

static void instant_row(struct table *table, const char *name, int64_t instant)
{
    table_cell(table, str_of(name));
    table_instant(table, instant);
}

static void put_times(struct table *table, const struct named *named)
{
    const struct session *session = &named->session;
    instant_row(table, "created", session->created);
    instant_row(table, "last_active", session->last_active);
    instant_row(table, "updated", session->updated);
    instant_row(table, "expires", session->expires);
    if (named->app.idle_s)
        instant_row(table, "idle_expires", idle_end(named));
    if (session->ending != ENDING_NONE)
        instant_row(table, "ended", session->ended);
}

static void put_factors(struct table *table, const struct session *session)
{
    struct str rest = session_factors(session);
    struct factor factor;
    while (factor_decode(&rest, &factor))
        row(table, "factor", str_of(channel_names[factor.channel]));
}

static void put_rest(struct table *table, struct arena *arena, const struct session *session)
{
    row(table, "aal", arena_printf(arena, "aal%d", session->aal));
    put_factors(table, session);
    row(table, "device", session_device(arena, session));
    row(table, "user_agent", session_text(session, TEXT_USER_AGENT));
    row(table, "ip", session_text(session, TEXT_IP));
    row(table, "host", session_text(session, TEXT_HOST));
    row(table, "country_code", session_text(session, TEXT_COUNTRY_CODE));
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct spelling spelling;
        session_spell(session, (enum vendor)vendor, &spelling);
        row(table, vendor_name(vendor), spelling_view(&spelling));
    }
}

static bool print_lines(struct arena *arena, const struct named *named, enum status status)
{
    struct table table = {.columns = 2};
    char id[UUID_TEXT];
    uuid_write(&named->session.id, id);
    row(&table, "id", (struct str){id, sizeof(id)});
    row(&table, "app", named->app.id);
    row(&table, "user", named->user.texts[USER_ID]);
    row(&table, "identifier", named->user.texts[USER_IDENTIFIER]);
    row(&table, "status", str_of(status_names[status]));
    put_times(&table, named);
    put_rest(&table, arena, &named->session);
    bool printed = table_print(&table);
    table_end(&table);
    return printed;
}

static int show(struct work *work, const struct options *options)
{
    struct named named;
    if (find_session(work->snapshot, options->id, options->app, &named) != ERR_OK)
        return EXIT_FAILED;
    enum status status = session_status(&named.session, named.app.idle_s * SECOND_MS, work->now);
    if (options->json)
        return print_json(&named, status);
    return print_lines(work->arena, &named, status) ? EXIT_DONE
                                                    : ctl_fail("%s", err_text(ERR_MEMORY));
}

static int run_show(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct work work;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    int code = work_begin(&work, ctl, STORE_READ) == ERR_OK ? show(&work, &options) : EXIT_FAILED;
    return work_end(&work, code);
}

const struct command session_show = {
    .name = "show",
    .summary = "show all that is known of a session",
    .argp = &argp,
    .run = run_show,
};
