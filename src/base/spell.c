#include "base/spell.h"

#include <assert.h>

#include "base/bytes.h"

enum { LIMBS_MAX = 5, LIMB_BYTES = 4 };

/* A number in limbs of 32 bits, the most significant first. */
struct limbs {
    uint32_t at[LIMBS_MAX];
    size_t count;
};

static struct limbs limbs_of(const uint8_t *number, size_t size)
{
    struct limbs limbs = {.count = size / LIMB_BYTES};
    assert(size % LIMB_BYTES == 0 && limbs.count <= LIMBS_MAX);
    for (size_t i = 0; i < limbs.count; i++)
        limbs.at[i] = bytes_u32(number + i * LIMB_BYTES);
    return limbs;
}

/* Divides by `divisor` and gives what is left over. */
static uint32_t divide(struct limbs *limbs, uint32_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = 0; i < limbs->count; i++) {
        rest = rest << 32 | limbs->at[i];
        limbs->at[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

/* Multiplies by `factor` and adds `more`; false when that is too large. */
static bool multiply(struct limbs *limbs, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (size_t i = limbs->count; i-- > 0;) {
        carry += (uint64_t)limbs->at[i] * factor;
        limbs->at[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

/* The long number is divided by as many digits at once as a limb holds: that is most of what an
 * answer costs. */
void spell_number(const uint8_t *number, size_t size, struct str alphabet, char *out, size_t width)
{
    struct limbs limbs = limbs_of(number, size);
    uint32_t base = (uint32_t)alphabet.len;
    while (width > 0) {
        uint32_t power = base;
        size_t digits = 1;
        for (; digits < width && power <= UINT32_MAX / base; digits++)
            power *= base;
        uint32_t chunk = divide(&limbs, power);
        for (; digits > 0; digits--) {
            out[--width] = alphabet.ptr[chunk % base];
            chunk /= base;
        }
    }
}

bool spell_parse(struct str text, struct str alphabet, uint8_t *number, size_t size)
{
    struct limbs limbs = {.count = size / LIMB_BYTES};
    assert(size % LIMB_BYTES == 0 && limbs.count <= LIMBS_MAX);
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(alphabet.ptr, text.ptr[i], alphabet.len);
        if (!digit || !multiply(&limbs, (uint32_t)alphabet.len, (uint32_t)(digit - alphabet.ptr)))
            return false;
    }
    for (size_t i = 0; i < limbs.count; i++)
        bytes_put_u32(number + i * LIMB_BYTES, limbs.at[i]);
    return true;
}
