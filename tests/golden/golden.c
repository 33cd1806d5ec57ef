/* Golden cases: a folder says which records there are, what is asked and when, and what must be
 * answered.
 *
 *   tests/golden/<dialect>/<case>/request    request line, headers, and a body after an empty line
 *                                 expected   status, headers, an empty line, body
 *                                 request-2, expected-2, ... what is asked of the same store then
 *   and beside it, or else one level up:     records.jsonl, now, site
 *
 * {token:SESSION} in a header stands for an access token of that session made at `now`,
 * {token:SESSION@INSTANT} for one made then. {next} in a request line stands for the token of the
 * next page in an answer before, {next^N} for it with another letter at place N, {next-N} without
 * its last N letters; in what is expected, {next} stands for the one in the answer itself. All
 * headers are compared but Content-Length and those that every answer has (see `guards`); JSON by
 * value, all else by bytes. "{any}" is expected where any JSON value, or header, will do. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <ctype.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/service.h"
#include "support/files.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(golden);

enum { PATH_BYTES = 1024, ENV_MAX = 64, ARENA_BYTES = 16 * 1024 * 1024 };

/* ---- a case's files ---- */

/* The case's own file, or its dialect's; NULL when neither has one. */
static char *case_file(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *text = file_read(path);
    if (text)
        return text;
    snprintf(path, sizeof(path), "%s/../%s", folder, name);
    return file_read(path);
}

/* ---- what the case holds still ---- */

static int64_t held_now;

