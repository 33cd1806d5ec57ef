#include "ctl/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How long the path is of the folder that something is in: 0 for the one at hand. */
static size_t folder_length(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len;
}

struct temporary temporary_dir(const char *store_path)
{
    struct temporary dir;
    struct stat info;
    const char *named = getenv("TMPDIR");
    size_t len = folder_length(store_path);
    if (named && *named)
        snprintf(dir.path, sizeof(dir.path), "%s", named);
    else if (stat(store_path, &info) == 0)
        snprintf(dir.path, sizeof(dir.path), "%s", store_path);
    else
        snprintf(dir.path, sizeof(dir.path), "%.*s", len ? (int)len : 1, len ? store_path : ".");
    return dir;
}
