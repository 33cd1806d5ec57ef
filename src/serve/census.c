#include "serve/census.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "dialect/tally.h"

static struct metrics *open_since(const char *store, int64_t started)
{
    struct metrics *metrics = metrics_open(store, tally_layout());
    atomic_store(&metrics->master, getpid());
    atomic_store(&metrics->started, started);
    return metrics;
}

struct metrics *census_open(const char *store)
{
    return open_since(store, clock_now());
}

struct metrics *census_move(struct metrics *before, const char *store)
{
    int64_t started = atomic_load(&before->started);
    metrics_close(before);
    struct metrics *metrics = open_since(store, started);
    count_add(&metrics->reloads, 1);
    return metrics;
}

void census_tell(struct metrics *metrics, uint64_t wanted, uint64_t workers, bool writer)
{
    if (atomic_load(&metrics->master) != getpid())
        return;
    atomic_store(&metrics->workers_wanted, wanted);
    atomic_store(&metrics->workers_alive, workers);
    atomic_store(&metrics->writers_alive, writer);
}

void census_restart(struct metrics *metrics, enum metrics_role role, int status)
{
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    count_add(&metrics->restarts[role][well ? CAUSE_NORMAL : CAUSE_FAILURE], 1);
}
