/* Rocket.Chat 7 and 8, REST. */
#include "base/clock.h"
#include "dialect/rocketchat_query.h"
#include "dialect/rocketchat_session.h"

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
    wish->scope = SCOPE_CALLER;
    return rocketchat_query_read(request, rocketchat_filter_kind(caller), false, &wish->query,
                                 failure);
}

static void show_session(const struct found *found, const struct caller *caller,
                         struct json_out *json)
{
    const struct session *session = &found->session;
    const struct uuid *own = &caller->session.id;
    struct spelling id;
    session_spell(session, VENDOR_ROCKETCHAT, &id);
    json_object_begin(json);
    rocketchat_show_row(session, &found->user, json);
    json_member_text(json, "_id", spelling_view(&id));
    json_member_bool(json, "current",
                     memcmp(session->id.bytes, own->bytes, sizeof(own->bytes)) == 0);
    json_object_end(json);
}

struct json_out rocketchat_begin(struct reply *reply)
{
    reply_header(reply, "Pragma", STR("no-cache"));
    return reply_json(reply);
}

static void show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++)
        show_session(&answer->page.items[i], answer->caller, &json);
    json_array_end(&json);
    rocketchat_show_totals(request, answer, &json);
    json_object_end(&json);
}

/* 5.x and 6.x answer a stranger with two members, 7.x with two more: all four please both. */
static void show_login_error(const struct route *route, struct json_out *json)
{
    bool at_login = route && route->who == rocketchat_who_resumes;
    struct str text = at_login ? STR("Unauthorized") : STR("You must be logged in to do this.");
    json_member_text(json, "error", text);
    json_member_text(json, "status", STR("error"));
    json_member_text(json, "message", text);
}

static struct str error_text(const struct request *request, const struct failure *failure)
{
    switch (failure->err) {
    case ERR_RATE:
        return arena_printf(request->arena,
                            "Error, too many requests. Please slow down. You must wait %lld "
                            "seconds before trying this endpoint again. [error-too-many-requests]",
                            (long long)failure->retry_s);
    case ERR_NOT_FOUND:
        return STR("Session not found");
    case ERR_MALFORMED:
        return STR("Invalid query parameters");
    case ERR_RUNAWAY:
        return STR("The filter takes too long to match [error-invalid-filter]");
    default:
        return err_status(failure->err) == 500 ? STR("Internal server error") : failure->text;
    }
}

static void show_error(const struct request *request, const struct failure *failure,
                       struct json_out *json)
{
    const char *type = failure->err == ERR_RUNAWAY ? "error-invalid-filter" : failure->code;
    json_member_text(json, "error", error_text(request, failure));
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

static void show_rate(const struct request *request, const struct failure *failure,
                      struct reply *reply)
{
    int64_t reset = request->now + failure->retry_s * SECOND_MS;
    reply_header(reply, "X-RateLimit-Limit",
                 arena_printf(request->arena, "%lld", (long long)failure->most));
    reply_header(reply, "X-RateLimit-Remaining", STR("0"));
    reply_header(reply, "X-RateLimit-Reset",
                 arena_printf(request->arena, "%lld", (long long)reset));
}

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    reply_restart(reply, err_status(failure->err));
    struct json_out json = rocketchat_begin(reply);
    if (failure->err == ERR_RATE)
        show_rate(request, failure, reply);
    json_object_begin(&json);
    json_member_bool(&json, "success", false);
    if (failure->err == ERR_UNAUTHORIZED)
        show_login_error(route, &json);
    else
        show_error(request, failure, &json);
    json_object_end(&json);
}

static const char *const spaces[] = {"/api/v1/", NULL};

static const struct route routes[] = {
    {"GET", "/api/v1/sessions/list", want_list, show_list, NULL, NULL},
    {"GET", "/api/v1/sessions/list.all", rocketchat_want_all, rocketchat_show_all, NULL, NULL},
    {"GET", "/api/v1/sessions/info", rocketchat_want_info, rocketchat_show_info, NULL, NULL},
    {"GET", "/api/v1/sessions/info.admin", rocketchat_want_info_admin, rocketchat_show_info_admin,
     NULL, NULL},
    {"POST", "/api/v1/sessions/logout.me", rocketchat_want_logout_me, rocketchat_show_logged_out,
     NULL, NULL},
    {"POST", "/api/v1/sessions/logout", rocketchat_want_logout_admin, rocketchat_show_logged_out,
     NULL, NULL},
    {"POST", "/api/v1/login", rocketchat_want_self, rocketchat_show_login, rocketchat_who_resumes,
     NULL},
    {"GET", "/api/v1/me", rocketchat_want_self, rocketchat_show_me, NULL, NULL},
    {"POST", "/api/v1/logout", rocketchat_want_end_self, rocketchat_show_goodbye, NULL, NULL},
    {"GET", "/api/v1/logout", rocketchat_want_end_self, rocketchat_show_goodbye, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct dialect dialect_rocketchat = {
    .vendor = VENDOR_ROCKETCHAT, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
