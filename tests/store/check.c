/* store_check finds every kind of damage, store_stat counts, and damaged bytes are told and never
 * followed by any read. */
#include "base/bytes.h"
#include "store/damage.h"
#include "store/rows.h"
#include "support/random.h"

SUITE(store_check);

/* Something in every table. */
static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    struct app_key key = {.use = KEY_ADMIN};
    struct put app = app_put("acme");
    struct session_draft draft = draft_new(100, NOW), other = draft_new(101, NOW - HOUR);
    app.app.keys = &key;
    app.app.key_count = 1;
    app.app.app.settings[SETTING_CORBADO_PROJECT_ID] = STR("pro-1");
    scene_put(&scene, app);
    scene_put(&scene, app_put("globex"));
    ASSERT_OK(scene_fill(&scene, "acme", 6, 2));
    draft_token(&draft, "token");
    draft_token(&other, "another");
    draft_brought(&draft, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    draft_brought(&draft, VENDOR_STREAMBIRD, "sess_24tZ6tlJ7CxlTwB6Zoj6SHQ9vU3");
    draft.factor_count = 1;
    draft.factors[0].texts[METHOD_ID] = STR("pn_1");
    scene_put(&scene, session_put("acme", "jane", &draft));
    scene_put(&scene, session_put("globex", "jane", &other));
    return scene;
}

static bool told(struct str report, const char *word)
{
    return memmem(report.ptr, report.len, word, strlen(word)) != NULL;
}

/* At least one fault, and one that names the table or the kind of object. */
static void assert_told(struct scene *scene, const struct row *row, const char *what,
                        const char *word)
{
    struct str report;
    uint64_t faults = scene_faults(scene, &report);
    cr_expect(faults > 0, "%s %s: no fault", table_names[row->table], what);
    cr_expect(told(report, table_names[row->table]) || told(report, word), "%s %s: %.*s",
              table_names[row->table], what, STR_ARG(report));
    arena_reset(scene->arena);
}

static const struct {
    enum table table;
    const char *word; /* in the report in place of the table's name */
} tables[] = {
    {TABLE_APPS, "app"},       {TABLE_APP_IDS, "app"},
    {TABLE_KEYS, "keys"},      {TABLE_SIGNING, "signi"},
    {TABLE_SIGNERS, "signi"},  {TABLE_USERS, "user"},
    {TABLE_USER_IDS, "user"},  {TABLE_SESSIONS, "has"},
    {TABLE_IDS, "ids"},        {TABLE_TOKENS, "tokens"},
    {TABLE_BROUGHT, "bro"},    {TABLE_ROWS, "row"},
    {TABLE_TREES, "tree"},     {TABLE_INDEX, "tree"},
    {TABLE_DEVICES, "device"}, {TABLE_DEVICE_NUMBERS, "device"},
};

Test(store_check, a_sound_store_has_no_fault)
{
    struct scene scene = furnished();
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_check, a_row_that_is_gone_is_missed)
{
    struct scene scene = furnished();
    struct row row;
    for (size_t i = 0; i < LEN(tables); i++)
        for (size_t at = 0; row_read(&scene, tables[i].table, at, &row); at++) {
            row_delete(&scene, &row);
            assert_told(&scene, &row, "deleted", tables[i].word);
            row_write(&scene, &row);
        }
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_check, what_is_told_of_damage_is_fit_for_a_terminal)
{
    struct scene scene = furnished();
    struct row row;
    struct str report;
    size_t at = 0;
    char *id = NULL;
    while (!id && row_read(&scene, TABLE_USERS, at++, &row))
        id = memmem(row.value, row.value_len, "jane", 4);
    cr_assert_not_null(id);
    id[1] = '\x1B';
    row_write(&scene, &row);
    cr_expect_gt(scene_faults(&scene, &report), 0);
    cr_expect(told(report, "j?ne") && !told(report, "\x1B"), "%.*s", STR_ARG(report));
    scene_end(&scene);
}

