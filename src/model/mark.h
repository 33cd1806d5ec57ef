/* Where a page of sessions ended, as a client is told, so that it can ask for the next: a text that
 * only who has the secret can make. One that was made up or altered, or that is another list's, is
 * no good.
 *
 * What it names is the place of the last session in the order of creation and id, which is as long
 * as the session is, and stays a place when it is gone: who comes or goes meanwhile moves nobody
 * else to another page. */
#ifndef ROLLCALL_MODEL_MARK_H
#define ROLLCALL_MODEL_MARK_H

#include "base/arena.h"
#include "base/err.h"
#include "model/query.h"

/* The one list that a text is good for. */
struct marked_list {
    const char *name;   /* whatever tells the kind of list from all others */
    enum vendor vendor; /* whose spelling of ids its ties go by */
    uint32_t app;
    struct str user; /* as the request names the one whose list it is; empty: everybody's */
};

/* The text for what follows `last`; the arena's, a NULL pointer when out of memory. */
struct str mark_write(struct arena *arena, struct str secret, const struct marked_list *list,
                      const struct session *last);

/* ERR_MARK for what mark_write did not make of this secret and list; ERR_MEMORY. What *mark points
 * at is the arena's. */
enum err mark_read(struct arena *arena, struct str secret, const struct marked_list *list,
                   struct str text, struct mark *mark) MUST_CHECK;

#endif
