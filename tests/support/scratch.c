#include "support/scratch.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/record.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

char *scratch_dir(void)
{
    const char *parent = getenv("TMPDIR");
    char *dir = NULL;
    cr_assert(asprintf(&dir, "%s/rollcall-test-XXXXXX", parent ? parent : "/tmp") > 0);
    cr_assert_not_null(mkdtemp(dir), "no folder %s", dir);
    return dir;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info, (void)type, (void)ftw;
    return remove(path);
}

void scratch_remove(char *dir)
{
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

static void put_line(struct store *store, struct arena *arena, struct str line, int number,
                     int64_t now)
{
    struct record *record = arena_alloc(arena, sizeof(*record));
    struct record_fault fault = {0};
    enum err err = record_read(arena, line, 0, record, &fault);
    cr_assert(err == ERR_OK, "record %d: %.*s: expected %.*s (%s)", number, STR_ARG(fault.field),
              STR_ARG(fault.expected), err_word(err));
    struct put put = record_put(record);
    struct outcome outcome;
    err = store_apply(store, &put, 1, now, &outcome);
    cr_assert(err == ERR_OK, "record %d cannot be stored: %s", number, err_word(err));
    arena_reset(arena);
}

void scratch_put(struct store *store, const char *jsonl, int64_t now)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    cr_assert_not_null(arena);
    struct str rest = str_of(jsonl), line;
    for (int number = 1; rest.len; number++) {
        str_split(rest, '\n', &line, &rest);
        if (line.len)
            put_line(store, arena, line, number, now);
    }
    arena_free(arena);
}

struct store *scratch_store_at(const char *dir, const char *jsonl, int64_t now)
{
    struct store *store = NULL;
    char path[4096];
    snprintf(path, sizeof(path), "%s/store", dir);
    enum err err = store_open(&(struct store_options){.path = path, .mode = STORE_CREATE}, &store);
    cr_assert(err == ERR_OK, "no store at %s: %s", path, err_word(err));
    scratch_put(store, jsonl, now);
    return store;
}

struct store *scratch_store(const char *dir, const char *jsonl)
{
    return scratch_store_at(dir, jsonl, clock_now());
}
