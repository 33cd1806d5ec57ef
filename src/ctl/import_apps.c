#include <stdlib.h>

#include "ctl/import_bulk.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static enum err note(struct import_apps *apps, const struct app *app)
{
    if (apps->count == apps->room) {
        size_t room = apps->room ? 2 * apps->room : 64;
        struct gather_app *rows = realloc(apps->rows, room * sizeof(*rows));
        if (!rows)
            return ERR_MEMORY;
        apps->rows = rows;
        apps->room = room;
    }
    struct gather_app *row = &apps->rows[apps->count];
    *row = (struct gather_app){.lifetime_s = app->lifetime_s, .rank = (uint32_t)apps->count++};
    memcpy(row->id, app->id.ptr, app->id.len);
    return ERR_OK;
}

static enum err note_stored(void *context, const struct app *app)
{
    return note(context, app);
}

static enum err read_store(struct import_apps *apps, struct store *store)
{
    struct snapshot *snapshot;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    err = snapshot_judge(snapshot, store_each_app(snapshot, note_stored, apps));
    snapshot_end(snapshot);
    return err;
}

struct heads {
    struct import_apps *apps;
    const struct import *import;
    struct arena *arena;
    struct record *record;
};

/* Up to the first line that is no app's; what is wrong with it will show. */
static enum err read_head(const struct heads *heads, struct source *source, uint64_t *head)
{
    struct record_fault fault;
    struct str line;
    enum err err = ERR_OK;
    source_rewind(source);
    for (*head = 0; err == ERR_OK; *head = source_tell(source)) {
        err = source_next(source, &line);
        if (err != ERR_OK || import_is_blank(line))
            continue;
        arena_reset(heads->arena);
        err = record_read(heads->arena, line, heads->import->shift_ms, heads->record, &fault);
        if (err == ERR_INVALID || (err == ERR_OK && heads->record->kind != RECORD_APP))
            return ERR_OK;
        if (err == ERR_OK)
            err = note(heads->apps, &heads->record->app);
        heads->apps->records++;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err read_heads(struct import_apps *apps, const struct import *import)
{
    struct heads heads = {.apps = apps, .import = import};
    heads.arena = arena_new(ARENA_BYTES);
    heads.record = malloc(sizeof(*heads.record));
    apps->heads = calloc(import->source_count + 1, sizeof(*apps->heads));
    enum err err = heads.arena && heads.record && apps->heads ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < import->source_count; i++)
        err = read_head(&heads, &import->sources[i], &apps->heads[i]);
    free(heads.record);
    arena_free(heads.arena);
    return err;
}

static int compare(const void *left, const void *right)
{
    const struct gather_app *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

/* One row an app: its number is that of its first record, all else is of the last. */
static enum err settle(struct import_apps *apps)
{
    size_t kept = 0;
    apps->ids = calloc(apps->count + 1, sizeof(*apps->ids));
    if (!apps->ids)
        return ERR_MEMORY;
    if (apps->count)
        qsort(apps->rows, apps->count, sizeof(*apps->rows), compare);
    for (size_t i = 0; i < apps->count; i++)
        if (kept && strcmp(apps->rows[kept - 1].id, apps->rows[i].id) == 0)
            apps->rows[kept - 1].lifetime_s = apps->rows[i].lifetime_s;
        else
            apps->rows[kept++] = apps->rows[i];
    apps->count = kept;
    for (size_t i = 0; i < kept; i++)
        apps->ids[apps->rows[i].rank] = apps->rows[i].id;
    return ERR_OK;
}

enum err import_apps_read(struct import_apps *apps, const struct import *import,
                          struct store *store)
{
    enum err err = store ? read_store(apps, store) : ERR_OK;
    if (err == ERR_OK)
        err = read_heads(apps, import);
    if (err == ERR_OK)
        err = settle(apps);
    if (err != ERR_OK)
        ctl_fail("the apps cannot be read: %s", err_text(err));
    return err;
}

void import_apps_end(struct import_apps *apps)
{
    free(apps->rows);
    free(apps->ids);
    free(apps->heads);
}
