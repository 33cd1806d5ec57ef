/* One who does things at random to the service and to the model alike, and says where they
 * disagree. */
#ifndef ROLLCALL_TESTS_MODEL_DRIVER_H
#define ROLLCALL_TESTS_MODEL_DRIVER_H

#include "client.h"
#include "world.h"

struct driver {
    struct world world;
    struct client client;
    uint64_t seed;
    size_t step;
    const char *list; /* what is looked at, in words */
    int report;       /* where a disagreement is written to by a process that is no test of its own;
                         -1: it fails the test at hand */
    const char *name; /* of this process, for users that it makes */
};

/* Ends the test, or the process, saying the seed, the step and what was asked lately. */
void disagree(struct driver *driver, const char *what, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Sends the request and expects that status. */
void expect_status(struct driver *driver, int status);
/* Sends the request and gives `let_in`; where that is false a 401 is expected. */
bool expect_let_in(struct driver *driver, bool let_in);
/* That an object of the answer has such a member. */
void expect_text(struct driver *driver, const json_t *object, const char *name, const char *value);
void expect_number(struct driver *driver, const json_t *object, const char *name, int64_t value);
void expect_bool(struct driver *driver, const json_t *object, const char *name, bool value);
/* An instant in RFC 3339, with all digits it needs or cut off to the whole second. */
void expect_instant(struct driver *driver, const json_t *object, const char *name, int64_t instant);
void expect_second(struct driver *driver, const json_t *object, const char *name, int64_t instant);
/* An array of so many. */
const json_t *expect_rows(struct driver *driver, const json_t *array, size_t count);

bool chance(unsigned percent);
void move_clock(struct driver *driver, int64_t now);

#endif
