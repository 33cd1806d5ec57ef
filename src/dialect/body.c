#include "dialect/body.h"

static void destroy(void *object)
{
    json_decref(object);
}

const json_t *body_object(const struct request *request)
{
    struct str body = request->body;
    if (body.len == 0)
        return NULL;
    json_t *json = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json || !arena_adopt(request->arena, json, destroy))
        return NULL;
    return json_is_object(json) ? json : NULL;
}

struct str body_text(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return STR_NONE;
    return (struct str){json_string_value(member), json_string_length(member)};
}

bool body_has(const json_t *object, const char *name)
{
    return json_object_get(object, name) != NULL;
}
