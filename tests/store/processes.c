/* Several processes on one store, and what is short: map, address space, disk. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/env.h"
#include "store/scene.h"

SUITE(store_processes);

/* Another process, which waits for its turn; it opens LMDB on its own, after fork. */
struct other {
    pid_t pid;
    int go;
};

typedef bool (*work_fn)(struct scene *scene);

static struct other other_begin(struct scene *scene, work_fn work)
{
    int pipes[2];
    char byte;
    cr_assert_eq(pipe(pipes), 0);
    struct other other = {fork(), pipes[1]};
    cr_assert(other.pid >= 0);
    if (other.pid == 0) {
        close(pipes[1]);
        _exit(read(pipes[0], &byte, 1) == 1 && work(scene) ? 0 : 1);
    }
    close(pipes[0]);
    return other;
}

/* Gives it its turn and waits until it is done. */
static void other_go(struct other other)
{
    int status = 0;
    cr_assert_eq(write(other.go, "", 1), 1);
    cr_assert_eq(waitpid(other.pid, &status, 0), other.pid);
    cr_assert(status == 0, "the other process ended with %x", (unsigned)status);
    close(other.go);
}

static bool opened(struct scene *scene, enum store_mode mode, size_t map_bytes)
{
    return scene_open(scene, mode, map_bytes) == ERR_OK;
}

static bool write_one(struct scene *scene)
{
    struct session_draft draft = draft_new(1000, NOW);
    struct put put = session_put("acme", "jane", &draft);
    return opened(scene, STORE_WRITE, 0) && scene_apply(scene, &put, 1, NULL) == ERR_OK;
}

static uint64_t total(struct scene *scene)
{
    struct query query = {.vendor = VENDOR_KRATOS, .limit = 10};
    return scene_find(scene, "acme", &query).total;
}

/* A store of so many sessions that is not open. */
static struct scene closed_scene(size_t map_bytes, size_t sessions)
{
    struct scene scene = scene_new(map_bytes);
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", sessions, 3));
    scene_close(&scene);
    return scene;
}

Test(store_processes, a_snapshot_stays_as_it_was_while_others_write)
{
    struct scene scene = closed_scene(0, 5);
    struct other other = other_begin(&scene, write_one);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    scene_read(&scene);
    cr_expect_eq(total(&scene), 5);
    other_go(other);
    cr_expect_eq(total(&scene), 5, "the same snapshot");
    scene_done(&scene);
    scene_read(&scene);
    cr_expect_eq(total(&scene), 6, "the next one");
    scene_done(&scene);
    scene_end(&scene);
}

static bool write_many(struct scene *scene)
{
    return opened(scene, STORE_WRITE, MEBI) && scene_fill(scene, "acme", 4000, 3) == ERR_OK;
}

/* Without looking at the store, which has it grow before. */
static uint64_t map_bytes(struct scene *scene)
{
    MDB_envinfo info;
    cr_assert_eq(mdb_env_info(scene->store->env, &info), 0);
    return info.me_mapsize;
}

Test(store_processes, a_full_map_grows_within_a_batch)
{
    struct scene scene = scene_new(MEBI);
    scene_put(&scene, app_put("acme"));
    uint64_t before = map_bytes(&scene);
    ASSERT_OK(scene_fill(&scene, "acme", 12000, 3));
    cr_expect_gt(map_bytes(&scene), before);
    cr_expect_eq(scene_count(&scene, "acme"), 12000);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_processes, a_reader_follows_a_store_that_outgrew_its_map)
{
    struct scene scene = closed_scene(MEBI, 5);
    struct other other = other_begin(&scene, write_many);
    ASSERT_OK(scene_open(&scene, STORE_READ, MEBI));
    scene_read(&scene);
    cr_expect_eq(total(&scene), 5);
    scene_done(&scene);
    other_go(other);
    scene_read(&scene);
    cr_expect_eq(total(&scene), 4000);
    scene_done(&scene);
    cr_expect_gt(map_bytes(&scene), MEBI);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_processes, a_backup_follows_a_store_that_outgrew_its_map)
{
    struct scene scene = closed_scene(MEBI, 5);
    struct other other = other_begin(&scene, write_many);
    char backup[sizeof(scene.path)];
    snprintf(backup, sizeof(backup), "%s/backup", scene.dir);
    ASSERT_OK(scene_open(&scene, STORE_READ, MEBI));
    other_go(other);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    snprintf(scene.path, sizeof(scene.path), "%s", backup);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    cr_expect_eq(scene_count(&scene, "acme"), 4000);
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_processes, a_writer_follows_a_store_that_outgrew_its_map)
{
    struct scene scene = closed_scene(MEBI, 5);
    struct session_draft draft = draft_new(9999, NOW);
    struct other other = other_begin(&scene, write_many);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, MEBI));
    other_go(other);
    scene_put(&scene, session_put("acme", "jane", &draft));
    cr_expect_eq(scene_count(&scene, "acme"), 4001);
    scene_sound(&scene);
    scene_end(&scene);
}

