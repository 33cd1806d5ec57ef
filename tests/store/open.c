/* Opening: what is made, with which permissions, and what is refused. */
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/env.h"
#include "store/scene.h"
#include "support/random.h"

SUITE(store_open);

static const enum store_mode modes[] = {STORE_READ, STORE_WRITE, STORE_CREATE};

static mode_t mode_of(const struct scene *scene, const char *file)
{
    char path[1024];
    struct stat info;
    snprintf(path, sizeof(path), "%s%s", scene->path, file);
    cr_assert_eq(stat(path, &info), 0, "no %s", path);
    return info.st_mode & 07777;
}

Test(store_open, a_new_store_is_its_owners_alone)
{
    umask(0);
    struct scene scene = scene_new(0);
    cr_expect_eq(mode_of(&scene, ""), 0700);
    cr_expect_eq(mode_of(&scene, "/data.mdb"), 0600);
    cr_expect_eq(mode_of(&scene, "/lock.mdb"), 0600);
    scene_end(&scene);
}

Test(store_open, where_there_is_none_only_create_makes_one)
{
    struct scene scene = scene_bare();
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_NOT_FOUND);
    ASSERT_ERR(scene_open(&scene, STORE_WRITE, 0), ERR_NOT_FOUND);
    cr_expect_neq(access(scene.path, F_OK), 0, "looking must make nothing");
    ASSERT_OK(scene_open(&scene, STORE_CREATE, 0));
    scene_end(&scene);
}

Test(store_open, a_folder_that_may_not_be_entered_is_not_taken_for_none)
{
    struct scene scene = scene_new(0);
    scene_close(&scene);
    if (getuid() != 0)
        cr_assert_eq(chmod(scene.path, 0), 0);
    else
        cr_assert_eq(seteuid(65534), 0);
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_IO);
    if (getuid() != 0)
        cr_assert_eq(chmod(scene.path, 0700), 0);
    else
        cr_assert_eq(seteuid(0), 0);
    scene_end(&scene);
}

Test(store_open, what_was_put_is_there_when_it_is_opened_again)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    for (size_t i = 0; i < LEN(modes); i++) {
        scene_close(&scene);
        ASSERT_OK(scene_open(&scene, modes[i], 0));
        cr_expect_eq(scene_count(&scene, "acme"), 1, "mode %d", modes[i]);
    }
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_open, a_reader_cannot_write)
{
    struct scene scene = scene_new(0);
    scene_close(&scene);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    struct put put = user_put("acme", "jane");
    ASSERT_ERR(scene_apply(&scene, &put, 1, NULL), ERR_IO);
    scene_end(&scene);
}

