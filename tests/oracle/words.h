/* Questions and sessions in words, for when an answer is wrong. Each fills `out`, cut off at
 * `size`. */
#ifndef ROLLCALL_TESTS_WORDS_H
#define ROLLCALL_TESTS_WORDS_H

#include "naive.h"

void words_of_question(const struct question *question, char *out, size_t size);
void words_of_found(const struct found *found, char *out, size_t size);
void words_of_held(const struct held *held, const struct question *question, char *out,
                   size_t size);

#endif
