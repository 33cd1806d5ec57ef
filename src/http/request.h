/* A request as a vendor-free value, built from CGI variables (RFC 3875). Everything it holds is the
 * arena's or the environment's. */
#ifndef ROLLCALL_HTTP_REQUEST_H
#define ROLLCALL_HTTP_REQUEST_H

#include "base/arena.h"
#include "base/err.h"
#include "http/client.h"

/* Limits, checked before anything is kept. */
enum {
    PATH_MAX_BYTES = 4096,
    QUERY_MAX_BYTES = 16384,
    HEADER_MAX_BYTES = 16384,
    HEADERS_MAX_BYTES = 65536, /* all of them, names and values */
    HEADERS_MAX = 256,
    PARAMS_MAX = 256,
    COOKIES_MAX = 128,
    BODY_MAX_BYTES = 1024 * 1024
};

/* How the site is configured, as far as an answer shows it. */
struct site {
    struct str public_url;          /* no '/' at the end; empty: relative answers */
    struct str prefix;              /* the path it is mounted under: "" or "/x/y" */
    const struct str *cookie_names; /* of session cookies; a name may end in '*' for any ending */
    size_t cookie_name_count;
    const struct str *cors_origins; /* whose pages may ask; none: nobody else's */
    size_t cors_origin_count;
    struct trust trust;
    const uint8_t
        *status_token; /* SHA-256 of what lets see how the server is; NULL: nothing does */
    bool health_open;  /* anybody may see whether it is well */
};

struct param {
    struct str name, value; /* percent-decoded, '+' as space */
};

/* What follows the headers. One over BODY_MAX_BYTES is dropped, and not whole. */
struct body {
    struct str bytes;
    bool whole;
    bool cut;    /* who sent it stopped before its end: `bytes` is empty */
    bool pushed; /* ... being too slow while others waited */
};

enum { WILDS_MAX = 3 };

struct request {
    struct arena *arena;
    const struct site *site;
    char *const *env; /* "NAME=value", NULL at the end */
    struct http_client client;
    struct str method;
    /* The path as it was sent, the prefix taken off, not decoded; and as CGI's PATH_INFO has it,
     * empty when that is absent. */
    struct str path, path_info;
    struct str query;     /* raw, without '?' */
    struct param *params; /* in the order sent */
    size_t param_count;
    struct str body;
    struct str wilds[WILDS_MAX];   /* the path's segments that its route leaves open, decoded */
    const char *bad_query;         /* NULL, or one sentence why the query string cannot be read */
    struct str id;                 /* of this request: 27 letters and digits, ours */
    int64_t now;                   /* the instant it is answered for */
    int64_t started_ns;            /* the monotonic clock when it came in */
    int64_t (*monotonic_ns)(void); /* that clock */
};

/* Fills *request; body, wilds, id, now and started_ns are the caller's to set. A path or query over
 * its limit: ERR_LONG_URI; a header, all of them, or the cookies over theirs: ERR_HEADERS; a
 * request without method or path: ERR_MALFORMED; method, path and what could be read are set all
 * the same. ERR_MEMORY. */
enum err request_read(struct arena *arena, const struct site *site, char *const *env,
                      struct request *request) MUST_CHECK;

/* Where absolute links in an answer begin, without '/' at the end: the site's public URL; where it
 * has none, what the client has asked, as far as a trusted proxy tells scheme and host; or else
 * empty. The arena's. */
struct str request_base(const struct request *request);

/* A CGI variable; empty with a NULL pointer when absent. */
struct str request_variable(const struct request *request, const char *name);
/* A header by its HTTP name ("X-User-Id"), case ignored; empty with a NULL pointer when absent. For
 * Authorization, the REDIRECT_ form that Apache's rewrites leave is looked for too. */
struct str request_header(const struct request *request, const char *name);

/* The first parameter of that name, NULL without one; and how many there are. */
const struct param *request_param(const struct request *request, const char *name);
size_t request_param_count(const struct request *request, const char *name);

/* Calls back for each cookie whose name the site lists, in the order sent. */
typedef void (*request_cookie_fn)(void *context, struct str value);
void request_each_cookie(const struct request *request, request_cookie_fn each, void *context);

/* Likewise for each cookie whose name begins so. */
void request_each_cookie_of(const struct request *request, struct str prefix,
                            request_cookie_fn each, void *context);

/* Splits "Bearer abc": true when the header is there and of that scheme (case ignored, one or more
 * spaces); *rest is what follows. */
bool request_authorization(const struct request *request, const char *scheme, struct str *rest);
/* Basic credentials (RFC 7617): false unless there, decodable, and with a colon. The arena's. */
bool request_basic(const struct request *request, struct str *user, struct str *password);

/* Encodes a parameter's name or value as forms do: letters, digits and "-_.~" stay, a space is '+',
 * all else %XX. The arena's; a NULL pointer when out of memory. */
struct str request_encode(struct arena *arena, struct str text);

/* Decodes %XX in the arena; with `plus`, '+' is a space. Fails (false) on a broken escape, a NUL,
 * or what is no UTF-8. */
bool request_decode(struct arena *arena, struct str text, bool plus, struct str *decoded);

#endif
