#include "core/change.h"

#include "base/clock.h"
#include "model/jwt.h"
#include "model/secret.h"

/* The audit trail says by whom: a user's own session, or a key. */
struct str change_actor(struct change *change)
{
    const struct caller *caller = change->answer->caller;
    const char *key = key_use_name(caller->use);
    if (caller->spent)
        return REFRESH_REUSE;
    if (!caller->has_session)
        return caller->actor.len
                   ? arena_printf(change->arena, "%s:%.*s", key, STR_ARG(caller->actor))
                   : str_of(key);
    return arena_printf(change->arena, "user:%.*s", STR_ARG(caller->user.texts[USER_ID]));
}

/* Room for the answer's own puts, of that kind. */
static struct put *plan_many(struct change *change, enum put_kind kind, size_t count)
{
    struct put *puts = arena_array(change->arena, count + 1, sizeof(*puts));
    for (size_t i = 0; puts && i < count; i++)
        puts[i].kind = kind;
    change->answer->puts = puts;
    change->answer->put_count = puts ? count : 0;
    return puts;
}

struct put *change_plan(struct change *change, enum put_kind kind)
{
    return plan_many(change, kind, 1);
}

/* ---- finding ---- */

static enum err find_by_token(struct change *change, struct session *session)
{
    uint8_t hash[HASH_BYTES];
    secret_hash(change->answer->wish.session, hash);
    return store_session_by_token(change->snapshot, hash, session);
}

static enum err find_by_id(struct change *change, struct str name, struct session *session)
{
    enum vendor vendor = change->answer->wish.vendor;
    uint32_t app = change->answer->caller->app.number;
    struct uuid id;
    if (vendor)
        return store_session_by_spelling(change->snapshot, app, vendor, name, session);
    return uuid_parse_text(name, &id) ? store_session(change->snapshot, app, &id, session)
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
    return find_by_id(change, change->answer->wish.session, session);
}

/* The other spelling of a name is meant only where nobody has the one. */
static enum err check_user(struct change *change)
{
    const struct answer *answer = change->answer;
    uint32_t app = answer->caller->app.number;
    struct user user;
    enum err err = store_user_by_id(change->snapshot, app, answer->wish.user, &user);
    if (err == ERR_NOT_FOUND)
        err = store_user_by_id(change->snapshot, app, answer->wish.user_too, &user);
    return err == ERR_OK && user.number != answer->session.user ? ERR_NOT_FOUND : err;
}

/* Whether the session found is one the caller may ask about: ERR_NOT_FOUND. */
static enum err check_scope(struct change *change)
{
    const struct answer *answer = change->answer;
    const struct caller *caller = answer->caller;
    if (answer->session.app != caller->app.number)
        return ERR_NOT_FOUND;
    if (answer->wish.scope == SCOPE_APP)
        return ERR_OK;
    if (answer->wish.scope == SCOPE_CALLER)
        return caller->has_session && answer->session.user == caller->user.number ? ERR_OK
                                                                                  : ERR_NOT_FOUND;
    return check_user(change);
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
    bool alive = answer->status == STATUS_ACTIVE || !answer->wish.active_only;
    err = alive ? check_scope(change) : ERR_NOT_FOUND;
    if (err != ERR_OK)
        return err;
    answer->has_session = true;
    bool fits = !answer->wish.statuses || (answer->wish.statuses & 1U << answer->status);
    return fits ? ERR_OK : ERR_ENDED;
}

/* ---- ending ---- */

/* What all puts of one ending have in common. */
static struct put_ending ending_of(struct change *change, enum reach reach)
{
    return (struct put_ending){.app = change->answer->caller->app.number,
                               .reach = reach,
                               .most = change->answer->wish.most,
                               .as = change->answer->wish.as,
                               .actor = change_actor(change)};
}

