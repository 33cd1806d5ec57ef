/* Copies of a whole store: taken while it is in use, and put in the place of one that is not. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "store/env.h"
#include "store/metas.h"

enum { CHUNK = 1024 * 1024 };

/* What LMDB calls its files, and the folder in the store's own where a backup is checked. */
#define DATA_FILE "data.mdb"
#define LOCK_FILE "lock.mdb"
#define STAGE     ".restoring" /* which nobody calls a backup */

struct path {
    char text[PATH_MAX];
};

/* One that is too long names nothing, and will not be found. */
static struct path path_of(const char *folder, const char *name)
{
    struct path path;
    int len = snprintf(path.text, sizeof(path.text), "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof(path.text))
        path.text[0] = '\0';
    return path;
}

static enum err system_error(const char *what)
{
    return env_error(errno, what);
}

/* A folder's entries are on disk. */
static enum err sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = fd >= 0 && fsync(fd) == 0 ? ERR_OK : system_error(path);
    if (fd >= 0)
        close(fd);
    return err;
}

static enum err sync_parent(const char *path)
{
    struct path parent = path_of(path, "..");
    return sync_folder(parent.text);
}

/* How large the file in that folder must be at the least, by what it says itself. */
static enum err size_of_data(const char *folder, off_t *size)
{
    MDB_env *env;
    MDB_envinfo info;
    MDB_stat stat;
    enum err err = metas_expect_page_size(folder);
    if (err != ERR_OK)
        return err;
    int code = mdb_env_create(&env);
    if (code != MDB_SUCCESS)
        return env_error(code, folder);
    code = mdb_env_open(env, folder, MDB_RDONLY | MDB_NOLOCK, FILE_MODE);
    if (code == MDB_SUCCESS)
        code = mdb_env_info(env, &info);
    if (code == MDB_SUCCESS)
        code = mdb_env_stat(env, &stat);
    mdb_env_close(env);
    if (code != MDB_SUCCESS)
        return env_error(code, folder);
    *size = (off_t)((info.me_last_pgno + 1) * stat.ms_psize);
    return ERR_OK;
}

/* ---- taking one ---- */

/* ERR_CONFLICT: it holds something, or is no folder. */
static enum err expect_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOTDIR ? ERR_CONFLICT : system_error(path);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return entries ? ERR_CONFLICT : ERR_OK;
}

static int copy_once(struct store *store, int fd, unsigned flags)
{
    if (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0) != 0)
        return errno;
    return mdb_env_copyfd2(store->env, fd, flags);
}

/* LMDB cannot leave out what is free where it has lost count of that: then all is copied. */
static int copy_anyhow(struct store *store, int fd)
{
    int code = copy_once(store, fd, MDB_CP_COMPACT);
    return code == MDB_INCOMPATIBLE ? copy_once(store, fd, 0) : code;
}

/* A store that others have made larger meanwhile is looked at first, which makes the map as large.
 * LMDB copies what it finds after that: it is whole where what was looked at is. */
static enum err copy_env(struct store *store, int fd)
{
    struct snapshot *snapshot;
    enum err err;
    int code;
    do {
        err = snapshot_begin(store, &snapshot);
        if (err != ERR_OK)
            return err;
        code = copy_anyhow(store, fd);
        err = snapshot_judge(snapshot, ERR_OK);
        snapshot_end(snapshot);
    } while (code == MDB_MAP_RESIZED);
    return err == ERR_OK ? env_error(code, "backup") : err;
}

/* A page at the end that is free may never have been written: with it the file is as long as it
 * says it is, so that one that was cut short can be told. */
static enum err finish(const char *path, int fd)
{
    struct stat file;
    off_t size;
    enum err err = size_of_data(path, &size);
    if (err != ERR_OK)
        return err;
    bool right = fstat(fd, &file) == 0 && (file.st_size >= size || ftruncate(fd, size) == 0) &&
                 fsync(fd) == 0;
    return right ? ERR_OK : system_error(path);
}

