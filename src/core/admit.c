#include <stdlib.h>

#include "base/clock.h"
#include "core/core.h"
#include "core/possession.h"
#include "core/verified.h"
#include "model/jwt.h"
#include "model/refresh.h"
#include "model/secret.h"

struct core {
    struct verified_tokens *verified;
};

struct core *core_new(void)
{
    struct core *core = calloc(1, sizeof(*core));
    if (!core)
        return NULL;
    core->verified = verified_new();
    if (core->verified)
        return core;
    free(core);
    return NULL;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    verified_free(core->verified);
    free(core);
}

/* A request: what every way of being let in needs. */
struct admission {
    struct core *core;
    struct snapshot *snapshot;
    struct arena *arena;
    const struct credential *credential;
    int64_t now;
    struct caller *caller;
};

/* Not being there is no reason a caller may tell from any other. */
static enum err unknown_is_unauthorized(enum err err)
{
    return err == ERR_NOT_FOUND ? ERR_UNAUTHORIZED : err;
}

static bool is_alive(const struct admission *admission)
{
    const struct caller *caller = admission->caller;
    int64_t idle_ms = caller->app.idle_s * SECOND_MS;
    return session_status(&caller->session, idle_ms, admission->now) == STATUS_ACTIVE;
}

/* Lets in the holder of caller->session, as long as that is active and the user is. */
static enum err admit_session(const struct admission *admission)
{
    struct caller *caller = admission->caller;
    enum err err = store_app(admission->snapshot, caller->session.app, &caller->app);
    if (err == ERR_OK)
        err = store_user(admission->snapshot, caller->session.app, caller->session.user,
                         &caller->user);
    if (err != ERR_OK)
        return unknown_is_unauthorized(err);
    caller->has_session = caller->known = true;
    return is_alive(admission) && caller->user.active ? ERR_OK : ERR_UNAUTHORIZED;
}

/* The first token that is known counts. Where none is, it is gone about the session next to the
 * last one as if it were: that takes as long as a session that is over, and nothing comes of it. */
static enum err admit_tokens(const struct admission *admission)
{
    const struct credential *credential = admission->credential;
    struct caller *caller = admission->caller;
    const struct caller nobody = *caller;
    uint8_t hash[HASH_BYTES];
    bool known = false;
    enum err err = ERR_NOT_FOUND;
    for (size_t i = 0; i < credential->token_count && !known; i++) {
        secret_hash(credential->tokens[i], hash);
        err = store_session_near_token(admission->snapshot, hash, &caller->session, &known);
        caller->by_cookie = i < credential->cookie_count;
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
    }
    enum err admitted = err == ERR_OK ? admit_session(admission) : ERR_UNAUTHORIZED;
    if (known)
        return admitted;
    *caller = nobody;
    return ERR_UNAUTHORIZED;
}

static enum err admit_user_token(const struct admission *admission)
{
    enum err err = admit_tokens(admission);
    if (err != ERR_OK)
        return err;
    bool same = str_eq(admission->caller->user.texts[USER_ID], admission->credential->user);
    admission->caller->known = same;
    return same ? ERR_OK : ERR_UNAUTHORIZED;
}

/* A key that is not known takes as long as one of another account. */
static enum err admit_app_key(const struct admission *admission)
{
    const struct credential *credential = admission->credential;
    struct caller *caller = admission->caller;
    const struct caller nobody = *caller;
    struct app_key key = {.use = credential->use};
    bool known;
    secret_hash(credential->tokens[0], key.hash);
    enum err err = store_app_near_key(admission->snapshot, &key, &caller->app, &known);
    if (err != ERR_OK)
        return unknown_is_unauthorized(err);
    bool right = !credential->has_account ||
                 str_eq(credential->account, app_account(&caller->app, credential->use));
    if (!known)
        *caller = nobody;
    caller->known = known && right;
    return caller->known ? ERR_OK : ERR_UNAUTHORIZED;
}

/* Whether the claims were made by this app for itself; times are looked at on every use. */
static bool claims_are_of(const struct app *app, struct arena *arena, const struct claims *claims)
{
    return str_eq(claims->issuer, core_issuer_of(arena, app->id)) &&
           str_eq(claims->audience, app->id);
}

/* A key that is retired verifies until then, whether it has been swept up by now or not. */
static enum err find_key(const struct admission *admission, struct str kid, uint32_t *app,
                         struct str *jwk)
{
    int64_t until;
    enum err err = store_signing_key(admission->snapshot, kid, app, jwk);
    if (err != ERR_OK)
        return err;
    err = store_retired(admission->snapshot, kid, &until);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return err == ERR_OK && until <= admission->now ? ERR_NOT_FOUND : err;
}