static enum err plan_ending_of_one(struct change *change, const struct uuid *id)
{
    struct put *put = change_plan(change, PUT_ENDING);
    if (!put)
        return ERR_MEMORY;
    put->ending = ending_of(change, REACH_ONE);
    put->ending.has_id = true;
    put->ending.id = *id;
    /* Whoever has ended the caller's own meanwhile has done what was asked for. */
    put->ending.if_there =
        change->answer->wish.absence_is_done || change->answer->wish.target == TARGET_SELF;
    return ERR_OK;
}

/* What the ending will make of an active session, so that it can be shown. */
static void foresee_ending(struct answer *answer)
{
    if (answer->status != STATUS_ACTIVE || answer->wish.as == ENDING_NONE)
        return;
    answer->session.ending = answer->wish.as;
    answer->session.ended = answer->session.updated = answer->now;
    answer->foreseen = true;
    answer->status = session_status(&answer->session, 0, answer->now);
}

static enum err end_one(struct change *change)
{
    struct answer *answer = change->answer;
    enum err err = change_get(change);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND && answer->wish.absence_is_done ? ERR_OK : err;
    err = plan_ending_of_one(change, &answer->session.id);
    foresee_ending(answer);
    return err;
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
    const struct uuid *left = answer->wish.query.without;
    uint64_t user;
    if (answer->wish.target == TARGET_OTHERS)
        left = &answer->caller->session.id;
    enum err err = find_user(change, &user);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND && answer->wish.absence_is_done ? ERR_OK : err;
    struct put *put = change_plan(change, PUT_ENDING);
    if (!put)
        return ERR_MEMORY;
    put->ending = ending_of(change, REACH_USER);
    put->ending.user = user;
    put->ending.has_id = left != NULL;
    if (left)
        put->ending.id = *left;
    return ERR_OK;
}

/* Plans the ending of each of the names that is there. */
static enum err end_named(struct change *change, enum reach reach)
{
    const struct wish *wish = &change->answer->wish;
    struct put *puts = plan_many(change, PUT_ENDING, wish->name_count);
    size_t count = 0;
    enum err err = puts ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < wish->name_count; i++) {
        struct session session = {.app = 0};
        struct user user = {.number = 0};
        err = reach == REACH_ONE
                  ? find_by_id(change, wish->names[i], &session)
                  : store_user_by_id(change->snapshot, change->answer->caller->app.number,
                                     wish->names[i], &user);
        bool there = err == ERR_OK;
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
        if (!there)
            continue;
        puts[count].ending = ending_of(change, reach);
        puts[count].ending.user = user.number;
        puts[count].ending.has_id = reach == REACH_ONE;
        puts[count].ending.id = session.id;
        puts[count++].ending.if_there = true;
    }
    change->answer->put_count = count;
    return err;
}

static enum err end_found(struct change *change)
{
    struct answer *answer = change->answer;
    const struct page *page = &answer->page;
    enum err err = core_list(change->snapshot, change->arena, answer);
    if (err != ERR_OK)
        return err;
    struct put *puts = plan_many(change, PUT_ENDING, page->count);
    for (size_t i = 0; puts && i < page->count; i++) {
        puts[i].ending = ending_of(change, REACH_ONE);
        puts[i].ending.has_id = true;
        puts[i].ending.id = page->items[i].session.id;
        puts[i].ending.if_there = true;
    }
    return puts ? ERR_OK : ERR_MEMORY;
}

static enum err end_everybody(struct change *change)
{
    struct put *put = change_plan(change, PUT_ENDING);
    if (!put)
        return ERR_MEMORY;
    put->ending = ending_of(change, REACH_APP);
    return ERR_OK;
}

static enum err end_self(struct change *change)
{
    const struct caller *caller = change->answer->caller;
    return caller->has_session ? plan_ending_of_one(change, &caller->session.id) : ERR_INTERNAL;
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
        return end_many(change);
    case TARGET_LISTED:
        return end_named(change, REACH_ONE);
    case TARGET_HOLDERS:
        return end_named(change, REACH_USER);
    case TARGET_EVERYBODY:
        return end_everybody(change);
    case TARGET_FOUND:
        return end_found(change);
    }
    return ERR_INTERNAL;
}