/* The views of an open snapshot would be gone with the old map. */
Test(store_processes, the_map_does_not_grow_under_an_open_snapshot)
{
    struct scene scene = scene_new(MEBI);
    scene_put(&scene, app_put("acme"));
    scene_read(&scene);
    struct app app = scene_app(&scene, "acme");
    ASSERT_ERR(scene_fill(&scene, "acme", 12000, 3), ERR_FULL);
    cr_expect(str_eq(app.id, STR("acme")));
    cr_expect_eq(total(&scene), 0);
    scene_done(&scene);
    ASSERT_OK(scene_fill(&scene, "acme", 12000, 3));
    scene_sound(&scene);
    scene_end(&scene);
}

/* As each request does where there is no writer. */
Test(store_processes, there_is_room_for_who_writes_while_he_looks)
{
    struct scene scene = scene_new(MEBI);
    scene_put(&scene, app_put("acme"));
    for (uint64_t count = 500; count <= 8000; count += 500) {
        scene_read(&scene);
        ASSERT_OK(scene_fill(&scene, "acme", count, 3));
        scene_done(&scene);
    }
    cr_expect_gt(map_bytes(&scene), 4 * MEBI);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- a map that is full to the last page ---- */

/* Another process that reads on, so that no page that was written anew can be used again; until it
 * is let go. */
struct pin {
    pid_t pid;
    int hold;
};

static struct pin pin_begin(struct scene *scene)
{
    int ready[2], hold[2];
    char byte;
    cr_assert(pipe(ready) == 0 && pipe(hold) == 0);
    struct pin pin = {fork(), hold[1]};
    cr_assert(pin.pid >= 0);
    if (pin.pid == 0) {
        close(hold[1]);
        bool reads = opened(scene, STORE_READ, MEBI) &&
                     snapshot_begin(scene->store, &scene->snapshot) == ERR_OK &&
                     write(ready[1], "", 1) == 1;
        _exit(reads && read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ready[1]);
    close(hold[0]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pin;
}

static void pin_end(struct pin pin)
{
    int status = 0;
    close(pin.hold);
    cr_assert(waitpid(pin.pid, &status, 0) == pin.pid && status == 0);
}

static void exhaust(struct scene *scene)
{
    MDB_val key = env_val(STR("full")), value = env_val(STR("whatever"));
    int code;
    do {
        MDB_txn *txn;
        cr_assert_eq(mdb_txn_begin(scene->store->env, NULL, 0, &txn), 0);
        code = mdb_put(txn, scene->store->tables[TABLE_META], &key, &value, 0);
        if (code == 0)
            code = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    } while (code == 0);
    cr_assert_eq(code, MDB_MAP_FULL);
}

enum keeping { KEEPING_CLOCK, KEEPING_AUDIT, KEEPING_KEYS, KEEPING_DEADLINES, KEEPING_COUNT };

/* Each has something to do. */
static enum err keep_house(struct store *store, enum keeping keeping)
{
    /* A clock that was doubted and has been steady since. */
    struct purge_pace pace = {.doubted = true, .offset_ms = NOW - 6 * HOUR};
    uint64_t removed;
    bool may, more;
    switch (keeping) {
    case KEEPING_CLOCK:
        return store_may_purge(store, NOW, 6 * HOUR, &pace, &may);
    case KEEPING_AUDIT:
        return store_purge_audit(store, NOW + 1, 100, &removed);
    case KEEPING_KEYS:
        return store_sweep(store, NOW + 2, 100);
    default:
        return store_catch_up(store, NOW + 2 * HOUR, 100, &more);
    }
}

Test(store_processes, a_full_map_grows_for_what_keeps_house, .timeout = 60)
{
    struct scene scene = closed_scene(MEBI, 0);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, MEBI));
    for (uint64_t i = 0; i < 40; i++) {
        struct session_draft draft = draft_new(i, NOW);
        struct put put = session_put("acme", "ann", &draft);
        put.session.fresh = true;
        scene_put(&scene, put);
    }
    scene_put(&scene,
              (struct put){PUT_SIGNING, .signing = {.app_id = STR("acme"), .keep_until = NOW + 1}});
    scene_close(&scene);
    struct pin pin = pin_begin(&scene);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, MEBI));
    for (int i = 0; i < KEEPING_COUNT; i++) {
        exhaust(&scene);
        uint64_t before = map_bytes(&scene);
        enum err err = keep_house(scene.store, (enum keeping)i);
        cr_expect_eq(err, ERR_OK, "%d: %s", i, err_word(err));
        cr_expect_gt(map_bytes(&scene), before, "%d", i);
    }
    pin_end(pin);
    scene_sound(&scene);
    scene_end(&scene);
}

