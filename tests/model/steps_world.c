/* What comes from outside: sessions that are brought, and time that goes by. */
#include <stdlib.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"
#include "support/scratch.h"

static int64_t below(int64_t bound)
{
    return (int64_t)random_below((size_t)bound);
}

/* ---- import ---- */

/* A UUID of version 7, of any instant but the rest at random. */
static void make_id(struct login *login)
{
    random_bytes(login->id, sizeof(login->id));
    for (int i = 0; i < 6; i++)
        login->id[i] = (uint8_t)(login->created >> (40 - 8 * i));
    login->id[6] = (uint8_t)(0x70 | (login->id[6] & 0x0f));
    login->id[8] = (uint8_t)(0x80 | (login->id[8] & 0x3f));
    login_spell(login);
}

static void make_name(enum dialect dialect, char *name)
{
    uint8_t id[UUID_SIZE];
    switch (dialect) {
    case PRELUDE:
        pick_word(stpcpy(name, "ses_"), 26);
        break;
    case CORBADO:
        pick_word(name, 30);
        break;
    case STREAMBIRD:
        pick_word(stpcpy(name, "sess_"), 27);
        break;
    case KRATOS:
        random_bytes(id, sizeof(id));
        spell(KRATOS, id, 0, name);
        break;
    default:
        pick_word(name, 17);
    }
}

/* Ids it had at the vendors it comes from, and the token. */
static void make_names(struct login *login)
{
    for (int dialect = 0; dialect < DIALECTS; dialect++)
        if (chance(20))
            make_name((enum dialect)dialect, login->names[dialect]);
    if (chance(85))
        pick_word(login->token, 32);
}

static void make_times(struct driver *driver, struct login *login)
{
    int64_t now = driver->world.now, lifetime = tenants[login->person->tenant].lifetime;
    int64_t lately = now - below(chance(80) ? 2 * HOURS : lifetime);
    login->last_active = lately > login->created ? lately : login->created;
    login->updated = login->last_active;
    if (chance(30))
        login->expires = now + 1 + below(lifetime);
    else if (chance(8))
        login->expires = now - below(now - login->created + 1);
    if (chance(92))
        return;
    login->ended = chance(50) ? LOGGED_OUT : REVOKED;
    login->updated += below(now - login->updated + 1);
}

/* When another one of the app's began, so that ids decide who comes first; else of late. */
static int64_t pick_beginning(struct driver *driver, size_t tenant)
{
    const struct login *other = chance(25) ? pick_login(driver, tenant, true) : NULL;
    return other ? other->created : driver->world.now - below(tenants[tenant].lifetime / 2);
}

/* What a session had that is gone can be another's. Not its id by itself: access tokens name that,
 * and old ones would be good again. */
static void take_over(struct login *login, struct login *gone)
{
    memcpy(login->token, gone->token, sizeof(login->token));
    gone->token[0] = '\0';
    for (int dialect = CORBADO; dialect < DIALECTS; dialect++) {
        if (strcmp(gone->names[dialect], gone->computed[dialect]) == 0 || !gone->names[dialect][0])
            continue;
        memcpy(login->names[dialect], gone->names[dialect], NAME_BYTES);
        gone->names[dialect][0] = '\0';
    }
}

static struct login *pick_gone(struct driver *driver, size_t tenant)
{
    const struct world *world = &driver->world;
    for (size_t i = 0; i < world->login_count; i++)
        if (world->logins[i]->removed && world->logins[i]->person->tenant == tenant &&
            world->logins[i]->token[0])
            return world->logins[i];
    return NULL;
}

static void import_one(struct driver *driver)
{
    struct person *person = pick_person(driver, pick_tenant(driver));
    if (!person)
        return;
    size_t tenant = person->tenant;
    struct login *gone = chance(25) ? pick_gone(driver, tenant) : NULL;
    struct login *login = world_login(&driver->world, person, pick_beginning(driver, tenant));
    char *line = NULL;
    size_t size = 0;
    if (!login)
        disagree(driver, "more sessions than the model has room for");
    make_id(login);
    make_names(login);
    make_times(driver, login);
    if (gone)
        take_over(login, gone);
    FILE *file = open_memstream(&line, &size);
    login_write(login, file);
    fclose(file);
    scratch_put(driver->client.store, line, driver->world.now);
    client_note(&driver->client, line);
    free(line);
}

void step_import(struct driver *driver)
{
    for (size_t left = 1 + random_below(3); left > 0; left--)
        import_one(driver);
}

/* ---- the clock ---- */

/* To where one of the sessions is over by itself, or its access token, or where its activity is
 * worth noting again: one millisecond before, or after, or to the very one. Not so far that all
 * others would be over. */
static int64_t pick_border(struct driver *driver)
{
    int64_t now = driver->world.now;
    const struct login *login = pick_login(driver, pick_tenant(driver), true);
    if (!login)
        return now;
    int64_t border = login_deadline(login);
    if (access_token_lasts(driver, login) && chance(50))
        border = login->jwt_end * SECONDS;
    else if (border > now + 3 * HOURS)
        border = login->last_active + MINUTES;
    return border - 1 + below(3);
}

/* The next end of a session. */
static int64_t next_end(const struct driver *driver)
{
    const struct world *world = &driver->world;
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < world->login_count; i++) {
        const struct login *login = world->logins[i];
        if (!login->removed && login->person->ours && login_state(world, login) == ACTIVE &&
            login_deadline(login) < next)
            next = login_deadline(login);
    }
    return next == INT64_MAX ? world->now : next - 1 + below(3);
}

void step_clock(struct driver *driver)
{
    int64_t now = driver->world.now;
    size_t what = random_below(100);
    if (what < 50)
        now += below(2 * MINUTES);
    else if (what < 65)
        now += below(30 * MINUTES);
    else if (what < 80)
        now = next_end(driver);
    else if (what < 95)
        now = pick_border(driver);
    else if (what < 99)
        now += below(3 * HOURS);
    else
        now += below(2 * DAYS);
    if (now > driver->world.now)
        move_clock(driver, now);
}
