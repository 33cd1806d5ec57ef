/* Rollcall's own API: /rollcall/v1. */
#include "dialect/native.h"

#include "base/clock.h"
#include "dialect/openapi.h"
#include "dialect/params.h"

enum { ACTOR_MAX = 64 };

/* The app's admin key. Whoever holds it may say on whose behalf it acts. */
static void who(const struct request *request, struct credential *credential)
{
    struct str key, actor = request_header(request, "X-Rollcall-Actor");
    if (!request_authorization(request, "Bearer", &key) || key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = KEY_ADMIN;
    credential->actor = actor.len <= ACTOR_MAX && str_is_utf8(actor) ? actor : STR_NONE;
    credential->tokens[credential->token_count++] = key;
}

const char native_no_page[] = "must be the \"next\" of the page before";

enum err native_refuse(struct failure *failure, const char *field, const char *text)
{
    failure->field = str_of(field);
    failure->text = str_of(text);
    return ERR_INVALID;
}

enum err native_read_limit(const struct request *request, struct wish *wish,
                           struct failure *failure)
{
    wish->query.limit = NATIVE_LIMIT_DEFAULT;
    return param_integer(request, "limit", 1, NATIVE_LIMIT_MAX, &wish->query.limit)
               ? ERR_OK
               : native_refuse(failure, "limit", "must be an integer from 1 to 1000");
}

static void member_instant(struct json_out *json, const char *key, int64_t instant)
{
    json_key(json, key);
    json_instant_millis(json, instant);
}

/* ---- the app ---- */

static enum err want_app(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_SELF;
    return ERR_OK;
}

static void show_settings(const struct app *app, struct json_out *json)
{
    json_key(json, "settings");
    json_object_begin(json);
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        json_key(json, vendor_name(vendor));
        json_object_begin(json);
        for (int i = 0; i < SETTING_COUNT; i++)
            if ((int)setting_rows[i].vendor == vendor)
                json_member_text(json, setting_rows[i].key, app_setting(app, (enum setting)i));
        json_object_end(json);
    }
    json_object_end(json);
}

static void show_app(const struct request *request, const struct answer *answer,
                     struct reply *reply)
{
    (void)request;
    const struct app *app = &answer->caller->app;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "id", app->id);
    member_instant(&json, "created_at", app->created);
    json_key(&json, "session");
    json_object_begin(&json);
    json_member_i64(&json, "lifetime_s", app->lifetime_s);
    json_member_i64(&json, "idle_s", app->idle_s);
    json_member_i64(&json, "retain_s", app->retain_s);
    json_member_i64(&json, "access_s", app->access_s);
    json_member_i64(&json, "touch_s", app->touch_s);
    json_member_i64(&json, "max_per_user", app->max_per_user);
    json_member_text(&json, "at_max", app->ends_oldest ? STR("end_oldest") : STR("refuse"));
    json_object_end(&json);
    show_settings(app, &json);
    json_object_end(&json);
}

/* ---- users ---- */

static enum err want_users(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure)
{
    (void)caller;
    const struct param *after = request_param(request, "after");
    wish->verb = VERB_USERS;
    wish->user = after ? after->value : STR_NONE;
    return native_read_limit(request, wish, failure);
}

static enum err want_user(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller, (void)failure;
    wish->verb = VERB_USER;
    wish->user = request->wilds[0];
    return ERR_OK;
}

static void member_json(struct json_out *json, const char *key, struct str raw)
{
    if (raw.len == 0)
        return;
    json_key(json, key);
    json_raw(json, raw);
}

static void show_user(const struct user *user, struct json_out *json)
{
    static const struct {
        const char *key;
        enum user_text text;
    } texts[] = {{"identifier", USER_IDENTIFIER},
                 {"username", USER_USERNAME},
                 {"name", USER_NAME},
                 {"external_id", USER_EXTERNAL_ID}},
      jsons[] = {{"traits", USER_TRAITS}, {"roles", USER_ROLES}};
    char uuid[UUID_TEXT];
    uuid_write(&user->uuid, uuid);
    json_object_begin(json);
    json_member_text(json, "id", user->texts[USER_ID]);
    json_member_text(json, "uuid", (struct str){uuid, sizeof(uuid)});
    json_member_text(json, "state", user->active ? STR("active") : STR("inactive"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (user->texts[texts[i].text].len)
            json_member_text(json, texts[i].key, user->texts[texts[i].text]);
    for (size_t i = 0; i < sizeof(jsons) / sizeof(*jsons); i++)
        member_json(json, jsons[i].key, user->texts[jsons[i].text]);
    member_instant(json, "created_at", user->created);
    member_instant(json, "updated_at", user->updated);
    json_object_end(json);
}

static void show_users(const struct request *request, const struct answer *answer,
                       struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "users");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->count; i++)
        show_user(&answer->users[i], &json);
    json_array_end(&json);
    if (answer->more)
        json_member_text(&json, "next", answer->users[answer->count - 1].texts[USER_ID]);
    json_object_end(&json);
}

