#include "dialect/prelude_manage.h"

void prelude_who_manages(const struct request *request, struct credential *credential)
{
    struct str key;
    if (!request_authorization(request, "Bearer", &key) || key.len == 0)
        return;
    credential->kind = CREDENTIAL_APP_KEY;
    credential->use = VENDOR_PRELUDE;
    credential->tokens[credential->token_count++] = key;
}

/* The path names app and user; another app is not there. */
static enum err name_user(const struct request *request, const struct caller *caller,
                          struct wish *wish)
{
    wish->scope = SCOPE_USER;
    wish->user = request->wilds[1];
    return str_eq(request->wilds[0], caller->app.id) ? ERR_OK : ERR_NOT_FOUND;
}

enum err prelude_want_managed(const struct request *request, const struct caller *caller,
                              struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->query = (struct query){
        .vendor = VENDOR_PRELUDE, .active_only = true, .id_descending = true, .limit = INT64_MAX};
    return name_user(request, caller, wish);
}

enum err prelude_want_managed_end(const struct request *request, const struct caller *caller,
                                  struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_ONE;
    wish->as = ENDING_REVOKED;
    wish->vendor = VENDOR_PRELUDE;
    wish->session = request->wilds[2];
    wish->active_only = true;
    return name_user(request, caller, wish);
}

enum err prelude_want_managed_end_all(const struct request *request, const struct caller *caller,
                                      struct wish *wish, struct failure *failure)
{
    (void)failure;
    wish->verb = VERB_END;
    wish->target = TARGET_ALL;
    wish->as = ENDING_REVOKED;
    return name_user(request, caller, wish);
}

void prelude_show_managed(const struct request *request, const struct answer *answer,
                          struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_object_begin(&json);
    json_key(&json, "sessions");
    json_array_begin(&json);
    for (size_t i = 0; i < answer->page.count; i++) {
        const struct session *session = &answer->page.items[i].session;
        struct spelling id;
        session_spell(session, VENDOR_PRELUDE, &id);
        json_object_begin(&json);
        json_member_text(&json, "id", spelling_view(&id));
        json_key(&json, "created_at");
        json_instant_seconds(&json, session->created);
        json_key(&json, "last_seen_at");
        json_instant_seconds(&json, session->last_active);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
}
