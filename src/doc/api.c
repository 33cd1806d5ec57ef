#include "doc/api.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "doc/mdoc.h"
#include "doc/schema.h"
#include "doc/text.h"

/* ---- the document ---- */

static const char *name_of(const json_t *tag)
{
    return schema_text(tag, "name");
}

typedef void operation_fn(void *context, const char *method, const char *path, json_t *operation);

static void each_operation(json_t *document, json_t *tag, operation_fn *fn, void *context)
{
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            json_t *own = json_array_get(json_object_get(operation, "tags"), 0);
            if (strcmp(json_string_value(own), name_of(tag)) == 0)
                fn(context, method, path, operation);
        }
    }
}

/* What was shown already, and what with. */
struct showing {
    FILE *out;
    json_t *document, *shown;
    int status; /* which answers are shown, where it is answers that are */
};

/* Items that are gathered before their list is begun: there is no empty one in mdoc(7). */
struct list {
    char *items;
    size_t size;
    FILE *out;
};

static void list_begin(struct list *list)
{
    *list = (struct list){.items = NULL};
    list->out = open_memstream(&list->items, &list->size);
    if (!list->out)
        abort();
}

static void list_end(struct list *list, const char *heading, const char *kind, FILE *out)
{
    fclose(list->out);
    if (list->size)
        fprintf(out, "%s.Bl -tag -width Ds%s\n%s.El\n", heading, kind, list->items);
    free(list->items);
}

/* Once only for each name. */
static bool is_new(struct showing *showing, const char *name)
{
    bool shown = json_object_get(showing->shown, name) != NULL;
    json_object_set(showing->shown, name, json_true());
    return !shown;
}

static void put_item(FILE *out, const char *name, const char *place)
{
    fputs(".It Li ", out);
    mdoc_word(out, name);
    if (*place)
        fprintf(out, " Pq %s", place);
    fputc('\n', out);
}

/* ---- credentials ---- */

static json_t *scheme_of(json_t *document, const char *name)
{
    json_t *components = json_object_get(document, "components");
    return json_object_get(json_object_get(components, "securitySchemes"), name);
}

/* Where it stands in a request: "Authorization: Bearer", "header X-Auth-Token". */
static char *place_of(const json_t *scheme)
{
    const char *http = schema_text(scheme, "scheme");
    if (*http)
        return text_of("Authorization: %c%s", toupper((unsigned char)*http), http + 1);
    return text_of("%s %s", schema_text(scheme, "in"), schema_text(scheme, "name"));
}

static void put_credentials(void *context, const char *method, const char *path, json_t *operation)
{
    struct showing *showing = context;
    (void)method, (void)path;
    size_t i;
    json_t *all, *scopes;
    const char *name;
    json_array_foreach(json_object_get(operation, "security"), i, all)
    {
        json_object_foreach(all, name, scopes)
        {
            json_t *scheme = scheme_of(showing->document, name);
            if (!is_new(showing, name))
                continue;
            char *place = place_of(scheme);
            put_item(showing->out, name, place);
            mdoc_text(showing->out, schema_text(scheme, "description"));
            free(place);
        }
    }
}

/* "Credential: this with that, or another." */
static void put_admission(FILE *out, json_t *operation)
{
    json_t *ways = json_object_get(operation, "security"), *all, *scopes;
    size_t i;
    const char *name, *before = "";
    fputs(json_array_size(ways) ? ".br\nCredential:" : ".br\nCredential: none", out);
    json_array_foreach(ways, i, all)
    {
        json_object_foreach(all, name, scopes)
        {
            fprintf(out, "%s\n.Li %s", before, name);
            before = " with";
        }
        before = " , or";
    }
    fputs(json_array_size(ways) ? " .\n" : ".\n", out);
}

/* ---- parameters ---- */

static void put_value(FILE *out, const char *name, const char *place, char *text)
{
    put_item(out, name, place);
    if (*text)
        mdoc_text(out, text);
    free(text);
}

/* Those in the path are there anyway. */
static void put_parameter(struct showing *showing, json_t *parameter)
{
    bool required = json_is_true(json_object_get(parameter, "required"));
    const char *in = schema_text(parameter, "in");
    bool in_path = strcmp(in, "path") == 0;
    char *text = schema_words(showing->document, parameter, json_object_get(parameter, "schema"),
                              required && !in_path);
    if (in_path && !*text)
        free(text);
    else
        put_value(showing->out, schema_text(parameter, "name"), in, text);
}

static void put_shared(void *context, const char *method, const char *path, json_t *operation)
{
    struct showing *showing = context;
    (void)method, (void)path;
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(operation, "parameters"), i, each)
    {
        const char *name = schema_text(each, "$ref");
        if (*name && is_new(showing, name))
            put_parameter(showing, schema_resolve(showing->document, each));
    }
}

/* ---- bodies ---- */

static bool is_required(const json_t *schema, const char *member)
{
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(schema, "required"), i, each)
    {
        if (strcmp(json_string_value(each), member) == 0)
            return true;
    }
    return false;
}

