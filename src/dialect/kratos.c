/* Ory Kratos and Ory Network: GET /sessions, GET /sessions/whoami. */
#include "dialect/dialect.h"
#include "dialect/kratos_identity.h"
#include "dialect/kratos_page.h"

static void add_token(void *context, struct str token)
{
    struct credential *credential = context;
    if (token.len && credential->token_count < TOKENS_MAX)
        credential->tokens[credential->token_count++] = token;
}

/* X-Session-Token is used even if it is no good; else the first cookie that means something to us,
 * and a bearer token only where no cookie does. */
static void who(const struct request *request, struct credential *credential)
{
    struct str token = request_header(request, "X-Session-Token");
    credential->kind = CREDENTIAL_TOKENS;
    add_token(credential, token);
    if (token.len)
        return;
    request_each_cookie(request, add_token, credential);
    if (request_authorization(request, "Bearer", &token))
        add_token(credential, token);
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
    if (!template || template->value.len == 0)
        return ERR_OK;
    failure->text = arena_printf(request->arena, "Unable to find tokenizer template \"%.*s\".",
                                 STR_ARG(template->value));
    return ERR_INVALID;
}

static void end_answer(struct reply *reply)
{
    buf_byte(reply->body, '\n');
}

static void begin_answer(struct reply *reply, struct str type)
{
    reply_header(reply, "Content-Type", type);
    reply_header(reply, "Cache-Control", STR("private, no-cache, no-store, must-revalidate"));
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    struct kratos_page page = kratos_page_read(request);
    int64_t total = (int64_t)answer->page.total;
    begin_answer(reply, STR("application/json; charset=utf-8"));
    reply_header(reply, "Link", kratos_page_link(request, &page, total));
    reply_header(reply, "X-Total-Count", arena_printf(request->arena, "%lld", (long long)total));
    struct json_out json = json_begin(reply->body);
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++)
        kratos_show_session(request, &answer->page.items[i].session, &answer->page.items[i].user,
                            KRATOS_IN_LIST, &json);
    json_array_end(&json);
    end_answer(reply);
}

static void show_self(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    const struct caller *caller = answer->caller;
    char *identity = arena_alloc(request->arena, UUID_TEXT);
    begin_answer(reply, STR("application/json; charset=utf-8"));
    if (identity) {
        uuid_write(&caller->user.uuid, identity);
        reply_header(reply, "X-Kratos-Authenticated-Identity-Id",
                     (struct str){identity, UUID_TEXT});
    }
    struct json_out json = json_begin(reply->body);
    kratos_show_session(request, &caller->session, &caller->user, KRATOS_IN_FULL, &json);
    end_answer(reply);
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
    {ERR_INVALID, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_MALFORMED, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_TOO_LARGE, NULL, "The request was malformed or contained invalid parameters", NULL},
    {ERR_NO_ROUTE, NULL, "The requested resource could not be found", NULL},
    {ERR_NO_METHOD, NULL, "The requested method is not allowed here", NULL},
    {ERR_BUSY, NULL, "The service is not available at the moment", NULL},
    {ERR_FULL, NULL, "The service is not available at the moment", NULL},
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

/* whoami and the others say it in different words. */
static struct str reason_of(const struct route *route, const struct failure *failure, size_t row)
{
    if (errors[row].reason)
        return str_of(errors[row].reason);
    if (failure->err != ERR_UNAUTHORIZED)
        return failure->text;
    return route && route->show == show_self
               ? STR("No valid session credentials found in the request.")
               : STR("No valid session cookie found.");
}

static void show_redirect(const struct request *request, struct json_out *json)
{
    json_member_text(json, "redirect_browser_to",
                     arena_printf(request->arena, "%.*s/self-service/login/browser?aal=aal2",
                                  STR_ARG(request->site->public_url)));
}

static void show_error(const struct request *request, const struct route *route,
                       const struct failure *failure, struct json_out *json)
{
    size_t row = error_row(failure->err);
    int status = err_status(failure->err);
    struct str request_id = request_header(request, "X-Request-ID");
    json_key(json, "error");
    json_object_begin(json);
    if (errors[row].id)
        json_member_text(json, "id", str_of(errors[row].id));
    json_member_i64(json, "code", status);
    json_member_text(json, "status", str_of(reply_reason(status)));
    if (request_id.len)
        json_member_text(json, "request", request_id);
    json_member_text(json, "reason", reason_of(route, failure, row));
    if (failure->err == ERR_AAL) {
        json_key(json, "details");
        json_object_begin(json);
        show_redirect(request, json);
        json_object_end(json);
    }
    json_member_text(json, "message", str_of(errors[row].message));
    json_object_end(json);
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    size_t row = error_row(failure->err);
    reply_restart(reply, err_status(failure->err));
    begin_answer(reply, STR("application/json"));
    if (errors[row].id)
        reply_header(reply, "Ory-Error-Id", str_of(errors[row].id));
    struct json_out json = json_begin(reply->body);
    json_object_begin(&json);
    show_error(request, route, failure, &json);
    if (failure->err == ERR_AAL)
        show_redirect(request, &json);
    json_object_end(&json);
    end_answer(reply);
}

static const char *const spaces[] = {"/sessions", "/admin/", NULL};

static const struct route routes[] = {
    {"GET", "/sessions", want_list, show_list, NULL},
    {"GET", "/sessions/whoami", want_self, show_self, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_kratos = {.vendor = VENDOR_KRATOS,
                                       .spaces = spaces,
                                       .routes = routes,
                                       .slash_at_end = true,
                                       .who = who,
                                       .fail = fail};
