#include "base/clock.h"
#include "dialect/body.h"
#include "dialect/native.h"
#include "model/interchange.h"

/* ---- which sessions ---- */

static void name_session(const struct request *request, struct wish *wish)
{
    wish->scope = SCOPE_APP;
    wish->naming = NAMED_BY_ID;
    wish->session = request->wilds[0];
}

/* Bounds may be others on the next page, and so may the limit: a place is a place among all. */
static enum err read_after(const struct request *request, struct wish *wish,
                           struct failure *failure)
{
    const struct param *after = request_param(request, "after");
    wish->pages_of = "rollcall sessions";
    if (!after)
        return ERR_OK;
    wish->after = after->value;
    return after->value.len ? ERR_OK : native_refuse(failure, "after", native_no_page);
}

/* What a list may be narrowed by: one status, and bounds of instants. */
static const struct bound {
    const char *name;
    enum field field;
    bool from; /* that instant or later; else before it */
} bounds[] = {
    {"created_from", FIELD_CREATED, true},         {"created_before", FIELD_CREATED, false},
    {"last_active_from", FIELD_LAST_ACTIVE, true}, {"last_active_before", FIELD_LAST_ACTIVE, false},
    {"expires_from", FIELD_EXPIRES, true},         {"expires_before", FIELD_EXPIRES, false},
};
enum { BOUNDS = sizeof(bounds) / sizeof(*bounds), CONDITIONS_MOST = BOUNDS + 1 };

/* Conditions as they are gathered from parameters or from a body. */
struct narrowing {
    struct condition *conditions;
    size_t count;
    struct failure *failure;
};

static bool begin_narrowing(const struct request *request, struct narrowing *narrowing,
                            struct failure *failure)
{
    narrowing->conditions =
        arena_array(request->arena, CONDITIONS_MOST, sizeof(*narrowing->conditions));
    narrowing->count = 0;
    narrowing->failure = failure;
    return narrowing->conditions != NULL;
}

static enum err add_bound(struct narrowing *narrowing, const struct bound *bound, struct str text)
{
    int64_t instant;
    if (!instant_parse(text, INSTANT_LOOSE, &instant, NULL))
        return native_refuse(narrowing->failure, bound->name, "must be an RFC 3339 instant");
    narrowing->conditions[narrowing->count++] =
        (struct condition){.field = bound->field,
                           .low = bound->from ? instant : INT64_MIN,
                           .high = bound->from ? INT64_MAX : instant - 1};
    return ERR_OK;
}

static enum err add_status(struct narrowing *narrowing, struct str text)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        if (str_eq(text, str_of(status_names[i]))) {
            narrowing->conditions[narrowing->count++] =
                (struct condition){.field = FIELD_STATUS, .low = i, .high = i};
            return ERR_OK;
        }
    return native_refuse(narrowing->failure, "status",
                         "must be active, expired, inactivity_reached, logged_out or revoked");
}

static enum err read_list(const struct request *request, struct wish *wish, struct failure *failure)
{
    struct narrowing narrowing;
    const struct param *status = request_param(request, "status");
    wish->query = (struct query){.vendor = VENDOR_KRATOS}; /* its spelling is the UUID itself */
    wish->current = request_header(request, "X-Session-Token");
    if (!begin_narrowing(request, &narrowing, failure))
        return ERR_MEMORY;
    enum err err = status ? add_status(&narrowing, status->value) : ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < BOUNDS; i++) {
        const struct param *param = request_param(request, bounds[i].name);
        err = param ? add_bound(&narrowing, &bounds[i], param->value) : ERR_OK;
    }
    wish->query.conditions = narrowing.conditions;
    wish->query.condition_count = narrowing.count;
    if (err == ERR_OK)
        err = read_after(request, wish, failure);
    return err == ERR_OK ? native_read_limit(request, wish, failure) : err;
}

enum err native_want_list(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    const struct param *user = request_param(request, "user");
    wish->scope = user ? SCOPE_USER : SCOPE_APP;
    wish->user = user ? user->value : STR_NONE;
    return read_list(request, wish, failure);
}

