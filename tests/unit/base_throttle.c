/* base/throttle: allowances that come back, and who is forgotten. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/throttle.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(base_throttle);

#define NOW INT64_C(1790000000000)

static struct throttle throttle;

/* How many may go on at that instant, one after the other, `limit` at most. */
static int64_t count_allowed(uint64_t hash, int64_t now, int64_t most, int64_t limit)
{
    int64_t count = 0;
    while (count < limit && throttle_wait(&throttle, hash, now, most) == 0) {
        throttle_use(&throttle, hash, now, most, 1);
        count++;
    }
    return count;
}

Test(base_throttle, so_many_and_no_more)
{
    static const int64_t rates[] = {1, 2, 7, 60, 600, 59999, 60000};
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        int64_t most = rates[i], allowed = count_allowed(i + 1, NOW, most, 2 * most);
        /* What does not divide a minute evenly is counted in tenths of milliseconds. */
        cr_expect(allowed >= most && allowed <= most + most / 100 + 1, "%lld of %lld",
                  (long long)allowed, (long long)most);
        cr_expect_eq(throttle_wait(&throttle, i + 100, NOW, most), 0, "another one's is untouched");
    }
}

Test(base_throttle, they_come_back_evenly)
{
    enum { MOST = 60 };
    cr_assert_eq(count_allowed(1, NOW, MOST, 1000), MOST);
    int64_t wait = throttle_wait(&throttle, 1, NOW, MOST);
    cr_expect_eq(wait, 1000, "%lld", (long long)wait);
    cr_expect_gt(throttle_wait(&throttle, 1, NOW + 999, MOST), 0);
    cr_expect_eq(count_allowed(1, NOW + 1000, MOST, 1000), 1);
    cr_expect_eq(count_allowed(1, NOW + 11000, MOST, 1000), 10);
    cr_expect_eq(count_allowed(1, NOW + 71000, MOST, 1000), MOST, "all of them after a minute");
    cr_expect_eq(count_allowed(1, NOW + 999999999, MOST, 1000), MOST, "and no more after a year");
}

Test(base_throttle, one_a_minute)
{
    cr_expect_eq(count_allowed(1, NOW, 1, 10), 1);
    cr_expect_eq(throttle_wait(&throttle, 1, NOW, 1), 60000);
    cr_expect_eq(throttle_wait(&throttle, 1, NOW + 59000, 1), 1000);
    cr_expect_eq(count_allowed(1, NOW + 60000, 1, 10), 1);
}

/* Many at once use up no more than there is, so that nobody waits for longer than a minute. */
Test(base_throttle, who_overdraws_waits_no_longer)
{
    throttle_use(&throttle, 1, NOW, 60, 1000000);
    cr_expect_eq(throttle_wait(&throttle, 1, NOW, 60), 1000);
}

Test(base_throttle, with_nothing_used_nothing_changes)
{
    static struct throttle before;
    throttle_use(&throttle, 1, NOW, 60, 5);
    before = throttle;
    for (uint64_t hash = 0; hash < 10; hash++)
        throttle_use(&throttle, hash, NOW + 10, 60, 0);
    cr_expect_arr_eq((char *)&throttle, (char *)&before, sizeof(throttle));
}

Test(base_throttle, a_clock_set_back_locks_nobody_out)
{
    enum { MOST = 60, HOUR_MS = 3600000 };
    cr_assert_eq(count_allowed(1, NOW, MOST, 1000), MOST);
    cr_expect_eq(throttle_wait(&throttle, 1, NOW - HOUR_MS, MOST), 0);
    cr_expect_eq(count_allowed(1, NOW - HOUR_MS, MOST, 1000), MOST, "they begin anew");
    cr_expect_gt(throttle_wait(&throttle, 1, NOW - HOUR_MS, MOST), 0);
    cr_expect_eq(throttle_wait(&throttle, 1, -1, MOST), 0, "before 1970");
    /* A little earlier is a request that took long, and does not open what is closed. */
    cr_assert_eq(count_allowed(2, NOW, MOST, 1000), MOST);
    cr_expect_gt(throttle_wait(&throttle, 2, NOW - 5000, MOST), 0);
    throttle_use(&throttle, 2, NOW - 5000, MOST, 1);
    cr_expect_gt(throttle_wait(&throttle, 2, NOW, MOST), 0);
}

/* Those who share a set are told apart; when there are too many, who has used most is kept. */
Test(base_throttle, who_has_used_most_is_remembered_longest)
{
    enum { MOST = 60, TAG_SHIFT = 48 };
    for (uint64_t i = 0; i < THROTTLE_WAYS; i++)
        cr_expect_eq(count_allowed(i << TAG_SHIFT | 5, NOW, MOST, 1000), MOST, "%llu",
                     (unsigned long long)i);
    for (uint64_t i = 0; i < THROTTLE_WAYS; i++)
        cr_expect_gt(throttle_wait(&throttle, i << TAG_SHIFT | 5, NOW, MOST), 0);
    throttle = (struct throttle){.key = {0}};
    cr_assert_eq(count_allowed(5, NOW, MOST, 1000), MOST);
    for (uint64_t i = 1; i < 1000; i++)
        throttle_use(&throttle, i << TAG_SHIFT | 5, NOW, MOST, 1);
    cr_expect_gt(throttle_wait(&throttle, 5, NOW, MOST), 0, "it got away among the others");
}

/* Nobody is shut out by what others do, but by chance: with so many of them, hardly ever. */
Test(base_throttle, strangers_do_not_meet)
{
    enum { MOST = 60, BAD = 4096, GOOD = 100000 };
    int64_t met = 0;
    random_begin();
    for (int i = 0; i < BAD; i++)
        throttle_use(&throttle, random_u64(), NOW, MOST, MOST);
    for (int i = 0; i < GOOD; i++)
        met += throttle_wait(&throttle, random_u64(), NOW, MOST) > 0;
    cr_expect_leq(met, GOOD / 1000, "%lld of %d", (long long)met, GOOD);
}

Test(base_throttle, processes_count_together)
{
    enum { PROCESSES = 4, EACH = 10000, MOST = 60000 };
    struct throttle *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(shared, MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            for (int j = 0; j < EACH; j++)
                throttle_use(shared, 1, NOW, MOST, 1);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    throttle_use(shared, 1, NOW, MOST, MOST - PROCESSES * EACH - 100);
    /* One that finds its bucket changed again and again gives up, and is not counted. */
    cr_expect_eq(throttle_wait(shared, 1, NOW, MOST), 0);
    throttle_use(shared, 1, NOW, MOST, 200);
    cr_expect_gt(throttle_wait(shared, 1, NOW, MOST), 0, "some were lost");
    munmap(shared, sizeof(*shared));
}

Test(base_throttle, every_file_has_a_key_of_its_own)
{
    struct throttle *other = calloc(1, sizeof(*other));
    cr_assert(other);
    throttle_begin(&throttle);
    throttle_begin(other);
    cr_expect_arr_neq((char *)throttle.key, (char *)other->key, THROTTLE_KEY_BYTES);
    free(other);
}
