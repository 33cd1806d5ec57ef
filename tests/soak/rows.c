#include "rows.h"

#include <string.h>

const char *const state_words[STATES] = {"active",  "logged_out", "expired", "inactivity_reached",
                                         "revoked", "gone"};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When it will be over for want of use; as good as never where there is no limit. */
static struct span idle_end(const struct login *login)
{
    int64_t idle = login->person->tenant->idle;
    if (!idle)
        return (struct span){INT64_MAX, INT64_MAX};
    return (struct span){login->last_active.low + idle, login->last_active.high + idle};
}

/* What may be stored, with what may have been done or be done yet. */
static unsigned stored(const struct login *login)
{
    return login->may | (login->may & IS_ACTIVE ? login->late : login->late & IS_GONE);
}

/* The states of one that was not ended. */
static unsigned open_states(const struct login *login, const struct span *when)
{
    struct span idle = idle_end(login), end = login->expires;
    unsigned states = 0;
    if (when->low < least(end.high, idle.high))
        states |= IS_ACTIVE;
    if (when->high >= end.low && end.low <= idle.high)
        states |= 1U << EXPIRED;
    if (when->high >= idle.low && idle.low < end.high)
        states |= 1U << INACTIVITY_REACHED;
    return states;
}

/* The first instant at which it may have been over. */
static int64_t over_first(const struct login *login, unsigned may)
{
    int64_t by_itself = least(login->expires.low, idle_end(login).low);
    return may & IS_ENDED ? least(login->updated.low, by_itself) : by_itself;
}

unsigned login_states(const struct login *login, const struct span *when)
{
    unsigned may = stored(login), states = may & ~(unsigned)IS_ACTIVE;
    if (may & IS_ACTIVE)
        states |= open_states(login, when);
    if (when->high - over_first(login, may) > login->person->tenant->retain)
        states |= IS_GONE;
    return states;
}

bool login_seen_as(struct login *login, unsigned states, const struct span *when)
{
    unsigned possible = login_states(login, when) & states;
    unsigned may = possible & (IS_ENDED | IS_GONE);
    if (possible & (IS_ACTIVE | IS_OUT_OF_TIME))
        may |= IS_ACTIVE;
    if (!possible)
        return false;
    login->may = may;
    if (when->low > login->late_done)
        login->late = 0;
    return true;
}

/* ---- what is done ---- */

static void widen(struct span *span, const struct span *when)
{
    span->high = most(span->high, when->high);
}

/* What nobody has answered is done later, or never. */
static void leave_open(struct login *login, unsigned late, const struct span *when)
{
    if (when->low > login->late_done) {
        login->may = stored(login);
        login->late = 0;
    }
    login->late |= late;
    login->late_done = most(login->late_done, when->high + LATE_MS);
    login->loose = most(login->loose, when->high + LATE_MS);
}

static void set_instant(const struct login *login, struct span *span, const struct span *when,
                        bool sure)
{
    if (sure && when->low > login->loose)
        *span = *when;
    else
        widen(span, when);
}

void login_end(struct login *login, enum state as, const struct span *when, bool answered)
{
    unsigned states = login_states(login, when);
    if (!(states & IS_ACTIVE))
        return;
    if (!answered) {
        widen(&login->updated, when);
        leave_open(login, 1U << as, when);
        return;
    }
    set_instant(login, &login->updated, when, states == IS_ACTIVE);
    login->may = stored(login) | 1U << as;
    if (!(states & IS_OUT_OF_TIME))
        login->may &= ~(unsigned)IS_ACTIVE;
}

void login_remove(struct login *login, const struct span *when, bool answered)
{
    if (answered)
        login->may = IS_GONE;
    else
        leave_open(login, IS_GONE, when);
}

void login_used(struct login *login, const struct span *when, bool answered)
{
    bool sure = answered && login_states(login, when) == IS_ACTIVE;
    set_instant(login, &login->last_active, when, sure);
    set_instant(login, &login->updated, when, sure);
    if (!answered)
        leave_open(login, 0, when);
}

void login_extended(struct login *login, int64_t life, const struct span *when, bool answered)
{
    struct span end = {when->low + life, when->high + life};
    bool sure = answered && login_states(login, when) == IS_ACTIVE;
    set_instant(login, &login->updated, when, sure);
    if (sure && when->low > login->loose)
        login->expires = end;
    else
        login->expires =
            (struct span){least(login->expires.low, end.low), most(login->expires.high, end.high)};
    if (!answered)
        leave_open(login, 0, when);
}

/* Nobody waits for that to be written. */
void login_noticed(struct login *login, const struct span *when)
{
    if (when->high - login->last_active.low < login->person->tenant->touch)
        return;
    widen(&login->last_active, when);
    widen(&login->updated, when);
    login->loose = most(login->loose, when->high + LATE_MS);
}

/* ---- what is told ---- */

bool login_told(const struct login *login, struct span *instant, int64_t value, int64_t now)
{
    if (value < instant->low || value > instant->high)
        return false;
    if (now > login->loose)
        *instant = (struct span){value, value};
    return true;
}

bool span_meets_second(const struct span *span, int64_t second)
{
    return second >= span->low / 1000 && second <= span->high / 1000;
}

void login_spell(struct login *login)
{
    for (int dialect = 0; dialect < DIALECTS; dialect++)
        spell((enum dialect)dialect, login->id, login->created, login->names[dialect]);
}
