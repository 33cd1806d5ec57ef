/* A random store and, beside it, all that was put into it; and random questions about it. */
#ifndef ROLLCALL_TESTS_WORLD_H
#define ROLLCALL_TESTS_WORLD_H

#include "naive.h"
#include "store/store.h"

enum { APPS = 3, USERS = 24, HELD_MAX = 4000, CONDITIONS_MAX = 4 };

struct world {
    char *dir;
    struct store *store;
    int64_t idle_ms[APPS];
    struct held *all;
    size_t count;
};

struct world world_new(void);
void world_end(struct world *world);

/* Puts sessions until there are `count`, and some of the old ones again with other contents; the
 * apps get other idle limits. */
void world_grow(struct world *world, size_t count);

extern const char *const app_ids[APPS];
extern const char *const user_ids[USERS];

/* Corbado asks an app for conditions on fields and one order, Rocket.Chat one user's for a pattern
 * and several orders, the plain ones for the newest; anybody may ask anything. */
enum kind { KIND_CORBADO, KIND_ROCKETCHAT, KIND_PLAIN, KIND_ANY, KIND_COUNT };

/* `conditions` is room for CONDITIONS_MAX. The pattern is for the caller to compile, the user's
 * number to look up. */
struct question world_ask(const struct world *world, enum kind kind, struct condition *conditions);

#endif
