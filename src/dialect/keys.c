#include "dialect/keys.h"

enum err keys_want(const struct request *request, const struct caller *caller, struct wish *wish,
                   struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_KEYS;
    return ERR_OK;
}

void keys_show(const struct request *request, const struct answer *answer, struct reply *reply)
{
    (void)request;
    struct json_out json = reply_json(reply);
    json_raw(&json, answer->keys);
}
