/* A store behind a read-only mount: LMDB takes no lock there, and who writes it elsewhere knows of
 * nobody who reads. */
#include <dlfcn.h>
#include <lmdb.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/damage.h"
#include "store/env.h"
#include "store/scene.h"

SUITE(store_read_only);

/* The same store twice: as it is written, and behind a read-only mount, which goes with the test's
 * process. */
struct sides {
    struct scene written, read;
};

static void mount_or_skip(const char *from, const char *to, unsigned long flags)
{
    if (mount(from, to, NULL, flags, NULL) != 0)
        cr_skip_test("no file system can be mounted here");
}

static struct sides sides_new(size_t sessions)
{
    if (unshare(CLONE_NEWNS) != 0)
        cr_skip_test("no file system can be mounted here");
    struct sides sides = {scene_new(0), scene_bare()};
    scene_put(&sides.written, app_put("acme"));
    ASSERT_OK(scene_fill(&sides.written, "acme", sessions, 3));
    cr_assert_eq(mkdir(sides.read.path, 0700), 0);
    mount_or_skip("none", "/", MS_REC | MS_PRIVATE);
    mount_or_skip(sides.written.path, sides.read.path, MS_BIND);
    mount_or_skip("none", sides.read.path, MS_REMOUNT | MS_BIND | MS_RDONLY);
    ASSERT_OK(scene_open(&sides.read, STORE_READ, 0));
    return sides;
}

static void sides_end(struct sides *sides)
{
    scene_close(&sides->read);
    cr_assert_eq(umount(sides->read.path), 0);
    scene_end(&sides->read);
    scene_end(&sides->written);
}

static void write_one(struct sides *sides)
{
    static int count;
    char name[32];
    snprintf(name, sizeof(name), "writer-%d", count++);
    scene_put(&sides->written, user_put("acme", name));
}

Test(store_read_only, it_is_opened_anew_once_it_can_be_locked)
{
    struct sides sides = sides_new(3);
    cr_expect(sides.read.store->unlocked);
    cr_expect(!sides.written.store->unlocked);
    write_one(&sides);
    cr_expect(store_is_there(sides.read.store));
    mount_or_skip("none", sides.read.path, MS_REMOUNT | MS_BIND);
    cr_expect(!store_is_there(sides.read.store));
    /* A process opens no store twice with its lock: that would lose it. */
    scene_close(&sides.written);
    scene_close(&sides.read);
    ASSERT_OK(scene_open(&sides.read, STORE_READ, 0));
    cr_expect(!sides.read.store->unlocked);
    cr_expect(store_is_there(sides.read.store));
    sides_end(&sides);
}

Test(store_read_only, what_others_have_written_over_is_not_relied_on)
{
    struct sides sides = sides_new(60);
    for (int round = 0; round < 4; round++) {
        scene_read(&sides.read);
        struct query query = {.vendor = VENDOR_KRATOS};
        ASSERT_OK(snapshot_judge(sides.read.snapshot, ERR_OK));
        write_one(&sides);
        cr_expect_eq(scene_find(&sides.read, "acme", &query).total, 60);
        ASSERT_OK(snapshot_judge(sides.read.snapshot, ERR_OK));
        ASSERT_ERR(snapshot_judge(sides.read.snapshot, ERR_NOT_FOUND), ERR_NOT_FOUND);
        /* The next may begin to write over it before it commits. */
        write_one(&sides);
        ASSERT_ERR(snapshot_judge(sides.read.snapshot, ERR_OK), ERR_BUSY);
        ASSERT_ERR(snapshot_judge(sides.read.snapshot, ERR_CORRUPT), ERR_BUSY);
        scene_done(&sides.read);
    }
    scene_sound(&sides.read);
    sides_end(&sides);
}

static void write_two(void *context, struct str sentence)
{
    (void)sentence;
    for (int i = 0; i < 2; i++)
        write_one(context);
}

Test(store_read_only, a_check_that_others_have_written_during_finds_nothing)
{
    struct sides sides = sides_new(3);
    struct row row;
    uint64_t faults;
    cr_assert(row_read(&sides.written, TABLE_TOKENS, 0, &row) ||
              row_read(&sides.written, TABLE_IDS, 0, &row));
    row_delete(&sides.written, &row);
    ASSERT_ERR(store_check(sides.read.store, write_two, &sides, &faults), ERR_BUSY);
    sides_end(&sides);
}

/* In the place of LMDB's: a copy that somebody else writes during. */
static struct sides *written_during;

int mdb_env_copyfd2(MDB_env *env, mdb_filehandle_t fd, unsigned flags)
{
    static int (*real)(MDB_env *, mdb_filehandle_t, unsigned);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mdb_env_copyfd2");
    if (written_during)
        write_two(written_during, STR_NONE);
    return real(env, fd, flags);
}

Test(store_read_only, a_backup_that_others_have_written_during_is_none)
{
    struct sides sides = sides_new(3);
    char to[600];
    snprintf(to, sizeof(to), "%s/backup", sides.written.dir);
    written_during = &sides;
    ASSERT_ERR(store_backup(sides.read.store, to), ERR_BUSY);
    cr_expect_neq(access(to, F_OK), 0, "nothing of it is left");
    written_during = NULL;
    ASSERT_OK(store_backup(sides.read.store, to));
    sides_end(&sides);
}