/* A list that goes by sets of slots would take half a GiB for each, and seconds. */
Test(store_check, more_slots_than_there_are_rows_are_damage)
{
    struct scene scene = furnished();
    struct row row;
    struct page page;
    size_t refused = 0;
    cr_assert(row_read(&scene, TABLE_INDEX, 0, &row));
    row.value[8] = 0x1F; /* the first of four bytes that say how many */
    row_write(&scene, &row);
    scene_read(&scene);
    struct app app = scene_app(&scene, "acme");
    for (int field = 0; field < FIELD_COUNT; field++) {
        struct query query = {.vendor = VENDOR_CORBADO,
                              .active_only = true,
                              .orders = {{(enum field)field, false}},
                              .order_count = 1,
                              .limit = 100};
        enum err err = store_find(scene.snapshot, &app, &query, NOW, scene.arena, &page);
        cr_expect(err == ERR_OK || err == ERR_CORRUPT, "%s", err_word(err));
        refused += err == ERR_CORRUPT;
    }
    cr_expect_gt(refused, 0, "none goes by sets");
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_check, records_without_their_holder_are_told)
{
    struct scene scene = furnished();
    struct row row;
    struct str report;
    cr_assert(row_read(&scene, TABLE_USERS, 0, &row));
    row_delete(&scene, &row);
    scene_faults(&scene, &report);
    cr_expect(told(report, "has no user"), "%.*s", STR_ARG(report));
    row_write(&scene, &row);
    cr_assert(row_read(&scene, TABLE_APPS, 0, &row));
    row_delete(&scene, &row);
    scene_faults(&scene, &report);
    cr_expect(told(report, "has no app"), "%.*s", STR_ARG(report));
    scene_end(&scene);
}

/* One that looks like the others, but that nothing calls for. */
Test(store_check, a_stray_row_is_found)
{
    struct scene scene = furnished();
    struct row row;
    for (size_t i = 0; i < LEN(tables); i++) {
        cr_assert(row_read(&scene, tables[i].table, 0, &row));
        row.key[row.key_len - 1] ^= 0x55;
        if (tables[i].table == TABLE_SIGNING)
            row.value[3] ^= 0x55; /* an app may have several, but there must be the app */
        row_write(&scene, &row);
        assert_told(&scene, &row, "strayed", tables[i].word);
        row_delete(&scene, &row);
    }
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_check, a_row_that_says_something_else_is_found)
{
    struct scene scene = furnished();
    struct row row, changed;
    for (size_t i = 0; i < LEN(tables); i++) {
        bool record = tables[i].table == TABLE_APPS || tables[i].table == TABLE_USERS ||
                      tables[i].table == TABLE_SESSIONS;
        cr_assert(row_read(&scene, tables[i].table, 0, &row));
        changed = row;
        changed.value[record ? 0 : 3] ^= 0x55;
        row_write(&scene, &changed);
        assert_told(&scene, &row, "changed", tables[i].word);
        row_write(&scene, &row);
    }
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_check, stat_counts)
{
    struct scene scene = furnished();
    struct store_stat stat;
    ASSERT_OK(store_stat(scene.store, &stat));
    cr_expect_eq(stat.apps, 2);
    cr_expect_eq(stat.users, 4);
    cr_expect_eq(stat.sessions, 8);
    /* Of apps: 2 ids, 1 key, 2 signing keys twice, 2 heads of an index, a block of rows and 9 trees
     * of each; 2 of each user; an id of each session, 2 tokens, 2 ids brought, 3 devices and their
     * numbers; the format, the instant it was made and 4 last numbers. */
    cr_expect_eq(stat.index_entries, 2 + 1 + 4 + 2 + 2 + 18 + 8 + 8 + 2 + 2 + 6 + 6);
    cr_expect_eq(stat.format, 3);
    cr_expect(stat.used_bytes > 0 && stat.used_bytes <= stat.file_bytes &&
              stat.file_bytes <= stat.map_bytes);
    cr_expect(stat.readers >= 1 && stat.readers < stat.readers_max);
    scene_end(&scene);
}

static enum err ignore_app(void *context, const struct app *app)
{
    (void)context, (void)app;
    return ERR_OK;
}

static enum err ignore_user(void *context, const struct user *user)
{
    (void)context, (void)user;
    return ERR_OK;
}

static enum err read_whole_session(void *context, const struct session *session)
{
    struct session_draft draft;
    (void)context;
    session_to_draft(session, &draft);
    return ERR_OK;
}

static bool is_told(enum err err)
{
    return err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_VERSION;
}

