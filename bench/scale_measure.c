/* How long both sides take for a request, in turn. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "scale.h"

enum { ROUNDS_MAX = 99, ROUNDS_OF_SLOW = 3 };
static const double LONG_US = 1e6, BRIEF_US = 500;

static const char *const depth_names[DEPTH_END] = {"count", "first", "middle", "last"};

int measure_rounds = 5;

/* What is asked at present, and one side's answer and times. */
struct side {
    const struct request *request;
    void (*ask)(struct side *side);
    int64_t offset, limit;
    struct answer answer;
    bool gave_up; /* it took too long, or was cut off */
    double us[ROUNDS_MAX];
    int count, rounds, repeats;
};

static void ask_rollcall(struct side *side)
{
    side->gave_up =
        store_side_ask(side->request, side->offset, side->limit, &side->answer) != ERR_OK;
}

static void ask_sqlite(struct side *side)
{
    sql_ask(side->offset, side->limit, &side->answer);
}

/* What takes less than a clock tells well is done several times. */
static void take_time(struct side *side, int times)
{
    int64_t start = clock_monotonic_ns();
    for (int i = 0; i < times; i++)
        side->ask(side);
    side->us[side->count++] = (double)(clock_monotonic_ns() - start) / 1e3 / times;
}

/* The first time of SQLite, by which its plan is chosen. */
static void try_sqlite(struct side *side)
{
    int64_t took = sql_choose(side->offset, side->limit, &side->answer);
    side->gave_up = took == INT64_MAX;
    side->us[side->count++] = (double)took / 1e3;
}

/* The first time warms what is cached, and counts only where it took so long that once is enough.
 */
static void try(struct side *side)
{
    if (side->ask == ask_sqlite)
        try_sqlite(side);
    else
        take_time(side, 1);
    double first = side->us[0];
    if (first > LONG_US || side->gave_up)
        return;
    side->count = 0;
    side->rounds =
        first > LONG_US / 10 && measure_rounds > ROUNDS_OF_SLOW ? ROUNDS_OF_SLOW : measure_rounds;
    side->repeats = first < BRIEF_US ? (int)(BRIEF_US / (first + 1)) + 1 : 1;
}

static void take_turns(struct side **sides, size_t count)
{
    bool fresh[] = {true, true, true};
    for (size_t i = 0; i < count; i++) {
        fresh[i] = sides[i]->count == 0;
        if (fresh[i])
            try(sides[i]);
    }
    for (int round = 0; round < measure_rounds; round++)
        for (size_t i = 0; i < count; i++)
            if (fresh[i] && round < sides[i]->rounds)
                take_time(sides[i], sides[i]->repeats);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(struct side *side)
{
    qsort(side->us, (size_t)side->count, sizeof(*side->us), compare);
    return side->us[side->count / 2];
}

/* ---- one request ---- */

static void must_agree(const struct side *rollcall, const struct side *page,
                       const struct side *count)
{
    const struct answer *ours = &rollcall->answer, *theirs = &page->answer;
    if (rollcall->gave_up)
        return;
    if (!count->gave_up && ours->total != count->answer.total)
        die("%s: Rollcall counts %" PRIu64 ", SQLite %" PRIu64, rollcall->request->name,
            ours->total, count->answer.total);
    if (rollcall->limit == 0 || page->gave_up)
        return;
    bool same = ours->count == theirs->count;
    for (size_t i = 0; same && i < ours->count; i++)
        same = memcmp(&ours->ids[i], &theirs->ids[i], sizeof(ours->ids[i])) == 0;
    if (!same)
        die("%s: the pages from %" PRId64 " on differ", rollcall->request->name, rollcall->offset);
}

/* Null stands for what was given up. */
static void print_us(const char *name, struct side *side, double more, bool gave_up)
{
    if (gave_up)
        printf(",\"%s\":null", name);
    else
        printf(",\"%s\":%.2f", name, (side ? median(side) : 0) + more);
}

static void print(struct side *rollcall, struct side *page, struct side *count, enum depth depth)
{
    const struct request *request = rollcall->request;
    bool alone = depth == DEPTH_COUNT;
    printf("{\"family\":\"%s\",\"name\":\"%s\",\"depth\":\"%s\",\"total\":%" PRIu64,
           request->family, request->name, depth_names[depth], rollcall->answer.total);
    print_us("rollcall_us", rollcall, 0, rollcall->gave_up);
    print_us("sqlite_us", alone ? NULL : page, median(count), count->gave_up || page->gave_up);
    print_us("sqlite_page_us", page, 0, alone || page->gave_up);
    printf("}\n");
    fflush(stdout);
}

static int64_t offset_of(enum depth depth, uint64_t total)
{
    int64_t all = (int64_t)total;
    return depth == DEPTH_MIDDLE ? all / 2
           : depth == DEPTH_LAST ? (all - 1) / PAGE_ITEMS * PAGE_ITEMS
                                 : 0;
}

/* A list that fits on one page has no other. */
static bool is_asked(const struct request *request, enum depth depth, uint64_t total)
{
    return request->depths >> depth & 1 && (depth <= DEPTH_FIRST || total > 2 * PAGE_ITEMS);
}

static void measure_depth(const struct request *request, enum depth depth, uint64_t total,
                          struct side *count)
{
    struct side rollcall = {.request = request, .ask = ask_rollcall}, page = {.ask = ask_sqlite};
    struct side *sides[] = {&rollcall, count, &page};
    rollcall.limit = page.limit = depth == DEPTH_COUNT ? 0 : PAGE_ITEMS;
    rollcall.offset = page.offset = offset_of(depth, total);
    take_turns(sides, depth == DEPTH_COUNT ? 2 : 3);
    must_agree(&rollcall, &page, count);
    print(&rollcall, &page, count, depth);
}

void measure(const struct request *request)
{
    struct side count = {.ask = ask_sqlite};
    struct answer answer;
    sql_prepare(request);
    enum err err = store_side_ask(request, 0, 0, &answer);
    for (enum depth depth = DEPTH_COUNT; depth < DEPTH_END; depth++)
        if (is_asked(request, depth, err == ERR_OK ? answer.total : 0))
            measure_depth(request, depth, answer.total, &count);
}
