/* What a pool's master tells of its processes, in the counts that all share. */
#ifndef ROLLCALL_SERVE_CENSUS_H
#define ROLLCALL_SERVE_CENSUS_H

#include "base/metrics.h"

/* The counts of that store, with this process as the master of its pool. */
struct metrics *census_open(const char *store);
/* The same once the configuration was read anew: the store may be elsewhere now, or be there only
 * now. Lets go of those of before. */
struct metrics *census_move(struct metrics *before, const char *store);

/* Tells how many there are, unless another pool on this store has been started since. */
void census_tell(struct metrics *metrics, uint64_t wanted, uint64_t workers, bool writer);

/* A process ended without being told to; `status` is as of waitpid(2). */
void census_restart(struct metrics *metrics, enum metrics_role role, int status);

#endif
