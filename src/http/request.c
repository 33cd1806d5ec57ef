#include "http/request.h"

#include "base/base64.h"

struct str request_variable(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    for (char *const *each = request->env; *each; each++)
        if ((*each)[0] == name[0] && strncmp(*each, name, len) == 0 && (*each)[len] == '=')
            return str_of(*each + len + 1);
    return STR_NONE;
}

/* "X-User-Id" -> "HTTP_X_USER_ID" (RFC 3875, 4.1.18), after `prefix`. */
static bool variable_name(const char *prefix, const char *header, char *out, size_t size)
{
    size_t len = strlen(prefix), header_len = strlen(header);
    if (len + header_len + 1 > size)
        return false;
    memcpy(out, prefix, len);
    for (size_t i = 0; i <= header_len; i++) {
        char c = header[i];
        out[len + i] = (char)(c == '-' ? '_' : c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return true;
}

struct str request_header(const struct request *request, const char *name)
{
    /* Rewriting, Apache hands Authorization on under its second name only. */
    static const char *const prefixes[] = {"HTTP_", "REDIRECT_HTTP_"};
    size_t count = strcasecmp(name, "Authorization") == 0 ? 2 : 1;
    char variable[64];
    for (size_t i = 0; i < count; i++) {
        if (!variable_name(prefixes[i], name, variable, sizeof(variable)))
            break;
        struct str value = request_variable(request, variable);
        if (value.ptr)
            return value;
    }
    return STR_NONE;
}

const struct param *request_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++)
        if (str_eq(request->params[i].name, str_of(name)))
            return &request->params[i];
    return NULL;
}

size_t request_param_count(const struct request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->param_count; i++)
        count += str_eq(request->params[i].name, str_of(name));
    return count;
}

struct str request_base(const struct request *request)
{
    const struct site *site = request->site;
    const struct http_client *client = &request->client;
    if (site->public_url.len || !client->scheme_told || !client->host_told)
        return site->public_url;
    return arena_printf(request->arena, "%.*s://%.*s%.*s", STR_ARG(client->scheme),
                        STR_ARG(client->host), STR_ARG(site->prefix));
}

/* ---- cookies ---- */

static bool is_session_cookie(const struct site *site, struct str name)
{
    for (size_t i = 0; i < site->cookie_name_count; i++) {
        struct str own = site->cookie_names[i];
        bool any_ending = own.len && own.ptr[own.len - 1] == '*';
        if (any_ending ? str_starts(name, (struct str){own.ptr, own.len - 1}) : str_eq(name, own))
            return true;
    }
    return false;
}

static struct str unquoted(struct str value)
{
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    return quoted ? (struct str){value.ptr + 1, value.len - 2} : value;
}

void request_each_cookie(const struct request *request, request_cookie_fn each, void *context)
{
    struct str rest = request_header(request, "Cookie"), pair, name, value;
    while (rest.len) {
        str_split(rest, ';', &pair, &rest);
        if (str_split(str_trim(pair), '=', &name, &value) && is_session_cookie(request->site, name))
            each(context, unquoted(value));
    }
}

void request_each_cookie_of(const struct request *request, struct str prefix,
                            request_cookie_fn each, void *context)
{
    struct str rest = request_header(request, "Cookie"), pair, name, value;
    while (rest.len) {
        str_split(rest, ';', &pair, &rest);
        if (str_split(str_trim(pair), '=', &name, &value) && str_starts(name, prefix))
            each(context, unquoted(value));
    }
}

/* ---- credentials ---- */

bool request_authorization(const struct request *request, const char *scheme, struct str *rest)
{
    struct str header = request_header(request, "Authorization"), word;
    if (!str_split(header, ' ', &word, rest) || !str_eq_nocase(word, str_of(scheme)))
        return false;
    while (rest->len && rest->ptr[0] == ' ')
        *rest = str_from(*rest, 1);
    return true;
}

bool request_basic(const struct request *request, struct str *user, struct str *password)
{
    struct str encoded, pair;
    if (!request_authorization(request, "Basic", &encoded))
        return false;
    char *decoded = arena_alloc(request->arena, encoded.len + 1);
    size_t len = 0;
    if (!decoded || !base64_decode(str_trim(encoded), decoded, encoded.len, &len))
        return false;
    pair = (struct str){decoded, len};
    return str_split(pair, ':', user, password);
}
