#include "dialect/kratos_admin.h"

#include "base/clock.h"
#include "dialect/body.h"
#include "dialect/kratos_id.h"
#include "dialect/kratos_keyset.h"
#include "dialect/kratos_page.h"

enum { IDS_MOST = 500, WILDCARD_MOST = 5000 };

void kratos_who_admin(const struct request *request, struct credential *credential)
{
    struct str key;
    if (!request_authorization(request, "Bearer", &key))
        key = request_header(request, "Authorization");
    if (key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = KEY_ADMIN;
    credential->tokens[credential->token_count++] = key;
}

/* ---- all sessions ---- */

/* The words that Go's ParseBool takes. */
static bool read_bool(struct str text, bool *value)
{
    static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    enum { COUNT = sizeof(words) / sizeof(*words) };
    for (size_t i = 0; i < COUNT; i++)
        if (str_eq(text, str_of(words[i]))) {
            *value = i < COUNT / 2;
            return true;
        }
    return false;
}

static enum err read_active(const struct request *request, struct query *query,
                            struct failure *failure)
{
    static const struct condition inactive = {
        .field = FIELD_STATUS, .low = STATUS_ACTIVE + 1, .high = STATUS_COUNT - 1};
    struct str text = kratos_param(request, "active");
    bool active = true;
    if (text.len == 0)
        return ERR_OK;
    if (!read_bool(text, &active))
        return kratos_refuse(failure, STR("could not parse parameter active"));
    query->active_only = active;
    if (!active) {
        query->conditions = &inactive;
        query->condition_count = 1;
    }
    return ERR_OK;
}

/* What the expand parameters ask for. */
struct expansion {
    bool identity, devices;
};

static enum err read_expand(const struct request *request, struct expansion *expansion,
                            struct failure *failure)
{
    *expansion = (struct expansion){.identity = false};
    for (size_t i = 0; i < request->param_count; i++) {
        struct str value = request->params[i].value;
        if (!str_eq(request->params[i].name, STR("expand")))
            continue;
        if (str_eq_nocase(value, STR("identity"))) {
            expansion->identity = true;
        } else if (str_eq_nocase(value, STR("devices"))) {
            expansion->devices = true;
        } else {
            failure->text =
                arena_printf(request->arena, "Could not parse expand option: %.*s", STR_ARG(value));
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

static struct expansion expansion_of(const struct request *request)
{
    struct failure unsaid = {.err = ERR_OK};
    struct expansion expansion;
    (void)!read_expand(request, &expansion, &unsaid);
    return expansion;
}

enum err kratos_want_all(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct expansion expansion;
    wish->scope = SCOPE_APP;
    wish->query = (struct query){.vendor = VENDOR_KRATOS};
    wish->pages_of = "kratos sessions";
    wish->after = kratos_keyset_after(request);
    enum err err = read_active(request, &wish->query, failure);
    if (err == ERR_OK)
        err = kratos_keyset_size(request, &wish->query.limit, failure);
    return err == ERR_OK ? read_expand(request, &expansion, failure) : err;
}

void kratos_show_all(const struct request *request, const struct answer *answer,
                     struct reply *reply)
{
    struct expansion expansion = expansion_of(request);
    struct kratos_view view = {.identity = expansion.identity,
                               .detail = KRATOS_SCHEMA_URL | KRATOS_METADATA_ADMIN,
                               .devices = expansion.devices ? KRATOS_DEVICES : KRATOS_DEVICES_NULL};
    const struct page *page = &answer->page;
    struct json_out json = kratos_begin_json(reply);
    reply_header(reply, "Link",
                 kratos_keyset_link(request, answer->wish.query.limit, answer->next));
    json_array_begin(&json);
    for (size_t i = 0; i < page->count; i++)
        kratos_show_session(request, &page->items[i].session, page->items[i].status,
                            &page->items[i].user, &view, &json);
    json_array_end(&json);
    kratos_end_json(reply);
}

/* ---- one session ---- */

/* The session that the path names, whosever it is. */
static enum err name_session(const struct request *request, struct wish *wish,
                             struct failure *failure)
{
    wish->scope = SCOPE_APP;
    wish->vendor = VENDOR_KRATOS;
    return kratos_id_read(request->arena, request->wilds[0], &wish->session, failure);
}

enum err kratos_want_one(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct expansion expansion;
    wish->verb = VERB_GET;
    enum err err = read_expand(request, &expansion, failure);
    return err == ERR_OK ? name_session(request, wish, failure) : err;
}

void kratos_show_one(const struct request *request, const struct answer *answer,
                     struct reply *reply)
{
    struct expansion expansion = expansion_of(request);
    struct kratos_view view = {
        .identity = expansion.identity,
        .detail = KRATOS_SCHEMA_URL | KRATOS_ADDRESSES | KRATOS_METADATA_ADMIN,
        .devices = expansion.devices ? KRATOS_DEVICES : KRATOS_DEVICES_EMPTY};
    struct json_out json = kratos_begin_json(reply);
    kratos_show_session(request, &answer->session, answer->status, &answer->user, &view, &json);
    kratos_end_json(reply);
}

enum err kratos_want_end(const struct request *request, const struct caller *caller,
                         struct wish *wish, struct failure *failure)
{
    (void)caller;
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->as = ENDING_REVOKED;
    return name_session(request, wish, failure);
}

/* A session that is over stays so, where Kratos itself would bring one back that has expired. */
enum err kratos_want_extend(const struct request *request, const struct caller *caller,
                            struct wish *wish, struct failure *failure)
{
    wish->verb = VERB_TOUCH;
    wish->moves_end = true;
    wish->only_later = true;
    wish->quietly = true;
    wish->life_ms = caller->app.lifetime_s * SECOND_MS;
    return name_session(request, wish, failure);
}

/* ---- many sessions ---- */

static enum err refuse_bulk(const struct request *request, struct failure *failure,
                            const char *field, const char *why)
{
    failure->text = arena_printf(request->arena, "Could not parse '%s' field: %s", field, why);
    return ERR_INVALID;
}

static bool is_wildcard(const json_t *id)
{
    return json_is_string(id) && strcmp(json_string_value(id), "*") == 0;
}

static enum err read_id(const struct request *request, const char *field, const json_t *id,
                        struct str *out, struct failure *failure)
{
    struct str text = {json_string_value(id), json_string_length(id)};
    struct failure why = {.err = ERR_OK};
    if (is_wildcard(id))
        return refuse_bulk(request, failure, field,
                           strcmp(field, "sessions") == 0
                               ? "the wildcard '*' is not accepted here"
                               : "the wildcard '*' must be the only element");
    if (!json_is_string(id))
        return refuse_bulk(request, failure, field, "an ID must be a string");
    enum err err = kratos_id_read(request->arena, text, out, &why);
    return err == ERR_INVALID ? refuse_bulk(request, failure, field, why.text.ptr) : err;
}

static enum err read_ids(const struct request *request, const char *field, const json_t *ids,
                         struct wish *wish, struct failure *failure)
{
    size_t count = json_array_size(ids);
    struct str *names = arena_array(request->arena, count, sizeof(*names));
    enum err err = names ? ERR_OK : ERR_MEMORY;
    if (count > IDS_MOST)
        return refuse_bulk(request, failure, field, "at most 500 IDs may be provided per call");
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = read_id(request, field, json_array_get(ids, i), &names[i], failure);
    wish->names = names;
    wish->name_count = count;
    return err;
}

static bool read_action(const json_t *body, enum ending *as)
{
    struct str action = body_text(body, "action");
    *as = str_eq(action, STR("disable")) ? ENDING_REVOKED : ENDING_NONE;
    return *as == ENDING_REVOKED || str_eq(action, STR("delete"));
}

static enum err read_whom(const struct request *request, const json_t *body, struct wish *wish,
                          struct failure *failure)
{
    const json_t *identities = json_object_get(body, "identities");
    const json_t *sessions = json_object_get(body, "sessions");
    bool of_identities = json_array_size(identities) > 0, by_id = json_array_size(sessions) > 0;
    wish->scope = SCOPE_APP;
    wish->vendor = VENDOR_KRATOS;
    if (of_identities == by_id) {
        failure->text = STR("Exactly one of 'identities' or 'sessions' must be a non-empty array.");
        return ERR_INVALID;
    }
    if (json_array_size(identities) == 1 && is_wildcard(json_array_get(identities, 0))) {
        wish->target = TARGET_EVERYBODY;
        wish->most = WILDCARD_MOST;
        return ERR_OK;
    }
    wish->target = by_id ? TARGET_LISTED : TARGET_HOLDERS;
    return read_ids(request, by_id ? "sessions" : "identities", by_id ? sessions : identities, wish,
                    failure);
}

/* The body is read whatever it says of its type. */
enum err kratos_want_bulk(const struct request *request, const struct caller *caller,
                          struct wish *wish, struct failure *failure)
{
    (void)caller;
    const json_t *body = body_object(request);
    wish->verb = VERB_END;
    if (!body) {
        failure->text = STR("Unable to decode the request body as a JSON object.");
        return ERR_INVALID;
    }
    if (!read_action(body, &wish->as)) {
        failure->text = STR("The 'action' field must be one of 'disable' or 'delete'.");
        return ERR_INVALID;
    }
    return read_whom(request, body, wish, failure);
}

void kratos_show_bulk(const struct request *request, const struct answer *answer,
                      struct reply *reply)
{
    (void)request;
    uint64_t processed = answer->outcome.changed;
    struct json_out json = kratos_begin_json(reply);
    json_object_begin(&json);
    json_member_i64(&json, "processed", (int64_t)processed);
    json_member_bool(&json, "more",
                     answer->wish.target == TARGET_EVERYBODY && processed == WILDCARD_MOST);
    json_object_end(&json);
    kratos_end_json(reply);
}

/* ---- the sessions of an identity ---- */

enum err kratos_want_of_identity(const struct request *request, const struct caller *caller,
                                 struct wish *wish, struct failure *failure)
{
    (void)caller;
    struct kratos_page page = kratos_page_read(request);
    wish->scope = SCOPE_USER;
    wish->query =
        (struct query){.vendor = VENDOR_KRATOS, .offset = page.offset, .limit = page.size};
    enum err err = read_active(request, &wish->query, failure);
    return err == ERR_OK ? kratos_id_read(request->arena, request->wilds[0], &wish->user, failure)
                         : err;
}

void kratos_show_of_identity(const struct request *request, const struct answer *answer,
                             struct reply *reply)
{
    static const struct kratos_view view = {
        .identity = true, .detail = KRATOS_METADATA_ADMIN, .devices = KRATOS_DEVICES};
    kratos_show_page(request, answer, &view, reply);
}

enum err kratos_want_end_of_identity(const struct request *request, const struct caller *caller,
                                     struct wish *wish, struct failure *failure)
{
    (void)caller;
    wish->verb = VERB_END;
    wish->target = TARGET_ALL;
    wish->as = ENDING_NONE;
    wish->scope = SCOPE_USER;
    wish->some_must_be = true;
    return kratos_id_read(request->arena, request->wilds[0], &wish->user, failure);
}

/* ---- what belongs to the other side ---- */

enum err kratos_want_redirect(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_SELF;
    return ERR_OK;
}

/* Kratos' public routes lie beside its administrative ones, under /admin. */
void kratos_show_redirect(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)answer;
    static const struct str admin = STR("/admin");
    struct str told = request_base(request), base = told.len ? told : request->site->prefix;
    bool is_admin = str_starts(request->path, admin);
    struct str path = is_admin ? str_from(request->path, admin.len) : request->path;
    const char *question = request->query.len ? "?" : "";
    reply->status = 307;
    reply_header(reply, "Location",
                 arena_printf(request->arena, "%.*s%s%.*s%s%.*s", STR_ARG(base),
                              is_admin ? "" : "/admin", STR_ARG(path), question,
                              STR_ARG(request->query)));
}
