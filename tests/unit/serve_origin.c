/* serve/cors: whose pages may read answers, and whose may change anything with a browser's cookies.
 */
#include <stdio.h>

#include "support/asking.h"
#include "support/suite.h"

SUITE(serve_origin);

static const char records[] =
    "{\"kind\":\"app\",\"id\":\"acme\",\"prelude\":{\"dpop\":\"optional\"},"
    "\"keys\":[{\"for\":\"admin\",\"secret\":\"rk_acme\"}]}\n"
    "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ann\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":\"secret\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":\"bearer\"}\n";

#define OTHER_SESSION "00000001-0000-7000-8000-000000000009"

static const struct str cookie_names[] = {STR("ory_kratos_session")};
static const struct str origins[] = {STR("https://app.example"), STR("http://localhost:3000")};
static const struct site site = {.public_url = STR("https://auth.example/login"),
                                 .cookie_names = cookie_names,
                                 .cookie_name_count = 1,
                                 .cors_origins = origins,
                                 .cors_origin_count = 2};
static struct asking asking;

static void begin(const struct site *which)
{
    asking_now = INT64_C(1767225600000);
    asking_begin(&asking, records, which);
}

/* ---- changes with cookies ---- */

static const struct {
    bool may;
    const char *headers;
} pages[] = {
    /* No browser. */
    {true, ""},
    {true, "Sec-Fetch-Mode: cors\n"},
    /* A page of this site, a user's own doing, a configured page. */
    {true, "Sec-Fetch-Site: same-origin\n"},
    {true, "Sec-Fetch-Site: same-origin\nOrigin: https://elsewhere.example\n"},
    {true, "Sec-Fetch-Site: same-origin\nOrigin: null\n"},
    {true, "Sec-Fetch-Site: none\n"},
    {true, "Sec-Fetch-Site: cross-site\nOrigin: https://app.example\n"},
    {true, "Sec-Fetch-Site: same-site\nOrigin: http://localhost:3000\n"},
    {true, "Origin: https://app.example\n"},
    /* A browser that says no more than its origin. */
    {true, "Origin: https://auth.example\n"},
    {true, "Origin: http://inside.example:8080\n"},
    {true, "Origin: https://inside.example:8080\n"},
    {true, "Origin: https://INSIDE.example:8080\n"},
    /* Anybody else's page. */
    {false, "Sec-Fetch-Site: cross-site\n"},
    {false, "Sec-Fetch-Site: same-site\n"},
    {false, "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example\n"},
    {false, "Sec-Fetch-Site: same-site\nOrigin: https://evil.auth.example\n"},
    {false, "Sec-Fetch-Site: cross-site\nOrigin: https://auth.example\n"},
    {false, "Sec-Fetch-Site: Same-Origin\n"},
    {false, "Sec-Fetch-Site: same-origin, cross-site\n"},
    {false, "Sec-Fetch-Site: nonsense\n"},
    {false, "Origin: https://evil.example\n"},
    {false, "Origin: null\n"},
    {false, "Origin: \n"},
    {false, "Origin: https://auth.example.evil.example\n"},
    {false, "Origin: https://auth.example:444\n"},
    {false, "Origin: http://auth.example\n"},
    {false, "Origin: https:/\n"},
    {false, "Origin: https://\n"},
    {false, "Origin: https://auth.exampl\n"},
    {false, "Origin: https://auth.example/login\n"},
    {false, "Origin: auth.example\n"},
    {false, "Origin: https://inside.example\n"},
    {false, "Origin: https://inside.example:8080@evil.example\n"},
    {false, "Origin: https://app.example.evil.example\n"},
    {false, "Origin: https://xapp.example\n"},
    {false, "Origin: http://app.example\n"},
    {false, "Origin: https://app.example, https://evil.example\n"},
};

enum { PAGES = sizeof(pages) / sizeof(*pages) };

static int ask_from(const char *line, const char *credential, const char *headers)
{
    return asked_status(
        asking_ask(&asking, "%s\nHost: inside.example:8080\n%s\n%s\n", line, credential, headers));
}

static void expect(const char *line, const char *credential, int done)
{
    for (size_t i = 0; i < PAGES; i++) {
        int status = ask_from(line, credential, pages[i].headers);
        cr_expect_eq(status, pages[i].may ? done : 403, "%s, %s: %d", line, pages[i].headers,
                     status);
    }
}

#define COOKIE "Cookie: ory_kratos_session=secret"

Test(serve_origin, a_cookie_changes_nothing_for_other_sites_pages)
{
    begin(&site);
    expect("DELETE /sessions", COOKIE, 200);
    expect("DELETE /sessions/" OTHER_SESSION, COOKIE, 204);
    asking_end(&asking);
}

/* The token is used up only by those who may: within its grace period, each of them gets the same
 * successor. */
Test(serve_origin, nor_does_the_cookie_of_a_refresh_token)
{
    static const char *const names[] = {"__Host-refresh_acme", "__refresh_acme"};
    char cookie[256];
    begin(&site);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *made = asking_ask(
            &asking,
            "POST /rollcall/v1/sessions\nAuthorization: Bearer rk_acme\n\n{\"user\":\"ben\"}");
        const char *token = strstr(made, "\"refresh_token\":\"");
        cr_assert_not_null(token, "%s", made);
        snprintf(cookie, sizeof(cookie), "Cookie: %s=%.43s", names[i], token + 17);
        expect("POST /v1/session/refresh", cookie, 200);
        cr_expect_eq(ask_from("POST /v1/session/revoke", cookie, "Origin: https://evil.example\n"),
                     403);
        cr_expect_eq(ask_from("POST /v1/session/revoke", cookie, ""), 204);
    }
    asking_end(&asking);
}

