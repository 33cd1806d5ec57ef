/* Patterns from outside: PCRE2 regular expressions or literal text, compared without regard to
 * case, with limits so that none runs away. */
#ifndef ROLLCALL_MODEL_PATTERN_H
#define ROLLCALL_MODEL_PATTERN_H

#include "base/arena.h"
#include "base/err.h"

enum { PATTERN_MAX = 1024 };

enum pattern_kind { PATTERN_LITERAL, PATTERN_REGEX };

struct pattern;

/* Compiles; the arena owns the pattern. ERR_INVALID with a sentence in *why (the arena's) for a
 * broken or overlong one, ERR_MEMORY. */
enum err pattern_compile(struct arena *arena, struct str text, enum pattern_kind kind,
                         struct pattern **pattern, struct str *why) MUST_CHECK;

/* Whether it occurs anywhere in `subject`. ERR_RUNAWAY where that takes too long, by itself or with
 * all the searches of this pattern before it. */
enum err pattern_search(struct pattern *pattern, struct str subject, bool *found) MUST_CHECK;

/* Whether it occurs in every text that begins so, whatever follows; where it only might, it says
 * no. Errors as above. */
enum err pattern_search_beginning(struct pattern *pattern, struct str beginning,
                                  bool *found) MUST_CHECK;

#endif
