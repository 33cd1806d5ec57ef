/* http/request, http/reply: CGI variables in, a CGI response out. */
#include <stdio.h>

#include "http/reply.h"
#include "http/request.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(http_request);

static const struct str cookie_names[] = {STR("ory_kratos_session"), STR("ory_session_*")};
static const struct site site = {.cookie_names = cookie_names, .cookie_name_count = 2};
static const struct site mounted = {.prefix = STR("/auth")};

static struct arena *arena;
static struct request request;

/* The variables are copied, for the array they stand in goes with the statement. */
static enum err read_env(const struct site *where, char *const *env)
{
    static char *kept[16];
    size_t count = 0;
    for (; env[count]; count++)
        kept[count] = env[count];
    kept[count] = NULL;
    if (arena)
        arena_reset(arena);
    else
        arena = arena_new(8 << 20);
    return request_read(arena, where, kept, &request);
}

static void end(void)
{
    arena_free(arena);
    arena = NULL;
}

#define ENV(...) ((char *const[]){"REQUEST_METHOD=GET", __VA_ARGS__, NULL})

Test(http_request, the_path_is_taken_as_it_was_sent)
{
    static const struct {
        const struct site *site;
        const char *uri, *path, *query;
    } cases[] = {
        {&site, "REQUEST_URI=/v2/sessions", "/v2/sessions", ""},
        {&site, "REQUEST_URI=/v2/sessions?a=1?b", "/v2/sessions", "a=1?b"},
        {&site, "REQUEST_URI=/a%2Fb//c/../d", "/a%2Fb//c/../d", ""},
        {&site, "REQUEST_URI=http://x.example:80/v2/sessions?q", "/v2/sessions", "q"},
        {&site, "REQUEST_URI=https://x.example", "/", ""},
        {&mounted, "REQUEST_URI=/auth/v2/sessions", "/v2/sessions", ""},
        {&mounted, "REQUEST_URI=/authority/v2", "/authority/v2", ""},
        {&mounted, "REQUEST_URI=/v2/sessions", "/v2/sessions", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cr_expect_eq(read_env(cases[i].site, ENV((char *)cases[i].uri)), ERR_OK, "%s",
                     cases[i].uri);
        cr_expect(str_eq(request.path, str_of(cases[i].path)), "%s: %.*s", cases[i].uri,
                  STR_ARG(request.path));
        cr_expect(str_eq(request.query, str_of(cases[i].query)), "%s: %.*s", cases[i].uri,
                  STR_ARG(request.query));
    }
    end();
}

Test(http_request, without_a_request_line_script_and_path_info_are_the_path)
{
    cr_assert_eq(read_env(&site, ENV("SCRIPT_NAME=/v1", "PATH_INFO=/session/me/list",
                                     "QUERY_STRING=limit=1")),
                 ERR_OK);
    cr_expect(str_eq(request.path, STR("/v1/session/me/list")), "%.*s", STR_ARG(request.path));
    cr_expect(str_eq(request.query, STR("limit=1")));
    end();
}

Test(http_request, path_info_counts_after_a_script_alone)
{
    cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/a//b", "SCRIPT_NAME=", "PATH_INFO=/a/b")),
                 ERR_OK);
    cr_expect_eq(request.path_info.len, 0);
    cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/x.cgi/b", "SCRIPT_NAME=/x.cgi", "PATH_INFO=/b")),
                 ERR_OK);
    cr_expect(str_eq(request.path_info, STR("/b")));
    /* lighttpd, mounted under /auth/: it takes what comes next for a script's name. */
    cr_assert_eq(read_env(&mounted, ENV("REQUEST_URI=/auth/v2/sessions", "SCRIPT_NAME=/auth/v2",
                                        "PATH_INFO=/sessions")),
                 ERR_OK);
    cr_expect_eq(request.path_info.len, 0, "after the prefix nothing is a script");
    cr_assert_eq(
        read_env(&mounted, ENV("REQUEST_URI=/x.cgi/b", "SCRIPT_NAME=/x.cgi", "PATH_INFO=/b")),
        ERR_OK);
    cr_expect(str_eq(request.path_info, STR("/b")));
    end();
}

