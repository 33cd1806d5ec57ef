#include "http/client.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "http/request.h"

/* How many proxies may stand in a row; the longest name (RFC 1035, 2.3.4). */
enum { HOPS_MAX = 64, NAME_MAX_BYTES = 253, PORT_DIGITS = 5, IPV4_BITS_BEFORE = 96 };

static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool forwarded_parse(const char *word, enum forwarded *forwarded)
{
    static const char *const words[FORWARDED_COUNT] = {
        [FORWARDED_NONE] = "none", [FORWARDED_X] = "x-forwarded", [FORWARDED_RFC7239] = "rfc7239"};
    for (int i = 0; i < FORWARDED_COUNT; i++)
        if (strcmp(words[i], word) == 0) {
            *forwarded = (enum forwarded)i;
            return true;
        }
    return false;
}

/* ---- addresses ---- */

static bool parse_address(struct str text, uint8_t *address)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    memcpy(address, mapped, sizeof(mapped));
    return inet_pton(AF_INET, copy, address + sizeof(mapped)) == 1 ||
           inet_pton(AF_INET6, copy, address) == 1;
}

bool address_is_ipv4(const uint8_t *address)
{
    return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static struct str spell_address(struct arena *arena, const uint8_t *address)
{
    char text[INET6_ADDRSTRLEN];
    bool ipv4 = address_is_ipv4(address);
    inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address + sizeof(mapped) : address, text,
              sizeof(text));
    return arena_copy(arena, str_of(text));
}

bool network_parse(struct str text, struct network *network)
{
    struct str address, length;
    bool has_length = str_split(text, '/', &address, &length);
    int64_t bits = 0;
    if (!parse_address(address, network->address))
        return false;
    /* "::ffff:10.0.0.0/104" counts its bits as IPv6 does. */
    bool ipv4 = address_is_ipv4(network->address) && !memchr(address.ptr, ':', address.len);
    int64_t most = ipv4 ? 32 : 128;
    if (!has_length)
        bits = most;
    else if (length.len == 0 || !isdigit((unsigned char)length.ptr[0]) ||
             !str_to_i64(length, &bits) || bits > most)
        return false;
    network->bits = (unsigned)bits + (ipv4 ? IPV4_BITS_BEFORE : 0);
    return true;
}

static bool is_within(const struct network *network, const uint8_t *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    return memcmp(network->address, address, whole) == 0 &&
           (rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0);
}

static bool is_trusted(const struct trust *trust, const uint8_t *address)
{
    for (size_t i = 0; i < trust->network_count; i++)
        if (is_within(&trust->networks[i], address))
            return true;
    return false;
}

/* ---- hosts ---- */

static bool is_port(struct str text)
{
    int64_t port = 0;
    return text.len && text.len <= PORT_DIGITS && isdigit((unsigned char)text.ptr[0]) &&
           str_to_i64(text, &port) && port > 0 && port <= 65535;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* A port that is none of RFC 9110's, but of RFC 7239's. */
static bool is_hidden(struct str text)
{
    for (size_t i = 1; i < text.len; i++)
        if (!is_name_byte(text.ptr[i]))
            return false;
    return text.len > 1 && text.ptr[0] == '_';
}

/* Parts "name:port" or "[address]:port" or a bare address: *name is without brackets. False where
 * brackets or colons do not fit. */
static bool part_host(struct str text, struct str *name, struct str *port)
{
    const char *close = text.len ? memchr(text.ptr, ']', text.len) : NULL;
    *port = STR_NONE;
    if (text.len && text.ptr[0] == '[') {
        if (!close)
            return false;
        *name = (struct str){text.ptr + 1, (size_t)(close - text.ptr) - 1};
        *port = str_from(text, (size_t)(close - text.ptr) + 1);
        if (port->len && (port->ptr[0] != ':' || port->len == 1))
            return false;
        *port = str_from(*port, 1);
        return name->len && memchr(name->ptr, ':', name->len);
    }
    return !str_split(text, ':', name, port) || port->len > 0;
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_name_byte(text.ptr[i]))
            return false;
    return text.len && text.len <= NAME_MAX_BYTES && isalnum((unsigned char)text.ptr[0]);
}

/* Stricter than RFC 9110's "Host": it goes into links. */
static bool is_host(struct str text)
{
    struct str name, port;
    uint8_t address[ADDRESS_BYTES];
    if (text.len == 0 || !part_host(text, &name, &port) || (port.len && !is_port(port)))
        return false;
    return text.ptr[0] == '[' ? parse_address(name, address) : is_name(name);
}

