/* The sorter against qsort, with memory for all and with memory for next to nothing. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/frames.h"
#include "base/sorter.h"
#include "support/random.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(base_sorter);

enum { MUCH = 64 * 1024 * 1024, LITTLE = 1000, STRING_MAX = 40 };

/* What goes in: a few bytes that sort, then the place it came at. */
struct given {
    char bytes[STRING_MAX + sizeof(uint32_t)];
    size_t len;
};

static struct str sorting(struct str bytes)
{
    return (struct str){bytes.ptr, bytes.len - sizeof(uint32_t)};
}

static int compare(struct str a, struct str b)
{
    return str_cmp(sorting(a), sorting(b));
}

static struct str view(const struct given *given)
{
    return (struct str){given->bytes, given->len};
}

/* Stable, for the places go up. */
static int compare_given(const void *a, const void *b)
{
    const struct given *left = a, *right = b;
    int order = compare(view(left), view(right));
    return order ? order
                 : memcmp(left->bytes + left->len - sizeof(uint32_t),
                          right->bytes + right->len - sizeof(uint32_t), sizeof(uint32_t));
}

/* Of few different letters, so that many are equal or begin alike; `same` bytes in front. Letters
 * above NUL: a string that is short sorts before what it begins. */
static struct given make(uint32_t place, size_t same, size_t most)
{
    struct given given = {.len = same + random_below(most - same + 1)};
    memset(given.bytes, 's', same);
    for (size_t i = same; i < given.len; i++)
        given.bytes[i] = (char)(1 + random_below(i % 5 ? 2 : 250));
    bytes_put_u32((uint8_t *)given.bytes + given.len, place);
    given.len += sizeof(uint32_t);
    return given;
}

struct trial {
    size_t count, memory, same, most;
};

static struct sorter *sorter_of(const char *dir, const struct trial *trial)
{
    struct sorter_options options = {dir, trial->memory, trial->same, compare};
    struct sorter *sorter;
    cr_assert_eq(sorter_new(&options, &sorter), ERR_OK);
    return sorter;
}

static void expect_order(struct sorter *sorter, const struct given *sorted, size_t count,
                         uint64_t seed)
{
    struct str bytes;
    cr_assert_eq(sorter_sort(sorter), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(sorter_next(sorter, &bytes), ERR_OK);
        cr_assert(str_eq(bytes, view(&sorted[i])), "seed %lu: string %zu of %zu is another",
                  (unsigned long)seed, i, count);
    }
    cr_assert_eq(sorter_next(sorter, &bytes), ERR_NOT_FOUND);
    cr_assert_eq(sorter_next(sorter, &bytes), ERR_NOT_FOUND);
}

static void try_one(struct sorter *sorter, const struct trial *trial, uint64_t seed)
{
    struct given *all = calloc(trial->count + 1, sizeof(*all));
    for (size_t i = 0; i < trial->count; i++) {
        all[i] = make((uint32_t)i, trial->same, trial->most);
        cr_assert_eq(sorter_add(sorter, view(&all[i])), ERR_OK);
    }
    qsort(all, trial->count, sizeof(*all), compare_given);
    expect_order(sorter, all, trial->count, seed);
    free(all);
}

Test(base_sorter, all_come_out_in_order_and_equal_ones_as_they_came)
{
    static const struct trial trials[] = {
        {0, MUCH, 0, 12},           {1, MUCH, 0, 12},     {2, MUCH, 4, 12},
        {150, MUCH, 0, 2},          {20000, MUCH, 0, 12}, {20000, MUCH, 4, 30},
        {0, LITTLE, 0, 12},         {1, LITTLE, 0, 12},   {20000, LITTLE, 0, 12},
        {20000, LITTLE, 6, 8},      {3000, 1, 0, 12},     {20000, 256 * 1024, 0, 3},
        {20000, LITTLE * 32, 4, 40}};
    uint64_t seed = random_begin();
    char *dir = scratch_dir();
    for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
        struct sorter *sorter = sorter_of(dir, &trials[i]);
        try_one(sorter, &trials[i], seed);
        sorter_reset(sorter);
        try_one(sorter, &trials[i], seed);
        sorter_free(sorter);
    }
    scratch_remove(dir);
}

static int compare_bytes(const void *a, const void *b)
{
    return str_cmp(view(a), view(b));
}

