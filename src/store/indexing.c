#include "store/indexing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/devices.h"
#include "store/indexing_item.h"

enum {
    PROGRESS_EVERY = 4096,
    ENTRIES_OF_USER = 2, /* about */
    ENTRIES_OF_SESSION = 2 + TREE_NUMBER_COUNT,
    RECORD_WORK = 20 /* as much as so many entries */
};

/* In the order that they are written; those of one app when it is over. */
static const struct {
    enum table table;
    bool of_app;
} tables[] = {{TABLE_USER_IDS, true}, {TABLE_IDS, true},      {TABLE_BROUGHT, true},
              {TABLE_TOKENS, false},  {TABLE_REFRESH, false}, {TABLE_APP_IDS, false},
              {TABLE_KEYS, false}};

enum {
    SORTED_TABLES = sizeof(tables) / sizeof(*tables),
    SORTER_COUNT = SORTED_TABLES + TREE_NUMBER_COUNT
};

struct indexing {
    struct indexing_options options;
    struct sorter *tables[TABLE_COUNT], *trees[TREE_NUMBER_COUNT];
    struct buf item;
    struct standing standing;
    uint32_t app;
    int64_t idle_ms;
    struct index_head head;
    uint8_t block[ROWS_IN_BLOCK * ROW_BYTES]; /* of rows, not yet written */
    uint64_t devices;                         /* the number given out last in the app */
    struct buf device;                        /* a device's record */
    uint64_t records, added, written;         /* the latter two: entries */
};

/* ---- beginning and end ---- */

static bool is_of_apps(enum table table)
{
    return table == TABLE_APP_IDS || table == TABLE_KEYS;
}

enum err indexing_clear(const struct snapshot *view, bool apps)
{
    static const enum table others[] = {TABLE_INDEX, TABLE_ROWS, TABLE_TREES, TABLE_DEVICE_NUMBERS};
    int code = MDB_SUCCESS;
    for (size_t i = 0; code == MDB_SUCCESS && i < SORTED_TABLES; i++)
        if (apps || !is_of_apps(tables[i].table))
            code = mdb_drop(view->txn, view->store->tables[tables[i].table], 0);
    for (size_t i = 0; code == MDB_SUCCESS && i < sizeof(others) / sizeof(*others); i++)
        code = mdb_drop(view->txn, view->store->tables[others[i]], 0);
    return env_write_error(view->store, code, "clear");
}

enum err indexing_begin(const struct indexing_options *options, struct indexing **indexing)
{
    struct indexing *made = calloc(1, sizeof(*made));
    struct sorter_options sorting = {.dir = options->dir, .memory = options->memory / SORTER_COUNT};
    enum err err = made ? ERR_OK : ERR_MEMORY;
    if (made)
        made->options = *options;
    for (size_t i = 0; err == ERR_OK && i < SORTED_TABLES; i++) {
        sorting.same = tables[i].of_app ? APP_BYTES : 0;
        sorting.cmp = table_item_cmp;
        err = sorter_new(&sorting, &made->tables[tables[i].table]);
    }
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++) {
        sorting.same = 0;
        sorting.cmp = tree_item_order((enum tree_number)i);
        err = sorter_new(&sorting, &made->trees[i]);
    }
    if (err != ERR_OK)
        indexing_drop(made);
    else
        *indexing = made;
    return err;
}

void indexing_drop(struct indexing *indexing)
{
    if (!indexing)
        return;
    for (int i = 0; i < TABLE_COUNT; i++)
        sorter_free(indexing->tables[i]);
    for (int i = 0; i < TREE_NUMBER_COUNT; i++)
        sorter_free(indexing->trees[i]);
    buf_free(&indexing->item);
    buf_free(&indexing->device);
    free(indexing);
}

/* ---- writing ---- */

static void show_progress(struct indexing *indexing)
{
    const struct indexing_options *options = &indexing->options;
    uint64_t records = options->users + options->sessions;
    uint64_t entries = options->users * ENTRIES_OF_USER + options->sessions * ENTRIES_OF_SESSION;
    if (!options->progress || (indexing->records + indexing->written) % PROGRESS_EVERY)
        return;
    records = records > indexing->records ? records : indexing->records;
    entries = entries > indexing->added ? entries : indexing->added;
    options->progress(options->context, indexing->records,
                      indexing->records * RECORD_WORK + indexing->written,
                      records * RECORD_WORK + entries);
}

