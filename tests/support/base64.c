#include "support/base64.h"

#include <string.h>

void base64_write(const char *text, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned)(unsigned char)text[i] << 16;
        if (i + 1 < len)
            bits |= (unsigned)(unsigned char)text[i + 1] << 8;
        if (i + 2 < len)
            bits |= (unsigned char)text[i + 2];
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < len ? digits[bits & 63] : '=';
    }
    *out = '\0';
}
