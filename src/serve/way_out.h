/* The way out of a call that meets with a page that is not there, or that cannot be true
 * (store_on_lack): a process has one. Who may be led out of a call begins with
 *
 *     if (sigsetjmp(way_out, 0))
 *         ... it was left, with all that was open in it ...
 *
 * and opens the way for as long as the call takes. */
#ifndef ROLLCALL_SERVE_WAY_OUT_H
#define ROLLCALL_SERVE_WAY_OUT_H

#include <setjmp.h>
#include <stdbool.h>

extern sigjmp_buf way_out;

/* Once, before a store is opened; the way is closed then. */
void way_out_begin(void);
/* It closes by itself when it is taken. What meets with such a page while it is closed ends the
 * process. */
void way_out_open(bool open);

#endif
