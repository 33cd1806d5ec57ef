#include "dialect/corbado_session.h"

#include "base/clock.h"
#include "dialect/body.h"
#include "dialect/corbado_query.h"

enum { ID_LENGTH = 30, MEMBERS_MOST = 4 };

/* ---- reading ---- */

/* What a body says, and what is wrong with it. */
struct reading {
    const json_t *body;
    struct violations *violations;
};

static enum err begin_reading(const struct request *request, struct reading *reading,
                              struct failure *failure)
{
    reading->body = body_object(request);
    reading->violations = violations_new(request->arena, MEMBERS_MOST);
    if (!reading->violations)
        return ERR_MEMORY;
    if (reading->body)
        return ERR_OK;
    failure->code = "invalid_json";
    failure->text = STR("the body must be a JSON object");
    return ERR_INVALID;
}

/* A text that must be there; its views are the body's. */
static struct str read_text(const struct reading *reading, const char *name)
{
    struct str text = body_text(reading->body, name);
    if (body_has(reading->body, name) && !text.ptr)
        violate(reading->violations, str_of(name), STR("must be a valid value"));
    else if (text.len == 0)
        violate(reading->violations, str_of(name), STR("cannot be blank"));
    else if (!str_is_printable(text))
        violate(reading->violations, str_of(name), STR("must be a valid value"));
    else if (text.len > TEXT_MAX)
        violate(reading->violations, str_of(name), STR("the length must be no more than 1024"));
    return text;
}

/* One of the words; its place among them, or -1. */
static int read_word(const struct reading *reading, const char *name, const char *const *words,
                     int count)
{
    size_t wrong = reading->violations->count;
    struct str text = read_text(reading, name);
    for (int i = 0; i < count; i++)
        if (str_eq(text, str_of(words[i])))
            return i;
    if (reading->violations->count == wrong)
        violate(reading->violations, str_of(name), STR("must be a valid value"));
    return -1;
}

static void read_app_type(const struct reading *reading)
{
    static const char *const types[] = {"empty", "web", "native"};
    (void)read_word(reading, "appType", types, sizeof(types) / sizeof(*types));
}

/* Its clients take "usr-" off or leave it on. */
static void name_user(const struct request *request, struct wish *wish)
{
    static const struct str prefix = STR("usr-");
    wish->scope = SCOPE_USER;
    wish->user = request->wilds[0];
    wish->user_too = str_starts(wish->user, prefix)
                         ? str_from(wish->user, prefix.len)
                         : arena_printf(request->arena, "usr-%.*s", STR_ARG(wish->user));
}

static void name_session(struct str id, struct wish *wish)
{
    wish->naming = NAMED_BY_ID;
    wish->vendor = VENDOR_CORBADO;
    wish->session = id;
}

static void name_session_of_user(const struct request *request, struct wish *wish)
{
    name_user(request, wish);
    name_session(request->wilds[1], wish);
}

/* ---- wishes ---- */

enum err corbado_want_revoke(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct violations *violations = violations_new(request->arena, 1);
    if (!violations)
        return ERR_MEMORY;
    if (request->wilds[0].len != ID_LENGTH)
        violate(violations, STR("sessionID"), STR("the length must be exactly 30"));
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->scope = SCOPE_APP;
    wish->as = ENDING_REVOKED;
    name_session(request->wilds[0], wish);
    return violations_end(violations, failure);
}

enum err corbado_want_create(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct reading reading;
    enum err err = begin_reading(request, &reading, failure);
    if (err != ERR_OK)
        return err;
    read_app_type(&reading);
    wish->verb = VERB_CREATE;
    wish->identifier = read_text(&reading, "identifierValue");
    wish->draft = arena_alloc(request->arena, sizeof(*wish->draft));
    name_user(request, wish);
    if (!str_is_printable(wish->user))
        violate(reading.violations, STR("userID"), STR("must be a valid value"));
    else if (wish->user.len > USER_ID_MAX)
        violate(reading.violations, STR("userID"), STR("the length must be no more than 128"));
    if (!wish->draft)
        return ERR_MEMORY;
    session_draft_begin(wish->draft);
    return violations_end(reading.violations, failure);
}

enum err corbado_want_get(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller, (void)failure;
    wish->verb = VERB_GET;
    wish->scope = SCOPE_APP;
    name_session(request->wilds[0], wish);
    return ERR_OK;
}

enum err corbado_want_get_of_user(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure)
{
    (void)caller, (void)failure;
    wish->verb = VERB_GET;
    name_session_of_user(request, wish);
    return ERR_OK;
}

