#include "core/change.h"

#include "base/clock.h"
#include "model/jwt.h"
#include "model/secret.h"

/* The audit trail says by whom: a user's own session, or a key. */
static struct str actor_of(struct change *change)
{
    const struct caller *caller = change->answer->caller;
    if (!caller->has_session)
        return str_of(key_use_name(caller->use));
    return arena_printf(change->arena, "user:%.*s", STR_ARG(caller->user.texts[USER_ID]));
}

/* A put of the answer's own. */
static struct put *plan(struct change *change, enum put_kind kind)
{
    struct put *put = arena_alloc(change->arena, sizeof(*put));
    if (!put)
        return NULL;
    put->kind = kind;
    change->answer->puts = put;
    change->answer->put_count = 1;
    return put;
}

/* ---- finding ---- */

static enum err find_by_token(struct change *change, struct session *session)
{
    uint8_t hash[HASH_BYTES];
    secret_hash(change->answer->wish.session, hash);
    return store_session_by_token(change->snapshot, hash, session);
}

static enum err find_by_id(struct change *change, struct session *session)
{
    const struct wish *wish = &change->answer->wish;
    uint32_t app = change->answer->caller->app.number;
    struct uuid id;
    if (wish->vendor)
        return store_session_by_spelling(change->snapshot, app, wish->vendor, wish->session,
                                         session);
    return uuid_parse_text(wish->session, &id) ? store_session(change->snapshot, app, &id, session)
                                               : ERR_NOT_FOUND;
}

static enum err find(struct change *change, struct session *session)
{
    enum err err;
    switch (change->answer->wish.naming) {
    case NAMED_BY_TOKEN:
        return find_by_token(change, session);
    case NAMED_BY_ACCESS_TOKEN:
        err = core_session_of_access_token(change->core, change->snapshot, change->arena,
                                           change->answer->wish.session, change->answer->now,
                                           session);
        return err == ERR_UNAUTHORIZED ? ERR_NOT_FOUND : err;
    case NAMED_BY_ID:
        break;
    }
    return find_by_id(change, session);
}

/* Whether the session found is one the caller may ask about. */
static bool in_scope(const struct answer *answer)
{
    const struct caller *caller = answer->caller;
    if (answer->session.app != caller->app.number)
        return false;
    if (answer->wish.scope == SCOPE_CALLER)
        return caller->has_session && answer->session.user == caller->user.number;
    return answer->wish.scope == SCOPE_APP ||
           str_eq(answer->user.texts[USER_ID], answer->wish.user);
}

enum err change_get(struct change *change)
{
    struct answer *answer = change->answer;
    const struct app *app = &answer->caller->app;
    enum err err = find(change, &answer->session);
    if (err == ERR_OK)
        err =
            store_user(change->snapshot, answer->session.app, answer->session.user, &answer->user);
    if (err != ERR_OK)
        return err;
    answer->status = session_status(&answer->session, app->idle_s * SECOND_MS, answer->now);
    bool alive = answer->status == STATUS_ACTIVE && answer->user.active;
    if (!in_scope(answer) || (answer->wish.active_only && !alive))
        return ERR_NOT_FOUND;
    answer->has_session = true;
    return ERR_OK;
}

/* ---- ending ---- */

static enum err end_one(struct change *change)
{
    struct answer *answer = change->answer;
    enum err err = change_get(change);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND && answer->wish.absence_is_done ? ERR_OK : err;
    struct put *put = plan(change, PUT_ENDING);
    if (!put)
        return ERR_MEMORY;
    put->ending = (struct put_ending){.app = answer->session.app,
                                      .has_id = true,
                                      .id = answer->session.id,
                                      .as = answer->wish.as,
                                      .actor = actor_of(change)};
    return ERR_OK;
}

/* Whose sessions are to be ended; ERR_NOT_FOUND: nobody's. */
static enum err find_user(struct change *change, uint64_t *number)
{
    const struct answer *answer = change->answer;
    struct user user = answer->caller->user;
    enum err err = ERR_OK;
    if (answer->wish.scope == SCOPE_USER)
        err = store_user_by_id(change->snapshot, answer->caller->app.number, answer->wish.user,
                               &user);
    else if (answer->wish.scope != SCOPE_CALLER || !answer->caller->has_session)
        err = ERR_INTERNAL;
    *number = user.number;
    return err;
}

static enum err end_many(struct change *change)
{
    const struct answer *answer = change->answer;
    uint64_t user;
    enum err err = find_user(change, &user);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND && answer->wish.absence_is_done ? ERR_OK : err;
    struct put *put = plan(change, PUT_ENDING);
    if (!put)
        return ERR_MEMORY;
    put->ending = (struct put_ending){.app = answer->caller->app.number,
                                      .all = true,
                                      .user = user,
                                      .has_id = answer->wish.target == TARGET_OTHERS,
                                      .as = answer->wish.as,
                                      .actor = actor_of(change)};
    if (put->ending.has_id)
        put->ending.id = answer->caller->session.id;
    return ERR_OK;
}

