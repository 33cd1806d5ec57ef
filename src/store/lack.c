/* Pages that are not there, or cannot be true, show as signals. */
#include <signal.h>
#include <stdint.h>

#include "store/store.h"

/* Of a page that says there were more values of a key, in a table that has no such, LMDB follows a
 * pointer that is none. */
enum { NOWHERE_BYTES = 4096 };

static void (*lead_out)(void);

static void on_lack(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (number == SIGBUS || (uintptr_t)info->si_addr < NOWHERE_BYTES)
        lead_out();
    signal(number, SIG_DFL);
    raise(number);
}

void store_on_lack(void (*out)(void))
{
    struct sigaction lack = {.sa_sigaction = on_lack, .sa_flags = SA_SIGINFO | SA_NODEFER};
    lead_out = out;
    sigaction(SIGBUS, &lack, NULL);
    sigaction(SIGSEGV, &lack, NULL);
}
