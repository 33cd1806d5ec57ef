/* The index made anew from records: after every kind of damage, with next to no memory, of a store
 * of an earlier format. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/damage.h"
#include "store/devices.h"
#include "support/random.h"

SUITE(store_rebuild);

enum { MUCH = 16 * 1024 * 1024, LITTLE = 1 };

/* What a repair told, the arena's. */
struct told {
    struct scene *scene;
    struct str text;
    size_t count;
};

static void tell(void *context, struct str sentence)
{
    struct told *told = context;
    told->text =
        arena_printf(told->scene->arena, "%.*s%.*s; ", STR_ARG(told->text), STR_ARG(sentence));
    told->count++;
}

static enum err repair(struct scene *scene, size_t memory, struct told *told)
{
    *told = (struct told){.scene = scene};
    struct repair repair = {
        .now = NOW, .dir = scene->dir, .memory = memory, .report = tell, .context = told};
    return store_repair(scene->store, &repair);
}

static void assert_mended(struct scene *scene, const char *what)
{
    struct told told;
    struct str report;
    ASSERT_OK(repair(scene, MUCH, &told));
    cr_expect_eq(told.count, 0, "%s: %.*s", what, STR_ARG(told.text));
    uint64_t faults = scene_faults(scene, &report);
    cr_expect_eq(faults, 0, "%s: %.*s", what, STR_ARG(report));
}

