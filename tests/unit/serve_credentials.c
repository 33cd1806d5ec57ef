/* Who is not let in learns nothing of why: whatever is wrong with a credential, each dialect
 * answers with the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "dialect/tally.h"
#include "serve/watch.h"
#include "support/asking.h"
#include "support/files.h"
#include "support/suite.h"

SUITE(serve_credentials);

#define KEYS(app)                                                                                  \
    "\"keys\":[{\"for\":\"admin\",\"secret\":\"rk_" app "\"},"                                     \
    "{\"for\":\"prelude\",\"secret\":\"mk_" app "\"},"                                             \
    "{\"for\":\"corbado\",\"secret\":\"ck_" app "\"},"                                             \
    "{\"for\":\"streambird\",\"secret\":\"sk_" app "\"}]"
#define SESSION(number, user, token, more)                                                         \
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"" user                                      \
    "\",\"id\":\"00000001-0000-7000-8000-"                                                         \
    "00000000000" number "\",\"token\":\"" token "\"" more "}\n"

static const char records[] = "{\"kind\":\"app\",\"id\":\"acme\"," KEYS(
    "acme") "}\n"
            "{\"kind\":\"app\",\"id\":\"globex\"," KEYS(
                "globex") "}\n"
                          "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ann\"}\n"
                          "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ben\"}\n"
                          "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"gone\",\"state\":"
                          "\"inactive\"}\n" SESSION("1", "ann", "alive-1", "")
                              SESSION("2", "ben", "alive-2", "") SESSION(
                                  "3", "ann", "revoked",
                                  ",\"ended\":{\"as\":\"revoked\",\"at\":\"2026-01-01T00:00:00Z\"}")
                                  SESSION("4", "ann", "expired",
                                          ",\"created_at\":\"2025-01-01T00:00:00Z\","
                                          "\"expires_at\":\"2025-02-01T00:00:00Z\"")
                                      SESSION("5", "ann", "idle-12",
                                              ",\"created_at\":\"2025-12-01T00:00:00Z\","
                                              "\"last_active_at\":\"2025-12-02T00:00:00Z\","
                                              "\"expires_at\":\"2027-02-01T00:00:00Z\"")
                                          SESSION("6", "gone", "of-gone", "");

/* Each row: a request line, and ways to fail to be let in. */
static const struct {
    const char *line;
    const char *headers[12];
    const char *body;
} cases[] = {
    {"GET /sessions",
     {"X-Session-Token: unknown", "X-Session-Token: revoked", "X-Session-Token: expired",
      "X-Session-Token: idle-12", "X-Session-Token: of-gone",
      "X-Session-Token: \xFF\xFE\x01\x02\x03\x04\x05", "X-Session-Token: rk_acme",
      "Cookie: ory_kratos_session=unknown", "Cookie: ory_kratos_session=revoked",
      "Authorization: Bearer expired", "Cookie: other=alive-1",
      "Authorization: Basic YWxpdmUtMTphbGl2ZS0x"},
     ""},
    {"DELETE /sessions/00000001-0000-7000-8000-000000000001",
     {"X-Session-Token: unknown", "X-Session-Token: revoked", "X-Session-Token: of-gone",
      "Cookie: ory_kratos_session=expired; ory_kratos_session=alive-1"},
     ""},
    {"GET /sessions/whoami",
     {"X-Session-Token: unknown", "X-Session-Token: idle-12", "Authorization: Bearer of-gone"},
     ""},
    {"GET /admin/sessions",
     {"Authorization: Bearer unknown", "Authorization: Bearer ck_acme",
      "Authorization: Bearer alive-1", "X-Session-Token: alive-1", "X-Session-Token: unknown"},
     ""},
    {"GET /api/v1/sessions/list",
     {"X-User-Id: ann\nX-Auth-Token: unknown", "X-User-Id: nobody\nX-Auth-Token: unknown",
      "X-User-Id: ann\nX-Auth-Token: revoked", "X-User-Id: ann\nX-Auth-Token: expired",
      "X-User-Id: ben\nX-Auth-Token: alive-1", "X-User-Id: nobody\nX-Auth-Token: alive-1",
      "X-User-Id: gone\nX-Auth-Token: of-gone", "X-User-Id: ANN\nX-Auth-Token: alive-1",
      "X-User-Id: ann", "X-Auth-Token: alive-1", "X-User-Id: ann\nX-Auth-Token: \xFF"},
     ""},
    {"GET /api/v1/sessions/list.all",
     {"X-User-Id: ann\nX-Auth-Token: unknown", "X-User-Id: nobody\nX-Auth-Token: alive-1"},
     ""},
    {"GET /v2/sessions",
     {/* pro:unknown, acme:unknown, globex:ck_acme, acme:ck_globex, acme:sk_acme, :, acme:, no colon
       */
      "Authorization: Basic cHJvOnVua25vd24=", "Authorization: Basic YWNtZTp1bmtub3du",
      "Authorization: Basic Z2xvYmV4OmNrX2FjbWU=", "Authorization: Basic YWNtZTpja19nbG9iZXg=",
      "Authorization: Basic YWNtZTpza19hY21l", "Authorization: Basic Og==",
      "Authorization: Basic YWNtZTo=", "Authorization: Basic YWNtZQ==", "Authorization: Basic !",
      "Authorization: Bearer ck_acme", ""},
     ""},
    {"GET /v1/auth/sessions/list?user_id=ann",
     {"Authorization: Bearer unknown", "Authorization: Bearer ck_acme",
      "Authorization: Bearer rk_acme", "Authorization: Bearer alive-1", "Authorization: Bearer ",
      "Authorization: Basic c2tfYWNtZQ==", ""},
     ""},
    {"GET /v1/session/me/list",
     {"Authorization: Bearer unknown", "Authorization: Bearer alive-1",
      "Authorization: Bearer a.b.c", "Authorization: Bearer mk_acme", "Authorization: Bearer ..",
      ""},
     ""},
    {"POST /v1/session/refresh",
     {"X-Refresh-Token: unknown", "X-Refresh-Token: alive-1", "Cookie: __Host-refresh_acme=unknown",
      "X-Refresh-Token: \xFF", ""},
     ""},
    {"GET /v2/session/apps/acme/users/ann/sessions",
     {"Authorization: Bearer unknown", "Authorization: Bearer rk_acme",
      "Authorization: Bearer ck_acme", ""},
     ""},
    {"GET /rollcall/v1/sessions/00000001-0000-7000-8000-000000000001",
     {"Authorization: Bearer unknown", "Authorization: Bearer mk_acme",
      "Authorization: Bearer alive-1", "Authorization: Basic cmtfYWNtZQ==", ""},
     ""},
    {"POST /api/v1/login\nContent-Type: application/json", {""}, "{\"resume\":\"unknown\"}"},
    {"POST /api/v1/login\nContent-Type: application/json", {""}, "{\"resume\":\"revoked\"}"},
    {"POST /api/v1/login\nContent-Type: application/json", {""}, "{\"resume\":\"of-gone\"}"},
};

