/* Limits, through the whole service: what is at one is answered as ever, what is over it with the
 * vendor's own error. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "serve/service.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(limits);

static const char records[] =
    "{\"kind\":\"app\",\"id\":\"acme\",\"corbado\":{\"project_id\":\"pro-1\"},\"keys\":["
    "{\"for\":\"admin\",\"secret\":\"rk\"},{\"for\":\"prelude\",\"secret\":\"pk\"},"
    "{\"for\":\"corbado\",\"secret\":\"ck\"},{\"for\":\"streambird\",\"secret\":\"sk\"}]}\n"
    "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"usr-1\",\"identifier\":\"one@example.com\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-1\",\"token\":\"one\"}\n";

/* A request of each dialect with a body, an object that takes another member, `more`. */
static const struct door {
    const char *name, *method, *path, *credential[4], *body;
    const char *member;  /* where the error says its status; NULL where it does not */
    int good, unread;    /* what is answered to it, and to a body that cannot be read */
    const char *wrong;   /* a credential that is nobody's, with a number in it */
    const char *refuses; /* what it says where it takes no member that it does not know; or NULL */
} doors[] = {
    {"native",
     "POST",
     "/rollcall/v1/sessions/revoke",
     {"HTTP_AUTHORIZATION=Bearer rk"},
     "{\"dry_run\":true,\"user\":\"usr-1\"%s}",
     NULL,
     200,
     400,
     "HTTP_AUTHORIZATION=Bearer bad%04d",
     "\"field\":\"more\""},
    {"prelude",
     "PUT",
     "/v2/session/apps/acme/config/tokens",
     {"HTTP_AUTHORIZATION=Bearer pk"},
     "{\"access_token_lifetime\":300%s}",
     NULL,
     200,
     400,
     "HTTP_AUTHORIZATION=Bearer bad%04d",
     NULL},
    {"corbado",
     "POST",
     "/v2/users/usr-1/longSessions",
     {"HTTP_AUTHORIZATION=Basic cHJvLTE6Y2s="},
     "{\"appType\":\"web\",\"identifierValue\":\"one@example.com\"%s}",
     "httpStatusCode",
     200,
     400,
     "HTTP_AUTHORIZATION=Basic cHJvLTE6%04d",
     NULL},
    {"streambird",
     "POST",
     "/v1/auth/sessions/verify",
     {"HTTP_AUTHORIZATION=Bearer sk"},
     "{\"session_token\":\"one\"%s}",
     "status_code",
     200,
     400,
     "HTTP_AUTHORIZATION=Bearer bad%04d",
     NULL},
    {"kratos",
     "POST",
     "/admin/sessions",
     {"HTTP_AUTHORIZATION=Bearer rk"},
     "{\"action\":\"disable\",\"sessions\":[\"00000000-0000-4000-8000-000000000000\"]%s}",
     "error.code",
     200,
     400,
     "HTTP_AUTHORIZATION=Bearer bad%04d",
     NULL},
    {"rocketchat",
     "POST",
     "/api/v1/sessions/logout.me",
     {"HTTP_X_AUTH_TOKEN=one", "HTTP_X_USER_ID=usr-1"},
     "{\"sessionId\":\"none\"%s}",
     NULL,
     404,
     400,
     "HTTP_X_AUTH_TOKEN=bad%04d",
     "additional properties"},
};
enum { DOORS = sizeof(doors) / sizeof(*doors) };

/* ---- asking ---- */

struct asking {
    char *dir;
    struct store *store;
    struct submitter submitter;
    struct service service;
    struct buf target, body, header, out;
    char *env[2 * HEADERS_MAX];
    size_t env_count;
};

static void begin(struct asking *asking, bool with_store)
{
    static const struct str cookies[] = {STR("ory_session_*")};
    struct site site = {.cookie_names = cookies, .cookie_name_count = 1};
    *asking = (struct asking){.dir = scratch_dir(), .submitter = {.fd = -1}};
    asking->store = asking->submitter.store = scratch_store(asking->dir, records);
    cr_assert_eq(service_begin(&asking->service, with_store ? asking->store : NULL, &site,
                               &asking->submitter),
                 ERR_OK);
}

static void end(struct asking *asking)
{
    struct buf *bufs[] = {&asking->target, &asking->body, &asking->header, &asking->out};
    service_end(&asking->service);
    submit_end(&asking->submitter);
    store_close(asking->store);
    scratch_remove(asking->dir);
    for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
        buf_free(bufs[i]);
}

