/* Credentials and names that must open nothing: another app's, made up ones, and those of sessions
 * that were taken out. */
#include <string.h>

#include "soak.h"
#include "support/random.h"

/* The apps whose keys are tried on a session are not its own. */
static const struct tenant *stranger(struct soak *soak, const struct login *login)
{
    const struct tenant *tenant;
    do
        tenant = &soak->tenants[random_below(TENANTS)];
    while (tenant == login->person->tenant);
    return tenant;
}

static void refused(struct soak *soak, int status)
{
    if (!answered(soak))
        return;
    expect_status(soak, status);
    soak->figures->refused++;
}

static void try_native(struct soak *soak, struct login *login)
{
    const struct tenant *other = stranger(soak, login);
    static const char *const methods[] = {"GET", "DELETE"};
    ask(soak, other, methods[random_below(2)], "/rollcall/v1/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, other, NULL);
    refused(soak, 404);
}

static void try_corbado(struct soak *soak, struct login *login)
{
    const struct tenant *other = stranger(soak, login);
    ask(soak, other, "POST", "/v2/sessions/%s/revoke", login->names[CORBADO]);
    ask_key(soak, OF_CORBADO, other, other);
    refused(soak, 400);
}

static void try_project(struct soak *soak, struct login *login)
{
    const struct tenant *other = stranger(soak, login);
    ask(soak, other, "GET", "/v2/sessions");
    ask_key(soak, OF_CORBADO, other, login->person->tenant);
    refused(soak, 401);
}

static void try_streambird(struct soak *soak, struct login *login)
{
    const struct tenant *other = stranger(soak, login);
    bool by_jwt = chance(50);
    ask(soak, other, "POST", "/v1/auth/sessions/verify");
    ask_key(soak, OF_STREAMBIRD, other, NULL);
    ask_json(soak, "{\"%s\":\"%s\"}", by_jwt ? "session_jwt" : "session_token",
             by_jwt ? login->jwt : login->token);
    refused(soak, 404);
}

static void try_kratos(struct soak *soak, struct login *login)
{
    const struct tenant *other = stranger(soak, login);
    ask(soak, other, "DELETE", "/admin/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, other, NULL);
    refused(soak, 404);
}

/* A right token with the id of somebody else. */
static void try_rocketchat(struct soak *soak, struct login *login)
{
    const struct person *person;
    do
        person = any_person(soak);
    while (person == login->person);
    ask(soak, login->person->tenant, "GET", "/api/v1/sessions/list");
    ask_header(soak, "HTTP_X_USER_ID", "%s", person->id);
    ask_header(soak, "HTTP_X_AUTH_TOKEN", "%s", login->token);
    refused(soak, 401);
}

/* Another letter in the midst of the signature. */
static void try_prelude(struct soak *soak, struct login *login)
{
    char jwt[JWT];
    memcpy(jwt, login->jwt, JWT);
    char *at = strrchr(jwt, '.') + 9;
    *at = *at == 'A' ? 'B' : 'A';
    ask(soak, login->person->tenant, "GET", "/v1/session/me/list");
    ask_header(soak, "HTTP_AUTHORIZATION", "Bearer %s", jwt);
    refused(soak, 401);
}

/* A key of the app that is for something else. */
static void try_key(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "GET", "/rollcall/v1/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_STREAMBIRD, login->person->tenant, NULL);
    refused(soak, 401);
}

static void try_token(struct soak *soak, struct login *login)
{
    char token[WORD];
    memcpy(token, login->token, WORD);
    char *at = token + random_below(strlen(token));
    *at = *at == 'x' ? 'y' : 'x';
    ask(soak, login->person->tenant, "GET", "/sessions/whoami");
    ask_header(soak, "HTTP_X_SESSION_TOKEN", "%s", token);
    refused(soak, 401);
}

/* A page of another app. */
static void try_page(struct soak *soak, struct login *login)
{
    const struct tenant *own = login->person->tenant, *other = stranger(soak, login);
    char next[512];
    ask(soak, own, "GET", "/rollcall/v1/sessions?limit=1");
    ask_key(soak, OF_ADMIN, own, NULL);
    if (!answered(soak) || !json_string_value(answer_member(soak, "next")))
        return;
    snprintf(next, sizeof(next), "%s", json_string_value(answer_member(soak, "next")));
    ask(soak, other, "GET", "/rollcall/v1/sessions?limit=1&after=%s", next);
    ask_key(soak, OF_ADMIN, other, NULL);
    refused(soak, 400);
}

static void try_ghost(struct soak *soak)
{
    size_t count = soak->ghost_count < GHOSTS ? soak->ghost_count : GHOSTS;
    const struct ghost *ghost = &soak->ghosts[random_below(count)];
    size_t way = random_below(4);
    ask(soak, ghost->person->tenant, way == 2 ? "POST" : "GET", "%s",
        way == 0   ? "/sessions/whoami"
        : way == 1 ? "/api/v1/me"
        : way == 2 ? "/v1/session/refresh"
                   : "/v1/session/me/list");
    if (way == 0)
        ask_header(soak, "HTTP_X_SESSION_TOKEN", "%s", ghost->token);
    else if (way == 2)
        ask_header(soak, "HTTP_X_REFRESH_TOKEN", "%s", ghost->refresh);
    else if (way == 3)
        ask_header(soak, "HTTP_AUTHORIZATION", "Bearer %s", ghost->jwt);
    if (way == 1) {
        ask_header(soak, "HTTP_X_USER_ID", "%s", ghost->person->id);
        ask_header(soak, "HTTP_X_AUTH_TOKEN", "%s", ghost->token);
    }
    refused(soak, 401);
}

void refuse_something(struct soak *soak)
{
    static void (*const tries[])(struct soak * soak, struct login * login) = {
        try_native,     try_corbado, try_project, try_streambird, try_kratos,
        try_rocketchat, try_prelude, try_key,     try_token,      try_page};
    struct login *login = any_login(soak, NULL, chance(70) ? IS_ACTIVE : IS_ANY, true);
    if (soak->ghost_count && chance(25))
        try_ghost(soak);
    else if (login)
        tries[random_below(sizeof(tries) / sizeof(*tries))](soak, login);
}
