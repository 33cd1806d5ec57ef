#include "core/change.h"

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
    enum err err = resolve_scope(snapshot, caller, &answer->wish, &nobody);
    if (err != ERR_OK || nobody)
        return err;
    return store_find(snapshot, &caller->app, &answer->wish.query, answer->now, arena,
                      &answer->page);
}

enum err core_grant(struct core *core, struct snapshot *snapshot, struct arena *arena,
                    const struct caller *caller, const struct wish *wish, int64_t now,
                    struct answer *answer)
{
    *answer = (struct answer){.caller = caller, .wish = *wish, .now = now};
    struct change change = {core, snapshot, arena, answer};
    enum err err = wish->demand_aal ? check_aal(snapshot, caller) : ERR_OK;
    if (err != ERR_OK)
        return err;
    switch (wish->verb) {
    case VERB_LIST:
        return core_list(snapshot, arena, answer);
    case VERB_SELF:
        return ERR_OK;
    case VERB_GET:
        return change_get(&change);
    case VERB_END:
        return change_end(&change);
    case VERB_TOUCH:
        return change_touch(&change);
    case VERB_CREATE:
        return change_create(&change);
    case VERB_KEYS:
        return change_keys(&change);
    }
    return ERR_INTERNAL;
}