static enum err write_backup(struct store *store, const char *path)
{
    struct path file = path_of(path, DATA_FILE);
    int fd = open(file.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return system_error(file.text);
    enum err err = copy_env(store, fd);
    if (err == ERR_OK)
        err = finish(path, fd);
    if (close(fd) != 0 && err == ERR_OK)
        err = system_error(file.text);
    if (err == ERR_OK)
        err = sync_folder(path);
    if (err == ERR_OK)
        err = sync_parent(path);
    if (err != ERR_OK)
        unlink(file.text);
    return err;
}

enum err store_backup(struct store *store, const char *path)
{
    bool made = mkdir(path, FOLDER_MODE) == 0;
    enum err err = made ? ERR_OK : errno == EEXIST ? expect_empty(path) : system_error(path);
    if (err == ERR_OK)
        err = write_backup(store, path);
    if (err != ERR_OK && made)
        rmdir(path);
    return err;
}

/* ---- who has a store open ---- */

/* LMDB keeps this byte of the lock file locked for as long as a process has the store open. */
static struct flock lock_of(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
}

static bool is_open(const char *folder)
{
    struct path file = path_of(folder, LOCK_FILE);
    struct flock lock = lock_of(F_WRLCK);
    int fd = open(file.text, O_RDONLY | O_CLOEXEC);
    bool taken = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return taken;
}

/* Keeps everybody from opening the store; ERR_BUSY: somebody has. */
static enum err hold(const char *folder, int *held)
{
    struct path file = path_of(folder, LOCK_FILE);
    struct flock lock = lock_of(F_WRLCK);
    *held = open(file.text, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (*held < 0)
        return system_error(file.text);
    if (fcntl(*held, F_SETLK, &lock) == 0)
        return ERR_OK;
    enum err err = errno == EACCES || errno == EAGAIN ? ERR_BUSY : system_error(file.text);
    close(*held);
    return err;
}

/* Who has waited for the lock takes what the file says for true, which is about the store as it
 * was: with nothing in it that process fails to open the store, and may try again. */
static void let_go(int held)
{
    (void)!ftruncate(held, 0);
    close(held);
}

/* ---- putting one in place ---- */

static bool is_same(int data, const char *folder)
{
    struct path file = path_of(folder, DATA_FILE);
    struct stat a, b;
    return fstat(data, &a) == 0 && stat(file.text, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno != EINTR)
            return false;
        bytes += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static enum err copy_bytes(int from, int to)
{
    char *chunk = malloc(CHUNK);
    ssize_t got;
    if (!chunk)
        return ERR_MEMORY;
    bool right = true;
    do {
        got = read(from, chunk, CHUNK);
        if (got > 0)
            right = write_all(to, chunk, (size_t)got);
    } while (right && (got > 0 || (got < 0 && errno == EINTR)));
    enum err err = right && got == 0 ? ERR_OK : system_error("restore");
    free(chunk);
    return err;
}

/* ERR_CORRUPT: it was cut short. */
static enum err expect_whole(const char *folder, int fd)
{
    struct stat file;
    off_t size;
    enum err err = size_of_data(folder, &size);
    if (err != ERR_OK)
        return err;
    if (fstat(fd, &file) != 0)
        return system_error(folder);
    return file.st_size < size ? ERR_CORRUPT : ERR_OK;
}

/* What a check came to, as it is told to the process that waits for it. */
struct finding {
    enum err err;
    uint64_t faults;
};

/* An earlier format is brought up to ours on the way. */
static void check(const char *folder, const struct restore *restore, struct finding *finding)
{
    struct store_options options = {.path = folder, .mode = STORE_WRITE, .alone = true};
    struct store *store;
    finding->err = store_open(&options, &store);
    if (finding->err != ERR_OK)
        return;
    finding->err = store_check(store, restore->report, restore->context, &finding->faults);
    store_close(store);
}

static _Noreturn void check_and_tell(const char *folder, const struct restore *restore, int to)
{
    struct finding finding = {.err = ERR_INTERNAL};
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGBUS, SIG_DFL); /* who waits is to see it */
    signal(SIGSEGV, SIG_DFL);
    check(folder, restore, &finding);
    _exit(write(to, &finding, sizeof(finding)) == sizeof(finding) ? 0 : 1);
}

static enum err await(pid_t child, int from, struct finding *finding)
{
    int status = 0;
    bool told = read(from, finding, sizeof(*finding)) == sizeof(*finding);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (told)
        return finding->err;
    if (WIFSIGNALED(status))
        log_error("store: the check was ended by signal %d", WTERMSIG(status));
    return WIFSIGNALED(status) ? ERR_CORRUPT : ERR_INTERNAL;
}

/* LMDB ends the process that it finds damaged pages in: that is another one. */
static enum err check_apart(const char *folder, struct restore *restore)
{
    struct finding finding = {.faults = 0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return system_error("check");
    pid_t child = fork();
    if (child == 0)
        check_and_tell(folder, restore, ends[1]);
    close(ends[1]);
    enum err err = child < 0 ? system_error("check") : await(child, ends[0], &finding);
    close(ends[0]);
    restore->faults = finding.faults;
    return err == ERR_OK && finding.faults ? ERR_CORRUPT : err;
}

static enum err copy_and_check(const char *stage, int fd, struct restore *restore)
{
    enum err err = copy_bytes(restore->from, fd);
    if (err == ERR_OK)
        err = expect_whole(stage, fd);
    if (err == ERR_OK)
        err = check_apart(stage, restore);
    return err == ERR_OK && fsync(fd) != 0 ? system_error(stage) : err;
}

/* What a restore that was killed has left is in nobody's way: the store is held. */
static enum err clear(const struct path *stage)
{
    struct path file = path_of(stage->text, DATA_FILE);
    if (unlink(file.text) != 0 && errno != ENOENT)
        return system_error(file.text);
    return rmdir(stage->text) == 0 || errno == ENOENT ? ERR_OK : system_error(stage->text);
}

static enum err stage_and_move(const struct path *stage, struct restore *restore)
{
    struct path staged = path_of(stage->text, DATA_FILE), file = path_of(restore->path, DATA_FILE);
    if (mkdir(stage->text, FOLDER_MODE) != 0)
        return system_error(stage->text);
    int fd = open(staged.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return system_error(staged.text);
    enum err err = copy_and_check(stage->text, fd, restore);
    close(fd);
    if (err == ERR_OK && rename(staged.text, file.text) != 0)
        err = system_error(file.text);
    return err == ERR_OK ? sync_folder(restore->path) : err;
}

static enum err put_in_place(struct restore *restore)
{
    struct path stage = path_of(restore->path, STAGE);
    enum err err = clear(&stage);
    if (err != ERR_OK)
        return err;
    err = stage_and_move(&stage, restore);
    enum err cleared = clear(&stage);
    return err == ERR_OK ? cleared : err;
}

static bool is_in_the_way(const struct restore *restore)
{
    return !restore->replace && !folder_is_bare(restore->path);
}

/* One that was made meanwhile is in the way, too. Of a folder that was made for it nothing is to be
 * left where it does not come to that: the lock file goes while it is held, since who opens the
 * store after that may have it. */
static enum err restore_held(struct restore *restore, bool anew)
{
    struct path lock = path_of(restore->path, LOCK_FILE);
    int held;
    enum err err = hold(restore->path, &held);
    if (err != ERR_OK)
        return err;
    err = is_in_the_way(restore) ? ERR_CONFLICT : put_in_place(restore);
    if (err != ERR_OK && anew && folder_is_bare(restore->path))
        unlink(lock.text);
    let_go(held);
    return err;
}

static enum err restore_anew(struct restore *restore)
{
    enum err err = restore_held(restore, true);
    if (err == ERR_OK)
        return sync_parent(restore->path);
    rmdir(restore->path);
    return err;
}

/* No link: the copy is the store's owner's, who could have it lead to a file of somebody else's. */
enum err store_restore_open(struct restore *restore)
{
    struct path file = path_of(restore->backup, DATA_FILE);
    restore->from = -1;
    if (folder_is_bare(restore->backup))
        return ERR_NOT_FOUND;
    if (is_open(restore->backup))
        return ERR_INVALID;
    restore->from = open(file.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return restore->from < 0 ? system_error(file.text) : ERR_OK;
}

static enum err restore_from(struct restore *restore)
{
    if (is_same(restore->from, restore->path))
        return ERR_INVALID;
    if (is_in_the_way(restore))
        return ERR_CONFLICT;
    if (mkdir(restore->path, FOLDER_MODE) == 0)
        return restore_anew(restore);
    return errno == EEXIST ? restore_held(restore, false) : system_error(restore->path);
}

enum err store_restore(struct restore *restore)
{
    restore->faults = 0;
    enum err err = restore_from(restore);
    close(restore->from);
    restore->from = -1;
    return err;
}