static struct str known_scheme(struct str text)
{
    return str_eq_nocase(text, STR("https"))  ? STR("https")
           : str_eq_nocase(text, STR("http")) ? STR("http")
                                              : STR_NONE;
}

/* ---- lists, from their end ---- */

/* Whether the quote at `at` stands for itself within quotes, being escaped. */
static bool is_escaped(struct str text, size_t at)
{
    size_t count = 0;
    while (count < at && text.ptr[at - count - 1] == '\\')
        count++;
    return count % 2 == 1;
}

/* Takes the last element off, which commas part outside quotes. What a trusted proxy has added is
 * well formed: counted from the end, nothing that a client has put before it takes part. */
static bool take_last(struct str *list, struct str *element)
{
    bool quoted = false;
    size_t at = list->len;
    if (at == 0)
        return false;
    while (at > 0 && (quoted || list->ptr[at - 1] != ',')) {
        at--;
        if (list->ptr[at] == '"' && !is_escaped(*list, at))
            quoted = !quoted;
    }
    *element = str_trim(str_from(*list, at));
    list->len = at > 0 ? at - 1 : 0;
    return true;
}

static bool take_last_filled(struct str *list, struct str *element)
{
    while (take_last(list, element))
        if (element->len)
            return true;
    return false;
}

/* ---- one hop ---- */

/* What one proxy says of who has asked it. */
struct hop {
    bool known; /* its address */
    uint8_t address[ADDRESS_BYTES];
    struct str scheme, host; /* as sent; empty when it says nothing */
};

/* An address, perhaps with a port; "unknown" and the hidden names of RFC 7239 are none. */
static bool read_node(struct str text, uint8_t *address)
{
    struct str name, port;
    if (parse_address(text, address))
        return true;
    return part_host(text, &name, &port) && (port.len == 0 || is_port(port) || is_hidden(port)) &&
           parse_address(name, address);
}

static struct str unquote(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 1; out && i + 1 < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 2 < text.len)
            i++;
        out[len++] = text.ptr[i];
    }
    return (struct str){out, len};
}

/* Splits at the first ';' that stands outside quotes. */
static struct str take_pair(struct str *rest)
{
    bool quoted = false;
    size_t at = 0;
    for (; at < rest->len && (quoted || rest->ptr[at] != ';'); at++)
        if (rest->ptr[at] == '\\' && quoted && at + 1 < rest->len)
            at++;
        else if (rest->ptr[at] == '"')
            quoted = !quoted;
    struct str pair = str_trim((struct str){rest->ptr, at});
    *rest = str_from(*rest, at + 1);
    return pair;
}

/* RFC 7239, 4. A name that stands twice makes the whole say nothing. */
static void read_forwarded(struct arena *arena, struct str element, struct hop *hop)
{
    struct str node = STR_NONE, pair, name, value;
    struct {
        struct str name, *value;
    } wanted[] = {{STR("for"), &node}, {STR("proto"), &hop->scheme}, {STR("host"), &hop->host}};
    while (element.len) {
        pair = take_pair(&element);
        str_split(pair, '=', &name, &value);
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
            value = unquote(arena, value);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
            if (!str_eq_nocase(name, wanted[i].name))
                continue;
            if (wanted[i].value->ptr) {
                hop->scheme = hop->host = STR_NONE;
                return;
            }
            *wanted[i].value = value;
        }
    }
    hop->known = read_node(node, hop->address);
}

/* ---- the client ---- */

/* The value of a header of the proxy's, with a NULL pointer where there is none. Where it stands
 * twice, as with a client's "X_Forwarded_For" beside it, which CGI spells alike, it says nothing:
 * either may be the proxy's, and where they stand is the web server's choice, so that no order in
 * which they were joined (RFC 9110, 5.3) would be safe. */
static struct str header_once(const struct request *request, const char *variable)
{
    struct str found = STR_NONE;
    size_t len = strlen(variable);
    for (char *const *each = request->env; *each; each++) {
        if (strncmp(*each, variable, len) != 0 || (*each)[len] != '=')
            continue;
        if (found.ptr)
            return STR("");
        found = str_of(*each + len + 1);
    }
    return found;
}

/* The element of a list beside the one of addresses: as many from its end as that, or the first
 * where a proxy of those in a row has not added its own. */
static struct str element_at(struct str list, size_t from_end)
{
    struct str element = STR_NONE;
    for (size_t i = 0; i <= from_end && take_last_filled(&list, &element); i++)
        ;
    return element;
}

