#include "serve/status.h"

#include "model/secret.h"
#include "serve/exposition.h"
#include "serve/service.h"
#include "serve/watch.h"

static bool is_health(const struct route *route)
{
    return strcmp(route->path, "/rollcall/health") == 0;
}

static bool is_open(const struct site *site, const struct route *route)
{
    return is_health(route) && site->health_open;
}

bool status_is_there(const struct site *site, const struct route *route)
{
    return site->status_token || is_open(site, route);
}

static bool may_see(const struct request *request, const struct route *route)
{
    struct str token;
    uint8_t hash[HASH_BYTES];
    if (is_open(request->site, route))
        return true;
    if (!request_authorization(request, "Bearer", &token))
        return false;
    secret_hash(token, hash);
    return secret_hash_equal(hash, request->site->status_token);
}

/* ---- health ---- */

/* Without its writer a pool can change nothing; the master's next one is there soon. Who writes by
 * itself may find that it may not. */
static bool lacks_writer(const struct service *service)
{
    const struct submitter *submitter = service->submitter;
    if (submitter->fd < 0)
        return submitter->store == NULL;
    return service->watch && count_get(&service->watch->metrics->writers_alive) == 0;
}

/* A word for why requests cannot be answered as they should; NULL when they can. */
static const char *fault_of(const struct service *service)
{
    if (!service->store)
        return "no_store";
    if (store_answers(service->store) != ERR_OK)
        return "store_unreadable";
    if (lacks_writer(service))
        return "no_writer";
    return submit_hangs(service->submitter) ? "writer_hangs" : NULL;
}

static void show_health(const struct service *service, struct reply *reply)
{
    const char *fault = fault_of(service);
    reply->status = fault ? 503 : 200;
    if (fault)
        reply_header(reply, "Retry-After", arena_printf(service->arena, "%d", RETRY_S));
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "status", fault ? STR("unavailable") : STR("ok"));
    if (fault)
        json_member_text(&json, "reason", str_of(fault));
    json_object_end(&json);
}

/* ---- metrics ---- */

static enum err show_metrics(const struct service *service, struct reply *reply)
{
    struct store_stat stat;
    if (!service->watch)
        return ERR_INTERNAL;
    bool has_store = service->store && store_stat(service->store, &stat) == ERR_OK;
    reply_header(reply, "Content-Type", STR("text/plain; version=0.0.4; charset=utf-8"));
    reply_header(reply, "Cache-Control", STR("no-store"));
    exposition_put(service->watch->metrics, has_store ? &stat : NULL, reply->body);
    return reply->body->failed ? ERR_MEMORY : ERR_OK;
}

enum err status_answer(const struct service *service, const struct request *request,
                       const struct route *route, struct reply *reply)
{
    if (!may_see(request, route))
        return ERR_UNAUTHORIZED;
    if (request->bad_query)
        return ERR_MALFORMED;
    if (!is_health(route))
        return show_metrics(service, reply);
    show_health(service, reply);
    return ERR_OK;
}