static void query_all(struct scene *scene, const struct app *app)
{
    static const struct order orders[] = {
        {FIELD_CREATED, true}, {FIELD_USER, false}, {FIELD_OS_NAME, true}, {FIELD_ID, false}};
    struct page page;
    for (size_t i = 0; i < LEN(orders); i++) {
        struct query query = {.vendor = VENDOR_STREAMBIRD, .limit = 10, .orders = {orders[i]}};
        query.order_count = 1;
        cr_assert(is_told(store_find(scene->snapshot, app, &query, NOW, scene->arena, &page)));
        query.user = 1;
        cr_assert(is_told(store_find(scene->snapshot, app, &query, NOW, scene->arena, &page)));
    }
}

static void read_everything(struct scene *scene)
{
    struct app_key key = {.use = KEY_ADMIN};
    struct session session;
    struct user user;
    struct app app;
    struct str jwk;
    bool has;
    scene_read(scene);
    cr_assert(is_told(store_each_app(scene->snapshot, ignore_app, NULL)));
    cr_assert(is_told(store_each_user(scene->snapshot, 1, 0, ignore_user, NULL)));
    cr_assert(is_told(store_each_session(scene->snapshot, 1, read_whole_session, NULL)));
    cr_assert(is_told(store_app_by_key(scene->snapshot, &key, &app)));
    cr_assert(is_told(store_signing_key_of_app(scene->snapshot, 1, &jwk)));
    cr_assert(is_told(store_user_by_id(scene->snapshot, 1, STR("jane"), &user)));
    cr_assert(is_told(store_user_has_aal(scene->snapshot, 1, 1, 2, &has)));
    cr_assert(is_told(scene_by_token(scene, "token", &session)));
    for (uint64_t id = 0; id < 6; id++) {
        struct uuid uuid = id_of(id);
        cr_assert(is_told(store_session(scene->snapshot, 1, &uuid, &session)));
    }
    cr_assert(is_told(store_session_by_spelling(scene->snapshot, 1, VENDOR_ROCKETCHAT,
                                                STR("QoYYFw2t9oKks2niG"), &session)));
    if (store_app_by_id(scene->snapshot, STR("acme"), &app) == ERR_OK)
        query_all(scene, &app);
    scene_done(scene);
}

static void row_set(struct row *row, const struct buf *record)
{
    cr_assert(!record->failed && record->len <= sizeof(row->value));
    memcpy(row->value, record->ptr, record->len);
    row->value_len = record->len;
}

/* Whole records but for ids that are longer than any key: no entry can be derived from them. */
static void make_overlong(struct row *row)
{
    static char text[240];
    struct str overlong = {memset(text, 'x', sizeof(text)), sizeof(text)};
    struct buf record = {0};
    struct app app = {.id = overlong};
    struct user user = {.texts[USER_ID] = overlong};
    struct session_draft draft = {.texts[TEXT_BROUGHT_ID + VENDOR_KRATOS] = overlong};
    if (row->table == TABLE_APPS)
        app_encode(&app, NULL, 0, &record);
    else if (row->table == TABLE_USERS)
        user_encode(&user, &record);
    else
        session_encode(&draft, &record);
    row_set(row, &record);
    buf_free(&record);
}

Test(store_check, records_with_overlong_ids_are_damaged)
{
    static const enum table records[] = {TABLE_APPS, TABLE_USERS, TABLE_SESSIONS};
    struct scene scene = furnished();
    struct row row, overlong;
    for (size_t i = 0; i < LEN(records); i++) {
        cr_assert(row_read(&scene, records[i], 0, &row));
        overlong = row;
        make_overlong(&overlong);
        row_write(&scene, &overlong);
        struct str report;
        scene_faults(&scene, &report);
        cr_expect(told(report, i == 1 ? "its record is damaged" : "record cannot be read"),
                  "%s: %.*s", table_names[records[i]], STR_ARG(report));
        row_write(&scene, &row);
    }
    scene_sound(&scene);
    cr_assert(row_read(&scene, TABLE_SESSIONS, 0, &row));
    make_overlong(&row);
    row_write(&scene, &row);
    ASSERT_ERR(scene_fill(&scene, "acme", 6, 2), ERR_CORRUPT);
    scene_end(&scene);
}

