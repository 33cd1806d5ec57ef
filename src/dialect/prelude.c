/* Prelude, "Session Frontend API". */
#include "base/clock.h"
#include "dialect/keys.h"
#include "dialect/params.h"
#include "dialect/prelude_manage.h"
#include "dialect/prelude_refresh.h"

enum { LIMIT_DEFAULT = 10, LIMIT_MAX = 100 };

static void who(const struct request *request, struct credential *credential)
{
    struct str token;
    if (!request_authorization(request, "Bearer", &token) || token.len == 0)
        return;
    credential->kind = CREDENTIAL_ACCESS_TOKEN;
    credential->tokens[credential->token_count++] = token;
}

/* An app has a host of its own there, whose name begins with its id; where there is one app only,
 * any name is its. */
static void who_anybody(const struct request *request, struct credential *credential)
{
    struct str rest;
    credential->kind = CREDENTIAL_PUBLIC;
    str_split(request->client.host, '.', &credential->account, &rest);
}

static enum err refuse(struct failure *failure, const char *code, const char *text)
{
    failure->code = code;
    failure->text = str_of(text);
    return ERR_INVALID;
}

static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    wish->scope = SCOPE_CALLER;
    wish->query = (struct query){.vendor = VENDOR_PRELUDE,
                                 .active_only = true,
                                 .id_descending = true,
                                 .limit = LIMIT_DEFAULT};
    if (!param_integer(request, "limit", 1, LIMIT_MAX, &wish->query.limit))
        return refuse(failure, "invalid_pagination_limit",
                      "limit must be an integer from 1 to 100");
    if (!param_integer(request, "offset", 0, INT64_MAX, &wish->query.offset))
        return refuse(failure, "invalid_pagination_offset",
                      "offset must be an integer of 0 or more");
    return ERR_OK;
}

/* ---- ending ---- */

static enum err read_session(const struct request *request, struct wish *wish,
                             struct failure *failure)
{
    const struct param *id = request_param(request, "session_id");
    if (!id || str_trim(id->value).len == 0)
        return refuse(failure, "bad_request", "session_id is required");
    wish->naming = NAMED_BY_ID;
    wish->vendor = VENDOR_PRELUDE;
    wish->session = id->value;
    wish->active_only = true;
    return ERR_OK;
}

static enum err want_revoke(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    static const struct {
        const char *name;
        enum target target;
    } targets[] = {{"all", TARGET_ALL},
                   {"others", TARGET_OTHERS},
                   {"mine", TARGET_SELF},
                   {"session", TARGET_ONE}};
    const struct param *target = request_param(request, "target");
    wish->verb = VERB_END;
    wish->scope = SCOPE_CALLER;
    wish->as = ENDING_REVOKED;
    for (size_t i = 0; target && i < sizeof(targets) / sizeof(*targets); i++)
        if (str_eq(target->value, str_of(targets[i].name))) {
            wish->target = targets[i].target;
            return wish->target == TARGET_ONE ? read_session(request, wish, failure) : ERR_OK;
        }
    return refuse(failure, "bad_request", "target must be one of all, others, mine and session");
}

void prelude_show_nothing(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)request, (void)answer;
    reply->status = 204;
}

/* ---- answers ---- */

/* Its clients know four types of device; what other vendors call theirs is one of them. */
static struct str device_type(const struct session *session)
{
    static const struct {
        const char *type, *known_as;
    } types[] = {
        {"desktop", "desktop"}, {"mobile", "mobile"},       {"tablet", "tablet"},
        {"browser", "desktop"}, {"desktop-app", "desktop"}, {"mobile-app", "mobile"},
    };
    struct str type = session_text(session, TEXT_DEVICE_TYPE);
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (str_eq_nocase(type, str_of(types[i].type)))
            return str_of(types[i].known_as);
    return STR("unknown");
}

static struct str os_version(const struct request *request, const struct session *session)
{
    struct str name = session_text(session, TEXT_OS_NAME);
    struct str version = session_text(session, TEXT_OS_VERSION);
    if (name.len == 0 || version.len == 0)
        return name.len ? name : version;
    return arena_printf(request->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(version));
}

static void member_instant(struct json_out *json, const char *key, int64_t instant)
{
    json_key(json, key);
    json_instant_seconds(json, instant);
}

