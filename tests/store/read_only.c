/* A store behind a read-only mount: LMDB takes no lock there, and who writes it elsewhere knows of
 * nobody who reads. */
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

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