Test(base_sorter, without_another_order_it_is_that_of_bytes)
{
    enum { COUNT = 5000 };
    static const size_t sames[] = {0, 4, 9}, memories[] = {MUCH, LITTLE * 50};
    uint64_t seed = random_begin();
    char *dir = scratch_dir();
    struct given *all = calloc(COUNT, sizeof(*all));
    for (size_t trial = 0; trial < 6; trial++) {
        struct sorter_options options = {dir, memories[trial % 2], trial % 3 ? 2 : 0, NULL};
        struct sorter *sorter;
        cr_assert_eq(sorter_new(&options, &sorter), ERR_OK);
        for (size_t i = 0; i < COUNT; i++) {
            all[i] = make((uint32_t)i, sames[trial % 3], 20);
            cr_assert_eq(sorter_add(sorter, view(&all[i])), ERR_OK);
        }
        qsort(all, COUNT, sizeof(*all), compare_bytes);
        expect_order(sorter, all, COUNT, seed);
        sorter_free(sorter);
    }
    free(all);
    scratch_remove(dir);
}

Test(base_sorter, a_string_longer_than_memory_and_buffers_goes_through)
{
    enum { HUGE_BYTES = 3 * 1024 * 1024 };
    struct trial trial = {3, LITTLE, 0, 0};
    char *dir = scratch_dir(), *huge = malloc(HUGE_BYTES);
    struct sorter *sorter = sorter_of(dir, &trial);
    struct str bytes;
    memset(huge, 'm', HUGE_BYTES);
    cr_assert_eq(sorter_add(sorter, STR("zero....")), ERR_OK);
    cr_assert_eq(sorter_add(sorter, (struct str){huge, HUGE_BYTES}), ERR_OK);
    cr_assert_eq(sorter_add(sorter, STR("alpha....")), ERR_OK);
    cr_assert_eq(sorter_sort(sorter), ERR_OK);
    cr_assert_eq(sorter_next(sorter, &bytes), ERR_OK);
    cr_assert(str_eq(bytes, STR("alpha....")));
    cr_assert_eq(sorter_next(sorter, &bytes), ERR_OK);
    cr_assert(bytes.len == HUGE_BYTES && memcmp(bytes.ptr, huge, HUGE_BYTES) == 0);
    cr_assert_eq(sorter_next(sorter, &bytes), ERR_OK);
    cr_assert(str_eq(bytes, STR("zero....")));
    sorter_free(sorter);
    free(huge);
    scratch_remove(dir);
}

/* Goes on until what is wrong with the file shows. */
static enum err add_until_it_fails(struct sorter *sorter)
{
    char bytes[LITTLE];
    enum err err = ERR_OK;
    memset(bytes, 'b', sizeof(bytes));
    for (int i = 0; err == ERR_OK && i < 10000; i++)
        err = sorter_add(sorter, (struct str){bytes, sizeof(bytes)});
    return err;
}

Test(base_sorter, a_file_that_cannot_be_is_told)
{
    struct trial trial = {0, LITTLE, 0, 0};
    struct sorter *sorter = sorter_of("/nowhere/at/all", &trial);
    cr_expect_eq(add_until_it_fails(sorter), ERR_IO);
    sorter_free(sorter);
}

/* As a full disk says it; that there is no signal is what the system does where it is ignored. */
Test(base_sorter, a_file_that_may_not_grow_is_told)
{
    struct trial trial = {0, LITTLE, 0, 0};
    struct rlimit limit = {100000, RLIM_INFINITY}, before;
    char *dir = scratch_dir();
    struct sorter *sorter = sorter_of(dir, &trial);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum err err = add_until_it_fails(sorter);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect_eq(err, ERR_FULL);
    sorter_free(sorter);
    scratch_remove(dir);
}

Test(base_sorter, a_file_that_ends_within_a_frame_is_told)
{
    char *dir = scratch_dir();
    struct str frame;
    int fd;
    cr_assert_eq(frames_file(dir, &fd), ERR_OK);
    struct frame_writer writer = {.fd = fd, .size = 4};
    cr_assert_eq(frame_put(&writer, STR("one")), ERR_OK);
    cr_assert_eq(frame_put(&writer, STR("another")), ERR_OK);
    cr_assert_eq(frame_flush(&writer), ERR_OK);
    struct frame_reader reader = {.fd = fd, .size = 1, .end = writer.written - 1};
    cr_expect_eq(frame_next(&reader, &frame), ERR_OK);
    cr_expect(str_eq(frame, STR("one")));
    cr_expect_eq(frame_next(&reader, &frame), ERR_IO);
    frame_reader_end(&reader);
    frame_writer_end(&writer);
    close(fd);
    scratch_remove(dir);
}
