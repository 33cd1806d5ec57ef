#include "support/asking.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/scratch.h"

enum { VARIABLES_MAX = 64 };

int64_t asking_now;

static int64_t now_held(void)
{
    return asking_now;
}

static int64_t monotonic_held(void)
{
    return 0;
}

static void id_held(struct service *service, char *out)
{
    (void)service;
    memset(out, '0', REQUEST_ID_TEXT);
}

void asking_begin(struct asking *asking, const char *jsonl, const struct site *site)
{
    *asking = (struct asking){.dir = scratch_dir()};
    asking->store = scratch_store_at(asking->dir, jsonl, asking_now);
    asking->submitter = (struct submitter){.fd = -1, .store = asking->store};
    cr_assert_eq(service_begin(&asking->service, asking->store, site, &asking->submitter), ERR_OK);
    asking->service.now = now_held;
    asking->service.monotonic_ns = monotonic_held;
    asking->service.make_id = id_held;
}

void asking_end(struct asking *asking)
{
    service_end(&asking->service);
    submit_end(&asking->submitter);
    store_close(asking->store);
    scratch_remove(asking->dir);
    buf_free(&asking->out);
}

/* CGI variables, NULL after the last. */
struct variables {
    char *texts[VARIABLES_MAX];
    size_t count;
};

static void add(struct variables *variables, const char *prefix, struct str name, struct str value)
{
    char *text = NULL;
    cr_assert(variables->count + 1 < VARIABLES_MAX);
    cr_assert(asprintf(&text, "%s%.*s=%.*s", prefix, STR_ARG(name), STR_ARG(value)) > 0);
    variables->texts[variables->count++] = text;
}

static void add_header(struct variables *variables, struct str line)
{
    struct str name, value;
    char upper[64];
    str_split(line, ':', &name, &value);
    cr_assert(name.len < sizeof(upper), "%.*s", STR_ARG(name));
    for (size_t i = 0; i < name.len; i++)
        upper[i] = (char)(name.ptr[i] == '-' ? '_' : toupper((unsigned char)name.ptr[i]));
    bool type = str_eq_nocase(name, STR("Content-Type"));
    add(variables, type ? "" : "HTTP_", (struct str){upper, name.len}, str_trim(value));
}

/* What follows the headers is the body. */
static struct str read_request(struct variables *variables, struct str text)
{
    struct str line, rest, method, target, path, query;
    str_split(text, '\n', &line, &rest);
    str_split(line, ' ', &method, &target);
    str_split(target, '?', &path, &query);
    add(variables, "", STR("REQUEST_METHOD"), method);
    add(variables, "", STR("REQUEST_URI"), target);
    add(variables, "", STR("QUERY_STRING"), query);
    add(variables, "", STR("SCRIPT_NAME"), STR(""));
    while (rest.len) {
        str_split(rest, '\n', &line, &rest);
        if (line.len == 0)
            break;
        add_header(variables, line);
    }
    return rest;
}

const char *asking_ask(struct asking *asking, const char *format, ...)
{
    struct variables variables = {.count = 0};
    char *text = NULL;
    va_list args;
    va_start(args, format);
    cr_assert(vasprintf(&text, format, args) >= 0);
    va_end(args);
    struct body body = {.bytes = read_request(&variables, str_of(text)), .whole = true};
    buf_reset(&asking->out);
    service_answer(&asking->service, variables.texts, &body, &asking->out);
    buf_byte(&asking->out, '\0');
    cr_assert(!asking->out.failed);
    for (size_t i = 0; i < variables.count; i++)
        free(variables.texts[i]);
    free(text);
    return asking->out.ptr;
}

int asked_status(const char *response)
{
    return strncmp(response, "Status: ", 8) == 0 ? atoi(response + 8) : 0;
}