/* Checks a token not seen before, and remembers it. */
static enum err verify(const struct admission *admission, struct str jwt, const uint8_t *hash,
                       struct verified *token)
{
    struct str kid, jwk;
    struct claims claims;
    struct app app;
    uint32_t number;
    enum err err = jwt_kid(admission->arena, jwt, &kid);
    if (err == ERR_OK)
        err = find_key(admission, kid, &number, &jwk);
    if (err == ERR_OK)
        err = store_app(admission->snapshot, number, &app);
    if (err == ERR_OK)
        err = jwt_verify(admission->arena, jwk, jwt, &claims);
    if (err != ERR_OK)
        return unknown_is_unauthorized(err);
    *token = (struct verified){
        .app = number, .starts_s = claims.starts_s, .expires_s = claims.expires_s};
    memcpy(token->hash, hash, HASH_BYTES);
    if (!claims_are_of(&app, admission->arena, &claims) || !remembered_set(&token->kid, kid) ||
        !remembered_set(&token->subject, claims.subject) ||
        !remembered_set(&token->session, claims.session))
        return ERR_UNAUTHORIZED;
    verified_add(admission->core->verified, token);
    return ERR_OK;
}

/* A remembered token is worth nothing once its key is gone. */
static enum err key_is_there(const struct admission *admission, const struct verified *token)
{
    uint32_t number;
    struct str jwk;
    enum err err = find_key(admission, remembered_view(&token->kid), &number, &jwk);
    if (err == ERR_OK && number != token->app)
        err = ERR_UNAUTHORIZED;
    return unknown_is_unauthorized(err);
}

/* What a token says, once it is known to be one of ours that holds now, give or take a minute. */
static enum err look_into(const struct admission *admission, struct str jwt, struct verified *token)
{
    uint8_t hash[HASH_BYTES];
    int64_t now_s = admission->now / SECOND_MS;
    secret_hash(jwt, hash);
    const struct verified *known = verified_find(admission->core->verified, hash);
    enum err err;
    if (known) {
        *token = *known;
        err = key_is_there(admission, token);
    } else {
        err = verify(admission, jwt, hash, token);
    }
    if (admission->caller)
        admission->caller->known = err == ERR_OK;
    bool good = token->expires_s > now_s - JWT_LEEWAY_S && token->starts_s <= now_s + JWT_LEEWAY_S;
    return err == ERR_OK && !good ? ERR_UNAUTHORIZED : err;
}

static enum err session_of(const struct admission *admission, struct str jwt,
                           struct verified *token, struct session *session)
{
    enum err err = look_into(admission, jwt, token);
    if (err == ERR_OK)
        err = store_session_by_spelling(admission->snapshot, token->app, JWT_SID_VENDOR,
                                        remembered_view(&token->session), session);
    return unknown_is_unauthorized(err);
}

enum err core_session_of_access_token(struct core *core, struct snapshot *snapshot,
                                      struct arena *arena, struct str token, int64_t now,
                                      struct session *session)
{
    struct verified known = {0};
    struct admission admission = {.core = core, .snapshot = snapshot, .arena = arena, .now = now};
    return session_of(&admission, token, &known, session);
}

static enum err admit_access_token(const struct admission *admission)
{
    struct caller *caller = admission->caller;
    struct verified token = {0};
    enum err err =
        session_of(admission, admission->credential->tokens[0], &token, &caller->session);
    if (err == ERR_OK)
        err = admit_session(admission);
    if (err == ERR_OK && !str_eq(caller->user.texts[USER_ID], remembered_view(&token.subject)))
        err = ERR_UNAUTHORIZED;
    return err;
}

/* Who brings that token; ERR_UNAUTHORIZED: nobody. Where it is none, another session is looked at,
 * which takes as long, and nothing comes of it. */