enum { CASES = sizeof(cases) / sizeof(*cases), WAYS = 12 };

static const struct str cookie_names[] = {STR("ory_kratos_session")};
static const struct site site = {.cookie_names = cookie_names, .cookie_name_count = 1};
static struct asking asking;

static void begin(void)
{
    asking_now = INT64_C(1767225600000);
    asking_begin(&asking, records, &site);
}

static const char *ask(size_t number, const char *headers)
{
    return asking_ask(&asking, "%s\n%s%s\n%s", cases[number].line, headers, *headers ? "\n" : "",
                      cases[number].body);
}

Test(serve_credentials, an_answer_does_not_tell_what_is_wrong)
{
    begin();
    for (size_t i = 0; i < CASES; i++) {
        /* A login's token is in its body, a row each. */
        bool goes_on = i > 0 && strcmp(cases[i].line, cases[i - 1].line) == 0;
        static char *first;
        if (!goes_on) {
            free(first);
            first = strdup(ask(i, cases[i].headers[0]));
        }
        cr_expect_eq(asked_status(first), 401, "%s", cases[i].line);
        for (size_t j = 0; j < WAYS && cases[i].headers[j]; j++)
            cr_expect_str_eq(ask(i, cases[i].headers[j]), first, "%s with %s%s", cases[i].line,
                             cases[i].headers[j], cases[i].body);
        if (i + 1 == CASES)
            free(first);
    }
    asking_end(&asking);
}

/* What looks like it is let in. */
Test(serve_credentials, the_right_ones_are_let_in)
{
    static const char *const right[] = {
        "GET /sessions\nX-Session-Token: alive-1\n",
        "GET /sessions\nCookie: ory_kratos_session=alive-1\n",
        "GET /sessions\nCookie: ory_kratos_session=unknown; ory_kratos_session=alive-2\n",
        "GET /sessions\nAuthorization: Bearer alive-1\n",
        "GET /admin/sessions\nAuthorization: Bearer rk_acme\n",
        "GET /api/v1/sessions/list\nX-User-Id: ann\nX-Auth-Token: alive-1\n",
        "GET /v2/sessions\nAuthorization: Basic YWNtZTpja19hY21l\n",
        "GET /v1/auth/sessions/list?user_id=ann\nAuthorization: Bearer sk_acme\n",
        "GET /v2/session/apps/acme/users/ann/sessions\nAuthorization: Bearer mk_acme\n",
        "GET /rollcall/v1/app\nAuthorization: Bearer rk_acme\n",
        "POST /api/v1/login\nContent-Type: application/json\n\n{\"resume\":\"alive-1\"}",
    };
    begin();
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
        cr_expect_eq(asked_status(asking_ask(&asking, "%s", right[i])), 200, "%s: %s", right[i],
                     asking.out.ptr);
    asking_end(&asking);
}

