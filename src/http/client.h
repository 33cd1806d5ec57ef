/* Who asks, and by which address: as the web server has it, or as a proxy says that the site
 * trusts.
 *
 * Of forwarding headers one kind alone is believed, the one that is configured: a proxy overwrites
 * what it knows, and hands on whatever else a client sends. The list of addresses is read from its
 * end, past trusted ones; the first that is not trusted is the client, and what stands before it is
 * only what that one says. Scheme and host count as told by the proxy that has told the client's
 * address. */
#ifndef ROLLCALL_HTTP_CLIENT_H
#define ROLLCALL_HTTP_CLIENT_H

#include "base/str.h"

struct request;

enum forwarded {
    FORWARDED_NONE,
    FORWARDED_X,       /* X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host */
    FORWARDED_RFC7239, /* Forwarded */
    FORWARDED_COUNT
};

/* "none", "x-forwarded", "rfc7239"; false for any other word. */
bool forwarded_parse(const char *word, enum forwarded *forwarded);

enum { ADDRESS_BYTES = 16 };

/* Addresses that begin with the same bits; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
struct network {
    uint8_t address[ADDRESS_BYTES];
    unsigned bits;
};

/* Whom the site trusts to say for whom it asks. */
struct trust {
    enum forwarded forwarded;
    const struct network *networks;
    size_t network_count;
    bool local; /* a web server's peer without an address, as on a unix socket */
};

/* Of ADDRESS_BYTES bytes, as in a network. */
bool address_is_ipv4(const uint8_t *address);

/* "10.1.2.3", "10.0.0.0/8", "2001:db8::/32". */
bool network_parse(struct str text, struct network *network);

/* Views of the request's arena and environment. */
struct http_client {
    struct str address; /* IPv4 or IPv6 as inet_ntop(3) spells it; empty: unknown */
    struct str scheme;  /* "http" or "https" */
    struct str host;    /* with its port, if one was named; empty: none, or none that can be one */
    /* The address is somebody's who asks for himself, as far as can be told: neither this host's,
     * nor that of a proxy that is trusted, which asks for many; and as it is in memory. Where the
     * web server, or a trusted proxy, tells of somebody without an address that can be read, that
     * one is foreign, and the bytes are the proxy's own, or zeros: all such clients have them in
     * common. */
    bool foreign;
    uint8_t bytes[ADDRESS_BYTES];
    bool address_told, scheme_told, host_told; /* by a proxy that is trusted */
};

void client_read(const struct request *request, struct http_client *client);

#endif
