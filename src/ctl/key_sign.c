/* `key list` and `key rotate`. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "ctl/find.h"
#include "ctl/key.h"
#include "ctl/table.h"
#include "ctl/work.h"
#include "model/jwt.h"

enum { KEY_AT_ONCE = 0x100 };

struct options {
    struct ctl *ctl;
    const char *app;
    bool json, at_once;
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
    case KEY_AT_ONCE:
        options->at_once = true;
        return 0;
    case ARGP_KEY_ARG:
        return ctl_parse_nothing(key, arg, state);
    case ARGP_KEY_END:
        if (!options->app)
            argp_error(state, "--app is expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option list_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"json", 'j', NULL, 0, "One JSON object, with the SHA-256 of each secret key", 0},
    {0},
};
static const struct argp list_argp = {
    .options = list_rows,
    .parser = parse,
    .args_doc = "--app=ID",
    .doc = "Shows the keys that sign an app's access tokens, and how many secret keys it has for "
           "what.\vA key that is retired signs no longer, and verifies until the instant shown.",
    .children = ctl_children,
};
static const struct argp_option rotate_rows[] = {
    {"app", 'a', "ID", 0, "The app", 0},
    {"at-once", KEY_AT_ONCE, NULL, 0, "Nothing that an older key has signed is good any more", 0},
    {0},
};
static const struct argp rotate_argp = {
    .options = rotate_rows,
    .parser = parse,
    .args_doc = "--app=ID",
    .doc =
        "Has an app sign its access tokens with a new key from now on, and prints that key's "
        "id.\vThe old key verifies for a day and a minute more: no token lives longer than a day. "
        "One that somebody else may know is to be rotated at once.",
    .children = ctl_children,
};

/* ---- list ---- */

static void json_end(struct json_out *json, int64_t until)
{
    json_member_text(json, "state", until == INSTANT_NONE ? STR("current") : STR("retired"));
    if (until == INSTANT_NONE)
        return;
    json_key(json, "until");
    json_instant_millis(json, until);
}

struct listing {
    struct snapshot *snapshot;
    struct table table;
    struct buf buf;
    struct json_out json;
};

static enum err list_signing(void *context, struct str kid, struct str jwk)
{
    struct listing *listing = context;
    int64_t until = INSTANT_NONE;
    (void)jwk;
    enum err err = store_retired(listing->snapshot, kid, &until);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    table_cell(&listing->table, kid);
    table_cell(&listing->table, until == INSTANT_NONE ? STR("current") : STR("retired"));
    if (until == INSTANT_NONE)
        table_cell(&listing->table, STR_NONE);
    else
        table_instant(&listing->table, until);
    json_object_begin(&listing->json);
    json_member_text(&listing->json, "kid", kid);
    json_end(&listing->json, until);
    json_object_end(&listing->json);
    return ERR_OK;
}

static void put_counts(struct table *table, const struct app *app)
{
    struct app_key key;
    for (int use = 0; use < VENDOR_END; use++) {
        char text[24];
        int count = 0;
        for (struct str rest = app->keys; app_key_decode(&rest, &key);)
            count += key.use == use;
        if (count == 0)
            continue;
        snprintf(text, sizeof(text), "%d", count);
        table_cell(table, str_of(key_use_name(use)));
        table_cell(table, str_of(text));
    }
}

static void json_secrets(struct json_out *json, const struct app *app)
{
    struct app_key key;
    json_array_begin(json);
    for (struct str rest = app->keys; app_key_decode(&rest, &key);) {
        char hex[HASH_HEX + 1];
        for (size_t i = 0; i < HASH_BYTES; i++)
            snprintf(hex + 2 * i, 3, "%02x", key.hash[i]);
        json_object_begin(json);
        json_member_text(json, "for", str_of(key_use_name(key.use)));
        json_member_text(json, "sha256", str_of(hex));
        json_object_end(json);
    }
    json_array_end(json);
}

static bool print_tables(struct listing *listing, const struct app *app)
{
    struct table counts = {.columns = 2};
    table_cell(&counts, STR("SECRET KEYS FOR"));
    table_cell(&counts, STR("COUNT"));
    put_counts(&counts, app);
    bool printed = table_print(&listing->table);
    printf("\n");
    printed = table_print(&counts) && printed;
    table_end(&counts);
    return printed;
}

