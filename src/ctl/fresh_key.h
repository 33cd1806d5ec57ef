/* Fresh secret keys for an app's APIs. */
#ifndef ROLLCALL_CTL_FRESH_KEY_H
#define ROLLCALL_CTL_FRESH_KEY_H

#include "model/app.h"
#include "model/secret.h"

enum { FRESH_COUNT = 4, FRESH_TEXT = 16 + SECRET_TEXT };

/* The uses that fresh keys are made for. */
extern const int fresh_uses[FRESH_COUNT];

struct fresh_key {
    char text[FRESH_TEXT]; /* in clear, with a NUL; to be wiped by who has it */
    struct app_key key;
};

/* `use` is one of fresh_uses. */
void fresh_key_make(int use, struct fresh_key *made);
/* A line: what it is for, and the key, after the user name that goes before it where there is one.
 */
void fresh_key_print(const struct app *app, const struct fresh_key *made);

#endif
