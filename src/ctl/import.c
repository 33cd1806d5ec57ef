#include "ctl/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ctl/import_bulk.h"

enum {
    BATCH_DEFAULT = 1000,
    BATCH_MAX = 10000,
    MEMORY_DEFAULT = 256, /* MiB */
    MEMORY_LEAST = 16,
    MEMORY_MOST = 1024 * 1024,
    MIB = 1024 * 1024,
    KEY_AS_OF = 0x100,
    KEY_BATCH,
    KEY_MEMORY
};

struct options {
    struct ctl *ctl;
    char **paths; /* room for every argument */
    size_t path_count;
    bool has_as_of;
    int64_t as_of, batch; /* 0: as many at once as can be */
    int64_t memory;       /* MiB */
};

static void add_path(struct argp_state *state, char *arg)
{
    struct options *options = state->input;
    for (size_t i = 0; i < options->path_count; i++)
        if (strcmp(arg, "-") == 0 && strcmp(options->paths[i], "-") == 0)
            argp_error(state, "standard input can be read once");
    options->paths[options->path_count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case KEY_AS_OF:
        options->has_as_of = instant_parse(str_of(arg), INSTANT_STRICT, &options->as_of, NULL);
        if (!options->has_as_of)
            argp_error(state, "--as-of: an RFC 3339 instant is expected: %s", arg);
        return 0;
    case KEY_BATCH:
        if (!str_to_i64(str_of(arg), &options->batch) || options->batch < 1 ||
            options->batch > BATCH_MAX)
            argp_error(state, "--batch: a number from 1 to %d is expected: %s", BATCH_MAX, arg);
        return 0;
    case KEY_MEMORY:
        if (!str_to_i64(str_of(arg), &options->memory) || options->memory < MEMORY_LEAST ||
            options->memory > MEMORY_MOST)
            argp_error(state, "--memory: a number of MiB from %d to %d is expected: %s",
                       MEMORY_LEAST, MEMORY_MOST, arg);
        return 0;
    case ARGP_KEY_ARG:
        add_path(state, arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a file is expected; - is standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_rows[] = {
    {"as-of", KEY_AS_OF, "INSTANT", 0,
     "The instant, as RFC 3339 has it, that the records were written for: every instant in them is "
     "moved by as much as lies between it and now",
     0},
    {"batch", KEY_BATCH, "N", 0,
     "Records a transaction, 1 to 10000 (default: all at once into a store without users and "
     "sessions, else 1000)",
     0},
    {"memory", KEY_MEMORY, "MIB", 0,
     "Memory to sort in where all goes in at once, 16 at least (default 256); what does not fit "
     "goes to files "
     "without a name in $TMPDIR, else in the store's folder",
     0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Reads apps, users and sessions, one JSON object a line, into the store, which is made "
           "if there is none.\vAll files are checked before anything is written: a line that is "
           "wrong is told with its file, number and field, and nothing is imported. A record "
           "replaces the one of the same id. Records may come in any order.",
    .children = ctl_children,
};

void import_report(struct import *import, const struct source *source, uint64_t line,
                   struct str field, struct str text)
{
    struct buf buf = {0};
    progress_end(&import->progress);
    ctl_put_visible(&buf, str_of(source->name));
    buf_printf(&buf, ":%" PRIu64 ": ", line);
    ctl_put_visible(&buf, field);
    buf_str(&buf, field.len ? STR(": ") : STR_NONE);
    ctl_put_visible(&buf, text);
    fprintf(stderr, "%.*s\n", STR_ARG(buf_view(&buf)));
    buf_free(&buf);
}

bool import_is_blank(struct str line)
{
    return str_trim(line).len == 0 || str_eq(line, STR("\r"));
}

static enum step each_of_source(struct import *import, struct source *source, line_fn each,
                                void *context)
{
    enum step step = STEP_ON;
    enum err err = ERR_OK;
    source_rewind(source);
    while (err == ERR_OK && step == STEP_ON) {
        struct str line;
        err = source_next(source, &line);
        if (err != ERR_OK)
            break;
        size_t bytes = line.len + 1;
        if (!import_is_blank(line))
            step = each(context, source, line);
        progress_step(&import->progress, bytes);
    }
    return err == ERR_OK || err == ERR_NOT_FOUND ? step : STEP_FAILED;
}

bool import_each(struct import *import, const char *what, line_fn each, void *context)
{
    uint64_t total = 0;
    enum step step = STEP_ON;
    for (size_t i = 0; i < import->source_count; i++)
        total += import->sources[i].size;
    progress_begin(&import->progress, what, total);
    for (size_t i = 0; step == STEP_ON && i < import->source_count; i++)
        step = each_of_source(import, &import->sources[i], each, context);
    progress_end(&import->progress);
    return step != STEP_FAILED;
}

/* The store as it is before the import, for the first pass to look into; none there is no failure.
 */
static bool check_against_store(struct import *import, const struct ctl *ctl)
{
    struct store *store = NULL;
    enum err err = ctl_try_open(ctl, STORE_READ, &store);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        ctl_fail("the store at %s cannot be opened: %s", ctl->store_path, err_text(err));
        return false;
    }
    bool right = import_check(import, store);
    store_close(store);
    return right;
}

/* One record after the other. */
static bool check_and_write(struct import *import, const struct ctl *ctl)
{
    struct store *store;
    memset(import->done, 0, sizeof(import->done));
    import->apps = 0;
    if (!check_against_store(import, ctl) || ctl_open(ctl, STORE_CREATE, &store) != ERR_OK)
        return false;
    bool written = import_write(import, store);
    store_close(store);
    return written;
}

static int run(struct import *import, const struct ctl *ctl, bool at_once)
{
    enum bulked bulked = at_once ? import_bulk(import, ctl) : BULKED_NOT;
    if (bulked == BULKED_FAILED || (bulked == BULKED_NOT && !check_and_write(import, ctl)))
        return EXIT_FAILED;
    printf("imported %" PRIu64 " apps, %" PRIu64 " users, %" PRIu64 " sessions\n",
           import->done[RECORD_APP], import->done[RECORD_USER], import->done[RECORD_SESSION]);
    return EXIT_DONE;
}

static int open_and_run(struct import *import, const struct options *options)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < options->path_count; i++)
        err = source_open(&import->sources[import->source_count++], options->paths[i]);
    int code = err == ERR_OK ? run(import, options->ctl, options->batch == 0) : EXIT_FAILED;
    for (size_t i = 0; i < import->source_count; i++)
        source_close(&import->sources[i]);
    return code;
}

static int import_run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .memory = MEMORY_DEFAULT};
    int code;
    options.paths = calloc((size_t)argc, sizeof(*options.paths));
    struct source *sources = calloc((size_t)argc, sizeof(*sources));
    if (options.paths && sources) {
        argp_parse(&argp, argc, argv, 0, NULL, &options);
        struct import import = {.sources = sources,
                                .batch = options.batch ? (size_t)options.batch : BATCH_DEFAULT,
                                .memory = (size_t)options.memory * MIB};
        if (options.has_as_of)
            import.shift_ms = clock_now() - options.as_of;
        code = open_and_run(&import, &options);
    } else {
        code = ctl_fail("%s", err_text(ERR_MEMORY));
    }
    free(sources);
    free(options.paths);
    return code;
}

const struct command ctl_import = {
    .name = "import",
    .summary = "read records from JSON Lines files into the store",
    .argp = &argp,
    .run = import_run,
};