static void fill(struct buf *buf, char byte, size_t count)
{
    while (count--)
        buf_byte(buf, byte);
}

static void put_variable(struct asking *asking, char *text)
{
    asking->env[asking->env_count++] = text;
}

static int ask(struct asking *asking, const struct door *door, bool cut)
{
    char method[32];
    snprintf(method, sizeof(method), "REQUEST_METHOD=%s", door->method);
    put_variable(asking, method);
    buf_byte(&asking->target, '\0');
    put_variable(asking, asking->target.ptr);
    for (size_t i = 0; door->credential[i]; i++)
        put_variable(asking, (char *)door->credential[i]);
    asking->env[asking->env_count] = NULL;
    struct body body = {.bytes = buf_view(&asking->body), .cut = cut};
    body.whole = body.bytes.len <= BODY_MAX_BYTES;
    if (!body.whole || cut)
        body.bytes = STR_NONE;
    buf_reset(&asking->out);
    service_answer(&asking->service, asking->env, &body, &asking->out);
    buf_byte(&asking->out, '\0');
    return atoi(asking->out.ptr + strlen("Status: "));
}

/* A good request, to be made worse. */
static void prepare(struct asking *asking, const struct door *door, const char *more)
{
    asking->env_count = 0;
    buf_reset(&asking->target);
    buf_reset(&asking->header);
    buf_reset(&asking->body);
    buf_printf(&asking->target, "REQUEST_URI=%s", door->path);
    buf_printf(&asking->body, door->body, more);
}

/* The answer has the shape of that dialect's errors. */
static void expect_shape(const struct asking *asking, const struct door *door, int status,
                         const char *what)
{
    const char *body = strstr(asking->out.ptr, "\r\n\r\n");
    json_t *json = body ? json_loads(body + 4, 0, NULL) : NULL, *at = json;
    cr_assert(json_is_object(json), "%s, %s: no JSON: %s", door->name, what, asking->out.ptr);
    if (strcmp(door->name, "rocketchat") == 0)
        cr_expect(json_is_false(json_object_get(json, "success")), "%s: %s", what, body);
    if (strcmp(door->name, "prelude") == 0)
        cr_expect(json_is_string(json_object_get(json, "type")), "%s: %s", what, body);
    else if (!door->member || strchr(door->member, '.'))
        at = json_object_get(json, "error");
    cr_expect_not_null(at, "%s, %s: %s", door->name, what, body);
    if (door->member) {
        const char *dot = strchr(door->member, '.');
        const char *name = dot ? dot + 1 : door->member;
        cr_expect_eq(json_integer_value(json_object_get(at, name)), status, "%s, %s: %s",
                     door->name, what, body);
    }
    json_decref(json);
}

static void expect(struct asking *asking, const struct door *door, int status, const char *what)
{
    int got = ask(asking, door, false);
    cr_expect_eq(got, status, "%s, %s: %d, not %d: %.600s", door->name, what, got, status,
                 asking->out.ptr);
    if (got >= 400)
        expect_shape(asking, door, status, what);
}

/* ---- what a request may have too much of ---- */

static size_t header_bytes(const struct door *door)
{
    size_t bytes = 0;
    for (size_t i = 0; door->credential[i]; i++)
        bytes += strlen(door->credential[i]);
    return bytes;
}

static void make_path(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    buf_str(&asking->target, STR("/-/-/"));
    fill(&asking->target, 'a', size + strlen("REQUEST_URI=") - asking->target.len);
}

static void make_query(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    buf_str(&asking->target, STR("?x="));
    fill(&asking->target, 'a', size - 2);
}

static void make_params(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    buf_str(&asking->target, STR("?x=1"));
    for (size_t i = 1; i < size; i++)
        buf_str(&asking->target, STR("&x=1"));
}

static void make_header(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    buf_str(&asking->header, STR("HTTP_X_ANY="));
    fill(&asking->header, 'a', size);
    buf_byte(&asking->header, '\0');
    put_variable(asking, asking->header.ptr);
}

static void make_headers(struct asking *asking, const struct door *door, size_t size)
{
    for (size_t i = door->credential[1] ? 2 : 1; i < size; i++)
        put_variable(asking, (char *)"HTTP_X_ANY=1");
}

