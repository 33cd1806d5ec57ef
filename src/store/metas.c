#include "store/metas.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

#define MAGIC UINT32_C(0xBEEFC0DE)

enum { PAGE_LEAST = 512, PAGE_MOST = 32768 };

/* MDB_page and, behind its head, MDB_meta, up to md_pad of the first table in it. */
struct meta {
    size_t number;
    uint16_t pad, flags, lower, upper;
    uint32_t magic, version;
    void *address;
    size_t map_bytes;
    uint32_t page_size;
};
enum { META_BYTES = offsetof(struct meta, page_size) + sizeof(uint32_t) };

static bool read_meta(int fd, off_t at, struct meta *meta)
{
    return pread(fd, meta, META_BYTES, at) == META_BYTES && meta->magic == MAGIC;
}

static bool is_page_size(uint32_t bytes)
{
    return bytes >= PAGE_LEAST && bytes <= PAGE_MOST && (bytes & (bytes - 1)) == 0;
}

static enum err look(int fd)
{
    struct meta first, second;
    if (!read_meta(fd, 0, &first))
        return ERR_OK;
    if (!is_page_size(first.page_size)) {
        log_error("store: no page has %u bytes, as its first one says", first.page_size);
        return ERR_CORRUPT;
    }
    if (!read_meta(fd, (off_t)first.page_size, &second) || second.page_size == first.page_size)
        return ERR_OK;
    log_error("store: a page has %u bytes, its first one says, and %u, says the second",
              first.page_size, second.page_size);
    return ERR_CORRUPT;
}

enum err metas_expect_page_size(const char *folder)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/data.mdb", folder);
    if (len < 0 || (size_t)len >= sizeof(path))
        return ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) /* LMDB will say why */
        return ERR_OK;
    enum err err = look(fd);
    close(fd);
    return err;
}
