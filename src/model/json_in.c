#include "model/json_in.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* As much of a key as a report should show, cut between characters. */
static int shown(const char *name)
{
    enum { SHOWN_MAX = 64 };
    size_t len = strnlen(name, SHOWN_MAX + 1);
    if (len > SHOWN_MAX)
        for (len = SHOWN_MAX; len > 0 && ((unsigned char)name[len] & 0xC0) == 0x80;)
            len--;
    return (int)len;
}

static void note(struct reader *reader, struct str field, const char *expected)
{
    reader->err = ERR_INVALID;
    reader->fault->field = field;
    reader->fault->expected = arena_printf(reader->arena, "%s", expected);
    if (!reader->fault->field.ptr || !reader->fault->expected.ptr)
        reader->err = ERR_MEMORY;
}

void object_fault(struct object *object, const char *name, const char *expected)
{
    struct reader *reader = object->reader;
    if (reader->err == ERR_OK)
        note(reader,
             arena_printf(reader->arena, "%.*s%.*s", STR_ARG(object->path), shown(name), name),
             expected);
}

void object_fault_at(struct object *object, const char *name, size_t at, const char *expected)
{
    struct reader *reader = object->reader;
    if (reader->err == ERR_OK)
        note(reader, arena_printf(reader->arena, "%.*s%s[%zu]", STR_ARG(object->path), name, at),
             expected);
}

static void fault_printf(struct object *object, const char *name, const char *format, long long a,
                         long long b)
{
    char text[128];
    snprintf(text, sizeof(text), format, a, b);
    object_fault(object, name, text);
}

static json_t *ask(struct object *object, const char *name)
{
    assert(object->asked_count < MEMBERS_MAX);
    object->asked[object->asked_count++] = name;
    return json_object_get(object->json, name);
}

bool object_has(struct object *object, const char *name)
{
    return json_object_get(object->json, name) != NULL;
}

void object_require(struct object *object, const char *name)
{
    if (!object_has(object, name))
        object_fault(object, name, "a value, which is missing");
}

bool object_text(struct object *object, const char *name, size_t least, size_t most,
                 struct str *text)
{
    const json_t *value = ask(object, name);
    if (!value)
        return false;
    struct str found = {json_string_value(value), json_string_length(value)};
    if (!json_is_string(value) || found.len < least || found.len > most ||
        !str_is_printable(found)) {
        fault_printf(object, name, "printable text of %lld to %lld bytes", (long long)least,
                     (long long)most);
        return false;
    }
    *text = arena_copy(object->reader->arena, found);
    if (!text->ptr)
        object->reader->err = ERR_MEMORY;
    return text->ptr != NULL;
}

bool object_boolean(struct object *object, const char *name)
{
    const json_t *value = ask(object, name);
    if (value && !json_is_boolean(value))
        object_fault(object, name, "true or false");
    return json_is_boolean(value);
}

/* RFC 3339 also has zones; the interchange form is in UTC. */
static bool is_utc(struct str text)
{
    return text.len && (text.ptr[text.len - 1] == 'Z' || text.ptr[text.len - 1] == 'z');
}

bool object_instant(struct object *object, const char *name, int64_t *instant)
{
    const json_t *value = ask(object, name);
    struct str text = {json_string_value(value), json_string_length(value)};
    int64_t shift = object->reader->shift_ms;
    if (!value)
        return false;
    if (!is_utc(text) || !instant_parse(text, INSTANT_STRICT, instant, NULL) ||
        __builtin_add_overflow(*instant, shift, instant) || !instant_is_valid(*instant)) {
        object_fault(
            object, name,
            "an RFC 3339 instant in UTC such as 2025-07-17T08:24:00.000Z, in years 0 to 9999");
        return false;
    }
    return true;
}

bool object_integer(struct object *object, const char *name, int64_t low, int64_t high,
                    int64_t *value)
{
    const json_t *found = ask(object, name);
    if (!found)
        return false;
    *value = json_integer_value(found);
    if (!json_is_integer(found) || *value < low || *value > high) {
        fault_printf(object, name, "an integer from %lld to %lld", low, high);
        return false;
    }
    return true;
}

bool object_word(struct object *object, const char *name, const char *const *words, size_t count,
                 int *place)
{
    const json_t *value = ask(object, name);
    const char *text = json_string_value(value);
    if (!value)
        return false;
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0) {
            *place = (int)i;
            return true;
        }
    struct str all = STR("one of");
    for (size_t i = 0; i < count; i++)
        all =
            arena_printf(object->reader->arena, "%.*s%s %s", STR_ARG(all), i ? "," : "", words[i]);
    object_fault(object, name, all.ptr ? all.ptr : "another word");
    return false;
}

bool object_json(struct object *object, const char *name, json_type type, size_t most,
                 struct str *text)
{
    static const char *const expected[] = {[JSON_OBJECT] = "an object of %lld to %lld bytes",
                                           [JSON_ARRAY] = "an array of %lld to %lld bytes"};
    const json_t *value = ask(object, name);
    if (!value)
        return false;
    bool right = type == JSON_NULL || json_typeof(value) == type;
    char *dump = right ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    size_t len = dump ? strlen(dump) : 0;
    right = right && dump && len <= most;
    if (right)
        *text = arena_copy(object->reader->arena, (struct str){dump, len});
    else
        fault_printf(object, name,
                     type == JSON_NULL ? "JSON of %lld to %lld bytes" : expected[type], 0,
                     (long long)most);
    free(dump);
    if (right && !text->ptr)
        object->reader->err = ERR_MEMORY;
    return right;
}

bool object_member(struct object *object, const char *name, struct object *member)
{
    json_t *value = ask(object, name);
    if (!value)
        return false;
    *member = (struct object){
        .reader = object->reader,
        .json = value,
        .path = arena_printf(object->reader->arena, "%.*s%s.", STR_ARG(object->path), name),
    };
    if (!json_is_object(value))
        object_fault(object, name, "an object");
    return json_is_object(value);
}

json_t *object_array(struct object *object, const char *name, size_t most)
{
    json_t *value = ask(object, name);
    if (!value || (json_is_array(value) && json_array_size(value) <= most))
        return value;
    fault_printf(object, name, "an array of %lld to %lld elements", 0, (long long)most);
    return NULL;
}

struct object object_element(struct object *object, const char *name, json_t *array, size_t at)
{
    struct object element = {
        .reader = object->reader,
        .json = json_array_get(array, at),
        .path =
            arena_printf(object->reader->arena, "%.*s%s[%zu].", STR_ARG(object->path), name, at),
    };
    if (!json_is_object(element.json))
        object_fault_at(object, name, at, "an object");
    return element;
}

static bool was_asked(const struct object *object, const char *name)
{
    for (size_t i = 0; i < object->asked_count; i++)
        if (*object->asked[i] == *name && strcmp(object->asked[i], name) == 0)
            return true;
    return false;
}

void object_end(struct object *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object->json, name, value)
    {
        if (!was_asked(object, name))
            object_fault(object, name, "no such key here");
    }
}
