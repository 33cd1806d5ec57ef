/* Ory Kratos and Ory Network: a user's own sessions at /sessions, everybody's at /admin. */
#include "base/clock.h"
#include "dialect/kratos_admin.h"
#include "dialect/kratos_id.h"
#include "dialect/kratos_page.h"

/* X-Session-Token is used even if it is no good; else the first cookie that means something to us,
 * and a bearer token only where no cookie does. */
static void who(const struct request *request, struct credential *credential)
{
    struct str token = request_header(request, "X-Session-Token");
    credential->kind = CREDENTIAL_TOKENS;
    credential_add(credential, token);
    if (token.len)
        return;
    request_each_cookie(request, credential_add, credential);
    credential->cookie_count = credential->token_count;
    if (request_authorization(request, "Bearer", &token))
        credential_add(credential, token);
}

static void demand_aal(const struct caller *caller, struct wish *wish)
{
    struct str required = app_setting(&caller->app, SETTING_KRATOS_REQUIRED_AAL);
    wish->demand_aal = str_eq(required, STR("highest_available"));
}

static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)failure;
    struct kratos_page page = kratos_page_read(request);
    demand_aal(caller, wish);
    wish->scope = SCOPE_CALLER;
    wish->without_caller = true;
    wish->query = (struct query){
        .vendor = VENDOR_KRATOS, .active_only = true, .offset = page.offset, .limit = page.size};
    return ERR_OK;
}

static enum err want_self(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    const struct param *template = request_param(request, "tokenize_as");
    demand_aal(caller, wish);
    wish->verb = VERB_SELF;
    if (!template || template->value.len == 0 ||
        str_eq(template->value, app_setting(&caller->app, SETTING_KRATOS_TOKENIZER)))
        return ERR_OK;
    failure->text = arena_printf(request->arena, "Unable to find tokenizer template \"%.*s\".",
                                 STR_ARG(template->value));
    return ERR_INVALID;
}

/* ---- ending ---- */

static enum err want_end_others(const struct request *request, const struct caller *caller,
                                struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_OTHERS;
    wish->scope = SCOPE_CALLER;
    wish->as = ENDING_REVOKED;
    return ERR_OK;
}

/* Somebody else's session, and one that is not there, are as good as ended: nobody is told. */
static enum err want_end_one(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    struct spelling own;
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->scope = SCOPE_CALLER;
    wish->vendor = VENDOR_KRATOS;
    wish->as = ENDING_REVOKED;
    wish->absence_is_done = true;
    enum err err = kratos_id_read(request->arena, request->wilds[0], &wish->session, failure);
    session_spell(&caller->session, VENDOR_KRATOS, &own);
    if (err == ERR_OK && str_eq(wish->session, spelling_view(&own)))
        return kratos_refuse(failure, STR("cannot revoke current session"));
    return err;
}

/* ---- answers ---- */

void kratos_begin(struct reply *reply, struct str type)
{
    reply_header(reply, "Content-Type", type);
    reply_header(reply, "Cache-Control", STR("private, no-cache, no-store, must-revalidate"));
}

struct json_out kratos_begin_json(struct reply *reply)
{
    kratos_begin(reply, STR("application/json; charset=utf-8"));
    return json_begin(reply->body);
}

void kratos_end_json(struct reply *reply)
{
    buf_byte(reply->body, '\n');
}

void kratos_show_nothing(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    (void)request, (void)answer;
    reply->status = 204;
}

void kratos_show_page(const struct request *request, const struct answer *answer,
                      const struct kratos_view *view, struct reply *reply)
{
    struct kratos_page page = kratos_page_read(request);
    int64_t total = (int64_t)answer->page.total;
    struct json_out json = kratos_begin_json(reply);
    reply_header(reply, "Link", kratos_page_link(request, &page, total));
    reply_header(reply, "X-Total-Count", arena_printf(request->arena, "%lld", (long long)total));
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++) {
        const struct found *found = &answer->page.items[i];
        kratos_show_session(request, &found->session, found->status, &found->user, view, &json);
    }
    json_array_end(&json);
    kratos_end_json(reply);
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    static const struct kratos_view view = {.identity = true, .devices = KRATOS_DEVICES};
    kratos_show_page(request, answer, &view, reply);
}

