#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/record.h"
#include "ctl/ctl.h"
#include "ctl/import.h"

/* A batch is written early once so much memory has gone into records, wanted ones or not. */
enum { BATCH_BYTES = 96 * 1024 * 1024 };

struct origin {
    const struct source *source;
    uint64_t line;
};

struct writing {
    struct import *import;
    struct store *store;
    struct arena *arena; /* the batch's records */
    struct put *puts;
    struct origin *origins; /* of the puts */
    size_t count, bytes;
    bool apps;          /* the run at hand writes apps, not all else */
    uint64_t apps_left; /* not seen yet in that run */
};

static uint64_t written(const struct import *import)
{
    return import->done[RECORD_APP] + import->done[RECORD_USER] + import->done[RECORD_SESSION];
}

static void report_conflict(struct writing *writing, size_t at)
{
    static const char *const expected[] = {
        [PUT_APP] = "expected keys that no other app has",
        [PUT_USER] = "expected an id that does not stand for another user",
        [PUT_SESSION] = "expected a token and ids that no other session has",
    };
    const struct origin *origin = &writing->origins[at];
    import_report(writing->import, origin->source, origin->line, STR_NONE,
                  str_of(expected[writing->puts[at].kind]));
}

static void fail_batch(struct import *import, enum err err)
{
    progress_end(&import->progress);
    ctl_fail("%s; %" PRIu64 " records were imported before",
             err == ERR_CONFLICT ? "the import was stopped" : err_text(err), written(import));
}

static enum step flush(struct writing *writing)
{
    struct import *import = writing->import;
    struct outcome outcome = {.at = 0};
    enum err err = ERR_OK;
    if (writing->count)
        err = store_apply(writing->store, writing->puts, writing->count, clock_now(), &outcome);
    for (size_t i = 0; err == ERR_OK && i < writing->count; i++)
        import->done[writing->puts[i].kind]++;
    if (err == ERR_CONFLICT && outcome.at < writing->count)
        report_conflict(writing, outcome.at);
    if (err != ERR_OK)
        fail_batch(import, err);
    arena_reset(writing->arena);
    writing->count = 0;
    writing->bytes = 0;
    return err == ERR_OK ? STEP_ON : STEP_FAILED;
}

_Static_assert((int)PUT_APP == RECORD_APP && (int)PUT_USER == RECORD_USER &&
                   (int)PUT_SESSION == RECORD_SESSION,
               "puts and records are counted in one array");

static enum step fail(const struct source *source, enum err err)
{
    ctl_fail("%s:%" PRIu64 ": %s", source->name, source->line,
             err == ERR_INVALID ? "the file has changed since it was checked" : err_text(err));
    return STEP_FAILED;
}

static enum step write_line(void *context, const struct source *source, struct str line)
{
    struct writing *writing = context;
    struct record *record = arena_alloc(writing->arena, sizeof(*record));
    struct record_fault fault;
    writing->bytes += sizeof(*record) + line.len;
    enum err err =
        record ? record_read(writing->arena, line, writing->import->shift_ms, record, &fault)
               : ERR_MEMORY;
    if (err != ERR_OK)
        return fail(source, err);
    if ((record->kind == RECORD_APP) == writing->apps) {
        writing->origins[writing->count] = (struct origin){source, source->line};
        writing->puts[writing->count++] = record_put(record);
    }
    writing->apps_left -= writing->apps && record->kind == RECORD_APP;
    enum step step = STEP_ON;
    if (writing->count == writing->import->batch || writing->bytes >= BATCH_BYTES)
        step = flush(writing);
    bool done = writing->apps && writing->apps_left == 0;
    return step == STEP_ON && done ? STEP_DONE : step;
}

static bool run(struct writing *writing, bool apps)
{
    writing->apps = apps;
    writing->apps_left = writing->import->apps;
    return import_each(writing->import, "importing", write_line, writing) &&
           flush(writing) == STEP_ON;
}

static bool write_runs(struct import *import, struct store *store, bool all)
{
    struct writing writing = {.import = import, .store = store, .arena = arena_new(SIZE_MAX)};
    bool right = false;
    writing.puts = calloc(import->batch, sizeof(*writing.puts));
    writing.origins = calloc(import->batch, sizeof(*writing.origins));
    if (writing.arena && writing.puts && writing.origins)
        right = (import->apps == 0 || run(&writing, true)) && (!all || run(&writing, false));
    else
        ctl_fail("%s", err_text(ERR_MEMORY));
    free(writing.puts);
    free(writing.origins);
    arena_free(writing.arena);
    return right;
}

bool import_write_apps(struct import *import, struct store *store)
{
    return write_runs(import, store, false);
}

bool import_write(struct import *import, struct store *store)
{
    return write_runs(import, store, true);
}
