/* Streambird, now MoonKey, "Auth API": GET /v1/auth/sessions/list. */
#include "base/clock.h"
#include "dialect/dialect.h"

static void who(const struct request *request, struct credential *credential)
{
    struct str key;
    if (!request_authorization(request, "Bearer", &key) || key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_STREAMBIRD;
    credential->tokens[credential->token_count++] = key;
}

static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    const struct param *user = request_param(request, "user_id");
    if (!user || user->value.len == 0) {
        failure->code = "missing_user_id";
        failure->text = STR("user_id is required");
        return ERR_INVALID;
    }
    wish->scope = SCOPE_USER;
    wish->user = user->value;
    /* It has no paging: its lists are whole. */
    wish->query = (struct query){.vendor = VENDOR_STREAMBIRD,
                                 .active_only = true,
                                 .id_descending = true,
                                 .limit = INT64_MAX};
    return ERR_OK;
}

static void member_second(struct json_out *json, const char *key, int64_t instant)
{
    int64_t second = instant / SECOND_MS - (instant % SECOND_MS < 0);
    json_member_i64(json, key, second);
}

/* Its schema wants one factor at least; a session that was brought without any says so in its
 * place. */
static void show_no_factor(const struct session *session, struct str id, struct json_out *json)
{
    json_object_begin(json);
    json_member_text(json, "delivery_channel", STR("unknown"));
    json_member_text(json, "type", STR("unknown"));
    json_key(json, "method");
    json_object_begin(json);
    json_member_text(json, "method_id", id);
    json_member_text(json, "method_type", STR("unknown"));
    member_second(json, "last_verified_at", session->created);
    json_object_end(json);
    json_object_end(json);
}

static void show_factors(const struct session *session, struct str id, struct json_out *json)
{
    struct str rest = session_factors(session);
    struct factor factor;
    if (rest.len == 0)
        show_no_factor(session, id, json);
    while (factor_decode(&rest, &factor))
        factor_write(&factor, json);
}

static void show_session(const struct found *found, struct json_out *json)
{
    const struct session *session = &found->session;
    struct spelling id;
    session_spell(session, VENDOR_STREAMBIRD, &id);
    json_object_begin(json);
    json_member_text(json, "id", spelling_view(&id));
    json_member_text(json, "user_id", found->user.texts[USER_ID]);
    member_second(json, "started_at", session->created);
    member_second(json, "expires_at", session->expires);
    member_second(json, "last_active_at", session->last_active);
    json_key(json, "factors");
    json_array_begin(json);
    show_factors(session, spelling_view(&id), json);
    json_array_end(json);
    json_key(json, "device_fingerprint");
    json_object_begin(json);
    json_member_text(json, "user_agent", session_text(session, TEXT_USER_AGENT));
    json_member_text(json, "ip", session_text(session, TEXT_IP));
    json_object_end(json);
    member_second(json, "updated_at", session->updated);
    member_second(json, "created_at", session->created);
    json_object_end(json);
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++)
        show_session(&answer->page.items[i], &json);
    json_array_end(&json);
    json_object_end(&json);
}

static const char *error_type(enum err err)
{
    switch (err) {
    case ERR_UNAUTHORIZED:
        return "unauthorized";
    case ERR_NO_ROUTE:
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_NO_METHOD:
        return "method_not_allowed";
    default:
        return err_status(err) >= 500 ? "internal_error" : "invalid_request";
    }
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    (void)route;
    int status = err_status(failure->err);
    reply_restart(reply, status);
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "status_code", status);
    json_member_text(&json, "error_type",
                     str_of(failure->code ? failure->code : error_type(failure->err)));
    json_member_text(&json, "error_message", failure->text);
    json_member_text(&json, "request_id",
                     arena_printf(request->arena, "req_%.*s", STR_ARG(request->id)));
    json_object_end(&json);
}

static const char *const spaces[] = {"/v1/auth/", NULL};

static const struct route routes[] = {
    {"GET", "/v1/auth/sessions/list", want_list, show_list, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_streambird = {
    .vendor = VENDOR_STREAMBIRD, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