/* An idle limit that milliseconds cannot count. */
Test(store_check, an_app_with_an_impossible_period_is_damaged)
{
    struct scene scene = furnished();
    struct app app = {.id = STR("acme"), .idle_s = INT64_MAX};
    struct buf record = {0};
    struct row row;
    app_encode(&app, NULL, 0, &record);
    cr_assert(row_read(&scene, TABLE_APPS, 0, &row));
    row_set(&row, &record);
    row_write(&scene, &row);
    scene_read(&scene);
    ASSERT_ERR(store_app(scene.snapshot, 1, &app), ERR_CORRUPT);
    scene_done(&scene);
    buf_free(&record);
    scene_end(&scene);
}

static enum err ignore(void *context, const struct session *session)
{
    (void)context, (void)session;
    return ERR_OK;
}

/* What lists are told as of. */
Test(store_check, an_index_as_of_an_instant_that_cannot_be_is_damaged)
{
    struct scene scene = furnished();
    struct index_head head;
    struct row row;
    cr_assert(row_read(&scene, TABLE_INDEX, 0, &row));
    bytes_put_u64((uint8_t *)row.value, (uint64_t)INSTANT_MAX + 1);
    row_write(&scene, &row);
    scene_read(&scene);
    ASSERT_ERR(head_read(scene.snapshot, 1, &head), ERR_CORRUPT);
    scene_done(&scene);
    cr_expect(scene_faults(&scene, NULL) > 0);
    scene_end(&scene);
}

/* Its key is where it lies: app and user, then how far it is from the end of all time. */
Test(store_check, a_session_begun_when_it_cannot_have_been_is_damaged)
{
    struct scene scene = furnished();
    struct row row, wrong;
    cr_assert(row_read(&scene, TABLE_SESSIONS, 0, &row));
    wrong = row;
    memset(wrong.key + 12, 0, 8);
    row_delete(&scene, &row);
    row_write(&scene, &wrong);
    scene_read(&scene);
    ASSERT_ERR(store_each_session(scene.snapshot, 1, ignore, NULL), ERR_CORRUPT);
    scene_done(&scene);
    cr_expect(scene_faults(&scene, NULL) > 0);
    scene_end(&scene);
}

static struct row spoiled(struct row row)
{
    for (size_t hits = random_below(4); hits && row.value_len; hits--)
        row.value[random_below(row.value_len)] = (char)random_u64();
    if (random_below(3) == 0)
        row.value_len = random_below(row.value_len + 1);
    else if (random_below(8) == 0)
        row.value_len += random_below(64);
    if (random_below(8) == 0)
        row.key_len = 1 + random_below(row.key_len + 8);
    return row;
}

/* What puts do to a damaged store is an error or not, but no crash. */
static void write_something(struct scene *scene)
{
    struct session_draft draft = draft_new(100, NOW - 1);
    struct put puts[] = {app_put("acme"), user_put("acme", "jane"),
                         session_put("acme", "jane", &draft)};
    enum err err = scene_apply(scene, puts, LEN(puts), NULL);
    cr_assert(is_told(err) || err == ERR_CONFLICT);
}

Test(store_check, damaged_rows_are_told_never_followed)
{
    enum { ROUNDS = 400 };
    uint64_t seed = random_begin();
    struct row row, bad;
    for (int way = 0; way < 2; way++) {
        struct scene scene = furnished();
        for (int round = 0; round < (way ? ROUNDS / 4 : ROUNDS); round++) {
            enum table table = tables[random_below(LEN(tables))].table;
            size_t at = random_below(8);
            if (!row_read(&scene, table, at, &row))
                continue;
            memset(row.value + row.value_len, 'x', 64);
            memset(row.key + row.key_len, 'x', 8);
            bad = spoiled(row);
            row_delete(&scene, &row);
            row_write(&scene, &bad);
            read_everything(&scene);
            if (way)
                write_something(&scene);
            (void)scene_faults(&scene, NULL);
            arena_reset(scene.arena);
            if (way)
                continue; /* damage upon damage */
            row_delete(&scene, &bad);
            row_write(&scene, &row);
        }
        if (!way && scene_faults(&scene, NULL))
            cr_assert_fail("seed %lu: damage stayed behind", (unsigned long)seed);
        scene_end(&scene);
    }
}
