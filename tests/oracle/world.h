/* A random store and, beside it, all that was put into it. */
#ifndef ROLLCALL_TESTS_WORLD_H
#define ROLLCALL_TESTS_WORLD_H

#include "naive.h"
#include "store/store.h"

enum { APPS = 3, USERS = 32, HELD_MAX = 24000 };

struct world {
    char *dir;
    struct store *store;
    struct app apps[APPS];  /* as they were put last */
    struct holder *holders; /* USERS of each app */
    struct held *all;       /* room for HELD_MAX */
    size_t count;
    int64_t now;         /* of what is written next */
    struct arena *texts; /* of ids that sessions are brought with */
};

struct world world_new(void);
void world_end(struct world *world);

/* Puts sessions until there are `count`, and some of the old ones again with other contents; the
 * apps get other idle limits. */
void world_grow(struct world *world, size_t count);

extern const char *const app_ids[APPS];
extern const char *const user_ids[USERS];

struct holder *world_holder(const struct world *world, size_t app, size_t user);
int64_t world_idle_ms(const struct world *world, size_t app);
/* Any session; NULL when there is none. */
const struct held *world_any(const struct world *world);

/* A new session of a random user, who need not be known to the store yet; and other contents for an
 * old one. An id that is brought is nobody else's. */
void world_draw(struct world *world, struct held *held);
void world_draw_contents(struct world *world, struct held *held);

/* What puts them into the store, with views of `held`. */
struct put world_app_put(const struct world *world, size_t app);
struct put world_user_put(size_t app, const struct holder *holder);
struct put world_session_put(const struct held *held, struct session_draft *draft);

#endif