enum err native_want_list_of_user(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure)
{
    (void)caller;
    wish->scope = SCOPE_USER;
    wish->user = request->wilds[0];
    return read_list(request, wish, failure);
}

/* ---- one session ---- */

enum err native_want_get(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)caller, (void)failure;
    wish->verb = VERB_GET;
    wish->current = request_header(request, "X-Session-Token");
    name_session(request, wish);
    return ERR_OK;
}

static enum err read_ending(struct str word, struct wish *wish, struct failure *failure)
{
    wish->as = ENDING_REVOKED;
    if (str_eq(word, STR("logged_out")))
        wish->as = ENDING_LOGGED_OUT;
    else if (word.len && !str_eq(word, STR("revoked")))
        return native_refuse(failure, "as", "must be revoked or logged_out");
    return ERR_OK;
}

enum err native_want_end(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)caller;
    const struct param *as = request_param(request, "as");
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    name_session(request, wish);
    return read_ending(as ? as->value : STR_NONE, wish, failure);
}

/* Only what is active can be used, or be given more time. */
enum err native_want_touch(const struct request *request, const struct caller *caller,
                           struct wish *wish, struct failure *failure)
{
    (void)caller, (void)failure;
    wish->verb = VERB_TOUCH;
    wish->statuses = 1U << STATUS_ACTIVE;
    name_session(request, wish);
    return ERR_OK;
}

enum err native_want_extend(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    const json_t *body = request->body.len ? body_object(request) : NULL;
    const json_t *life = json_object_get(body, "expires_in_s");
    if (request->body.len && !body)
        return native_refuse(failure, "", "the body must be a JSON object");
    wish->life_ms = caller->app.lifetime_s * SECOND_MS;
    if (life) {
        json_int_t seconds = json_integer_value(life); /* 0 for what is no integer */
        if (seconds < 1 || seconds > PERIOD_MAX_S)
            return native_refuse(failure, "expires_in_s",
                                 "must be an integer from 1 to 3155760000");
        wish->life_ms = seconds * SECOND_MS;
    }
    wish->verb = VERB_TOUCH;
    wish->moves_end = true;
    wish->quietly = true;
    wish->statuses = 1U << STATUS_ACTIVE;
    name_session(request, wish);
    return ERR_OK;
}

/* ---- many sessions ---- */

static enum err read_narrowing(const struct request *request, const json_t *body, struct wish *wish,
                               struct failure *failure)
{
    struct narrowing narrowing;
    if (!begin_narrowing(request, &narrowing, failure))
        return ERR_MEMORY;
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < BOUNDS; i++)
        if (body_has(body, bounds[i].name))
            err = add_bound(&narrowing, &bounds[i], body_text(body, bounds[i].name));
    wish->query.conditions = narrowing.conditions;
    wish->query.condition_count = narrowing.count;
    return err;
}

static enum err read_except(const struct request *request, const json_t *body, struct wish *wish,
                            struct failure *failure)
{
    struct uuid *except = arena_alloc(request->arena, sizeof(*except));
    if (!body_has(body, "except"))
        return ERR_OK;
    if (!except)
        return ERR_MEMORY;
    if (!uuid_parse_text(body_text(body, "except"), except))
        return native_refuse(failure, "except", "must be a session's UUID");
    wish->query.without = except;
    return ERR_OK;
}