/* What follows a word in the last answer, so many bytes. */
static void take(const char *before, size_t len, char *out)
{
    const char *at = strstr(asking.out.ptr, before);
    cr_assert_not_null(at, "no %s in %s", before, asking.out.ptr);
    snprintf(out, len + 1, "%s", at + strlen(before));
}

static void take_session_of(const char *user, char *out)
{
    asking_ask(&asking,
               "GET /v2/session/apps/acme/users/%s/sessions\nAuthorization: Bearer mk_acme\n",
               user);
    take("\"id\":\"", 30, out);
}

static int revoke_one(const char *user, const char *session)
{
    return asked_status(asking_ask(&asking,
                                   "DELETE /v2/session/apps/acme/users/%s/sessions/%s\n"
                                   "Authorization: Bearer mk_acme\n",
                                   user, session));
}

/* A user has an id and a UUID, and is known by either; so is one session of that user. */
Test(serve_credentials, one_session_of_a_user_is_named_as_all_of_them_are)
{
    char uuid[37], one[31], another[31];
    begin();
    asking_ask(&asking, "GET /rollcall/v1/users/ann\nAuthorization: Bearer rk_acme\n");
    take("\"uuid\":\"", 36, uuid);
    take_session_of(uuid, one);
    take_session_of("ben", another);
    cr_expect_eq(revoke_one(uuid, another), 404);
    cr_expect_eq(revoke_one(uuid, one), 204, "%s", asking.out.ptr);
    cr_expect_eq(revoke_one("ben", another), 204, "%s", asking.out.ptr);
    asking_end(&asking);
}

/* Whoever may choose his own name could choose that: it names a user who is looked for, and none
 * for whom a session is begun. */
Test(serve_credentials, no_session_is_begun_for_who_is_named_by_the_uuid)
{
    char uuid[37];
    begin();
    asking_ask(&asking, "GET /rollcall/v1/users/ann\nAuthorization: Bearer rk_acme\n");
    take("\"uuid\":\"", 36, uuid);
    asking_ask(&asking,
               "POST /rollcall/v1/sessions\nAuthorization: Bearer rk_acme\n\n{\"user\":\"%s\"}",
               uuid);
    cr_expect_eq(asked_status(asking.out.ptr), 409, "%s", asking.out.ptr);
    asking_end(&asking);
}

/* Corbado's clients leave "usr-" off or on: that is another's name where somebody is called so. */
Test(serve_credentials, another_users_session_is_not_reached_by_half_a_name)
{
    char session[37];
    static const char *const names[] = {"ben", "usr-ben"};
    begin();
    asking_ask(&asking,
               "POST /rollcall/v1/sessions\nAuthorization: Bearer rk_acme\n\n{\"user\":\"ben\"}");
    take("\"corbado\":\"", 30, session);
    for (int there = 0; there < 2; there++) {
        for (int i = 0; i < 2; i++)
            cr_expect_eq(asked_status(asking_ask(&asking,
                                                 "GET /v2/users/%s/longSessions/%s\n"
                                                 "Authorization: Basic YWNtZTpja19hY21l\n",
                                                 names[i], session)),
                         there && i ? 400 : 200, "%s: %s", names[i], asking.out.ptr);
        asking_ask(&asking, "POST /rollcall/v1/sessions\nAuthorization: Bearer rk_acme\n\n"
                            "{\"user\":\"usr-ben\"}");
    }
    asking_end(&asking);
}

/* Another session is looked at in the place of one that is not there: whichever that is, nobody is
 * let in as its holder, and it is nobody's in the log. */
Test(serve_credentials, nobody_is_taken_for_a_neighbour)
{
    static struct watch watch = {.access_log = ACCESS_KEYVALUE};
    enum { TRIES = 500 };
    char path[256];
    begin();
    snprintf(path, sizeof(path), "%s/log", asking.dir);
    watch.metrics = metrics_open("/dev/null", tally_layout());
    cr_assert(log_open(path, ""));
    asking.service.watch = &watch;
    for (int i = 0; i < TRIES; i++) {
        int status = asked_status(asking_ask(
            &asking, "GET /sessions\nCookie: ory_kratos_session=%d; ory_kratos_session=x%d\n", i,
            i));
        cr_expect_eq(status, 401, "%d", i);
        status = asked_status(asking_ask(
            &asking, "GET /api/v1/sessions/list\nX-User-Id: ann\nX-Auth-Token: %d\n", i));
        cr_expect_eq(status, 401, "%d", i);
        status =
            asked_status(asking_ask(&asking, "POST /v1/session/refresh\nX-Refresh-Token: %d\n", i));
        cr_expect_eq(status, 401, "%d", i);
    }
    log_open("", "");
    char *log = file_read(path);
    cr_assert_not_null(log);
    cr_expect_not_null(strstr(log, " app=- dialect=kratos "), "%.200s", log);
    cr_expect_null(strstr(log, "app=acme"), "%.200s", strstr(log, "app=acme"));
    free(log);
    metrics_close(watch.metrics);
    asking_end(&asking);
}
