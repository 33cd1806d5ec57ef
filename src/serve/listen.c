#include "serve/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

_Static_assert(sizeof(((struct listener *)0)->path) == sizeof(((struct sockaddr_un *)0)->sun_path),
               "a path that a unix socket can have");

bool listen_is_socket(int fd)
{
    int listens = 0;
    socklen_t size = sizeof(listens);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

/* sd_listen_fds(3): the variables are meant for the process named, and not for its children. */
static long count_systemd_sockets(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    bool ours = pid && count && strtol(pid, NULL, 10) == (long)getpid();
    long sockets = ours ? strtol(count, NULL, 10) : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return sockets;
}

enum err listen_inherit(struct listener *listener)
{
    enum { FIRST = 3 };
    *listener = (struct listener){.fd = -1};
    if (listen_is_socket(STDIN_FILENO)) {
        listener->fd = STDIN_FILENO;
        return ERR_OK;
    }
    long sockets = count_systemd_sockets();
    if (sockets > 1) {
        log_error("%ld sockets were handed over, of which all but one would never be listened to: "
                  "an empty \"ListenStream=\" takes away what others add to",
                  sockets);
        return ERR_CONFLICT;
    }
    if (sockets < 1 || !listen_is_socket(FIRST))
        return ERR_NOT_FOUND;
    listener->fd = FIRST;
    return ERR_OK;
}

static enum err fail(const char *address, int fd)
{
    log_error("%s: %s", address, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_IO;
}

static bool is_socket_file(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* A socket's file outlives its process: it goes where a connection to it is refused, and for no
 * other reason. Somebody who is busy (EAGAIN) or minds another kind of socket (EPROTOTYPE) is
 * somebody. */
static enum err make_room(const struct sockaddr_un *address)
{
    const char *path = address->sun_path;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(path, fd);
    bool connected = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (connected || errno == EAGAIN || errno == EPROTOTYPE) {
        log_error("%s: somebody is listening there", path);
        close(fd);
        return ERR_CONFLICT;
    }
    if (errno != ECONNREFUSED && errno != ENOENT)
        return fail(path, fd);
    if (errno == ECONNREFUSED && is_socket_file(path))
        unlink(path);
    close(fd);
    return ERR_OK;
}

static enum err open_unix(const char *path, mode_t mode, struct listener *listener)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    if (strlen(path) >= sizeof(address.sun_path)) {
        log_error("%s: longer than a unix socket's path can be", path);
        return ERR_INVALID;
    }
    strcpy(address.sun_path, path);
    enum err err = make_room(&address);
    if (err != ERR_OK)
        return err;
    /* It has its mode from the start: a name in somebody else's folder may be another file's by the
     * time that is changed. */
    mode_t mask = umask(~mode & 0777);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    umask(mask);
    if (!bound || listen(fd, SOMAXCONN) != 0 || stat(path, &info) != 0)
        return fail(path, fd);
    *listener = (struct listener){.fd = fd, .device = info.st_dev, .inode = info.st_ino};
    strcpy(listener->path, path);
    return ERR_OK;
}

static int bind_one(const struct addrinfo *info)
{
    int on = 1, fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static enum err open_tcp(const char *address, struct listener *listener)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t len = (size_t)(colon - address);
    /* "[::1]:9000": brackets part an address with colons from the port. */
    bool bracketed = len >= 2 && address[0] == '[' && address[len - 1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(len - (bracketed ? 2 : 0)), address + bracketed);
    int code = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found);
    if (code != 0) {
        log_error("%s: %s", address, gai_strerror(code));
        return ERR_INVALID;
    }
    int fd = bind_one(found);
    freeaddrinfo(found);
    if (fd < 0)
        return fail(address, fd);
    *listener = (struct listener){.fd = fd};
    return ERR_OK;
}

enum err listen_open(const char *address, mode_t mode, struct listener *listener)
{
    static const char unix_scheme[] = "unix:", tcp_scheme[] = "tcp:";
    if (strncmp(address, unix_scheme, sizeof(unix_scheme) - 1) == 0)
        return open_unix(address + sizeof(unix_scheme) - 1, mode, listener);
    return open_tcp(address + sizeof(tcp_scheme) - 1, listener);
}

enum err listen_give(const struct listener *listener, uid_t uid, gid_t gid)
{
    struct stat info;
    int file = listener->path[0] ? open(listener->path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (!listener->path[0])
        return ERR_OK;
    bool given = file >= 0 && fstat(file, &info) == 0 && info.st_dev == listener->device &&
                 info.st_ino == listener->inode && fchownat(file, "", uid, gid, AT_EMPTY_PATH) == 0;
    if (!given)
        log_error("%s: cannot be given away: %s", listener->path, strerror(errno));
    if (file >= 0)
        close(file);
    return given ? ERR_OK : ERR_IO;
}

void listen_close(struct listener *listener)
{
    struct stat info;
    if (listener->path[0] && stat(listener->path, &info) == 0 && info.st_dev == listener->device &&
        info.st_ino == listener->inode)
        unlink(listener->path);
    close(listener->fd);
}