Test(http_request, parameters_are_decoded_in_order)
{
    cr_assert_eq(
        read_env(&site, ENV("REQUEST_URI=/x", "QUERY_STRING=a=1&&b=%C3%A9+%2B&a=2&c&=d&e=f=g")),
        ERR_OK);
    static const char *const expected[][2] = {{"a", "1"}, {"b", "\xC3\xA9 +"}, {"a", "2"},
                                              {"c", ""},  {"", "d"},           {"e", "f=g"}};
    cr_assert_null(request.bad_query);
    cr_assert_eq(request.param_count, 6);
    for (size_t i = 0; i < 6; i++) {
        cr_expect(str_eq(request.params[i].name, str_of(expected[i][0])), "%zu", i);
        cr_expect(str_eq(request.params[i].value, str_of(expected[i][1])), "%zu", i);
    }
    cr_expect(str_eq(request_param(&request, "a")->value, STR("1")), "the first one");
    cr_expect_eq(request_param_count(&request, "a"), 2);
    cr_expect_null(request_param(&request, "z"));
    end();
}

Test(http_request, what_cannot_be_read_in_a_query_is_told)
{
    static const char *const bad[] = {"QUERY_STRING=a=%",         "QUERY_STRING=a=%2",
                                      "QUERY_STRING=a=%zz",       "QUERY_STRING=%00=1",
                                      "QUERY_STRING=a=%ff",       "QUERY_STRING=a=%C3",
                                      "QUERY_STRING=a=%ED%A0%80", "QUERY_STRING=a=\xFF"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        cr_expect_eq(read_env(&site, ENV("REQUEST_URI=/x", (char *)bad[i])), ERR_OK);
        cr_expect_not_null(request.bad_query, "%s", bad[i]);
    }
    char many[PARAMS_MAX * 2 + 32] = "QUERY_STRING=";
    memset(many + strlen(many), '&', PARAMS_MAX);
    cr_expect_eq(read_env(&site, ENV("REQUEST_URI=/x", many)), ERR_OK);
    cr_expect_not_null(request.bad_query, "more than %d parameters", PARAMS_MAX);
    end();
}

Test(http_request, limits_are_held_before_anything_is_kept)
{
    static char longest[QUERY_MAX_BYTES + 64] = "QUERY_STRING=";
    static char path[PATH_MAX_BYTES + 64] = "REQUEST_URI=/";
    memset(longest + strlen(longest), 'a', QUERY_MAX_BYTES + 1);
    memset(path + strlen(path), 'a', PATH_MAX_BYTES);
    cr_expect_eq(read_env(&site, ENV("REQUEST_URI=/x", longest)), ERR_LONG_URI);
    cr_expect_eq(read_env(&site, ENV(path)), ERR_LONG_URI);
    cr_expect_eq(read_env(&site, (char *const[]){"REQUEST_URI=/x", NULL}), ERR_MALFORMED);
    cr_expect_eq(read_env(&site, ENV("SERVER_NAME=x")), ERR_MALFORMED);
    end();
}

Test(http_request, headers_have_their_variables)
{
    cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/x", "HTTP_X_USER_ID=u1", "HTTP_PROXY=evil",
                                     "HTTP_X_USER_ID_2=other")),
                 ERR_OK);
    cr_expect(str_eq(request_header(&request, "x-user-id"), STR("u1")));
    cr_expect_null(request_header(&request, "X-Auth-Token").ptr);
    end();
}

static bool authorization(const char *variable, const char *scheme, struct str *rest)
{
    cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/x", (char *)variable)), ERR_OK);
    return request_authorization(&request, scheme, rest);
}

Test(http_request, authorization_is_split_at_its_scheme)
{
    struct str rest;
    cr_expect(authorization("HTTP_AUTHORIZATION=bEaReR abc def", "Bearer", &rest));
    cr_expect(str_eq(rest, STR("abc def")));
    cr_expect(authorization("REDIRECT_HTTP_AUTHORIZATION=Bearer  abc", "Bearer", &rest));
    cr_expect(str_eq(rest, STR("abc")));
    cr_expect(authorization("HTTP_AUTHORIZATION=Bearer ", "Bearer", &rest));
    cr_expect_eq(rest.len, 0);
    cr_expect(!authorization("HTTP_AUTHORIZATION=Bearer", "Bearer", &rest));
    cr_expect(!authorization("HTTP_AUTHORIZATION=Bearerx abc", "Bearer", &rest));
    cr_expect(!authorization("HTTP_X=Bearer abc", "Bearer", &rest));
    end();
}

static bool basic(const char *variable, struct str *user, struct str *password)
{
    cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/x", (char *)variable)), ERR_OK);
    return request_basic(&request, user, password);
}