static void count_written(struct indexing *indexing)
{
    indexing->written++;
    show_progress(indexing);
}

static void count_record(struct indexing *indexing)
{
    indexing->records++;
    show_progress(indexing);
}

/* What is told is passed over; `fault` where nobody is told. */
static enum err tell(const struct indexing *indexing, struct str sentence, enum err fault)
{
    if (!indexing->options.report)
        return fault;
    indexing->options.report(indexing->options.context, sentence);
    return ERR_OK;
}

/* Two records have that key: the one that came first keeps it. */
static enum err meet_again(struct indexing *indexing, enum table table, bool same)
{
    char sentence[128];
    if (same)
        return ERR_OK;
    if (table == TABLE_IDS)
        return ERR_CONFLICT;
    int len = snprintf(sentence, sizeof(sentence), "two records claim one entry in %s",
                       table_names[table]);
    return tell(indexing, (struct str){sentence, (size_t)len}, ERR_CONFLICT);
}

static enum err append(struct indexing *indexing, MDB_cursor *cursor, enum table table,
                       struct str item)
{
    MDB_val key = env_val(table_item_key(item)), value = env_val(table_item_value(item));
    return env_write_error(indexing->options.view.store,
                           mdb_cursor_put(cursor, &key, &value, MDB_APPEND), table_names[table]);
}

