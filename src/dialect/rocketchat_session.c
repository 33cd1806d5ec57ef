#include "dialect/rocketchat_session.h"

#include "base/clock.h"
#include "dialect/body.h"
#include "dialect/rocketchat_query.h"

/* ---- who may ---- */

static const json_t *read_body(const struct request *request)
{
    return body_is_form(request) ? body_form(request) : body_object(request);
}

void rocketchat_who_resumes(const struct request *request, struct credential *credential)
{
    struct str token = body_text(read_body(request), "resume");
    if (token.len == 0)
        return;
    credential->kind = CREDENTIAL_TOKENS;
    credential->tokens[credential->token_count++] = token;
}

/* Stored JSON; NULL when there is none. */
static const json_t *load(const struct request *request, struct str text)
{
    json_t *json = text.len ? json_loadb(text.ptr, text.len, 0, NULL) : NULL;
    return json && arena_adopt(request->arena, json, body_release) ? json : NULL;
}

static const json_t *roles_of(const struct request *request, const struct user *user)
{
    return load(request, user->texts[USER_ROLES]);
}

static bool has_role(const json_t *roles, const char *role)
{
    size_t i;
    json_t *each;
    json_array_foreach((json_t *)roles, i, each)
    {
        if (json_is_string(each) && strcmp(json_string_value(each), role) == 0)
            return true;
    }
    return false;
}

/* Both permissions there are over other people's sessions are the role admin's. */
static enum err demand_admin(const struct request *request, const struct caller *caller,
                             struct failure *failure)
{
    if (has_role(roles_of(request, &caller->user), "admin"))
        return ERR_OK;
    failure->code = "";
    failure->text =
        STR("User does not have the permissions required for this action [error-unauthorized]");
    return ERR_FORBIDDEN;
}

/* ---- which session ---- */

static enum err refuse(struct failure *failure, struct str text)
{
    failure->code = "invalid-params";
    failure->text = text;
    return ERR_INVALID;
}

static enum err refuse_missing(struct failure *failure)
{
    return refuse(failure, STR("must have required property 'sessionId' [invalid-params]"));
}

static enum err refuse_more(struct failure *failure)
{
    return refuse(failure, STR("must NOT have additional properties [invalid-params]"));
}

static void name_session(struct str id, enum scope scope, struct wish *wish)
{
    wish->scope = scope;
    wish->naming = NAMED_BY_ID;
    wish->vendor = VENDOR_ROCKETCHAT;
    wish->session = id;
}

static enum err read_param(const struct request *request, enum scope scope, struct wish *wish,
                           struct failure *failure)
{
    const struct param *id = request_param(request, "sessionId");
    size_t count = request_param_count(request, "sessionId");
    if (!id)
        return refuse_missing(failure);
    if (request->param_count > count)
        return refuse_more(failure);
    if (count > 1)
        return refuse(failure, STR("must be string [invalid-params]"));
    name_session(id->value, scope, wish);
    return ERR_OK;
}

/* Numbers, true, false and null count as their text; what is no number of JavaScript's own is
 * written as JSON has it. False for an object or array. */
static bool coerce(const struct request *request, const json_t *value, struct str *text)
{
    enum { NUMBER_MAX = 64 };
    char number[NUMBER_MAX];
    if (json_is_object(value) || json_is_array(value))
        return false;
    *text = STR("");
    if (json_is_string(value))
        *text = (struct str){json_string_value(value), json_string_length(value)};
    else if (json_is_boolean(value))
        *text = json_is_true(value) ? STR("true") : STR("false");
    else if (json_is_number(value)) {
        size_t len = json_dumpb(value, number, sizeof(number), JSON_ENCODE_ANY);
        *text = arena_copy(request->arena,
                           (struct str){number, len < sizeof(number) ? len : sizeof(number)});
    }
    return true;
}

/* A body that cannot be read counts as an empty one. */
static enum err read_member(const struct request *request, enum scope scope, struct wish *wish,
                            struct failure *failure)
{
    const json_t *body = read_body(request);
    const json_t *id = json_object_get(body, "sessionId");
    struct str text;
    if (!id)
        return refuse_missing(failure);
    if (json_object_size(body) > 1)
        return refuse_more(failure);
    if (!coerce(request, id, &text))
        return refuse(failure, STR("must be string [invalid-params]"));
    name_session(text, scope, wish);
    return ERR_OK;
}

/* ---- wishes ---- */

enum pattern_kind rocketchat_filter_kind(const struct caller *caller)
{
    struct str kind = app_setting(&caller->app, SETTING_ROCKETCHAT_FILTER);
    return str_eq(kind, STR("literal")) ? PATTERN_LITERAL : PATTERN_REGEX;
}

enum err rocketchat_want_all(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    enum err err = demand_admin(request, caller, failure);
    if (err == ERR_OK)
        err = rocketchat_query_read(request, rocketchat_filter_kind(caller), true, &wish->query,
                                    failure);
    wish->scope = SCOPE_APP;
    return err;
}

enum err rocketchat_want_info(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)caller;
    wish->verb = VERB_GET;
    return read_param(request, SCOPE_CALLER, wish, failure);
}

