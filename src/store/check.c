/* store_check: records and index entries hold each other up. Every record's entries are looked up;
 * then, since each table must have as many entries as records ask for, counting finds the strays.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/session_read.h"

struct checking {
    struct snapshot *snapshot;
    store_report_fn report;
    void *context;
    uint64_t faults;
    uint64_t expected[TABLE_COUNT]; /* entries that records ask for */
    uint32_t app;                   /* at hand */
    uint64_t sessions;              /* of that app */
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

/* The count of the app at hand, once its last session has been seen. */
static enum err check_count(struct checking *checking)
{
    const struct snapshot *snapshot = checking->snapshot;
    struct key key = key_of_app(checking->app);
    uint64_t count;
    if (checking->app == 0)
        return ERR_OK;
    enum err err =
        env_get_number(snapshot->txn, snapshot->store, TABLE_COUNTS, key_view(&key), &count);
    checking->expected[TABLE_COUNTS]++;
    if (err == ERR_CORRUPT)
        fault(checking, "the count of app number %u cannot be read", checking->app);
    else if (err == ERR_OK && count != checking->sessions)
        fault(checking, "app number %u is said to have %llu sessions and has %llu", checking->app,
              (unsigned long long)count, (unsigned long long)checking->sessions);
    return err == ERR_CORRUPT ? ERR_OK : err;
}

static enum err check_session(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    struct session session;
    struct user user;
    struct place place = {.app = 0};
    enum err err =
        place_of_session_key(key, &place) ? session_read(value, &place, &session) : ERR_CORRUPT;
    if (place.app != checking->app) {
        enum err count_err = check_count(checking);
        if (count_err != ERR_OK)
            return count_err;
        checking->app = place.app;
        checking->sessions = 0;
    }
    checking->sessions++;
    if (err != ERR_OK) {
        fault(checking, "a session's record cannot be read: %s", err_text(err));
        return ERR_OK;
    }
    char id[UUID_TEXT];
    uuid_write(&place.id, id);
    name_object(checking, "session", (struct str){id, sizeof(id)});
    if (store_user(checking->snapshot, place.app, place.user, &user) != ERR_OK)
        fault(checking, "%s has no user", checking->object);
    return entries_told(checking, entries_of_session(&session, check_entry, checking));
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
    struct place place = {session.app, session.user, session.created, session.id};
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

/* An app whose last session went keeps a count of nought. */
static enum err discount_empty(void *context, struct str key, struct str value)
{
    struct checking *checking = context;
    (void)key;
    if (value.len == sizeof(uint64_t) && bytes_u64((const uint8_t *)value.ptr) == 0)
        checking->expected[TABLE_COUNTS]++;
    return ERR_OK;
}

/* With all that records ask for found, any entry more is nobody's. */
static enum err check_strays(struct checking *checking)
{
    static const enum table indices[] = {TABLE_APP_IDS, TABLE_KEYS,   TABLE_SIGNERS, TABLE_USER_IDS,
                                         TABLE_IDS,     TABLE_TOKENS, TABLE_BROUGHT, TABLE_NEWEST,
                                         TABLE_COUNTS,  TABLE_REFRESH};
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
    } steps[] = {{TABLE_APPS, check_app},        {TABLE_SIGNING, check_signing},
                 {TABLE_USERS, check_user},      {TABLE_SESSIONS, check_session},
                 {TABLE_COUNTS, discount_empty}, {TABLE_REFRESHES, check_refresh},
                 {TABLE_RETIRED, check_retired}};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < sizeof(steps) / sizeof(*steps); i++)
        err = cursor_each(checking->snapshot, steps[i].table, STR_NONE, steps[i].check, checking);
    if (err == ERR_OK)
        err = check_count(checking);
    return err == ERR_OK ? check_strays(checking) : err;
}

enum err store_check(struct store *store, store_report_fn report, void *context, uint64_t *faults)
{
    struct checking checking = {.report = report, .context = context};
    enum err err = snapshot_begin(store, &checking.snapshot);
    *faults = 0;
    if (err != ERR_OK)
        return err;
    err = check_all(&checking);
    snapshot_end(checking.snapshot);
    *faults = checking.faults;
    return err;
}
