#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

static const char *const file_names[FOLDER_FILES] = {"data.mdb", "lock.mdb"};

struct path {
    char text[PATH_MAX];
};

/* One that is too long names nothing. */
static struct path path_of(const char *folder, enum folder_file file)
{
    struct path path;
    int len = snprintf(path.text, sizeof(path.text), "%s/%s", folder, file_names[file]);
    if (len < 0 || (size_t)len >= sizeof(path.text))
        path.text[0] = '\0';
    return path;
}

static bool stat_data(const char *folder, struct stat *info)
{
    struct path path = path_of(folder, FOLDER_DATA);
    errno = ENAMETOOLONG;
    return path.text[0] && stat(path.text, info) == 0;
}

static bool says_absent(int code)
{
    return code == ENOENT || code == ENOTDIR;
}

bool folder_is_bare(const char *path)
{
    struct stat data;
    if (stat_data(path, &data))
        return data.st_size == 0;
    return says_absent(errno);
}

size_t folder_data_bytes(const char *path)
{
    struct stat data;
    return stat_data(path, &data) ? (size_t)data.st_size : 0;
}

void folder_warn_of_network(const char *path)
{
    static const unsigned long networked[] = {0x6969 /* NFS */,       0xFF534D42 /* CIFS */,
                                              0xFE534D42 /* SMB 2 */, 0x517B /* SMB */,
                                              0x65735546 /* FUSE */,  0x01021997 /* 9P */};
    struct statfs info;
    if (statfs(path, &info) != 0)
        return;
    for (size_t i = 0; i < sizeof(networked) / sizeof(*networked); i++)
        if ((unsigned long)info.f_type == networked[i])
            log_warn("store: %s may lie on a network file system, where locks do not hold; keep "
                     "the store on a local disk",
                     path);
}

/* A file system that cannot do it is left as it is: to write zeros instead, as the C library does,
 * could undo what other processes write there at the same time. */
static enum err place_bytes(int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_blocks * 512 >= LOCK_BYTES ||
        fallocate(fd, 0, 0, LOCK_BYTES) == 0)
        return ERR_OK;
    return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_OK;
}

enum err folder_place_lock(const char *path)
{
    struct path lock = path_of(path, FOLDER_LOCK);
    int fd = open(lock.text, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0) /* LMDB will say why, where it has to have it */
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_OK;
    enum err err = place_bytes(fd);
    close(fd);
    return err;
}

/* A store begins with two pages that are written at once; with less it is none. */
void folder_clear_stump(const char *path)
{
    struct path data = path_of(path, FOLDER_DATA);
    struct stat info;
    if (stat_data(path, &info) && info.st_size < 2 * sysconf(_SC_PAGESIZE))
        (void)!truncate(data.text, 0);
}

/* It is asked for without opening it: to close a lock file gives up the locks that are held on it,
 * and a process that is confined may not open it. */
bool folder_may_write(const char *path, enum folder_file file)
{
    struct path named = path_of(path, file);
    return faccessat(AT_FDCWD, named.text, W_OK, AT_EACCESS) == 0;
}

bool folder_look(const char *path, struct folder_files *files)
{
    memset(files, 0, sizeof(*files));
    for (enum folder_file i = 0; i < FOLDER_FILES; i++) {
        struct path file = path_of(path, i);
        struct stat info;
        if (stat(file.text, &info) == 0) {
            files->devices[i] = info.st_dev;
            files->numbers[i] = info.st_ino;
        } else if (!says_absent(errno)) {
            return false;
        }
    }
    return true;
}

bool folder_same(const struct folder_files *one, const struct folder_files *other)
{
    return one->devices[0] == other->devices[0] && one->numbers[0] == other->numbers[0] &&
           one->devices[1] == other->devices[1] && one->numbers[1] == other->numbers[1];
}
