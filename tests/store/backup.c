/* Backups: what is taken while others write, and what is put in a store's place, or is not. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "store/damage.h"
#include "store/env.h"
#include "store/scene.h"

SUITE(store_backup);

enum { SESSIONS = 300, PATH = 1024 };

/* A store of acme's with that many sessions, in `scene`; and where a backup of it is to be. */
static struct scene furnished(char *backup)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", SESSIONS, 3));
    snprintf(backup, PATH, "%s/backup", scene.dir);
    return scene;
}

/* The file of that name in a folder. */
static char *file_of(const char *folder, const char *name)
{
    static char path[PATH + 16];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static off_t size_of(const char *path)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0, "no %s", path);
    return info.st_size;
}

/* How many sessions the store in that folder has, once it is known to be sound. */
static uint64_t sessions_in(const struct scene *like, const char *path)
{
    struct scene scene = *like;
    snprintf(scene.path, sizeof(scene.path), "%.*s", (int)sizeof(scene.path) - 1, path);
    scene.store = NULL;
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    scene_sound(&scene);
    uint64_t count = scene_count(&scene, "acme");
    scene_close(&scene);
    return count;
}

static void ignore(void *context, struct str sentence)
{
    (void)context, (void)sentence;
}

static enum err restore(const char *backup, const char *path, bool replace, uint64_t *faults)
{
    struct restore restore = {.backup = backup, .path = path, .replace = replace, .report = ignore};
    enum err err = store_restore_open(&restore);
    if (err == ERR_OK)
        err = store_restore(&restore);
    if (faults)
        *faults = restore.faults;
    return err;
}

static void write_format(struct scene *scene, uint64_t format)
{
    struct row row = {.table = TABLE_META,
                      .key = "format",
                      .key_len = strlen("format"),
                      .value_len = sizeof(format)};
    bytes_put_u64((uint8_t *)row.value, format);
    row_write(scene, &row);
}

/* ---- taking one ---- */

