#include "serve/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/secret.h"
#include "serve/config.h"
#include "serve/watch.h"

static const char *no_path(const char *text)
{
    return text[0] == '/' ? NULL : "must be an absolute path";
}

static const char *no_file(const char *text)
{
    return *text ? no_path(text) : NULL;
}

static const char *no_address(const char *text)
{
    bool unix_path = strncmp(text, "unix:/", 6) == 0;
    bool tcp = strncmp(text, "tcp:", 4) == 0 && strrchr(text + 4, ':');
    return !*text || unix_path || tcp ? NULL : "must be \"unix:/path\", \"tcp:host:port\" or empty";
}

static const char *no_mode(const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);
    return *text && !*end && mode <= 0777 ? NULL : "must be an octal mode such as \"0660\"";
}

static const char *no_url(const char *text)
{
    size_t len = strlen(text);
    bool url = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return !len || (url && text[len - 1] != '/')
               ? NULL
               : "must begin with http:// or https:// and not end with '/'";
}

static const char *no_prefix(const char *text)
{
    size_t len = strlen(text);
    return !len || (text[0] == '/' && text[len - 1] != '/')
               ? NULL
               : "must begin with '/' and not end with one";
}

static const char *no_cookie(const char *text)
{
    return *text && text[strcspn(text, " \t;=,\"")] == '\0' ? NULL : "must be names of cookies";
}

/* As browsers spell an origin (RFC 6454, 6.1): scheme, host and port, and nothing after them. */
static const char *no_origin(const char *text)
{
    const char *host = strstr(text, "://");
    bool right = no_url(text) == NULL && host && host[3] && !strchr(host + 3, '/');
    return right ? NULL : "must be origins such as \"https://app.example.com\"";
}

static const char *no_proxy(const char *text)
{
    struct network network;
    return strcmp(text, "unix") == 0 || network_parse(str_of(text), &network)
               ? NULL
               : "must be addresses, networks such as \"10.0.0.0/8\", or \"unix\"";
}

static const char *no_forwarded(const char *text)
{
    enum forwarded forwarded;
    return forwarded_parse(text, &forwarded) ? NULL : "must be none, x-forwarded or rfc7239";
}

static const char *no_level(const char *text)
{
    enum log_level level;
    return log_level_parse(text, &level) ? NULL : "must be error, warn, info or debug";
}

static const char *no_confinement(const char *text)
{
    enum confine_mode mode;
    return confine_mode_parse(text, &mode) ? NULL : "must be auto, require or off";
}

static const char *no_name(const char *text)
{
    return text[strcspn(text, ":/ \t\n")] == '\0' ? NULL : "must be the name of a user";
}

static const char *no_access_log(const char *text)
{
    enum access_log form;
    return access_log_parse(text, &form) ? NULL : "must be off, keyvalue or json";
}

static const char *no_hash(const char *text)
{
    uint8_t hash[HASH_BYTES];
    return !*text || secret_hash_parse(str_of(text), hash)
               ? NULL
               : "must be 64 hexadecimal digits or empty";
}

static const char *no_audience(const char *text)
{
    bool known = strcmp(text, "token") == 0 || strcmp(text, "anybody") == 0;
    return known ? NULL : "must be token or anybody";
}

