/* Starts a program as systemd's socket activation does (sd_listen_fds(3)): a listening unix socket
 * on descriptor 3.
 *
 *   hand-over PATH PROGRAM ARGUMENT... */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    enum { FIRST = 3 };
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char pid[16];
    if (argc < 3)
        return 2;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0 ||
        dup2(fd, FIRST) != FIRST || setenv("LISTEN_FDS", "1", 1) != 0 ||
        setenv("LISTEN_PID", pid, 1) != 0) {
        perror("hand-over");
        return 1;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
