/* CGI variables and a body through the whole service: route, credential, wish, store, answer.
 *
 * Two letters choose the golden cases whose records are in the store, and how the site is
 * configured; then come lines NAME=value, an empty line, the body; and after a line "%%" the same
 * again. {token:SESSION} in a variable stands for an access token of that session, {next} for the
 * token of the next page in an answer before, as in golden cases. */
#include <ctype.h>
#include <jansson.h>

#include "fuzz/fuzz.h"
#include "fuzz/world.h"

enum { ARENA_BYTES = 8 << 20, REQUESTS_MAX = 8 };

static struct arena *arena;

static void begin_site(uint8_t choice, struct site *site)
{
    static const struct str cookies[] = {STR("ory_kratos_session"), STR("ory_session_*")};
    static const struct str origins[] = {STR("https://app.example.com")};
    static const struct network networks[] = {{.bits = 0}};
    static uint8_t status_token[HASH_BYTES];
    secret_hash(STR("status"), status_token);
    *site = (struct site){
        .public_url = choice & 1 ? STR("https://id.example.com/x") : STR_NONE,
        .prefix = choice & 2 ? STR("/auth") : STR(""),
        .cookie_names = cookies,
        .cookie_name_count = 2,
        .cors_origins = origins,
        .cors_origin_count = 1,
        .trust = {.forwarded = (enum forwarded)(choice >> 2 & 3) % FORWARDED_COUNT,
                  .networks = networks,
                  .network_count = 1,
                  .local = choice & 16},
        .status_token = status_token,
        .health_open = choice & 32,
    };
}

/* An access token of the session; empty when there is none. */
static struct str token_of(struct world *world, struct str id_text)
{
    struct uuid id;
    struct session session;
    struct snapshot *snapshot;
    struct buf token = {0};
    enum err err = uuid_parse_text(id_text, &id) ? ERR_NOT_FOUND : ERR_INVALID;
    if (err == ERR_INVALID || snapshot_begin(world->store, &snapshot) != ERR_OK)
        return STR_NONE;
    for (uint32_t app = 1; err == ERR_NOT_FOUND && app < 5; app++)
        err = store_session(snapshot, app, &id, &session);
    if (err == ERR_OK)
        err = core_access_token(snapshot, arena, &session, world->now, &token);
    snapshot_end(snapshot);
    struct str copy = err == ERR_OK ? arena_copy(arena, buf_view(&token)) : STR_NONE;
    buf_free(&token);
    return copy;
}

/* The token of the next page in the last answer that had one; see keep_next. */
static struct str next;

/* Puts what they stand for in the place of {token:SESSION} and {next}. */
static void put_tokens(struct world *world, char **env)
{
    static const struct str token = STR("{token:"), page = STR("{next");
    for (; *env; env++) {
        const char *at = strstr(*env, token.ptr), *close = at ? strchr(at, '}') : NULL;
        struct str what = next;
        if (close)
            what = token_of(world, (struct str){at + token.len, (size_t)(close - at) - token.len});
        else if (!(at = strstr(*env, page.ptr)) || !(close = strchr(at, '}')))
            continue;
        *env = (char *)arena_printf(arena, "%.*s%.*s%s", (int)(at - *env), *env, STR_ARG(what),
                                    close + 1)
                   .ptr;
    }
}

static void keep_next(struct str answer)
{
    static const struct str before[] = {STR("page_token="), STR("\"next\":\"")};
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
        const char *at;
        struct str rest = answer;
        while (rest.len && (at = memmem(rest.ptr, rest.len, before[i].ptr, before[i].len))) {
            rest = str_from(rest, (size_t)(at - rest.ptr) + before[i].len);
            struct str copy = arena_copy(arena, rest);
            next = (struct str){copy.ptr, strspn(copy.ptr ? copy.ptr : "", letters)};
        }
    }
}

/* ---- what every answer is ---- */

static void check_line(struct str line, struct str body, bool head, bool *is_json)
{
    struct str name, value;
    int64_t length;
    MUST_HOLD(str_split(line, ':', &name, &value) && name.len && str_is_printable(line),
              "header %.*s", STR_ARG(line));
    value = str_trim(value);
    if (str_eq_nocase(name, STR("Content-Length")))
        MUST_HOLD(str_to_i64(value, &length) && (head || (uint64_t)length == body.len),
                  "%.*s for %zu bytes", STR_ARG(line), body.len);
    if (str_eq_nocase(name, STR("Content-Type")))
        *is_json = str_starts(value, STR("application/json"));
}

static void check_answer(struct str answer, bool head)
{
    static const struct str end = STR("\r\n\r\n");
    const char *blank = memmem(answer.ptr, answer.len, end.ptr, end.len);
    MUST_HOLD(blank && str_starts(answer, STR("Status: ")), "no response: %.*s", STR_ARG(answer));
    size_t headers = (size_t)(blank - answer.ptr);
    struct str body = str_from(answer, headers + end.len), rest = {answer.ptr, headers}, line;
    bool is_json = false;
    MUST_HOLD(answer.ptr[strlen("Status: ")] != '5', "%.*s", STR_ARG(answer));
    while (rest.len) {
        str_split(rest, '\n', &line, &rest);
        line.len -= line.len && line.ptr[line.len - 1] == '\r';
        check_line(line, body, head, &is_json);
    }
    MUST_HOLD(!head || body.len == 0, "a body for HEAD");
    if (is_json && body.len) {
        json_error_t error;
        json_t *json = json_loadb(body.ptr, body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        MUST_HOLD(json, "%s: %.*s", error.text, STR_ARG(body));
        json_decref(json);
    }
}

static bool has(struct str text, struct str part)
{
    return text.len && memmem(text.ptr, text.len, part.ptr, part.len);
}

/* What is the app's is shown to who brings what lets in to that app, and to nobody else; "MV9mdXp6"
 * is the end of its key in base64, as Basic credentials have it. What is refused may be quoted. */
static void check_tenant(struct str input, struct str answer)
{
    bool may = has(input, STR("_fuzz")) || has(input, STR("MV9mdXp6")) || has(input, STR("99}")) ||
               has(input, STR(WORLD_MARK));
    MUST_HOLD(may || !str_starts(answer, STR("Status: 2")) || !has(answer, STR(WORLD_MARK)), "%.*s",
              STR_ARG(answer));
}

static struct str ask(struct world *world, const struct site *site, struct str input)
{
    char **env = fuzz_variables(arena, &input);
    put_tokens(world, env);
    const struct request request = {.env = env};
    bool head = str_eq(request_variable(&request, "REQUEST_METHOD"), STR("HEAD"));
    struct str answer = world_answer(world, site, env, input);
    check_answer(answer, head);
    keep_next(answer);
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str between = STR("\n%%\n");
    const struct str whole = fuzz_input(data, size);
    struct str input = whole, line;
    struct site site;
    arena = arena ? arena : arena_new(ARENA_BYTES);
    next = STR_NONE;
    struct world *world = world_get((size_t)fuzz_byte(&input) - 'a');
    begin_site((uint8_t)(fuzz_byte(&input) - '@'), &site);
    str_split(input, '\n', &line, &input);
    for (int asked = 0; asked < REQUESTS_MAX && (input.len || asked == 0); asked++) {
        const char *end = input.len ? memmem(input.ptr, input.len, between.ptr, between.len) : NULL;
        struct str one = {input.ptr, end ? (size_t)(end - input.ptr) : input.len};
        input = str_from(input, one.len + between.len);
        check_tenant(whole, ask(world, &site, one));
    }
    world_restore(world);
    arena_reset(arena);
    return 0;
}
