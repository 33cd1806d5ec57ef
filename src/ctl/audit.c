#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "ctl/find.h"
#include "ctl/table.h"
#include "ctl/work.h"

enum { KEY_SINCE = 0x100, LIMIT_DEFAULT = 100, PAGE = 1000 };

struct options {
    struct ctl *ctl;
    const char *app, *user;
    int64_t since, limit;
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
    case 'u':
        options->user = arg;
        return 0;
    case KEY_SINCE:
        if (!instant_parse(str_of(arg), INSTANT_LOOSE, &options->since, NULL))
            argp_error(state, "--since: an RFC 3339 instant or a date is expected: %s", arg);
        return 0;
    case 'n':
        if (!str_to_i64(str_of(arg), &options->limit) || options->limit < 0)
            argp_error(state, "--limit: a number from 0 on is expected");
        return 0;
    case 'j':
        options->json = true;
        return 0;
    default:
        return ctl_parse_nothing(key, arg, state);
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "Sessions of this app alone", 0},
    {"user", 'u', "ID", 0, "Sessions of this user alone, by its own id or by its UUID", 0},
    {"since", KEY_SINCE, "INSTANT", 0, "From that instant on; a date will do", 0},
    {"limit", 'n', "N", 0, "So many at most (default 100; 0: all)", 0},
    {"json", 'j', NULL, 0, "JSON Lines instead of a table", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Shows what became of which session, when, and by whom, the oldest first.",
    .children = ctl_children,
};

/* ---- a page of all apps' lines ---- */

/* Each app has a trail of its own, by instant and number. A page is the first lines of all of them
 * together after a place; more than a page of them is gathered at a time, and the later ones let
 * go. */
struct trail {
    const struct options *options;
    struct snapshot *snapshot;
    int64_t since;  /* the place: an instant ... */
    uint64_t after; /* ... and the number of a line of that instant, the last one shown */
    uint64_t user;  /* in the app at hand; 0: everybody */
    struct audit_line lines[2 * PAGE];
    size_t count;
    bool full; /* the first PAGE lines are in order, and what was let go comes after them */
    bool app_found, user_found;
};

/* What a callback gives to end a walk. */
#define ENOUGH ERR_CONFLICT

