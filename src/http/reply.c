#include "http/reply.h"

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

enum { REASON_COUNT = sizeof(reasons) / sizeof(*reasons) };

int reply_status_at(size_t row)
{
    return row < REASON_COUNT ? reasons[row].status : 0;
}

size_t reply_status_row(int status)
{
    size_t row = 0;
    while (row < REASON_COUNT && reasons[row].status != status)
        row++;
    return row;
}

const char *reply_reason(int status)
{
    size_t row = reply_status_row(status);
    return row < REASON_COUNT ? reasons[row].reason : "Unknown";
}

void reply_begin(struct reply *reply, struct buf *body)
{
    *reply = (struct reply){.status = 200, .body = body};
    buf_reset(body);
}

void reply_restart(struct reply *reply, int status)
{
    reply_begin(reply, reply->body);
    reply->status = status;
}

void reply_header(struct reply *reply, const char *name, struct str value)
{
    if (reply->header_count == REPLY_HEADERS_MAX) {
        reply->body->failed = true;
        return;
    }
    reply->headers[reply->header_count++] = (struct reply_header){name, value};
}

struct json_out reply_json(struct reply *reply)
{
    reply_header(reply, "Content-Type", STR("application/json"));
    reply_header(reply, "Cache-Control", STR("no-store"));
    return json_begin(reply->body);
}

/* What every answer tells a browser that comes by one, whoever's page had it ask: that it is data
 * of the type it says, no document with scripts or frames, nobody's picture or script, and that its
 * address, which may hold a token, is nobody's business (OWASP REST Security Cheat Sheet). HSTS is
 * the web server's to say, who knows what else the host serves. */
static const struct reply_header guards[] = {
    {"X-Content-Type-Options", STR("nosniff")},
    {"Content-Security-Policy", STR("default-src 'none'; base-uri 'none'; frame-ancestors 'none'")},
    {"Cross-Origin-Resource-Policy", STR("same-origin")},
    {"Referrer-Policy", STR("no-referrer")},
};

static bool has_header(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, name) == 0)
            return true;
    return false;
}

/* A value that ended its line would be the next header, and what else controls has no place in one
 * (RFC 9110, 5.5). */
static void put_value(struct buf *out, struct str value)
{
    size_t begin = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (str_is_printable((struct str){value.ptr + i, 1}))
            continue;
        buf_put(out, value.ptr + begin, i - begin);
        begin = i + 1;
    }
    buf_str(out, str_from(value, begin));
}

static void put_header(struct buf *out, const struct reply_header *header)
{
    buf_str(out, str_of(header->name));
    buf_str(out, STR(": "));
    put_value(out, header->value);
    buf_str(out, STR("\r\n"));
}

void reply_write(const struct reply *reply, bool head_only, struct buf *out)
{
    buf_str(out, STR("Status: "));
    buf_i64(out, reply->status);
    buf_byte(out, ' ');
    buf_str(out, str_of(reply_reason(reply->status)));
    buf_str(out, STR("\r\n"));
    for (size_t i = 0; i < reply->header_count; i++)
        put_header(out, &reply->headers[i]);
    for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++)
        put_header(out, &guards[i]);
    if (!has_header(reply, "Cache-Control"))
        put_header(out, &(struct reply_header){"Cache-Control", STR("no-store")});
    /* An answer without content says nothing of its length (RFC 9110, 8.6). */
    if (reply->status != 204) {
        buf_str(out, STR("Content-Length: "));
        buf_i64(out, (int64_t)reply->body->len);
        buf_str(out, STR("\r\n"));
    }
    buf_str(out, STR("\r\n"));
    if (!head_only)
        buf_str(out, buf_view(reply->body));
}