/* Of one kilobyte each, but for the last. */
static void make_all_headers(struct asking *asking, const struct door *door, size_t size)
{
    enum { EACH = 1024 };
    static char each[EACH + 1];
    size_t left = size - header_bytes(door);
    snprintf(each, sizeof(each), "HTTP_X_ANY=%01000d%013d", 0, 0);
    for (; left >= 2 * EACH; left -= EACH)
        put_variable(asking, each);
    make_header(asking, door, left - strlen("HTTP_X_ANY="));
}

static void make_cookies(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    buf_str(&asking->header, STR("HTTP_COOKIE=a=1"));
    for (size_t i = 1; i < size; i++)
        buf_str(&asking->header, STR("; a=1"));
    buf_byte(&asking->header, '\0');
    put_variable(asking, asking->header.ptr);
}

static void make_body(struct asking *asking, const struct door *door, size_t size)
{
    (void)door;
    fill(&asking->body, ' ', size - asking->body.len);
}

static const struct limit {
    const char *what;
    void (*make)(struct asking *asking, const struct door *door, size_t size);
    size_t most;
    int at, over; /* 0: as without it */
} limits[] = {
    {"path", make_path, PATH_MAX_BYTES, 404, 414},
    {"query", make_query, QUERY_MAX_BYTES, 0, 414},
    {"parameters", make_params, PARAMS_MAX, 0, 400},
    {"header", make_header, HEADER_MAX_BYTES, 0, 431},
    {"headers", make_headers, HEADERS_MAX, 0, 431},
    {"all headers", make_all_headers, HEADERS_MAX_BYTES, 0, 431},
    {"cookies", make_cookies, COOKIES_MAX, 0, 431},
    {"body", make_body, BODY_MAX_BYTES, 0, 413},
};

Test(limits, at_a_limit_all_is_well_and_over_it_every_dialect_says_so)
{
    struct asking asking;
    begin(&asking, true);
    for (size_t i = 0; i < DOORS; i++)
        for (size_t j = 0; j < sizeof(limits) / sizeof(*limits); j++) {
            prepare(&asking, &doors[i], "");
            limits[j].make(&asking, &doors[i], limits[j].most);
            expect(&asking, &doors[i], limits[j].at ? limits[j].at : doors[i].good, limits[j].what);
            prepare(&asking, &doors[i], "");
            limits[j].make(&asking, &doors[i], limits[j].most + 1);
            expect(&asking, &doors[i], limits[j].over, limits[j].what);
        }
    end(&asking);
}

/* ---- what a body may be ---- */

/* A member of arrays within arrays: so many levels with the object around them. */
static char *nest(size_t levels)
{
    struct buf text = {0};
    buf_str(&text, STR(",\"more\":"));
    fill(&text, '[', levels - 1);
    fill(&text, ']', levels - 1);
    buf_byte(&text, '\0');
    return text.ptr;
}

Test(limits, a_body_nests_so_deep_and_no_deeper)
{
    enum { DEPTH_MOST = 2048 }; /* jansson's JSON_PARSER_MAX_DEPTH */
    struct asking asking;
    char *deep = nest(DEPTH_MOST), *deeper = nest(DEPTH_MOST + 1);
    begin(&asking, true);
    for (size_t i = 0; i < DOORS; i++) {
        const char *refuses = doors[i].refuses;
        prepare(&asking, &doors[i], deep);
        expect(&asking, &doors[i], refuses ? 400 : doors[i].good, "depth");
        cr_expect(!refuses || strstr(asking.out.ptr, refuses), "%s", asking.out.ptr);
        prepare(&asking, &doors[i], deeper);
        expect(&asking, &doors[i], doors[i].unread, "too deep");
        cr_expect_not(refuses && strstr(asking.out.ptr, refuses), "%s", asking.out.ptr);
        prepare(&asking, &doors[i], "");
        buf_reset(&asking.body);
        fill(&asking.body, '[', BODY_MAX_BYTES);
        expect(&asking, &doors[i], doors[i].unread, "a MiB of [");
    }
    end(&asking);
    free(deep);
    free(deeper);
}

Test(limits, a_body_that_was_cut_off_is_not_taken_for_a_whole_one)
{
    struct asking asking;
    begin(&asking, true);
    for (size_t i = 0; i < DOORS; i++) {
        prepare(&asking, &doors[i], "");
        cr_expect_eq(ask(&asking, &doors[i], true), 400, "%s: %s", doors[i].name, asking.out.ptr);
        expect_shape(&asking, &doors[i], 400, "cut");
    }
    end(&asking);
}