static void set_format(struct scene *scene, uint64_t format)
{
    struct key number = {.len = 0};
    MDB_txn *txn;
    MDB_val key = env_val(STR("format")), value;
    key_put_u64(&number, format);
    value = env_val(key_view(&number));
    cr_assert_eq(mdb_txn_begin(scene->store->env, NULL, 0, &txn), 0);
    if (format)
        cr_assert_eq(mdb_put(txn, scene->store->tables[TABLE_META], &key, &value, 0), 0);
    else
        cr_assert_eq(mdb_del(txn, scene->store->tables[TABLE_META], &key, NULL), 0);
    cr_assert_eq(mdb_drop(txn, scene->store->tables[TABLE_ROWS], 1), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
}

static void assert_refused(struct scene *scene, enum err expected)
{
    for (size_t i = 0; i < LEN(modes); i++)
        ASSERT_ERR(scene_open(scene, modes[i], 0), expected);
}

/* A later format may have other tables, too. */
Test(store_open, a_later_format_is_left_alone)
{
    struct scene scene = scene_new(0);
    set_format(&scene, FORMAT + 1);
    scene_close(&scene);
    assert_refused(&scene, ERR_VERSION);
    scene_end(&scene);
}

Test(store_open, a_format_that_changes_meanwhile_is_noticed)
{
    struct scene scene = scene_new(0);
    struct snapshot *snapshot;
    scene_put(&scene, app_put("acme"));
    scene_read(&scene);
    scene_done(&scene);
    cr_assert(store_is_there(scene.store));
    set_format(&scene, FORMAT + 1);
    ASSERT_ERR(snapshot_begin(scene.store, &snapshot), ERR_VERSION);
    cr_expect(!store_is_there(scene.store));
    scene_end(&scene);
    scene = scene_new(0);
    set_format(&scene, FORMAT + 1);
    struct put put = app_put("acme");
    struct outcome outcome;
    ASSERT_ERR(store_apply(scene.store, &put, 1, NOW, &outcome), ERR_VERSION);
    cr_expect(!store_is_there(scene.store));
    scene_end(&scene);
    scene = scene_new(0);
    set_format(&scene, FORMAT + 1);
    struct bulk_options options = {.now = NOW, .dir = scene.dir, .memory = 1024 * 1024};
    struct bulk *bulk;
    ASSERT_ERR(store_bulk_begin(scene.store, &options, &bulk), ERR_VERSION);
    scene_end(&scene);
}

/* Whoever opens it from then on locks a file that those who have it open do not lock. */
Test(store_open, a_lock_file_that_is_gone_is_noticed)
{
    struct scene scene = scene_new(0);
    char lock[600];
    snprintf(lock, sizeof(lock), "%s/lock.mdb", scene.path);
    cr_assert(store_is_there(scene.store));
    cr_assert_eq(unlink(lock), 0);
    cr_expect(!store_is_there(scene.store));
    scene_close(&scene);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    cr_expect(store_is_there(scene.store));
    scene_end(&scene);
}

/* A reader's slot is a place in a mapped file: on a disk that is full it is there or it is not. */
Test(store_open, the_lock_file_has_its_place_on_the_disk)
{
    struct scene scene = scene_new(0);
    char lock[600];
    struct stat info;
    snprintf(lock, sizeof(lock), "%s/lock.mdb", scene.path);
    cr_assert_eq(stat(lock, &info), 0);
    cr_expect_eq(info.st_size, 65536);
    cr_expect_geq(info.st_blocks * 512, 65536);
    scene_end(&scene);
}

static pid_t open_apart(struct scene *scene, int to)
{
    pid_t child = fork();
    if (child)
        return child;
    scene->store = NULL;
    if (scene_open(scene, STORE_READ, 0) == ERR_OK && write(to, "", 1) == 1)
        pause();
    _exit(1);
}

/* What others keep in the lock file is about the file that they have open. */
Test(store_open, another_data_file_under_the_same_lock_is_refused_while_others_have_the_old_one)
{
    struct scene scene = scene_new(0), other = scene_new(0);
    char old[600], new[600], byte;
    int pipes[2];
    for (int i = 0; i < 4; i++)
        scene_put(&scene, app_put("acme"));
    scene_close(&scene);
    scene_close(&other);
    cr_assert_eq(pipe(pipes), 0);
    pid_t child = open_apart(&scene, pipes[1]);
    cr_assert_eq(read(pipes[0], &byte, 1), 1);
    snprintf(old, sizeof(old), "%s/data.mdb", scene.path);
    snprintf(new, sizeof(new), "%s/data.mdb", other.path);
    cr_assert_eq(rename(new, old), 0);
    ASSERT_ERR(scene_open(&scene, STORE_WRITE, 0), ERR_BUSY);
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    scene_end(&other);
    scene_end(&scene);
}

Test(store_open, a_store_that_lost_its_format_is_damaged)
{
    struct scene scene = scene_new(0);
    set_format(&scene, 0);
    scene_close(&scene);
    assert_refused(&scene, ERR_CORRUPT);
    scene_end(&scene);
}

Test(store_open, a_store_that_lost_a_table_is_damaged)
{
    struct scene scene = scene_new(0);
    set_format(&scene, FORMAT);
    scene_close(&scene);
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_CORRUPT);
    ASSERT_ERR(scene_open(&scene, STORE_WRITE, 0), ERR_CORRUPT);
    scene_end(&scene);
}

static void write_data(struct scene *scene, size_t len)
{
    static char noise[64 * 1024];
    char path[1024];
    snprintf(path, sizeof(path), "%s/data.mdb", scene->path);
    mkdir(scene->path, 0700);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert(fd >= 0 && len <= sizeof(noise));
    random_bytes(noise, len);
    cr_assert_eq(write(fd, noise, len), (ssize_t)len);
    close(fd);
}

