/* Session ids: one UUID, and how each vendor's clients spell it. */
#ifndef ROLLCALL_MODEL_ID_H
#define ROLLCALL_MODEL_ID_H

#include "base/str.h"
#include "model/vendor.h"

struct uuid {
    uint8_t bytes[16];
};

enum { UUID_TEXT = 36, KSUID_TEXT = 27, SPELLING_MAX = 128 };

/* Room for any spelling, computed or brought along. */
struct spelling {
    char text[SPELLING_MAX];
    size_t len;
};

static inline struct str spelling_view(const struct spelling *spelling)
{
    return (struct str){spelling->text, spelling->len};
}

/* A version 7 UUID (RFC 9562, 5.7): `created` in milliseconds, then random bits. */
struct uuid uuid_make(int64_t created);
/* The version 5 UUID (RFC 9562, 5.5) of a name of several parts within our own name space; parts
 * are joined by a NUL byte, so that no two lists of parts meet. */
struct uuid uuid_of_name(struct str part, struct str other);
/* 36 characters, hyphens where they belong, either case; any version. */
bool uuid_parse_text(struct str text, struct uuid *id);
/* Writes 36 characters, lower case, no NUL. */
void uuid_write(const struct uuid *id, char *out);

/* Writes the KSUID of `now` and 16 bytes of the caller's, KSUID_TEXT letters and digits, no NUL. */
void ksuid_write(int64_t now, const struct uuid *payload, char *out);
/* 16 random bytes: no UUID of any version. */
struct uuid uuid_random(void);

/* The vendor's spelling of an id, as its row in vendors.def says:
 *   CROCKFORD32  26 digits of Crockford's base 32, lower case
 *   BASE62       30 digits of base 62
 *   KSUID        27 digits of base 62: the second of creation, then the id
 *   UUID         36 characters
 *   METEOR       23 letters and digits of Meteor's alphabet
 * All but KSUID keep the order of the UUIDs. `created` in milliseconds. */
void id_spell(enum vendor vendor, const struct uuid *id, int64_t created,
              struct spelling *spelling);

/* Whether the vendor's computed spellings are in the order of the UUIDs. */
bool id_keeps_order(enum vendor vendor);

/* The bytewise order of two computed spellings, without spelling them. <0, 0, >0. */
int id_cmp_spelled(enum vendor vendor, const struct uuid *a, int64_t a_created,
                   const struct uuid *b, int64_t b_created);

/* The id that a computed spelling names. False when the text is no spelling of that vendor. The
 * second of creation in a KSUID is not checked: compare with id_spell once the session is found. */
bool id_parse(enum vendor vendor, struct str text, struct uuid *id);

/* Whether the text is the computed spelling of that id; hexadecimal digits of a UUID in either
 * case. */
bool id_is_spelled(enum vendor vendor, const struct uuid *id, int64_t created, struct str text);

#endif
