#include "ctl/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct temporary temporary_dir(const char *store_path)
{
    struct temporary dir;
    struct stat info;
    const char *named = getenv("TMPDIR"), *slash = strrchr(store_path, '/');
    if (named && *named)
        snprintf(dir.path, sizeof(dir.path), "%s", named);
    else if (stat(store_path, &info) == 0)
        snprintf(dir.path, sizeof(dir.path), "%s", store_path);
    else if (slash)
        snprintf(dir.path, sizeof(dir.path), "%.*s/", (int)(slash - store_path), store_path);
    else
        snprintf(dir.path, sizeof(dir.path), ".");
    return dir;
}