static bool is_revoke_member(const char *name)
{
    static const char *const names[] = {"user", "except", "all", "dry_run", "as"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    for (size_t i = 0; i < BOUNDS; i++)
        if (strcmp(name, bounds[i].name) == 0)
            return true;
    return false;
}

/* A member nobody knows may have been meant to narrow it down: nothing is ended then. */
static enum err check_members(const struct request *request, const json_t *body,
                              struct failure *failure)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)body, name, value)
    {
        if (is_revoke_member(name))
            continue;
        failure->field = arena_copy(request->arena, str_of(name));
        failure->text = STR("is not known here");
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* A member that is true or false; one that is meant to be and is not must not count as the other.
 */
static enum err read_flag(const json_t *body, const char *name, bool *flag, struct failure *failure)
{
    const json_t *member = json_object_get(body, name);
    *flag = json_is_true(member);
    return !member || json_is_boolean(member)
               ? ERR_OK
               : native_refuse(failure, name, "must be true or false");
}

static enum err read_as(const json_t *body, struct wish *wish, struct failure *failure)
{
    if (body_has(body, "as") && !body_text(body, "as").ptr)
        return native_refuse(failure, "as", "must be revoked or logged_out");
    return read_ending(body_text(body, "as"), wish, failure);
}

/* Whose sessions: a user's; or those of the app, if that was said, or narrowed down. */
static enum err read_whose(const json_t *body, struct wish *wish, struct failure *failure)
{
    bool all = false;
    enum err err = read_flag(body, "all", &all, failure);
    if (err != ERR_OK)
        return err;
    wish->scope = body_has(body, "user") ? SCOPE_USER : SCOPE_APP;
    wish->user = body_text(body, "user");
    if (wish->scope == SCOPE_USER && wish->user.len == 0)
        return native_refuse(failure, "user", "must be a user's id");
    if (wish->scope == SCOPE_APP && !all && wish->query.condition_count == 0)
        return native_refuse(failure, "user", "or a bound, or \"all\": true is required");
    return ERR_OK;
}

enum err native_want_revoke(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    const json_t *body = body_object(request);
    if (!body)
        return native_refuse(failure, "", "the body must be a JSON object");
    bool dry = false;
    enum err err = read_flag(body, "dry_run", &dry, failure);
    wish->verb = dry ? VERB_LIST : VERB_END;
    wish->target = TARGET_FOUND;
    wish->query =
        (struct query){.vendor = VENDOR_KRATOS, .active_only = true, .limit = NATIVE_LIMIT_MAX};
    if (err == ERR_OK)
        err = check_members(request, body, failure);
    if (err == ERR_OK)
        err = read_narrowing(request, body, wish, failure);
    if (err == ERR_OK)
        err = read_except(request, body, wish, failure);
    if (err == ERR_OK)
        err = read_as(body, wish, failure);
    return err == ERR_OK ? read_whose(body, wish, failure) : err;
}

/* ---- creating ---- */

static enum err say_fault(const struct record_fault *fault, struct failure *failure)
{
    failure->field = fault->field;
    failure->text = fault->expected;
    return ERR_INVALID;
}

static void fill(struct session_draft *draft, enum session_text text, struct str value)
{
    if (draft->texts[text].len == 0)
        draft->texts[text] = value;
}

/* Whose request it is that login code hands on: it has to be one that the site trusts to say so, or
 * else the address would be login code's own. */
static enum err take_client(const struct request *request, struct session_draft *draft,
                            struct failure *failure)
{
    const struct http_client *client = &request->client;
    struct str user_agent = request_header(request, "User-Agent");
    if (!client->address_told)
        return native_refuse(failure, "forwarded",
                             "is for requests that a trusted proxy forwards (trusted_proxies)");
    fill(draft, TEXT_IP, client->address);
    if (client->host_told && client->host.len <= TEXT_MAX)
        fill(draft, TEXT_HOST, client->host);
    if (user_agent.len <= TEXT_MAX && str_is_utf8(user_agent) && str_is_printable(user_agent))
        fill(draft, TEXT_USER_AGENT, user_agent);
    return ERR_OK;
}

enum err native_want_create(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct record_fault fault;
    struct record *record = arena_alloc(request->arena, sizeof(*record));
    if (!record)
        return ERR_MEMORY;
    enum err err = record_read_new_session(request->arena, request->body, record, &fault);
    if (err != ERR_OK)
        return err == ERR_INVALID ? say_fault(&fault, failure) : err;
    if (record->forwarded && take_client(request, &record->draft, failure) != ERR_OK)
        return ERR_INVALID;
    if (record->expires_in_s)
        record->draft.expires = instant_later(request->now, record->expires_in_s * SECOND_MS);
    wish->verb = VERB_CREATE;
    wish->user = record->user_id;
    wish->identifier = record->identifier;
    wish->draft = &record->draft;
    wish->with_token = !record->draft.has_token;
    wish->with_refresh = true;
    return ERR_OK;
}

enum err native_mint_access(const struct request *request, const struct answer *answer,
                            struct claims *claims)
{
    if (answer->status != STATUS_ACTIVE)
        return ERR_OK;
    return core_claims(request->arena, &answer->caller->app, &answer->user, &answer->session,
                       request->now, answer->caller->app.access_s, claims);
}

/* ---- answers ---- */

static void show_spellings(const struct session *session, struct json_out *json)
{
    json_key(json, "spelled");
    json_object_begin(json);
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct spelling spelling;
        session_spell(session, (enum vendor)vendor, &spelling);
        json_member_text(json, vendor_name(vendor), spelling_view(&spelling));
    }
    json_object_end(json);
}