/* Every one of them is looked at, up to the last. */
Test(limits, the_last_cookie_counts_as_the_first)
{
    static const struct door whoami = {.name = "kratos",
                                       .method = "GET",
                                       .body = "%s",
                                       .path = "/sessions/whoami",
                                       .credential = {NULL}};
    struct asking asking;
    begin(&asking, true);
    prepare(&asking, &whoami, "");
    buf_str(&asking.header, STR("HTTP_COOKIE="));
    for (int i = 1; i < COOKIES_MAX; i++)
        buf_printf(&asking.header, "ory_session_%d=unknown%d; ", i, i);
    buf_str(&asking.header, STR("ory_session_x=one"));
    buf_byte(&asking.header, '\0');
    put_variable(&asking, asking.header.ptr);
    cr_expect_eq(ask(&asking, &whoami, false), 200, "%s", asking.out.ptr);
    end(&asking);
}

/* ---- 503 ---- */

Test(limits, what_is_to_be_tried_again_says_when)
{
    struct asking asking;
    begin(&asking, false);
    for (size_t i = 0; i < DOORS; i++) {
        prepare(&asking, &doors[i], "");
        expect(&asking, &doors[i], 503, "no store");
        cr_expect(strstr(asking.out.ptr, "\r\nRetry-After: 2\r\n"), "%s: %s", doors[i].name,
                  asking.out.ptr);
    }
    end(&asking);
}

/* What walks over much gives up once its time is up; whatever follows on it is answered as ever. */
Test(limits, a_list_that_takes_too_long_is_broken_off)
{
    static const char *const lists[DOORS] = {
        "/rollcall/v1/sessions", "/v2/session/apps/acme/users/usr-1/sessions",
        "/v2/sessions",          "/v1/auth/sessions/list?user_id=usr-1",
        "/admin/sessions",       "/api/v1/sessions/list"};
    static const char *const others[] = {"/rollcall/v1/users", "/rollcall/v1/audit",
                                         "/rollcall/v1/sessions?user=usr-1"};
    struct asking asking;
    begin(&asking, true);
    for (size_t i = 0; i < DOORS + sizeof(others) / sizeof(*others); i++) {
        struct door door = doors[i < DOORS ? i : 0];
        door.method = "GET";
        door.path = i < DOORS ? lists[i] : others[i - DOORS];
        door.body = "%s";
        deadline_is_up = 1;
        prepare(&asking, &door, "");
        expect(&asking, &door, 503, door.path);
        cr_expect(strstr(asking.out.ptr, "\r\nRetry-After: 2\r\n"), "%s", asking.out.ptr);
        deadline_is_up = 0;
        prepare(&asking, &door, "");
        expect(&asking, &door, 200, door.path);
    }
    end(&asking);
}

/* ---- too many wrong credentials ---- */

enum { FAILURES = 3 };

static struct throttle throttle;
static int64_t held_now;

static int64_t now_held(void)
{
    return held_now;
}

static void begin_guarded(struct asking *asking)
{
    begin(asking, true);
    held_now = asking->service.now();
    throttle_begin(&throttle);
    asking->service.now = now_held;
    asking->service.guard = (struct guard){&throttle, FAILURES};
}

/* The door's request from there, with the credential of that number; 0: the right one, -1: none. */
static int ask_from(struct asking *asking, const struct door *door, const char *address, int number)
{
    char from[64], wrong[64];
    struct door other = *door;
    snprintf(from, sizeof(from), "REMOTE_ADDR=%s", address);
    snprintf(wrong, sizeof(wrong), door->wrong, number);
    if (number != 0)
        other.credential[0] = number > 0 ? wrong : "HTTP_X_NONE=";
    prepare(asking, &other, "");
    put_variable(asking, from);
    return ask(asking, &other, false);
}

