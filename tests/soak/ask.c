/* One request, straight over FastCGI, and its answer. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "support/base64.h"
#include "support/fcgi.h"

/* Twice what a worker waits for a writer, and as much in the queue before. */
enum { WAIT_S = 60 };

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- putting together ---- */

static char *spelled_out(const char *text, va_list values)
{
    va_list again;
    va_copy(again, values);
    int len = vsnprintf(NULL, 0, text, values);
    char *out = len >= 0 ? malloc((size_t)len + 1) : NULL;
    if (!out)
        abort();
    vsnprintf(out, (size_t)len + 1, text, again);
    va_end(again);
    return out;
}

static void add_variable(struct soak *soak, const char *name, char *value)
{
    char **variable = &soak->variables[soak->variable_count++];
    if (soak->variable_count > VARIABLES || asprintf(variable, "%s=%s", name, value) < 0)
        abort();
    free(value);
}

static void forget_request(struct soak *soak)
{
    while (soak->variable_count > 0)
        free(soak->variables[--soak->variable_count]);
    memset(soak->variables, 0, sizeof(soak->variables));
    free(soak->body);
    soak->body = NULL;
}

void ask(struct soak *soak, const struct tenant *tenant, const char *method, const char *target,
         ...)
{
    va_list values;
    forget_request(soak);
    soak->tenant = tenant;
    soak->reads = strcmp(method, "GET") == 0;
    soak->holder = NULL;
    va_start(values, target);
    char *whole = spelled_out(target, values);
    va_end(values);
    const char *query = strchr(whole, '?');
    ask_header(soak, "REMOTE_ADDR", "198.51.100.%d", soak->number + 1);
    add_variable(soak, "REQUEST_METHOD", strdup(method));
    add_variable(soak, "QUERY_STRING", strdup(query ? query + 1 : ""));
    add_variable(soak, "REQUEST_URI", whole);
}

void ask_header(struct soak *soak, const char *variable, const char *value, ...)
{
    va_list values;
    va_start(values, value);
    add_variable(soak, variable, spelled_out(value, values));
    va_end(values);
}

void ask_by_token(struct soak *soak, struct login *login)
{
    soak->holder = login;
    if (!soak->reads || chance(50))
        ask_header(soak, "HTTP_X_SESSION_TOKEN", "%s", login->token);
    else
        ask_header(soak, "HTTP_COOKIE", "a=b; ory_kratos_session=%s", login->token);
}

void ask_by_login(struct soak *soak, struct login *login)
{
    soak->holder = login;
    ask_header(soak, "HTTP_X_USER_ID", "%s", login->person->id);
    ask_header(soak, "HTTP_X_AUTH_TOKEN", "%s", login->token);
}

void ask_by_jwt(struct soak *soak, struct login *login)
{
    soak->holder = login;
    ask_header(soak, "HTTP_AUTHORIZATION", "Bearer %s", login->jwt);
}

void ask_by_refresh(struct soak *soak, struct login *login, const char *token)
{
    soak->holder = login;
    ask_header(soak, "HTTP_X_REFRESH_TOKEN", "%s", token);
}

void ask_json(struct soak *soak, const char *body, ...)
{
    va_list values;
    va_start(values, body);
    soak->body = spelled_out(body, values);
    va_end(values);
    ask_header(soak, "CONTENT_TYPE", "application/json");
    ask_header(soak, "CONTENT_LENGTH", "%zu", strlen(soak->body));
}

void ask_key(struct soak *soak, enum key_kind key, const struct tenant *of,
             const struct tenant *project)
{
    static const char *const begins[] = {"corbado1_", "sk_test_", "rk_"};
    if (key == OF_CORBADO) {
        char pair[3 * WORD], text[4 * WORD + 4];
        snprintf(pair, sizeof(pair), "pro-%s:%s%s", project->name, begins[key], of->name);
        base64_write(pair, text);
        ask_header(soak, "HTTP_AUTHORIZATION", "Basic %s", text);
    } else {
        ask_header(soak, "HTTP_AUTHORIZATION", "Bearer %s%s", begins[key], of->name);
    }
}

/* ---- sending ---- */

/* Waits for the socket; -1 when told to stop meanwhile. */
static int reach(const struct soak *soak)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    struct timeval wait = {.tv_sec = WAIT_S};
    int64_t until = now_ms() + WAIT_S * 1000;
    int fd;
    while ((fd = fcgi_connect(soak->socket)) < 0 && now_ms() < until)
        nanosleep(&pause, NULL);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    return fd;
}

