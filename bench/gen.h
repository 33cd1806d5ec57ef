/* What the parts of bench-gen share: its numbers at random, the same on any machine, and its
 * output, which is written in large pieces. */
#ifndef ROLLCALL_BENCH_GEN_H
#define ROLLCALL_BENCH_GEN_H

#include <stddef.h>
#include <stdint.h>

void draw_from(uint64_t seed);
uint64_t draw(void);
uint64_t below(uint64_t bound);
/* 0 to bound - 1, where a number k comes about 1 / (k + 2^shift) as often, by Zipf's and
 * Mandelbrot's law; in steps, octave by octave, so that whole numbers will do. */
uint64_t ranked(uint64_t bound, unsigned shift);
/* 0 to bound - 1, the small ones more often; bound at most 2^35. */
uint64_t skewed(uint64_t bound);

void put(const void *bytes, size_t len);
void put_text(const char *text);
void put_number(uint64_t number);
void put_hex(uint64_t number, unsigned digits);
/* Nothing follows. */
void put_end(void);

/* The device profiles there are, the same for any seed. Put one down as a record has it, from the
 * comma before "device" to the end of its user agent. */
void devices_begin(void);
void put_device(void);

/* A user's texts in the record, from the comma before them: every eighth has neither username nor
 * name. */
void put_person(uint64_t user);

#endif