static int64_t now_held(void)
{
    return held_now;
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

/* ---- one case ---- */

struct golden {
    const char *folder;
    char *dir; /* scratch */
    struct arena *arena;
    struct store *store;
    struct service service;
    struct submitter submitter;
    struct str cookie_names[4];
    char *records, *site, *now;
    char *request, *expected; /* of the step at hand */
    char *env[ENV_MAX];
    size_t env_count;
    struct str body;
    struct str next; /* the last token of a next page that was answered; or empty */
};

static void begin_site(struct golden *golden, struct site *site)
{
    struct str rest = str_of(golden->site), line, key, value;
    golden->cookie_names[0] = STR("ory_kratos_session");
    golden->cookie_names[1] = STR("ory_session_*");
    *site = (struct site){.public_url = STR("http://127.0.0.1:8080"),
                          .cookie_names = golden->cookie_names,
                          .cookie_name_count = 2};
    while (rest.len) {
        str_split(rest, '\n', &line, &rest);
        str_split(line, '=', &key, &value);
        if (str_eq(key, STR("public_url")))
            site->public_url = value;
        else if (str_eq(key, STR("prefix")))
            site->prefix = value;
        else if (str_eq(key, STR("cookie"))) {
            golden->cookie_names[0] = value;
            site->cookie_name_count = 1;
        } else if (str_eq(key, STR("forwarded"))) {
            /* As on a unix socket, for no case has a REMOTE_ADDR. */
            site->trust.local = true;
            site->trust.forwarded = str_eq(value, STR("rfc7239")) ? FORWARDED_RFC7239 : FORWARDED_X;
        } else
            cr_assert_eq(line.len, 0, "%s: unknown line in site", golden->folder);
    }
}

static void begin(struct golden *golden, const char *folder)
{
    struct site site;
    *golden =
        (struct golden){.folder = folder, .dir = scratch_dir(), .arena = arena_new(ARENA_BYTES)};
    golden->records = case_file(folder, "records.jsonl");
    golden->site = case_file(folder, "site");
    golden->now = case_file(folder, "now");
    cr_assert(golden->records && golden->now, "%s: a file is missing", folder);
    cr_assert(instant_parse(str_trim((struct str){golden->now, strcspn(golden->now, "\n")}),
                            INSTANT_STRICT, &held_now, NULL),
              "%s: now is no instant", folder);
    golden->store = scratch_store_at(golden->dir, golden->records, held_now);
    begin_site(golden, &site);
    golden->submitter = (struct submitter){.fd = -1, .store = golden->store};
    cr_assert_eq(service_begin(&golden->service, golden->store, &site, &golden->submitter), ERR_OK);
    golden->service.now = now_held;
    golden->service.monotonic_ns = monotonic_held;
    golden->service.make_id = id_held;
}

static void end(struct golden *golden)
{
    service_end(&golden->service);
    submit_end(&golden->submitter);
    store_close(golden->store);
    scratch_remove(golden->dir);
    arena_free(golden->arena);
    free(golden->records);
    free(golden->site);
    free(golden->now);
}

/* ---- the request ---- */

static struct str token_of(struct golden *golden, struct str what)
{
    struct str id_text, instant_text;
    struct uuid id;
    struct session session;
    struct snapshot *snapshot;
    struct buf token = {0};
    int64_t when = held_now;
    if (str_split(what, '@', &id_text, &instant_text))
        cr_assert(instant_parse(instant_text, INSTANT_STRICT, &when, NULL), "%s", golden->folder);
    cr_assert(uuid_parse_text(id_text, &id), "%s: %.*s", golden->folder, STR_ARG(id_text));
    cr_assert_eq(snapshot_begin(golden->store, &snapshot), ERR_OK);
    enum err err = ERR_NOT_FOUND;
    for (uint32_t app = 1; err == ERR_NOT_FOUND && app < 8; app++)
        err = store_session(snapshot, app, &id, &session);
    if (err == ERR_OK)
        err = core_access_token(snapshot, golden->arena, &session, when, &token);
    snapshot_end(snapshot);
    cr_assert_eq(err, ERR_OK, "%s: no token for %.*s", golden->folder, STR_ARG(id_text));
    struct str copy = arena_copy(golden->arena, buf_view(&token));
    buf_free(&token);
    return copy;
}

static struct str with_token(struct golden *golden, struct str value)
{
    static const struct str mark = STR("{token:");
    const char *at = value.len ? memmem(value.ptr, value.len, mark.ptr, mark.len) : NULL;
    const char *close = at ? memchr(at, '}', value.len - (size_t)(at - value.ptr)) : NULL;
    if (!close)
        return value;
    struct str what = {at + mark.len, (size_t)(close - at) - mark.len};
    return arena_printf(golden->arena, "%.*s%.*s%.*s", (int)(at - value.ptr), value.ptr,
                        STR_ARG(token_of(golden, what)),
                        (int)(value.len - (size_t)(close + 1 - value.ptr)), close + 1);
}

/* As "{next" goes on. */
static struct str changed_next(struct golden *golden, struct str how)
{
    struct str copy = arena_copy(golden->arena, golden->next);
    int64_t number = 0;
    char *letters = (char *)copy.ptr;
    if (how.len == 0)
        return copy;
    cr_assert(copy.ptr && str_to_i64(str_from(how, 1), &number) && number < (int64_t)copy.len,
              "%s: {next%.*s}", golden->folder, STR_ARG(how));
    if (how.ptr[0] == '^')
        letters[number] = letters[number] == 'A' ? 'B' : 'A';
    else
        copy.len -= (size_t)number;
    return copy;
}

static struct str with_next(struct golden *golden, struct str text)
{
    static const struct str mark = STR("{next");
    const char *at = text.len ? memmem(text.ptr, text.len, mark.ptr, mark.len) : NULL;
    const char *close = at ? memchr(at, '}', text.len - (size_t)(at - text.ptr)) : NULL;
    if (!close)
        return text;
    struct str how = {at + mark.len, (size_t)(close - at) - mark.len};
    return arena_printf(golden->arena, "%.*s%.*s%.*s", (int)(at - text.ptr), text.ptr,
                        STR_ARG(changed_next(golden, how)),
                        (int)(text.len - (size_t)(close + 1 - text.ptr)), close + 1);
}

static void add_variable(struct golden *golden, const char *name, struct str value)
{
    cr_assert_lt(golden->env_count, ENV_MAX - 1);
    golden->env[golden->env_count++] =
        (char *)arena_printf(golden->arena, "%s=%.*s", name, STR_ARG(value)).ptr;
}

static void add_header(struct golden *golden, struct str line)
{
    struct str name, value;
    char variable[128] = "HTTP_";
    size_t len = strlen(variable);
    cr_assert(str_split(line, ':', &name, &value), "%s: %.*s", golden->folder, STR_ARG(line));
    for (size_t i = 0; i < name.len; i++)
        variable[len++] = (char)(name.ptr[i] == '-' ? '_' : toupper((unsigned char)name.ptr[i]));
    variable[len] = '\0';
    bool type = str_eq_nocase(name, STR("Content-Type"));
    add_variable(golden, type ? "CONTENT_TYPE" : variable, with_token(golden, str_trim(value)));
}

static void read_request(struct golden *golden)
{
    struct str rest = str_of(golden->request), line, method, target, path, query;
    golden->env_count = 0;
    str_split(rest, '\n', &line, &rest);
    cr_assert(str_split(line, ' ', &method, &target), "%s: no request line", golden->folder);
    target = with_next(golden, target);
    str_split(target, '?', &path, &query);
    add_variable(golden, "REQUEST_METHOD", method);
    add_variable(golden, "REQUEST_URI", target);
    add_variable(golden, "QUERY_STRING", query);
    add_variable(golden, "SCRIPT_NAME", STR(""));
    while (rest.len) {
        str_split(rest, '\n', &line, &rest);
        if (line.len == 0)
            break;
        add_header(golden, line);
    }
    golden->body = with_token(golden, rest);
    golden->env[golden->env_count] = NULL;
}

/* ---- the answer ---- */

struct response {
    struct str status, headers, body;
};

/* Takes the first line off, with or without '\r' at its end. */
static struct str next_line(struct str *rest)
{
    struct str line;
    str_split(*rest, '\n', &line, rest);
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static struct response split_response(struct str text)
{
    struct response response = {.status = next_line(&text)};
    struct str rest = text;
    while (rest.len && next_line(&rest).len)
        ;
    response.headers = (struct str){text.ptr, text.len - rest.len};
    response.body = rest;
    return response;
}

static struct str find_header(struct str headers, struct str name, struct str *value)
{
    while (headers.len) {
        struct str line = next_line(&headers), own;
        str_split(line, ':', &own, value);
        *value = str_trim(*value);
        if (own.len && str_eq_nocase(own, name))
            return own;
    }
    return STR_NONE;
}

static bool is_any(struct str text)
{
    return str_eq(text, STR("{any}"));
}

/* Every answer has these, whichever the vendor; of Cache-Control, one at least. */
static const struct {
    struct str name, value;
} guards[] = {
    {STR("X-Content-Type-Options"), STR("nosniff")},
    {STR("Content-Security-Policy"),
     STR("default-src 'none'; base-uri 'none'; frame-ancestors 'none'")},
    {STR("Cross-Origin-Resource-Policy"), STR("same-origin")},
    {STR("Referrer-Policy"), STR("no-referrer")},
    {STR("Cache-Control"), STR("no-store")},
};

enum { GUARD_COUNT = sizeof(guards) / sizeof(*guards) };

static bool is_guard(struct str name, struct str value)
{
    for (size_t i = 0; i < GUARD_COUNT; i++)
        if (str_eq_nocase(name, guards[i].name))
            return str_eq(value, guards[i].value);
    return false;
}

static void check_guards(const char *folder, struct str headers, struct str expected)
{
    struct str value, own;
    for (size_t i = 0; i < GUARD_COUNT; i++) {
        bool there = find_header(headers, guards[i].name, &value).len > 0;
        bool said = find_header(expected, guards[i].name, &own).len > 0;
        cr_expect(there && (said || str_eq(value, guards[i].value)), "%s: no %.*s: %.*s", folder,
                  STR_ARG(guards[i].name), STR_ARG(guards[i].value));
    }
}

/* Whether all of one's headers are the other's. */
static void compare_headers(const char *folder, struct str these, struct str those,
                            const char *which)
{
    while (these.len) {
        struct str line = next_line(&these), name, value, other = STR_NONE;
        str_split(line, ':', &name, &value);
        if (line.len == 0 || str_eq_nocase(name, STR("Content-Length")))
            continue;
        value = str_trim(value);
        bool there = find_header(those, name, &other).len > 0;
        if (!there && is_guard(name, value))
            continue;
        bool same = str_eq(value, other) || is_any(value) || is_any(other);
        cr_expect(there && same, "%s: %s header %.*s; the other says \"%.*s\"", folder, which,
                  STR_ARG(line), STR_ARG(there ? other : STR("(nothing)")));
    }
}

/* The first place where two values differ, as a path; false when they are equal. */
static bool differ(const json_t *a, const json_t *b, char *path, size_t size)
{
    size_t len = strlen(path), i;
    const char *key;
    json_t *value;
    bool any = json_is_string(a) && strcmp(json_string_value(a), "{any}") == 0;
    if (b && (any || json_equal(a, b)))
        return false;
    if (json_is_object(a) && json_is_object(b)) {
        json_object_foreach((json_t *)a, key, value)
        {
            snprintf(path + len, size - len, ".%s", key);
            if (differ(value, json_object_get(b, key), path, size))
                return true;
        }
        json_object_foreach((json_t *)b, key, value)
        {
            snprintf(path + len, size - len, ".%s", key);
            if (!json_object_get(a, key))
                return true;
        }
        path[len] = '\0';
        return false;
    } else if (json_is_array(a) && json_array_size(a) == json_array_size(b)) {
        json_array_foreach(a, i, value)
        {
            snprintf(path + len, size - len, "[%zu]", i);
            if (differ(value, json_array_get(b, i), path, size))
                return true;
        }
        path[len] = '\0';
        return false;
    }
    path[len] = '\0';
    return true;
}

static void compare_json(const char *folder, struct str expected, struct str got)
{
    char path[PATH_BYTES] = "$";
    json_t *a = json_loadb(expected.ptr, expected.len, JSON_DECODE_ANY, NULL);
    json_t *b = json_loadb(got.ptr, got.len, JSON_DECODE_ANY, NULL);
    cr_assert_not_null(a, "%s: the expected body is no JSON", folder);
    cr_expect_not_null(b, "%s: the body is no JSON: %.*s", folder, STR_ARG(got));
    if (b && differ(a, b, path, sizeof(path)))
        cr_expect(false, "%s: differs at %s; got %.*s", folder, path, STR_ARG(got));
    json_decref(a);
    json_decref(b);
}

/* What follows a text within another; empty where it is not there. */
static struct str what_follows(struct str text, struct str before)
{
    const char *at = text.len ? memmem(text.ptr, text.len, before.ptr, before.len) : NULL;
    return at ? str_from(text, (size_t)(at - text.ptr) + before.len) : STR_NONE;
}

/* Of the second link, where Link has one, or of a member "next"; without either, the last one that
 * there was stays. */
static void keep_next(struct golden *golden, struct response got)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct str link = STR_NONE;
    find_header(got.headers, STR("Link"), &link);
    struct str next = link.len ? what_follows(what_follows(link, STR(",<")), STR("page_token="))
                               : what_follows(got.body, STR("\"next\":\""));
    if (next.len == 0)
        return;
    golden->next = arena_printf(golden->arena, "%.*s", STR_ARG(next));
    golden->next.len = strspn(golden->next.ptr, letters);
}

static void compare(struct golden *golden, struct str out)
{
    struct response got = split_response(out);
    keep_next(golden, got);
    struct response expected = split_response(with_next(golden, str_of(golden->expected)));
    struct str type = STR_NONE, word, status;
    str_split(got.status, ' ', &word, &status);
    status.len = status.len > 3 ? 3 : status.len;
    cr_expect(str_eq(str_trim(expected.status), status), "%s: status %.*s, not %.*s; body %.*s",
              golden->folder, STR_ARG(status), STR_ARG(expected.status), STR_ARG(got.body));
    check_guards(golden->folder, got.headers, expected.headers);
    compare_headers(golden->folder, expected.headers, got.headers, "expected");
    compare_headers(golden->folder, got.headers, expected.headers, "unexpected");
    find_header(expected.headers, STR("Content-Type"), &type);
    if (expected.body.len && str_starts(type, STR("application/json")))
        compare_json(golden->folder, expected.body, got.body);
    else
        cr_expect(str_eq(expected.body, got.body), "%s: body \"%.*s\"", golden->folder,
                  STR_ARG(got.body));
}

/* ---- all cases ---- */

static void free_folders(struct criterion_test_params *params)
{
    char **folders = params->params;
    for (size_t i = 0; i < params->length; i++)
        cr_free(folders[i]);
    cr_free(folders);
}

ParameterizedTestParameters(golden, cases)
{
    const char *only = getenv("ROLLCALL_GOLDEN_CASE");
    char pattern[PATH_BYTES];
    glob_t found = {0};
    snprintf(pattern, sizeof(pattern), "%s/*/%s/request", golden_folder(), only ? only : "*");
    glob(pattern, 0, NULL, &found);
    char **folders = cr_malloc(sizeof(*folders) * (found.gl_pathc + 1));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        size_t len = strlen(found.gl_pathv[i]) - strlen("/request");
        folders[i] = cr_malloc(len + 1);
        memcpy(folders[i], found.gl_pathv[i], len);
        folders[i][len] = '\0';
    }
    size_t count = found.gl_pathc;
    globfree(&found);
    return cr_make_param_array(char *, folders, count, free_folders);
}

