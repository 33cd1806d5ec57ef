/* Streambird, now MoonKey, "Auth API": sessions and the keys their JWTs are signed with. */
#include "base/clock.h"
#include "dialect/body.h"
#include "dialect/keys.h"

static void who(const struct request *request, struct credential *credential)
{
    struct str key;
    if (!request_authorization(request, "Bearer", &key) || key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_STREAMBIRD;
    credential->tokens[credential->token_count++] = key;
}

/* One of its clients asks for the keys with its own in the query string. */
static void who_keys(const struct request *request, struct credential *credential)
{
    const struct param *key = request_param(request, "api_key");
    who(request, credential);
    if (credential->token_count || !key || key->value.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_STREAMBIRD;
    credential->tokens[credential->token_count++] = key->value;
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

/* ---- verify, delete ---- */

static enum err refuse(struct failure *failure, const char *text)
{
    failure->code = "invalid_request";
    failure->text = str_of(text);
    return ERR_INVALID;
}

/* How a body may name a session. */
static const struct selector {
    const char *name;
    enum naming naming;
    enum vendor vendor;
} selectors[] = {
    {"session_token", NAMED_BY_TOKEN, 0},
    {"session_jwt", NAMED_BY_ACCESS_TOKEN, 0},
    {"session_id", NAMED_BY_ID, VENDOR_STREAMBIRD},
};
enum { SELECTORS_OF_VERIFY = 2, SELECTORS_OF_DELETE = 3 };

/* Exactly one of the first `count` selectors must be there. */
static enum err read_selector(const json_t *body, size_t count, struct wish *wish,
                              struct failure *failure)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!body_has(body, selectors[i].name))
            continue;
        found++;
        wish->naming = selectors[i].naming;
        wish->vendor = selectors[i].vendor;
        wish->session = body_text(body, selectors[i].name);
        if (wish->session.len == 0)
            return refuse(failure, "session_token, session_jwt and session_id must be texts that "
                                   "are not empty");
    }
    wish->scope = SCOPE_APP;
    wish->active_only = true;
    return found == 1 ? ERR_OK
                      : refuse(failure, "exactly one of the ways to name a session is required");
}

static enum err read_minutes(const json_t *body, struct wish *wish, struct failure *failure)
{
    enum { LEAST = 5, MOST = 525600, MINUTE_MS = 60000 };
    const json_t *minutes = json_object_get(body, "session_expires_in");
    if (!minutes)
        return ERR_OK;
    double value = json_number_value(minutes); /* 0 for what is no number */
    if (value < LEAST || value > MOST)
        return refuse(failure, "session_expires_in must be a number from 5 to 525600");
    wish->moves_end = true;
    wish->life_ms = (int64_t)(value * MINUTE_MS);
    return ERR_OK;
}

static enum err want_verify(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    const json_t *body = body_object(request);
    if (!body)
        return refuse(failure, "the body must be a JSON object");
    wish->verb = VERB_TOUCH;
    enum err err = read_selector(body, SELECTORS_OF_VERIFY, wish, failure);
    return err == ERR_OK ? read_minutes(body, wish, failure) : err;
}

static enum err want_delete(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    const json_t *body = body_object(request);
    if (!body)
        return refuse(failure, "the body must be a JSON object");
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->as = ENDING_REVOKED;
    return read_selector(body, SELECTORS_OF_DELETE, wish, failure);
}

/* ---- answers ---- */

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

static void show_session(const struct session *session, const struct user *user,
                         struct json_out *json)
{
    struct spelling id;
    session_spell(session, VENDOR_STREAMBIRD, &id);
    json_object_begin(json);
    json_member_text(json, "id", spelling_view(&id));
    json_member_text(json, "user_id", user->texts[USER_ID]);
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
        show_session(&answer->page.items[i].session, &answer->page.items[i].user, &json);
    json_array_end(&json);
    json_object_end(&json);
}

/* A session's JWT says all of it, in a claim of its own. */
static enum err mint_verified(const struct request *request, const struct answer *answer,
                              struct claims *claims)
{
    struct buf text = {0};
    struct json_out json = json_begin(&text);
    json_object_begin(&json);
    json_key(&json, "https://streambird.io/jwt/session");
    show_session(&answer->session, &answer->user, &json);
    json_object_end(&json);
    enum err err = core_claims(request->arena, &answer->caller->app, &answer->user,
                               &answer->session, request->now, JWT_LIFE_S, claims);
    claims->more = text.failed ? STR_NONE : arena_copy(request->arena, buf_view(&text));
    buf_free(&text);
    return err == ERR_OK && !claims->more.ptr ? ERR_MEMORY : err;
}

/* The token is told to who has brought it; there is nobody else who knows it. */
static void show_verified(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)request;
    bool by_token = answer->wish.naming == NAMED_BY_TOKEN;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "session");
    show_session(&answer->session, &answer->user, &json);
    json_member_text(&json, "session_token", by_token ? answer->wish.session : STR(""));
    json_member_text(&json, "session_jwt", answer->minted);
    json_object_end(&json);
}

static void show_deleted(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    (void)request, (void)answer;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "message", STR("Successfully deleted session"));
    json_object_end(&json);
}

static const char *error_type(enum err err)
{
    switch (err) {
    case ERR_UNAUTHORIZED:
        return "unauthorized";
    case ERR_NO_ROUTE:
        return "not_found";
    case ERR_NOT_FOUND:
        return "session_not_found";
    case ERR_NO_METHOD:
        return "method_not_allowed";
    case ERR_RATE:
        return "too_many_requests";
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
    {"GET", "/v1/auth/sessions/list", want_list, show_list, NULL, NULL},
    {"POST", "/v1/auth/sessions/verify", want_verify, show_verified, NULL, mint_verified},
    {"DELETE", "/v1/auth/sessions/delete", want_delete, show_deleted, NULL, NULL},
    {"GET", "/v1/auth/jwks/default", keys_want, keys_show, who_keys, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_streambird = {
    .vendor = VENDOR_STREAMBIRD, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