Test(limits, after_so_many_wrong_credentials_an_address_is_not_listened_to)
{
    static const char bad[] = "203.0.113.9", good[] = "203.0.113.10";
    struct asking asking;
    begin_guarded(&asking);
    for (size_t i = 0; i < DOORS; i++) {
        const struct door *door = &doors[i];
        for (int number = 1; number <= FAILURES; number++)
            cr_expect_eq(ask_from(&asking, door, bad, number), 401, "%s: %s", door->name,
                         asking.out.ptr);
        cr_expect_eq(ask_from(&asking, door, bad, FAILURES + 1), 429, "%s: %s", door->name,
                     asking.out.ptr);
        expect_shape(&asking, door, 429, "rate");
        cr_expect(strstr(asking.out.ptr, "\r\nRetry-After: 20\r\n"), "%s", asking.out.ptr);
        cr_expect_eq(ask_from(&asking, door, bad, 0), 429, "%s: the right one is looked at",
                     door->name);
        cr_expect_eq(ask_from(&asking, door, bad, -1), 401, "%s: %s", door->name, asking.out.ptr);
        cr_expect_eq(ask_from(&asking, door, good, 0), door->good, "%s: %s", door->name,
                     asking.out.ptr);
        held_now += 20000;
        cr_expect_eq(ask_from(&asking, door, bad, 0), door->good, "%s: %s", door->name,
                     asking.out.ptr);
        cr_expect_eq(ask_from(&asking, door, bad, FAILURES + 2), 401, "%s: %s", door->name,
                     asking.out.ptr);
        cr_expect_eq(ask_from(&asking, door, bad, 0), 429, "%s: %s", door->name, asking.out.ptr);
        held_now += 60000;
    }
    end(&asking);
}

Test(limits, what_the_vendors_say_of_it)
{
    static const char *const said[DOORS] = {
        "{\"error\":\"rate_limited\",\"message\":\"too many credentials that let nobody in\"}",
        "{\"code\":\"rate_limited\",\"type\":\"rate_limited\",",
        "\"error\":{\"type\":\"rate_limited\",",
        "{\"status_code\":429,\"error_type\":\"too_many_requests\",",
        "{\"error\":{\"code\":429,\"status\":\"Too Many Requests\",",
        "{\"success\":false,\"error\":\"Error, too many requests. Please slow down. You must wait "
        "20 "
        "seconds before trying this endpoint again. [error-too-many-requests]\"}"};
    struct asking asking;
    begin_guarded(&asking);
    for (size_t i = 0; i < DOORS; i++) {
        while (ask_from(&asking, &doors[i], "2001:db8::1", 1) == 401)
            ;
        cr_expect(strstr(asking.out.ptr, said[i]), "%s: %s", doors[i].name, asking.out.ptr);
        held_now += 60000;
    }
    char reset[64];
    snprintf(reset, sizeof(reset), "\r\nX-RateLimit-Reset: %lld\r\n",
             (long long)held_now - 60000 + 20000);
    cr_expect(strstr(asking.out.ptr, reset), "%s", asking.out.ptr);
    cr_expect(strstr(asking.out.ptr, "\r\nX-RateLimit-Limit: 3\r\n"), "%s", asking.out.ptr);
    cr_expect(strstr(asking.out.ptr, "\r\nX-RateLimit-Remaining: 0\r\n"), "%s", asking.out.ptr);
    end(&asking);
}

Test(limits, a_wrong_credential_is_not_listened_to_wherever_it_comes_from)
{
    struct asking asking;
    begin_guarded(&asking);
    for (int i = 0; i < FAILURES + 1; i++) {
        char address[32];
        snprintf(address, sizeof(address), "203.0.113.%d", i + 1);
        cr_expect_eq(ask_from(&asking, &doors[0], address, 7), i < FAILURES ? 401 : 429, "%s",
                     asking.out.ptr);
        cr_expect_eq(ask_from(&asking, &doors[0], address, 0), 200, "%s", asking.out.ptr);
    }
    end(&asking);
}

Test(limits, a_network_of_ipv6_counts_as_one_address)
{
    struct asking asking;
    begin_guarded(&asking);
    for (int number = 1; number <= FAILURES; number++)
        cr_expect_eq(ask_from(&asking, &doors[0], "2001:db8:1:2::1", number), 401);
    cr_expect_eq(ask_from(&asking, &doors[0], "2001:db8:1:2:ffff::9", 0), 429);
    cr_expect_eq(ask_from(&asking, &doors[0], "2001:db8:1:3::1", 0), 200);
    end(&asking);
}