static void exchange(struct soak *soak)
{
    int fd = reach(soak);
    if (fd < 0)
        disagree(soak, "nobody listens");
    buf_reset(&soak->bytes);
    buf_reset(&soak->answer);
    fcgi_put_begin(&soak->bytes, soak->variables);
    fcgi_put_body(&soak->bytes, str_of(soak->body ? soak->body : ""));
    fcgi_put_end(&soak->bytes);
    bool whole = fcgi_send(fd, buf_view(&soak->bytes)) && fcgi_receive(fd, &soak->answer);
    int saved = errno;
    close(fd);
    soak->status = whole ? fcgi_status(&soak->answer) : 0;
    if (whole && !soak->status)
        disagree(soak, "an answer without a status");
    if (!whole && saved == EAGAIN)
        disagree(soak, "no answer in %d s", WAIT_S);
}

static void count_answer(struct soak *soak, const struct timespec *began)
{
    struct timespec end;
    struct figures *figures = soak->figures;
    int phase = figures->phase;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double us =
        (double)(end.tv_sec - began->tv_sec) * 1e6 + (double)(end.tv_nsec - began->tv_nsec) / 1e3;
    int step = us > 1 ? (int)(8 * log2(us)) : 0;
    figures->times[phase][step < STEPS_OF_TIME ? step : STEPS_OF_TIME - 1]++;
    figures->statuses[phase][soak->status < STATUS_MOST ? soak->status : 0]++;
}

static struct str answer_body(const struct soak *soak)
{
    struct str all = buf_view(&soak->answer);
    const char *end = memmem(all.ptr, all.len, "\r\n\r\n", 4);
    return end ? str_from(all, (size_t)(end - all.ptr) + 4) : STR_NONE;
}

/* Whether an app's name begins there (own.c). A token, too, has "soak-" in it once in a million
 * answers or so. */
static bool is_name(struct str text)
{
    size_t at = strlen("soak-"), digits = at;
    while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    return str_starts(text, STR("soak-all")) ||
           (digits > at && digits < text.len && text.ptr[digits] == '-');
}

/* Whatever belongs to an app bears its name: no other's may be seen. */
static void look_for_strangers(struct soak *soak)
{
    static const char begin[] = "soak-";
    struct str rest = buf_view(&soak->answer);
    size_t len = strlen(soak->tenant->name);
    const char *at;
    while ((at = memmem(rest.ptr, rest.len, begin, sizeof(begin) - 1))) {
        rest = str_from(rest, (size_t)(at - rest.ptr));
        if (is_name(rest) && (rest.len < len || memcmp(at, soak->tenant->name, len) != 0))
            disagree(soak, "shows of another app: %.*s", (int)(rest.len < 40 ? rest.len : 40), at);
        rest = str_from(rest, sizeof(begin) - 1);
    }
}

bool answered(struct soak *soak)
{
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    json_decref(soak->json);
    soak->json = NULL;
    soak->when.low = now_ms();
    exchange(soak);
    soak->when.high = now_ms() + 1;
    count_answer(soak, &began);
    if (soak->status == 0 || soak->status == 503) {
        if (soak->holder)
            login_noticed(soak->holder, &soak->when);
        return false;
    }
    struct str body = answer_body(soak);
    soak->json = json_loadb(body.ptr, body.len, 0, NULL);
    if (body.len && !soak->json)
        disagree(soak, "the body is no JSON");
    look_for_strangers(soak);
    return true;
}

/* ---- reading ---- */

struct str answer_header(const struct soak *soak, const char *name)
{
    struct str rest = buf_view(&soak->answer), line, own, value;
    while (str_split(rest, '\n', &line, &rest) && line.len > 1) {
        line.len--; /* the CR */
        if (str_split(line, ':', &own, &value) && str_eq_nocase(own, str_of(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

const json_t *answer_member(const struct soak *soak, const char *name)
{
    return json_object_get(soak->json, name);
}

void soak_end(struct soak *soak)
{
    forget_request(soak);
    buf_free(&soak->bytes);
    buf_free(&soak->answer);
    json_decref(soak->json);
    for (size_t i = 0; i < soak->login_count; i++)
        free(soak->logins[i]);
}
