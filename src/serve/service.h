/* One request from CGI variables to a whole CGI response: the router and the one order of steps.
 * Knows dialects by their table and the store by its contract; knows no process and no socket. */
#ifndef ROLLCALL_SERVE_SERVICE_H
#define ROLLCALL_SERVE_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "core/core.h"
#include "enrich/enrich.h"
#include "http/request.h"
#include "serve/guard.h"
#include "serve/submit.h"
#include "store/store.h"

struct watch;

enum {
    REQUEST_ID_TEXT = KSUID_TEXT,
    REQUEST_MEMORY_MAX = 64 * 1024 * 1024,
    RETRY_S = 2 /* what a 503 says: by then a writer that died has a successor */
};

/* What a process needs to answer. Clock and ids are fields so that tests can hold them still. */
struct service {
    struct site site;
    struct store *store; /* not owned, and neither is the next */
    struct submitter *submitter;
    struct guard guard;        /* set by the caller; zeroed: none */
    const struct watch *watch; /* what is kept of each request, set by the caller; NULL: nothing */
    struct core *core;         /* owned, as are the next two */
    struct arena *arena;
    struct buf body;
    struct enrich enrich; /* the caller sets its paths; what it opens is owned */
    int64_t (*now)(void);
    int64_t (*monotonic_ns)(void);
    void (*make_id)(struct service *service, char *out); /* REQUEST_ID_TEXT letters and digits */
    struct uuid last_id; /* random to begin with, then counted up: no two processes meet */
};

/* Store and submitter stay the caller's and must outlive the service. `store` may be NULL: every
 * request that gets as far as needing it is then answered with the dialect's 503. ERR_MEMORY. */
enum err service_begin(struct service *service, struct store *store, const struct site *site,
                       struct submitter *submitter) MUST_CHECK;
void service_end(struct service *service);

/* Answers one request; a gateway_fn, `service` being the context. */
void service_answer(void *service, char *const *env, const struct body *body, struct buf *out);

/* Answers a request with that error, in the shape of whose path it names: one that service_answer
 * was left at, by a signal, too. */
void service_refuse(struct service *service, char *const *env, enum err err, struct buf *out);

#endif
