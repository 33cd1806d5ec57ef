#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/import.h"

enum { FAULTS_MAX = 20, ARENA_BYTES = 64 * 1024 * 1024 };

/* An app that the files name, in the order of its first being named. */
struct named_app {
    struct named_app *next;
    const struct source *source; /* where it was named first */
    uint64_t line;
    bool has_record;
    char id[APP_ID_MAX + 1];
};

struct checking {
    struct import *import;
    struct arena *arena;
    struct record *record; /* the one at hand: large, so not on the stack */
    void *tree;            /* of named_app, by id */
    struct named_app *first, **last;
    size_t faults;
};

static int compare_apps(const void *a, const void *b)
{
    return strcmp(((const struct named_app *)a)->id, ((const struct named_app *)b)->id);
}

static void keep(void *node)
{
    (void)node; /* the list owns them */
}

static void free_apps(struct checking *checking)
{
    tdestroy(checking->tree, keep);
    while (checking->first) {
        struct named_app *next = checking->first->next;
        free(checking->first);
        checking->first = next;
    }
}

/* Notes that a record of, or in, the app is there. */
static enum err note_app(struct checking *checking, const struct source *source)
{
    const struct record *record = checking->record;
    struct named_app *app = calloc(1, sizeof(*app));
    if (!app)
        return ERR_MEMORY;
    memcpy(app->id, record->app_id.ptr, record->app_id.len);
    struct named_app **found = tsearch(app, &checking->tree, compare_apps);
    if (!found || *found != app)
        free(app);
    if (!found)
        return ERR_MEMORY;
    if (*found == app) {
        app->source = source;
        app->line = source->line;
        *checking->last = app;
        checking->last = &app->next;
    }
    (*found)->has_record = (*found)->has_record || record->kind == RECORD_APP;
    return ERR_OK;
}

static enum step check_line(void *context, const struct source *source, struct str line)
{
    struct checking *checking = context;
    struct import *import = checking->import;
    struct record_fault fault;
    arena_reset(checking->arena);
    enum err err = record_read(checking->arena, line, import->shift_ms, checking->record, &fault);
    if (err == ERR_INVALID) {
        struct str text = arena_printf(checking->arena, "expected %.*s", STR_ARG(fault.expected));
        import_report(import, source, source->line, fault.field, text);
        return ++checking->faults < FAULTS_MAX ? STEP_ON : STEP_DONE;
    }
    if (err == ERR_OK)
        err = note_app(checking, source);
    if (err != ERR_OK) {
        ctl_fail("%s:%llu: %s", source->name, (unsigned long long)source->line, err_text(err));
        return STEP_FAILED;
    }
    import->apps += checking->record->kind == RECORD_APP;
    return STEP_ON;
}

/* Whether the store has it, for an app without a record in the files. */
static enum err look_up(struct checking *checking, struct snapshot *snapshot,
                        const struct named_app *named)
{
    struct app app;
    enum err err = snapshot ? store_app_by_id(snapshot, str_of(named->id), &app) : ERR_NOT_FOUND;
    if (err != ERR_NOT_FOUND)
        return err;
    arena_reset(checking->arena);
    struct str text = arena_printf(
        checking->arena, "expected an app of the store or of these files; %s is none", named->id);
    import_report(checking->import, named->source, named->line, STR("app"), text);
    checking->faults++;
    return ERR_OK;
}

static enum err look_up_apps(struct checking *checking, struct store *store)
{
    struct snapshot *snapshot = NULL;
    enum err err = store ? snapshot_begin(store, &snapshot) : ERR_OK;
    for (const struct named_app *app = checking->first; app && err == ERR_OK; app = app->next)
        if (!app->has_record && checking->faults < FAULTS_MAX)
            err = look_up(checking, snapshot, app);
    if (snapshot) {
        err = snapshot_judge(snapshot, err);
        snapshot_end(snapshot);
    }
    if (err != ERR_OK)
        ctl_fail("the store cannot be read: %s", err_text(err));
    return err;
}

static bool check(struct checking *checking, struct store *store)
{
    if (!import_each(checking->import, "checking", check_line, checking) ||
        look_up_apps(checking, store) != ERR_OK)
        return false;
    if (checking->faults == 0)
        return true;
    ctl_fail("%zu%s %s; nothing was imported", checking->faults,
             checking->faults < FAULTS_MAX ? "" : " or more",
             checking->faults == 1 ? "fault" : "faults");
    return false;
}

bool import_check(struct import *import, struct store *store)
{
    struct checking checking = {.import = import, .arena = arena_new(ARENA_BYTES)};
    checking.last = &checking.first;
    checking.record = malloc(sizeof(*checking.record));
    bool right = false;
    if (checking.arena && checking.record)
        right = check(&checking, store);
    else
        ctl_fail("%s", err_text(ERR_MEMORY));
    free_apps(&checking);
    free(checking.record);
    arena_free(checking.arena);
    return right;
}
