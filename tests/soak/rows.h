/* What a client of the soak knows of its own sessions: as much as its answers have told it, and no
 * more. Where an answer did not come, or came as 503, a session may be in several states, and its
 * instants lie somewhere in a span, until another answer tells. Nothing here calls the project. */
#ifndef ROLLCALL_TESTS_SOAK_ROWS_H
#define ROLLCALL_TESTS_SOAK_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/spelled.h"

enum {
    TENANTS = 3,
    PERSONS_OF_TENANT = 4,
    PERSONS = TENANTS * PERSONS_OF_TENANT,
    LOGINS_MAX = 2000,
    UNTOLD_MAX = 256,
    WORD = 96,
    JWT = 2048
};

/* A request that nobody answered may be done until then: it may wait for a writer that is to be
 * started anew. */
enum { LATE_MS = 60 * 1000 };

enum state { ACTIVE, LOGGED_OUT, EXPIRED, INACTIVITY_REACHED, REVOKED, GONE, STATES };
extern const char *const state_words[STATES];
/* Sets of states. */
enum {
    IS_ACTIVE = 1U << ACTIVE,
    IS_LOGGED_OUT = 1U << LOGGED_OUT,
    IS_REVOKED = 1U << REVOKED,
    IS_GONE = 1U << GONE,
    IS_ENDED = IS_LOGGED_OUT | IS_REVOKED,
    IS_OUT_OF_TIME = 1U << EXPIRED | 1U << INACTIVITY_REACHED,
    IS_THERE = IS_ACTIVE | IS_ENDED | IS_OUT_OF_TIME,
    IS_OVER = IS_ENDED | IS_OUT_OF_TIME | IS_GONE,
    IS_ANY = IS_THERE | IS_GONE
};

/* Milliseconds since 1970, both included. */
struct span {
    int64_t low, high;
};

/* An app; its name is part of whatever it holds, so that it is seen where it does not belong. */
struct tenant {
    char name[WORD];
    int64_t lifetime, idle, retain, touch; /* milliseconds; idle 0: no limit */
};

struct person {
    const struct tenant *tenant;
    char id[WORD], identity[UUID_WORD];
    bool admin;
    bool common; /* all clients begin sessions for it, and any of them may end all of these */
};

struct login {
    const struct person *person;
    uint8_t id[UUID_SIZE];
    char names[DIALECTS][NAME_BYTES];
    int64_t created;
    struct span last_active, updated, expires;
    unsigned may;      /* what the store may say of it: active stands for "not ended" */
    unsigned late;     /* what requests that nobody answered may yet make of it */
    int64_t late_done; /* when those are done, unless never */
    int64_t loose;     /* until then its instants may be others with each look */
    unsigned shown_in; /* the list that it was seen in last */

    char token[WORD]; /* empty where it is not known, as are all of these */
    char jwt[JWT];
    struct span jwt_end; /* it was issued in a span, and is good for so long */
    char refresh[WORD], refresh_before[WORD];
    struct span rotated;
    int64_t asked_first; /* when the refresh token was first brought without an answer; 0: never */
};

/* A request to begin a session that nobody answered: it may be there. */
struct untold {
    const struct person *person;
    struct span when;
};

/* Which states a session may be in at some instant of a span. */
unsigned login_states(const struct login *login, const struct span *when);
/* In that span it was in one of these. False where it cannot have been. */
bool login_seen_as(struct login *login, unsigned states, const struct span *when);
/* It was ended as that, or taken out, if it was active; `answered`: for sure. */
void login_end(struct login *login, enum state as, const struct span *when, bool answered);
void login_remove(struct login *login, const struct span *when, bool answered);
/* It was used; its end was moved to `life` after that, or was not (0). */
void login_used(struct login *login, const struct span *when, bool answered);
void login_extended(struct login *login, int64_t life, const struct span *when, bool answered);
/* Whoever came with its token was noted, if that was not done lately. */
void login_noticed(struct login *login, const struct span *when);
/* One of its instants was told as that, or as the second it lies in. False where it is none. */
bool login_told(const struct login *login, struct span *instant, int64_t value, int64_t now);
bool span_meets_second(const struct span *span, int64_t second);

void login_spell(struct login *login);

#endif
