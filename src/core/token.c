#include "base/clock.h"
#include "core/core.h"

struct str core_issuer_of(struct arena *arena, struct str app_id)
{
    return arena_printf(arena, "urn:rollcall:app:%.*s", STR_ARG(app_id));
}

enum err core_claims(struct arena *arena, const struct app *app, const struct user *user,
                     const struct session *session, int64_t now, int64_t life_s,
                     struct claims *claims)
{
    struct spelling sid;
    char jti[UUID_TEXT];
    struct uuid fresh = uuid_make(now);
    uuid_write(&fresh, jti);
    session_spell(session, JWT_SID_VENDOR, &sid);
    *claims = (struct claims){
        .issuer = core_issuer_of(arena, app->id),
        .audience = app->id,
        .subject = user->texts[USER_ID],
        .session = arena_copy(arena, spelling_view(&sid)),
        .id = arena_copy(arena, (struct str){jti, sizeof(jti)}),
        .issued_s = now / SECOND_MS,
        .expires_s = now / SECOND_MS + life_s,
    };
    return claims->issuer.ptr && claims->session.ptr && claims->id.ptr ? ERR_OK : ERR_MEMORY;
}

enum err core_mint(struct snapshot *snapshot, struct arena *arena, uint32_t app,
                   const struct claims *claims, struct str *token)
{
    struct str jwk;
    struct buf signed_token = {0};
    enum err err = store_signing_key_of_app(snapshot, app, &jwk);
    if (err == ERR_OK)
        err = jwt_sign(jwk, claims, &signed_token);
    *token = err == ERR_OK ? arena_copy(arena, buf_view(&signed_token)) : STR_NONE;
    buf_free(&signed_token);
    return err == ERR_OK && !token->ptr ? ERR_MEMORY : err;
}

enum err core_access_token(struct snapshot *snapshot, struct arena *arena,
                           const struct session *session, int64_t now, struct buf *token)
{
    struct app app;
    struct user user;
    struct claims claims;
    struct str minted;
    enum err err = store_app(snapshot, session->app, &app);
    if (err == ERR_OK)
        err = store_user(snapshot, session->app, session->user, &user);
    if (err == ERR_OK)
        err = core_claims(arena, &app, &user, session, now, app.access_s, &claims);
    if (err == ERR_OK)
        err = core_mint(snapshot, arena, session->app, &claims, &minted);
    if (err == ERR_OK)
        buf_str(token, minted);
    return err == ERR_OK && token->failed ? ERR_MEMORY : err;
}
