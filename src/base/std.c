#include "base/std.h"

#include <fcntl.h>
#include <unistd.h>

void std_reserve(void)
{
    int fd;
    do
        fd = open("/dev/null", O_PATH);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}