static void show_self(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    static const struct kratos_view view = {.identity = true,
                                            .detail = KRATOS_SCHEMA_URL | KRATOS_ADDRESSES,
                                            .devices = KRATOS_DEVICES};
    const struct caller *caller = answer->caller;
    char *identity = arena_alloc(request->arena, UUID_TEXT);
    struct json_out json = kratos_begin_json(reply);
    if (identity) {
        uuid_write(&caller->user.uuid, identity);
        reply_header(reply, "X-Kratos-Authenticated-Identity-Id",
                     (struct str){identity, UUID_TEXT});
    }
    kratos_show_members(request, &caller->session, STATUS_ACTIVE, &caller->user, &view, &json);
    if (answer->minted.len)
        json_member_text(&json, "tokenized", answer->minted);
    json_object_end(&json);
    kratos_end_json(reply);
}

static void show_count(const struct request *request, const struct answer *answer,
                       struct reply *reply)
{
    (void)request;
    struct json_out json = kratos_begin_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "count", (int64_t)answer->outcome.matched);
    json_object_end(&json);
    kratos_end_json(reply);
}

/* The JWT of whoami's tokenize_as: good for a minute, for whoever holds the app's public keys. It
 * names no audience, so that nothing here takes it for an access token. */
static enum err mint_tokenized(const struct request *request, const struct answer *answer,
                               struct claims *claims)
{
    enum { TOKENIZED_LIFE_S = 60 };
    const struct caller *caller = answer->caller;
    const struct param *template = request_param(request, "tokenize_as");
    struct spelling sid;
    if (!template || template->value.len == 0)
        return ERR_OK;
    char *subject = arena_alloc(request->arena, UUID_TEXT);
    if (!subject)
        return ERR_MEMORY;
    uuid_write(&caller->user.uuid, subject);
    session_spell(&caller->session, VENDOR_KRATOS, &sid);
    *claims = (struct claims){
        .issuer = request->site->public_url.len ? request->site->public_url
                                                : core_issuer_of(request->arena, caller->app.id),
        .subject = {subject, UUID_TEXT},
        .session = arena_copy(request->arena, spelling_view(&sid)),
        .id = arena_printf(request->arena, "%.*s", STR_ARG(request->id)),
        .issued_s = request->now / SECOND_MS,
        .expires_s = request->now / SECOND_MS + TOKENIZED_LIFE_S,
        .more =
            arena_printf(request->arena, "{\"nbf\":%lld}", (long long)(request->now / SECOND_MS)),
    };
    return claims->session.ptr && claims->id.ptr && claims->more.ptr ? ERR_OK : ERR_MEMORY;
}

/* ---- failures ---- */

static const struct {
    enum err err;
    const char *id, *message, *reason; /* NULL: the failure's own words are the reason */
} errors[] = {
    {ERR_UNAUTHORIZED, NULL, "The request could not be authorized", NULL},
    {ERR_AAL, "session_aal2_required",
     "Session does not fulfill the requested Authenticator Assurance Level",
     "An active session was found but it does not fulfill the requested Authenticator Assurance "
     "Level. Please verify yourself with a second factor to resolve this issue."},
    {ERR_CROSS_SITE, "security_csrf_violation",
     "the request was rejected to protect you from Cross-Site-Request-Forgery (CSRF) attacks",
     NULL},
    {ERR_INVALID, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_MALFORMED, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_TOO_LARGE, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_LONG_URI, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_HEADERS, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_RATE, NULL, "You have made too many requests, please slow down", NULL},
    {ERR_MARK, NULL, "The request was malformed or contained invalid parameters",
     "The page token is invalid, do not craft your own page tokens"},
    {ERR_NOT_FOUND, NULL, "Unable to locate the resource", ""},
    {ERR_NO_ROUTE, NULL, "The requested resource could not be found", NULL},
    {ERR_NO_METHOD, NULL, "The requested method is not allowed here", NULL},
    {ERR_BUSY, NULL, "The service is not available at the moment", NULL},
    {ERR_FULL, NULL, "The service is not available at the moment", NULL},
    {ERR_LATE, NULL, "The service is not available at the moment", NULL},
    {ERR_OK, NULL, "An internal server error occurred, please contact the system administrator",
     NULL},
};

static size_t error_row(enum err err)
{
    size_t row = 0;
    while (errors[row].err != err && errors[row].err != ERR_OK)
        row++;
    return row;
}

