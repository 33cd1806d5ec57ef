/* base/metrics: counts that processes share, and what histograms tell. */
#include "base/metrics.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/suite.h"

SUITE(metrics);
SUITE(histogram);

enum { LAYOUT = 7, OTHER_LAYOUT = 8, PROCESSES = 4, TIMES = 20000 };

static char file_name[512];

static const char *file_in(const char *dir, const char *name)
{
    snprintf(file_name, sizeof(file_name), "%s/%s", dir, name);
    return file_name;
}

static uint64_t reloads_in(const char *dir, uint64_t layout)
{
    struct metrics *metrics = metrics_open(dir, layout);
    uint64_t count = count_get(&metrics->reloads);
    metrics_close(metrics);
    return count;
}

static void count_in(const char *dir, uint64_t layout, int times)
{
    struct metrics *metrics = metrics_open(dir, layout);
    for (int i = 0; i < times; i++) {
        count_add(&metrics->reloads, 1);
        histogram_add(&metrics->batches, &batch_scale, (uint64_t)(i % 300));
    }
    metrics_close(metrics);
}

Test(metrics, counts_of_processes_that_begin_at_once_sum_up_exactly)
{
    char *dir = scratch_dir();
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            count_in(dir, LAYOUT, TIMES);
            _exit(0);
        }
    for (int i = 0, status; i < PROCESSES; i++)
        cr_assert(wait(&status) > 0 && status == 0);
    struct metrics *metrics = metrics_open(dir, LAYOUT);
    struct histogram_view view = histogram_look(&metrics->batches);
    cr_expect_eq(count_get(&metrics->reloads), PROCESSES * TIMES, "%llu",
                 (unsigned long long)count_get(&metrics->reloads));
    cr_expect_eq(view.count, PROCESSES * TIMES);
    metrics_close(metrics);
    scratch_remove(dir);
}

Test(metrics, the_file_is_its_owners_alone_and_stays)
{
    char *dir = scratch_dir();
    struct stat info;
    count_in(dir, LAYOUT, 3);
    cr_assert_eq(stat(file_in(dir, "metrics"), &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600, "%o", info.st_mode & 0777);
    cr_expect_eq(info.st_size, sizeof(struct metrics));
    cr_expect_eq(reloads_in(dir, LAYOUT), 3);
    cr_expect_neq(access(file_in(dir, "metrics.new"), F_OK), 0);
    scratch_remove(dir);
}

Test(metrics, counts_of_another_layout_are_begun_anew_and_who_has_them_goes_on)
{
    char *dir = scratch_dir();
    struct metrics *before = metrics_open(dir, LAYOUT);
    count_add(&before->reloads, 5);
    cr_expect_eq(reloads_in(dir, OTHER_LAYOUT), 0);
    count_add(&before->reloads, 1);
    cr_expect_eq(count_get(&before->reloads), 6);
    cr_expect_eq(reloads_in(dir, OTHER_LAYOUT), 0);
    metrics_close(before);
    scratch_remove(dir);
}

Test(metrics, a_file_that_is_none_of_ours_is_replaced)
{
    char *dir = scratch_dir();
    FILE *file = fopen(file_in(dir, "metrics"), "w");
    fputs("short", file);
    fclose(file);
    cr_expect_eq(reloads_in(dir, LAYOUT), 0);
    count_in(dir, LAYOUT, 2);
    cr_expect_eq(reloads_in(dir, LAYOUT), 2);
    scratch_remove(dir);
}

Test(metrics, without_a_folder_children_count_together_all_the_same)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", LAYOUT);
    if (fork() == 0) {
        count_add(&metrics->reloads, 2);
        _exit(0);
    }
    cr_assert_gt(wait(NULL), 0);
    cr_expect_eq(count_get(&metrics->reloads), 2);
    cr_expect_gt(metrics->began, 0);
    metrics_close(metrics);
}

Test(metrics, to_look_makes_nothing)
{
    char *dir = scratch_dir();
    const struct metrics *metrics = NULL;
    cr_expect_eq(metrics_look("/nowhere/at/all", LAYOUT, &metrics), ERR_NOT_FOUND);
    cr_expect_eq(metrics_look(dir, LAYOUT, &metrics), ERR_NOT_FOUND);
    cr_expect_neq(access(file_in(dir, "metrics"), F_OK), 0);
    count_in(dir, LAYOUT, 4);
    cr_expect_eq(metrics_look(dir, OTHER_LAYOUT, &metrics), ERR_VERSION);
    cr_assert_eq(metrics_look(dir, LAYOUT, &metrics), ERR_OK);
    cr_expect_eq(count_get(&metrics->reloads), 4);
    metrics_close(metrics);
    scratch_remove(dir);
}

