#include "dialect/prelude_refresh.h"

#include "base/clock.h"

/* Newer documents have the first name, which browsers take over TLS alone; older ones the second.
 */
static const struct str cookie_names[] = {STR("__Host-refresh_"), STR("__refresh_")};

static void note_cookie(void *context, struct str value)
{
    bool *there = context;
    *there = *there || value.len;
}

static bool has_cookie(const struct request *request, struct str prefix)
{
    bool there = false;
    request_each_cookie_of(request, prefix, note_cookie, &there);
    return there;
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

/* A browser may still have cookies of apps that are gone: the first that means something counts. */
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
    bool host = has_cookie(request, cookie_names[0]);
    if (!host && !has_cookie(request, cookie_names[1]))
        return;
    reply_header(reply, "Set-Cookie",
                 arena_printf(request->arena,
                              "%.*s%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; Secure; "
                              "SameSite=Strict",
                              STR_ARG(cookie_names[host ? 0 : 1]), STR_ARG(answer->caller->app.id),
                              STR_ARG(value), (long long)life_s));
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