/* ---- touching ---- */

/* What the touch will do to an active session, so that it can be shown. */
static void foresee_touch(struct answer *answer, const struct put_touch *touch)
{
    struct session *session = &answer->session;
    int64_t end = touch->expires != INSTANT_NONE ? touch->expires
                                                 : instant_later(session->expires, touch->later_ms);
    bool later = touch->last_active > session->last_active;
    if (answer->status != STATUS_ACTIVE || (!later && end == session->expires))
        return;
    answer->foreseen = true;
    if (later)
        session->last_active = touch->last_active;
    session->expires = end;
    session->updated = answer->now;
    answer->status = session_status(session, answer->caller->app.idle_s * SECOND_MS, answer->now);
}

enum err change_touch(struct change *change)
{
    struct answer *answer = change->answer;
    const struct wish *wish = &answer->wish;
    enum err err = change_get(change);
    /* A session that lets nobody in cannot be used. */
    if (err == ERR_OK && !wish->quietly && !answer->user.active)
        err = wish->active_only ? ERR_NOT_FOUND : ERR_ENDED;
    if (err != ERR_OK)
        return err;
    int64_t end = wish->moves_end ? instant_later(answer->now, wish->life_ms) : INSTANT_NONE;
    if (wish->only_later && end <= answer->session.expires)
        return ERR_OK;
    struct put *put = change_plan(change, PUT_TOUCH);
    if (!put)
        return ERR_MEMORY;
    put->touch = (struct put_touch){.app = answer->session.app,
                                    .id = answer->session.id,
                                    .last_active = wish->quietly ? 0 : answer->now,
                                    .expires = end,
                                    .only_later = wish->only_later,
                                    .later_ms = wish->later_ms,
                                    .actor = change_actor(change)};
    foresee_touch(answer, &put->touch);
    return ERR_OK;
}

const struct put *core_activity(struct arena *arena, const struct caller *caller, int64_t now)
{
    if (!caller->has_session || now - caller->session.last_active < caller->app.touch_s * SECOND_MS)
        return NULL;
    struct put *put = arena_alloc(arena, sizeof(*put));
    if (put)
        *put = (struct put){PUT_TOUCH, .touch = {.app = caller->session.app,
                                                 .id = caller->session.id,
                                                 .last_active = now,
                                                 .expires = INSTANT_NONE}};
    return put;
}

/* ---- the app ---- */

enum err change_configure(struct change *change)
{
    const struct wish *wish = &change->answer->wish;
    if (!wish->access_s && !wish->lifetime_s)
        return ERR_OK;
    struct put *put = change_plan(change, PUT_LIFETIMES);
    if (!put)
        return ERR_MEMORY;
    put->lifetimes = (struct put_lifetimes){.app = change->answer->caller->app.number,
                                            .access_s = wish->access_s,
                                            .lifetime_s = wish->lifetime_s};
    return ERR_OK;
}

/* ---- keys ---- */

struct key_set {
    struct snapshot *snapshot;
    int64_t now;
    struct buf json;
    bool begun;
};

static enum err add_key(void *context, struct str kid, struct str jwk)
{
    struct key_set *set = context;
    int64_t until;
    enum err err = store_retired(set->snapshot, kid, &until);
    if (err != ERR_NOT_FOUND && (err != ERR_OK || until <= set->now))
        return err;
    if (set->begun)
        buf_byte(&set->json, ',');
    set->begun = true;
    return jwk_public(jwk, &set->json);
}

enum err change_keys(struct change *change)
{
    struct answer *answer = change->answer;
    struct key_set set = {.snapshot = change->snapshot, .now = answer->now};
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
