#include "base/deadline.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

#define MS_NS     INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)

/* When it is looked whether others wait: first, and after that each time; first while it has
 * happened so lately that somebody gave way. */
enum { LOOK_MS = 1000, CROWDED_LOOK_MS = 100 };
#define CROWDED_NS (10 * SECOND_NS)

int deadline_grace_s = 5;
volatile sig_atomic_t deadline_is_up;

/* What the signal's handler reads is set while the timer is not, and what it sets is read when it
 * is not any more. */
static struct deadline_ends ends;
static int64_t ends_ns; /* 0: never */
static volatile sig_atomic_t coming_in, gave_way;
static bool handled;
static int64_t gave_way_ns; /* when somebody did last; 0: nobody has */

/* What waits there finds its end: a call that the signal has interrupted is called again by the
 * system. All that is called here is safe in a handler (signal-safety(7)). */
static void cut(int fd, int how)
{
    if (ends.nowhere >= 0)
        dup2(ends.nowhere, fd);
    else
        shutdown(fd, how);
}

/* A socket that was closed to others, by another descriptor in its place, has nobody waiting. */
static bool others_wait(void)
{
    struct pollfd others = {.fd = ends.others, .events = POLLIN};
    int listens = 0;
    socklen_t size = sizeof(listens);
    return getsockopt(ends.others, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens &&
           poll(&others, 1, 0) > 0;
}

static void on_time(int signal_number)
{
    int saved = errno;
    int64_t late_ns = clock_monotonic_ns() - ends_ns;
    if (late_ns >= 0)
        deadline_is_up = 1;
    if (coming_in && !gave_way && late_ns < 0 && others_wait())
        gave_way = 1;
    if (deadline_is_up || gave_way)
        cut(ends.in, SHUT_RD);
    if (late_ns >= deadline_grace_s * SECOND_NS) {
        cut(ends.out, SHUT_RDWR);
        signal(signal_number, SIG_DFL);
    }
    errno = saved;
}

static struct timeval after(int64_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void set_timer(int64_t first_ms)
{
    struct itimerval timer = {.it_value = after(first_ms),
                              .it_interval = after(first_ms ? LOOK_MS : 0)};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Whoever has started the process may have blocked the signal. */
static bool handle(void)
{
    struct sigaction action = {.sa_handler = on_time, .sa_flags = SA_RESTART};
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    return sigaction(SIGALRM, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &alarm, NULL) == 0;
}

void deadline_begin(int seconds, const struct deadline_ends *of)
{
    int64_t now = clock_monotonic_ns();
    if (seconds == 0)
        return;
    ends = *of;
    ends_ns = now + seconds * SECOND_NS;
    coming_in = 1;
    if (!handled)
        handled = handle();
    bool crowded = gave_way_ns && now - gave_way_ns < CROWDED_NS;
    set_timer(crowded ? CROWDED_LOOK_MS : LOOK_MS);
}

bool deadline_all_is_in(void)
{
    coming_in = 0;
    return gave_way != 0;
}

void deadline_over(void)
{
    if (ends_ns == 0)
        return;
    set_timer(0);
    if (gave_way)
        gave_way_ns = clock_monotonic_ns();
    handled = handled && !deadline_is_up;
    ends_ns = 0;
    coming_in = gave_way = deadline_is_up = 0;
}

int deadline_left_ms(int64_t most)
{
    int64_t left = ends_ns ? (ends_ns - clock_monotonic_ns()) / MS_NS + 1 : most;
    return left < 0 ? 0 : (int)(left < most ? left : most);
}
