/* How each dialect spells a session's id, worked out from what is public about the spellings: a
 * UUID is a number, written in another base. */
#ifndef ROLLCALL_TESTS_MODEL_SPELLED_H
#define ROLLCALL_TESTS_MODEL_SPELLED_H

#include <stdbool.h>
#include <stdint.h>

enum dialect { PRELUDE, CORBADO, STREAMBIRD, KRATOS, ROCKETCHAT, DIALECTS };
extern const char *const dialect_words[DIALECTS];

enum { UUID_SIZE = 16, UUID_WORD = 37, NAME_BYTES = 48 };

/* Writes the id as the dialect spells it; `created` in milliseconds. */
void spell(enum dialect dialect, const uint8_t *id, int64_t created, char *out);
/* The id that Corbado's spelling names; false for what is none. */
bool unspell_corbado(const char *text, uint8_t *id);

#endif
