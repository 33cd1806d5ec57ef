/* The OpenAPI document and the dialects' tables say the same: every route is an operation, every
 * operation a route, and each vendor's space the same paths. The document is asked for as any
 * client would, of a service that has no store: it needs none. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialect/dialect.h"
#include "serve/service.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(openapi);

static char *const document_env[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/rollcall/v1/openapi.json",
                                     "QUERY_STRING=", "SCRIPT_NAME=", NULL};

/* What a service on that store, which may be NULL, answers: a CGI response. */
static void ask(struct store *store, char *const *env, struct buf *out)
{
    struct service service;
    struct submitter submitter = {.fd = -1};
    const struct site site = {.public_url = STR("")};
    const struct body body = {.whole = true};
    cr_assert_eq(service_begin(&service, store, &site, &submitter), ERR_OK);
    service_answer(&service, env, &body, out);
    service_end(&service);
    submit_end(&submitter);
    buf_byte(out, '\0');
    cr_assert(!out->failed);
}

/* The JSON behind the empty line; the caller lets go of it. */
static json_t *body_of(const struct buf *out)
{
    json_error_t error;
    const char *body = strstr(out->ptr, "\r\n\r\n");
    cr_assert(strncmp(out->ptr, "Status: 200 ", 12) == 0 && body, "%.200s", out->ptr);
    json_t *json = json_loads(body + 4, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(json, "line %d: %s", error.line, error.text);
    return json;
}

static json_t *document(void)
{
    struct buf out = {0};
    ask(NULL, document_env, &out);
    json_t *json = body_of(&out);
    buf_free(&out);
    return json;
}

/* ---- routes and operations ---- */

/* Whether they are one path: what a route leaves open as "{}" has a name in the document. */
static bool is_path(const char *documented, const char *route)
{
    while (*documented && *documented == *route) {
        if (*documented == '{')
            documented += strcspn(documented, "}") - 1;
        documented++, route++;
    }
    return *documented == *route;
}

static bool is_method(const char *documented, const char *route)
{
    return strcasecmp(documented, route) == 0;
}

/* The operation that a route is; NULL when the document has none. */
static const json_t *operation_of(json_t *paths, const struct route *route)
{
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(paths, path, item)
    {
        if (!is_path(path, route->path))
            continue;
        json_object_foreach(item, method, operation)
        {
            if (is_method(method, route->method))
                return operation;
        }
    }
    return NULL;
}

static const struct route *route_of(const char *path, const char *method)
{
    for (size_t i = 0; dialects[i]; i++)
        for (const struct route *route = dialects[i]->routes; route->path; route++)
            if (is_path(path, route->path) && is_method(method, route->method))
                return route;
    return NULL;
}

Test(openapi, every_route_is_an_operation)
{
    json_t *json = document(), *paths = json_object_get(json, "paths");
    for (size_t i = 0; dialects[i]; i++)
        for (const struct route *route = dialects[i]->routes; route->path; route++)
            cr_expect(operation_of(paths, route) != NULL, "not in the document: %s %s",
                      route->method, route->path);
    json_decref(json);
}

Test(openapi, every_operation_is_a_route)
{
    json_t *json = document(), *item, *operation;
    const char *path, *method;
    size_t count = 0;
    json_object_foreach(json_object_get(json, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            cr_expect(route_of(path, method) != NULL, "no route: %s %s", method, path);
            count++;
        }
    }
    cr_expect_gt(count, 0);
    json_decref(json);
}

/* ---- spaces and tags ---- */

static size_t count_spaces(const struct dialect *dialect)
{
    size_t count = 0;
    while (dialect->spaces[count])
        count++;
    return count;
}

static bool has_space(const json_t *spaces, const char *space)
{
    size_t i;
    json_t *each;
    json_array_foreach((json_t *)spaces, i, each)
    {
        if (strcmp(json_string_value(each), space) == 0)
            return true;
    }
    return false;
}

static bool is_tag_of(const json_t *tag, const struct dialect *dialect)
{
    const json_t *spaces = json_object_get(tag, "x-spaces");
    bool same = json_array_size(spaces) == count_spaces(dialect);
    for (const char *const *space = dialect->spaces; same && *space; space++)
        same = has_space(spaces, *space);
    return same && json_is_true(json_object_get(tag, "x-slash-at-end")) == dialect->slash_at_end;
}

Test(openapi, every_dialect_is_a_tag_of_the_same_spaces)
{
    json_t *json = document(), *tags = json_object_get(json, "tags"), *tag;
    size_t i, count = 0;
    for (; dialects[count]; count++) {
        size_t found = 0;
        json_array_foreach(tags, i, tag)
        {
            found += is_tag_of(tag, dialects[count]);
        }
        cr_expect_eq(found, 1, "%zu tags for the space %s", found, dialects[count]->spaces[0]);
    }
    cr_expect_eq(json_array_size(tags), count);
    json_decref(json);
}

/* ---- whoever asks, whatever there is ---- */

Test(openapi, the_apps_there_are_do_not_matter)
{
    static const char *const records[] = {
        "", "{\"kind\":\"app\",\"id\":\"acme\"}\n{\"kind\":\"app\",\"id\":\"globex\"}"};
    json_t *alone = document();
    for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
        char *dir = scratch_dir();
        struct store *store = scratch_store(dir, records[i]);
        struct buf out = {0};
        ask(store, document_env, &out);
        json_t *json = body_of(&out);
        cr_expect(json_equal(json, alone), "another document with records %zu", i);
        json_decref(json);
        buf_free(&out);
        store_close(store);
        scratch_remove(dir);
    }
    json_decref(alone);
}

Test(openapi, a_credential_that_is_no_good_does_not_matter)
{
    char *env[sizeof(document_env) / sizeof(*document_env) + 1];
    size_t count = sizeof(document_env) / sizeof(*document_env) - 1;
    struct buf out = {0};
    memcpy(env, document_env, sizeof(document_env));
    env[count] = "HTTP_AUTHORIZATION=Bearer nonsense";
    env[count + 1] = NULL;
    ask(NULL, env, &out);
    json_decref(body_of(&out));
    buf_free(&out);
}
