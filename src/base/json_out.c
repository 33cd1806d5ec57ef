#include "base/json_out.h"

#include "base/clock.h"

static void separate(struct json_out *json)
{
    if (json->comma)
        buf_byte(json->buf, ',');
    json->comma = true;
}

static void begin(struct json_out *json, char bracket)
{
    separate(json);
    buf_byte(json->buf, bracket);
    json->comma = false;
}

static void end(struct json_out *json, char bracket)
{
    buf_byte(json->buf, bracket);
    json->comma = true;
}

void json_object_begin(struct json_out *json)
{
    begin(json, '{');
}

void json_object_end(struct json_out *json)
{
    end(json, '}');
}

void json_array_begin(struct json_out *json)
{
    begin(json, '[');
}

void json_array_end(struct json_out *json)
{
    end(json, ']');
}

void json_key(struct json_out *json, const char *key)
{
    separate(json);
    buf_byte(json->buf, '"');
    buf_str(json->buf, str_of(key));
    buf_put(json->buf, "\":", 2);
    json->comma = false;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void put_escape(struct buf *buf, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char short_form = byte < sizeof(shorts) ? shorts[byte] : (char)byte;
    if (short_form)
        buf_put(buf, (char[]){'\\', short_form}, 2);
    else
        buf_put(buf, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

/* Copies the sequence of more than one byte that `text` begins with, or says U+FFFD for one byte of
 * it. Gives how many bytes were used up. */
static size_t put_sequence(struct buf *buf, struct str text)
{
    for (size_t length = 2; length <= 4 && length <= text.len; length++)
        if (str_is_utf8((struct str){text.ptr, length})) {
            buf_put(buf, text.ptr, length);
            return length;
        }
    buf_put(buf, "\xEF\xBF\xBD", 3);
    return 1;
}

void json_text(struct json_out *json, struct str text)
{
    separate(json);
    buf_byte(json->buf, '"');
    for (size_t at = 0; at < text.len;) {
        size_t plain = at;
        while (plain < text.len && is_plain((unsigned char)text.ptr[plain]))
            plain++;
        buf_put(json->buf, text.ptr + at, plain - at);
        at = plain;
        if (at == text.len)
            break;
        if ((unsigned char)text.ptr[at] < 0x80)
            put_escape(json->buf, (unsigned char)text.ptr[at++]);
        else
            at += put_sequence(json->buf, str_from(text, at));
    }
    buf_byte(json->buf, '"');
}

void json_i64(struct json_out *json, int64_t value)
{
    separate(json);
    buf_i64(json->buf, value);
}

void json_raw(struct json_out *json, struct str raw)
{
    separate(json);
    buf_str(json->buf, raw);
}

void json_bool(struct json_out *json, bool value)
{
    json_raw(json, value ? STR("true") : STR("false"));
}

void json_none(struct json_out *json)
{
    json_raw(json, STR("null"));
}

void json_member_text(struct json_out *json, const char *key, struct str text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_member_i64(struct json_out *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_i64(json, value);
}

void json_member_bool(struct json_out *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

static void put_instant(struct json_out *json, int64_t instant,
                        void (*put)(struct buf *buf, int64_t instant))
{
    separate(json);
    buf_byte(json->buf, '"');
    put(json->buf, instant);
    buf_byte(json->buf, '"');
}

void json_instant_seconds(struct json_out *json, int64_t instant)
{
    put_instant(json, instant, instant_put_seconds);
}

void json_instant_millis(struct json_out *json, int64_t instant)
{
    put_instant(json, instant, instant_put_millis);
}

void json_instant_short(struct json_out *json, int64_t instant)
{
    put_instant(json, instant, instant_put_short);
}
