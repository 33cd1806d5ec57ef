/* The time one piece of work may take, such as a request: what waits for bytes from outside, and
 * what walks over much, ends when it is up.
 *
 * A timer's signal (SIGALRM) is what reaches a process wherever it is, so that this is one of a
 * kind in a process: when time is up nothing more is read from outside, and deadline_passed tells
 * so; five seconds later nothing more is written; and a second after that the process, which then
 * hangs, is killed by that signal. Who takes more than a second to say what he wants gives way as
 * soon as somebody else waits; and more than a moment, where that was so a short while ago. */
#ifndef ROLLCALL_BASE_DEADLINE_H
#define ROLLCALL_BASE_DEADLINE_H

#include <signal.h>

#include "base/str.h"

/* For tests: the five seconds. */
extern int deadline_grace_s;

/* Where the bytes come from and go to: sockets, or, where there is an open /dev/null to put in
 * their place (else -1), descriptors of any kind that stay open until deadline_over. And the socket
 * that others wait at; or -1. */
struct deadline_ends {
    int in, out, nowhere, others;
};

/* From now on, for so many seconds; 0: without an end. The one before must be over. */
void deadline_begin(int seconds, const struct deadline_ends *ends);
/* All that is to come in has; whether it was broken off, so that others need not wait. */
bool deadline_all_is_in(void);
void deadline_over(void);

extern volatile sig_atomic_t deadline_is_up;

/* Whether time is up: cheap enough to be asked for every row. False where nothing has begun. */
static inline bool deadline_passed(void)
{
    return deadline_is_up != 0;
}

/* How many milliseconds are left, `most` at most: as poll(2) takes them. */
int deadline_left_ms(int64_t most);

#endif
