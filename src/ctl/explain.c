#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "dialect/dialect.h"

/* What is asked where no path is named: the list with the most conditions and orders. */
#define PATH_DEFAULT "/v2/sessions"

enum { ARENA_BYTES = 64 * 1024 * 1024, VARIABLE_MOST = QUERY_MAX_BYTES + 32 };

struct options {
    struct ctl *ctl;
    const char *app, *user, *target;
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
    case ARGP_KEY_ARG:
        if (options->target)
            argp_error(state, "one query is expected");
        options->target = arg;
        return 0;
    case ARGP_KEY_END:
        if (!options->target)
            argp_error(state, "a query is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"app", 'a', "ID", 0, "The app whose sessions are listed, where there are several", 0},
    {"user", 'u', "ID", 0, "The user whose sessions are listed, where the list is a user's", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "[PATH?]QUERY",
    .doc = "Says how a list is answered: what the indices tell of each condition, which way is "
           "taken, how many sessions were expected and found, and how long it takes.\v"
           "The query is a query string of one of the lists; without a path, of Corbado's, "
           "/v2/sessions: 'sort=created:desc&filter[]=status:eq:active&page=3'.",
    .children = ctl_children,
};

/* What is looked for, and in what. */
struct asking {
    struct store *store;
    struct snapshot *snapshot;
    struct arena *arena;
    struct caller caller;
    struct request request;
    struct wish wish;
    const char *wanted; /* the app, or NULL */
    size_t apps;
};

/* Lists alone can be explained: of a user, or of an app. */
static const struct route *find_route(struct str path)
{
    for (size_t i = 0; dialects[i]; i++)
        for (const struct route *route = dialects[i]->routes; route->path; route++)
            if (strcmp(route->method, "GET") == 0 && route->want &&
                str_eq(path, str_of(route->path)))
                return route;
    return NULL;
}

static enum err see_app(void *context, const struct app *app)
{
    struct asking *asking = context;
    if (asking->wanted && !str_eq(app->id, str_of(asking->wanted)))
        return ERR_OK;
    asking->caller.app = *app;
    asking->apps++;
    return ERR_OK;
}

static int find_app(struct asking *asking, const struct options *options)
{
    asking->wanted = options->app;
    enum err err = store_each_app(asking->snapshot, see_app, asking);
    if (err != ERR_OK)
        return ctl_fail("the apps cannot be read: %s", err_text(err));
    if (asking->apps != 1)
        return ctl_fail(asking->apps ? "there are several apps: name one with --app"
                                     : "there is no such app");
    return EXIT_DONE;
}

/* The request as a web server would hand it over. */
static int read_request(struct asking *asking, const char *target)
{
    static const struct site site = {.cookie_name_count = 0};
    bool has_path = *target == '/';
    const char *mark = has_path ? strchr(target, '?') : NULL;
    const char *query = has_path ? (mark ? mark + 1 : "") : target;
    char method[] = "REQUEST_METHOD=GET";
    char *uri = arena_alloc(asking->arena, VARIABLE_MOST),
         *string = arena_alloc(asking->arena, VARIABLE_MOST),
         **env = arena_array(asking->arena, 4, sizeof(*env));
    if (!uri || !string || !env)
        return ctl_fail("%s", err_text(ERR_MEMORY));
    if (strlen(target) > QUERY_MAX_BYTES)
        return ctl_fail("the query is too long");
    snprintf(uri, VARIABLE_MOST, "REQUEST_URI=%s%s", has_path ? "" : PATH_DEFAULT "?", target);
    snprintf(string, VARIABLE_MOST, "QUERY_STRING=%s", query);
    env[0] = method;
    env[1] = uri;
    env[2] = string;
    enum err err = request_read(asking->arena, &site, env, &asking->request);
    asking->request.now = clock_now();
    if (err != ERR_OK || asking->request.bad_query)
        return ctl_fail("the query cannot be read: %s",
                        asking->request.bad_query ? asking->request.bad_query : err_text(err));
    return EXIT_DONE;
}

static int read_wish(struct asking *asking)
{
    struct failure failure = {.err = ERR_OK};
    const struct route *route = find_route(asking->request.path);
    if (!route)
        return ctl_fail("no list is at %.*s", STR_ARG(asking->request.path));
    /* What a list asks of who may see it was asked by the system already, of who may read the
     * store. */
    asking->caller.has_session = true;
    asking->caller.user.texts[USER_ROLES] = STR("[\"admin\"]");
    asking->wish = (struct wish){.verb = VERB_LIST};
    enum err err = route->want(&asking->request, &asking->caller, &asking->wish, &failure);
    if (err != ERR_OK && failure.text.len)
        return ctl_fail("the query is refused: %.*s", STR_ARG(failure.text));
    if (err != ERR_OK)
        return ctl_fail("the query is refused");
    return asking->wish.verb == VERB_LIST
               ? EXIT_DONE
               : ctl_fail("no list is at %.*s", STR_ARG(asking->request.path));
}

static int find_user(struct asking *asking, const struct options *options)
{
    struct user user;
    struct str id = options->user ? str_of(options->user) : asking->wish.user;
    bool of_user = asking->wish.scope != SCOPE_APP;
    if (!of_user && !options->user)
        return EXIT_DONE;
    if (id.len == 0)
        return ctl_fail("that list is a user's: name one with --user");
    enum err err = store_user_by_id(asking->snapshot, asking->caller.app.number, id, &user);
    if (err != ERR_OK)
        return ctl_fail("there is no such user");
    asking->wish.query.user = user.number;
    return EXIT_DONE;
}

/* Asked twice: the first time may wait for the disk. */
static int explain(struct asking *asking)
{
    struct explanation explanation = {.step_count = 0};
    struct page page;
    int64_t begun = clock_monotonic_ns();
    enum err err = store_explain(asking->snapshot, &asking->caller.app, &asking->wish.query,
                                 asking->request.now, asking->arena, &page, &explanation);
    int64_t first = clock_monotonic_ns() - begun;
    begun = clock_monotonic_ns();
    if (err == ERR_OK)
        err = store_find(asking->snapshot, &asking->caller.app, &asking->wish.query,
                         asking->request.now, asking->arena, &page);
    int64_t second = clock_monotonic_ns() - begun;
    if (err != ERR_OK)
        return ctl_fail("the query cannot be answered: %s", err_text(err));
    for (size_t i = 0; i < explanation.step_count; i++)
        printf("%s\n", explanation.steps[i]);
    printf("expected  %llu\nfound     %llu\non page   %zu\n",
           (unsigned long long)explanation.expected, (unsigned long long)page.total, page.count);
    printf("time      %.3f ms, and again %.3f ms\n", (double)first / 1e6, (double)second / 1e6);
    return EXIT_DONE;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct asking asking = {.arena = NULL};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_begin(ctl, &asking.store, &asking.snapshot) != ERR_OK)
        return EXIT_FAILED;
    asking.arena = arena_new(ARENA_BYTES);
    int code = asking.arena ? find_app(&asking, &options) : ctl_fail("%s", err_text(ERR_MEMORY));
    if (code == EXIT_DONE)
        code = read_request(&asking, options.target);
    if (code == EXIT_DONE)
        code = read_wish(&asking);
    if (code == EXIT_DONE)
        code = find_user(&asking, &options);
    if (code == EXIT_DONE)
        code = explain(&asking);
    arena_free(asking.arena);
    return ctl_end(asking.store, asking.snapshot, code);
}

const struct command ctl_explain = {
    .name = "explain",
    .summary = "how a list is answered, and how long it takes",
    .argp = &argp,
    .run = run,
};
