/* Corbado, "Backend API" v2: GET /v2/sessions. */
#include "dialect/corbado_query.h"
#include "dialect/dialect.h"
#include "dialect/params.h"

/* Basic: the project is the user, its secret the password. X-Corbado-ProjectID, which only some
 * clients send, must name the same project. */
static void who(const struct request *request, struct credential *credential)
{
    struct str project, secret;
    if (!request_basic(request, &project, &secret) || secret.len == 0)
        return;
    struct str named = request_header(request, "X-Corbado-ProjectID");
    if (named.len && !str_eq(named, project))
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_CORBADO;
    credential->has_account = true;
    credential->account = project;
    credential->tokens[credential->token_count++] = secret;
}

static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct violations violations;
    int64_t page;
    failure->code = "validation_error";
    wish->scope = SCOPE_APP;
    return corbado_query_read(request, &wish->query, &page, &violations);
}

static void show_session(const struct found *found, struct json_out *json)
{
    const struct session *session = &found->session;
    struct spelling id;
    session_spell(session, VENDOR_CORBADO, &id);
    json_object_begin(json);
    json_member_text(json, "sessionID", spelling_view(&id));
    json_member_text(json, "userID", found->user.texts[USER_ID]);
    json_member_text(json, "identifierValue", found->user.texts[USER_IDENTIFIER]);
    json_member_i64(json, "createdMs", session->created);
    json_member_i64(json, "lastActionMs", session->last_active);
    json_member_i64(json, "expiresMs", session->expires);
    json_member_text(json, "status", str_of(status_names[found->status]));
    json_object_end(json);
}

static void show_paging(const struct request *request, const struct answer *answer,
                        struct json_out *json)
{
    const struct query *query = &answer->wish.query;
    int64_t total = (int64_t)answer->page.total, page = 1;
    (void)param_integer(request, "page", 1, INT64_MAX, &page);
    json_key(json, "paging");
    json_object_begin(json);
    json_member_i64(json, "page", page);
    json_member_i64(json, "totalPages", total / query->limit + (total % query->limit != 0));
    json_member_i64(json, "totalItems", total);
    json_object_end(json);
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++)
        show_session(&answer->page.items[i], &json);
    json_array_end(&json);
    show_paging(request, answer, &json);
    json_object_end(&json);
}

static const char *error_type(enum err err)
{
    switch (err) {
    case ERR_UNAUTHORIZED:
        return "login_error";
    case ERR_NO_ROUTE:
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_NO_METHOD:
        return "method_not_allowed";
    default:
        return err_status(err) >= 500 ? "internal_error" : "validation_error";
    }
}

/* The rows of a failed validation are read a second time here rather than carried along: a failure
 * is vendor-free, and what was wrong is all in the request. */
static void show_violations(const struct request *request, const struct failure *failure,
                            struct json_out *json)
{
    struct violations violations;
    struct query query;
    int64_t page;
    if (failure->err != ERR_INVALID || !failure->code ||
        corbado_query_read(request, &query, &page, &violations) != ERR_INVALID)
        return;
    json_key(json, "validation");
    json_array_begin(json);
    for (size_t i = 0; i < violations.count; i++) {
        json_object_begin(json);
        json_member_text(json, "field", violations.rows[i].field);
        json_member_text(json, "message", violations.rows[i].message);
        json_object_end(json);
    }
    json_array_end(json);
}

static void show_error(const struct request *request, const struct failure *failure,
                       struct json_out *json)
{
    json_key(json, "error");
    json_object_begin(json);
    json_member_text(json, "type", str_of(error_type(failure->err)));
    json_member_text(json, "details", failure->text);
    show_violations(request, failure, json);
    json_key(json, "links");
    json_array_begin(json);
    json_array_end(json);
    json_object_end(json);
}

/* Its clients look into `error`, `requestData.link` and `error.links` without asking whether they
 * are there. */
static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    (void)route;
    int status = err_status(failure->err);
    double runtime = (double)(request->monotonic_ns() - request->started_ns) / 1e9;
    reply_restart(reply, status);
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "httpStatusCode", status);
    json_member_text(&json, "message", str_of(reply_reason(status)));
    json_key(&json, "requestData");
    json_object_begin(&json);
    json_member_text(&json, "requestID",
                     arena_printf(request->arena, "req-%.*s", STR_ARG(request->id)));
    json_member_text(&json, "link", STR(""));
    json_object_end(&json);
    json_key(&json, "runtime");
    json_raw(&json, arena_printf(request->arena, "%.6f", runtime));
    show_error(request, failure, &json);
    json_object_end(&json);
}

static const char *const spaces[] = {"/v2/", NULL};

static const struct route routes[] = {
    {"GET", "/v2/sessions", want_list, show_list, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_corbado = {
    .vendor = VENDOR_CORBADO, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