Test(metrics, what_was_sent_and_not_taken_waits)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", LAYOUT);
    count_add(&metrics->batches_sent, 3);
    count_add(&metrics->batches_taken, 1);
    cr_expect_eq(metrics_queue(metrics), 2);
    count_add(&metrics->batches_taken, 3);
    cr_expect_eq(metrics_queue(metrics), 0, "never less than none");
    metrics_close(metrics);
}

Test(metrics, a_pool_is_there_while_its_master_is)
{
    struct metrics *metrics = metrics_open("/nowhere/at/all", LAYOUT);
    cr_expect_not(metrics_has_pool(metrics));
    atomic_store(&metrics->master, getpid());
    cr_expect(metrics_has_pool(metrics));
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    atomic_store(&metrics->master, child);
    cr_expect_not(metrics_has_pool(metrics));
    metrics_close(metrics);
}

Test(metrics, a_layout_differs_with_every_text_and_where_one_ends)
{
    uint64_t one = metrics_mix(metrics_mix(0, "ab"), "c");
    cr_expect_eq(one, metrics_mix(metrics_mix(0, "ab"), "c"));
    cr_expect_neq(one, metrics_mix(metrics_mix(0, "a"), "bc"));
    cr_expect_neq(one, metrics_mix(metrics_mix(0, "c"), "ab"));
}

/* ---- histograms ---- */

static const struct scale tens = {3, {10, 20, 30}};

Test(histogram, a_bound_belongs_to_the_bucket_below_it)
{
    static const uint64_t values[] = {0, 10, 11, 20, 30, 31, UINT64_MAX / 2};
    struct histogram histogram = {0};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        histogram_add(&histogram, &tens, values[i]);
    struct histogram_view view = histogram_look(&histogram);
    cr_expect_eq(view.buckets[0], 2);
    cr_expect_eq(view.buckets[1], 2);
    cr_expect_eq(view.buckets[2], 1);
    cr_expect_eq(view.buckets[3], 2, "what is over the last bound");
    cr_expect_eq(view.count, 7);
    cr_expect_eq(view.sum, 102 + UINT64_MAX / 2);
}

Test(histogram, scales_rise)
{
    static const struct scale *const scales[] = {&latency_scale, &batch_scale};
    for (size_t s = 0; s < 2; s++) {
        cr_assert_leq(scales[s]->count, SCALE_MAX);
        for (size_t i = 1; i < scales[s]->count; i++)
            cr_expect_gt(scales[s]->bounds[i], scales[s]->bounds[i - 1], "scale %zu at %zu", s, i);
    }
}

static double quantile(const struct histogram_view *view, double q)
{
    return histogram_quantile(view, &tens, q);
}

Test(histogram, a_quantile_lies_evenly_in_its_bucket)
{
    struct histogram_view none = {.count = 0};
    struct histogram_view even = {.buckets = {10, 10, 0, 0}, .count = 20};
    struct histogram_view over = {.buckets = {0, 0, 0, 5}, .count = 5};
    cr_expect_float_eq(quantile(&none, 0.5), 0, 1e-9);
    cr_expect_float_eq(quantile(&even, 0.25), 5, 1e-9);
    cr_expect_float_eq(quantile(&even, 0.5), 10, 1e-9);
    cr_expect_float_eq(quantile(&even, 0.95), 19, 1e-9);
    cr_expect_float_eq(quantile(&even, 1), 20, 1e-9);
    cr_expect_float_eq(quantile(&over, 0.5), 30, 1e-9, "the last bound");
}

Test(histogram, what_came_between_two_looks)
{
    struct histogram histogram = {0};
    histogram_add(&histogram, &tens, 5);
    struct histogram_view before = histogram_look(&histogram);
    histogram_add(&histogram, &tens, 25);
    histogram_add(&histogram, &tens, 25);
    struct histogram_view now = histogram_look(&histogram),
                          between = histogram_since(&now, &before);
    cr_expect_eq(between.count, 2);
    cr_expect_eq(between.buckets[0], 0);
    cr_expect_eq(between.buckets[2], 2);
    cr_expect_eq(between.sum, 50);
}