struct walk {
    const struct request *request;
    const struct trust *trust;
    struct str list; /* what is left of it */
    size_t passed;   /* how many elements were taken off before the last */
    struct hop hop;  /* the last */
};

static bool next_hop(struct walk *walk)
{
    struct str element;
    if (!take_last_filled(&walk->list, &element))
        return false;
    walk->hop = (struct hop){.known = false};
    if (walk->trust->forwarded == FORWARDED_RFC7239)
        read_forwarded(walk->request->arena, element, &walk->hop);
    else
        walk->hop.known = read_node(element, walk->hop.address);
    return true;
}

/* Goes back hop by hop as long as who tells is trusted. False when nothing is told. */
static bool walk_back(struct walk *walk)
{
    if (!next_hop(walk))
        return false;
    while (walk->hop.known && is_trusted(walk->trust, walk->hop.address) &&
           walk->passed < HOPS_MAX) {
        struct hop last = walk->hop;
        if (!next_hop(walk)) {
            walk->hop = last;
            break;
        }
        walk->passed++;
    }
    return true;
}

static void take_told(const struct walk *walk, struct http_client *client)
{
    struct str scheme = walk->hop.scheme, host = walk->hop.host;
    if (walk->trust->forwarded == FORWARDED_X) {
        scheme = element_at(header_once(walk->request, "HTTP_X_FORWARDED_PROTO"), walk->passed);
        host = element_at(header_once(walk->request, "HTTP_X_FORWARDED_HOST"), walk->passed);
    }
    scheme = known_scheme(scheme);
    client->scheme_told = scheme.len > 0;
    if (client->scheme_told)
        client->scheme = scheme;
    client->host_told = is_host(host);
    if (client->host_told)
        client->host = host;
}

static bool is_loopback(const uint8_t *address)
{
    static const uint8_t ipv6[ADDRESS_BYTES] = {[ADDRESS_BYTES - 1] = 1};
    return address_is_ipv4(address) ? address[sizeof(mapped)] == 127
                                    : memcmp(address, ipv6, sizeof(ipv6)) == 0;
}

static void set_address(const struct request *request, const uint8_t *address,
                        struct http_client *client)
{
    client->address = spell_address(request->arena, address);
    client->foreign = !is_loopback(address) && !is_trusted(&request->site->trust, address);
    memcpy(client->bytes, address, sizeof(client->bytes));
}

/* Who has his address left unknown, be it by what he sends himself, is not left uncounted. */
static void unset_address(struct http_client *client)
{
    client->address = STR_NONE;
    client->foreign = true;
}

static void read_told(const struct request *request, struct http_client *client)
{
    const struct trust *trust = &request->site->trust;
    struct walk walk = {.request = request, .trust = trust};
    walk.list = header_once(request, trust->forwarded == FORWARDED_X ? "HTTP_X_FORWARDED_FOR"
                                                                     : "HTTP_FORWARDED");
    if (walk.list.ptr && walk_back(&walk) && walk.hop.known)
        set_address(request, walk.hop.address, client);
    else if (walk.list.ptr)
        unset_address(client);
    client->address_told = walk.list.ptr && client->address.len;
    take_told(&walk, client);
}

static struct str own_scheme(const struct request *request)
{
    struct str https = request_variable(request, "HTTPS");
    struct str scheme = known_scheme(request_variable(request, "REQUEST_SCHEME"));
    if (https.len && !str_eq_nocase(https, STR("off")))
        return STR("https");
    return scheme.len ? scheme : STR("http");
}

/* No address at all, or the path of a socket. */
static bool is_local(struct str peer)
{
    return peer.len == 0 || peer.ptr[0] == '/' || str_starts(peer, STR("unix:"));
}

void client_read(const struct request *request, struct http_client *client)
{
    const struct trust *trust = &request->site->trust;
    struct str peer = request_variable(request, "REMOTE_ADDR");
    struct str host = request_variable(request, "HTTP_HOST"), unzoned, zone;
    uint8_t address[ADDRESS_BYTES];
    /* Behind a link-local address Apache gives the interface (RFC 4007, 11). */
    (void)str_split(peer, '%', &unzoned, &zone);
    bool known = parse_address(unzoned, address);
    *client = (struct http_client){.scheme = own_scheme(request), .foreign = !is_local(peer)};
    if (known)
        set_address(request, address, client);
    if (is_host(host))
        client->host = host;
    bool trusted = known ? is_trusted(trust, address) : trust->local && is_local(peer);
    if (trusted && trust->forwarded != FORWARDED_NONE)
        read_told(request, client);
}