/* An active session can be ended in the ways there are; nothing makes one of another state. */
enum err corbado_want_status(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct reading reading;
    enum err err = begin_reading(request, &reading, failure);
    if (err != ERR_OK)
        return err;
    int status = read_word(&reading, "status", status_names, STATUS_COUNT);
    if (status < 0)
        return violations_end(reading.violations, failure);
    name_session_of_user(request, wish);
    wish->target = TARGET_ONE;
    wish->statuses = 1U << status;
    wish->verb = VERB_GET;
    if (status == STATUS_EXPIRED) {
        wish->verb = VERB_TOUCH;
        wish->moves_end = true;
        wish->quietly = true;
        wish->statuses |= 1U << STATUS_ACTIVE;
    } else if (status == STATUS_REVOKED || status == STATUS_LOGGED_OUT) {
        wish->verb = VERB_END;
        wish->as = status == STATUS_REVOKED ? ENDING_REVOKED : ENDING_LOGGED_OUT;
        wish->statuses |= 1U << STATUS_ACTIVE;
    }
    return ERR_OK;
}

enum err corbado_want_short(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct reading reading;
    enum err err = begin_reading(request, &reading, failure);
    if (err != ERR_OK)
        return err;
    read_app_type(&reading);
    (void)read_text(&reading, "issuer");
    name_session_of_user(request, wish);
    wish->verb = VERB_TOUCH;
    wish->statuses = 1U << STATUS_ACTIVE;
    return violations_end(reading.violations, failure);
}

/* ---- answers ---- */

/* "2025-07-17T08:24:00": without a zone, meaning UTC. */
static void member_second(struct json_out *json, const char *key, int64_t instant)
{
    enum { LENGTH = 19 };
    struct buf text = {0};
    instant_put_seconds(&text, instant);
    json_member_text(json, key, (struct str){text.ptr, text.failed ? 0 : LENGTH});
    buf_free(&text);
}

void corbado_show_long(const struct request *request, const struct answer *answer,
                       struct reply *reply)
{
    (void)request;
    struct spelling id;
    struct json_out json = reply_json(reply);
    session_spell(&answer->session, VENDOR_CORBADO, &id);
    json_object_begin(&json);
    json_member_text(&json, "longSessionID", spelling_view(&id));
    json_member_text(&json, "userID", answer->user.texts[USER_ID]);
    json_member_text(&json, "identifierValue", answer->user.texts[USER_IDENTIFIER]);
    json_member_text(&json, "status", str_of(status_names[answer->status]));
    member_second(&json, "expires", answer->session.expires);
    json_object_end(&json);
}

void corbado_show_short(const struct request *request, const struct answer *answer,
                        struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_text(&json, "value", answer->minted);
    json_object_end(&json);
}

/* ---- the short session ---- */

static struct str email_of(const struct user *user)
{
    struct str identifier = user->texts[USER_IDENTIFIER];
    return identifier.len && memchr(identifier.ptr, '@', identifier.len) ? identifier : STR("");
}

static struct str phone_of(const struct user *user)
{
    struct str identifier = user->texts[USER_IDENTIFIER];
    return identifier.len && identifier.ptr[0] == '+' ? identifier : STR("");
}

static struct str more_claims(const struct request *request, const struct user *user)
{
    struct buf text = {0};
    struct json_out json = json_begin(&text);
    json_object_begin(&json);
    json_member_text(&json, "name", user->texts[USER_NAME]);
    json_member_i64(&json, "nbf", request->now / SECOND_MS);
    json_member_i64(&json, "version", 2);
    json_member_text(&json, "email", email_of(user));
    json_member_text(&json, "phone_number", phone_of(user));
    json_member_text(&json, "orig", user->texts[USER_IDENTIFIER]);
    json_object_end(&json);
    struct str copy = text.failed ? STR_NONE : arena_copy(request->arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

/* The issuer is the one the caller names: a page's own, which its verifier looks for. */
enum err corbado_mint_short(const struct request *request, const struct answer *answer,
                            struct claims *claims)
{
    const json_t *body = body_object(request);
    enum err err =
        core_claims(request->arena, &answer->caller->app, &answer->user, &answer->session,
                    request->now, answer->caller->app.access_s, claims);
    claims->issuer = body_text(body, "issuer");
    claims->audience = STR_NONE;
    claims->more = more_claims(request, &answer->user);
    return err == ERR_OK && !claims->more.ptr ? ERR_MEMORY : err;
}
