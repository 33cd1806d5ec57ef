/* SQLite's side: the statements that answer a request, made from the same query. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "scale.h"
#include "scale_sql.h"

/* The status of a session at ?1, of what does not change: `due` is when it expires or has been idle
 * for too long, whichever comes first, `why` which of the two. */
#define STATUS                                                                                     \
    "CASE WHEN ending = 2 THEN 4 WHEN ending = 1 THEN 3 WHEN due > ?1 THEN 0 ELSE 1 + why END"
static const char *const status_is[STATUS_COUNT] = {
    "(ending = 0 AND due > ?1)", "(ending = 0 AND why = 0 AND due <= ?1)",
    "(ending = 0 AND why = 1 AND due <= ?1)", "ending = 1", "ending = 2"};

static const char *const columns[FIELD_COUNT] = {
    [FIELD_ID] = "id",
    [FIELD_USER] = "user_id",
    [FIELD_STATUS] = STATUS,
    [FIELD_CREATED] = "created",
    [FIELD_LAST_ACTIVE] = "last_active",
    [FIELD_UPDATED] = "updated",
    [FIELD_EXPIRES] = "expires",
    [FIELD_DEVICE_NAME] = "device_name",
    [FIELD_OS_NAME] = "os_name",
    [FIELD_OS_VERSION] = "os_version",
    [FIELD_USERNAME] = "username",
    [FIELD_USER_NAME] = "name",
};

static sqlite3 *db;
/* Pages and totals by either plan: the one SQLite makes, and the one it makes when it does not know
 * what the conditions are about, which goes along the order's index or the narrowest that will do.
 */
enum { PLAN_OWN, PLAN_BLIND, PLAN_COUNT };
enum { FOR_PAGE, FOR_TOTAL, PURPOSES };
static sqlite3_stmt *statements[PURPOSES][PLAN_COUNT];
static int better[PURPOSES];
static sqlite3_stmt *record_statement, *begin_statement, *commit_statement;
static int64_t deadline_ns;
static pcre2_code *code;
static pcre2_match_data *match;

void sql_check(int result)
{
    if (result != SQLITE_OK)
        die("SQLite: %s", sqlite3_errmsg(db));
}

