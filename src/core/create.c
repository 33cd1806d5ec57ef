/* Beginning a session: for whom, with which secrets, and how it will be read once it is written. */
#include "base/clock.h"
#include "core/change.h"
#include "model/secret.h"

/* The session as it will be read once it is written. */
static enum err foresee(struct change *change, const struct session_draft *draft)
{
    struct answer *answer = change->answer;
    struct buf record = {0};
    session_encode(draft, &record);
    struct str kept = record.failed ? STR_NONE : arena_copy(change->arena, buf_view(&record));
    buf_free(&record);
    if (!kept.ptr)
        return ERR_MEMORY;
    enum err err = session_decode(kept, &answer->session);
    answer->session.app = answer->caller->app.number;
    answer->session.user = answer->user.number;
    answer->session.id = draft->id;
    answer->session.created = draft->created;
    answer->status =
        session_status(&answer->session, answer->caller->app.idle_s * SECOND_MS, answer->now);
    answer->has_session = true;
    return err;
}

static bool give_secret(struct change *change, struct str *secret)
{
    char *text = arena_alloc(change->arena, SECRET_TEXT);
    if (!text)
        return false;
    secret_make(text);
    *secret = (struct str){text, SECRET_TEXT};
    return true;
}

static bool give_token(struct change *change)
{
    struct session_draft *draft = change->answer->wish.draft;
    if (!give_secret(change, &change->answer->token))
        return false;
    draft->has_token = true;
    secret_hash(change->answer->token, draft->token_hash);
    return true;
}

/* The user it is for, as one who is not there yet will be made. */
static enum err find_holder(struct change *change)
{
    struct answer *answer = change->answer;
    const struct wish *wish = &answer->wish;
    const struct app *app = &answer->caller->app;
    enum err err = store_user_by_own_id(change->snapshot, app->number, wish->user, &answer->user);
    if (err == ERR_NOT_FOUND)
        err = store_user_by_own_id(change->snapshot, app->number, wish->user_too, &answer->user);
    if (err != ERR_NOT_FOUND)
        return err == ERR_OK && !answer->user.active ? ERR_INACTIVE : err;
    answer->user = (struct user){.app = app->number, .active = true};
    answer->user.uuid = user_uuid(app->id, wish->user);
    answer->user.texts[USER_ID] = wish->user;
    answer->user.texts[USER_IDENTIFIER] = wish->identifier;
    return ERR_OK;
}

static bool give_secrets(struct change *change)
{
    struct answer *answer = change->answer;
    return (!answer->wish.with_token || give_token(change)) &&
           (!answer->wish.with_refresh || give_secret(change, &answer->refresh_token));
}

enum err change_create(struct change *change)
{
    struct answer *answer = change->answer;
    const struct wish *wish = &answer->wish;
    const struct app *app = &answer->caller->app;
    enum err err = find_holder(change);
    if (err != ERR_OK)
        return err;
    struct put *put = change_plan(change, PUT_SESSION);
    if (!put || !give_secrets(change))
        return ERR_MEMORY;
    session_complete(wish->draft, app->lifetime_s * SECOND_MS, answer->now);
    put->session = (struct put_session){.app_id = app->id,
                                        .user_id = answer->user.texts[USER_ID],
                                        .user_identifier = wish->identifier,
                                        .draft = wish->draft,
                                        .fresh = true,
                                        .has_refresh = wish->with_refresh,
                                        .actor = change_actor(change)};
    if (wish->with_refresh)
        secret_hash(answer->refresh_token, put->session.refresh_hash);
    return foresee(change, wish->draft);
}
