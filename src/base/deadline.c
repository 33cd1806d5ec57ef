#include "base/deadline.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

#define MS_NS     INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)

/* What the signal's handler touches. */
volatile sig_atomic_t deadline_is_up;
static volatile sig_atomic_t in, out, nowhere;

int deadline_grace_s = 5;

static bool handled;
static int64_t ends_ns; /* 0: never */

/* What waits there finds its end: a call that the signal has interrupted is called again by the
 * system. Both are safe here (signal-safety(7)). */
static void cut(int fd, int how)
{
    if (nowhere >= 0)
        dup2(nowhere, fd);
    else
        shutdown(fd, how);
}

static void on_time(int signal_number)
{
    int saved = errno;
    if (!deadline_is_up) {
        cut(in, SHUT_RD);
    } else {
        cut(out, SHUT_RDWR);
        signal(signal_number, SIG_DFL);
    }
    deadline_is_up = 1;
    errno = saved;
}

static void set_timer(time_t first, time_t then)
{
    struct itimerval timer = {.it_value.tv_sec = first, .it_interval.tv_sec = then};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void deadline_begin(int seconds, const struct deadline_ends *ends)
{
    struct sigaction action = {.sa_handler = on_time, .sa_flags = SA_RESTART};
    if (seconds == 0)
        return;
    in = ends->in;
    out = ends->out;
    nowhere = ends->nowhere;
    ends_ns = clock_monotonic_ns() + seconds * SECOND_NS;
    if (!handled)
        handled = sigaction(SIGALRM, &action, NULL) == 0;
    set_timer(seconds, deadline_grace_s);
}

void deadline_over(void)
{
    if (ends_ns == 0)
        return;
    set_timer(0, 0);
    handled = handled && !deadline_is_up;
    ends_ns = 0;
    deadline_is_up = 0;
}

int deadline_left_ms(int most)
{
    int64_t left = ends_ns ? (ends_ns - clock_monotonic_ns()) / MS_NS + 1 : most;
    return left < 0 ? 0 : left < most ? (int)left : most;
}