/* What a page of another site cannot have sent along is no matter of whose page it is. */
Test(serve_origin, other_credentials_are_the_senders_own)
{
    static const struct {
        const char *line, *credential;
        int status;
    } cases[] = {
        {"DELETE /sessions", "X-Session-Token: secret", 200},
        {"DELETE /sessions", "Authorization: Bearer bearer", 200},
        {"DELETE /sessions", "Cookie: ory_kratos_session=unknown\nAuthorization: Bearer bearer",
         200},
        {"POST /v1/session/refresh", "X-Refresh-Token: nonsense", 401},
        {"DELETE /sessions", "Cookie: ory_kratos_session=unknown", 401},
        {"DELETE /sessions", "Cookie: other=secret", 401},
        /* Reading is what CORS is about. */
        {"GET /sessions", COOKIE, 200},
        {"GET /sessions/whoami", COOKIE, 200},
        {"POST /sessions/whoami", COOKIE, 200},
    };
    begin(&site);
    /* Each of the two would end the other. */
    for (size_t i = sizeof(cases) / sizeof(*cases); i-- > 0;) {
        int status = ask_from(cases[i].line, cases[i].credential,
                              "Sec-Fetch-Site: cross-site\nOrigin: https://evil.example\n");
        bool other_ended = i == 0 && status == 401;
        cr_expect(status == cases[i].status || other_ended, "%s, %s: %d", cases[i].line,
                  cases[i].credential, status);
    }
    asking_end(&asking);
}

/* ---- CORS ---- */

static void expect_closed(const char *line, const char *headers)
{
    const char *answer = asking_ask(&asking, "%s\n%s\n", line, headers);
    cr_expect_null(strstr(answer, "Access-Control-"), "%s, %s: %s", line, headers, answer);
}

static const char *const lines[] = {
    "GET /sessions",
    "GET /sessions/whoami",
    "GET /v1/session/me/list",
    "GET /nowhere",
    "GET /sessions/nowhere",
    "OPTIONS /sessions",
    "OPTIONS /nowhere",
    "OPTIONS /sessions/a/b/c",
    "GET /rollcall/v1/sessions",
    "OPTIONS /rollcall/v1/sessions",
    "GET /v2/sessions",
    "OPTIONS /v2/sessions",
    "GET /api/v1/sessions/list",
    "GET /v1/auth/sessions/list",
    "GET /.well-known/jwks.json",
};

#define PREFLIGHT "Access-Control-Request-Method: GET\n" COOKIE "\n"

Test(serve_origin, nobody_elses_page_reads_anything_unless_configured)
{
    static const struct site closed = {.cookie_names = cookie_names, .cookie_name_count = 1};
    begin(&closed);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        expect_closed(lines[i], PREFLIGHT "Origin: https://app.example\n");
        expect_closed(lines[i], PREFLIGHT "Origin: null\n");
        expect_closed(lines[i], PREFLIGHT "Origin: \n");
    }
    asking_end(&asking);
}

Test(serve_origin, no_origin_passes_for_a_configured_one)
{
    static const char *const wrong[] = {
        "null",
        "*",
        "",
        "https://app.example.evil.example",
        "https://evil.example/https://app.example",
        "https://xapp.example",
        "https://app.example:443",
        "https://app.example/",
        "https://APP.example",
        "http://app.example",
        "https://app.exampl",
        "https://app.example https://evil.example",
        "http://localhost",
        "http://localhost:30000",
        "https://auth.example",
    };
    char header[256];
    begin(&site);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        for (size_t j = 0; j < sizeof(lines) / sizeof(*lines); j++) {
            snprintf(header, sizeof(header), PREFLIGHT "Origin: %s\n", wrong[i]);
            expect_closed(lines[j], header);
        }
    asking_end(&asking);
}

/* ... and only what browsers are to ask is answered to one of those; what is not there is not, to a
 * browser that asks beforehand. */
Test(serve_origin, a_configured_page_reads_what_is_made_for_browsers)
{
    static const struct {
        const char *line;
        int status;
        bool open;
    } cases[] = {
        {"GET /sessions/whoami", 200, true},           {"OPTIONS /sessions", 204, true},
        {"OPTIONS /v1/session/refresh", 204, true},    {"GET /v1/session/me/list", 401, true},
        {"OPTIONS /sessions/a/b/c", 404, true},        {"OPTIONS /nowhere", 404, false},
        {"OPTIONS /rollcall/v1/sessions", 405, false}, {"OPTIONS /v2/sessions", 405, false},
        {"OPTIONS /api/v1/login", 405, false},
    };
    begin(&site);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *answer =
            asking_ask(&asking, "%s\n" PREFLIGHT "Origin: https://app.example\n", cases[i].line);
        bool open =
            strstr(answer, "\r\nAccess-Control-Allow-Origin: https://app.example\r\n") != NULL;
        cr_expect_eq(asked_status(answer), cases[i].status, "%s: %s", cases[i].line, answer);
        cr_expect_eq(open, cases[i].open, "%s: %s", cases[i].line, answer);
        cr_expect(!open || strstr(answer, "\r\nVary: Origin\r\n"), "%s: %s", cases[i].line, answer);
        cr_expect_null(strstr(answer, "Access-Control-Allow-Origin: *"));
    }
    asking_end(&asking);
}