static enum err append_all(struct indexing *indexing, MDB_cursor *cursor, enum table table)
{
    struct buf *last = &indexing->item;
    struct str item;
    enum err err = ERR_OK;
    buf_reset(last);
    while ((err = sorter_next(indexing->tables[table], &item)) == ERR_OK) {
        struct str before = buf_view(last);
        count_written(indexing);
        bool again = before.len && table_item_cmp(before, item) == 0;
        if (again)
            err = meet_again(indexing, table, str_eq(before, item));
        else
            err = append(indexing, cursor, table, item);
        if (!again) {
            buf_reset(last);
            buf_str(last, item);
        }
        if (err != ERR_OK || last->failed)
            return err == ERR_OK ? ERR_MEMORY : err;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err write_table(struct indexing *indexing, enum table table)
{
    const struct snapshot *view = &indexing->options.view;
    MDB_cursor *cursor;
    enum err err = sorter_sort(indexing->tables[table]);
    if (err != ERR_OK)
        return err;
    int code = mdb_cursor_open(view->txn, view->store->tables[table], &cursor);
    if (code != MDB_SUCCESS)
        return env_error(code, table_names[table]);
    err = append_all(indexing, cursor, table);
    mdb_cursor_close(cursor);
    sorter_reset(indexing->tables[table]);
    return err;
}

static enum err write_tables(struct indexing *indexing, bool of_app)
{
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < SORTED_TABLES; i++)
        if (tables[i].of_app == of_app)
            err = write_table(indexing, tables[i].table);
    return err;
}

static enum err add_all(struct indexing *indexing, int number, struct tree_build *build)
{
    struct str item;
    enum err err;
    while ((err = sorter_next(indexing->trees[number], &item)) == ERR_OK) {
        struct tree_entry entry = tree_item_entry(item);
        count_written(indexing);
        err = tree_build_add(build, &entry);
        if (err != ERR_OK)
            return err;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err write_tree(struct indexing *indexing, const struct tree *tree, int number)
{
    struct tree_build build;
    enum err err = sorter_sort(indexing->trees[number]);
    if (err == ERR_OK)
        err = tree_build_begin(&build, tree);
    if (err != ERR_OK)
        return err;
    err = add_all(indexing, number, &build);
    enum err end_err = tree_build_end(&build, err == ERR_OK);
    sorter_reset(indexing->trees[number]);
    return err == ERR_OK ? end_err : err;
}

static enum err write_trees(struct indexing *indexing)
{
    struct index index;
    enum err err = ERR_OK;
    index_open(&index, &indexing->options.view, indexing->app);
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++)
        err = write_tree(indexing, &index.trees[i], i);
    return err;
}

static enum err put(const struct indexing *indexing, enum table table, const struct key *key,
                    struct str value)
{
    const struct snapshot *view = &indexing->options.view;
    MDB_val at = env_val(key_view(key)), bytes = env_val(value);
    return env_write_error(view->store,
                           mdb_put(view->txn, view->store->tables[table], &at, &bytes, 0),
                           table_names[table]);
}

static enum err put_number(const struct indexing *indexing, enum table table, const struct key *key,
                           uint64_t number)
{
    struct key value = {.len = 0};
    key_put_u64(&value, number);
    return put(indexing, table, key, key_view(&value));
}

/* The rows of the last block that was begun. */
static enum err write_rows(struct indexing *indexing)
{
    uint32_t slots = indexing->head.slots, rows = slots % ROWS_IN_BLOCK;
    if (slots == 0)
        return ERR_OK;
    struct key key = key_of_rows(indexing->app, slots - 1);
    rows = rows ? rows : ROWS_IN_BLOCK;
    return put(indexing, TABLE_ROWS, &key,
               (struct str){(const char *)indexing->block, rows * ROW_BYTES});
}

static enum err write_head(struct indexing *indexing)
{
    struct key key = key_of_app(indexing->app), value = {.len = 0};
    head_encode(&indexing->head, &value);
    return put(indexing, TABLE_INDEX, &key, key_view(&value));
}

static bool is_device_key(struct str key)
{
    return key.len == APP_BYTES + sizeof(uint32_t);
}

/* Devices that no session has any more, which can be when records could not be read. */
struct unused {
    struct index index;
    struct buf numbers;
};

static enum err see_device(void *context, struct str key, struct str value)
{
    struct unused *unused = context;
    struct tree_cursor cursor;
    struct tree_entry entry = {.value = 0};
    if (!is_device_key(key))
        return ERR_OK;
    uint32_t number = bytes_u32((const uint8_t *)key.ptr + APP_BYTES);
    (void)value;
    enum err err = tree_seek_value(&cursor, &unused->index.trees[TREE_DEVICE], number);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (entry.value != number)
        buf_put(&unused->numbers, &number, sizeof(number));
    if (unused->numbers.failed)
        return ERR_MEMORY;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err remove_unused(struct indexing *indexing)
{
    struct snapshot *view = &indexing->options.view;
    struct writing writing = {.store = view->store, .txn = view->txn};
    struct unused unused = {.numbers = {0}};
    struct key prefix = key_of_app(indexing->app);
    index_open(&unused.index, view, indexing->app);
    enum err err = cursor_each(view, TABLE_DEVICES, key_view(&prefix), see_device, &unused);
    const uint32_t *number = (const uint32_t *)(const void *)unused.numbers.ptr;
    for (size_t left = unused.numbers.len / sizeof(*number); err == ERR_OK && left > 0; left--)
        err = device_remove(&writing, indexing->app, *number++);
    buf_free(&unused.numbers);
    return err;
}

/* What an app has whose sessions have all been met. */
static enum err write_app(struct indexing *indexing)
{
    enum err err = indexing->app ? write_tables(indexing, true) : ERR_OK;
    if (err != ERR_OK || indexing->head.slots == 0)
        return err;
    struct key name = key_of_devices(indexing->app);
    err = write_rows(indexing);
    if (err == ERR_OK)
        err = write_head(indexing);
    if (err == ERR_OK)
        err = put_number(indexing, TABLE_META, &name, indexing->devices);
    if (err == ERR_OK)
        err = write_trees(indexing);
    return err == ERR_OK ? remove_unused(indexing) : err;
}

enum err indexing_end(struct indexing *indexing)
{
    enum err err = write_app(indexing);
    if (err == ERR_OK)
        err = write_tables(indexing, false);
    indexing_drop(indexing);
    return err;
}

/* ---- gathering ---- */

/* A device that is there keeps its number. */
static enum err meet_device(void *context, struct str key, struct str value)
{
    struct indexing *indexing = context;
    if (!is_device_key(key))
        return tell(indexing, STR("a device's key cannot be read"), ERR_CORRUPT);
    uint32_t number = bytes_u32((const uint8_t *)key.ptr + APP_BYTES);
    struct key by_hash = key_of_device_record(indexing->app, value);
    if (number > indexing->devices)
        indexing->devices = number;
    return put_number(indexing, TABLE_DEVICE_NUMBERS, &by_hash, number);
}

static enum err meet_devices(struct indexing *indexing)
{
    struct snapshot *view = &indexing->options.view;
    struct key name = key_of_devices(indexing->app), prefix = key_of_app(indexing->app);
    enum err err =
        env_get_number(view->txn, view->store, TABLE_META, key_view(&name), &indexing->devices);
    bool damaged = err == ERR_CORRUPT;
    /* The numbers that are there say it, too. */
    if (damaged)
        err = tell(indexing, STR("how many devices an app had cannot be read"), ERR_CORRUPT);
    if (err == ERR_OK)
        err = cursor_each(view, TABLE_DEVICES, key_view(&prefix), meet_device, indexing);
    if (err == ERR_OK && damaged)
        err = put_number(indexing, TABLE_META, &name, indexing->devices);
    return err;
}

enum err indexing_app(struct indexing *indexing, const struct app *app)
{
    enum err err = write_app(indexing);
    indexing->app = app ? app->number : 0;
    indexing->idle_ms = app ? app->idle_s * SECOND_MS : 0;
    indexing->head = (struct index_head){.as_of.at = indexing->options.now, .free = SLOT_NONE};
    return err == ERR_OK && app ? meet_devices(indexing) : err;
}

enum err indexing_entry(void *context, enum table table, const struct key *key, struct str value)
{
    struct indexing *indexing = context;
    struct buf *item = &indexing->item;
    table_item_write(item, key, value);
    indexing->added++;
    return item->failed ? ERR_MEMORY : sorter_add(indexing->tables[table], buf_view(item));
}

enum err indexing_user(struct indexing *indexing, const struct user *user)
{
    count_record(indexing);
    return entries_of_user(user, indexing_entry, indexing);
}

static enum err put_device(struct indexing *indexing, const struct key *by_hash)
{
    struct key key = key_of_device(indexing->app, (uint32_t)++indexing->devices);
    enum err err = indexing->devices > UINT32_MAX
                       ? ERR_FULL
                       : put(indexing, TABLE_DEVICES, &key, buf_view(&indexing->device));
    return err == ERR_OK ? put_number(indexing, TABLE_DEVICE_NUMBERS, by_hash, indexing->devices)
                         : err;
}

/* The number of the device that a record says itself; a new one where none has these texts. */
static enum err number_device(struct indexing *indexing, const struct session *session,
                              uint32_t *number)
{
    const struct snapshot *view = &indexing->options.view;
    struct str texts[TEXT_DEVICE_END];
    uint64_t there;
    for (int i = 0; i < TEXT_DEVICE_END; i++)
        texts[i] = session_text(session, (enum session_text)i);
    buf_reset(&indexing->device);
    device_encode(texts, &indexing->device);
    if (indexing->device.failed)
        return ERR_MEMORY;
    struct key by_hash = key_of_device_record(indexing->app, buf_view(&indexing->device));
    enum err err =
        env_get_number(view->txn, view->store, TABLE_DEVICE_NUMBERS, key_view(&by_hash), &there);
    if (err == ERR_OK && there == 0) {
        err = put_device(indexing, &by_hash);
        there = indexing->devices;
    }
    *number = (uint32_t)there;
    return err;
}

static enum err add_to_tree(struct indexing *indexing, int number, uint32_t slot)
{
    struct buf *item = &indexing->item;
    tree_item_write(item, &indexing->standing, (enum tree_number)number, slot);
    indexing->added++;
    return item->failed ? ERR_MEMORY : sorter_add(indexing->trees[number], buf_view(item));
}

static enum err add_row(struct indexing *indexing, const struct place *place)
{
    enum err err = ERR_OK;
    if (place->slot > TREE_SLOT_MAX)
        return ERR_FULL;
    if (place->slot && place->slot % ROWS_IN_BLOCK == 0)
        err = write_rows(indexing);
    slot_encode(place, indexing->block + place->slot % ROWS_IN_BLOCK * ROW_BYTES);
    indexing->head.slots++;
    return err;
}

static void count_brought(struct index_head *head, const struct session *session)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        if (session_text(session, (enum session_text)(TEXT_BROUGHT_ID + vendor)).len)
            head->brought[vendor]++;
}

enum err indexing_session(struct indexing *indexing, const struct session *session,
                          const struct user *user, uint32_t *device)
{
    struct place place = place_of(session);
    unsigned state = as_of_state(&indexing->head.as_of, session, indexing->idle_ms);
    place.slot = indexing->head.slots;
    place.device = session->device;
    count_record(indexing);
    standing_of(session, user, state, &indexing->standing);
    count_brought(&indexing->head, session);
    enum err err = entries_of_session(session, place.slot, indexing_entry, indexing);
    if (err == ERR_OK && place.device == 0)
        err = number_device(indexing, session, &place.device);
    indexing->standing.values[TREE_DEVICE] = *device = place.device;
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++)
        err = add_to_tree(indexing, i, place.slot);
    return err == ERR_OK ? add_row(indexing, &place) : err;
}
