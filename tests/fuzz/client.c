/* CGI variables as headers: the client as proxies tell it, cookies, credentials, the query.
 *
 * A letter chooses whom the site trusts; then come lines NAME=value. */
#include <arpa/inet.h>

#include "fuzz/fuzz.h"
#include "http/request.h"

enum { ARENA_BYTES = 8 << 20 };

static void begin_site(uint8_t choice, struct site *site)
{
    static const struct str cookies[] = {STR("ory_kratos_session"), STR("ory_session_*")};
    static struct network networks[2];
    MUST_HOLD(network_parse(STR("10.0.0.0/8"), &networks[0]) &&
                  network_parse(STR("2001:db8::/32"), &networks[1]),
              "networks");
    *site = (struct site){.cookie_names = cookies,
                          .cookie_name_count = 2,
                          .prefix = choice & 4 ? STR("/auth") : STR(""),
                          .trust = {.forwarded = (enum forwarded)(choice & 3) % FORWARDED_COUNT,
                                    .networks = networks,
                                    .network_count = 2,
                                    .local = choice & 8}};
}

static void see_cookie(void *context, struct str value)
{
    size_t *count = context;
    ++*count;
    MUST_HOLD(value.len == 0 || value.ptr, "a cookie of nowhere");
}

static void check_client(struct arena *arena, const struct http_client *client)
{
    uint8_t bytes[ADDRESS_BYTES];
    char *text = (char *)arena_copy(arena, client->address).ptr;
    MUST_HOLD(client->address.len == 0 || inet_pton(AF_INET, text, bytes) == 1 ||
                  inet_pton(AF_INET6, text, bytes) == 1,
              "address \"%s\"", text);
    MUST_HOLD(str_eq(client->scheme, STR("http")) || str_eq(client->scheme, STR("https")),
              "scheme \"%.*s\"", STR_ARG(client->scheme));
    for (size_t i = 0; i < client->host.len; i++)
        MUST_HOLD((unsigned char)client->host.ptr[i] > ' ' &&
                      !strchr("\"/<>\\^`{|}\x7F", client->host.ptr[i]),
                  "host \"%.*s\"", STR_ARG(client->host));
}

/* What is encoded is decoded to the same. */
static void check_params(struct arena *arena, const struct request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        struct str value = request->params[i].value, back = STR_NONE;
        struct str encoded = request_encode(arena, value);
        MUST_HOLD(request_decode(arena, encoded, true, &back) && str_eq(value, back),
                  "\"%.*s\" became \"%.*s\"", STR_ARG(value), STR_ARG(back));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct str input = fuzz_input(data, size), line, user, password, rest;
    struct site site;
    struct request request;
    size_t cookies = 0;
    arena = arena ? arena : arena_new(ARENA_BYTES);
    begin_site(fuzz_byte(&input), &site);
    str_split(input, '\n', &line, &input);
    enum err err = request_read(arena, &site, fuzz_variables(arena, &input), &request);
    MUST_HOLD(err == ERR_OK || err == ERR_LONG_URI || err == ERR_HEADERS || err == ERR_MALFORMED,
              "%s", err_word(err));
    client_read(&request, &request.client);
    check_client(arena, &request.client);
    request_each_cookie(&request, see_cookie, &cookies);
    MUST_HOLD(err != ERR_OK || cookies <= COOKIES_MAX, "%zu cookies", cookies);
    request_each_cookie_of(&request, STR("ory"), see_cookie, &cookies);
    (void)request_authorization(&request, "Bearer", &rest);
    (void)request_basic(&request, &user, &password);
    (void)request_base(&request);
    check_params(arena, &request);
    arena_reset(arena);
    return 0;
}