/* whoami and the others say it in different words; some errors are without a reason. */
static struct str reason_of(const struct route *route, const struct failure *failure, size_t row)
{
    if (kratos_is_refusal(failure))
        return STR_NONE;
    if (errors[row].reason)
        return str_of(errors[row].reason);
    if (failure->err != ERR_UNAUTHORIZED)
        return failure->text;
    if (route && route->who == kratos_who_admin)
        return STR("No valid API key found in the request.");
    return route && route->show == show_self
               ? STR("No valid session credentials found in the request.")
               : STR("No valid session cookie found.");
}

static void show_redirect(const struct request *request, struct json_out *json)
{
    json_member_text(json, "redirect_browser_to",
                     arena_printf(request->arena, "%.*s/self-service/login/browser?aal=aal2",
                                  STR_ARG(request_base(request))));
}

static void show_error(const struct request *request, const struct route *route,
                       const struct failure *failure, struct json_out *json)
{
    size_t row = error_row(failure->err);
    int status = err_status(failure->err);
    struct str request_id = request_header(request, "X-Request-ID");
    struct str reason = reason_of(route, failure, row);
    json_key(json, "error");
    json_object_begin(json);
    if (errors[row].id)
        json_member_text(json, "id", str_of(errors[row].id));
    json_member_i64(json, "code", status);
    json_member_text(json, "status", str_of(reply_reason(status)));
    if (request_id.len)
        json_member_text(json, "request", request_id);
    if (reason.len)
        json_member_text(json, "reason", reason);
    if (failure->err == ERR_AAL) {
        json_key(json, "details");
        json_object_begin(json);
        show_redirect(request, json);
        json_object_end(json);
    }
    json_member_text(json, "message",
                     kratos_is_refusal(failure) ? failure->text : str_of(errors[row].message));
    json_object_end(json);
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    size_t row = error_row(failure->err);
    reply_restart(reply, err_status(failure->err));
    kratos_begin(reply, STR("application/json"));
    if (errors[row].id)
        reply_header(reply, "Ory-Error-Id", str_of(errors[row].id));
    struct json_out json = json_begin(reply->body);
    json_object_begin(&json);
    show_error(request, route, failure, &json);
    if (failure->err == ERR_AAL)
        show_redirect(request, &json);
    json_object_end(&json);
    kratos_end_json(reply);
}

static const char *const spaces[] = {"/sessions", "/admin/", "/identities/", NULL};

#define ADMIN kratos_who_admin, NULL
#define WHOAMI(method)                                                                             \
    {                                                                                              \
        method, "/sessions/whoami", want_self, show_self, NULL, mint_tokenized                     \
    }

/* The first row that fits counts: fixed paths stand before open ones. */
static const struct route routes[] = {
    {"GET", "/sessions", want_list, show_list, NULL, NULL},
    {"DELETE", "/sessions", want_end_others, show_count, NULL, NULL},
    WHOAMI("GET"),
    WHOAMI("POST"),
    WHOAMI("PUT"),
    WHOAMI("PATCH"),
    WHOAMI("DELETE"),
    {"DELETE", "/sessions/{}", want_end_one, kratos_show_nothing, NULL, NULL},
    {"GET", "/admin/sessions", kratos_want_all, kratos_show_all, ADMIN},
    {"POST", "/admin/sessions", kratos_want_bulk, kratos_show_bulk, ADMIN},
    {"DELETE", "/admin/sessions", kratos_want_redirect, kratos_show_redirect, ADMIN},
    {"GET", "/admin/sessions/whoami", kratos_want_redirect, kratos_show_redirect, ADMIN},
    {"GET", "/admin/sessions/{}", kratos_want_one, kratos_show_one, ADMIN},
    {"DELETE", "/admin/sessions/{}", kratos_want_end, kratos_show_nothing, ADMIN},
    {"PATCH", "/admin/sessions/{}/extend", kratos_want_extend, kratos_show_nothing, ADMIN},
    {"GET", "/admin/identities/{}/sessions", kratos_want_of_identity, kratos_show_of_identity,
     ADMIN},
    {"DELETE", "/admin/identities/{}/sessions", kratos_want_end_of_identity, kratos_show_nothing,
     ADMIN},
    {"DELETE", "/identities/{}/sessions", kratos_want_redirect, kratos_show_redirect, ADMIN},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

#undef ADMIN
#undef WHOAMI

const struct dialect dialect_kratos = {.vendor = VENDOR_KRATOS,
                                       .spaces = spaces,
                                       .routes = routes,
                                       .slash_at_end = true,
                                       .cors_takes = "Authorization, Content-Type, X-Session-Token",
                                       .cors_shows = "Content-Type, Link, X-Total-Count",
                                       .who = who,
                                       .fail = fail};
