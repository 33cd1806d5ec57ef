/* Questions between changes: the store grows, shrinks to nothing and grows again, and all the way
 * what it finds is what filtering and sorting everything comes to. */
#include <stdlib.h>

#include "changes.h"
#include "store/tree.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(interleaved);

enum { PAGES = 6000, PAGES_OF_LARGE = 300 };

/* How many sessions there are to be next; over and over. */
static const size_t targets[] = {12, 90, 0, 350, 120, 700, 30, 0, 5, 0, 200, 1000, 400, 0};

/* $ROLLCALL_PAGES asks for more of them, or fewer. */
static uint64_t pages_wanted(uint64_t otherwise)
{
    const char *given = getenv("ROLLCALL_PAGES");
    return given ? strtoull(given, NULL, 10) : otherwise;
}

static void ask_some(struct comparison *comparison, size_t many)
{
    for (size_t left = random_below(many); left > 0; left--)
        compare_any(comparison, random_below(2) ? KIND_ANY : (enum kind)random_below(KIND_COUNT));
}

static void reach(struct changes *changes, size_t target, size_t questions)
{
    const struct world *world = changes->world;
    bool growing = world->count < target;
    while (growing ? world->count < target : world->count > target) {
        changes_make(changes, target);
        ask_some(changes->comparison, questions);
    }
    compare_soundness(changes->comparison);
}

static void go_through(const size_t *limits, size_t limit_count, const char *name)
{
    struct comparison comparison = comparison_new();
    struct changes changes;
    uint64_t wanted = pages_wanted(PAGES);
    changes_begin(&changes, &comparison);
    for (size_t i = 0; comparison.pages < wanted; i++) {
        tree_node_limit = limits[i % limit_count];
        reach(&changes, targets[i % (sizeof(targets) / sizeof(*targets))], 8);
    }
    changes_end(&changes);
    comparison_end(&comparison, name);
}

Test(interleaved, questions_between_changes, .timeout = 1200)
{
    static const size_t limits[] = {0};
    go_through(limits, 1, "questions between changes");
}

/* Nodes of so few entries that they split and join all the time. */
Test(interleaved, questions_between_changes_of_small_nodes, .timeout = 1200)
{
    static const size_t limits[] = {4, 4, 5, 7, 4};
    go_through(limits, sizeof(limits) / sizeof(*limits),
               "questions between changes of small nodes");
}

/* So many that an index of them is several levels deep; and most of them gone again. */
Test(interleaved, questions_to_a_large_store, .timeout = 1200)
{
    struct comparison comparison = comparison_new();
    struct changes changes;
    changes_begin(&changes, &comparison);
    reach(&changes, 20000, 3);
    while (comparison.pages < PAGES_OF_LARGE)
        ask_some(&comparison, 8);
    reach(&changes, 1500, 3);
    changes_end(&changes);
    comparison_end(&comparison, "questions to a large store");
}
