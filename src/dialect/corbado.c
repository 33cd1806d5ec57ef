/* Corbado, "Backend API" v2. */
#include "dialect/corbado_query.h"
#include "dialect/corbado_session.h"
#include "dialect/keys.h"
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

/* The keys that short sessions are signed with are everybody's to see. */
static void who_anybody(const struct request *request, struct credential *credential)
{
    credential->kind = CREDENTIAL_PUBLIC;
    credential->use = VENDOR_CORBADO;
    credential->account = request_header(request, "X-Corbado-ProjectID");
    credential->has_account = credential->account.len > 0;
}

static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    int64_t page;
    wish->scope = SCOPE_APP;
    return corbado_query_read(request, &wish->query, &page, failure);
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
    case ERR_RATE:
        return "rate_limited";
    default:
        return err_status(err) >= 500 ? "internal_error" : "validation_error";
    }
}

static void show_violation(const struct violation *row, struct json_out *json)
{
    json_object_begin(json);
    json_member_text(json, "field", row->field);
    json_member_text(json, "message", row->message);
    json_object_end(json);
}

static void show_violations(const struct failure *failure, struct json_out *json)
{
    const struct violations *violations = failure->more;
    if (!violations)
        return;
    json_key(json, "validation");
    json_array_begin(json);
    for (size_t i = 0; i < violations->count; i++)
        show_violation(&violations->rows[i], json);
    json_array_end(json);
}

static void show_error(const struct failure *failure, struct json_out *json)
{
    json_key(json, "error");
    json_object_begin(json);
    json_member_text(json, "type",
                     str_of(failure->code ? failure->code : error_type(failure->err)));
    json_member_text(json, "details", failure->text);
    show_violations(failure, json);
    json_key(json, "links");
    json_array_begin(json);
    json_array_end(json);
    json_object_end(json);
}

/* What every answer of an action and every error begins with. Its clients look into
 * `requestData.link` without asking whether it is there. */
static struct json_out begin_envelope(const struct request *request, struct reply *reply)
{
    double runtime = (double)(request->monotonic_ns() - request->started_ns) / 1e9;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "httpStatusCode", reply->status);
    json_member_text(&json, "message", str_of(reply_reason(reply->status)));
    json_key(&json, "requestData");
    json_object_begin(&json);
    json_member_text(&json, "requestID",
                     arena_printf(request->arena, "req-%.*s", STR_ARG(request->id)));
    json_member_text(&json, "link", STR(""));
    json_object_end(&json);
    json_key(&json, "runtime");
    json_raw(&json, arena_printf(request->arena, "%.6f", runtime));
    return json;
}

static void show_done(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    (void)answer;
    struct json_out json = begin_envelope(request, reply);
    json_object_end(&json);
}

/* The session a path names is a parameter like any other: one that is not there, or not in the
 * state it would have to be in, is a validation that failed. */
static void make_violation(const struct request *request, const struct route *route,
                           struct failure *failure)
{
    bool ended = failure->err == ERR_ENDED, inactive = failure->err == ERR_INACTIVE;
    if (!route || route->want == keys_want ||
        (failure->err != ERR_NOT_FOUND && !ended && !inactive))
        return;
    struct violations *violations = violations_new(request->arena, 1);
    if (!violations)
        return;
    if (inactive)
        violate(violations, STR("userID"), STR("is not active"));
    else if (ended && route->want == corbado_want_status)
        violate(violations, STR("status"), STR("cannot be set"));
    else
        violate(violations,
                route->want == corbado_want_revoke ? STR("sessionID") : STR("longSessionID"),
                ended ? STR("is not active") : STR("does not exist"));
    failure->err = ERR_INVALID;
    failure->text = str_of(err_text(ERR_INVALID));
    failure->more = violations;
}

/* Its clients look into `error` and `error.links` without asking whether they are there. */
static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    struct failure told = *failure;
    make_violation(request, route, &told);
    reply_restart(reply, err_status(told.err));
    struct json_out json = begin_envelope(request, reply);
    show_error(&told, &json);
    json_object_end(&json);
}

static const char *const spaces[] = {"/v2/", "/.well-known/jwks", NULL};

#define LONG_SESSION "/v2/users/{}/longSessions/{}"

static const struct route routes[] = {
    {"GET", "/v2/sessions", want_list, show_list, NULL, NULL},
    {"POST", "/v2/sessions/{}/revoke", corbado_want_revoke, show_done, NULL, NULL},
    {"POST", "/v2/users/{}/longSessions", corbado_want_create, corbado_show_long, NULL, NULL},
    {"GET", "/v2/longSessions/{}", corbado_want_get, corbado_show_long, NULL, NULL},
    {"GET", LONG_SESSION, corbado_want_get_of_user, corbado_show_long, NULL, NULL},
    {"PATCH", LONG_SESSION, corbado_want_status, corbado_show_long, NULL, NULL},
    {"POST", LONG_SESSION "/shortSessions", corbado_want_short, corbado_show_short, NULL,
     corbado_mint_short},
    {"GET", "/.well-known/jwks", keys_want, keys_show, who_anybody, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

#undef LONG_SESSION

const struct dialect dialect_corbado = {
    .vendor = VENDOR_CORBADO, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
