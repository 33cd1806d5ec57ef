/* Access tokens whose signature was found good, remembered by their hash until another takes their
 * place: checking a signature costs more than the rest of a request. What a token says is
 * remembered, never whether it lets in: its times are looked at, and its key, session and user
 * looked up, every time. */
#ifndef ROLLCALL_CORE_VERIFIED_H
#define ROLLCALL_CORE_VERIFIED_H

#include "base/str.h"
#include "model/secret.h"

enum { REMEMBERED_TEXT_MAX = 128 };

struct remembered {
    char bytes[REMEMBERED_TEXT_MAX];
    size_t len;
};

struct verified {
    uint8_t hash[HASH_BYTES];
    uint32_t app; /* whose key signed it; 0: an empty place */
    int64_t starts_s, expires_s;
    struct remembered kid, subject, session;
};

struct verified_tokens;

struct verified_tokens *verified_new(void);
void verified_free(struct verified_tokens *tokens);

/* What is known of the token with that hash; NULL when nothing is. Valid until the next
 * verified_add. */
const struct verified *verified_find(const struct verified_tokens *tokens, const uint8_t *hash);
void verified_add(struct verified_tokens *tokens, const struct verified *token);

/* False when the text is too long to be remembered. */
bool remembered_set(struct remembered *remembered, struct str text);
static inline struct str remembered_view(const struct remembered *remembered)
{
    return (struct str){remembered->bytes, remembered->len};
}

#endif
