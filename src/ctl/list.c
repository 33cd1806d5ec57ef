#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/session_rows.h"
#include "model/interchange.h"

enum { KEY_JSON = 'j', LIMIT_DEFAULT = 100, PAGE = 10000 };

struct options {
    struct ctl *ctl;
    const char *app, *user;
    int status; /* -1: any */
    int64_t limit;
    bool json;
};

static int parse_status(const char *word)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        if (strcmp(word, status_names[i]) == 0)
            return i;
    return -1;
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
    case 't':
        options->status = parse_status(arg);
        if (options->status < 0)
            argp_error(state, "--status: active, expired, inactivity_reached, logged_out or "
                              "revoked is expected");
        return 0;
    case 'n':
        if (!str_to_i64(str_of(arg), &options->limit) || options->limit < 0)
            argp_error(state, "--limit: a number from 0 on is expected");
        return 0;
    case KEY_JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "no argument is expected: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "Sessions of this app alone", 0},
    {"user", 'u', "ID", 0, "Sessions of this user alone, by its own id or by its UUID", 0},
    {"status", 't', "STATUS", 0,
     "Sessions of this status alone: active, expired, inactivity_reached, logged_out or revoked",
     0},
    {"limit", 'n', "N", 0, "So many at most (default 100; 0: all)", 0},
    {"json", KEY_JSON, NULL, 0, "Records that import reads, one a line, without tokens", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Shows sessions app by app, the newest first, with their status at this instant.",
    .children = ctl_children,
};

struct listing {
    const struct options *options;
    struct snapshot *snapshot;
    struct arena *arena;
    struct table table;
    struct buf line;
    int64_t now, left; /* how many more may be shown */
    uint64_t total;    /* how many there are */
    bool app_found, user_found;
};

static void print_record(struct listing *listing, const struct app *app, const struct found *found)
{
    buf_reset(&listing->line);
    struct json_out json = json_begin(&listing->line);
    record_write_session(&json, &found->session, app->id, found->user.texts[USER_ID]);
    printf("%.*s\n", STR_ARG(buf_view(&listing->line)));
}

static void show(struct listing *listing, const struct app *app, const struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        if (listing->options->json)
            print_record(listing, app, &page->items[i]);
        else
            session_row(&listing->table, listing->arena, app, &page->items[i]);
    }
}

/* Page by page, so that memory does not grow with the store when it is JSON that is written. */
static enum err list_pages(struct listing *listing, const struct app *app, struct query *query)
{
    struct page page;
    do {
        query->limit = listing->left < PAGE ? listing->left : PAGE;
        enum err err =
            store_find(listing->snapshot, app, query, listing->now, listing->arena, &page);
        if (err != ERR_OK)
            return err;
        show(listing, app, &page);
        query->offset += (int64_t)page.count;
        listing->left -= (int64_t)page.count;
        arena_reset(listing->arena);
    } while (page.count && listing->left);
    listing->total += page.total;
    return ERR_OK;
}

static enum err list_app(void *context, const struct app *app)
{
    struct listing *listing = context;
    const struct options *options = listing->options;
    struct user user = {.number = 0};
    struct condition status = {
        .field = FIELD_STATUS, .low = options->status, .high = options->status};
    if (options->app && !str_eq(app->id, str_of(options->app)))
        return ERR_OK;
    listing->app_found = true;
    if (options->user) {
        enum err err =
            store_user_by_id(listing->snapshot, app->number, str_of(options->user), &user);
        if (err != ERR_OK)
            return err == ERR_NOT_FOUND ? ERR_OK : err;
        listing->user_found = true;
    }
    struct query query = {.vendor = VENDOR_KRATOS,
                          .user = user.number,
                          .conditions = &status,
                          .condition_count = options->status >= 0,
                          .id_descending = true};
    return list_pages(listing, app, &query);
}

static int list(struct listing *listing)
{
    const struct options *options = listing->options;
    int64_t limit = options->limit ? options->limit : INT64_MAX;
    listing->left = limit;
    session_headings(&listing->table);
    enum err err = store_each_app(listing->snapshot, list_app, listing);
    if (err == ERR_OK && options->app && !listing->app_found)
        return ctl_fail("no app %s", options->app);
    if (err == ERR_OK && options->user && !listing->user_found)
        return ctl_fail("no user %s", options->user);
    if (err == ERR_OK && !options->json && !table_print(&listing->table))
        err = ERR_MEMORY;
    if (err != ERR_OK)
        return ctl_fail("the sessions cannot be listed: %s", err_text(err));
    uint64_t shown = (uint64_t)(limit - listing->left);
    if (shown < listing->total)
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 " sessions; --limit 0 shows all\n", shown,
                listing->total);
    return EXIT_DONE;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .status = -1, .limit = LIMIT_DEFAULT};
    struct listing listing = {.options = &options, .now = clock_now()};
    struct store *store;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_begin(ctl, &store, &listing.snapshot) != ERR_OK)
        return EXIT_FAILED;
    listing.arena = arena_new(SIZE_MAX);
    int code = listing.arena ? list(&listing) : ctl_fail("%s", err_text(ERR_MEMORY));
    table_end(&listing.table);
    buf_free(&listing.line);
    arena_free(listing.arena);
    return ctl_end(store, listing.snapshot, code);
}

const struct command ctl_list = {
    .name = "list",
    .summary = "show sessions, the newest first",
    .argp = &argp,
    .run = run,
};
