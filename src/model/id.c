#include "model/id.h"

#include <assert.h>
#include <sodium.h>
#include <uuid/uuid.h>

#include "base/bytes.h"
#include "base/spell.h"

enum {
    KSUID_EPOCH_S = 1400000000, /* segmentio/ksuid: the 14e8th second */
    STAMP_BYTES = 4,
    ID_BYTES = 16,
};

/* Alphabets in ASCII order, so that spellings of a fixed width sort as the numbers do; widths are
 * the fewest digits that hold the number, or what the vendor's clients have seen (30 for BASE62).
 */
#define DIGITS62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
enum form { FORM_CROCKFORD32, FORM_BASE62, FORM_KSUID, FORM_UUID, FORM_METEOR };
static const struct {
    struct str alphabet;
    size_t digits;
} forms[] = {
    [FORM_CROCKFORD32] = {STR("0123456789abcdefghjkmnpqrstvwxyz"), 26},
    [FORM_BASE62] = {STR(DIGITS62), 30},
    [FORM_KSUID] = {STR(DIGITS62), KSUID_TEXT},
    [FORM_UUID] = {STR_NONE, UUID_TEXT},
    [FORM_METEOR] = {STR("23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"), 23},
};

static const struct {
    struct str prefix;
    enum form form;
} rows[VENDOR_END] = {
#define VENDOR(tag, name, number, prefix, spelling) [number] = {STR(prefix), FORM_##spelling},
#include "model/vendors.def"
#undef VENDOR
};

struct uuid uuid_make(int64_t created)
{
    struct uuid id;
    uint64_t millis = created > 0 ? (uint64_t)created : 0;
    randombytes_buf(id.bytes, sizeof(id.bytes));
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(millis >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x70);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
    return id;
}

struct uuid uuid_of_name(struct str part, struct str other)
{
    /* Ours alone, drawn once at random; it must never change, for ids derived from it are handed
     * out. */
    static const uuid_t space = {0x6d, 0x1f, 0x0c, 0x52, 0x8a, 0x3e, 0x4b, 0x57,
                                 0x9e, 0x21, 0x70, 0xd4, 0x1b, 0xc8, 0xe6, 0x93};
    enum { NAME_MAX_BYTES = 1024 };
    char name[NAME_MAX_BYTES];
    struct uuid id;
    assert(part.len + other.len < sizeof(name));
    if (part.len)
        memcpy(name, part.ptr, part.len);
    name[part.len] = '\0';
    if (other.len)
        memcpy(name + part.len + 1, other.ptr, other.len);
    uuid_generate_sha1(id.bytes, space, name, part.len + 1 + other.len);
    return id;
}

bool uuid_parse_text(struct str text, struct uuid *id)
{
    return text.len == UUID_TEXT && !memchr(text.ptr, '\0', text.len) &&
           uuid_parse_range(text.ptr, text.ptr + text.len, id->bytes) == 0;
}

void uuid_write(const struct uuid *id, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(id->bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex[id->bytes[i] >> 4];
        *out++ = hex[id->bytes[i] & 15];
    }
}

/* The number a spelling is made of: the id, after the second of creation where the form has one. */
static size_t number_of(enum form form, const struct uuid *id, int64_t created, uint8_t *number)
{
    size_t size = 0;
    if (form == FORM_KSUID) {
        int64_t second = created / 1000 - KSUID_EPOCH_S;
        uint32_t stamp = second < 0 ? 0 : second > UINT32_MAX ? UINT32_MAX : (uint32_t)second;
        bytes_put_u32(number, stamp);
        size = STAMP_BYTES;
    }
    memcpy(number + size, id->bytes, ID_BYTES);
    return size + ID_BYTES;
}

void ksuid_write(int64_t now, const struct uuid *payload, char *out)
{
    uint8_t number[STAMP_BYTES + ID_BYTES];
    size_t size = number_of(FORM_KSUID, payload, now, number);
    spell_number(number, size, forms[FORM_KSUID].alphabet, out, KSUID_TEXT);
}

struct uuid uuid_random(void)
{
    struct uuid random;
    randombytes_buf(random.bytes, sizeof(random.bytes));
    return random;
}

void id_spell(enum vendor vendor, const struct uuid *id, int64_t created, struct spelling *spelling)
{
    struct str prefix = rows[vendor].prefix;
    enum form form = rows[vendor].form;
    char *digits = spelling->text + prefix.len;
    memcpy(spelling->text, prefix.ptr, prefix.len);
    spelling->len = prefix.len + forms[form].digits;
    if (form == FORM_UUID) {
        uuid_write(id, digits);
        return;
    }
    uint8_t number[STAMP_BYTES + ID_BYTES];
    size_t size = number_of(form, id, created, number);
    spell_number(number, size, forms[form].alphabet, digits, forms[form].digits);
}

bool id_keeps_order(enum vendor vendor)
{
    return rows[vendor].form != FORM_KSUID;
}

int id_cmp_spelled(enum vendor vendor, const struct uuid *a, int64_t a_created,
                   const struct uuid *b, int64_t b_created)
{
    uint8_t left[STAMP_BYTES + ID_BYTES], right[STAMP_BYTES + ID_BYTES];
    size_t size = number_of(rows[vendor].form, a, a_created, left);
    number_of(rows[vendor].form, b, b_created, right);
    return memcmp(left, right, size);
}

bool id_parse(enum vendor vendor, struct str text, struct uuid *id)
{
    struct str prefix = rows[vendor].prefix;
    enum form form = rows[vendor].form;
    if (!str_starts(text, prefix) || text.len != prefix.len + forms[form].digits)
        return false;
    struct str digits = str_from(text, prefix.len);
    if (form == FORM_UUID)
        return uuid_parse_text(digits, id);
    uint8_t number[STAMP_BYTES + ID_BYTES];
    size_t skip = form == FORM_KSUID ? STAMP_BYTES : 0;
    if (!spell_parse(digits, forms[form].alphabet, number, skip + ID_BYTES))
        return false;
    memcpy(id->bytes, number + skip, ID_BYTES);
    return true;
}

bool id_is_spelled(enum vendor vendor, const struct uuid *id, int64_t created, struct str text)
{
    struct spelling spelling;
    id_spell(vendor, id, created, &spelling);
    struct str own = spelling_view(&spelling);
    return rows[vendor].form == FORM_UUID ? str_eq_nocase(own, text) : str_eq(own, text);
}