#ifndef WITH_ADDRESS_SANITIZER
static size_t address_space_in_use(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file && fscanf(file, "%zu", &pages) == 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

Test(store_processes, a_map_that_cannot_grow_leaves_the_store_usable)
{
    struct scene scene = scene_new(64 * MEBI);
    struct rlimit limit;
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 10, 3));
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = address_space_in_use() + 48 * MEBI;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    scene.store->map_full = true;
    ASSERT_ERR(env_grow(scene.store), ERR_FULL);
    cr_expect_eq(scene_count(&scene, "acme"), 10);
    ASSERT_OK(scene_fill(&scene, "acme", 20, 3));
    limit.rlim_cur = before;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    scene.store->map_full = true;
    ASSERT_OK(env_grow(scene.store));
    cr_expect_eq(map_bytes(&scene), 128 * MEBI);
    cr_expect_eq(scene_count(&scene, "acme"), 20);
    scene_sound(&scene);
    scene_end(&scene);
}
#endif

/* Room for files of a certain size stands in for a full disk. */
Test(store_processes, a_full_disk_is_told_and_leaves_the_store_usable)
{
    struct scene scene = scene_new(0);
    struct rlimit limit;
    struct store_stat stat;
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 10, 3));
    ASSERT_OK(store_stat(scene.store, &stat));
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    signal(SIGXFSZ, SIG_IGN);
    limit.rlim_cur = stat.file_bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum err err = scene_fill(&scene, "acme", 4000, 3);
    cr_expect(err == ERR_FULL || err == ERR_IO, "%s", err_word(err));
    uint64_t map = map_bytes(&scene);
    cr_expect_eq(scene_count(&scene, "acme"), 10);
    limit.rlim_cur = before;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(map, stat.map_bytes, "more map is no cure for a full disk");
    scene_sound(&scene);
    ASSERT_OK(scene_fill(&scene, "acme", 4000, 3));
    cr_expect_eq(scene_count(&scene, "acme"), 4000);
    scene_sound(&scene);
    scene_end(&scene);
}

static bool read_and_die(struct scene *scene)
{
    if (opened(scene, STORE_READ, 0) && snapshot_begin(scene->store, &scene->snapshot) == ERR_OK)
        kill(getpid(), SIGKILL);
    return false;
}

/* A reader killed inside a snapshot would keep its slot, and the pages of its time, for ever. While
 * another process has the store open LMDB does not begin its table of readers anew. */
Test(store_processes, a_writer_clears_away_dead_readers)
{
    struct scene scene = closed_scene(0, 5);
    int alive[2], over[2], status, dead = -1;
    char byte;
    cr_assert(pipe(alive) == 0 && pipe(over) == 0);
    pid_t living = fork();
    cr_assert(living >= 0);
    if (living == 0) {
        close(over[1]);
        bool told = opened(&scene, STORE_READ, 0) && write(alive[1], "", 1) == 1;
        _exit(told && read(over[0], &byte, 1) == 0 ? 0 : 1);
    }
    cr_assert_eq(read(alive[0], &byte, 1), 1);
    pid_t killed = fork();
    cr_assert(killed >= 0);
    if (killed == 0)
        _exit(read_and_die(&scene) ? 0 : 1);
    cr_assert(waitpid(killed, &status, 0) == killed && WIFSIGNALED(status));
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    cr_assert_eq(mdb_reader_check(scene.store->env, &dead), 0);
    cr_expect_eq(dead, 0, "%d left to clear", dead);
    close(over[1]);
    cr_expect(waitpid(living, &status, 0) == living && status == 0);
    close(over[0]);
    close(alive[0]);
    close(alive[1]);
    scene_end(&scene);
}

static struct store_stat stat_of(struct scene *scene)
{
    struct store_stat stat;
    ASSERT_OK(store_stat(scene->store, &stat));
    return stat;
}

static uint64_t readers_behind(struct scene *scene)
{
    return stat_of(scene).readers_behind;
}

