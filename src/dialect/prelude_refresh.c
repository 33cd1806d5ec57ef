#include "dialect/prelude_refresh.h"

#include "base/clock.h"

/* Newer documents have the first name, which browsers take over TLS alone; older ones the second.
 */
static const struct str cookie_names[] = {STR("__Host-refresh_"), STR("__refresh_")};

/* Whether one of some cookies is to be renewed: the one that let in, or any where a header did. */
struct renewing {
    const struct caller *caller;
    bool there;
};

static void look_at_cookie(void *context, struct str value)
{
    struct renewing *renewing = context;
    const struct caller *caller = renewing->caller;
    if (value.len && (!caller->by_cookie || str_eq(value, caller->refresh_token)))
        renewing->there = true;
}

/* The beginning of its name; empty: there is none. */
static struct str find_cookie_name(const struct request *request, const struct caller *caller)
{
    struct renewing renewing = {.caller = caller};
    for (size_t i = 0; i < sizeof(cookie_names) / sizeof(*cookie_names); i++) {
        request_each_cookie_of(request, cookie_names[i], look_at_cookie, &renewing);
        if (renewing.there)
            return cookie_names[i];
    }
    return STR_NONE;
}

/* The URL as the client may have seen it: as configured, or by the host it has asked; behind what
 * ends TLS for it there is no telling the scheme, unless that is a trusted proxy. */
static void name_urls(const struct request *request, struct str *urls)
{
    const struct http_client *client = &request->client;
    static const char *const schemes[] = {"https", "http"};
    if (request->site->public_url.len)
        urls[0] = arena_printf(request->arena, "%.*s%.*s", STR_ARG(request->site->public_url),
                               STR_ARG(request->path));
    for (int i = 0; client->host.len && i < 2; i++)
        if (!client->scheme_told || str_eq(client->scheme, str_of(schemes[i])))
            urls[1 + i] =
                arena_printf(request->arena, "%s://%.*s%.*s%.*s", schemes[i], STR_ARG(client->host),
                             STR_ARG(request->site->prefix), STR_ARG(request->path));
}

/* A browser may still have cookies of apps that are gone, or of older names. */
void prelude_who_refresh(const struct request *request, struct credential *credential)
{
    credential_add(credential, request_header(request, "X-Refresh-Token"));
    if (credential->token_count == 0) {
        for (size_t i = 0; i < sizeof(cookie_names) / sizeof(*cookie_names); i++)
            request_each_cookie_of(request, cookie_names[i], credential_add, credential);
        credential->cookie_count = credential->token_count;
    }
    if (credential->token_count == 0)
        return;
    credential->kind = CREDENTIAL_REFRESH_TOKEN;
    credential->proof = request_header(request, "DPoP");
    credential->method = request->method;
    name_urls(request, credential->urls);
}

/* ---- refresh ---- */

enum err prelude_want_refresh(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_REFRESH;
    return ERR_OK;
}

enum err prelude_mint_refresh(const struct request *request, const struct answer *answer,
                              struct claims *claims)
{
    return core_claims(request->arena, &answer->caller->app, &answer->user, &answer->session,
                       request->now, answer->caller->app.access_s, claims);
}

static void set_cookie(const struct request *request, const struct answer *answer, struct str value,
                       int64_t life_s, struct reply *reply)
{
    struct str name = find_cookie_name(request, answer->caller);
    if (name.len == 0)
        return;
    reply_header(reply, "Set-Cookie",
                 arena_printf(request->arena,
                              "%.*s%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; Secure; "
                              "SameSite=Strict",
                              STR_ARG(name), STR_ARG(answer->caller->app.id), STR_ARG(value),
                              (long long)life_s));
}

static struct str instant_text(const struct request *request, int64_t instant)
{
    struct buf text = {0};
    instant_put_seconds(&text, instant);
    struct str copy = text.failed ? STR_NONE : arena_copy(request->arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

void prelude_show_refresh(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    int64_t left_s = (answer->session.expires - answer->now) / SECOND_MS;
    struct json_out json = reply_json(reply);
    reply_header(reply, "X-Refresh-Token", answer->refresh_token);
    reply_header(reply, "X-Refresh-Token-Expires-At",
                 instant_text(request, answer->session.expires));
    reply_header(reply, "DPoP-Nonce", answer->caller->nonce);
    set_cookie(request, answer, answer->refresh_token, left_s, reply);
    json_object_begin(&json);
    json_member_text(&json, "access_token", answer->minted);
    json_member_i64(&json, "expires_at", request->now / SECOND_MS + answer->caller->app.access_s);
    json_object_end(&json);
}

/* ---- logout ---- */

enum err prelude_want_logout(const struct request *request, const struct caller *caller,
                             struct wish *wish, struct failure *failure)
{
    (void)request, (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_SELF;
    wish->as = caller->spent ? ENDING_REVOKED : ENDING_LOGGED_OUT;
    return ERR_OK;
}

void prelude_show_logout(const struct request *request, const struct answer *answer,
                         struct reply *reply)
{
    prelude_show_nothing(request, answer, reply);
    reply_header(reply, "DPoP-Nonce", answer->caller->nonce);
    set_cookie(request, answer, STR(""), 0, reply);
}
