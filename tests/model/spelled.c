#include "spelled.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *const dialect_words[DIALECTS] = {"prelude", "corbado", "streambird", "kratos",
                                             "rocketchat"};

static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char meteor[] = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

enum { CORBADO_DIGITS = 30, KSUID_SIZE = 4 + UUID_SIZE, KSUID_EPOCH = 1400000000 };

/* Divides a number of big-endian bytes and gives what is left over. */
static unsigned divide(uint8_t *bytes, size_t size, unsigned by)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned value = rest << 8 | bytes[i];
        bytes[i] = (uint8_t)(value / by);
        rest = value % by;
    }
    return rest;
}

/* So many digits, those in front being zeros. */
static void write_digits(const uint8_t *bytes, size_t size, const char *digits, size_t count,
                         char *out)
{
    uint8_t number[KSUID_SIZE];
    memcpy(number, bytes, size);
    out[count] = '\0';
    while (count > 0)
        out[--count] = digits[divide(number, size, (unsigned)strlen(digits))];
}

static void write_ksuid(const uint8_t *id, int64_t created, char *out)
{
    uint8_t bytes[KSUID_SIZE];
    uint32_t seconds = (uint32_t)(created / 1000 - KSUID_EPOCH);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(seconds >> (24 - 8 * i));
    memcpy(bytes + 4, id, UUID_SIZE);
    write_digits(bytes, sizeof(bytes), base62, 27, out);
}

static void write_uuid(const uint8_t *id, char *out)
{
    for (int i = 0; i < UUID_SIZE; i++)
        out += sprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
}

void spell(enum dialect dialect, const uint8_t *id, int64_t created, char *out)
{
    switch (dialect) {
    case PRELUDE:
        write_digits(id, UUID_SIZE, crockford, 26, out + sprintf(out, "ses_"));
        break;
    case CORBADO:
        write_digits(id, UUID_SIZE, base62, CORBADO_DIGITS, out);
        break;
    case STREAMBIRD:
        write_ksuid(id, created, out + sprintf(out, "sess_"));
        break;
    case KRATOS:
        write_uuid(id, out);
        break;
    default:
        write_digits(id, UUID_SIZE, meteor, 23, out);
    }
}

bool unspell_corbado(const char *text, uint8_t *id)
{
    memset(id, 0, UUID_SIZE);
    if (!text || strlen(text) != CORBADO_DIGITS)
        return false;
    for (; *text; text++) {
        const char *digit = strchr(base62, *text);
        unsigned carry = digit ? (unsigned)(digit - base62) : 0;
        for (size_t i = UUID_SIZE; i-- > 0; carry >>= 8) {
            carry += id[i] * 62U;
            id[i] = (uint8_t)carry;
        }
        if (!digit || carry)
            return false;
    }
    return true;
}