Test(store_processes, how_many_readers_there_are_and_how_far_the_oldest_is_behind_is_told)
{
    struct scene scene = closed_scene(0, 5);
    int begun[2], status;
    char byte;
    cr_assert_eq(pipe(begun), 0);
    pid_t reader = fork();
    cr_assert(reader >= 0);
    if (reader == 0) {
        bool told = opened(&scene, STORE_READ, 0) &&
                    snapshot_begin(scene.store, &scene.snapshot) == ERR_OK &&
                    write(begun[1], "", 1) == 1;
        while (told)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(begun[0], &byte, 1), 1);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    cr_expect_eq(readers_behind(&scene), 0);
    for (uint64_t i = 0; i < 3; i++) {
        struct session_draft draft = draft_new(1000 + i, NOW);
        scene_put(&scene, session_put("acme", "jane", &draft));
        cr_expect_eq(readers_behind(&scene), i + 1);
    }
    uint64_t readers = stat_of(&scene).readers;
    kill(reader, SIGKILL);
    cr_assert_eq(waitpid(reader, &status, 0), reader);
    store_tend(scene.store);
    cr_expect_eq(readers_behind(&scene), 0);
    cr_expect_eq(stat_of(&scene).readers, readers - 1);
    close(begun[0]);
    close(begun[1]);
    scene_end(&scene);
}

enum { WRITERS = 4, EACH = 25 };

static bool write_some(struct scene *scene, size_t which)
{
    if (!opened(scene, STORE_WRITE, MEBI))
        return false;
    for (size_t i = 0; i < EACH; i++) {
        struct session_draft draft = draft_new(100 + which * EACH + i, NOW);
        struct put put = session_put("acme", "jane", &draft);
        if (scene_apply(scene, &put, 1, NULL) != ERR_OK)
            return false;
    }
    return true;
}

Test(store_processes, writers_take_turns)
{
    struct scene scene = closed_scene(MEBI, 1);
    pid_t children[WRITERS];
    int status;
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        cr_assert(children[i] >= 0);
        if (children[i] == 0)
            _exit(write_some(&scene, i) ? 0 : 1);
    }
    for (size_t i = 0; i < WRITERS; i++)
        cr_expect(waitpid(children[i], &status, 0) == children[i] && status == 0, "writer %zu", i);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    cr_expect_eq(scene_count(&scene, "acme"), 1 + WRITERS * EACH);
    scene_sound(&scene);
    scene_end(&scene);
}

/* ---- what changes while another waits ---- */

static bool purge_nothing(struct scene *scene)
{
    struct purge_place place = {.len = 0};
    uint64_t removed = 0;
    return opened(scene, STORE_WRITE, 0) &&
           store_purge(scene->store, NOW + 2 * DAY, 100, &place, &removed) == ERR_OK &&
           removed == 0;
}

/* As a change of the app does, by who has the lock meanwhile. */
static void retain(struct scene *scene, MDB_txn *txn, int64_t retain_s)
{
    struct key key = key_of_app(1);
    struct buf record = {0};
    struct app app = app_put("acme").app.app;
    app.retain_s = retain_s;
    app_encode(&app, NULL, 0, &record);
    MDB_val at = env_val(key_view(&key)), value = env_val(buf_view(&record));
    cr_assert_eq(mdb_put(txn, scene->store->tables[TABLE_APPS], &at, &value, 0), 0);
    buf_free(&record);
}

Test(store_processes, a_purge_that_waited_looks_at_its_sessions_again)
{
    enum { UNTIL_IT_WAITS_US = 300 * 1000 };
    struct scene scene = closed_scene(0, 5);
    struct other other = other_begin(&scene, purge_nothing);
    MDB_txn *txn;
    int status = 0;
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    cr_assert_eq(mdb_txn_begin(scene.store->env, NULL, 0, &txn), 0);
    cr_assert_eq(write(other.go, "", 1), 1);
    usleep(UNTIL_IT_WAITS_US);
    retain(&scene, txn, 100 * DAY / SECOND_MS);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    cr_assert_eq(waitpid(other.pid, &status, 0), other.pid);
    close(other.go);
    cr_expect_eq(status, 0);
    cr_expect_eq(scene_count(&scene, "acme"), 5);
    scene_end(&scene);
}

Test(store_processes, what_was_to_go_stays_where_it_lets_somebody_in_again)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(0, NOW);
    struct put put = {PUT_ENDING, .ending = {.app = 1, .has_id = true, .id = id_of(0)}};
    struct outcome outcome;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "ann", &draft));
    put.ending.if_past = true;
    put.ending.past_at = NOW;
    ASSERT_OK(store_apply(scene.store, &put, 1, NOW, &outcome));
    cr_expect(outcome.matched == 1 && outcome.changed == 0);
    put.ending.past_at = NOW + HOUR + 1;
    ASSERT_OK(store_apply(scene.store, &put, 1, NOW + HOUR + 1, &outcome));
    cr_expect(outcome.matched == 1 && outcome.changed == 1);
    scene_end(&scene);
}
