/* Fills in what a new session's User-Agent and address tell of it: device, operating system,
 * country. What the application has said itself stays. */
#ifndef ROLLCALL_ENRICH_ENRICH_H
#define ROLLCALL_ENRICH_ENRICH_H

#include "base/arena.h"
#include "base/err.h"
#include "model/session.h"

/* Opened when first needed; what cannot be opened is said once, and done without. */
struct enrich {
    const char *user_agents_path, *geo_path; /* empty or NULL: not wanted */
    struct user_agents *agents;
    struct geo *geo;
    bool opened;
};

void enrich_end(struct enrich *enrich);

/* Views that are filled in are the arena's. ERR_MEMORY. */
enum err enrich_fill(struct enrich *enrich, struct arena *arena,
                     struct session_draft *draft) MUST_CHECK;

#endif