/* By the exact id: Rocket.Chat takes it for a pattern here, and shows whichever fits first. */
enum err rocketchat_want_info_admin(const struct request *request, const struct caller *caller,
                                    struct wish *wish, struct failure *failure)
{
    enum err err = demand_admin(request, caller, failure);
    wish->verb = VERB_GET;
    wish->active_only = true;
    return err == ERR_OK ? read_param(request, SCOPE_APP, wish, failure) : err;
}

static void want_logout(struct wish *wish)
{
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->as = ENDING_LOGGED_OUT;
}

enum err rocketchat_want_logout_me(const struct request *request, const struct caller *caller,
                                   struct wish *wish, struct failure *failure)
{
    (void)caller;
    want_logout(wish);
    return read_member(request, SCOPE_CALLER, wish, failure);
}

enum err rocketchat_want_logout_admin(const struct request *request, const struct caller *caller,
                                      struct wish *wish, struct failure *failure)
{
    enum err err = demand_admin(request, caller, failure);
    want_logout(wish);
    return err == ERR_OK ? read_member(request, SCOPE_APP, wish, failure) : err;
}

enum err rocketchat_want_self(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_SELF;
    return ERR_OK;
}

enum err rocketchat_want_end_self(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    want_logout(wish);
    wish->target = TARGET_SELF;
    return ERR_OK;
}

/* ---- rows ---- */

static void member_instant(struct json_out *json, const char *key, int64_t instant)
{
    json_key(json, key);
    json_instant_millis(json, instant);
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

void rocketchat_show_row(const struct session *session, const struct user *user,
                         struct json_out *json)
{
    struct spelling id;
    session_spell(session, VENDOR_ROCKETCHAT, &id);
    json_member_text(json, "sessionId", spelling_view(&id));
    json_member_text(json, "userId", user->texts[USER_ID]);
    show_device(session, json);
    json_member_text(json, "host", session_text(session, TEXT_HOST));
    json_member_text(json, "ip", session_text(session, TEXT_IP));
    member_instant(json, "loginAt", session->created);
}

/* What an administrator's row has beyond one's own. */
static void show_row_of_user(const struct session *session, const struct user *user,
                             struct json_out *json)
{
    struct spelling id;
    rocketchat_show_row(session, user, json);
    json_key(json, "_user");
    json_object_begin(json);
    json_member_text(json, "username", user->texts[USER_USERNAME]);
    if (user->texts[USER_NAME].len)
        json_member_text(json, "name", user->texts[USER_NAME]);
    json_object_end(json);
    session_spell(session, VENDOR_ROCKETCHAT, &id);
    json_member_text(json, "_id", spelling_view(&id));
}

void rocketchat_show_totals(const struct request *request, const struct answer *answer,
                            struct json_out *json)
{
    struct rocketchat_paging paging = rocketchat_paging_read(request);
    json_member_i64(json, "total", (int64_t)answer->page.total);
    json_member_i64(json, "count", paging.count);
    json_member_i64(json, "offset", paging.offset);
    json_member_bool(json, "success", true);
}

void rocketchat_show_all(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++) {
        json_object_begin(&json);
        show_row_of_user(&answer->page.items[i].session, &answer->page.items[i].user, &json);
        json_object_end(&json);
    }
    json_array_end(&json);
    rocketchat_show_totals(request, answer, &json);
    json_object_end(&json);
}

