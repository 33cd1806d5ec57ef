/* Asks the store and the naive oracle the same, and ends the test where they differ. */
#ifndef ROLLCALL_TESTS_COMPARE_H
#define ROLLCALL_TESTS_COMPARE_H

#include "questions.h"

struct comparison {
    struct world *world;
    struct arena *arena; /* of what is found */
    uint64_t seed;
    uint64_t changes; /* made to the world so far, for what is printed */
    uint64_t pages;   /* compared so far */
    size_t *places;
};

/* A new sequence of random numbers, and a world. */
struct comparison comparison_new(void);
/* Prints how much was compared under that name; the world is gone, too. */
void comparison_end(struct comparison *comparison, const char *name);

/* Compares the page that the question asks for, then `more` others of the same list: deep ones,
 * empty ones, the last one. */
void compare(struct comparison *comparison, struct question *question, size_t more);
/* The same of a random question. */
void compare_any(struct comparison *comparison, enum kind kind);
/* Asks one of a store that is damaged: whatever comes of it, it comes. */
void ask_in_vain(struct comparison *comparison);
/* The store finds no fault with itself. */
void compare_soundness(struct comparison *comparison);

#endif