static json_t *body_of(json_t *document, json_t *operation)
{
    json_t *body = schema_resolve(document, json_object_get(operation, "requestBody"));
    json_t *content = json_object_get(body, "content");
    json_t *first = json_object_iter_value(json_object_iter(content));
    return schema_resolve(document, json_object_get(first, "schema"));
}

static void put_body(struct showing *showing, json_t *schema)
{
    const char *name;
    json_t *member;
    json_object_foreach(json_object_get(schema, "properties"), name, member)
    {
        put_value(showing->out, name, "body",
                  schema_words(showing->document, schema_resolve(showing->document, member), member,
                               is_required(schema, name)));
    }
}

/* ---- operations ---- */

static void put_own_parameters(struct showing *showing, json_t *operation, json_t *body)
{
    struct list list;
    json_t *each;
    size_t i;
    list_begin(&list);
    struct showing inner = {.out = list.out, .document = showing->document};
    json_array_foreach(json_object_get(operation, "parameters"), i, each)
    {
        if (!json_object_get(each, "$ref"))
            put_parameter(&inner, each);
    }
    put_body(&inner, body);
    list_end(&list, "", " -compact", showing->out);
}

/* The names of those that are described once for all operations. */
static void put_shared_names(struct showing *showing, json_t *operation)
{
    size_t i, count = 0;
    json_t *each;
    json_array_foreach(json_object_get(operation, "parameters"), i, each)
    {
        if (!json_object_get(each, "$ref"))
            continue;
        fputs(count++ ? " ,\n.Li " : ".br\nTakes\n.Li ", showing->out);
        mdoc_word(showing->out, schema_text(schema_resolve(showing->document, each), "name"));
    }
    fputs(count ? " .\n" : "", showing->out);
}

static void put_answers(struct showing *showing, json_t *operation)
{
    const char *status;
    json_t *each;
    bool failed = false;
    json_object_foreach(json_object_get(operation, "responses"), status, each)
    {
        const char *text = schema_text(schema_resolve(showing->document, each), "description");
        if (status[0] < '4') {
            fprintf(showing->out, ".br\nAnswers\n.Li %s :\n", status);
            mdoc_text(showing->out, text);
        } else {
            fprintf(showing->out, "%s\n.Li %s", failed ? " ," : "Otherwise", status);
            failed = true;
        }
    }
    fputs(failed ? " .\n" : "", showing->out);
}

static void put_operation(void *context, const char *method, const char *path, json_t *operation)
{
    struct showing *showing = context;
    fputs(".It Li ", showing->out);
    for (const char *c = method; *c; c++)
        fputc(toupper((unsigned char)*c), showing->out);
    fputc(' ', showing->out);
    mdoc_word(showing->out, path);
    fputc('\n', showing->out);
    mdoc_text(showing->out, schema_text(operation, "summary"));
    if (*schema_text(operation, "description"))
        mdoc_text(showing->out, schema_text(operation, "description"));
    json_t *body = body_of(showing->document, operation);
    if (*schema_text(body, "description"))
        mdoc_text(showing->out, schema_text(body, "description"));
    put_admission(showing->out, operation);
    put_own_parameters(showing, operation, body);
    put_shared_names(showing, operation);
    put_answers(showing, operation);
}

/* ---- failures ---- */

static void put_failures(void *context, const char *method, const char *path, json_t *operation)
{
    struct showing *showing = context;
    (void)method, (void)path;
    const char *status;
    json_t *each;
    json_object_foreach(json_object_get(operation, "responses"), status, each)
    {
        if (atoi(status) != showing->status || !is_new(showing, schema_text(each, "$ref")))
            continue;
        put_item(showing->out, status, "");
        mdoc_text(showing->out,
                  schema_text(schema_resolve(showing->document, each), "description"));
    }
}

/* ---- all of it ---- */

/* A list of what `fn` writes under a heading, where it writes something; it is called once for each
 * operation and status. */
struct part {
    const char *heading;
    operation_fn *fn;
    int first, last;
};

static void put_part(FILE *out, const struct part *part, json_t *document, json_t *tag)
{
    struct list list;
    list_begin(&list);
    struct showing showing = {.out = list.out, .document = document, .shown = json_object()};
    for (showing.status = part->first; showing.status <= part->last; showing.status++)
        each_operation(document, tag, part->fn, &showing);
    json_decref(showing.shown);
    list_end(&list, part->heading, "", out);
}

void api_dialect(FILE *out, json_t *document, json_t *tag)
{
    static const struct part parts[] = {{".Ss Credentials\n", put_credentials, 0, 0},
                                        {".Ss Requests\n", put_operation, 0, 0},
                                        {".Ss What several requests take\n", put_shared, 0, 0},
                                        {".Ss Failures\n", put_failures, 400, 599}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        put_part(out, &parts[i], document, tag);
    fputs(".Pp\nTo what is no operation:\n", out);
    mdoc_text(out, schema_text(schema_resolve(document, json_object_get(tag, "x-no-operation")),
                               "description"));
}
