/* Rocket.Chat 7 and 8, REST: GET /api/v1/sessions/list. */
#include "dialect/dialect.h"
#include "dialect/rocketchat_query.h"

/* A token is good together with its holder's id alone. */
static void who(const struct request *request, struct credential *credential)
{
    struct str user = request_header(request, "X-User-Id");
    struct str token = request_header(request, "X-Auth-Token");
    if (user.len == 0 || token.len == 0)
        return;
    credential->kind = CREDENTIAL_USER_TOKEN;
    credential->user = user;
    credential->tokens[credential->token_count++] = token;
}

/* The list is sorted as a whole and then cut; Rocket.Chat itself sorts within the page of the
 * latest, so that the two agree wherever a list fits a page, and ours is the order asked for where
 * it does not. */
static enum err want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    struct str kind = app_setting(&caller->app, SETTING_ROCKETCHAT_FILTER);
    enum pattern_kind filter = str_eq(kind, STR("literal")) ? PATTERN_LITERAL : PATTERN_REGEX;
    wish->scope = SCOPE_CALLER;
    return rocketchat_query_read(request, filter, &wish->query, failure);
}

static void show_device(const struct session *session, struct json_out *json)
{
    json_key(json, "device");
    json_object_begin(json);
    json_member_text(json, "type", session_text(session, TEXT_DEVICE_TYPE));
    json_member_text(json, "name", session_text(session, TEXT_DEVICE_NAME));
    json_member_text(json, "longVersion", session_text(session, TEXT_DEVICE_LONG_VERSION));
    json_key(json, "os");
    json_object_begin(json);
    json_member_text(json, "name", session_text(session, TEXT_OS_NAME));
    if (session_text(session, TEXT_OS_VERSION).len)
        json_member_text(json, "version", session_text(session, TEXT_OS_VERSION));
    json_object_end(json);
    json_member_text(json, "version", session_text(session, TEXT_DEVICE_VERSION));
    json_object_end(json);
}

static void show_session(const struct found *found, const struct caller *caller,
                         struct json_out *json)
{
    const struct session *session = &found->session;
    const struct uuid *own = &caller->session.id;
    struct spelling id;
    session_spell(session, VENDOR_ROCKETCHAT, &id);
    json_object_begin(json);
    json_member_text(json, "sessionId", spelling_view(&id));
    json_member_text(json, "userId", found->user.texts[USER_ID]);
    show_device(session, json);
    json_member_text(json, "host", session_text(session, TEXT_HOST));
    json_member_text(json, "ip", session_text(session, TEXT_IP));
    json_key(json, "loginAt");
    json_instant_millis(json, session->created);
    json_member_text(json, "_id", spelling_view(&id));
    json_member_bool(json, "current",
                     memcmp(session->id.bytes, own->bytes, sizeof(own->bytes)) == 0);
    json_object_end(json);
}

static struct json_out begin_answer(struct reply *reply)
{
    reply_header(reply, "Pragma", STR("no-cache"));
    return reply_json(reply);
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    struct rocketchat_paging paging = rocketchat_paging_read(request);
    struct json_out json = begin_answer(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++)
        show_session(&answer->page.items[i], answer->caller, &json);
    json_array_end(&json);
    json_member_i64(&json, "total", (int64_t)answer->page.total);
    json_member_i64(&json, "count", paging.count);
    json_member_i64(&json, "offset", paging.offset);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

/* 5.x and 6.x answer a stranger with two members, 7.x with two more: all four please both. */
static void show_login_error(struct json_out *json)
{
    static const struct str text = STR("You must be logged in to do this.");
    json_member_text(json, "error", text);
    json_member_text(json, "status", STR("error"));
    json_member_text(json, "message", text);
}

static struct str error_text(const struct failure *failure)
{
    switch (failure->err) {
    case ERR_MALFORMED:
        return STR("Invalid query parameters");
    case ERR_RUNAWAY:
        return STR("The filter takes too long to match [error-invalid-filter]");
    default:
        return err_status(failure->err) == 500 ? STR("Internal server error") : failure->text;
    }
}

static void show_error(const struct failure *failure, struct json_out *json)
{
    const char *type = failure->err == ERR_RUNAWAY ? "error-invalid-filter" : failure->code;
    json_member_text(json, "error", error_text(failure));
    if (!type || !*type)
        return;
    json_member_text(json, "errorType", str_of(type));
    if (strcmp(type, "error-invalid-sort") != 0)
        return;
    json_key(json, "details");
    json_object_begin(json);
    json_member_text(json, "helperMethod", STR("parseJsonQuery"));
    json_object_end(json);
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    (void)request, (void)route;
    reply_restart(reply, err_status(failure->err));
    struct json_out json = begin_answer(reply);
    json_object_begin(&json);
    json_member_bool(&json, "success", false);
    if (failure->err == ERR_UNAUTHORIZED)
        show_login_error(&json);
    else
        show_error(failure, &json);
    json_object_end(&json);
}

static const char *const spaces[] = {"/api/v1/", NULL};

static const struct route routes[] = {
    {"GET", "/api/v1/sessions/list", want_list, show_list, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_rocketchat = {
    .vendor = VENDOR_ROCKETCHAT, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
