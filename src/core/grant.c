#include "core/change.h"
#include "model/secret.h"

/* A caller who came by one factor alone is not let in where the user is known to own a second. */
static enum err check_aal(struct snapshot *snapshot, const struct caller *caller)
{
    enum { SECOND = 2 };
    bool owns_second = false;
    if (!caller->has_session || caller->session.aal >= SECOND)
        return ERR_OK;
    enum err err = store_user_has_aal(snapshot, caller->session.app, caller->session.user, SECOND,
                                      &owns_second);
    return err == ERR_OK && owns_second ? ERR_AAL : err;
}

/* Fills in whose sessions the query is about; *nobody when there can be none. */
static enum err resolve_scope(struct snapshot *snapshot, const struct caller *caller,
                              struct wish *wish, bool *nobody)
{
    struct user user;
    enum err err = ERR_OK;
    switch (wish->scope) {
    case SCOPE_APP:
        wish->query.user = 0;
        break;
    case SCOPE_USER:
        err = store_user_by_id(snapshot, caller->app.number, wish->user, &user);
        *nobody = err == ERR_NOT_FOUND;
        wish->query.user = err == ERR_OK ? user.number : 0;
        break;
    case SCOPE_CALLER:
        err = caller->has_session ? ERR_OK : ERR_INTERNAL;
        wish->query.user = caller->user.number;
        wish->query.holder = &caller->user;
        break;
    }
    if (wish->without_caller && caller->has_session)
        wish->query.without = &caller->session.id;
    return *nobody ? ERR_OK : err;
}

enum err core_list(struct snapshot *snapshot, struct arena *arena, struct answer *answer)
{
    const struct caller *caller = answer->caller;
    bool nobody = false;
    enum err err = page_begin(snapshot, arena, answer);
    if (err == ERR_OK)
        err = resolve_scope(snapshot, caller, &answer->wish, &nobody);
    if (err != ERR_OK || nobody)
        return err;
    struct query query = answer->wish.query;
    query.limit += answer->wish.pages_of != NULL; /* one more says whether there are more */
    err = store_find(snapshot, &caller->app, &query, answer->now, arena, &answer->page);
    return err == ERR_OK ? page_end(snapshot, arena, answer) : err;
}

/* Which session is somebody's own; a token that is nobody's here points out none. */
static enum err point_out(struct snapshot *snapshot, struct answer *answer)
{
    struct session session;
    uint8_t hash[HASH_BYTES];
    if (answer->caller->has_session) {
        answer->has_current = true;
        answer->current = answer->caller->session.id;
    }
    if (answer->wish.current.len == 0)
        return ERR_OK;
    secret_hash(answer->wish.current, hash);
    enum err err = store_session_by_token(snapshot, hash, &session);
    if (err == ERR_OK && session.app == answer->caller->app.number) {
        answer->has_current = true;
        answer->current = session.id;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err core_grant(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct caller *caller, const struct wish *wish, int64_t now,
                    struct answer *answer)
{
    *answer = (struct answer){.caller = caller, .wish = *wish, .now = now};
    if (wish->verb == VERB_NOTHING)
        return ERR_OK;
    struct change change = {core, snapshot, arena, answer};
    enum err err = wish->demand_aal ? check_aal(snapshot, caller) : ERR_OK;
    if (err == ERR_OK)
        err = point_out(snapshot, answer);
    if (err != ERR_OK)
        return err;
    switch (wish->verb) {
    case VERB_LIST:
        return core_list(snapshot, arena, answer);
    case VERB_SELF:
    case VERB_NOTHING:
        return ERR_OK;
    case VERB_GET:
        return change_get(&change);
    case VERB_END:
        return change_end(&change);
    case VERB_TOUCH:
        return change_touch(&change);
    case VERB_CREATE:
        return change_create(&change);
    case VERB_CONFIGURE:
        return change_configure(&change);
    case VERB_REFRESH:
        return change_refresh(&change);
    case VERB_KEYS:
        return change_keys(&change);
    case VERB_USER:
    case VERB_USERS:
    case VERB_AUDIT:
        return change_look(&change);
    }
    return ERR_INTERNAL;
}