void native_show_session(const struct answer *answer, const struct session *session,
                         const struct user *user, enum status status, struct json_out *json)
{
    const struct app *app = &answer->caller->app;
    const struct uuid *current = &answer->current;
    record_begin_session(json, session, app->id, user->texts[USER_ID]);
    json_member_text(json, "status", str_of(status_names[status]));
    if (app->idle_s) {
        json_key(json, "idle_expires_at");
        json_instant_millis(json, session->last_active + app->idle_s * SECOND_MS);
    }
    json_member_bool(json, "current",
                     answer->has_current &&
                         memcmp(current->bytes, session->id.bytes, sizeof(current->bytes)) == 0);
    show_spellings(session, json);
    json_object_end(json);
}

static void show_page(const struct answer *answer, struct json_out *json)
{
    json_key(json, "sessions");
    json_array_begin(json);
    for (size_t i = 0; i < answer->page.count; i++) {
        const struct found *found = &answer->page.items[i];
        native_show_session(answer, &found->session, &found->user, found->status, json);
    }
    json_array_end(json);
}

/* The total is said once, on the first page. */
void native_show_list(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    show_page(answer, &json);
    if (!answer->wish.query.after)
        json_member_i64(&json, "total", (int64_t)answer->page.total);
    if (answer->next.len)
        json_member_text(&json, "next", answer->next);
    json_object_end(&json);
}

void native_show_one(const struct request *request, const struct answer *answer,
                     struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    native_show_session(answer, &answer->session, &answer->user, answer->status, &json);
}

void native_show_revoked(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    (void)request;
    bool dry = answer->wish.verb == VERB_LIST;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_member_bool(&json, "dry_run", dry);
    json_member_i64(&json, "matched", (int64_t)answer->page.total);
    json_member_i64(&json, "revoked", dry ? 0 : (int64_t)answer->outcome.changed);
    json_member_bool(&json, "more", answer->page.total > answer->page.count);
    show_page(answer, &json);
    json_object_end(&json);
}

/* The first of the site's cookies that has a whole name. */
static struct str cookie_name(const struct site *site)
{
    for (size_t i = 0; i < site->cookie_name_count; i++) {
        struct str name = site->cookie_names[i];
        if (name.len && name.ptr[name.len - 1] != '*')
            return name;
    }
    return STR("ory_kratos_session");
}

/* What each vendor's client is to be given, so that it is signed in. */
static void show_credentials(const struct request *request, const struct answer *answer,
                             struct json_out *json)
{
    struct str token = answer->token, cookie = cookie_name(request->site);
    int64_t left_s = (answer->session.expires - answer->now) / SECOND_MS;
    json_key(json, "credentials");
    json_object_begin(json);
    if (token.len) {
        json_member_text(json, "token", token);
        json_member_text(
            json, "set_cookie",
            arena_printf(request->arena,
                         "%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; Secure; SameSite=Lax",
                         STR_ARG(cookie), STR_ARG(token), (long long)left_s));
    }
    json_member_text(json, "refresh_token", answer->refresh_token);
    if (answer->minted.len) {
        json_member_text(json, "access_token", answer->minted);
        json_member_i64(json, "access_token_expires_in_s", answer->caller->app.access_s);
    }
    json_object_end(json);
}

void native_show_created(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    struct json_out json = reply_json(reply);
    reply->status = 201;
    json_object_begin(&json);
    json_key(&json, "session");
    native_show_session(answer, &answer->session, &answer->user, answer->status, &json);
    show_credentials(request, answer, &json);
    json_object_end(&json);
}
