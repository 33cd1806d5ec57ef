#include "support/client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/fcgi.h"

enum { PARAM_MAX = 512 };

static char begin_body[] = "{\"appType\":\"web\",\"identifierValue\":\"somebody@example.com\"}";
static char basic[] = "HTTP_AUTHORIZATION=Basic cHJvLWJlbmNoOmNvcmJhZG8xX2JlbmNo";

int client_connect(const struct client *client, int wait_s)
{
    struct timeval wait = {.tv_sec = wait_s};
    int fd = fcgi_connect(client->socket);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return fd;
}

static void put_request(struct buf *request, enum client_verb verb, const char *name)
{
    static char *const methods[] = {[CLIENT_CREATE] = "REQUEST_METHOD=POST",
                                    [CLIENT_REVOKE] = "REQUEST_METHOD=POST",
                                    [CLIENT_WHOAMI] = "REQUEST_METHOD=GET"};
    char uri[PARAM_MAX] = "REQUEST_URI=/sessions/whoami", login[PARAM_MAX], length[PARAM_MAX];
    const char *body = verb == CLIENT_CREATE ? begin_body : "";
    char *params[] = {methods[verb], uri, "QUERY_STRING=", "CONTENT_TYPE=application/json", login,
                      length,        NULL};
    if (verb == CLIENT_CREATE)
        snprintf(uri, sizeof(uri), "REQUEST_URI=/v2/users/%s/longSessions", name);
    else if (verb == CLIENT_REVOKE)
        snprintf(uri, sizeof(uri), "REQUEST_URI=/v2/sessions/%s/revoke", name);
    snprintf(login, sizeof(login), "%s%s", verb == CLIENT_WHOAMI ? "HTTP_X_SESSION_TOKEN=" : basic,
             verb == CLIENT_WHOAMI ? name : "");
    snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", strlen(body));
    buf_reset(request);
    fcgi_put_begin(request, params);
    fcgi_put_body(request, str_of(body));
    fcgi_put_end(request);
}

int client_ask(struct client *client, int fd, enum client_verb verb, const char *name)
{
    put_request(&client->request, verb, name);
    buf_reset(&client->answer);
    errno = ENOMEM;
    bool whole = !client->request.failed && fcgi_send(fd, buf_view(&client->request)) &&
                 fcgi_receive(fd, &client->answer);
    int saved = errno;
    close(fd);
    errno = saved;
    return whole && !client->answer.failed ? fcgi_status(&client->answer) : 0;
}

static bool find(struct str text, const char *sought, struct str *after)
{
    const char *at = memmem(text.ptr, text.len, sought, strlen(sought));
    *after = at ? str_from(text, (size_t)(at - text.ptr) + strlen(sought)) : STR_NONE;
    return at;
}

bool client_created(const struct client *client, const char *user, char *id)
{
    struct str answer = buf_view(&client->answer), after;
    char member[PARAM_MAX];
    snprintf(member, sizeof(member), "\"userID\":\"%s\"", user);
    if (!find(answer, member, &after) || !find(answer, "\"status\":\"active\"", &after) ||
        !find(answer, "\"longSessionID\":\"", &after) || after.len <= CLIENT_ID_TEXT ||
        after.ptr[CLIENT_ID_TEXT] != '"')
        return false;
    memcpy(id, after.ptr, CLIENT_ID_TEXT);
    id[CLIENT_ID_TEXT] = '\0';
    return true;
}

void client_end(struct client *client)
{
    buf_free(&client->request);
    buf_free(&client->answer);
}