static bool contains(struct str text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* Two apps with something in every table of the index. */
static struct scene furnished(void)
{
    struct scene scene = scene_new(0);
    struct app_key key = {.use = KEY_ADMIN};
    struct put app = app_put("acme"), put;
    struct session_draft draft = draft_new(100000, NOW), other = draft_new(100001, NOW - DAY);
    app.app.keys = &key;
    app.app.key_count = 1;
    scene_put(&scene, app);
    scene_put(&scene, app_put("globex"));
    scene_put(&scene, app_put("nobodys"));
    ASSERT_OK(scene_fill(&scene, "acme", 300, 20));
    ASSERT_OK(scene_fill(&scene, "globex", 5, 2));
    draft_token(&draft, "token");
    draft_token(&other, "another");
    draft_brought(&draft, VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG");
    draft.texts[TEXT_DEVICE_NAME] = STR("Firefox");
    put = session_put("acme", "jane", &draft);
    put.session.has_refresh = true;
    secret_hash(STR("refresh"), put.session.refresh_hash);
    scene_put(&scene, put);
    scene_put(&scene, session_put("globex", "jane", &other));
    return scene;
}

static const enum table indices[] = {TABLE_APP_IDS, TABLE_KEYS,    TABLE_USER_IDS,      TABLE_IDS,
                                     TABLE_TOKENS,  TABLE_BROUGHT, TABLE_REFRESH,       TABLE_INDEX,
                                     TABLE_ROWS,    TABLE_TREES,   TABLE_DEVICE_NUMBERS};

/* Everything can be found that could be. */
static void assert_complete(struct scene *scene)
{
    struct session session;
    struct refresh refresh;
    uint8_t hash[HASH_BYTES];
    bool there;
    cr_expect_eq(scene_count(scene, "acme"), 301);
    cr_expect_eq(scene_count(scene, "globex"), 6);
    cr_expect_eq(scene_count(scene, "nobodys"), 0);
    secret_hash(STR("refresh"), hash);
    scene_read(scene);
    ASSERT_OK(scene_by_token(scene, "token", &session));
    ASSERT_OK(scene_by_token(scene, "another", &session));
    ASSERT_OK(scene_by_spelling(scene, "acme", VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG", &session));
    ASSERT_OK(store_session_near_refresh(scene->snapshot, hash, hash, &session, &refresh, &there));
    cr_expect(there);
    scene_done(scene);
}

Test(store_rebuild, a_row_that_is_gone_or_another_is_mended)
{
    struct scene scene = furnished();
    struct row row;
    random_begin();
    for (size_t i = 0; i < LEN(indices); i++) {
        const char *name = table_names[indices[i]];
        cr_assert(row_read(&scene, indices[i], 0, &row), "%s", name);
        row_delete(&scene, &row);
        assert_mended(&scene, name);
        cr_assert(row_read(&scene, indices[i], 0, &row), "%s", name);
        random_bytes(row.value, row.value_len);
        row_write(&scene, &row);
        assert_mended(&scene, name);
        cr_assert(row_read(&scene, indices[i], 0, &row), "%s", name);
        row.key[row.key_len - 1] ^= 0x55;
        row_write(&scene, &row);
        assert_mended(&scene, name);
        arena_reset(scene.arena);
    }
    assert_complete(&scene);
    scene_end(&scene);
}

static void empty_tables(struct scene *scene)
{
    MDB_txn *txn;
    cr_assert_eq(mdb_txn_begin(scene->store->env, NULL, 0, &txn), 0);
    for (size_t i = 0; i < LEN(indices); i++)
        cr_assert_eq(mdb_drop(txn, scene->store->tables[indices[i]], 0), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
}

Test(store_rebuild, all_of_an_index_can_be_gone)
{
    struct scene scene = furnished();
    empty_tables(&scene);
    assert_mended(&scene, "empty");
    assert_complete(&scene);
    scene_end(&scene);
}

Test(store_rebuild, a_store_goes_on_after_it)
{
    struct scene scene = furnished();
    struct session_draft draft = draft_new(100002, NOW);
    assert_mended(&scene, "whole");
    draft.texts[TEXT_DEVICE_NAME] = STR("Lynx");
    scene_put(&scene, session_put("acme", "new", &draft));
    scene_put(&scene, session_put("nobodys", "new", &draft));
    ASSERT_OK(scene_fill(&scene, "acme", 100, 20));
    cr_expect_eq(scene_count(&scene, "acme"), 302);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_rebuild, little_memory_is_enough)
{
    struct scene scene = furnished();
    struct told told;
    ASSERT_OK(scene_fill(&scene, "globex", 3000, 2));
    ASSERT_OK(repair(&scene, LITTLE, &told));
    scene_sound(&scene);
    cr_expect_eq(scene_count(&scene, "globex"), 3001);
    scene_end(&scene);
}

Test(store_rebuild, an_empty_store_stays_one)
{
    struct scene scene = scene_new(0);
    assert_mended(&scene, "empty");
    scene_put(&scene, app_put("acme"));
    assert_mended(&scene, "an app");
    scene_end(&scene);
}

Test(store_rebuild, the_map_grows_for_it)
{
    struct scene scene = scene_new(MEBI);
    struct told told;
    struct store_stat stat;
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 4000, 3));
    ASSERT_OK(store_stat(scene.store, &stat));
    scene_close(&scene);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, stat.file_bytes));
    ASSERT_OK(repair(&scene, MUCH, &told));
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- records that cannot be used ---- */

/* The `at`th row of a table comes to nothing. */
static void spoil(struct scene *scene, enum table table, size_t at)
{
    struct row row;
    cr_assert(row_read(scene, table, at, &row));
    memset(row.value, 0xEE, row.value_len);
    row_write(scene, &row);
}

static void assert_told(struct scene *scene, const char *word, size_t count)
{
    struct told told;
    ASSERT_OK(repair(scene, MUCH, &told));
    cr_expect_eq(told.count, count, "%zu: %.*s", told.count, STR_ARG(told.text));
    cr_expect(contains(told.text, word), "%.*s", STR_ARG(told.text));
}

/* What is still wrong is the records themselves. */
static void assert_rest_indexed(struct scene *scene)
{
    struct session session;
    struct str report;
    cr_expect_gt(scene_faults(scene, &report), 0);
    cr_expect(!contains(report, "has no entry") && !contains(report, "is not in the tree"), "%.*s",
              STR_ARG(report));
    scene_read(scene);
    ASSERT_OK(scene_by_token(scene, "token", &session));
    scene_done(scene);
}

Test(store_rebuild, a_session_that_cannot_be_read_is_told_and_left)
{
    struct scene scene = furnished();
    struct row row;
    spoil(&scene, TABLE_SESSIONS, 3);
    assert_told(&scene, "its record cannot be read", 1);
    assert_rest_indexed(&scene);
    cr_expect(row_read(&scene, TABLE_SESSIONS, 3, &row) && (uint8_t)row.value[0] == 0xEE);
    scene_end(&scene);
}

Test(store_rebuild, sessions_of_a_user_who_cannot_be_read_are_told_and_left)
{
    struct scene scene = furnished();
    spoil(&scene, TABLE_USERS, 0);
    assert_told(&scene, "its user has no record", 16);
    assert_rest_indexed(&scene);
    scene_end(&scene);
}

Test(store_rebuild, an_app_that_cannot_be_read_is_told_and_left)
{
    struct scene scene = furnished();
    spoil(&scene, TABLE_APPS, 0);
    assert_told(&scene, "an app's record cannot be read", 2);
    cr_expect_eq(scene_count(&scene, "globex"), 6);
    scene_end(&scene);
}

Test(store_rebuild, a_refresh_token_that_cannot_be_read_is_told_and_left)
{
    struct scene scene = furnished();
    spoil(&scene, TABLE_REFRESHES, 0);
    assert_told(&scene, "a refresh token's record cannot be read", 1);
    scene_end(&scene);
}

/* The row of a session of the same user, who has two at least: their keys differ from their 12th
 * byte on. */
static void copy_record(struct scene *scene, const char *token, bool id_too)
{
    struct session session;
    struct row from, to;
    struct place place;
    scene_read(scene);
    ASSERT_OK(scene_by_token(scene, token, &session));
    struct place sought = place_of(&session);
    scene_done(scene);
    for (size_t at = 0; row_read(scene, TABLE_SESSIONS, at, &from); at++)
        if (place_of_session_key((struct str){from.key, from.key_len}, &place) &&
            memcmp(&place.id, &sought.id, sizeof(place.id)) == 0)
            break;
    place.created -= HOUR;
    if (!id_too)
        place.id = id_of(500000);
    struct key key = key_of_session(&place);
    to = from;
    memcpy(to.key, key.bytes, key.len);
    row_write(scene, &to);
}

Test(store_rebuild, of_two_that_claim_a_token_one_has_it)
{
    struct scene scene = furnished();
    struct session session;
    copy_record(&scene, "another", false);
    assert_told(&scene, "two records claim one entry in tokens", 1);
    cr_expect_eq(scene_count(&scene, "globex"), 7);
    scene_read(&scene);
    ASSERT_OK(scene_by_token(&scene, "another", &session));
    scene_done(&scene);
    scene_end(&scene);
}

static void remove_session(struct scene *scene, uint64_t id)
{
    scene_put(scene,
              (struct put){PUT_ENDING, .ending = {.app = 1, .has_id = true, .id = id_of(id)}});
}

/* Whose the entry is by which a session is found: the first one's, or the copy's. */
static uint64_t holder(struct scene *scene, bool by_token)
{
    struct session session;
    struct uuid first = id_of(100000);
    scene_read(scene);
    if (by_token)
        ASSERT_OK(scene_by_token(scene, "token", &session));
    else
        ASSERT_OK(
            scene_by_spelling(scene, "acme", VENDOR_ROCKETCHAT, "QoYYFw2t9oKks2niG", &session));
    scene_done(scene);
    return memcmp(&session.id, &first, sizeof(first)) == 0 ? 100000 : 500000;
}

Test(store_rebuild, of_two_that_claim_an_entry_the_other_goes_without_it)
{
    for (int by_token = 0; by_token <= 1; by_token++) {
        struct scene scene = furnished();
        copy_record(&scene, "token", false);
        assert_told(&scene, "two records claim one entry in brought", 2);
        uint64_t has = holder(&scene, by_token);
        remove_session(&scene, has == 100000 ? 500000 : 100000);
        cr_expect_eq(holder(&scene, by_token), has);
        scene_end(&scene);
    }
}

Test(store_rebuild, of_two_apps_that_claim_a_key_the_other_is_put_without_it)
{
    struct scene scene = furnished();
    struct app_key key = {.use = KEY_ADMIN};
    struct app winner, after;
    struct row first, second;
    struct put puts[] = {app_put("acme"), app_put("globex")};
    cr_assert(row_read(&scene, TABLE_APPS, 0, &first) && row_read(&scene, TABLE_APPS, 1, &second));
    struct buf record = {0};
    app_encode(&puts[1].app.app, &key, 1, &record);
    memcpy(second.value, record.ptr, record.len);
    second.value_len = record.len;
    row_write(&scene, &second);
    buf_free(&record);
    assert_told(&scene, "two records claim one entry in keys", 1);
    scene_read(&scene);
    ASSERT_OK(store_app_by_key(scene.snapshot, &key, &winner));
    scene_done(&scene);
    scene_put(&scene, puts[winner.number == 1]);
    scene_read(&scene);
    ASSERT_OK(store_app_by_key(scene.snapshot, &key, &after));
    cr_expect_eq(after.number, winner.number);
    scene_done(&scene);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_rebuild, two_sessions_of_one_id_stop_it_and_all_is_as_it_was)
{
    struct scene scene = furnished();
    struct told told;
    struct str before, after;
    copy_record(&scene, "another", true);
    uint64_t faults = scene_faults(&scene, &before);
    ASSERT_ERR(repair(&scene, MUCH, &told), ERR_CONFLICT);
    cr_expect_eq(scene_faults(&scene, &after), faults);
    cr_expect(str_eq(before, after));
    scene_end(&scene);
}

/* A key that is too short, and one that begins as another does. */
Test(store_rebuild, a_device_whose_key_is_damaged_is_told_and_left)
{
    struct scene scene = furnished();
    struct row row;
    cr_assert(row_read(&scene, TABLE_DEVICES, 0, &row));
    row.key_len = APP_BYTES;
    row_write(&scene, &row);
    row.key_len = APP_BYTES + sizeof(uint32_t) + 1;
    row.key[APP_BYTES] = 0x55;
    row_write(&scene, &row);
    assert_told(&scene, "a device's key cannot be read", 2);
    assert_rest_indexed(&scene);
    scene_end(&scene);
}

Test(store_rebuild, the_number_of_devices_is_made_anew)
{
    struct scene scene = furnished();
    struct app app;
    scene_read(&scene);
    ASSERT_OK(store_app_by_id(scene.snapshot, STR("nobodys"), &app));
    scene_done(&scene);
    const uint32_t numbers[] = {1, app.number}; /* one of them without sessions */
    for (size_t i = 0; i < LEN(numbers); i++) {
        struct key name = key_of_devices(numbers[i]);
        struct row row = {.table = TABLE_META, .key_len = name.len, .value_len = 3};
        memcpy(row.key, name.bytes, name.len);
        row_write(&scene, &row);
        assert_told(&scene, "how many devices an app had cannot be read", 1);
        scene_sound(&scene);
        assert_complete(&scene);
    }
    /* Who signs in there with a device of his own is given a number. */
    struct session_draft draft = draft_new(5000, NOW);
    draft.texts[TEXT_DEVICE_MODEL] = STR("new");
    scene_put(&scene, session_put("nobodys", "ann", &draft));
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- earlier formats ---- */

/* Sessions' records say their devices themselves. */
static enum err write_whole(void *context, const struct session *session)
{
    struct scene *scene = context;
    struct place place = place_of(session);
    struct key key = key_of_session(&place);
    struct session_draft draft;
    struct buf record = {0};
    struct row row = {.table = TABLE_SESSIONS, .key_len = key.len};
    session_to_draft(session, &draft);
    session_encode(&draft, &record);
    memcpy(row.key, key.bytes, key.len);
    memcpy(row.value, record.ptr, record.len);
    row.value_len = record.len;
    row_write(scene, &row);
    buf_free(&record);
    return ERR_OK;
}

static void make_old(struct scene *scene, uint64_t format)
{
    static const enum table later[] = {TABLE_INDEX, TABLE_ROWS, TABLE_TREES, TABLE_DEVICES,
                                       TABLE_DEVICE_NUMBERS};
    static const char *const gone[] = {"newest", "counts"};
    struct key number = {.len = 0};
    MDB_txn *txn;
    MDB_dbi table;
    MDB_val key = env_val(STR("format")), value;
    key_put_u64(&number, format);
    value = env_val(key_view(&number));
    scene_read(scene);
    for (uint32_t app = 1; app <= 3; app++)
        ASSERT_OK(store_each_session(scene->snapshot, app, write_whole, scene));
    scene_done(scene);
    cr_assert_eq(mdb_txn_begin(scene->store->env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_put(txn, scene->store->tables[TABLE_META], &key, &value, 0), 0);
    for (size_t i = 0; i < LEN(later); i++)
        cr_assert_eq(mdb_drop(txn, scene->store->tables[later[i]], 1), 0);
    cr_assert_eq(mdb_drop(txn, scene->store->tables[TABLE_IDS], 0), 0);
    for (size_t i = 0; i < LEN(gone); i++) {
        cr_assert_eq(mdb_dbi_open(txn, gone[i], MDB_CREATE, &table), 0);
        cr_assert_eq(mdb_put(txn, table, &key, &value, 0), 0);
    }
    cr_assert_eq(mdb_txn_commit(txn), 0);
}

static bool has_table(struct scene *scene, const char *name)
{
    MDB_dbi table;
    scene_read(scene);
    int code = mdb_dbi_open(scene->snapshot->txn, name, 0, &table);
    scene_done(scene);
    return code == 0;
}

Test(store_rebuild, a_store_of_an_earlier_format_is_brought_up)
{
    static const enum store_mode writes[] = {STORE_WRITE, STORE_CREATE};
    for (uint64_t format = 1; format < FORMAT; format++)
        for (size_t i = 0; i < LEN(writes); i++) {
            struct scene scene = furnished();
            make_old(&scene, format);
            scene_close(&scene);
            ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_VERSION);
            ASSERT_OK(scene_open(&scene, writes[i], 0));
            scene_sound(&scene);
            assert_complete(&scene);
            cr_expect(!has_table(&scene, "newest") && !has_table(&scene, "counts"));
            scene_close(&scene);
            ASSERT_OK(scene_open(&scene, STORE_READ, 0));
            scene_end(&scene);
        }
}

/* As a backup is, with nothing free in it, where no more is mapped than there is. */
Test(store_rebuild, the_map_grows_for_a_store_that_is_brought_up)
{
    struct scene scene = furnished(), full = scene;
    make_old(&scene, 1);
    snprintf(full.path, sizeof(full.path), "%s/full", scene.dir);
    cr_assert_eq(mkdir(full.path, 0700), 0);
    cr_assert_eq(mdb_env_copy2(scene.store->env, full.path, MDB_CP_COMPACT), 0);
    ASSERT_OK(scene_open(&full, STORE_WRITE, 4096));
    scene_sound(&full);
    assert_complete(&full);
    scene_close(&full);
    scene_end(&scene);
}
