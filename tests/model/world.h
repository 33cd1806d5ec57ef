/* The model: apps, users and sessions as plain rows in memory, and the rules of the record contract
 * written down once more, in its own words. Nothing here calls the project. */
#ifndef ROLLCALL_TESTS_MODEL_WORLD_H
#define ROLLCALL_TESTS_MODEL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spelled.h"

enum { TENANTS = 2, PERSONS_MAX = 64, LOGINS_MAX = 2048, WORD_BYTES = 64 };

#define SECONDS INT64_C(1000)
#define MINUTES (60 * SECONDS)
#define HOURS   (60 * MINUTES)
#define DAYS    (24 * HOURS)

/* An app, and the keys to it. */
struct tenant {
    const char *id, *project, *corbado_key, *streambird_key, *admin_key;
    int64_t lifetime, idle; /* milliseconds; idle 0: no limit */
};
extern const struct tenant tenants[TENANTS];

/* A user. */
struct person {
    size_t tenant;
    char id[WORD_BYTES], identifier[WORD_BYTES];
    char identity[UUID_WORD]; /* the UUID that Ory's API knows the user by */
    bool inactive, admin;
    bool ours;  /* this process changes the user's sessions; nobody else does */
    bool there; /* in the store; a user can also be one yet to be made */
};

enum state { ACTIVE, LOGGED_OUT, EXPIRED, INACTIVITY_REACHED, REVOKED, STATES };
extern const char *const state_words[STATES];

/* A session. */
struct login {
    const struct person *person;
    bool removed; /* it was, and its record was taken out of the store */
    uint8_t id[UUID_SIZE];
    char names[DIALECTS][NAME_BYTES];    /* the id as each dialect spells it */
    char computed[DIALECTS][NAME_BYTES]; /* as it would, had the session not brought an id along */
    char token[WORD_BYTES];              /* empty when nobody knows one */
    char *jwt;                           /* the last access token made for it, or NULL */
    int64_t jwt_end;                     /* the second from which that is worth nothing */
    int64_t created, last_active, updated, expires;
    enum state ended; /* ACTIVE: it was not */
};

struct world {
    int64_t now;
    struct person persons[PERSONS_MAX];
    size_t person_count;
    struct login *logins[LOGINS_MAX];
    size_t login_count;
};

void world_end(struct world *world);

/* Adds a row; NULL where there is room for no more. Not yet in the store. */
struct person *world_person(struct world *world, size_t tenant, const char *id);
struct login *world_login(struct world *world, const struct person *person, int64_t created);
/* Computes how all dialects spell the session's id. */
void login_spell(struct login *login);
/* Drops the rows of sessions whose records are gone. */
void world_forget(struct world *world);

/* Writes the record of an app, a user or a session: one line. */
void tenant_write(const struct tenant *tenant, FILE *file);
void person_write(const struct person *person, FILE *file);
void login_write(const struct login *login, FILE *file);
/* Writes an instant as 2025-07-17T08:24:00.000Z. */
void instant_write(int64_t instant, FILE *file);

enum state login_state(const struct world *world, const struct login *login);
/* Whether its token is good for anything. */
bool login_lets_in(const struct world *world, const struct login *login);
/* When it will be over by itself. */
int64_t login_deadline(const struct login *login);

/* What can become of a session. Only an active one is changed, but for removal. */
void login_end(const struct world *world, struct login *login, enum state as);
void login_used(const struct world *world, struct login *login);
void login_expire_at(const struct world *world, struct login *login, int64_t expires);
void login_remove(struct login *login);
/* The holder was there: noted once a minute. */
void login_seen(const struct world *world, struct login *login);

enum which { ANY, ACTIVE_ONES, OVER_ONES };

/* Which sessions a list is about. */
struct choice {
    size_t tenant;
    const struct person *person; /* NULL: everybody of the app */
    enum which which;
    const struct login *without; /* or NULL */
    enum dialect dialect;        /* whose spelling ties go by */
    bool id_descending;
};

/* Puts them into rows[LOGINS_MAX], newest first, and gives their number. */
size_t world_list(const struct world *world, const struct choice *choice, struct login **rows);

#endif