static int line_cmp(const void *left, const void *right)
{
    const struct audit_line *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static void cut(struct trail *trail)
{
    qsort(trail->lines, trail->count, sizeof(*trail->lines), line_cmp);
    trail->full = trail->full || trail->count >= PAGE;
    if (trail->count > PAGE)
        trail->count = PAGE;
}

static enum err gather(void *context, const struct audit_line *line)
{
    struct trail *trail = context;
    if (line->at == trail->since && line->number <= trail->after)
        return ERR_OK;
    if (trail->full && line_cmp(line, &trail->lines[PAGE - 1]) > 0)
        return ENOUGH;
    if (trail->user && line->user != trail->user)
        return ERR_OK;
    trail->lines[trail->count++] = *line;
    if (trail->count == 2 * PAGE)
        cut(trail);
    return ERR_OK;
}

static enum err gather_app(void *context, const struct app *app)
{
    struct trail *trail = context;
    struct user user = {.number = 0};
    if (trail->options->app && !str_eq(app->id, str_of(trail->options->app)))
        return ERR_OK;
    trail->app_found = true;
    if (trail->options->user) {
        enum err err =
            store_user_by_id(trail->snapshot, app->number, str_of(trail->options->user), &user);
        if (err != ERR_OK)
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        trail->user_found = true;
    }
    trail->user = user.number;
    enum err err = store_each_audit(trail->snapshot, app->number, trail->since, gather, trail);
    return err == ENOUGH ? ERR_OK : err;
}

static enum err next_page(struct trail *trail)
{
    trail->count = 0;
    trail->full = false;
    enum err err = store_each_app(trail->snapshot, gather_app, trail);
    cut(trail);
    return err;
}

/* ---- what is shown of a line ---- */

static enum err read_names(struct snapshot *snapshot, const struct audit_line *line,
                           struct app *app, struct user *user)
{
    enum err err = store_app(snapshot, line->app, app);
    if (err != ERR_OK)
        return err;
    err = store_user(snapshot, line->app, line->user, user);
    if (err == ERR_NOT_FOUND)
        user->texts[USER_ID] = STR_NONE;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err print_line(const struct audit_line *line, struct str app, struct str user)
{
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    char id[UUID_TEXT];
    uuid_write(&line->session, id);
    json_object_begin(&json);
    json_member_i64(&json, "number", (int64_t)line->number);
    json_key(&json, "at");
    json_instant_millis(&json, line->at);
    json_member_text(&json, "event", str_of(audit_event_names[line->event]));
    json_member_text(&json, "app", app);
    json_member_text(&json, "user", user);
    json_member_text(&json, "session", (struct str){id, sizeof(id)});
    json_member_text(&json, "actor", line->actor);
    json_object_end(&json);
    return ctl_print(&buf) == EXIT_DONE ? ERR_OK : ERR_MEMORY;
}

static void put_row(struct table *table, const struct audit_line *line, struct str app,
                    struct str user)
{
    char id[UUID_TEXT];
    uuid_write(&line->session, id);
    table_instant(table, line->at);
    table_cell(table, str_of(audit_event_names[line->event]));
    table_cell(table, app);
    table_cell(table, user);
    table_cell(table, (struct str){id, sizeof(id)});
    table_cell(table, line->actor);
}

static enum err show_line(const struct trail *trail, const struct audit_line *line,
                          struct table *table)
{
    struct app app;
    struct user user;
    enum err err = read_names(trail->snapshot, line, &app, &user);
    if (err != ERR_OK)
        return err;
    if (trail->options->json)
        return print_line(line, app.id, user.texts[USER_ID]);
    put_row(table, line, app.id, user.texts[USER_ID]);
    return ERR_OK;
}

/* ---- all of it ---- */

/* Shows the lines up to the limit; *more: there are others after them. */
static enum err show_pages(struct trail *trail, struct table *table, bool *more)
{
    int64_t left = trail->options->limit ? trail->options->limit : INT64_MAX;
    enum err err;
    *more = false;
    do {
        err = next_page(trail);
        for (size_t i = 0; err == ERR_OK && i < trail->count; i++) {
            *more = left == 0;
            if (*more)
                return ERR_OK;
            err = show_line(trail, &trail->lines[i], table);
            trail->since = trail->lines[i].at;
            trail->after = trail->lines[i].number;
            left--;
        }
    } while (err == ERR_OK && trail->count);
    return err;
}

static int show(struct trail *trail, struct table *table)
{
    const struct options *options = trail->options;
    bool more;
    enum err err = show_pages(trail, table, &more);
    if (err == ERR_OK && options->app && !trail->app_found)
        return ctl_fail("no app %s", options->app);
    if (err == ERR_OK && options->user && !trail->user_found)
        return ctl_fail("no user %s", options->user);
    if (err == ERR_OK && !options->json && !table_print(table))
        err = ERR_MEMORY;
    if (err == ERR_OK && more)
        fprintf(stderr, "the first %" PRId64 " lines; --limit 0 shows all\n", options->limit);
    return err == ERR_OK ? EXIT_DONE
                         : ctl_fail("the audit trail cannot be read: %s", err_text(err));
}

static int show_trail(struct work *work, const struct options *options)
{
    static const char *const headings[] = {"AT", "EVENT", "APP", "USER", "SESSION", "ACTOR"};
    struct table table = {.columns = sizeof(headings) / sizeof(*headings)};
    struct trail *trail = arena_alloc(work->arena, sizeof(*trail));
    if (!trail)
        return ctl_fail("%s", err_text(ERR_MEMORY));
    trail->options = options;
    trail->snapshot = work->snapshot;
    trail->since = options->since;
    for (size_t i = 0; i < table.columns; i++)
        table_cell(&table, str_of(headings[i]));
    int code = show(trail, &table);
    table_end(&table);
    return code;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .since = INSTANT_MIN, .limit = LIMIT_DEFAULT};
    struct work work;
    int code = EXIT_FAILED;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (work_begin(&work, ctl, STORE_READ) == ERR_OK)
        code = show_trail(&work, &options);
    return work_end(&work, code);
}

const struct command ctl_audit = {
    .name = "audit",
    .summary = "show what became of which session, when, and by whom",
    .argp = &argp,
    .run = run,
};
