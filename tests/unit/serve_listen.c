/* serve/listen: which path of a socket is taken over, and which is not. */
#include "serve/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/suite.h"

SUITE(listen);

static char *dir;
static struct sockaddr_un address;
static char name[sizeof(address.sun_path) + 8];

static void begin(void)
{
    dir = scratch_dir();
    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
    cr_assert_lt((size_t)len, sizeof(address.sun_path));
    snprintf(name, sizeof(name), "unix:%s", address.sun_path);
}

static int make_socket(int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static ino_t inode(void)
{
    struct stat info;
    return lstat(address.sun_path, &info) == 0 ? info.st_ino : 0;
}

/* It is refused, and what is there stays. */
static void expect_refused(enum err expected)
{
    struct listener listener;
    ino_t before = inode();
    cr_expect_eq(listen_open(name, 0600, &listener), expected);
    cr_expect(before != 0 && inode() == before);
}

Test(listen, a_path_that_is_free_or_left_behind_is_taken)
{
    struct listener listener;
    begin();
    cr_assert_eq(listen_open(name, 0600, &listener), ERR_OK);
    listen_close(&listener);
    cr_expect_eq(inode(), 0);
    close(make_socket(SOCK_STREAM));
    cr_expect_neq(inode(), 0);
    cr_assert_eq(listen_open(name, 0600, &listener), ERR_OK);
    cr_expect(listen_is_socket(listener.fd));
    listen_close(&listener);
    scratch_remove(dir);
}

/* As beside a pool with more clients than it can take. */
Test(listen, who_has_more_to_do_than_room_is_waited_for_by_nobody, .timeout = 10)
{
    begin();
    int fd = make_socket(SOCK_STREAM), clients[8];
    cr_assert_eq(listen(fd, 0), 0);
    for (size_t i = 0; i < 8; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(clients[i], (const struct sockaddr *)&address, sizeof(address));
    }
    expect_refused(ERR_CONFLICT);
    for (size_t i = 0; i < 8; i++)
        close(clients[i]);
    close(fd);
    scratch_remove(dir);
}

Test(listen, a_socket_of_another_kind_is_somebodys)
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < 2; i++) {
        begin();
        int fd = make_socket(types[i]);
        if (types[i] == SOCK_SEQPACKET)
            cr_assert_eq(listen(fd, 1), 0);
        expect_refused(ERR_CONFLICT);
        close(fd);
        scratch_remove(dir);
    }
}

Test(listen, what_is_no_socket_stays)
{
    begin();
    fclose(fopen(address.sun_path, "w"));
    expect_refused(ERR_IO);
    scratch_remove(dir);
}

Test(listen, what_may_not_be_asked_is_taken_for_somebodys)
{
    enum { NOBODY = 65534 };
    begin();
    int fd = make_socket(SOCK_STREAM);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(chmod(address.sun_path, 0), 0);
    bool root = geteuid() == 0;
    if (root)
        cr_assert(chown(dir, NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0);
    expect_refused(ERR_IO);
    if (root)
        cr_assert_eq(seteuid(0), 0);
    close(fd);
    scratch_remove(dir);
}

Test(listen, who_cannot_ask_takes_nothing_over)
{
    struct listener listener;
    struct rlimit before, none;
    begin();
    close(make_socket(SOCK_STREAM));
    ino_t stale = inode();
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err err = listen_open(name, 0600, &listener);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_expect_eq(err, ERR_IO);
    cr_expect_eq(inode(), stale);
    scratch_remove(dir);
}
