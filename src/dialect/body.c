#include "dialect/body.h"

void body_release(void *json)
{
    json_decref(json);
}

const json_t *body_object(const struct request *request)
{
    struct str body = request->body;
    if (body.len == 0)
        return NULL;
    json_t *json = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json || !arena_adopt(request->arena, json, body_release))
        return NULL;
    return json_is_object(json) ? json : NULL;
}

bool body_is_form(const struct request *request)
{
    static const struct str form = STR("application/x-www-form-urlencoded");
    struct str type = request_variable(request, "CONTENT_TYPE");
    return type.len >= form.len && str_eq_nocase((struct str){type.ptr, form.len}, form);
}

static void add_pair(const struct request *request, struct str pair, json_t *object)
{
    struct str name, value;
    str_split(pair, '=', &name, &value);
    if (!request_decode(request->arena, name, true, &name) ||
        !request_decode(request->arena, value, true, &value))
        return;
    json_object_setn_new(object, name.ptr, name.len, json_stringn(value.ptr, value.len));
}

const json_t *body_form(const struct request *request)
{
    struct str rest = request->body, pair;
    json_t *object = json_object();
    if (!object || !arena_adopt(request->arena, object, body_release))
        return NULL;
    while (rest.len) {
        str_split(rest, '&', &pair, &rest);
        if (pair.len)
            add_pair(request, pair, object);
    }
    return object;
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

struct str body_dump(const struct request *request, const json_t *json)
{
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = len ? arena_alloc(request->arena, len) : NULL;
    return text ? (struct str){text, json_dumpb(json, text, len, JSON_COMPACT)} : STR_NONE;
}