static void show_one_user(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    show_user(&answer->user, &json);
}

/* ---- the audit trail ---- */

/* A page goes on after "instant.number" of the last line of the one before. */
static enum err want_audit(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure)
{
    (void)caller;
    const struct param *since = request_param(request, "since");
    const struct param *after = request_param(request, "after");
    struct str instant, number;
    int64_t line = 0;
    wish->verb = VERB_AUDIT;
    wish->since = 0;
    if (since && !instant_parse(since->value, INSTANT_LOOSE, &wish->since, NULL))
        return native_refuse(failure, "since", "must be an RFC 3339 instant");
    if (after && (!str_split(after->value, '.', &instant, &number) ||
                  !str_to_i64(instant, &wish->since) || !str_to_i64(number, &line) || line < 0))
        return native_refuse(failure, "after", native_no_page);
    wish->line = (uint64_t)line;
    return native_read_limit(request, wish, failure);
}

static void show_line(const struct trail_line *line, struct json_out *json)
{
    char id[UUID_TEXT];
    uuid_write(&line->line.session, id);
    json_object_begin(json);
    json_member_i64(json, "number", (int64_t)line->line.number);
    member_instant(json, "at", line->line.at);
    json_member_text(json, "event", str_of(audit_event_names[line->line.event]));
    json_member_text(json, "session", (struct str){id, sizeof(id)});
    json_member_text(json, "user", line->user_id);
    json_member_text(json, "actor", line->line.actor);
    json_object_end(json);
}

static void show_audit(const struct request *request, const struct answer *answer,
                       struct reply *reply)
{
    const struct trail_line *last = answer->count ? &answer->lines[answer->count - 1] : NULL;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "lines");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->count; i++)
        show_line(&answer->lines[i], &json);
    json_array_end(&json);
    if (answer->more && last)
        json_member_text(&json, "next",
                         arena_printf(request->arena, "%lld.%llu", (long long)last->line.at,
                                      (unsigned long long)last->line.number));
    json_object_end(&json);
}

/* ---- failures ---- */

static void fail(const struct request *request, const struct route *route,
                 const struct failure *failure, struct reply *reply)
{
    (void)request, (void)route;
    bool no_page = failure->err == ERR_MARK;
    struct str field = no_page ? STR("after") : failure->field;
    reply_restart(reply, err_status(failure->err));
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "error", str_of(err_word(failure->err)));
    if (field.len)
        json_member_text(&json, "field", field);
    json_member_text(&json, "message", no_page ? str_of(native_no_page) : failure->text);
    json_object_end(&json);
}

static const char *const spaces[] = {"/rollcall/", NULL};

#define V1 "/rollcall/v1"

static const struct route routes[] = {
    {"GET", V1 "/app", want_app, show_app, NULL, NULL},
    {"POST", V1 "/sessions", native_want_create, native_show_created, NULL, native_mint_access},
    {"GET", V1 "/sessions", native_want_list, native_show_list, NULL, NULL},
    {"POST", V1 "/sessions/revoke", native_want_revoke, native_show_revoked, NULL, NULL},
    {"GET", V1 "/sessions/{}", native_want_get, native_show_one, NULL, NULL},
    {"DELETE", V1 "/sessions/{}", native_want_end, native_show_one, NULL, NULL},
    {"POST", V1 "/sessions/{}/touch", native_want_touch, native_show_one, NULL, NULL},
    {"POST", V1 "/sessions/{}/extend", native_want_extend, native_show_one, NULL, NULL},
    {"GET", V1 "/users", want_users, show_users, NULL, NULL},
    {"GET", V1 "/users/{}", want_user, show_one_user, NULL, NULL},
    {"GET", V1 "/users/{}/sessions", native_want_list_of_user, native_show_list, NULL, NULL},
    {"GET", V1 "/audit", want_audit, show_audit, NULL, NULL},
    {"GET", V1 "/openapi.json", openapi_want, openapi_show, openapi_who, NULL},
    {"GET", "/rollcall/health", NULL, NULL, NULL, NULL},
    {"GET", "/rollcall/metrics", NULL, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

#undef V1

const struct dialect dialect_native = {
    .vendor = 0, .spaces = spaces, .routes = routes, .who = who, .fail = fail};
