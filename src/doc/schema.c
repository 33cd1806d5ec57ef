#include "doc/schema.h"

#include <stdlib.h>
#include <string.h>

#include "doc/text.h"

json_t *schema_resolve(json_t *document, json_t *value)
{
    for (const char *path; (path = json_string_value(json_object_get(value, "$ref")));) {
        char *copy = text_of("%s", path), *rest = copy, *name;
        value = document;
        strsep(&rest, "/");
        while ((name = strsep(&rest, "/")))
            value = json_object_get(value, name);
        free(copy);
    }
    return value;
}

const char *schema_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static void append(struct buf *buf, const char *text)
{
    buf_printf(buf, "%s%s", buf->len ? ", " : "", text);
}

static void put_words(struct buf *buf, const json_t *words)
{
    size_t i;
    json_t *word;
    json_array_foreach((json_t *)words, i, word)
    {
        const char *text = json_string_value(word);
        if (text && *text)
            buf_printf(buf, "%s`%s`",
                       buf->len ? i + 1 < json_array_size(words) ? ", " : " or " : "", text);
    }
}

static void put_bound(struct buf *buf, const json_t *schema, const char *member, const char *word)
{
    const json_t *bound = json_object_get(schema, member);
    if (json_is_integer(bound))
        buf_printf(buf, "%s%s %" JSON_INTEGER_FORMAT, buf->len ? ", " : "", word,
                   json_integer_value(bound));
}

/* What a value may be: "integer, at least 1, at most 100; 10 if not given". */
static void put_schema(struct buf *buf, json_t *document, json_t *schema)
{
    json_t *items = schema_resolve(document, json_object_get(schema, "items"));
    json_t *words = json_object_get(items ? items : schema, "enum");
    json_t *otherwise = json_object_get(schema, "default");
    const char *type = schema_text(schema, "type");
    put_words(buf, words);
    if (!words && *type && strcmp(type, "string") != 0)
        append(buf, type);
    put_bound(buf, schema, "minimum", "at least");
    put_bound(buf, schema, "maximum", "at most");
    put_bound(buf, schema, "maxItems", "at most");
    if (json_is_string(otherwise))
        buf_printf(buf, "%s`%s` if not given", buf->len ? "; " : "", json_string_value(otherwise));
    else if (json_is_integer(otherwise))
        buf_printf(buf, "%s%" JSON_INTEGER_FORMAT " if not given", buf->len ? "; " : "",
                   json_integer_value(otherwise));
}

char *schema_words(json_t *document, json_t *value, json_t *schema, bool required)
{
    struct buf buf = {0}, may_be = {0};
    schema = schema_resolve(document, schema);
    const char *description = schema_text(value, "description");
    if (!*description)
        description = schema_text(schema, "description");
    put_schema(&may_be, document, schema);
    buf_str(&buf, required ? STR("required") : STR_NONE);
    buf_printf(&buf, "%s%.*s", required && may_be.len ? "; " : "", STR_ARG(buf_view(&may_be)));
    buf_printf(&buf, "%s%s", buf.len && *description ? ".\v" : "", description);
    buf_byte(&buf, '\0');
    buf_free(&may_be);
    return text_take(&buf);
}