const struct config_option config_options[] = {
    {"store", KIND_TEXT, LOCALSTATEDIR "/lib/rollcall", 0, 0, no_path, "the folder of the store"},
    {"listen", KIND_TEXT, "", 0, 0, no_address,
     "where to listen: \"unix:/path\" or \"tcp:host:port\"; empty: a socket that was handed over"
     "\vspawn-fcgi hands one over, and so do a web server (lighttpd's bin-path) and systemd."},
    {"socket_mode", KIND_TEXT, "0660", 0, 0, no_mode,
     "the mode of a unix socket, in octal\vThe web server must be able to write to it."},
    {"workers", KIND_INTEGER, "2", 0, WORKERS_MAX, NULL,
     "how many processes answer; 0: this one does, without a master"
     "\vEach has one request in hand at a time, and waits for the disk when that writes: where "
     "many sessions begin or end at once, more workers share one wait."},
    {"user", KIND_TEXT, "", 0, 0, no_name,
     "who the daemon is once root has started it; empty: the owner of the store's folder"
     "\vThe socket is made before that, and is that user's; files of the log are made after it, "
     "and "
     "their folder must be one that this user can write to. Started by anybody else, it stays who "
     "it is."},
    {"confine", KIND_TEXT, "auto", 0, 0, no_confinement,
     "whether processes give up what they have no use for, by seccomp and landlock: auto, as far "
     "as "
     "the kernel can; require, or else it does not start; off"
     "\vWhat is in force here, `rollcalld --check-config` says, and the log does at the start. A "
     "folder that log files are in is one that processes may add to: it should be none above the "
     "store's."},
    {"requests_per_worker", KIND_INTEGER, "0", 0, 1000000000, NULL,
     "after how many answers a worker is replaced; 0: never"},
    {"request_seconds", KIND_INTEGER, "30", 0, 3600, NULL,
     "how long a request may take, from its coming in to the end of its answer; 0: any time"
     "\vAfter that no more of it is read, and what is not done yet is answered with 503. Five "
     "seconds "
     "later no more of the answer is sent, and a worker that hangs a second after that is killed "
     "and "
     "replaced. Who takes more than a second to say what he wants gives way to who waits."},
    {"failures_per_minute", KIND_INTEGER, "600", 0, 60000, NULL,
     "how many requests with an unknown or wrong credential are put up with from one address, and "
     "with one credential, in a minute; 0: any number"
     "\vWhat is more is answered with 429 until some of that minute is over, and so is whatever "
     "else "
     "comes from that address with a credential. An ended session's is a known one. A network of "
     "IPv6's, of 64 bits, counts as one address. What is never limited: the loopback addresses, "
     "and "
     "those of trusted_proxies, but for clients whose addresses these leave unknown, who count as "
     "one. List there every backend and every proxy that asks for many "
     "people, "
     "with forwarded set where it says for whom: or else one person's bad tokens count against "
     "everybody's."},
    {"drain_seconds", KIND_INTEGER, "30", 0, 3600, NULL,
     "how long a worker may take to finish when it is told to stop"},
    {"map_size_mib", KIND_INTEGER, "0", 0, 16777216, NULL,
     "address space for the store in MiB; 0: as much as is to be had, up to 64 GiB"
     "\vSet it where the host limits a program's memory."},
    {"public_url", KIND_TEXT, "", 0, 0, no_url,
     "how clients reach this server, for links in answers; empty: links are relative"
     "\vThe path of prefix is part of it, and there is no '/' at its end."},
    {"prefix", KIND_TEXT, "", 0, 0, no_prefix,
     "the path it is mounted under, such as \"/auth\"; empty: none"},
    {"trusted_proxies", KIND_LIST, "{}", 0, 0, no_proxy,
     "whose word counts for whom a request comes from: addresses, networks such as \"10.0.0.0/8\", "
     "or \"unix\" for a web server's peer on a unix socket; none: nobody's\vAt most 16."},
    {"forwarded", KIND_TEXT, "none", 0, 0, no_forwarded,
     "by which headers they say it: none, x-forwarded (X-Forwarded-For, -Proto, -Host) or rfc7239 "
     "(Forwarded)\vThe other kind is never looked at, for a proxy hands it on as a client has sent "
     "it. Each proxy must set or append its own itself: what it hands on as the client sent it "
     "would "
     "be believed."},
    {"cookie_names", KIND_LIST, "{\"ory_kratos_session\", \"ory_session_*\"}", 0, 0, no_cookie,
     "cookies that hold a session token, the first one known counts; '*' ends a name as any "
     "ending\vAt most 16."},
    {"cors_origins", KIND_LIST, "{}", 0, 0, no_origin,
     "whose pages may ask from a browser, such as \"https://app.example.com\"; none: nobody "
     "else's\vOnly the dialects made for browsers answer them. Their requests may carry cookies, "
     "by "
     "which no page of anybody else's can change anything: this site's own are told by "
     "Sec-Fetch-Site, or by an Origin that is the host that was asked or public_url. At most 16."},
    {"user_agents", KIND_TEXT, "/usr/share/uap-core/regexes.yaml", 0, 0, no_file,
     "the rules of uap-core, by which a new session's device is told from its User-Agent; empty: "
     "it is not\vDebian has them in the package uap-core."},
    {"countries", KIND_TEXT, "", 0, 0, no_file,
     "a database in MaxMind's format, by which a new session's country is told from its address; "
     "empty: it is not\vGeoLite2-Country.mmdb is one."},
    {"log_level", KIND_TEXT, "info", 0, 0, no_level,
     "how much is said: error, warn, info or debug"},
    {"log_file", KIND_TEXT, "", 0, 0, no_file,
     "where the log goes; empty: standard error\vIt is made with mode 0640 where it is not there; "
     "SIGUSR1 opens it anew."},
    {"access_log", KIND_TEXT, "off", 0, 0, no_access_log,
     "a line for each request: off, keyvalue or json\vIt names the route, never the path, which "
     "may "
     "hold a token."},
    {"access_log_file", KIND_TEXT, "", 0, 0, no_file,
     "where those lines go; empty: where the log goes"},
    {"status_token_sha256", KIND_TEXT, "", 0, 0, no_hash,
     "the SHA-256, in hexadecimal, of the bearer token for /rollcall/health and /rollcall/metrics; "
     "empty: these are not there\v`printf %s TOKEN | sha256sum` tells it."},
    {"health", KIND_TEXT, "token", 0, 0, no_audience,
     "who may ask /rollcall/health: those with that token, or anybody"},
};
const size_t config_option_count = sizeof(config_options) / sizeof(*config_options);

/* ---- showing ---- */

const char *config_quote(const struct config_option *option)
{
    return option->kind == KIND_TEXT ? "\"" : "";
}

void config_text(const struct config_option *option, bool all, struct buf *buf)
{
    struct str help, more;
    str_split(str_of(option->help), '\v', &help, &more);
    buf_str(buf, help);
    if (option->kind == KIND_INTEGER)
        buf_printf(buf, " (%ld to %ld)", option->low, option->high);
    if (all)
        buf_printf(buf, ".%s%.*s", more.len ? " " : "", STR_ARG(more));
    buf_byte(buf, '\0');
}

void config_wrap(FILE *out, const char *indent, const char *text)
{
    enum { WIDTH = 78 };
    struct str word, rest = str_of(text);
    size_t column = 0;
    while (rest.len) {
        str_split(rest, ' ', &word, &rest);
        bool fits = column && column + 1 + word.len <= WIDTH;
        fprintf(out, "%s%s%.*s", fits || !column ? "" : "\n", fits ? " " : indent, STR_ARG(word));
        column = (fits ? column + 1 : strlen(indent)) + word.len;
    }
    fputc('\n', out);
}

void config_help(FILE *out)
{
    struct buf text = {0};
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        const char *quote = config_quote(option);
        buf_reset(&text);
        config_text(option, false, &text);
        fprintf(out, "  %s = %s%s%s\n", option->name, quote, option->otherwise, quote);
        config_wrap(out, "      ", text.failed ? "" : text.ptr);
    }
    buf_free(&text);
}