Test(store_backup, it_is_a_sound_store_of_its_owners_alone)
{
    char backup[PATH];
    struct stat info;
    umask(0);
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    cr_assert_eq(stat(backup, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0700);
    cr_assert_eq(stat(file_of(backup, "data.mdb"), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    cr_expect(!is_there(file_of(backup, "lock.mdb")));
    cr_expect_eq(sessions_in(&scene, backup), SESSIONS);
    scene_end(&scene);
}

Test(store_backup, an_empty_folder_will_do_and_keeps_its_mode)
{
    char backup[PATH];
    struct stat info;
    struct scene scene = furnished(backup);
    cr_assert_eq(mkdir(backup, 0750), 0);
    ASSERT_OK(store_backup(scene.store, backup));
    cr_assert_eq(stat(backup, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0750);
    cr_assert_eq(stat(file_of(backup, "data.mdb"), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    scene_end(&scene);
}

Test(store_backup, nothing_that_is_there_is_written_over)
{
    char backup[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    off_t size = size_of(file_of(backup, "data.mdb"));
    ASSERT_ERR(store_backup(scene.store, backup), ERR_CONFLICT);
    cr_expect_eq(size_of(file_of(backup, "data.mdb")), size);
    ASSERT_ERR(store_backup(scene.store, file_of(backup, "data.mdb")), ERR_CONFLICT);
    ASSERT_ERR(store_backup(scene.store, file_of(backup, "no/where")), ERR_IO);
    scene_end(&scene);
}

/* As on a disk that is full. */
Test(store_backup, nothing_is_left_of_one_that_there_was_no_room_for)
{
    char backup[PATH];
    struct rlimit limit;
    struct scene scene = furnished(backup);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit less = {.rlim_cur = 32 * 1024, .rlim_max = limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
    enum err err = store_backup(scene.store, backup);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_ERR(err, ERR_FULL);
    cr_expect(!is_there(backup));
    ASSERT_OK(store_backup(scene.store, backup));
    scene_end(&scene);
}

Test(store_backup, what_is_free_in_the_file_is_left_out)
{
    char backup[PATH];
    struct scene scene = furnished(backup);
    struct put put = {PUT_ENDING, .ending = {.app = 1, .reach = REACH_APP, .most = UINT32_MAX}};
    scene_put(&scene, put);
    ASSERT_OK(store_backup(scene.store, backup));
    cr_expect_lt(size_of(file_of(backup, "data.mdb")),
                 size_of(file_of(scene.path, "data.mdb")) / 2);
    cr_expect_eq(sessions_in(&scene, backup), 0);
    scene_end(&scene);
}

/* Both of LMDB's meta pages say that there is a page more, which nobody uses: LMDB takes that for
 * damage where it is asked to leave out what is free. */
Test(store_backup, a_page_that_lmdb_has_lost_is_copied_along)
{
    enum { PAGE = 4096, AT_LAST_PAGE = 136 };
    char backup[PATH];
    struct scene scene = furnished(backup);
    uint64_t last;
    scene_close(&scene);
    const char *path = file_of(scene.path, "data.mdb");
    int fd = open(path, O_RDWR);
    cr_assert_eq(ftruncate(fd, size_of(path) + PAGE), 0);
    for (off_t at = AT_LAST_PAGE; at < 2 * PAGE; at += PAGE) {
        cr_assert_eq(pread(fd, &last, sizeof(last), at), sizeof(last));
        last++;
        cr_assert_eq(pwrite(fd, &last, sizeof(last), at), sizeof(last));
    }
    close(fd);
    ASSERT_OK(scene_open(&scene, STORE_READ, 0));
    ASSERT_OK(store_backup(scene.store, backup));
    cr_expect_eq(sessions_in(&scene, backup), SESSIONS);
    scene_end(&scene);
}

/* ---- putting one in place ---- */

Test(store_backup, it_makes_a_store_where_there_is_none)
{
    char backup[PATH], path[PATH];
    struct stat info;
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    snprintf(path, sizeof(path), "%s/other", scene.dir);
    ASSERT_OK(restore(backup, path, false, NULL));
    cr_expect_eq(sessions_in(&scene, path), SESSIONS);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0700);
    cr_assert_eq(stat(file_of(path, "data.mdb"), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    cr_expect(!is_there(file_of(path, ".restoring")));
    scene_end(&scene);
}

Test(store_backup, a_store_that_is_there_is_replaced_only_when_that_is_said)
{
    char backup[PATH];
    struct session_draft draft = draft_new(SESSIONS + 1, NOW);
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_put(&scene, session_put("acme", "late", &draft));
    scene_close(&scene);
    ASSERT_ERR(restore(backup, scene.path, false, NULL), ERR_CONFLICT);
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS + 1);
    ASSERT_OK(restore(backup, scene.path, true, NULL));
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    ASSERT_OK(scene_open(&scene, STORE_WRITE, 0));
    scene_put(&scene, session_put("acme", "late", &draft));
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_backup, what_is_no_backup_is_told)
{
    char backup[PATH], path[PATH];
    struct scene scene = furnished(backup);
    snprintf(path, sizeof(path), "%s/other", scene.dir);
    ASSERT_ERR(restore(backup, path, false, NULL), ERR_NOT_FOUND);
    cr_expect(!is_there(path));
    scene_close(&scene);
    ASSERT_ERR(restore(scene.path, scene.path, true, NULL), ERR_INVALID);
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}

/* What others do as soon as the next folder is made. */
static void (*meanwhile)(const char *path);

int mkdir(const char *path, mode_t mode)
{
    void (*act)(const char *) = meanwhile;
    int code = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    meanwhile = NULL;
    if (code == 0 && act)
        act(path);
    return code;
}

static void make_store(const char *path)
{
    struct store_options options = {.path = path, .mode = STORE_CREATE};
    struct store *store;
    ASSERT_OK(store_open(&options, &store));
    store_close(store);
}

/* In another process, which keeps it open until this one ends. */
static void make_store_apart(const char *path)
{
    char byte;
    int ready[2];
    make_store(path);
    cr_assert_eq(pipe(ready), 0);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct store_options options = {.path = path, .mode = STORE_READ};
        struct store *store;
        if (store_open(&options, &store) == ERR_OK && write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
}

/* Who has it open would go on with a lock that nobody else takes. */
Test(store_backup, a_store_that_was_made_meanwhile_keeps_its_lock_file)
{
    char backup[PATH], path[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    snprintf(path, sizeof(path), "%s/one", scene.dir);
    meanwhile = make_store;
    ASSERT_ERR(restore(backup, path, false, NULL), ERR_CONFLICT);
    cr_expect(is_there(file_of(path, "lock.mdb")));
    snprintf(path, sizeof(path), "%s/two", scene.dir);
    meanwhile = make_store_apart;
    ASSERT_ERR(restore(backup, path, false, NULL), ERR_BUSY);
    cr_expect(is_there(file_of(path, "lock.mdb")));
    scene_end(&scene);
}

/* Runs in a process of its own, which has the store open until a byte comes. */
static _Noreturn void keep_open(const char *path, int ready, int go)
{
    struct store_options options = {.path = path, .mode = STORE_READ};
    struct store *store;
    char byte = 0;
    bool right = store_open(&options, &store) == ERR_OK && write(ready, "", 1) == 1 &&
                 read(go, &byte, 1) == 1;
    _exit(right ? 0 : 1);
}

/* The two ways to be in use: as the store that is to be replaced, and as the backup. */
Test(store_backup, a_store_that_a_process_has_open_is_left_alone)
{
    char backup[PATH], byte;
    int ready[2], go[2], status;
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    cr_assert(pipe(ready) == 0 && pipe(go) == 0);
    pid_t child = fork();
    if (child == 0)
        keep_open(scene.path, ready[1], go[0]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    ASSERT_ERR(restore(backup, scene.path, true, NULL), ERR_BUSY);
    ASSERT_ERR(restore(scene.path, file_of(scene.dir, "other"), false, NULL), ERR_INVALID);
    cr_assert_eq(write(go[1], "", 1), 1);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "the other process ended with %x", (unsigned)status);
    ASSERT_OK(restore(backup, scene.path, true, NULL));
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}

Test(store_backup, a_backup_that_was_cut_short_is_found_out)
{
    enum { CUTS = 16 };
    char backup[PATH], path[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    const off_t size = size_of(file_of(backup, "data.mdb"));
    snprintf(path, sizeof(path), "%s/other", scene.dir);
    for (off_t left = size - 1; left >= 0; left -= left > size / CUTS ? size / CUTS : left + 1) {
        cr_assert_eq(truncate(file_of(backup, "data.mdb"), left), 0);
        enum err err = restore(backup, path, false, NULL);
        cr_expect(err == ERR_CORRUPT, "%ld of %ld bytes left: %s", (long)left, (long)size,
                  err_word(err));
        cr_expect(!is_there(path), "%ld of %ld bytes left", (long)left, (long)size);
    }
    scene_end(&scene);
}

Test(store_backup, a_backup_whose_page_size_cannot_be_is_found_out)
{
    enum { PAGE = 4096, AT_PAGE_SIZE = 40 };
    static const uint32_t nought;
    char backup[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    int fd = open(file_of(backup, "data.mdb"), O_RDWR);
    cr_assert_eq(pwrite(fd, &nought, sizeof(nought), PAGE + AT_PAGE_SIZE), sizeof(nought));
    close(fd);
    ASSERT_ERR(restore(backup, scene.path, true, NULL), ERR_CORRUPT);
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    cr_expect(!is_there(file_of(scene.path, ".restoring")));
    scene_end(&scene);
}

/* As after a loss of power, or by a copy that lost its place. */
Test(store_backup, a_backup_with_pages_that_are_none_is_found_out)
{
    enum { PAGE = 4096, ROUNDS = 20 };
    char backup[PATH], path[PATH];
    static const char nought[PAGE];
    char kept[PAGE];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    snprintf(path, sizeof(path), "%s/other", scene.dir);
    int fd = open(file_of(backup, "data.mdb"), O_RDWR);
    off_t pages = size_of(file_of(backup, "data.mdb")) / PAGE;
    for (off_t page = 2; page < pages; page += 1 + pages / ROUNDS) {
        cr_assert_eq(pread(fd, kept, PAGE, page * PAGE), PAGE);
        cr_assert_eq(pwrite(fd, nought, PAGE, page * PAGE), PAGE);
        enum err err = restore(backup, path, false, NULL);
        cr_expect(err == ERR_CORRUPT, "without page %ld of %ld: %s", (long)page, (long)pages,
                  err_word(err));
        cr_expect(!is_there(path), "without page %ld of %ld", (long)page, (long)pages);
        cr_assert_eq(pwrite(fd, kept, PAGE, page * PAGE), PAGE);
    }
    close(fd);
    ASSERT_OK(restore(backup, path, false, NULL));
    cr_expect_eq(sessions_in(&scene, path), SESSIONS);
    scene_end(&scene);
}

Test(store_backup, a_backup_with_faults_does_not_take_the_stores_place)
{
    char backup[PATH];
    uint64_t faults;
    struct row row;
    struct scene scene = furnished(backup);
    cr_assert(row_read(&scene, TABLE_IDS, 0, &row));
    row_delete(&scene, &row);
    ASSERT_OK(store_backup(scene.store, backup));
    row_write(&scene, &row);
    scene_close(&scene);
    ASSERT_ERR(restore(backup, scene.path, true, &faults), ERR_CORRUPT);
    cr_expect_eq(faults, 1);
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    cr_expect(!is_there(file_of(scene.path, ".restoring")));
    scene_end(&scene);
}

Test(store_backup, what_a_restore_that_was_killed_has_left_is_cleared_away)
{
    char backup[PATH], stage[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    snprintf(stage, sizeof(stage), "%s/.restoring", scene.path);
    cr_assert_eq(mkdir(stage, 0700), 0);
    close(open(file_of(stage, "data.mdb"), O_WRONLY | O_CREAT, 0600));
    ASSERT_OK(restore(backup, scene.path, true, NULL));
    cr_expect(!is_there(stage));
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}

Test(store_backup, a_backup_in_the_store_itself_stays)
{
    char backup[PATH], within[PATH];
    struct scene scene = furnished(backup);
    ASSERT_OK(store_backup(scene.store, backup));
    snprintf(within, sizeof(within), "%s/restoring", scene.path);
    ASSERT_OK(store_backup(scene.store, within));
    scene_close(&scene);
    ASSERT_OK(restore(backup, scene.path, true, NULL));
    ASSERT_OK(restore(within, scene.path, true, NULL));
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}

/* Format 1 had no audit trail. */
Test(store_backup, a_backup_of_an_earlier_format_is_brought_up)
{
    char backup[PATH];
    MDB_txn *txn;
    struct scene scene = furnished(backup);
    write_format(&scene, 1);
    cr_assert_eq(mdb_txn_begin(scene.store->env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_drop(txn, scene.store->tables[TABLE_AUDIT], 1), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    ASSERT_ERR(scene_open(&scene, STORE_READ, 0), ERR_VERSION);
    ASSERT_OK(restore(backup, scene.path, true, NULL));
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}

Test(store_backup, a_backup_of_a_later_format_is_refused)
{
    char backup[PATH];
    struct scene scene = furnished(backup), later = scene;
    ASSERT_OK(store_backup(scene.store, backup));
    scene_close(&scene);
    snprintf(later.path, sizeof(later.path), "%s/backup", later.dir);
    ASSERT_OK(scene_open(&later, STORE_WRITE, 0));
    write_format(&later, FORMAT + 1);
    scene_close(&later);
    ASSERT_ERR(restore(backup, scene.path, true, NULL), ERR_VERSION);
    cr_expect_eq(sessions_in(&scene, scene.path), SESSIONS);
    scene_end(&scene);
}
