/* A view of bytes: not owned, not NUL-terminated. The empty view may have a NULL pointer. */
#ifndef ROLLCALL_BASE_STR_H
#define ROLLCALL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal)  ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE      ((struct str){NULL, 0})
#define STR_ARG(view) (int)(view).len, (view).ptr /* for printf's %.*s */

/* The view of a C string; NULL gives the empty view. */
static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Bytewise order, a prefix before what it begins: <0, 0, >0. */
static inline int str_cmp(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool str_starts(struct str text, struct str prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

/* The view from byte `from` on; empty when there are fewer bytes. */
static inline struct str str_from(struct str text, size_t from)
{
    return from < text.len ? (struct str){text.ptr + from, text.len - from} : STR_NONE;
}

/* ASCII case is ignored, as HTTP does for schemes and methods. */
bool str_eq_nocase(struct str a, struct str b);

/* Splits at the first `sep`: *head gets what is before it, *tail what is after.
 * Without a `sep`, *head is all of text, *tail is empty, and the answer is false. */
bool str_split(struct str text, char sep, struct str *head, struct str *tail);

/* Spaces and tabs at both ends are left out. */
struct str str_trim(struct str text);

/* Whether every byte belongs to well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str text);

/* Whether there are no control characters in it: they have no business in what lists show, and
 * break the lines that logs are made of. */
bool str_is_printable(struct str text);

/* Puts '?' in the place of each control character. */
void str_make_printable(char *text, size_t len);

/* A whole decimal integer with nothing around it ("-" allowed, "+" not). False when it is not one
 * or does not fit. */
bool str_to_i64(struct str text, int64_t *value);

#endif
