#include "serve/watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "dialect/tally.h"

static const char *const forms[] = {"off", "keyvalue", "json"};

bool access_log_parse(const char *word, enum access_log *form)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
        if (strcmp(word, forms[i]) == 0) {
            *form = (enum access_log)i;
            return true;
        }
    return false;
}

static struct str known_method(struct str method)
{
    static const char *const known[] = {"GET",   "HEAD",    "POST",  "PUT",    "DELETE",
                                        "PATCH", "OPTIONS", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (str_eq(method, str_of(known[i])))
            return method;
    return STR("other");
}

/* ---- a line's members, in either form ---- */

struct line {
    enum access_log form;
    struct buf *buf;
    struct json_out json;
};

static struct line begin_line(enum access_log form, struct buf *buf)
{
    struct line line = {.form = form, .buf = buf, .json = json_begin(buf)};
    if (form == ACCESS_JSON)
        json_object_begin(&line.json);
    return line;
}

static void end_line(struct line *line)
{
    if (line->form == ACCESS_JSON)
        json_object_end(&line->json);
    buf_byte(line->buf, '\n');
}

static void put_key(struct line *line, const char *key)
{
    if (line->form == ACCESS_JSON) {
        json_key(&line->json, key);
        return;
    }
    if (line->buf->len)
        buf_byte(line->buf, ' ');
    buf_printf(line->buf, "%s=", key);
}

/* Without what would end a value or begin another. */
static void put_bare(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        bool plain = byte > 0x20 && byte < 0x7F && byte != '=' && byte != '"' && byte != '\\';
        if (plain)
            buf_byte(buf, text.ptr[i]);
        else
            buf_printf(buf, "\\x%02x", byte);
    }
}

static void put_text(struct line *line, const char *key, struct str text)
{
    struct str shown = text.len && str_is_utf8(text) ? text : STR("-");
    put_key(line, key);
    if (line->form == ACCESS_JSON)
        json_text(&line->json, shown);
    else
        put_bare(line->buf, shown);
}

static void put_number(struct line *line, const char *key, struct str number)
{
    put_key(line, key);
    if (line->form == ACCESS_JSON)
        json_raw(&line->json, number);
    else
        buf_str(line->buf, number);
}

static void put_integer(struct line *line, const char *key, uint64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    put_number(line, key, (struct str){text, (size_t)len});
}

static void put_millis(struct line *line, const char *key, uint64_t ns)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long)(ns / 1000000),
                       (unsigned long long)(ns / 1000 % 1000));
    put_number(line, key, (struct str){text, (size_t)len});
}

void watch_line(enum access_log form, const struct sight *sight, struct buf *buf)
{
    struct line line = begin_line(form, buf);
    struct buf at = {0};
    instant_put_millis(&at, sight->at);
    put_text(&line, "time", buf_view(&at));
    buf_free(&at);
    put_text(&line, "id", sight->id);
    put_text(&line, "app", sight->app);
    put_text(&line, "dialect", str_of(tally_dialect_name(tally_dialect(sight->dialect))));
    put_text(&line, "method", known_method(sight->method));
    put_text(&line, "route", sight->route ? str_of(sight->route->path) : STR_NONE);
    put_integer(&line, "status", (uint64_t)sight->status);
    put_millis(&line, "ms", sight->ns);
    put_integer(&line, "bytes", sight->bytes);
    put_text(&line, "client", sight->client);
    end_line(&line);
}

void watch_request(const struct watch *watch, const struct sight *sight)
{
    size_t row = tally_row(sight->dialect, sight->route);
    struct metrics *metrics = watch->metrics;
    count_add(&metrics->requests[row][reply_status_row(sight->status)], 1);
    histogram_add(&metrics->latency[tally_dialect(sight->dialect)], &latency_scale, sight->ns);
    if (watch->access_log == ACCESS_OFF)
        return;
    struct buf line = {0};
    watch_line(watch->access_log, sight, &line);
    if (!line.failed)
        log_request(buf_view(&line));
    buf_free(&line);
}