Test(http_request, basic_credentials_are_two_halves)
{
    struct str user, password;
    cr_expect(basic("HTTP_AUTHORIZATION=Basic cHJvLTE6YTpi", &user, &password));
    cr_expect(str_eq(user, STR("pro-1")) && str_eq(password, STR("a:b")));
    cr_expect(basic("HTTP_AUTHORIZATION=basic Og==", &user, &password));
    cr_expect(user.len == 0 && password.len == 0);
    cr_expect(!basic("HTTP_AUTHORIZATION=Basic cHJvLTE=", &user, &password), "no colon");
    cr_expect(!basic("HTTP_AUTHORIZATION=Basic !", &user, &password));
    cr_expect(!basic("HTTP_AUTHORIZATION=Basic ", &user, &password));
    end();
}

static void join(void *context, struct str value)
{
    char *all = context;
    snprintf(all + strlen(all), 64, "[%.*s]", STR_ARG(value));
}

Test(http_request, cookies_of_the_sites_names_are_found_in_order)
{
    static const struct {
        const char *header, *found;
    } cases[] = {
        {"HTTP_COOKIE=ory_kratos_session=a", "[a]"},
        {"HTTP_COOKIE=x=1; ory_session_b=2;ory_kratos_session=\"3\"; y", "[2][3]"},
        {"HTTP_COOKIE=ory_kratos_session=a=b; ORY_KRATOS_SESSION=c", "[a=b]"},
        {"HTTP_COOKIE=ory_kratos_sessions=a; xory_session_=b; ory_session_=c", "[c]"},
        {"HTTP_COOKIE=;;=; ory_kratos_session; ory_kratos_session=", "[]"},
        {"HTTP_COOKIE=", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char all[512] = "";
        cr_assert_eq(read_env(&site, ENV("REQUEST_URI=/x", (char *)cases[i].header)), ERR_OK);
        request_each_cookie(&request, join, all);
        cr_expect_str_eq(all, cases[i].found, "%s", cases[i].header);
    }
    end();
}

Test(http_request, any_bytes_are_read_without_harm)
{
    uint64_t seed = random_begin();
    for (int round = 0; round < 5000; round++) {
        char uri[96] = "REQUEST_URI=/", query[96] = "QUERY_STRING=", cookie[96] = "HTTP_COOKIE=",
             login[96] = "HTTP_AUTHORIZATION=Basic ";
        char *const texts[] = {uri, query, cookie, login};
        struct str user, password;
        char all[8192] = "";
        for (size_t i = 0; i < 4; i++)
            for (size_t at = strlen(texts[i]); at < 90 && random_below(40); at++)
                texts[i][at] = (char)(random_below(2) ? "%&=+;\"#/ ,:"[random_below(11)]
                                                      : 1 + (int)random_below(255));
        enum err err = read_env(&site, ENV(uri, query, cookie, login));
        cr_assert_eq(err, ERR_OK, "seed %lu round %d", (unsigned long)seed, round);
        request_each_cookie(&request, join, all);
        (void)request_basic(&request, &user, &password);
        for (size_t i = 0; i < request.param_count; i++)
            cr_assert(str_is_utf8(request.params[i].value), "seed %lu round %d",
                      (unsigned long)seed, round);
    }
    end();
}

Test(http_request, a_reply_is_written_whole)
{
    struct buf body = {0}, out = {0};
    struct reply reply;
    reply_begin(&reply, &body);
    reply_header(&reply, "X-Old", STR("gone"));
    buf_str(&body, STR("gone"));
    reply_restart(&reply, 404);
    reply_header(&reply, "X-Evil", STR("a\r\nSet-Cookie: b\0c\x7f\x1b \xc3\xa9"));
    struct json_out json = reply_json(&reply);
    json_object_begin(&json);
    json_object_end(&json);
    reply_write(&reply, false, &out);
    cr_expect(
        str_eq(buf_view(&out), STR("Status: 404 Not Found\r\nX-Evil: aSet-Cookie: bc \xc3\xa9\r\n"
                                   "Content-Type: application/json\r\n"
                                   "Cache-Control: no-store\r\n"
                                   "X-Content-Type-Options: nosniff\r\n"
                                   "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
                                   "frame-ancestors 'none'\r\n"
                                   "Cross-Origin-Resource-Policy: same-origin\r\n"
                                   "Referrer-Policy: no-referrer\r\n"
                                   "Content-Length: 2\r\n\r\n{}")),
        "%.*s", (int)out.len, out.ptr);
    buf_reset(&out);
    reply_write(&reply, true, &out);
    cr_expect(str_starts(buf_view(&out), STR("Status: 404")) && out.ptr[out.len - 1] == '\n',
              "HEAD has no body");
    for (int i = 0; i < REPLY_HEADERS_MAX; i++)
        reply_header(&reply, "X", STR("y"));
    cr_expect(body.failed, "one header too many is no answer");
    cr_expect_str_eq(reply_reason(999), "Unknown");
    buf_free(&body);
    buf_free(&out);
}
