/* The sessions that a client knows: whose they are, what was asked about them, and which of them
 * there are. */
#include <stdlib.h>
#include <string.h>

#include "model/user.h"
#include "soak.h"
#include "support/random.h"

/* Short lives, so that sessions end by themselves, are taken out and make room. */
static const struct tenant kinds[TENANTS] = {
    {"soak-%d-a", 60000, 0, 15000, 60000},
    {"soak-%d-b", 90000, 20000, 15000, 5000},
    {"soak-all", 75000, 0, 20000, 10000},
};

void soak_begin(struct soak *soak)
{
    for (size_t i = 0; i < TENANTS; i++) {
        struct tenant *tenant = &soak->tenants[i];
        *tenant = kinds[i];
        if (i + 1 < TENANTS)
            snprintf(tenant->name, WORD, "soak-%d-%c", soak->number, "ab"[i]);
        for (size_t k = 0; k < PERSONS_OF_TENANT; k++) {
            struct person *person = &soak->persons[i * PERSONS_OF_TENANT + k];
            person->tenant = tenant;
            person->admin = k == 0;
            person->common = i + 1 == TENANTS && k + 1 == PERSONS_OF_TENANT;
            if (person->common)
                snprintf(person->id, WORD, "%.40s.everybody", tenant->name);
            else
                snprintf(person->id, WORD, "%.40s.c%d.u%zu", tenant->name, soak->number, k);
            struct uuid uuid = user_uuid(str_of(tenant->name), str_of(person->id));
            uuid_write(&uuid, person->identity);
        }
    }
}

bool chance(unsigned percent)
{
    return random_below(100) < percent;
}

struct person *any_person(struct soak *soak)
{
    return &soak->persons[random_below(PERSONS)];
}

struct login *any_login(struct soak *soak, const struct person *person, unsigned states, bool known)
{
    struct span now = {now_ms(), now_ms()};
    size_t first = soak->login_count ? random_below(soak->login_count) : 0;
    for (size_t i = 0; i < soak->login_count; i++) {
        struct login *login = soak->logins[(first + i) % soak->login_count];
        if ((!person || login->person == person) && (login->token[0] || !known) &&
            login_states(login, &now) & states)
            return login;
    }
    return NULL;
}

/* The id is a UUID of version 7: it says when the session was made. */
struct login *add_login(struct soak *soak, const struct person *person, const uint8_t *id)
{
    struct login *login = calloc(1, sizeof(*login));
    if (!login || soak->login_count == LOGINS_MAX)
        disagree(soak, "more sessions than there is room for");
    login->person = person;
    memcpy(login->id, id, UUID_SIZE);
    for (int i = 0; i < 6; i++)
        login->created = login->created << 8 | id[i];
    if (id[6] >> 4 != 7 || login->created > soak->when.high)
        disagree(soak, "an id that was not made now");
    login->may = IS_ACTIVE;
    login->last_active = login->updated = (struct span){login->created, login->created};
    login->expires.low = login->expires.high = login->created + person->tenant->lifetime;
    login_spell(login);
    if (person->common) {
        login->late = IS_ENDED | IS_GONE;
        login->late_done = login->loose = login->updated.high = INT64_MAX;
    }
    soak->logins[soak->login_count++] = login;
    return login;
}

/* ---- nobody was told ---- */

void add_untold(struct soak *soak, const struct person *person)
{
    if (soak->untold_count == UNTOLD_MAX) {
        soak->untold_count--;
        memmove(soak->untold, soak->untold + 1, soak->untold_count * sizeof(*soak->untold));
    }
    soak->untold[soak->untold_count++] = (struct untold){person, soak->when};
    soak->figures->untold++;
}

size_t count_untold(const struct soak *soak, const struct tenant *tenant,
                    const struct person *person)
{
    size_t count = 0;
    for (size_t i = 0; i < soak->untold_count; i++)
        count +=
            person ? soak->untold[i].person == person : soak->untold[i].person->tenant == tenant;
    return count;
}

struct login *adopt(struct soak *soak, const struct person *person, const uint8_t *id)
{
    int64_t created = 0;
    for (int i = 0; i < 6; i++)
        created = created << 8 | id[i];
    for (size_t i = 0; i < soak->untold_count; i++) {
        const struct untold *untold = &soak->untold[i];
        if (untold->person != person || created < untold->when.low || created > untold->when.high)
            continue;
        soak->untold[i] = soak->untold[--soak->untold_count];
        struct login *login = add_login(soak, person, id);
        /* Whatever else was lost since, such as the end of all the user's, may have met it. */
        login->late = IS_ENDED | IS_GONE;
        login->late_done = login->loose = soak->when.high + LATE_MS;
        login->last_active.high = login->updated.high = login->loose;
        login->may |= login->late;
        soak->figures->adopted++;
        return login;
    }
    return NULL;
}

/* ---- what became of them ---- */

void note(struct soak *soak, const char *event, const struct login *login)
{
    fprintf(soak->ledger, "%s %s %s\n", event, login->names[KRATOS], login->person->id);
}

/* What may be done later may be found in the audit trail later. */
void ended(struct soak *soak, struct login *login, enum state as, bool was_answered)
{
    unsigned states = login_states(login, &soak->when);
    if (!(states & IS_ACTIVE))
        return;
    bool sure = was_answered && states == IS_ACTIVE;
    note(soak, sure ? state_words[as] : "perhaps", login);
    soak->figures->ended += sure;
    login_end(login, as, &soak->when, was_answered);
}

void removed(struct soak *soak, struct login *login, bool was_answered)
{
    login_remove(login, &soak->when, was_answered);
}

static void keep_ghost(struct soak *soak, const struct login *login)
{
    struct ghost *ghost = &soak->ghosts[soak->ghost_count++ % GHOSTS];
    ghost->person = login->person;
    memcpy(ghost->token, login->token, WORD);
    memcpy(ghost->refresh, login->refresh, WORD);
    memcpy(ghost->jwt, login->jwt, JWT);
}

void forget_gone(struct soak *soak)
{
    size_t kept = 0;
    for (size_t i = 0; i < soak->login_count; i++) {
        struct login *login = soak->logins[i];
        if (login->may != IS_GONE) {
            soak->logins[kept++] = login;
            continue;
        }
        if (login->token[0])
            keep_ghost(soak, login);
        free(login);
    }
    soak->login_count = kept;
}
