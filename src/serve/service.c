#include "serve/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "serve/cors.h"
#include "serve/route.h"
#include "serve/status.h"
#include "serve/watch.h"

static void make_request_id(struct service *service, char *out)
{
    uint8_t *byte = service->last_id.bytes + sizeof(service->last_id.bytes);
    while (byte > service->last_id.bytes && ++*--byte == 0)
        ;
    ksuid_write(service->now(), &service->last_id, out);
}

enum err service_begin(struct service *service, struct store *store, const struct site *site,
                       struct submitter *submitter)
{
    *service = (struct service){
        .site = *site,
        .store = store,
        .submitter = submitter,
        .core = core_new(),
        .arena = arena_new(REQUEST_MEMORY_MAX),
        .now = clock_now,
        .monotonic_ns = clock_monotonic_ns,
        .make_id = make_request_id,
        .last_id = uuid_random(),
    };
    if (service->core && service->arena)
        return ERR_OK;
    service_end(service);
    return ERR_MEMORY;
}

void service_end(struct service *service)
{
    core_free(service->core);
    arena_free(service->arena);
    buf_free(&service->body);
    enrich_end(&service->enrich);
    *service = (struct service){.store = NULL};
}

/* One request on its way through. */
struct passage {
    struct service *service;
    const struct body *body;
    struct request request;
    struct match match;
    struct snapshot *snapshot;
    struct guarded guarded;
    struct caller caller;
    struct wish wish;
    struct answer answer;
    struct failure failure;
    struct reply reply;
};

/* What asks for nobody asks for no store either: the snapshot stays NULL then. */
static enum err open_snapshot(struct passage *passage, const struct credential *credential)
{
    struct store *store = passage->service->store;
    if (credential->kind == CREDENTIAL_NOBODY)
        return ERR_OK;
    if (!store)
        return ERR_BUSY;
    /* One that a later program has brought up is as good as none, until this program is that. */
    enum err err = snapshot_begin(store, &passage->snapshot);
    return err == ERR_VERSION ? ERR_BUSY : err;
}

/* What others have written over says nothing, neither of who asks nor of what he asks for. */
static enum err judge(const struct passage *passage, enum err err)
{
    return passage->snapshot ? snapshot_judge(passage->snapshot, err) : err;
}

/* ERR_RATE before anything is looked up: nobody learns anything about the credential. */
static enum err stand_guard(struct passage *passage, const struct credential *credential)
{
    const struct guard *guard = &passage->service->guard;
    passage->guarded = guard_read(guard, &passage->request, credential);
    int64_t wait = guard_wait(guard, &passage->guarded, passage->request.now);
    if (wait == 0)
        return ERR_OK;
    passage->failure.retry_s = (wait + SECOND_MS - 1) / SECOND_MS;
    passage->failure.most = guard->most;
    return ERR_RATE;
}

/* Whether the credential was known or not: either takes as long. */
static void note_failure(const struct passage *passage, bool known)
{
    guard_note(&passage->service->guard, &passage->guarded, passage->request.now, !known);
}

static enum err admit(struct passage *passage)
{
    struct service *service = passage->service;
    struct credential credential = {.kind = CREDENTIAL_NONE};
    const struct match *match = &passage->match;
    (match->route->who ? match->route->who : match->dialect->who)(&passage->request, &credential);
    enum err err = stand_guard(passage, &credential);
    if (err == ERR_OK)
        err = open_snapshot(passage, &credential);
    if (err != ERR_OK)
        return err;
    err = core_admit(service->core, passage->snapshot, service->arena, &credential,
                     passage->request.now, &passage->caller);
    err = judge(passage, err);
    if (err == ERR_UNAUTHORIZED)
        note_failure(passage, passage->caller.known);
    return err;
}

/* What is about the process that answers has a token of its own. */
static enum err answer_status(struct passage *passage)
{
    struct credential credential = {.kind = CREDENTIAL_APP_KEY, .use = -1}; /* no app's */
    if (request_authorization(&passage->request, "Bearer", &credential.tokens[0]))
        credential.token_count = 1;
    enum err err = stand_guard(passage, &credential);
    if (err == ERR_OK)
        err = status_answer(passage->service, &passage->request, passage->match.route,
                            &passage->reply);
    if (err == ERR_UNAUTHORIZED)
        note_failure(passage, false);
    return err;
}

/* What is to be written is on disk before anybody is told. */
static enum err write(struct passage *passage)
{
    struct answer *answer = &passage->answer;
    enum err err = ERR_OK;
    if (answer->put_count)
        err = submit(passage->service->submitter, answer->puts, answer->put_count, answer->now,
                     &answer->outcome);
    return err == ERR_OK ? core_settle(passage->request.arena, &passage->caller, answer) : err;
}