/* Both forms are gathered; one of them is shown. */
static enum err gather(struct listing *listing, const struct app *app)
{
    static const char *const headings[] = {"SIGNING KEY", "STATE", "UNTIL"};
    listing->table.columns = sizeof(headings) / sizeof(*headings);
    for (size_t i = 0; i < listing->table.columns; i++)
        table_cell(&listing->table, str_of(headings[i]));
    listing->json = json_begin(&listing->buf);
    json_object_begin(&listing->json);
    json_member_text(&listing->json, "app", app->id);
    json_key(&listing->json, "signing");
    json_array_begin(&listing->json);
    enum err err = store_each_signing_key(listing->snapshot, app->number, list_signing, listing);
    json_array_end(&listing->json);
    json_key(&listing->json, "secret");
    json_secrets(&listing->json, app);
    json_object_end(&listing->json);
    return err;
}

static int list(struct work *work, const struct options *options)
{
    struct listing listing = {.snapshot = work->snapshot};
    struct app app;
    int code = EXIT_DONE;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK)
        return EXIT_FAILED;
    enum err err = gather(&listing, &app);
    if (err == ERR_OK && options->json)
        code = ctl_print(&listing.buf);
    else if (err == ERR_OK && !print_tables(&listing, &app))
        err = ERR_MEMORY;
    table_end(&listing.table);
    buf_free(&listing.buf);
    return err == ERR_OK ? code : ctl_fail("the keys cannot be listed: %s", err_text(err));
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct work work;
    argp_parse(&list_argp, argc, argv, 0, NULL, &options);
    int code = work_begin(&work, ctl, STORE_READ) == ERR_OK ? list(&work, &options) : EXIT_FAILED;
    return work_end(&work, code);
}

const struct command key_list = {
    .name = "list",
    .summary = "show an app's signing keys, and how many secret keys it has",
    .argp = &list_argp,
    .run = run_list,
};

/* ---- rotate ---- */

struct signer {
    struct str jwk; /* of the key the app signs with */
    struct str kid;
};

static enum err note_signer(void *context, struct str kid, struct str jwk)
{
    struct signer *signer = context;
    if (str_eq(jwk, signer->jwk))
        signer->kid = kid;
    return ERR_OK;
}

static int print_signer(struct work *work, uint32_t app)
{
    struct signer signer = {.kid = STR_NONE};
    enum err err = work_look_again(work);
    if (err == ERR_OK)
        err = store_signing_key_of_app(work->snapshot, app, &signer.jwk);
    if (err == ERR_OK)
        err = store_each_signing_key(work->snapshot, app, note_signer, &signer);
    if (err != ERR_OK)
        return ctl_fail("the new key cannot be read: %s", err_text(err));
    printf("%.*s\n", STR_ARG(signer.kid));
    return EXIT_DONE;
}

static int rotate(struct work *work, const struct options *options)
{
    struct app app;
    struct outcome outcome;
    if (find_app(work->snapshot, options->app, &app) != ERR_OK)
        return EXIT_FAILED;
    struct put put = {
        PUT_SIGNING,
        .signing = {.app_id = str_of(options->app),
                    .at_once = options->at_once,
                    .keep_until = work->now + (TOKEN_MOST_S + JWT_LEEWAY_S) * SECOND_MS}};
    work_stop_looking(work);
    enum err err = store_apply(work->store, &put, 1, work->now, &outcome);
    return err == ERR_OK ? print_signer(work, app.number)
                         : ctl_fail("the key cannot be rotated: %s", err_text(err));
}

static int run_rotate(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct work work;
    argp_parse(&rotate_argp, argc, argv, 0, NULL, &options);
    int code = work_begin_alone(&work, ctl) == ERR_OK ? rotate(&work, &options) : EXIT_FAILED;
    return work_end(&work, code);
}

const struct command key_rotate = {
    .name = "rotate",
    .summary = "have an app sign with a new key",
    .argp = &rotate_argp,
    .run = run_rotate,
};
