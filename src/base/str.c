#include "base/str.h"

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool str_split(struct str text, char sep, struct str *head, struct str *tail)
{
    const char *at = text.len ? memchr(text.ptr, sep, text.len) : NULL;
    if (!at) {
        *head = text;
        *tail = STR_NONE;
        return false;
    }
    *head = (struct str){text.ptr, (size_t)(at - text.ptr)};
    *tail = (struct str){at + 1, text.len - head->len - 1};
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct str str_trim(struct str text)
{
    while (text.len && is_blank(text.ptr[0]))
        text = str_from(text, 1);
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* The bytes a sequence takes, judged by its first two; 0 when no sequence begins so. */
static size_t utf8_length(unsigned char first, unsigned char second)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first == 0xE0)
        return second >= 0xA0 ? 3 : 0;
    if (first == 0xED)
        return second <= 0x9F ? 3 : 0;
    if (first >= 0xE1 && first <= 0xEF)
        return 3;
    if (first == 0xF0)
        return second >= 0x90 ? 4 : 0;
    if (first >= 0xF1 && first <= 0xF3)
        return 4;
    if (first == 0xF4)
        return second <= 0x8F ? 4 : 0;
    return 0;
}

bool str_is_utf8(struct str text)
{
    for (size_t at = 0; at < text.len;) {
        unsigned char second = at + 1 < text.len ? (unsigned char)text.ptr[at + 1] : 0;
        size_t length = utf8_length((unsigned char)text.ptr[at], second);
        if (length == 0 || length > text.len - at)
            return false;
        for (size_t i = 1; i < length; i++)
            if (((unsigned char)text.ptr[at + i] & 0xC0) != 0x80)
                return false;
        at += length;
    }
    return true;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

bool str_is_printable(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.ptr[i]))
            return false;
    return true;
}

void str_make_printable(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_control(text[i]))
            text[i] = '?';
}

bool str_to_i64(struct str text, int64_t *value)
{
    bool negative = text.len && text.ptr[0] == '-';
    struct str digits = negative ? str_from(text, 1) : text;
    if (digits.len == 0)
        return false;
    int64_t sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        /* Summed downwards, so that the lowest number fits too. */
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    if (!negative && sum == INT64_MIN)
        return false;
    *value = negative ? sum : -sum;
    return true;
}
