/* The files a process may open (landlock(7)), where the kernel can be told: those below certain
 * folders, each for what is done there; and with later kernels no TCP connection, no abstract
 * socket. Descriptors that are open already stay as they are. */
#ifndef ROLLCALL_SERVE_FENCE_H
#define ROLLCALL_SERVE_FENCE_H

#include "serve/calls.h"

struct config;

/* The version of the kernel's interface, 0 without one. */
int fence_version(void);

/* Leaves the process those alone, for good. `settled`: the store is open; otherwise it is looked
 * for where it is to be, or in the folder above that is there. Takes no_new_privs. False, and errno
 * says why. */
bool fence_raise(const struct config *config, const struct calls *calls);

#endif
