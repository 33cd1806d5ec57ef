/* Numbers of 128 and 160 bits written in digits of an alphabet, at a fixed width, most significant
 * digit first: what every id spelling of ours comes down to. */
#ifndef ROLLCALL_BASE_SPELL_H
#define ROLLCALL_BASE_SPELL_H

#include "base/str.h"

/* Writes `number` (big-endian, `size` bytes, 4 to 20 by fours) as exactly `width` digits of
 * `alphabet` into `out`. `width` must be enough for the largest number of that size. */
void spell_number(const uint8_t *number, size_t size, struct str alphabet, char *out, size_t width);

/* The reverse. False when a digit is foreign to the alphabet or the value needs more than `size`
 * bytes; the text's length is taken as it is. */
bool spell_parse(struct str text, struct str alphabet, uint8_t *number, size_t size);

#endif
