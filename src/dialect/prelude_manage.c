#include "dialect/prelude_manage.h"

#include "base/clock.h"
#include "dialect/body.h"

void prelude_who_manages(const struct request *request, struct credential *credential)
{
    struct str key;
    if (!request_authorization(request, "Bearer", &key) || key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_PRELUDE;
    credential->tokens[credential->token_count++] = key;
}

/* The path names the app; another one is not there. */
static enum err expect_app(const struct request *request, const struct caller *caller)
{
    return str_eq(request->wilds[0], caller->app.id) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err name_user(const struct request *request, const struct caller *caller,
                          struct wish *wish)
{
    wish->scope = SCOPE_USER;
    wish->user = request->wilds[1];
    return expect_app(request, caller);
}

static enum err refuse(struct failure *failure, const char *text)
{
    failure->code = "bad_request";
    failure->text = str_of(text);
    return ERR_INVALID;
}

enum err prelude_want_managed(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->query = (struct query){
        .vendor = VENDOR_PRELUDE, .active_only = true, .id_descending = true, .limit = INT64_MAX};
    return name_user(request, caller, wish);
}

enum err prelude_want_managed_end(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->as = ENDING_REVOKED;
    wish->vendor = VENDOR_PRELUDE;
    wish->session = request->wilds[2];
    wish->active_only = true;
    return name_user(request, caller, wish);
}

enum err prelude_want_managed_end_all(const struct request *request, const struct caller *caller,
                                      struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_ALL;
    wish->as = ENDING_REVOKED;
    return name_user(request, caller, wish);
}

void prelude_show_managed(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++) {
        const struct session *session = &answer->page.items[i].session;
        struct spelling id;
        session_spell(session, VENDOR_PRELUDE, &id);
        json_object_begin(&json);
        json_member_text(&json, "id", spelling_view(&id));
        json_key(&json, "created_at");
        json_instant_seconds(&json, session->created);
        json_key(&json, "last_seen_at");
        json_instant_seconds(&json, session->last_active);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
}

/* ---- lifetimes ---- */

enum err prelude_want_config(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->verb = VERB_SELF;
    return expect_app(request, caller);
}

/* A number of seconds; one that is absent stays as it is. */
static bool read_seconds(const json_t *body, const char *name, int64_t least, int64_t most,
                         int64_t *seconds)
{
    const json_t *value = json_object_get(body, name);
    if (!value)
        return true;
    *seconds = json_integer_value(value); /* 0 for what is no integer */
    return *seconds >= least && *seconds <= most;
}

/* Both are for what is issued from now on. A refresh token lives as long as its session. */
enum err prelude_want_configure(const struct request *request, const struct caller *caller,
                                struct wish *wish, struct failure *failure)
{
    const json_t *body = body_object(request);
    enum err err = expect_app(request, caller);
    if (err != ERR_OK)
        return err;
    if (!body)
        return refuse(failure, "the body must be a JSON object");
    wish->verb = VERB_CONFIGURE;
    if (!read_seconds(body, "access_token_lifetime", ACCESS_LEAST_S, ACCESS_MOST_S,
                      &wish->access_s))
        return refuse(failure, "access_token_lifetime must be an integer from 30 to 86400");
    if (!read_seconds(body, "refresh_token_lifetime", 1, PERIOD_MAX_S, &wish->lifetime_s))
        return refuse(failure, "refresh_token_lifetime must be an integer from 1 to 3155760000");
    return ERR_OK;
}

void prelude_show_config(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    (void)request;
    const struct app *app = &answer->caller->app;
    const struct wish *wish = &answer->wish;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "access_token_lifetime",
                    wish->access_s ? wish->access_s : app->access_s);
    json_member_i64(&json, "refresh_token_lifetime",
                    wish->lifetime_s ? wish->lifetime_s : app->lifetime_s);
    json_object_end(&json);
}

/* ---- minting ---- */

enum err prelude_want_mint(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure)
{
    enum err err = expect_app(request, caller);
    if (err != ERR_OK)
        return err;
    if (!str_eq(app_setting(&caller->app, SETTING_PRELUDE_MODE), STR("dev")))
        return ERR_FORBIDDEN;
    wish->verb = VERB_SELF;
    return json_is_object(json_object_get(body_object(request), "claims"))
               ? ERR_OK
               : refuse(failure, "claims must be a JSON object");
}

/* At the end a day from now, or before that where the claims say so. */
static int64_t end_of(const struct request *request, const json_t *claims)
{
    const json_t *end = json_object_get(claims, "exp");
    int64_t most = request->now / SECOND_MS + TOKEN_MOST_S;
    return json_is_integer(end) && json_integer_value(end) < most ? json_integer_value(end) : most;
}

enum err prelude_mint(const struct request *request, const struct answer *answer,
                      struct claims *claims)
{
    const json_t *given = json_object_get(body_object(request), "claims");
    const json_t *issued = json_object_get(given, "iat");
    struct str issuer = body_text(given, "iss"), id = body_text(given, "jti");
    *claims = (struct claims){
        .issuer = issuer.len ? issuer : core_issuer_of(request->arena, answer->caller->app.id),
        .id = id.len ? id : request->id,
        .issued_s = json_is_integer(issued) ? json_integer_value(issued) : request->now / SECOND_MS,
        .expires_s = end_of(request, given),
        .more = body_dump(request, given),
    };
    return claims->more.ptr ? ERR_OK : ERR_MEMORY;
}

void prelude_show_minted(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    const json_t *given = json_object_get(body_object(request), "claims");
    struct json_out json = reply_json(reply);
    reply->status = 201;
    json_object_begin(&json);
    json_member_text(&json, "token", answer->minted);
    json_member_i64(&json, "expires_at", end_of(request, given));
    json_object_end(&json);
}
