/* serve/route: who answers a method and path. */
#include "serve/route.h"
#include "support/suite.h"

SUITE(serve_route);

static const struct {
    const char *method, *path, *path_info;
    enum err err;
    const struct dialect *dialect;
    const char *allow;
} cases[] = {
    {"GET", "/v1/session/me/list", "", ERR_OK, &dialect_prelude, ""},
    {"HEAD", "/v2/sessions", "", ERR_OK, &dialect_corbado, ""},
    {"GET", "/v1/auth/sessions/list", "", ERR_OK, &dialect_streambird, ""},
    {"GET", "/sessions", "", ERR_OK, &dialect_kratos, ""},
    {"GET", "/sessions/", "", ERR_OK, &dialect_kratos, ""},
    {"GET", "/sessions/whoami", "", ERR_OK, &dialect_kratos, ""},
    {"GET", "/api/v1/sessions/list", "", ERR_OK, &dialect_rocketchat, ""},
    {"GET", "/v2/%73essions", "", ERR_OK, &dialect_corbado, ""},
    {"GET", "/v2%2Fsessions", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "/v2/sessions/", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/v2//sessions", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "//v2/sessions", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "/v2/./sessions", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/sessions/../sessions", "", ERR_NO_ROUTE, &dialect_kratos, ""},
    {"GET", "/v2/Sessions", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/v2/sessionsx", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/sessionsx", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "/v2", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "*", "", ERR_NO_ROUTE, NULL, ""},
    {"GET", "/v2/sessions%00", "", ERR_MALFORMED, &dialect_corbado, ""},
    {"GET", "/v2/sessions%zz", "", ERR_MALFORMED, &dialect_corbado, ""},
    {"GET", "/v2/\xFF", "", ERR_MALFORMED, &dialect_corbado, ""},
    {"GET", "/%", "", ERR_MALFORMED, NULL, ""},
    {"POST", "/v2/sessions", "", ERR_NO_METHOD, &dialect_corbado, "GET, HEAD"},
    {"get", "/v2/sessions", "", ERR_NO_METHOD, &dialect_corbado, "GET, HEAD"},
    {"", "/v2/sessions", "", ERR_NO_METHOD, &dialect_corbado, "GET, HEAD"},
    /* Where the request line names a script, PATH_INFO says the rest. */
    {"GET", "/cgi-bin/rollcall.cgi/sessions", "/sessions", ERR_OK, &dialect_kratos, ""},
    {"GET", "/cgi-bin/rollcall.cgi/nowhere", "/nowhere", ERR_NO_ROUTE, NULL, ""},
    {"PUT", "/x.cgi/sessions", "/sessions", ERR_NO_METHOD, &dialect_kratos, "GET, HEAD, DELETE"},
    /* An open segment is any but an empty one; a fixed path comes before it. */
    {"DELETE", "/sessions/x%2Fy", "", ERR_OK, &dialect_kratos, ""},
    {"DELETE", "/sessions/x/y", "", ERR_NO_ROUTE, &dialect_kratos, ""},
    {"GET", "/sessions/x", "", ERR_NO_METHOD, &dialect_kratos, "DELETE"},
    {"POST", "/v2/sessions//revoke", "", ERR_NO_ROUTE, &dialect_corbado, ""},
    {"GET", "/.well-known/jwks", "", ERR_OK, &dialect_corbado, ""},
    {"GET", "/.well-known/jwks.json", "", ERR_OK, &dialect_prelude, ""},
    {"GET", "/v2/nowhere", "/nowhere", ERR_NO_ROUTE, &dialect_corbado, ""},
};

Test(serve_route, paths_find_their_dialect)
{
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct request request = {.arena = arena,
                                  .method = str_of(cases[i].method),
                                  .path = str_of(cases[i].path),
                                  .path_info = str_of(cases[i].path_info)};
        struct match match;
        enum err err = route_find(&request, &match);
        cr_expect_eq(err, cases[i].err, "%s %s: %s", cases[i].method, cases[i].path, err_word(err));
        cr_expect_eq(match.dialect, cases[i].dialect, "%s %s", cases[i].method, cases[i].path);
        cr_expect_eq(match.route != NULL, cases[i].err == ERR_OK, "%s", cases[i].path);
        cr_expect(str_eq(match.allow, str_of(cases[i].allow)), "%s %s: %.*s", cases[i].method,
                  cases[i].path, STR_ARG(match.allow));
    }
    arena_free(arena);
}

Test(serve_route, every_vendor_has_one_dialect)
{
    bool seen[VENDOR_END] = {false};
    for (size_t i = 0; dialects[i]; i++) {
        cr_expect(!seen[dialects[i]->vendor], "%s twice", vendor_name((int)dialects[i]->vendor));
        seen[dialects[i]->vendor] = true;
    }
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        cr_expect(seen[vendor], "%s has none", vendor_name(vendor));
}
