#include "list.h"

#include <inttypes.h>
#include <string.h>

void list_begin(struct soak *soak, struct list *list)
{
    soak->lists++;
    list->when.low = 0;
}

void list_page(struct soak *soak, struct list *list)
{
    if (!list->when.low)
        list->when.low = soak->when.low;
    list->when.high = soak->when.high;
}

static bool belongs(const struct list *list, const struct login *login)
{
    return login->person->tenant == list->tenant &&
           (!list->person || login->person == list->person) && login != list->without &&
           login->created >= list->from;
}

static struct login *known(struct soak *soak, const struct list *list, const char *name)
{
    for (size_t i = 0; i < soak->login_count; i++)
        if (soak->logins[i]->person->tenant == list->tenant &&
            strcmp(soak->logins[i]->names[list->dialect], name) == 0)
            return soak->logins[i];
    return NULL;
}

static const struct person *own_person(const struct soak *soak, const char *user)
{
    for (size_t i = 0; i < PERSONS; i++)
        if (strcmp(soak->persons[i].id, user) == 0)
            return &soak->persons[i];
    return NULL;
}

/* All clients have users in the last of the apps, and one of these in common. */
static bool may_be_others(const struct soak *soak, const struct list *list,
                          const struct person *person)
{
    bool all = list->tenant == &soak->tenants[TENANTS - 1] && !list->person;
    return (all && !person) || (person && person->common) || (list->person && list->person->common);
}

static struct login *meet(struct soak *soak, struct list *list, const char *name, const char *user,
                          const uint8_t *id)
{
    const struct person *person = user ? own_person(soak, user) : NULL;
    struct login *login = person && id && !person->common ? adopt(soak, person, id) : NULL;
    if (login || may_be_others(soak, list, person))
        return login;
    if (++list->unknown > count_untold(soak, list->tenant, list->person))
        disagree(soak, "nobody asked for %s of %s", name, user ? user : "somebody");
    return NULL;
}

static void expect_order(struct soak *soak, struct list *list, const struct login *login)
{
    const struct login *last = list->last;
    if (last && last != login &&
        (list->oldest_first ? last->created > login->created : last->created < login->created))
        disagree(soak, "%s comes after %s", login->names[list->dialect],
                 last->names[list->dialect]);
    list->last = login;
}

struct login *list_row(struct soak *soak, struct list *list, const char *name, const char *user,
                       const uint8_t *id, unsigned states)
{
    struct login *login = name ? known(soak, list, name) : NULL;
    if (!name)
        disagree(soak, "a row without an id");
    list->count++;
    soak->figures->rows++;
    if (!login)
        login = meet(soak, list, name, user, id);
    if (!login)
        return NULL;
    if (!belongs(list, login) || (user && strcmp(user, login->person->id) != 0))
        disagree(soak, "%s of %s is none of the list's", name, login->person->id);
    if (login->shown_in == soak->lists)
        disagree(soak, "%s is shown twice", name);
    login->shown_in = soak->lists;
    expect_order(soak, list, login);
    expect_seen(soak, login, states & list->shows);
    return login;
}

void list_end(struct soak *soak, struct list *list)
{
    for (size_t i = 0; i < soak->login_count && !list->part; i++) {
        struct login *login = soak->logins[i];
        if (!belongs(list, login) || login->shown_in == soak->lists)
            continue;
        soak->when = list->when;
        expect_seen(soak, login, ~list->shows);
    }
}

void list_total(struct soak *soak, const struct list *list, int64_t total)
{
    bool right = list->part ? total >= (int64_t)list->count : total == (int64_t)list->count;
    if (!right)
        disagree(soak, "a total of %" PRId64 " for %zu rows", total, list->count);
}