static enum err mint(struct passage *passage)
{
    const struct route *route = passage->match.route;
    struct answer *answer = &passage->answer;
    struct claims claims = {.issued_s = 0};
    if (!route->mint)
        return ERR_OK;
    enum err err = route->mint(&passage->request, answer, &claims);
    if (err != ERR_OK || claims.issuer.len == 0)
        return err;
    return core_mint(passage->snapshot, passage->request.arena, passage->caller.app.number, &claims,
                     &answer->minted);
}

/* Whether a page of somebody else's may be behind a change: a browser sends cookies along whoever's
 * page has it ask. */
static bool is_forged(const struct passage *passage)
{
    static const enum verb changes[] = {VERB_END, VERB_TOUCH, VERB_CREATE, VERB_REFRESH,
                                        VERB_CONFIGURE};
    bool changing = false;
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
        changing |= passage->wish.verb == changes[i];
    return changing && passage->caller.by_cookie && !cors_is_trusted(&passage->request);
}

static enum err refuse_cut(struct passage *passage)
{
    bool pushed = passage->body->pushed;
    passage->failure.text = pushed ? STR("the body came too slowly while others waited")
                                   : STR("the body ended before its time");
    return pushed ? ERR_BUSY : ERR_MALFORMED;
}

/* The steps in their order, up to what is written; the first that fails ends it. Who is not let in
 * learns nothing about the rest of the request: admission comes first. */
static enum err try(struct passage *passage)
{
    struct request *request = &passage->request;
    enum err err = admit(passage);
    if (err == ERR_OK && passage->body->cut)
        err = refuse_cut(passage);
    if (err == ERR_OK && !passage->body->whole)
        err = ERR_TOO_LARGE;
    if (err == ERR_OK && request->bad_query) {
        passage->failure.text = str_of(request->bad_query);
        return ERR_MALFORMED;
    }
    if (err == ERR_OK)
        err = passage->match.route->want(request, &passage->caller, &passage->wish,
                                         &passage->failure);
    if (err == ERR_OK && is_forged(passage))
        err = ERR_CROSS_SITE;
    if (err == ERR_OK && passage->wish.draft)
        err = enrich_fill(&passage->service->enrich, request->arena, passage->wish.draft);
    if (err == ERR_OK)
        err = core_grant(passage->service->core, passage->snapshot, request->arena,
                         &passage->caller, &passage->wish, request->now, &passage->answer);
    if (err == ERR_OK)
        err = judge(passage, mint(passage));
    return err == ERR_OK ? write(passage) : err;
}

/* Nothing was changed, and what would be shown never was. */
static enum err try_again(struct passage *passage)
{
    if (passage->snapshot)
        snapshot_end(passage->snapshot);
    passage->snapshot = NULL;
    passage->wish = (struct wish){.verb = VERB_LIST};
    passage->request.now = passage->service->now();
    return try(passage);
}

static enum err pass(struct passage *passage)
{
    enum { TRIES_MAX = 3 };
    struct request *request = &passage->request;
    enum err err = route_find(request, &passage->match);
    memcpy(request->wilds, passage->match.wilds, sizeof(request->wilds));
    if (err == ERR_OK && !passage->match.route->want)
        return answer_status(passage);
    if (err == ERR_OK)
        err = try(passage);
    for (int tries = 1; tries < TRIES_MAX; tries++)
        if (err == ERR_OK && core_was_overtaken(&passage->answer))
            err = try_again(passage);
    if (err == ERR_OK)
        passage->match.route->show(request, &passage->answer, &passage->reply);
    err = judge(passage, err);
    return err == ERR_OK && passage->reply.body->failed ? ERR_MEMORY : err;
}

/* Paths that are no vendor's get an error that is no vendor's. */
static void fail_plainly(const struct failure *failure, struct reply *reply)
{
    reply_restart(reply, err_status(failure->err));
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "error", str_of(err_word(failure->err)));
    json_member_text(&json, "message", failure->text);
    json_object_end(&json);
}