void rocketchat_show_info_admin(const struct request *request, const struct answer *answer,
                                struct reply *reply)
{
    (void)request;
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    show_row_of_user(&answer->session, &answer->user, &json);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

/* ---- one's own session, whole ---- */

/* What a filter is matched against. */
static struct str search_term(const struct request *request, const struct session *session,
                              const struct user *user)
{
    struct spelling id;
    session_spell(session, VENDOR_ROCKETCHAT, &id);
    return arena_printf(request->arena, "%.*s%.*s%.*s%.*s%.*s",
                        STR_ARG(session_text(session, TEXT_DEVICE_NAME)),
                        STR_ARG(session_text(session, TEXT_DEVICE_TYPE)),
                        STR_ARG(session_text(session, TEXT_OS_NAME)), STR_ARG(spelling_view(&id)),
                        STR_ARG(user->texts[USER_ID]));
}

/* Its documents have an id of the database's, 24 hexadecimal digits, and one of the server that
 * noted them: both are made of the session's own. */
static void show_document_ids(const struct session *session, struct json_out *json)
{
    char text[UUID_TEXT], digits[UUID_TEXT];
    size_t len = 0;
    uuid_write(&session->id, text);
    for (size_t i = 0; i < sizeof(text); i++)
        if (text[i] != '-')
            digits[len++] = text[i];
    json_member_text(json, "_id", (struct str){digits + len - 24, 24});
    json_member_text(json, "type", STR("session"));
    json_member_text(json, "instanceId", (struct str){text, sizeof(text)});
}

static void show_roles(const struct user *user, struct json_out *json)
{
    struct str roles = user->texts[USER_ROLES];
    json_key(json, "roles");
    json_raw(json, roles.len ? roles : STR("[]"));
}

static struct str most_important(const json_t *roles)
{
    const json_t *first = json_array_get(roles, 0);
    if (has_role(roles, "admin"))
        return STR("admin");
    return json_is_string(first) ? (struct str){json_string_value(first), json_string_length(first)}
                                 : STR("user");
}

/* Day, month and year of an instant, in UTC. */
static void show_date(int64_t instant, struct json_out *json)
{
    struct buf text = {0};
    int64_t year = 0, month = 0, day = 0;
    instant_put_millis(&text, instant);
    if (!text.failed) {
        (void)!str_to_i64((struct str){text.ptr, 4}, &year);
        (void)!str_to_i64((struct str){text.ptr + 5, 2}, &month);
        (void)!str_to_i64((struct str){text.ptr + 8, 2}, &day);
    }
    buf_free(&text);
    json_member_i64(json, "day", day);
    json_member_i64(json, "month", month);
    json_member_i64(json, "year", year);
}

/* All that is known of it but the hash of its token, which is nobody's business. */
void rocketchat_show_info(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    const struct session *session = &answer->session;
    const struct user *user = &answer->user;
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    show_document_ids(session, &json);
    rocketchat_show_row(session, user, &json);
    show_roles(user, &json);
    json_member_text(&json, "mostImportantRole", most_important(roles_of(request, user)));
    show_date(session->created, &json);
    json_member_text(&json, "searchTerm", search_term(request, session, user));
    member_instant(&json, "createdAt", session->created);
    member_instant(&json, "_updatedAt", session->updated);
    member_instant(&json, "lastActivityAt", session->last_active);
    if (session->ending != ENDING_NONE)
        member_instant(&json, "logoutAt", session->ended);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

void rocketchat_show_logged_out(const struct request *request, const struct answer *answer,
                                struct reply *reply)
{
    (void)request;
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    json_member_text(&json, "sessionId", answer->wish.session);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

/* ---- around sessions: login, me, logout ---- */

static void show_email(struct str address, bool verified, struct json_out *json)
{
    json_object_begin(json);
    json_member_text(json, "address", address);
    json_member_bool(json, "verified", verified);
    json_object_end(json);
}

/* The addresses that can be verified, else the one among the traits. */
static void show_emails(const struct request *request, const struct user *user,
                        struct json_out *json)
{
    const json_t *addresses = load(request, user->texts[USER_VERIFIABLE_ADDRESSES]);
    struct str trait = body_text(load(request, user->texts[USER_TRAITS]), "email");
    size_t i;
    json_t *each;
    json_key(json, "emails");
    json_array_begin(json);
    json_array_foreach((json_t *)addresses, i, each)
    {
        if (str_eq(body_text(each, "via"), STR("email")))
            show_email(body_text(each, "value"), json_is_true(json_object_get(each, "verified")),
                       json);
    }
    if (json_array_size(addresses) == 0 && trait.len)
        show_email(trait, false, json);
    json_array_end(json);
}

static void show_profile(const struct request *request, const struct user *user,
                         struct json_out *json)
{
    struct str username = user->texts[USER_USERNAME];
    json_member_text(json, "_id", user->texts[USER_ID]);
    json_member_text(json, "name", user->texts[USER_NAME]);
    show_emails(request, user, json);
    json_member_text(json, "status", STR("offline"));
    json_member_text(json, "statusConnection", STR("offline"));
    json_member_text(json, "username", username);
    json_member_i64(json, "utcOffset", 0);
    json_member_bool(json, "active", user->active);
    show_roles(user, json);
    json_key(json, "settings");
    json_raw(json, STR("{\"preferences\":{}}"));
    json_member_text(json, "avatarUrl",
                     arena_printf(request->arena, "%.*s/avatar/%.*s",
                                  STR_ARG(request_base(request)),
                                  STR_ARG(request_encode(request->arena, username))));
}

void rocketchat_show_me(const struct request *request, const struct answer *answer,
                        struct reply *reply)
{
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    show_profile(request, &answer->caller->user, &json);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

void rocketchat_show_login(const struct request *request, const struct answer *answer,
                           struct reply *reply)
{
    const struct user *user = &answer->caller->user;
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    json_member_text(&json, "status", STR("success"));
    json_key(&json, "data");
    json_object_begin(&json);
    json_member_text(&json, "userId", user->texts[USER_ID]);
    json_member_text(&json, "authToken", body_text(read_body(request), "resume"));
    json_key(&json, "me");
    json_object_begin(&json);
    show_profile(request, user, &json);
    json_object_end(&json);
    json_object_end(&json);
    json_member_bool(&json, "success", true);
    json_object_end(&json);
}

void rocketchat_show_goodbye(const struct request *request, const struct answer *answer,
                             struct reply *reply)
{
    (void)request, (void)answer;
    struct json_out json = rocketchat_begin(reply);
    json_object_begin(&json);
    json_member_text(&json, "status", STR("success"));
    json_key(&json, "data");
    json_object_begin(&json);
    json_member_text(&json, "message", STR("You've been logged out!"));
    json_object_end(&json);
    json_object_end(&json);
}
