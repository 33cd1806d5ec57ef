#include "client.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static int64_t held_now;

static int64_t now_held(void)
{
    return held_now;
}

static int64_t monotonic_held(void)
{
    return 0;
}

void client_hold_clock(struct client *client, int64_t now)
{
    held_now = client->now = now;
}

void client_begin(struct client *client, struct store *store)
{
    *client = (struct client){.store = store,
                              .submitter = {.fd = -1, .store = store},
                              .arena = arena_new(ARENA_BYTES),
                              .cookie_name = STR("ory_kratos_session")};
    struct site site = {.public_url = STR("http://127.0.0.1:8080"),
                        .cookie_names = &client->cookie_name,
                        .cookie_name_count = 1};
    cr_assert_not_null(client->arena);
    cr_assert_eq(service_begin(&client->service, store, &site, &client->submitter), ERR_OK);
    client->service.now = now_held;
    client->service.monotonic_ns = monotonic_held;
}

void client_end(struct client *client)
{
    service_end(&client->service);
    submit_end(&client->submitter);
    arena_free(client->arena);
    buf_free(&client->answer);
    json_decref(client->json);
    for (size_t i = 0; i < JOURNAL_LENGTH; i++)
        free(client->journal[i]);
}

/* ---- the request ---- */

static struct str format(struct client *client, const char *text, va_list values)
{
    char *line = NULL;
    int len = vasprintf(&line, text, values);
    cr_assert_geq(len, 0);
    struct str copy = arena_copy(client->arena, (struct str){line, (size_t)len});
    free(line);
    return copy;
}

static void add_variable(struct client *client, const char *name, struct str value)
{
    cr_assert_lt(client->variable_count, VARIABLES_MAX);
    client->variables[client->variable_count++] =
        (char *)arena_printf(client->arena, "%s=%.*s", name, STR_ARG(value)).ptr;
    client->variables[client->variable_count] = NULL;
}

static void add_words(struct client *client, const char *name, struct str value)
{
    client->words =
        arena_printf(client->arena, "%.*s%s%.*s", STR_ARG(client->words), name, STR_ARG(value));
}

void client_request(struct client *client, const char *method, const char *target, ...)
{
    va_list values;
    struct str path, query;
    arena_reset(client->arena);
    client->variable_count = 0;
    client->body = client->words = STR_NONE;
    va_start(values, target);
    struct str whole = format(client, target, values);
    va_end(values);
    str_split(whole, '?', &path, &query);
    add_variable(client, "REQUEST_METHOD", str_of(method));
    add_variable(client, "REQUEST_URI", whole);
    add_variable(client, "QUERY_STRING", query);
    add_variable(client, "SCRIPT_NAME", STR(""));
    add_words(client, method, STR(" "));
    add_words(client, "", whole);
}

void client_header(struct client *client, const char *name, const char *value, ...)
{
    va_list values;
    char variable[64] = "HTTP_";
    size_t len = strlen(variable);
    va_start(values, value);
    struct str text = format(client, value, values);
    va_end(values);
    for (const char *c = name; *c && len < sizeof(variable) - 1; c++)
        variable[len++] = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    variable[len] = '\0';
    add_variable(client, variable, text);
    add_words(client, "  ", str_of(name));
    add_words(client, ": ", text);
}

void client_json(struct client *client, const char *body, ...)
{
    va_list values;
    va_start(values, body);
    client->body = format(client, body, values);
    va_end(values);
    add_variable(client, "CONTENT_TYPE", STR("application/json"));
    add_words(client, "  ", client->body);
}

/* ---- the answer ---- */

static struct str next_line(struct str *rest)
{
    struct str line;
    str_split(*rest, '\n', &line, rest);
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static void read_answer(struct client *client)
{
    struct str rest = buf_view(&client->answer), word, status;
    str_split(next_line(&rest), ' ', &word, &status);
    struct str all = rest;
    client->status = status.len >= 3 ? atoi(status.ptr) : 0;
    while (rest.len && next_line(&rest).len)
        ;
    client->headers = (struct str){all.ptr, all.len - rest.len};
    json_decref(client->json);
    client->json = json_loadb(rest.ptr, rest.len, 0, NULL);
}

static char **next_entry(struct client *client)
{
    char **entry = &client->journal[client->asked++ % JOURNAL_LENGTH];
    free(*entry);
    return entry;
}

static void note_exchange(struct client *client)
{
    char **entry = next_entry(client);
    cr_assert(asprintf(entry, "%.*s -> %d", STR_ARG(client->words), client->status) > 0);
}

void client_note(struct client *client, const char *words)
{
    *next_entry(client) = strdup(words);
}

int client_send(struct client *client)
{
    struct body body = {.bytes = client->body, .whole = true};
    buf_reset(&client->answer);
    service_answer(&client->service, client->variables, &body, &client->answer);
    read_answer(client);
    note_exchange(client);
    return client->status;
}

struct str client_answer_header(const struct client *client, const char *name)
{
    struct str rest = client->headers, own, value;
    while (rest.len) {
        struct str line = next_line(&rest);
        if (str_split(line, ':', &own, &value) && str_eq_nocase(own, str_of(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

const json_t *client_member(const struct client *client, const char *name)
{
    return json_object_get(client->json, name);
}

/* ---- what only the project can make ---- */

void client_identity(const char *app_id, const char *user_id, char *out)
{
    struct uuid uuid = user_uuid(str_of(app_id), str_of(user_id));
    uuid_write(&uuid, out);
    out[UUID_TEXT] = '\0';
}

char *client_access_token(struct client *client, const char *app_id, const uint8_t *id)
{
    struct snapshot *snapshot;
    struct app app;
    struct session session;
    struct uuid uuid;
    struct buf token = {0};
    memcpy(uuid.bytes, id, sizeof(uuid.bytes));
    cr_assert_eq(snapshot_begin(client->store, &snapshot), ERR_OK);
    enum err err = store_app_by_id(snapshot, str_of(app_id), &app);
    if (err == ERR_OK)
        err = store_session(snapshot, app.number, &uuid, &session);
    if (err == ERR_OK)
        err = core_access_token(snapshot, client->arena, &session, client->now, &token);
    snapshot_end(snapshot);
    char *copy = err == ERR_OK ? strndup(token.ptr, token.len) : NULL;
    buf_free(&token);
    return copy;
}
