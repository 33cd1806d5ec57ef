/* http/client: who asks, as proxies tell it. */
#include <stdio.h>

#include "http/request.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(http_client);

enum { VARIABLES = 8, TEXT_BYTES = 512 };

static struct arena *arena;
static struct request request;
static struct network networks[3];

/* Proxies are 10.0.0.0/8, 2001:db8::/32 and 192.0.2.1. */
static const struct site *site_of(enum forwarded forwarded)
{
    static const struct str texts[] = {STR("10.0.0.0/8"), STR("2001:db8::/32"), STR("192.0.2.1")};
    static struct site site;
    for (size_t i = 0; i < 3; i++)
        cr_assert(network_parse(texts[i], &networks[i]));
    site = (struct site){.trust = {forwarded, networks, 3, false}};
    return &site;
}

static const struct http_client *read_client(const struct site *site, char **env)
{
    if (arena)
        arena_reset(arena);
    else
        arena = arena_new(8 << 20);
    request = (struct request){.arena = arena, .site = site, .env = env};
    client_read(&request, &request.client);
    return &request.client;
}

/* From 10.0.0.1 with one header. */
static const struct http_client *read_header(enum forwarded forwarded, const char *variable,
                                             const char *value)
{
    static char text[TEXT_BYTES];
    char *env[] = {"REMOTE_ADDR=10.0.0.1", "HTTP_HOST=here.example", text, NULL};
    snprintf(text, sizeof(text), "%s=%s", variable, value);
    return read_client(site_of(forwarded), env);
}

static void end(void)
{
    arena_free(arena);
    arena = NULL;
}

#define EXPECT_TEXT(text, expected, of)                                                            \
    cr_expect(str_eq((text), str_of(expected)), "%s: \"%.*s\", not \"%s\"", (of), STR_ARG(text),   \
              (expected))

