#include "ctl/import_bulk.h"

#include <inttypes.h>

#include "base/clock.h"
#include "ctl/temporary.h"

/* Records on their way from the files into the store. */
struct pouring {
    struct import *import;
    struct import_apps apps;
    struct gather gather;
    struct bulk *bulk;
    struct temporary dir;
    bool begun;      /* a user is at hand, */
    bool given;      /* and is in the store */
    uint32_t rank;   /* of his app */
    struct buf id;   /* his */
    struct buf text; /* his record, which `user` is a view of; or nothing */
    struct user user;
};

/* ---- users with their sessions ---- */

static enum err give_user(struct pouring *pouring)
{
    if (!pouring->begun || pouring->given)
        return ERR_OK;
    pouring->given = true;
    return store_bulk_user(pouring->bulk, &pouring->user);
}

/* A user of whom nothing but the id is known yet. */
static enum err begin_user(struct pouring *pouring, const struct gathered *gathered)
{
    bool same_app = pouring->begun && pouring->rank == gathered->rank;
    buf_reset(&pouring->id);
    buf_str(&pouring->id, gathered->user_id);
    if (pouring->id.failed)
        return ERR_MEMORY;
    pouring->begun = true;
    pouring->given = false;
    pouring->rank = gathered->rank;
    pouring->user = (struct user){.active = true};
    pouring->user.texts[USER_ID] = buf_view(&pouring->id);
    return same_app ? ERR_OK
                    : store_bulk_app(pouring->bulk, str_of(pouring->apps.ids[gathered->rank]));
}

/* A record of a user takes the place of the one before; instants that it does not give stay. */
static enum err take_user(struct pouring *pouring, struct str record)
{
    int64_t created = pouring->user.created, updated = pouring->user.updated;
    buf_reset(&pouring->text);
    buf_str(&pouring->text, record);
    if (pouring->text.failed)
        return ERR_MEMORY;
    enum err err = user_decode(buf_view(&pouring->text), &pouring->user);
    if (pouring->user.created == 0 || pouring->user.created == INSTANT_NONE)
        pouring->user.created = created;
    if (pouring->user.updated == 0 || pouring->user.updated == INSTANT_NONE)
        pouring->user.updated = updated;
    return err;
}

static enum err take(struct pouring *pouring, const struct gathered *gathered)
{
    bool same = pouring->begun && pouring->rank == gathered->rank &&
                str_eq(buf_view(&pouring->id), gathered->user_id);
    enum err err = same ? ERR_OK : give_user(pouring);
    if (err == ERR_OK && !same)
        err = begin_user(pouring, gathered);
    if (err == ERR_OK && gathered->is_user)
        return take_user(pouring, gathered->record);
    if (err == ERR_OK)
        err = give_user(pouring);
    return err == ERR_OK ? store_bulk_session(pouring->bulk, gathered->created, &gathered->id,
                                              gathered->record)
                         : err;
}

static enum err take_all(struct pouring *pouring)
{
    struct gathered gathered;
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        err = gather_next(&pouring->gather, &gathered);
        if (err == ERR_NOT_FOUND)
            return give_user(pouring);
        if (err == ERR_OK)
            err = take(pouring, &gathered);
    }
    return err;
}

/* ---- the store ---- */

static void show(void *context, uint64_t records, uint64_t done, uint64_t total)
{
    struct pouring *pouring = context;
    progress_set(&pouring->import->progress, records, done, total);
}

static enum err pour(struct pouring *pouring, struct store *store)
{
    const struct gather *gather = &pouring->gather;
    struct bulk_options options = {.now = gather->now,
                                   .dir = pouring->dir.path,
                                   .memory = pouring->import->memory,
                                   .users = gather->users,
                                   .sessions = gather->sessions,
                                   .bytes = gather->bytes,
                                   .progress = show,
                                   .context = pouring};
    progress_begin(&pouring->import->progress, "writing", 0);
    enum err err = store_bulk_begin(store, &options, &pouring->bulk);
    if (err != ERR_OK)
        return err == ERR_FULL ? ERR_CONFLICT : err;
    err = take_all(pouring);
    if (err == ERR_OK)
        err = store_bulk_end(pouring->bulk);
    else
        store_bulk_drop(pouring->bulk);
    progress_end(&pouring->import->progress);
    return err;
}

/* Apps first, as always. Whatever two records claim is told by the way that takes one record after
 * the other, which knows the line. */
static enum bulked write_all(struct pouring *pouring, const struct ctl *ctl)
{
    struct import *import = pouring->import;
    struct store *store;
    if (ctl_open(ctl, STORE_CREATE, &store) != ERR_OK)
        return BULKED_FAILED;
    import->apps = pouring->apps.records;
    bool right = import_write_apps(import, store);
    enum err err = right ? pour(pouring, store) : ERR_INTERNAL;
    store_close(store);
    if (err == ERR_CONFLICT)
        return BULKED_NOT;
    if (err != ERR_OK && right)
        ctl_fail("%s; %" PRIu64 " records were imported before", err_text(err),
                 import->done[RECORD_APP]);
    import->done[RECORD_USER] = pouring->gather.users;
    import->done[RECORD_SESSION] = pouring->gather.sessions;
    return err == ERR_OK ? BULKED : BULKED_FAILED;
}

static enum bulked gather_and_write(struct pouring *pouring, const struct ctl *ctl)
{
    pouring->gather = (struct gather){.import = pouring->import,
                                      .apps = pouring->apps.rows,
                                      .app_count = pouring->apps.count,
                                      .heads = pouring->apps.heads,
                                      .now = clock_now(),
                                      .dir = pouring->dir.path,
                                      .memory = pouring->import->memory};
    enum err err = gather_read(&pouring->gather);
    enum bulked bulked = err == ERR_INVALID ? BULKED_NOT : BULKED_FAILED;
    if (err == ERR_OK)
        bulked = write_all(pouring, ctl);
    gather_end(&pouring->gather);
    return bulked;
}

/* ---- the beginning ---- */

static enum err is_empty(struct store *store, bool *empty)
{
    struct store_stat stat = {.users = 0};
    enum err err = store ? store_stat(store, &stat) : ERR_OK;
    *empty = err == ERR_OK && stat.users == 0 && stat.sessions == 0;
    return err;
}

/* What the store has before the import; it is closed again before there are other processes. */
static enum bulked look(struct pouring *pouring, const struct ctl *ctl)
{
    struct store *store = NULL;
    bool empty = false;
    enum err err = ctl_try_open(ctl, STORE_READ, &store);
    if (err == ERR_OK || err == ERR_NOT_FOUND)
        err = is_empty(store, &empty);
    enum bulked bulked = BULKED_NOT;
    if (err == ERR_OK && empty)
        bulked = import_apps_read(&pouring->apps, pouring->import, store) == ERR_OK ? BULKED
                                                                                    : BULKED_FAILED;
    store_close(store);
    return bulked;
}

enum bulked import_bulk(struct import *import, const struct ctl *ctl)
{
    struct pouring pouring = {.import = import};
    enum bulked bulked = look(&pouring, ctl);
    pouring.dir = temporary_dir(ctl->store_path);
    if (bulked == BULKED)
        bulked = gather_and_write(&pouring, ctl);
    import_apps_end(&pouring.apps);
    buf_free(&pouring.id);
    buf_free(&pouring.text);
    return bulked;
}
