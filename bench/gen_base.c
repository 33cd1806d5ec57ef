/* Numbers at random, and output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t state;

void draw_from(uint64_t seed)
{
    state = seed;
}

uint64_t draw(void)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t below(uint64_t bound)
{
    return draw() % bound;
}

uint64_t ranked(uint64_t bound, unsigned shift)
{
    unsigned octaves = 1;
    uint64_t low, number;
    while ((UINT64_C(1) << (shift + octaves)) < bound + (UINT64_C(1) << shift))
        octaves++;
    do {
        low = UINT64_C(1) << (shift + below(octaves));
        number = low + below(low) - (UINT64_C(1) << shift);
    } while (number >= bound);
    return number;
}

uint64_t skewed(uint64_t bound)
{
    uint64_t part = draw() >> 36;
    return (part * part >> 28) * bound >> 28;
}

static char room[1 << 20];
static size_t used;

_Noreturn static void fail(void)
{
    perror("bench-gen");
    exit(EXIT_FAILURE);
}

static void empty(void)
{
    if (fwrite(room, 1, used, stdout) != used)
        fail();
    used = 0;
}

void put(const void *bytes, size_t len)
{
    if (len > sizeof(room) - used)
        empty();
    memcpy(room + used, bytes, len);
    used += len;
}

void put_end(void)
{
    empty();
    if (fflush(stdout) != 0)
        fail();
}

void put_text(const char *text)
{
    put(text, strlen(text));
}

void put_number(uint64_t number)
{
    char digits[20], *at = digits + sizeof(digits);
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    put(at, (size_t)(digits + sizeof(digits) - at));
}

void put_hex(uint64_t number, unsigned count)
{
    char digits[16];
    for (unsigned i = count; i-- > 0; number >>= 4)
        digits[i] = "0123456789abcdef"[number & 15];
    put(digits, count);
}
