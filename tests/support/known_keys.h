/* See known_keys.c. */
#ifndef ROLLCALL_TESTS_KNOWN_KEYS_H
#define ROLLCALL_TESTS_KNOWN_KEYS_H

/* The next app gets the first key again: that of another store. */
void known_keys_begin(void);

#endif
