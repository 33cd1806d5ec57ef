#include "base/base64.h"

#include <sodium.h>

/* libsodium 1.0.18 takes a byte beyond ASCII for one of the alphabet's last two letters where they
 * are the same but for the highest bit. */
static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] & 0x80)
            return false;
    return true;
}

static bool decode(struct str text, int variant, char *out, size_t size, size_t *len)
{
    *len = 0;
    if (!is_ascii(text))
        return false;
    return text.len == 0 || sodium_base642bin((unsigned char *)out, size, text.ptr, text.len, NULL,
                                              len, NULL, variant) == 0;
}

bool base64_decode(struct str text, char *out, size_t size, size_t *len)
{
    return decode(text, sodium_base64_VARIANT_ORIGINAL, out, size, len);
}

bool base64url_decode(struct str text, char *out, size_t size, size_t *len)
{
    return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out, size, len);
}

struct str base64url_encode(struct arena *arena, struct str bytes)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    size_t size = sodium_base64_encoded_len(bytes.len, variant); /* its NUL counted */
    char *text = arena_alloc(arena, size);
    if (!text)
        return STR_NONE;
    sodium_bin2base64(text, size, (const unsigned char *)bytes.ptr, bytes.len, variant);
    return (struct str){text, size - 1};
}