/* Who asks for many must not be shut out by one of them. */
Test(limits, this_host_and_trusted_proxies_are_never_limited)
{
    static const char *const addresses[] = {"127.0.0.1", "127.1.2.3", "::1", "", "10.1.2.3"};
    struct asking asking;
    struct network proxies;
    begin_guarded(&asking);
    cr_assert(network_parse(STR("10.0.0.0/8"), &proxies));
    asking.service.site.trust = (struct trust){.networks = &proxies, .network_count = 1};
    int number = 1;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        for (int j = 0; j < 3 * FAILURES; j++)
            cr_expect_eq(ask_from(&asking, &doors[0], addresses[i], number++), 401, "%s: %s",
                         addresses[i], asking.out.ptr);
    /* ... but for whom they ask, where they say it. */
    asking.service.site.trust.forwarded = FORWARDED_X;
    for (int j = 0; j < FAILURES + 1; j++) {
        struct door other = doors[0];
        char wrong[64];
        snprintf(wrong, sizeof(wrong), other.wrong, number++);
        other.credential[0] = wrong;
        other.credential[1] = "HTTP_X_FORWARDED_FOR=198.51.100.1";
        other.credential[2] = NULL;
        cr_expect_eq(ask_from(&asking, &other, "10.1.2.3", 0), j < FAILURES ? 401 : 429, "%s",
                     asking.out.ptr);
    }
    end(&asking);
}

/* Or else a header of one's own would do: whoever's address a trusted proxy leaves unknown is
 * counted with all of that proxy's that are. */
Test(limits, an_address_that_is_left_unknown_is_counted_all_the_same)
{
    static const char *const told[][2] = {
        {"HTTP_X_FORWARDED_FOR=x", "HTTP_X_FORWARDED_FOR=198.51.100.1"},
        {"HTTP_X_FORWARDED_FOR=198.51.100.2, unknown", NULL},
        {"HTTP_X_FORWARDED_FOR=198.51.100.1", "HTTP_X_FORWARDED_FOR=198.51.100.3"}};
    struct asking asking;
    struct network proxies;
    begin_guarded(&asking);
    cr_assert(network_parse(STR("10.0.0.0/8"), &proxies));
    asking.service.site.trust = (struct trust){FORWARDED_X, &proxies, 1, false};
    for (int i = 0; i < FAILURES + 1; i++) {
        struct door other = doors[0];
        char wrong[64];
        snprintf(wrong, sizeof(wrong), other.wrong, i + 1);
        other.credential[0] = wrong;
        other.credential[1] = told[i % 3][0];
        other.credential[2] = told[i % 3][1];
        other.credential[3] = NULL;
        cr_expect_eq(ask_from(&asking, &other, "10.1.2.3", 0), i < FAILURES ? 401 : 429, "%s",
                     asking.out.ptr);
    }
    /* Neither the proxy, nor whom it names, nor another proxy is. */
    struct door known = doors[0];
    known.credential[1] = "HTTP_X_FORWARDED_FOR=198.51.100.1";
    cr_expect_eq(ask_from(&asking, &known, "10.1.2.3", 0), 200, "%s", asking.out.ptr);
    cr_expect_eq(ask_from(&asking, &doors[0], "10.1.2.3", 0), 200, "%s", asking.out.ptr);
    known.credential[1] = told[1][0];
    cr_expect_eq(ask_from(&asking, &known, "10.1.2.4", 0), 200, "%s", asking.out.ptr);
    end(&asking);
}

/* A session that is over is no guess: that is what everybody's looks like one day. */
Test(limits, a_known_credential_that_is_over_is_no_failure)
{
    static const struct door whoami = {.name = "kratos",
                                       .method = "GET",
                                       .body = "%s",
                                       .path = "/sessions/whoami",
                                       .credential = {"HTTP_X_SESSION_TOKEN=one"},
                                       .wrong = "HTTP_X_SESSION_TOKEN=bad%04d"};
    struct asking asking;
    begin_guarded(&asking);
    cr_expect_eq(ask_from(&asking, &whoami, "203.0.113.9", 0), 200, "%s", asking.out.ptr);
    held_now += INT64_C(366) * 86400 * SECOND_MS;
    for (int i = 0; i < 3 * FAILURES; i++)
        cr_expect_eq(ask_from(&asking, &whoami, "203.0.113.9", 0), 401, "%s", asking.out.ptr);
    for (int i = 1; i <= FAILURES; i++)
        cr_expect_eq(ask_from(&asking, &whoami, "203.0.113.9", i), 401, "%s", asking.out.ptr);
    cr_expect_eq(ask_from(&asking, &whoami, "203.0.113.9", 0), 429, "%s", asking.out.ptr);
    end(&asking);
}

Test(limits, without_a_limit_nobody_is_refused)
{
    struct asking asking;
    begin_guarded(&asking);
    asking.service.guard.most = 0;
    for (int i = 1; i < 3 * FAILURES; i++)
        cr_expect_eq(ask_from(&asking, &doors[0], "203.0.113.9", 1), 401, "%s", asking.out.ptr);
    end(&asking);
}
