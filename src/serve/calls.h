/* The system calls a process may make (seccomp(2)): a list of those that its duty takes. */
#ifndef ROLLCALL_SERVE_CALLS_H
#define ROLLCALL_SERVE_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* What a process is there for. */
enum duty {
    DUTY_WORKER, /* answers; reads the store */
    DUTY_WRITER, /* writes the store, for workers */
    DUTY_ALONE,  /* answers, and writes the store itself */
    DUTY_COUNT
};

struct calls {
    enum duty duty;
    pid_t master;   /* who is told by SIGRTMIN; 0: nobody */
    bool adds_logs; /* files of the log are opened anew */
    bool settled;   /* the store is open: there is no other to be looked for */
};

/* Leaves the process those alone, for good. What it does not have fails as on a kernel without it
 * (ENOSYS), which libraries have ways around, while EPERM they take for the last word; running
 * another program or reaching into another process is nothing that a library does by the way, and
 * ends the process. Takes no_new_privs. False, and errno says why. */
bool calls_allow(const struct calls *calls);

#endif