/* All members always: the mobile clients' decoders know no absent one. */
static void show_session(const struct request *request, const struct session *session,
                         struct json_out *json)
{
    struct spelling id;
    session_spell(session, VENDOR_PRELUDE, &id);
    json_object_begin(json);
    json_member_text(json, "id", spelling_view(&id));
    json_member_text(json, "device_model", session_text(session, TEXT_DEVICE_MODEL));
    json_member_text(json, "device_type", device_type(session));
    json_member_text(json, "os_version", os_version(request, session));
    json_member_text(json, "country_code", session_text(session, TEXT_COUNTRY_CODE));
    member_instant(json, "created_at", session->created);
    member_instant(json, "last_seen_at", session->last_active);
    member_instant(json, "expires_at", session->expires);
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
        show_session(request, &answer->page.items[i].session, &json);
    json_array_end(&json);
    json_member_i64(&json, "total", (int64_t)answer->page.total);
    json_member_i64(&json, "limit", answer->wish.query.limit);
    json_member_i64(&json, "offset", answer->wish.query.offset);
    json_object_end(&json);
}

/* The class of an error by its status; the code is the class where there is no finer one. */
static const char *error_type(int status)
{
    static const struct {
        int status;
        const char *type;
    } types[] = {
        {400, "bad_request"},         {401, "unauthorized"}, {403, "forbidden"},
        {404, "not_found"},           {405, "bad_request"},  {413, "bad_request"},
        {414, "bad_request"},         {429, "rate_limited"}, {431, "bad_request"},
        {503, "service_unavailable"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (types[i].status == status)
            return types[i].type;
    return "internal";
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    (void)request, (void)route;
    int status = err_status(failure->err);
    const char *type = error_type(status);
    reply_restart(reply, status);
    struct json_out json = reply_json(reply);
    if (failure->nonce.len)
        reply_header(reply, "DPoP-Nonce", failure->nonce);
    json_object_begin(&json);
    json_member_text(&json, "code", str_of(failure->code ? failure->code : type));
    json_member_text(&json, "type", str_of(type));
    json_member_text(&json, "message", failure->text);
    json_object_end(&json);
}

static const char *const spaces[] = {"/v1/session/", "/v2/session/apps/", "/.well-known/jwks.json",
                                     "/.well-known/step-up-jwks.json", NULL};

#define MANAGED_APP  "/v2/session/apps/{}"
#define MANAGED_USER MANAGED_APP "/users/{}"

static const struct route routes[] = {
    {"GET", "/v1/session/me/list", want_list, show_list, NULL, NULL},
    {"POST", "/v1/session/me/revoke", want_revoke, prelude_show_nothing, NULL, NULL},
    {"POST", "/v1/session/refresh", prelude_want_refresh, prelude_show_refresh, prelude_who_refresh,
     prelude_mint_refresh},
    {"POST", "/v1/session/revoke", prelude_want_logout, prelude_show_logout, prelude_who_refresh,
     NULL},
    {"GET", MANAGED_USER "/sessions", prelude_want_managed, prelude_show_managed,
     prelude_who_manages, NULL},
    {"DELETE", MANAGED_USER "/sessions/{}", prelude_want_managed_end, prelude_show_nothing,
     prelude_who_manages, NULL},
    {"POST", MANAGED_USER "/sessions/invalidate", prelude_want_managed_end_all,
     prelude_show_nothing, prelude_who_manages, NULL},
    {"GET", MANAGED_APP "/config/tokens", prelude_want_config, prelude_show_config,
     prelude_who_manages, NULL},
    {"PUT", MANAGED_APP "/config/tokens", prelude_want_configure, prelude_show_config,
     prelude_who_manages, NULL},
    {"POST", MANAGED_APP "/tokens", prelude_want_mint, prelude_show_minted, prelude_who_manages,
     prelude_mint},
    {"GET", "/.well-known/jwks.json", keys_want, keys_show, who_anybody, NULL},
    {"GET", "/.well-known/step-up-jwks.json", keys_want, keys_show, who_anybody, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

#undef MANAGED_APP
#undef MANAGED_USER

const struct dialect dialect_prelude = {
    .vendor = VENDOR_PRELUDE,
    .spaces = spaces,
    .routes = routes,
    .cors_takes = "Authorization, Content-Type, Accept, DPoP, X-Refresh-Token, X-SDK-User-Agent",
    .cors_shows = "DPoP-Nonce, X-Refresh-Token, X-Refresh-Token-Expires-At, Date",
    .who = who,
    .fail = fail};