static enum err end_self(struct change *change)
{
    const struct caller *caller = change->answer->caller;
    struct put *put = caller->has_session ? plan(change, PUT_ENDING) : NULL;
    if (!put)
        return caller->has_session ? ERR_MEMORY : ERR_INTERNAL;
    put->ending = (struct put_ending){.app = caller->app.number,
                                      .has_id = true,
                                      .id = caller->session.id,
                                      .as = change->answer->wish.as,
                                      .actor = actor_of(change)};
    return ERR_OK;
}

enum err change_end(struct change *change)
{
    switch (change->answer->wish.target) {
    case TARGET_ONE:
        return end_one(change);
    case TARGET_SELF:
        return end_self(change);
    case TARGET_OTHERS:
    case TARGET_ALL:
        break;
    }
    return end_many(change);
}

/* ---- touching ---- */

static int64_t later_by(int64_t instant, int64_t ms)
{
    return instant > INSTANT_MAX - ms ? INSTANT_MAX : instant + ms;
}

enum err change_touch(struct change *change)
{
    struct answer *answer = change->answer;
    enum err err = change_get(change);
    if (err != ERR_OK)
        return err;
    struct put *put = plan(change, PUT_TOUCH);
    if (!put)
        return ERR_MEMORY;
    struct session *session = &answer->session;
    put->touch = (struct put_touch){.app = session->app,
                                    .id = session->id,
                                    .last_active = answer->now,
                                    .expires = INSTANT_NONE,
                                    .actor = actor_of(change)};
    if (answer->wish.life_ms)
        put->touch.expires = later_by(answer->now, answer->wish.life_ms);
    if (answer->status != STATUS_ACTIVE)
        return ERR_OK;
    if (answer->now > session->last_active)
        session->last_active = answer->now;
    if (answer->wish.life_ms)
        session->expires = put->touch.expires;
    session->updated = answer->now;
    return ERR_OK;
}

const struct put *core_activity(struct arena *arena, const struct caller *caller, int64_t now)
{
    if (!caller->has_session || now - caller->session.last_active < TOUCH_INTERVAL_MS)
        return NULL;
    struct put *put = arena_alloc(arena, sizeof(*put));
    if (put)
        *put = (struct put){PUT_TOUCH, .touch = {.app = caller->session.app,
                                                 .id = caller->session.id,
                                                 .last_active = now,
                                                 .expires = INSTANT_NONE}};
    return put;
}

/* ---- creating ---- */

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
    answer->status = STATUS_ACTIVE;
    answer->has_session = true;
    return err;
}

enum err change_create(struct change *change)
{
    struct answer *answer = change->answer;
    const struct app *app = &answer->caller->app;
    struct session_draft *draft = answer->wish.draft;
    enum err err =
        store_user_by_id(change->snapshot, app->number, answer->wish.user, &answer->user);
    if (err == ERR_NOT_FOUND) {
        answer->user = (struct user){.app = app->number, .active = true};
        answer->user.uuid = user_uuid(app->id, answer->wish.user);
        answer->user.texts[USER_ID] = answer->wish.user;
    } else if (err != ERR_OK) {
        return err;
    }
    if (!answer->user.active)
        return ERR_FORBIDDEN;
    struct put *put = plan(change, PUT_SESSION);
    if (!put)
        return ERR_MEMORY;
    session_complete(draft, app->lifetime_s * SECOND_MS, answer->now);
    put->session = (struct put_session){.app_id = app->id,
                                        .user_id = answer->user.texts[USER_ID],
                                        .draft = draft,
                                        .fresh = true,
                                        .actor = actor_of(change)};
    return foresee(change, draft);
}

/* ---- keys ---- */

struct key_set {
    struct buf json;
    bool begun;
};

static enum err add_key(void *context, struct str jwk)
{
    struct key_set *set = context;
    if (set->begun)
        buf_byte(&set->json, ',');
    set->begun = true;
    return jwk_public(jwk, &set->json);
}

enum err change_keys(struct change *change)
{
    struct answer *answer = change->answer;
    struct key_set set = {.begun = false};
    buf_str(&set.json, STR("{\"keys\":["));
    enum err err =
        store_each_signing_key(change->snapshot, answer->caller->app.number, add_key, &set);
    buf_str(&set.json, STR("]}"));
    answer->keys = arena_copy(change->arena, buf_view(&set.json));
    if (err == ERR_OK && (set.json.failed || !answer->keys.ptr))
        err = ERR_MEMORY;
    buf_free(&set.json);
    return err;
}