sqlite3_stmt *sql_statement(const char *sql)
{
    sqlite3_stmt *statement;
    sql_check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

void sql_run(const char *sql)
{
    sql_check(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

void sql_text(const char *sql, char *text)
{
    sqlite3_stmt *statement = sql_statement(sql);
    if (sqlite3_step(statement) != SQLITE_ROW)
        die("SQLite: nothing found: %s", sql);
    snprintf(text, TEXT_ROOM, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static int is_late(void *context)
{
    (void)context;
    return deadline_ns && clock_monotonic_ns() > deadline_ns;
}

/* ---- what a pattern needs: SQLite has no regular expressions of its own ---- */

/* As Rocket.Chat's clients spell ids, which its filter looks at. */
static void spell(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct spelling spelling;
    struct uuid id;
    (void)count;
    memcpy(id.bytes, sqlite3_value_blob(values[0]), sizeof(id.bytes));
    id_spell(VENDOR_ROCKETCHAT, &id, 0, &spelling);
    sqlite3_result_text(context, spelling.text, (int)spelling.len, SQLITE_TRANSIENT);
}

static void search(sqlite3_context *context, int count, sqlite3_value **values)
{
    const unsigned char *text = sqlite3_value_text(values[0]);
    (void)count;
    int found = pcre2_match(code, text, (size_t)sqlite3_value_bytes(values[0]), 0, 0, match, NULL);
    sqlite3_result_int(context, found > 0);
}

static void compile(const struct request *request)
{
    uint32_t options = PCRE2_CASELESS | PCRE2_UTF | PCRE2_NO_UTF_CHECK;
    PCRE2_SIZE at;
    int fault;
    pcre2_code_free(code);
    pcre2_match_data_free(match);
    code = pcre2_compile((PCRE2_SPTR)request->needle, PCRE2_ZERO_TERMINATED,
                         options | (request->kind == PATTERN_LITERAL ? PCRE2_LITERAL : 0), &fault,
                         &at, NULL);
    if (!code || pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0)
        die("%s: no pattern", request->needle);
    match = pcre2_match_data_create_from_pattern(code, NULL);
}

/* ---- opening ---- */

/* As much memory as SQLite may want: the whole file mapped, and a page cache of 2 GiB. */
void sql_open(const char *path, bool fresh)
{
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die("%s: %s", path, sqlite3_errmsg(db));
    sql_run("PRAGMA mmap_size = 68719476736; PRAGMA cache_size = -2097152;"
            "PRAGMA temp_store = MEMORY; PRAGMA threads = 2");
    sql_run(fresh ? "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"
                  : "PRAGMA query_only = ON");
    sqlite3_progress_handler(db, 10000, is_late, NULL);
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sql_check(sqlite3_create_function(db, "spell", 1, flags, NULL, spell, NULL, NULL));
    sql_check(sqlite3_create_function(db, "search", 1, SQLITE_UTF8, NULL, search, NULL, NULL));
    if (fresh)
        return;
    begin_statement = sql_statement("BEGIN");
    commit_statement = sql_statement("COMMIT");
    record_statement = sql_statement("SELECT * FROM sessions JOIN details USING (number) "
                                     "WHERE number = ?1");
}

static void let_go(void)
{
    for (int purpose = 0; purpose < PURPOSES; purpose++)
        for (int i = 0; i < PLAN_COUNT; i++) {
            sqlite3_finalize(statements[purpose][i]);
            statements[purpose][i] = NULL;
        }
}

void sql_close(void)
{
    let_go();
    sqlite3_finalize(record_statement);
    sqlite3_finalize(begin_statement);
    sqlite3_finalize(commit_statement);
    record_statement = begin_statement = commit_statement = NULL;
    sql_check(sqlite3_close(db));
}

/* ---- from a query to SQL ---- */

/* ?1 is now; those of condition i are ?(2 + 2 i) and the one after it; then the user and the mark.
 */
enum {
    AT_NOW = 1,
    AT_CONDITIONS = 2,
    AT_USER = AT_CONDITIONS + 2 * CONDITIONS_MOST,
    AT_CREATED,
    AT_ID,
    AT_LIMIT,
    AT_OFFSET
};

static void put_statuses(struct buf *sql, const struct condition *condition)
{
    const char *before = "(";
    for (int64_t status = condition->low; status <= condition->high; status++, before = " OR ")
        buf_printf(sql, "%s%s", before, status_is[status]);
    buf_str(sql, STR(")"));
}

static void put_condition(struct buf *sql, const struct condition *condition, int at)
{
    static const char *const signs[] = {
        [RELATION_EQUAL] = "=", [RELATION_BELOW] = "<", [RELATION_ABOVE] = ">"};
    const char *column = columns[condition->field];
    if (condition->field == FIELD_STATUS)
        put_statuses(sql, condition);
    else if (condition->field == FIELD_ID || condition->field == FIELD_USER)
        buf_printf(sql, "%s %s ?%d", column, signs[condition->relation], at);
    else if (condition->low == condition->high)
        buf_printf(sql, "%s = ?%d", column, at);
    else if (condition->low == INT64_MIN)
        buf_printf(sql, "%s <= ?%d", column, at + 1);
    else if (condition->high == INT64_MAX)
        buf_printf(sql, "%s >= ?%d", column, at);
    else
        buf_printf(sql, "%s BETWEEN ?%d AND ?%d", column, at, at + 1);
}

/* SQLite looks for no index by what stands behind a CASE. */
static void put_where(struct buf *sql, const struct request *request, int way)
{
    const struct query *query = &request->query;
    buf_str(sql, way == PLAN_OWN ? STR(" FROM sessions WHERE (1")
                                 : STR(" FROM sessions WHERE CASE WHEN (1"));
    for (size_t i = 0; i < query->condition_count; i++) {
        buf_str(sql, STR(" AND "));
        put_condition(sql, &query->conditions[i], AT_CONDITIONS + 2 * (int)i);
    }
    if (query->active_only)
        buf_printf(sql, " AND %s", status_is[STATUS_ACTIVE]);
    if (query->user)
        buf_printf(sql, " AND user_id = ?%d", AT_USER);
    if (query->after)
        buf_printf(sql, " AND created <= ?%d AND (created < ?%d OR id > ?%d)", AT_CREATED,
                   AT_CREATED, AT_ID);
    if (request->needle)
        buf_str(sql, STR(" AND (search(device_name || device_type || os_name || spell(id) || "
                         "user_id) OR search(username) OR search(name))"));
    buf_str(sql, way == PLAN_OWN ? STR(")") : STR(") THEN 1 ELSE 0 END"));
}

static void put_order(struct buf *sql, const struct query *query)
{
    static const struct order newest = {FIELD_CREATED, true};
    struct order order = query->order_count ? query->orders[0] : newest;
    buf_printf(sql, " ORDER BY %s%s%s LIMIT ?%d OFFSET ?%d", columns[order.field],
               order.descending ? " DESC" : "", order.field == FIELD_ID ? "" : ", id", AT_LIMIT,
               AT_OFFSET);
}

/* A parameter that the statement does without is no fault. */
static void bind(sqlite3_stmt *statement, int at, int64_t number)
{
    if (at <= sqlite3_bind_parameter_count(statement))
        sql_check(sqlite3_bind_int64(statement, at, number));
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    if (at <= sqlite3_bind_parameter_count(statement))
        sql_check(sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC));
}

static void bind_id(sqlite3_stmt *statement, int at, const struct uuid *id)
{
    if (at <= sqlite3_bind_parameter_count(statement))
        sql_check(sqlite3_bind_blob(statement, at, id->bytes, sizeof(id->bytes), SQLITE_STATIC));
}

static void bind_condition(sqlite3_stmt *statement, const struct request *request, size_t i)
{
    const struct condition *condition = &request->query.conditions[i];
    int at = AT_CONDITIONS + 2 * (int)i;
    if (condition->field == FIELD_ID) {
        bind_id(statement, at, &request->ids[i]);
    } else if (condition->field == FIELD_USER) {
        bind_text(statement, at, request->texts[i]);
    } else {
        bind(statement, at, condition->low);
        bind(statement, at + 1, condition->high);
    }
}

static sqlite3_stmt *prepare(struct buf *sql, const struct request *request)
{
    buf_byte(sql, '\0');
    if (sql->failed)
        die("out of memory");
    sqlite3_stmt *statement = sql_statement(sql->ptr);
    bind(statement, AT_NOW, scale_now);
    for (size_t i = 0; i < request->query.condition_count; i++)
        bind_condition(statement, request, i);
    bind_text(statement, AT_USER, request->user_id);
    bind(statement, AT_CREATED, request->after.created);
    bind_id(statement, AT_ID, &request->after_id);
    buf_free(sql);
    *sql = (struct buf){0};
    return statement;
}

void sql_prepare(const struct request *request)
{
    struct buf sql = {0};
    let_go();
    if (request->needle)
        compile(request);
    for (int i = 0; i < PLAN_COUNT; i++) {
        buf_str(&sql, STR("SELECT number, id"));
        put_where(&sql, request, i);
        put_order(&sql, &request->query);
        statements[FOR_PAGE][i] = prepare(&sql, request);
        buf_str(&sql, STR("SELECT count(*)"));
        put_where(&sql, request, i);
        statements[FOR_TOTAL][i] = prepare(&sql, request);
    }
}

/* ---- asking ---- */

/* True at a row; false at the end, and where it took too long. */
static bool step(sqlite3_stmt *statement, bool *gave_up)
{
    int result = sqlite3_step(statement);
    *gave_up = result == SQLITE_INTERRUPT;
    if (result != SQLITE_ROW && result != SQLITE_DONE && !*gave_up)
        die("SQLite: %s: %s", sqlite3_errmsg(db), sqlite3_sql(statement));
    return result == SQLITE_ROW;
}

/* Everything of a session, as a page shows it. */
static void read_record(sqlite3_int64 number)
{
    bool gave_up;
    sql_check(sqlite3_bind_int64(record_statement, 1, number));
    if (!step(record_statement, &gave_up))
        die("SQLite: a session has no details");
    sqlite3_reset(record_statement);
}

static void run_once(sqlite3_stmt *statement)
{
    bool gave_up;
    step(statement, &gave_up);
    sqlite3_reset(statement);
}

static bool read_page(sqlite3_stmt *page, int64_t offset, int64_t limit, struct answer *answer)
{
    bool gave_up = false;
    sqlite3_int64 numbers[PAGE_ITEMS];
    answer->count = 0;
    bind(page, AT_LIMIT, limit);
    bind(page, AT_OFFSET, offset);
    run_once(begin_statement);
    while (step(page, &gave_up)) {
        struct uuid *id = &answer->ids[answer->count];
        numbers[answer->count++] = sqlite3_column_int64(page, 0);
        memcpy(id->bytes, sqlite3_column_blob(page, 1), sizeof(id->bytes));
    }
    sqlite3_reset(page);
    deadline_ns = 0;
    for (size_t i = 0; i < answer->count; i++)
        read_record(numbers[i]);
    run_once(commit_statement);
    return !gave_up;
}

static bool read_total(sqlite3_stmt *total, struct answer *answer)
{
    bool gave_up = false;
    if (step(total, &gave_up))
        answer->total = (uint64_t)sqlite3_column_int64(total, 0);
    sqlite3_reset(total);
    deadline_ns = 0;
    return !gave_up;
}

static bool ask(int i, int64_t offset, int64_t limit, struct answer *answer)
{
    return limit ? read_page(statements[FOR_PAGE][i], offset, limit, answer)
                 : read_total(statements[FOR_TOTAL][i], answer);
}

int64_t sql_choose(int64_t offset, int64_t limit, struct answer *answer)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < PLAN_COUNT; i++) {
        struct answer other = {0};
        int64_t start = clock_monotonic_ns(), most = INT64_C(1000000000) * GIVE_UP_S;
        deadline_ns = start + (best < most ? best : most);
        bool done = ask(i, offset, limit, &other);
        int64_t took = clock_monotonic_ns() - start;
        if (done && took < best) {
            best = took;
            better[limit ? FOR_PAGE : FOR_TOTAL] = i;
            *answer = other;
        }
    }
    return best;
}

void sql_ask(int64_t offset, int64_t limit, struct answer *answer)
{
    ask(better[limit ? FOR_PAGE : FOR_TOTAL], offset, limit, answer);
}