/* Asks what the step's files say; false when there is no such step. */
static bool ask(struct golden *golden, int step)
{
    char path[PATH_BYTES], number[16] = "";
    struct buf out = {0};
    if (step > 1)
        snprintf(number, sizeof(number), "-%d", step);
    snprintf(path, sizeof(path), "%s/request%s", golden->folder, number);
    golden->request = file_read(path);
    if (!golden->request)
        return false;
    snprintf(path, sizeof(path), "%s/expected%s", golden->folder, number);
    golden->expected = file_read(path);
    cr_assert_not_null(golden->expected, "%s is missing", path);
    read_request(golden);
    struct body body = {.bytes = golden->body, .whole = true};
    service_answer(&golden->service, golden->env, &body, &out);
    compare(golden, buf_view(&out));
    buf_free(&out);
    free(golden->request);
    free(golden->expected);
    return true;
}

ParameterizedTest(char **folder, golden, cases)
{
    struct golden golden;
    int step = 1;
    begin(&golden, *folder);
    while (ask(&golden, step))
        step++;
    end(&golden);
}

Test(golden, every_dialect_has_cases)
{
    for (size_t i = 1; i < VENDOR_END; i++) {
        char pattern[PATH_BYTES];
        glob_t found = {0};
        snprintf(pattern, sizeof(pattern), "%s/%s/*/request", golden_folder(), vendor_name((int)i));
        glob(pattern, 0, NULL, &found);
        cr_expect_gt(found.gl_pathc, 0, "%s: none at %s", vendor_name((int)i), pattern);
        globfree(&found);
    }
}
