/* store_check: records and index entries hold each other up. Every record's entries are looked up;
 * then, since each table must have as many entries as records ask for, counting finds the strays.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/devices.h"
#include "store/index.h"
#include "store/session_read.h"

struct checking {
    struct snapshot *snapshot;
    store_report_fn report;
    void *context;
    uint64_t faults;
    uint64_t expected[TABLE_COUNT]; /* entries that records ask for */
    uint64_t sessions, indexed;     /* records, and entries in a tree of each app */
    char object[128];               /* the record at hand, for reports */
};

static void fault(struct checking *checking, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fault(struct checking *checking, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t size = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    checking->faults++;
    str_make_printable(text, size); /* it may quote what is damaged */
    checking->report(checking->context, (struct str){text, size});
}

static enum err check_entry(void *context, enum table table, const struct key *key,
                            struct str value)
{
    struct checking *checking = context;
    struct str there;
    enum err err =
        env_get(checking->snapshot->txn, checking->snapshot->store, table, key_view(key), &there);
    checking->expected[table]++;
    if (err == ERR_NOT_FOUND)
        fault(checking, "%s has no entry in %s", checking->object, table_names[table]);
    else if (err == ERR_OK && !str_eq(there, value))
        fault(checking, "%s: its entry in %s says something else", checking->object,
              table_names[table]);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Entries that cannot be told are a fault of the record. */
static enum err entries_told(struct checking *checking, enum err err)
{
    if (err != ERR_CORRUPT)
        return err;
    fault(checking, "%s: its record is damaged", checking->object);
    return ERR_OK;
}

static void name_object(struct checking *checking, const char *kind, struct str id)
{
    snprintf(checking->object, sizeof(checking->object), "%s %.*s", kind, STR_ARG(id));
}

static enum err see_line(void *context, const struct audit_line *line)
{
    (void)context, (void)line;
    return ERR_OK;
}

static enum err check_app(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct str jwk;
    struct app app;
    enum err err = key.len == APP_BYTES ? app_decode(value, &app) : ERR_CORRUPT;
    if (err != ERR_OK) {
        fault(checking, "an app's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    app.number = bytes_u32((const uint8_t *)key.ptr);
    name_object(checking, "app", app.id);
    checking->expected[TABLE_SIGNERS]++;
    if (store_signing_key_of_app(checking->snapshot, app.number, &jwk) != ERR_OK)
        fault(checking, "%s has no signing key", checking->object);
    if (store_each_audit(checking->snapshot, app.number, INSTANT_MIN, see_line, NULL) != ERR_OK)
        fault(checking, "%s: its audit trail cannot be read", checking->object);
    return entries_told(checking, entries_of_app(&app, check_entry, checking));
}

static enum err check_signing(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct app app;
    bool whole = value.len > APP_BYTES;
    checking->expected[TABLE_SIGNING]++;
    if (!whole ||
        store_app(checking->snapshot, bytes_u32((const uint8_t *)value.ptr), &app) != ERR_OK)
        fault(checking, "signing key %.*s is no app's", STR_ARG(key));
    return ERR_OK;
}

static enum err check_user(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct user user;
    struct app app;
    enum err err = key.len == APP_BYTES + USER_BYTES ? user_decode(value, &user) : ERR_CORRUPT;
    if (err != ERR_OK) {
        fault(checking, "a user's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    user.app = bytes_u32((const uint8_t *)key.ptr);
    user.number = bytes_u64((const uint8_t *)key.ptr + APP_BYTES);
    name_object(checking, "user", user.texts[USER_ID]);
    if (store_app(checking->snapshot, user.app, &app) != ERR_OK)
        fault(checking, "%s has no app", checking->object);
    return entries_told(checking, entries_of_user(&user, check_entry, checking));
}

static void check_in_tree(struct checking *checking, const struct tree *tree,
                          const struct standing *standing, uint32_t slot)
{
    enum tree_number number = (enum tree_number)tree->number;
    struct sought sought = standing_sought(standing, number);
    struct tree_entry entry;
    enum err err = tree_find(tree, standing->values[number], &sought, &entry);
    if (err != ERR_OK || entry.slot != slot)
        fault(checking, "%s is not in the tree of %s", checking->object, tree_kinds[number].name);
    else if (tree->tells_states && entry.state != standing->state)
        fault(checking, "%s: its status in the tree of %s is another", checking->object,
              tree_kinds[number].name);
}

/* Whether the row has the device that the record names, or says itself. */
static bool is_of_device(const struct checking *checking, const struct session *session,
                         uint32_t number)
{
    struct session other = *session;
    struct key key = key_of_device(session->app, number);
    struct str record;
    if (session->device)
        return session->device == number;
    if (env_get(checking->snapshot->txn, checking->snapshot->store, TABLE_DEVICES, key_view(&key),
                &record) != ERR_OK ||
        session_give_device(&other, record) != ERR_OK)
        return false;
    other.device = number;
    for (int i = 0; i < TEXT_DEVICE_END; i++)
        if (!str_eq(session_text(session, (enum session_text)i),
                    session_text(&other, (enum session_text)i)))
            return false;
    return true;
}

/* Whether the session's row leads back to it, and each tree has it where it belongs. */
static enum err check_standing(struct checking *checking, const struct session *session,
                               const struct user *user, uint32_t slot)
{
    struct index index;
    struct index_head head;
    struct standing standing;
    struct place row;
    struct app app;
    enum err err = store_app(checking->snapshot, session->app, &app);
    if (err == ERR_OK)
        err = head_read(checking->snapshot, session->app, &head);
    if (err != ERR_OK) /* of the app, which was told of already */
        return err == ERR_NOT_FOUND || err == ERR_VERSION ? ERR_CORRUPT : err;
    unsigned state = as_of_state(&head.as_of, session, app.idle_s * SECOND_MS);
    standing_of(session, user, state, &standing);
    if (session->device && session->device_record.len == 0)
        fault(checking, "%s: its device's record is gone or damaged", checking->object);
    err = slot_row(checking->snapshot, session->app, slot, &row);
    if (err != ERR_OK || memcmp(row.id.bytes, session->id.bytes, sizeof(row.id.bytes)) != 0 ||
        row.user != session->user || row.created != session->created ||
        !is_of_device(checking, session, row.device))
        fault(checking, "%s: its row is another's", checking->object);
    standing.values[TREE_DEVICE] = row.device;
    index_open(&index, checking->snapshot, session->app);
    for (int i = 0; i < TREE_NUMBER_COUNT; i++)
        check_in_tree(checking, &index.trees[i], &standing, slot);
    return ERR_OK;
}

static enum err check_session(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct session session;
    struct user user;
    struct place place = {.app = 0};
    enum err err = place_of_session_key(key, &place)
                       ? session_read(checking->snapshot, value, &place, &session)
                       : ERR_CORRUPT;
    checking->sessions++;
    if (err != ERR_OK) {
        fault(checking, "a session's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    char id[UUID_TEXT];
    uuid_write(&place.id, id);
    name_object(checking, "session", (struct str){id, sizeof(id)});
    if (store_user(checking->snapshot, place.app, place.user, &user) != ERR_OK) {
        fault(checking, "%s has no user", checking->object);
        return ERR_OK;
    }
    uint32_t slot = SLOT_NONE;
    err = index_slot(checking->snapshot, place.app, &place.id, &slot);
    if (err == ERR_OK)
        err = check_standing(checking, &session, &user, slot);
    if (err != ERR_OK && err != ERR_CORRUPT)
        return err;
    return entries_told(checking, entries_of_session(&session, slot, check_entry, checking));
}

static enum err check_refresh(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct refresh refresh;
    struct session session;
    struct uuid id;
    char text[UUID_TEXT];
    enum err err =
        key.len == APP_BYTES + sizeof(id) ? refresh_decode(value, &refresh) : ERR_CORRUPT;
    if (err != ERR_OK) {
        fault(checking, "a refresh token's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    memcpy(id.bytes, key.ptr + APP_BYTES, sizeof(id.bytes));
    uuid_write(&id, text);
    name_object(checking, "refresh token of session", (struct str){text, sizeof(text)});
    if (store_session(checking->snapshot, bytes_u32((const uint8_t *)key.ptr), &id, &session) !=
        ERR_OK) {
        fault(checking, "%s has no session", checking->object);
        return ERR_OK;
    }
    struct place place = place_of(&session);
    return entries_told(checking, entries_of_refresh(&place, &refresh, check_entry, checking));
}

static enum err check_retired(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct str jwk;
    uint32_t app;
    (void)value;
    if (store_signing_key(checking->snapshot, key, &app, &jwk) != ERR_OK)
        fault(checking, "retired key %.*s is not there", STR_ARG(key));
    return ERR_OK;
}

/* An app's trees: whether they agree with themselves and with each other. */
static enum err check_index(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct index index;
    struct index_head head;
    uint64_t entries, nodes, first = 0;
    (void)value;
    uint32_t app = key.len == APP_BYTES ? bytes_u32((const uint8_t *)key.ptr) : 0;
    struct app record;
    if (store_app(checking->snapshot, app, &record) == ERR_NOT_FOUND)
        fault(checking, "the index of app number %u is nobody's", app);
    if (head_read(checking->snapshot, app, &head) != ERR_OK) {
        fault(checking, "app number %u: its index cannot be read", app);
        return ERR_OK;
    }
    checking->expected[TABLE_INDEX]++;
    checking->expected[TABLE_ROWS] += (head.slots + ROWS_IN_BLOCK - 1) / ROWS_IN_BLOCK;
    index_open(&index, checking->snapshot, app);
    for (int i = 0; i < TREE_NUMBER_COUNT; i++) {
        enum err err = tree_check(&index.trees[i], &entries, &nodes);
        checking->expected[TABLE_TREES] += nodes;
        if (err != ERR_OK)
            fault(checking, "app number %u: the tree of %s is damaged", app, tree_kinds[i].name);
        else if (i > 0 && entries != first)
            fault(checking, "app number %u: the tree of %s has %llu entries, not %llu", app,
                  tree_kinds[i].name, (unsigned long long)entries, (unsigned long long)first);
        first = i == 0 ? entries : first;
    }
    checking->indexed += first;
    return ERR_OK;
}

static enum err check_device(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct session session;
    struct index index;
    struct tree_cursor cursor;
    struct tree_entry entry = {.value = 0};
    struct key number = {.len = 0};
    if (key.len != APP_BYTES + sizeof(uint32_t) || session_give_device(&session, value) != ERR_OK) {
        fault(checking, "a device's record cannot be read");
        return ERR_OK;
    }
    uint32_t app = bytes_u32((const uint8_t *)key.ptr),
             device = bytes_u32((const uint8_t *)key.ptr + APP_BYTES);
    snprintf(checking->object, sizeof(checking->object), "device %u of app number %u", device, app);
    index_open(&index, checking->snapshot, app);
    if (tree_seek_value(&cursor, &index.trees[TREE_DEVICE], device) != ERR_OK ||
        tree_next(&cursor, &entry) != ERR_OK || entry.value != device)
        fault(checking, "%s is no session's", checking->object);
    struct key by_hash = key_of_device_record(app, value);
    key_put_u64(&number, device);
    return check_entry(checking, TABLE_DEVICE_NUMBERS, &by_hash, key_view(&number));
}

/* With all that records ask for found, any entry more is nobody's. */
static enum err check_strays(struct checking *checking)
{
    static const enum table indices[] = {TABLE_APP_IDS,  TABLE_KEYS,    TABLE_SIGNERS,
                                         TABLE_USER_IDS, TABLE_IDS,     TABLE_TOKENS,
                                         TABLE_BROUGHT,  TABLE_REFRESH, TABLE_INDEX,
                                         TABLE_ROWS,     TABLE_TREES,   TABLE_DEVICE_NUMBERS};
    const struct snapshot *snapshot = checking->snapshot;
    for (size_t i = 0; i < sizeof(indices) / sizeof(*indices); i++) {
        MDB_stat stat;
        int code = mdb_stat(snapshot->txn, snapshot->store->tables[indices[i]], &stat);
        if (code != MDB_SUCCESS)
            return env_error(code, "check");
        if (stat.ms_entries > checking->expected[indices[i]])
            fault(checking, "%s has %llu entries too many", table_names[indices[i]],
                  (unsigned long long)(stat.ms_entries - checking->expected[indices[i]]));
    }
    return ERR_OK;
}

static enum err check_all(struct checking *checking)
{
    static const struct {
        enum table table;
        row_fn check;
    } steps[] = {{TABLE_APPS, check_app},          {TABLE_SIGNING, check_signing},
                 {TABLE_USERS, check_user},        {TABLE_SESSIONS, check_session},
                 {TABLE_INDEX, check_index},       {TABLE_DEVICES, check_device},
                 {TABLE_REFRESHES, check_refresh}, {TABLE_RETIRED, check_retired}};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < sizeof(steps) / sizeof(*steps); i++)
        err = cursor_each(checking->snapshot, steps[i].table, STR_NONE, steps[i].check, checking);
    if (err == ERR_OK && checking->indexed != checking->sessions)
        fault(checking, "there are %llu sessions, and trees of %llu",
              (unsigned long long)checking->sessions, (unsigned long long)checking->indexed);
    return err == ERR_OK ? check_strays(checking) : err;
}

enum err store_check(struct store *store, store_report_fn report, void *context, uint64_t *faults)
{
    struct checking checking = {.report = report, .context = context};
    enum err err = snapshot_begin(store, &checking.snapshot);
    *faults = 0;
    if (err != ERR_OK)
        return err;
    err = snapshot_judge(checking.snapshot, check_all(&checking));
    snapshot_end(checking.snapshot);
    *faults = checking.faults;
    return err;
}
