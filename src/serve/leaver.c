#include "serve/leaver.h"

#include <signal.h>

#include "base/log.h"
#include "serve/submit.h"

#define SECOND_NS INT64_C(1000000000)

const char *leaver_role(bool writer)
{
    return writer ? "writer" : "worker";
}

void leavers_add(struct leaver *leavers, bool writer, pid_t pid)
{
    struct leaver *place = leavers;
    while (place < leavers + LEAVERS_MAX - 1 && place->pid)
        place++;
    if (place->pid) /* reloaded again and again while nobody leaves */
        kill(place->pid, SIGKILL);
    *place = (struct leaver){.writer = writer, .pid = pid};
}

struct leaver leavers_remove(struct leaver *leavers, pid_t pid)
{
    struct leaver gone = {.pid = 0};
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (leavers[i].pid == pid) {
            gone = leavers[i];
            leavers[i] = (struct leaver){.pid = 0};
        }
    return gone;
}

bool leavers_any(const struct leaver *leavers)
{
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (leavers[i].pid)
            return true;
    return false;
}

void leavers_tell(struct leaver *leavers, int drain_s, int64_t now_ns)
{
    for (int i = 0; i < LEAVERS_MAX; i++) {
        struct leaver *leaver = &leavers[i];
        int64_t wait_s = drain_s + (leaver->writer ? SUBMIT_WAIT_S : 0);
        if (leaver->pid == 0 || leaver->told)
            continue;
        leaver->told = true;
        leaver->deadline_ns = now_ns + wait_s * SECOND_NS;
        if (!leaver->writer)
            kill(leaver->pid, SIGTERM);
    }
}

void leavers_kill_overdue(struct leaver *leavers, int64_t now_ns)
{
    for (int i = 0; i < LEAVERS_MAX; i++) {
        struct leaver *leaver = &leavers[i];
        if (leaver->pid == 0 || !leaver->told || leaver->deadline_ns > now_ns)
            continue;
        log_warn("%s %d: did not finish in time", leaver_role(leaver->writer), (int)leaver->pid);
        kill(leaver->pid, SIGKILL);
        leaver->deadline_ns = INT64_MAX;
    }
}

int64_t leavers_deadline(const struct leaver *leavers)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < LEAVERS_MAX; i++)
        if (leavers[i].pid && leavers[i].told && leavers[i].deadline_ns < next)
            next = leavers[i].deadline_ns;
    return next;
}