static enum err try_refresh(const struct admission *admission, struct str token,
                            struct refresh *refresh, enum refresh_standing *standing)
{
    struct caller *caller = admission->caller;
    uint8_t hash[HASH_BYTES], family[HASH_BYTES];
    bool there = false;
    *standing = REFRESH_UNKNOWN;
    secret_hash(token, hash);
    refresh_family(token, family);
    enum err err = store_session_near_refresh(admission->snapshot, hash, family, &caller->session,
                                              refresh, &there);
    if (err != ERR_OK)
        return unknown_is_unauthorized(err);
    enum err admitted = admit_session(admission);
    if (there)
        *standing = refresh_stand(refresh, hash, family, admission->now);
    caller->refresh_token = token;
    caller->spent = *standing == REFRESH_SPENT;
    /* A user is often made inactive because of the very theft. */
    if (caller->spent && caller->has_session && is_alive(admission))
        return ERR_OK;
    return *standing == REFRESH_UNKNOWN ? ERR_UNAUTHORIZED : admitted;
}

/* The first candidate that is good; else the first that is spent, and ends what it was of; else the
 * first that is known. A browser may still have cookies that are over or spent, where another host
 * has set them; nor does one that meets damage keep those behind it from being looked at. */
static enum err find_refresh(const struct admission *admission, struct refresh *refresh)
{
    const struct credential *credential = admission->credential;
    struct caller *caller = admission->caller;
    const struct caller nobody = *caller;
    struct caller found = nobody;
    enum err result = ERR_UNAUTHORIZED, damage = ERR_OK;
    bool good = false;
    for (size_t i = 0; i < credential->token_count && !good; i++) {
        struct refresh tried;
        enum refresh_standing standing;
        *caller = nobody;
        enum err err = try_refresh(admission, credential->tokens[i], &tried, &standing);
        good = err == ERR_OK && (standing == REFRESH_GOOD || standing == REFRESH_AGAIN);
        bool better = !found.known || (err == ERR_OK && result != ERR_OK);
        if (good || (standing != REFRESH_UNKNOWN && better)) {
            found = *caller;
            *refresh = tried;
            result = err;
        }
        if (err != ERR_OK && err != ERR_UNAUTHORIZED)
            damage = err;
    }
    *caller = found;
    return result == ERR_OK || damage == ERR_OK ? result : damage;
}

static enum err admit_refresh_token(const struct admission *admission)
{
    struct refresh refresh;
    struct caller *caller = admission->caller;
    enum err err = find_refresh(admission, &refresh);
    if (err != ERR_OK)
        return err;
    caller->by_cookie = admission->credential->cookie_count > 0;
    return possession_check(admission->snapshot, admission->arena, admission->credential,
                            admission->now, &refresh, caller);
}

static enum err is_account(void *context, const struct app *app)
{
    const struct admission *admission = context;
    const struct credential *credential = admission->credential;
    if (!str_eq(app_account(app, credential->use), credential->account))
        return ERR_OK;
    admission->caller->app = *app;
    return ERR_CONFLICT; /* ends the walk */
}

/* The app of that account with the vendor; else the only app there is; else the one of that id.
 * Nobody is let in anywhere by it: an app that is not there is not found. */
static enum err admit_public(const struct admission *admission)
{
    const struct credential *credential = admission->credential;
    struct app *app = &admission->caller->app, second;
    enum err err;
    if (credential->has_account) {
        err = store_each_app(admission->snapshot, is_account, (void *)admission);
        return err == ERR_CONFLICT ? ERR_OK : err == ERR_OK ? ERR_NOT_FOUND : err;
    }
    err = store_app(admission->snapshot, 1, app);
    if (err == ERR_OK && store_app(admission->snapshot, 2, &second) != ERR_NOT_FOUND)
        err = store_app_by_id(admission->snapshot, credential->account, app);
    return err;
}

enum err core_admit(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct credential *credential, int64_t now, struct caller *caller)
{
    static enum err (*const ways[])(const struct admission *admission) = {
        [CREDENTIAL_TOKENS] = admit_tokens,
        [CREDENTIAL_USER_TOKEN] = admit_user_token,
        [CREDENTIAL_APP_KEY] = admit_app_key,
        [CREDENTIAL_ACCESS_TOKEN] = admit_access_token,
        [CREDENTIAL_REFRESH_TOKEN] = admit_refresh_token,
        [CREDENTIAL_PUBLIC] = admit_public,
    };
    *caller = (struct caller){.use = credential->use, .actor = credential->actor};
    if (credential->kind == CREDENTIAL_NOBODY)
        return ERR_OK;
    bool brought = credential->token_count > 0 || credential->kind == CREDENTIAL_PUBLIC;
    if (credential->kind == CREDENTIAL_NONE || !brought)
        return ERR_UNAUTHORIZED;
    return ways[credential->kind](
        &(struct admission){core, snapshot, arena, credential, now, caller});
}