Test(store_open, a_file_that_is_no_store_is_told)
{
    struct scene scene = scene_bare();
    random_begin();
    write_data(&scene, 64 * 1024);
    assert_refused(&scene, ERR_CORRUPT);
    write_data(&scene, 100);
    assert_refused(&scene, ERR_CORRUPT);
    scene_end(&scene);
}

/* LMDB would divide by it, or go on with a size that is none. */
Test(store_open, a_page_size_that_cannot_be_is_damage)
{
    enum { PAGE = 4096, AT_PAGE_SIZE = 40 };
    static const uint32_t sizes[] = {0, 1, 4112, 12288, 8192, 65536};
    char path[1024];
    struct scene scene = scene_new(0);
    uint32_t right;
    scene_close(&scene);
    snprintf(path, sizeof(path), "%s/data.mdb", scene.path);
    int fd = open(path, O_RDWR);
    for (off_t at = AT_PAGE_SIZE; at < 2 * PAGE; at += PAGE) {
        cr_assert(pread(fd, &right, sizeof(right), at) == sizeof(right) && right == PAGE);
        for (size_t i = 0; i < LEN(sizes); i++) {
            cr_assert_eq(pwrite(fd, &sizes[i], sizeof(right), at), sizeof(right));
            assert_refused(&scene, ERR_CORRUPT);
        }
        cr_assert_eq(pwrite(fd, &right, sizeof(right), at), sizeof(right));
    }
    close(fd);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    scene_sound(&scene);
    scene_end(&scene);
}

/* As one is left by a process that was killed while it made a store. */
Test(store_open, an_empty_file_is_no_store_yet)
{
    struct scene scene = scene_bare();
    write_data(&scene, 0);
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_NOT_FOUND);
    ASSERT_ERR(scene_open(&scene, STORE_WRITE, 0), ERR_NOT_FOUND);
    ASSERT_OK(scene_open(&scene, STORE_CREATE, 0));
    scene_end(&scene);
}

Test(store_open, another_programs_data_is_not_made_a_store)
{
    struct scene scene = scene_bare();
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
    mkdir(scene.path, 0700);
    cr_assert(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 1) == 0 &&
              mdb_env_open(env, scene.path, 0, 0600) == 0 &&
              mdb_txn_begin(env, NULL, 0, &txn) == 0 &&
              mdb_dbi_open(txn, "theirs", MDB_CREATE, &table) == 0 && mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
    assert_refused(&scene, ERR_CORRUPT);
    scene_end(&scene);
}

#ifndef WITH_ADDRESS_SANITIZER
/* As on shared hosting; a sanitizer needs the address space for itself. */
Test(store_open, a_smaller_map_is_taken_where_address_space_is_short)
{
    struct rlimit limit;
    struct scene scene = scene_bare();
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = 1024 * MEBI;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ASSERT_OK(scene_open(&scene, STORE_CREATE, 0));
    struct store_stat stat;
    ASSERT_OK(store_stat(scene.store, &stat));
    cr_expect(stat.map_bytes >= 128 * MEBI && stat.map_bytes <= 1024 * MEBI, "map of %lu",
              (unsigned long)stat.map_bytes);
    scene_put(&scene, app_put("acme"));
    scene_end(&scene);
}
#endif

Test(store_open, a_store_answers_while_it_is_what_its_path_names)
{
    struct scene scene = scene_new(0), other = scene_new(0);
    char away[600];
    snprintf(away, sizeof(away), "%s.away", scene.path);
    ASSERT_OK(store_answers(scene.store));
    cr_assert_eq(rename(scene.path, away), 0);
    ASSERT_ERR(store_answers(scene.store), ERR_NOT_FOUND);
    scene_close(&other);
    cr_assert_eq(rename(other.path, scene.path), 0);
    ASSERT_ERR(store_answers(scene.store), ERR_NOT_FOUND);
    cr_assert_eq(rename(scene.path, other.path), 0);
    cr_assert_eq(rename(away, scene.path), 0);
    ASSERT_OK(store_answers(scene.store));
    scene_end(&other);
    scene_end(&scene);
}
