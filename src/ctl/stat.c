#include <stdio.h>

#include "base/json_out.h"
#include "ctl/ctl.h"

struct options {
    struct ctl *ctl;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = options->ctl;
    else if (key == 'j')
        options->json = true;
    else
        return ctl_parse_nothing(key, arg, state);
    return 0;
}

static const struct argp_option option_rows[] = {
    {"json", 'j', NULL, 0, "One JSON object instead of a table", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Shows how many apps, users and sessions are in the store, and how large it is.",
    .children = ctl_children,
};

struct row {
    const char *name;
    uint64_t value;
};

static void print_json(const struct row *rows, size_t count)
{
    struct buf buf = {0};
    struct json_out json = json_begin(&buf);
    json_object_begin(&json);
    for (size_t i = 0; i < count; i++)
        json_member_i64(&json, rows[i].name, (int64_t)rows[i].value);
    json_object_end(&json);
    printf("%.*s\n", STR_ARG(buf_view(&buf)));
    buf_free(&buf);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl};
    struct store *store;
    struct store_stat stat;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_open(ctl, STORE_READ, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = store_stat(store, &stat);
    store_close(store);
    if (err != ERR_OK)
        return ctl_fail("the store at %s cannot be read: %s", ctl->store_path, err_text(err));
    const struct row rows[] = {
        {"format", stat.format},
        {"apps", stat.apps},
        {"users", stat.users},
        {"sessions", stat.sessions},
        {"index_entries", stat.index_entries},
        {"file_bytes", stat.file_bytes},
        {"used_bytes", stat.used_bytes},
        {"map_bytes", stat.map_bytes},
        {"readers", stat.readers},
        {"readers_max", stat.readers_max},
    };
    size_t count = sizeof(rows) / sizeof(*rows);
    if (options.json)
        print_json(rows, count);
    else
        for (size_t i = 0; i < count; i++)
            printf("%-14s %20llu\n", rows[i].name, (unsigned long long)rows[i].value);
    return EXIT_DONE;
}

const struct command ctl_stat = {
    .name = "stat",
    .summary = "how much is in the store, and how large it is",
    .argp = &argp,
    .run = run,
};
