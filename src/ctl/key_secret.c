/* `key add` and `key remove`. */
#include <stdio.h>

#include "ctl/find.h"
#include "ctl/fresh_key.h"
#include "ctl/key.h"
#include "ctl/work.h"

enum { KEY_SHA256 = 0x100, KEY_SECRET_STDIN, SECRET_MAX = 1024 };

struct options {
    struct ctl *ctl;
    const char *app;
    bool removes;
    int use; /* -1: not given */
    bool has_hash, from_stdin;
    uint8_t hash[HASH_BYTES];
};

/* ---- the command line ---- */

static bool is_fresh_use(int use)
{
    for (int i = 0; i < FRESH_COUNT; i++)
        if (fresh_uses[i] == use)
            return true;
    return false;
}

static void parse_use(struct argp_state *state, const char *arg)
{
    struct options *options = state->input;
    options->use = key_use_of_name(str_of(arg));
    if (options->removes && options->use < 0)
        argp_error(state, "--for: admin or a vendor's name is expected: %s", arg);
    if (!options->removes && !is_fresh_use(options->use))
        argp_error(state, "--for: admin, prelude, corbado or streambird is expected: %s", arg);
}

static void check_usage(struct argp_state *state)
{
    const struct options *options = state->input;
    if (!options->app || options->use < 0)
        argp_error(state, "--app and --for are expected");
    if (options->removes && options->has_hash == options->from_stdin)
        argp_error(state, "either --sha256 or --secret-stdin is expected");
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
    case 'f':
        parse_use(state, arg);
        return 0;
    case KEY_SHA256:
        options->has_hash = secret_hash_parse(str_of(arg), options->hash);
        if (!options->has_hash)
            argp_error(state, "--sha256: 64 hexadecimal digits are expected");
        return 0;
    case KEY_SECRET_STDIN:
        options->from_stdin = true;
        return 0;
    case ARGP_KEY_ARG:
        return ctl_parse_nothing(key, arg, state);
    case ARGP_KEY_END:
        check_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option add_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"for", 'f', "USE", 0, "What it opens: admin, prelude, corbado or streambird", 0},
    {0},
};
static const struct argp add_argp = {
    .options = add_rows,
    .parser = parse,
    .args_doc = "--app=ID --for=USE",
    .doc = "Gives an app a fresh secret key, beside those that it has.\vThe key is shown once; the "
           "store keeps only its SHA-256.",
    .children = ctl_children,
};

static const struct argp_option remove_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"for", 'f', "USE", 0, "What it opens: admin or a vendor's name", 0},
    {"sha256", KEY_SHA256, "HEX", 0, "The key's SHA-256", 0},
    {"secret-stdin", KEY_SECRET_STDIN, NULL, 0, "The key itself is on standard input", 0},
    {0},
};
static const struct argp remove_argp = {
    .options = remove_rows,
    .parser = parse,
    .args_doc = "--app=ID --for=USE --sha256=HEX\n--app=ID --for=USE --secret-stdin",
    .doc = "Takes a secret key away from an app: from the next request on it opens nothing.",
    .children = ctl_children,
};

/* ---- what both do ---- */

static bool keep_text(struct arena *arena, struct str *text)
{
    *text = arena_copy(arena, *text);
    return text->ptr != NULL;
}

/* What is shown of the app is kept: no snapshot is in the way of what is written. */
static bool read_app(struct work *work, const struct options *options, struct app *app)
{
    if (find_app(work->snapshot, options->app, app) != ERR_OK)
        return false;
    bool kept = keep_text(work->arena, &app->id);
    for (int i = 0; kept && i < SETTING_COUNT; i++)
        kept = keep_text(work->arena, &app->settings[i]);
    if (!kept)
        ctl_fail("%s", err_text(ERR_MEMORY));
    work_stop_looking(work);
    return kept;
}

static enum err put_key(struct work *work, const struct put_key *key)
{
    struct outcome outcome;
    struct put put = {PUT_KEY, .key = *key};
    return store_apply(work->store, &put, 1, work->now, &outcome);
}

/* ---- add ---- */

static int add(struct work *work, const struct options *options)
{
    struct app app;
    struct fresh_key made;
    if (!read_app(work, options, &app))
        return EXIT_FAILED;
    fresh_key_make(options->use, &made);
    enum err err = put_key(work, &(struct put_key){.app = app.number, .key = made.key});
    if (err == ERR_OK)
        fresh_key_print(&app, &made);
    secret_wipe(&made, sizeof(made));
    if (err == ERR_LIMIT)
        return ctl_fail("app %s has %d keys already, as many as it may have", options->app,
                        APP_KEYS_MAX);
    return err == ERR_OK ? EXIT_DONE : ctl_fail("the key cannot be added: %s", err_text(err));
}

/* ---- remove ---- */

/* The first line of standard input, or all of it where it has no end of line. */
static bool read_secret(uint8_t *hash)
{
    char secret[SECRET_MAX + 2];
    setvbuf(stdin, NULL, _IONBF, 0); /* no copy is left in a buffer of the library's */
    bool right = fgets(secret, sizeof(secret), stdin) != NULL;
    size_t len = right ? strcspn(secret, "\r\n") : 0;
    secret_hash((struct str){secret, len}, hash);
    secret_wipe(secret, sizeof(secret));
    return right && len > 0 && len <= SECRET_MAX;
}

static int take_away(struct work *work, const struct options *options)
{
    struct put_key key = {.removes = true, .key = {.use = options->use}};
    struct app app;
    if (!read_app(work, options, &app))
        return EXIT_FAILED;
    key.app = app.number;
    memcpy(key.key.hash, options->hash, sizeof(key.key.hash));
    enum err err = put_key(work, &key);
    if (err == ERR_NOT_FOUND)
        return ctl_fail("app %s has no such key for %s", options->app, key_use_name(options->use));
    if (err != ERR_OK)
        return ctl_fail("the key cannot be removed: %s", err_text(err));
    printf("removed a key for %s\n", key_use_name(options->use));
    return EXIT_DONE;
}

static int run_add(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .use = -1};
    struct work work;
    argp_parse(&add_argp, argc, argv, 0, NULL, &options);
    int code = work_begin(&work, ctl, STORE_WRITE) == ERR_OK ? add(&work, &options) : EXIT_FAILED;
    return work_end(&work, code);
}

const struct command key_add = {
    .name = "add",
    .summary = "give an app a fresh secret key",
    .argp = &add_argp,
    .run = run_add,
};

static int run_remove(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .use = -1, .removes = true};
    struct work work;
    argp_parse(&remove_argp, argc, argv, 0, NULL, &options);
    if (options.from_stdin && !read_secret(options.hash))
        return ctl_fail("a key of 1 to %d bytes is expected on standard input", SECRET_MAX);
    int code =
        work_begin(&work, ctl, STORE_WRITE) == ERR_OK ? take_away(&work, &options) : EXIT_FAILED;
    return work_end(&work, code);
}

const struct command key_remove = {
    .name = "remove",
    .summary = "take a secret key away from an app",
    .argp = &remove_argp,
    .run = run_remove,
};
