/* One client of the soak: a process that asks a pool over FastCGI, in all dialects, and holds each
 * answer against what it knows. Its own are two apps and some users of a third that all clients
 * share; nobody else changes their sessions, but for one user whose sessions all begin and end. */
#ifndef ROLLCALL_TESTS_SOAK_H
#define ROLLCALL_TESTS_SOAK_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/buf.h"
#include "model/id.h"
#include "rows.h"

enum { PHASES = 2, STATUS_MOST = 600, STEPS_OF_TIME = 256, VARIABLES = 24, GHOSTS = 32 };

/* What all clients count together, in memory that they share. A phase is one with deaths, or one
 * without. */
struct figures {
    atomic_bool stopped;
    atomic_int phase;
    atomic_ulong statuses[PHASES][STATUS_MOST]; /* 0: no answer came */
    atomic_ulong times[PHASES][STEPS_OF_TIME];  /* eight steps to a doubling, from a microsecond */
    atomic_ulong rows, created, untold, adopted, ended, refused;
};

/* What is left of a session that was taken out. */
struct ghost {
    const struct person *person;
    char token[WORD], refresh[WORD], jwt[JWT];
};

struct soak {
    const char *socket;
    int number;
    struct figures *figures;
    FILE *ledger; /* what was acknowledged, and what may have been done */
    struct tenant tenants[TENANTS];
    struct person persons[PERSONS];
    struct login *logins[LOGINS_MAX];
    size_t login_count;
    struct untold untold[UNTOLD_MAX];
    size_t untold_count;
    struct ghost ghosts[GHOSTS];
    size_t ghost_count;
    unsigned lists;

    /* The request at hand. */
    bool reads;
    const struct tenant *tenant; /* whose data its answer may show */
    struct login *holder;        /* whose token or access token came along; NULL: nobody's */
    char *variables[VARIABLES + 1];
    size_t variable_count;
    char *body;
    struct buf bytes;

    /* Its answer. */
    struct buf answer;
    int status; /* 0: none came */
    struct span when;
    json_t *json;
};

void soak_begin(struct soak *soak);
void soak_end(struct soak *soak);

/* Says what is wrong, of which request, and ends the process. */
void disagree(struct soak *soak, const char *what, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* ---- ask.c ---- */

/* A request is put together and sent; whatever its answer shows must be that tenant's. */
void ask(struct soak *soak, const struct tenant *tenant, const char *method, const char *target,
         ...) __attribute__((format(printf, 4, 5)));
void ask_header(struct soak *soak, const char *variable, const char *value, ...)
    __attribute__((format(printf, 3, 4)));
/* By a session's own token, as Kratos' clients bring it, who change nothing by a cookie alone; as
 * Rocket.Chat's do; by its access token; and by a refresh token of its. */
void ask_by_token(struct soak *soak, struct login *login);
void ask_by_login(struct soak *soak, struct login *login);
void ask_by_jwt(struct soak *soak, struct login *login);
void ask_by_refresh(struct soak *soak, struct login *login, const char *token);
void ask_json(struct soak *soak, const char *body, ...) __attribute__((format(printf, 2, 3)));
enum key_kind { OF_CORBADO, OF_STREAMBIRD, OF_ADMIN };
/* The key of one tenant, with the project of another where a project goes with it. */
void ask_key(struct soak *soak, enum key_kind key, const struct tenant *of,
             const struct tenant *project);
/* Sends it. False when no answer came, or one of 503: what was asked may have been done, or be done
 * yet. */
bool answered(struct soak *soak);
/* The value of a header of the answer; empty where there is none. */
struct str answer_header(const struct soak *soak, const char *name);
const json_t *answer_member(const struct soak *soak, const char *name);
int64_t now_ms(void);

/* ---- expectation ---- */

void expect_status(struct soak *soak, int status);
/* That the answer was `right`, which was to be where the session was in one of these states, or
 * else `wrong`. Whether it was right. */
bool expect_states(struct soak *soak, struct login *login, unsigned states, int right, int wrong);
/* Who asked by this session was let in or, with 401, was not: gives which. */
bool expect_holder(struct soak *soak, struct login *login);
/* The same by its access token, which runs out by itself. */
bool expect_jwt_holder(struct soak *soak, struct login *login);
/* In the span of the answer the session was in one of these states. */
void expect_seen(struct soak *soak, struct login *login, unsigned states);
void expect_text(struct soak *soak, const json_t *object, const char *name, const char *value);
void expect_number(struct soak *soak, const json_t *object, const char *name, int64_t value);
/* A number of milliseconds; seconds; an RFC 3339 text of either. */
void expect_millis(struct soak *soak, const json_t *object, const char *name, struct login *login,
                   struct span *instant);
void expect_seconds(struct soak *soak, const json_t *object, const char *name,
                    const struct span *instant);
void expect_instant(struct soak *soak, const json_t *object, const char *name, struct login *login,
                    struct span *instant);
void expect_whole_second(struct soak *soak, const json_t *object, const char *name,
                         const struct span *instant);

/* ---- own sessions ---- */

bool chance(unsigned percent);
struct person *any_person(struct soak *soak);
/* One that may be in these states now, at random; NULL where there is none. `known`: with a
 * token. */
struct login *any_login(struct soak *soak, const struct person *person, unsigned states,
                        bool known);
struct login *add_login(struct soak *soak, const struct person *person, const uint8_t *id);
/* A request to begin one came to nothing that we know of. */
void add_untold(struct soak *soak, const struct person *person);
/* Whether a session that nobody was told of may be there; of everybody of the tenant where
 * `person` is NULL. */
size_t count_untold(const struct soak *soak, const struct tenant *tenant,
                    const struct person *person);
/* One that was asked for and not told has been seen: it is known from now on. NULL: nobody asked
 * for it. */
struct login *adopt(struct soak *soak, const struct person *person, const uint8_t *id);
/* Drops the rows of those that are gone for good. */
void forget_gone(struct soak *soak);
void note(struct soak *soak, const char *event, const struct login *login);
/* An ending was asked for and answered, or not. */
void ended(struct soak *soak, struct login *login, enum state as, bool was_answered);
void removed(struct soak *soak, struct login *login, bool was_answered);

/* ---- what is done ---- */

/* A session as Rollcall itself shows it. */
void see_native(struct soak *soak, const json_t *row, struct login *login); /* look.c */

void do_something(struct soak *soak);      /* act.c */
void begin_session(struct soak *soak);     /* act.c */
void refuse_something(struct soak *soak);  /* refuse.c */
void look_at_something(struct soak *soak); /* look.c */
/* Everything, again and again until each answer has come. */
void look_at_all(struct soak *soak);

#endif