Test(http_client, networks_are_addresses_and_how_many_bits_count)
{
    static const char *const good[] = {"10.1.2.3", "10.0.0.0/8",     "0.0.0.0/0",  "::1",
                                       "::/0",     "2001:db8::/128", "10.1.2.3/32"};
    static const char *const bad[] = {"",           "10.1.2",      "10.1.2.3/33", "10.1.2.3/",
                                      "10.1.2.3/x", "10.1.2.3/-1", "::1/129",     "[::1]",
                                      "fe80::1%lo", "localhost",   "10.1.2.3/8 ", "010.1.2.3"};
    struct network network;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        cr_expect(network_parse(str_of(good[i]), &network), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        cr_expect_not(network_parse(str_of(bad[i]), &network), "%s", bad[i]);
}

Test(http_client, without_trust_it_is_who_asks_the_web_server)
{
    static const struct {
        char *variable;
        const char *address, *scheme, *host;
    } cases[] = {
        {"REMOTE_ADDR=203.0.113.5", "203.0.113.5", "http", ""},
        {"REMOTE_ADDR=2001:DB8:0:0::1", "2001:db8::1", "http", ""},
        {"REMOTE_ADDR=::ffff:203.0.113.5", "203.0.113.5", "http", ""},
        {"REMOTE_ADDR=fe80::1%eth0", "fe80::1", "http", ""},
        {"REMOTE_ADDR=unix:", "", "http", ""},
        {"REMOTE_ADDR=nonsense", "", "http", ""},
        {"HTTPS=on", "", "https", ""},
        {"HTTPS=1", "", "https", ""},
        {"HTTPS=off", "", "http", ""},
        {"REQUEST_SCHEME=https", "", "https", ""},
        {"REQUEST_SCHEME=gopher", "", "http", ""},
        {"HTTP_HOST=x.example:8080", "", "http", "x.example:8080"},
        {"HTTP_HOST=[::1]:8080", "", "http", "[::1]:8080"},
        {"HTTP_HOST=x.example/evil", "", "http", ""},
        {"HTTP_X_FORWARDED_FOR=6.6.6.6", "", "http", ""},
        {"HTTP_FORWARDED=for=6.6.6.6;host=evil.example;proto=https", "", "http", ""},
        {"HTTP_PROXY=http://evil.example", "", "http", ""},
    };
    static const struct site nobody = {.prefix = STR("")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *env[] = {cases[i].variable, NULL};
        const struct http_client *client = read_client(&nobody, env);
        EXPECT_TEXT(client->address, cases[i].address, cases[i].variable);
        EXPECT_TEXT(client->scheme, cases[i].scheme, cases[i].variable);
        EXPECT_TEXT(client->host, cases[i].host, cases[i].variable);
        cr_expect_not(client->scheme_told || client->host_told, "%s", cases[i].variable);
    }
    end();
}

Test(http_client, the_first_address_from_the_end_that_is_not_trusted_counts)
{
    static const struct {
        const char *list, *address;
    } cases[] = {
        {"203.0.113.5", "203.0.113.5"},
        {"6.6.6.6, 203.0.113.5", "203.0.113.5"},
        {"6.6.6.6, 203.0.113.5, 10.9.9.9", "203.0.113.5"},
        {"203.0.113.5,192.0.2.1,2001:db8::7,10.9.9.9", "203.0.113.5"},
        {"203.0.113.5, 192.0.2.2", "192.0.2.2"},
        /* All of them are: the one furthest away. */
        {"10.3.3.3, 10.2.2.2", "10.3.3.3"},
        {"203.0.113.5:4711", "203.0.113.5"},
        {"[2003::5]:4711", "2003::5"},
        {"[2003::5]", "2003::5"},
        {"2003::5", "2003::5"},
        {"::ffff:10.1.1.1", "10.1.1.1"},
        {"203.0.113.5, ::ffff:10.1.1.1", "203.0.113.5"},
        {" ,\t203.0.113.5 , ,", "203.0.113.5"},
        /* What a trusted one says that is no address leaves it unknown. */
        {"203.0.113.5, unknown", ""},
        {"203.0.113.5, nonsense, 10.9.9.9", ""},
        {"203.0.113.5:", ""},
        {"203.0.113.5:99999", ""},
        {"[203.0.113.5]", ""},
        {"[2003::5", ""},
        {"[2003::5]x", ""},
        {"fe80::1%eth0", ""},
        {"", ""},
        {",", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        EXPECT_TEXT(read_header(FORWARDED_X, "HTTP_X_FORWARDED_FOR", cases[i].list)->address,
                    cases[i].address, cases[i].list);
    end();
}

Test(http_client, scheme_and_host_are_told_with_the_address)
{
    static const struct {
        const char *list, *proto, *host, *scheme_told, *host_told;
    } cases[] = {
        {"203.0.113.5", "https", "x.example", "https", "x.example"},
        {"203.0.113.5", "HTTPS", "X.example:444", "https", "X.example:444"},
        {"203.0.113.5", "https", "[2001:db8::1]:444", "https", "[2001:db8::1]:444"},
        /* Appended by the proxy to what a client had sent. */
        {"6.6.6.6, 203.0.113.5", "gopher, https", "evil.example, x.example", "https", "x.example"},
        /* By two proxies, and by the outer of two alone. */
        {"203.0.113.5, 10.9.9.9", "https, http", "x.example, inner", "https", "x.example"},
        {"203.0.113.5, 10.9.9.9", "https", "x.example", "https", "x.example"},
        {"203.0.113.5", "gopher", "", "", ""},
        {"203.0.113.5", "https;", "x.example/", "", ""},
        {"203.0.113.5", "", "u@x.example", "", ""},
        {"203.0.113.5", "", "x.example:0", "", ""},
        {"203.0.113.5", "", "x.example:65536", "", ""},
        {"203.0.113.5", "", "x.example:", "", ""},
        {"203.0.113.5", "", "x example", "", ""},
        {"203.0.113.5", "", "\"x.example\"", "", ""},
        {"203.0.113.5", "", "-x.example", "", ""},
        {"203.0.113.5", "", "x.example\\", "", ""},
        {"203.0.113.5", "", "x%2eexample", "", ""},
        {"203.0.113.5", "", "2001:db8::1", "", ""},
        {"203.0.113.5", "", "[::1", "", ""},
        {"203.0.113.5", "", "[nonsense]", "", ""},
        {"203.0.113.5", "", "[]", "", ""},
        {"203.0.113.5", "", "x\nSet-Cookie: a=b", "", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char texts[3][TEXT_BYTES];
        char *env[] = {"REMOTE_ADDR=10.0.0.1", texts[0], texts[1], texts[2], NULL};
        snprintf(texts[0], TEXT_BYTES, "HTTP_X_FORWARDED_FOR=%s", cases[i].list);
        snprintf(texts[1], TEXT_BYTES, "HTTP_X_FORWARDED_PROTO=%s", cases[i].proto);
        snprintf(texts[2], TEXT_BYTES, "HTTP_X_FORWARDED_HOST=%s", cases[i].host);
        const struct http_client *client = read_client(site_of(FORWARDED_X), env);
        const char *scheme = cases[i].scheme_told;
        EXPECT_TEXT(client->scheme, *scheme ? scheme : "http", cases[i].proto);
        EXPECT_TEXT(client->host, cases[i].host_told, cases[i].host);
        cr_expect_eq(client->scheme_told, *scheme != '\0', "%s", cases[i].proto);
        cr_expect_eq(client->host_told, *cases[i].host_told != '\0', "%s", cases[i].host);
    }
    end();
}

Test(http_client, forwarded_is_read_as_rfc_7239_has_it)
{
    static const struct {
        const char *value, *address, *scheme, *host;
    } cases[] = {
        {"for=203.0.113.5;proto=https;host=x.example", "203.0.113.5", "https", "x.example"},
        {"For=\"203.0.113.5:80\";PROTO=\"https\"; host=\"x.example:1\"", "203.0.113.5", "https",
         "x.example:1"},
        {"for=\"[2003::5]:4711\"", "2003::5", "", ""},
        {"for=\"[2003::5]:_hidden\"", "2003::5", "", ""},
        {"by=10.0.0.1;for=203.0.113.5;more=1", "203.0.113.5", "", ""},
        {"for=\"203.0.113\\.5\"", "203.0.113.5", "", ""},
        /* Scheme and host are of the same element. */
        {"for=203.0.113.5;proto=https;host=x.example, for=10.9.9.9;proto=http;host=inner",
         "203.0.113.5", "https", "x.example"},
        {"for=203.0.113.5, for=10.9.9.9;proto=https;host=inner", "203.0.113.5", "", ""},
        {"for=6.6.6.6;proto=https;host=evil.example, for=203.0.113.5", "203.0.113.5", "", ""},
        /* A client's open quote does not swallow what the proxy has added. */
        {"for=\"6.6.6.6, for=203.0.113.5;proto=https", "203.0.113.5", "https", ""},
        {"x=\"\\, for=\"203.0.113.5\";host=\"x.example\"", "203.0.113.5", "", "x.example"},
        {"for=unknown;proto=https;host=x.example", "", "https", "x.example"},
        {"for=_hidden;proto=https", "", "https", ""},
        {"for=203.0.113.5;for=6.6.6.6;proto=https", "", "", ""},
        {"for=203.0.113.5;proto=ftp;host=\"x.example/y\"", "203.0.113.5", "", ""},
        {"for", "", "", ""},
        {"=;;=", "", "", ""},
        {"\"", "", "", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct http_client *client =
            read_header(FORWARDED_RFC7239, "HTTP_FORWARDED", cases[i].value);
        EXPECT_TEXT(client->address, cases[i].address, cases[i].value);
        EXPECT_TEXT(client->scheme_told ? client->scheme : STR(""), cases[i].scheme,
                    cases[i].value);
        EXPECT_TEXT(client->host_told ? client->host : STR(""), cases[i].host, cases[i].value);
        if (!client->host_told)
            EXPECT_TEXT(client->host, "here.example", cases[i].value);
    }
    end();
}

Test(http_client, only_the_configured_kind_is_looked_at)
{
    char *env[] = {"REMOTE_ADDR=10.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.5",
                   "HTTP_X_FORWARDED_PROTO=https", "HTTP_FORWARDED=for=203.0.113.6;host=x.example",
                   NULL};
    const struct http_client *client = read_client(site_of(FORWARDED_X), env);
    EXPECT_TEXT(client->address, "203.0.113.5", "x-forwarded");
    EXPECT_TEXT(client->host, "", "x-forwarded");
    client = read_client(site_of(FORWARDED_RFC7239), env);
    EXPECT_TEXT(client->address, "203.0.113.6", "rfc7239");
    cr_expect_not(client->scheme_told);
    client = read_client(site_of(FORWARDED_NONE), env);
    EXPECT_TEXT(client->address, "10.0.0.1", "none");
    end();
}

Test(http_client, a_header_that_stands_twice_says_nothing)
{
    char *env[] = {"REMOTE_ADDR=10.0.0.1",          "HTTP_X_FORWARDED_FOR=6.6.6.6",
                   "HTTP_X_FORWARDED_PROTO=gopher", "HTTP_X_FORWARDED_FOR=203.0.113.5",
                   "HTTP_X_FORWARDED_PROTO=https",  "HTTP_X_FORWARDED_HOST=x.example",
                   "HTTP_X_FORWARDED_FORT=6.6.6.6", NULL};
    const struct http_client *client = read_client(site_of(FORWARDED_X), env);
    EXPECT_TEXT(client->address, "", "twice");
    cr_expect_not(client->scheme_told);
    EXPECT_TEXT(client->host, "x.example", "once");
    end();
}

/* Or else it would be the client's choice not to be counted. */
Test(http_client, who_is_left_unknown_is_foreign_and_one_with_all_of_that_proxy)
{
    static const struct {
        char *peer, *first, *second;
        bool foreign, of_peer;
    } cases[] = {
        {"10.0.0.1", "6.6.6.6", "203.0.113.5", true, true},
        {"10.0.0.1", "203.0.113.5, unknown", NULL, true, true},
        {"10.0.0.1", "", NULL, true, true},
        {"", "6.6.6.6", "203.0.113.5", true, false},
        /* The proxy's own requests, and somebody who is known. */
        {"10.0.0.1", NULL, NULL, false, true},
        {"10.0.0.1", "10.0.0.2", NULL, false, false},
        {"10.0.0.1", "203.0.113.5", NULL, true, false},
        /* Whoever can be told by nothing. */
        {"fe80::1%eth0", NULL, NULL, true, false},
        {"nonsense", NULL, NULL, true, false},
        {"", NULL, NULL, false, false},
        {"/run/x.sock", NULL, NULL, false, false},
    };
    struct network peer;
    cr_assert(network_parse(STR("10.0.0.1"), &peer));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char texts[3][TEXT_BYTES];
        char *env[] = {texts[0], texts[1], texts[2], NULL};
        struct site site = *site_of(FORWARDED_X);
        site.trust.local = true;
        snprintf(texts[0], TEXT_BYTES, "REMOTE_ADDR=%s", cases[i].peer);
        for (int header = 1; header <= 2; header++) {
            const char *list = header == 1 ? cases[i].first : cases[i].second;
            snprintf(texts[header], TEXT_BYTES, "HTTP_X_FORWARDED_FOR=%s", list ? list : "");
            env[header] = list ? texts[header] : NULL;
        }
        const struct http_client *client = read_client(&site, env);
        cr_expect_eq(client->foreign, cases[i].foreign, "case %zu", i);
        cr_expect_eq(memcmp(client->bytes, peer.address, ADDRESS_BYTES) == 0, cases[i].of_peer,
                     "case %zu", i);
    }
    end();
}

Test(http_client, a_peer_without_an_address_is_trusted_where_the_site_says_so)
{
    static char *const peers[] = {"REMOTE_ADDR=", "REMOTE_ADDR=unix:", "REMOTE_ADDR=/run/x.sock",
                                  "NOTHING="};
    for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++) {
        char *env[] = {peers[i], "HTTP_X_FORWARDED_FOR=203.0.113.5", NULL};
        struct site site = *site_of(FORWARDED_X);
        EXPECT_TEXT(read_client(&site, env)->address, "", peers[i]);
        site.trust.local = true;
        EXPECT_TEXT(read_client(&site, env)->address, "203.0.113.5", peers[i]);
    }
    char *stranger[] = {"REMOTE_ADDR=203.0.113.9", "HTTP_X_FORWARDED_FOR=6.6.6.6", NULL};
    struct site site = *site_of(FORWARDED_X);
    site.trust.local = true;
    EXPECT_TEXT(read_client(&site, stranger)->address, "203.0.113.9", "stranger");
    end();
}

Test(http_client, links_begin_with_what_is_known_for_certain)
{
    char *env[] = {"REMOTE_ADDR=10.0.0.1", "HTTP_HOST=here.example",
                   "HTTP_FORWARDED=for=203.0.113.5;proto=https;host=x.example:444", NULL};
    struct site site = *site_of(FORWARDED_RFC7239);
    read_client(&site, env);
    EXPECT_TEXT(request_base(&request), "https://x.example:444", "told");
    site.prefix = STR("/auth");
    read_client(&site, env);
    EXPECT_TEXT(request_base(&request), "https://x.example:444/auth", "told, with a prefix");
    site.public_url = STR("https://public.example");
    EXPECT_TEXT(request_base(&request), "https://public.example", "configured");
    site.public_url = STR("");
    env[2] = "HTTP_FORWARDED=for=203.0.113.5;proto=https";
    read_client(&site, env);
    EXPECT_TEXT(request_base(&request), "", "half told");
    end();
}

/* Where a host is believed it has nothing in it that could break out of a link or a header. */
static void expect_sound(const struct http_client *client, const char *value)
{
    for (size_t i = 0; i < client->host.len; i++)
        cr_expect(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]",
                         client->host.ptr[i]) &&
                      client->host.ptr[i],
                  "%s", value);
    struct network network;
    cr_expect(client->address.len == 0 || network_parse(client->address, &network), "%s", value);
}

Test(http_client, any_bytes_are_read)
{
    static const char *const pieces[] = {
        "for=",        "proto=", "host=",     "\"",          "\\",    ",", ";",  "=",
        "203.0.113.5", "[::1]",  "10.1.1.1",  "2001:db8::1", "https", ":", "80", "unknown",
        "_x",          " ",      "x.example", "[",           "]",     "%", "/",  "\t"};
    random_begin(); /* what fails is shown itself */
    for (int round = 0; round < 20000; round++) {
        char value[128];
        size_t len = 0;
        for (uint64_t left = random_below(12); left > 0; left--) {
            const char *piece = pieces[random_below(sizeof(pieces) / sizeof(*pieces))];
            char byte[2] = {(char)(1 + random_below(255)), '\0'};
            if (random_below(8) == 0)
                piece = byte;
            len += (size_t)snprintf(value + len, sizeof(value) - len, "%s", piece);
        }
        value[len] = '\0';
        expect_sound(read_header(FORWARDED_RFC7239, "HTTP_FORWARDED", value), value);
        expect_sound(read_header(FORWARDED_X, "HTTP_X_FORWARDED_FOR", value), value);
        expect_sound(read_header(FORWARDED_X, "HTTP_X_FORWARDED_HOST", value), value);
    }
    end();
}
