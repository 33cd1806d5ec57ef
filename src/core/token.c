#include "base/clock.h"
#include "core/core.h"
#include "model/jwt.h"

struct str core_issuer_of(struct arena *arena, struct str app_id)
{
    return arena_printf(arena, "urn:rollcall:app:%.*s", STR_ARG(app_id));
}

enum err core_access_token(struct snapshot *snapshot, struct arena *arena,
                           const struct session *session, int64_t now, struct buf *token)
{
    struct app app;
    struct user user;
    struct str jwk;
    enum err err = store_app(snapshot, session->app, &app);
    if (err == ERR_OK)
        err = store_user(snapshot, session->app, session->user, &user);
    if (err == ERR_OK)
        err = store_signing_key_of_app(snapshot, session->app, &jwk);
    if (err != ERR_OK)
        return err;
    struct spelling sid;
    char jti[UUID_TEXT];
    struct uuid fresh = uuid_make(now);
    uuid_write(&fresh, jti);
    session_spell(session, JWT_SID_VENDOR, &sid);
    struct claims claims = {
        .issuer = core_issuer_of(arena, app.id),
        .audience = app.id,
        .subject = user.texts[USER_ID],
        .session = spelling_view(&sid),
        .id = {jti, sizeof(jti)},
        .issued_s = now / SECOND_MS,
        .expires_s = now / SECOND_MS + JWT_LIFE_S,
    };
    return claims.issuer.ptr ? jwt_sign(jwk, &claims, token) : ERR_MEMORY;
}