static void fail(struct passage *passage, enum err err)
{
    const struct match *match = &passage->match;
    struct failure *failure = &passage->failure;
    failure->err = err;
    if (passage->caller.fault)
        failure->code = passage->caller.fault;
    if (passage->caller.nonce.len)
        failure->nonce = passage->caller.nonce;
    if (failure->text.len == 0)
        failure->text = str_of(err_text(err));
    if (err_status(err) == 503)
        failure->retry_s = RETRY_S;
    if (match->dialect)
        match->dialect->fail(&passage->request, match->route, failure, &passage->reply);
    else
        fail_plainly(failure, &passage->reply);
    if (err == ERR_NO_METHOD)
        reply_header(&passage->reply, "Allow", match->allow);
    if (failure->retry_s)
        reply_header(&passage->reply, "Retry-After",
                     arena_printf(passage->service->arena, "%lld", (long long)failure->retry_s));
    if (err_status(err) >= 500)
        log_error("request %.*s: %s", STR_ARG(passage->request.id), err_word(err));
}

/* A request that cannot be read is still answered by whose path it names. */
static enum err read_request(struct passage *passage, char *const *env, const char *id)
{
    struct service *service = passage->service;
    struct request *request = &passage->request;
    enum err err = request_read(service->arena, &service->site, env, request);
    request->body = passage->body->bytes;
    request->id = (struct str){id, REQUEST_ID_TEXT};
    request->now = service->now();
    request->started_ns = service->monotonic_ns();
    request->monotonic_ns = service->monotonic_ns;
    if (err != ERR_OK && route_find(request, &passage->match) != ERR_OK)
        passage->match.route = NULL;
    return err;
}

/* Notes that the caller was here, once the answer needs the snapshot no longer. */
static void note_activity(struct passage *passage)
{
    struct service *service = passage->service;
    const struct put *put = core_activity(service->arena, &passage->caller, passage->request.now);
    if (put)
        submit_later(service->submitter, put, 1, passage->request.now);
}

/* The app's id outlives the snapshot that it was read in. */
static struct str app_of(const struct passage *passage, char *kept)
{
    struct str id = passage->caller.app.id;
    if (id.len > APP_ID_MAX)
        return STR_NONE;
    memcpy(kept, id.ptr ? id.ptr : "", id.len);
    return (struct str){kept, id.len};
}

static void keep_count(const struct passage *passage, struct str app, bool head_only)
{
    const struct service *service = passage->service;
    const struct request *request = &passage->request;
    struct sight sight = {
        .at = request->now,
        .id = request->id,
        .dialect = passage->match.dialect,
        .route = passage->match.route,
        .app = app,
        .method = request->method,
        .client = request->client.address,
        .status = passage->reply.status,
        .ns = (uint64_t)(service->monotonic_ns() - request->started_ns),
        .bytes = head_only ? 0 : passage->reply.body->len,
    };
    watch_request(service->watch, &sight);
}

/* What a failure makes of the answer, which is then written; CORS goes with either. */
static void finish(struct passage *passage, enum err err, struct buf *out)
{
    struct request *request = &passage->request;
    bool preflight = err != ERR_OK && cors_preflight(request, &passage->match, &passage->reply);
    if (err != ERR_OK && !preflight)
        fail(passage, err);
    if (!preflight)
        cors_add(request, &passage->match, &passage->reply);
    reply_write(&passage->reply, str_eq(request->method, STR("HEAD")), out);
}

static void end_passage(struct passage *passage, struct str app)
{
    struct service *service = passage->service;
    if (service->watch)
        keep_count(passage, app, str_eq(passage->request.method, STR("HEAD")));
    arena_reset(service->arena);
}

void service_answer(void *context, char *const *env, const struct body *body, struct buf *out)
{
    struct service *service = context;
    struct passage passage = {.service = service, .body = body};
    char id[REQUEST_ID_TEXT], app_id[APP_ID_MAX];
    service->make_id(service, id);
    reply_begin(&passage.reply, &service->body);
    enum err err = read_request(&passage, env, id);
    if (err == ERR_OK)
        err = pass(&passage);
    finish(&passage, err, out);
    struct str app = app_of(&passage, app_id);
    if (passage.snapshot)
        snapshot_end(passage.snapshot);
    if (err == ERR_OK && passage.wish.verb != VERB_END)
        note_activity(&passage);
    end_passage(&passage, app);
}

void service_refuse(struct service *service, char *const *env, enum err err, struct buf *out)
{
    static const struct body none = {.whole = true};
    struct passage passage = {.service = service, .body = &none};
    char id[REQUEST_ID_TEXT];
    arena_reset(service->arena);
    service->make_id(service, id);
    reply_begin(&passage.reply, &service->body);
    enum err unread = read_request(&passage, env, id);
    if (unread == ERR_OK)
        unread = route_find(&passage.request, &passage.match);
    finish(&passage, unread == ERR_OK ? err : unread, out);
    end_passage(&passage, STR_NONE);
}
