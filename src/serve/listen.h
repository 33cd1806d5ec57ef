/* Sockets to listen on: made here, or handed over by whoever started us. */
#ifndef ROLLCALL_SERVE_LISTEN_H
#define ROLLCALL_SERVE_LISTEN_H

#include <sys/types.h>

#include "base/err.h"

struct listener {
    int fd;
    char path[108]; /* of a unix socket made here; empty: none to take away */
    dev_t device;
    ino_t inode;
};

/* Whether the descriptor is a listening socket. */
bool listen_is_socket(int fd);

/* A socket that was handed over: descriptor 0 (spawn-fcgi, a web server), or 3 (systemd's
 * LISTEN_FDS). ERR_NOT_FOUND: none was; ERR_CONFLICT, logged: several were. */
enum err listen_inherit(struct listener *listener) MUST_CHECK;

/* "unix:/path" or "tcp:host:port", host and port in numbers or names. A unix socket that nobody
 * listens on any more, as far as can be told, is taken over. What is wrong is logged; ERR_INVALID,
 * ERR_IO, ERR_CONFLICT for one in use. */
enum err listen_open(const char *address, mode_t mode, struct listener *listener) MUST_CHECK;

/* Makes a unix socket's file that user's, if it is one made here. ERR_IO, logged. */
enum err listen_give(const struct listener *listener, uid_t uid, gid_t gid) MUST_CHECK;

/* Closes it; a unix socket's file goes too, as long as it is still the one made here. */
void listen_close(struct listener *listener);

#endif
