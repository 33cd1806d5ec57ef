#include "pick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/base64.h"
#include "support/random.h"

void pick_word(char *out, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < len; i++)
        out[i] = letters[random_below(sizeof(letters) - 1)];
    out[len] = '\0';
}

size_t pick_tenant(const struct driver *driver)
{
    for (;;) {
        const struct person *person =
            &driver->world.persons[random_below(driver->world.person_count)];
        if (person->ours)
            return person->tenant;
    }
}

struct person *pick_person(struct driver *driver, size_t tenant)
{
    struct world *world = &driver->world;
    size_t first = random_below(world->person_count);
    for (size_t i = 0; i < world->person_count; i++) {
        struct person *person = &world->persons[(first + i) % world->person_count];
        if (person->ours && person->there && person->tenant == tenant)
            return person;
    }
    return NULL;
}

typedef bool (*fits_fn)(const struct driver *driver, const struct login *login, size_t tenant);

/* One of those that fit; NULL when none does. */
static struct login *pick_fitting(struct driver *driver, fits_fn fits, size_t tenant)
{
    const struct world *world = &driver->world;
    size_t first = world->login_count ? random_below(world->login_count) : 0;
    for (size_t i = 0; i < world->login_count; i++) {
        struct login *login = world->logins[(first + i) % world->login_count];
        if (fits(driver, login, tenant))
            return login;
    }
    return NULL;
}

static bool is_alive(const struct driver *driver, const struct login *login, size_t tenant)
{
    return login->person->ours && login->person->tenant == tenant && !login->removed &&
           login_state(&driver->world, login) == ACTIVE;
}

static bool is_dead(const struct driver *driver, const struct login *login, size_t tenant)
{
    return login->person->ours && login->person->tenant == tenant && !login->removed &&
           login_state(&driver->world, login) != ACTIVE;
}

static bool is_removed(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)driver;
    return login->removed && login->person->tenant == tenant;
}

static bool is_elsewhere(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)driver;
    return login->person->tenant != tenant;
}

static bool holds(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)tenant;
    return login->person->ours && login->token[0] && login_lets_in(&driver->world, login);
}

static bool held(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)tenant;
    return login->person->ours && login->token[0] && !login_lets_in(&driver->world, login);
}

static bool let_in(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)tenant;
    return login->person->ours && login_lets_in(&driver->world, login);
}

static bool let_in_once(const struct driver *driver, const struct login *login, size_t tenant)
{
    (void)tenant;
    return login->person->ours && !login_lets_in(&driver->world, login);
}

struct login *pick_login(struct driver *driver, size_t tenant, bool alive)
{
    return pick_fitting(driver, alive ? is_alive : is_dead, tenant);
}

/* ---- access tokens ---- */

bool access_token_lasts(const struct driver *driver, const struct login *login)
{
    return login->jwt && driver->world.now / SECONDS < login->jwt_end;
}

void keep_access_token(struct driver *driver, struct login *login, const char *jwt)
{
    enum { LIFE_S = 300, LEEWAY_S = 60 };
    free(login->jwt);
    login->jwt = strdup(jwt);
    login->jwt_end = driver->world.now / SECONDS + LIFE_S + LEEWAY_S;
}

const char *access_token_of(struct driver *driver, struct login *login)
{
    const char *app = tenants[login->person->tenant].id;
    if (login->removed || access_token_lasts(driver, login))
        return login->jwt;
    char *jwt = client_access_token(&driver->client, app, login->id);
    if (!jwt)
        disagree(driver, "no access token for %s", login->names[KRATOS]);
    keep_access_token(driver, login, jwt);
    free(jwt);
    return login->jwt;
}

/* Another letter in the midst of it. */
static void break_signature(char *jwt)
{
    char *at = strrchr(jwt, '.') + 9;
    *at = *at == 'A' ? 'B' : 'A';
}

/* ---- holders ---- */

/* What looks like a token and is none of the kind that is asked for. */
static void forge(struct holder *holder, const char *other)
{
    if (!other || !*other || chance(50))
        pick_word(holder->text, 43);
    else
        snprintf(holder->text, sizeof(holder->text), "%s", other);
}

void pick_token(struct driver *driver, struct holder *holder)
{
    *holder = (struct holder){.login = pick_fitting(driver, chance(85) ? holds : held, 0)};
    if (!holder->login || chance(3)) {
        forge(holder, holder->login ? holder->login->jwt : NULL);
        return;
    }
    snprintf(holder->text, sizeof(holder->text), "%s", holder->login->token);
    holder->genuine = true;
    holder->let_in = login_lets_in(&driver->world, holder->login);
}

void pick_access_token(struct driver *driver, struct holder *holder)
{
    *holder = (struct holder){.login = pick_fitting(driver, chance(85) ? let_in : let_in_once, 0)};
    const char *jwt = NULL;
    if (holder->login && holder->login->jwt && chance(20))
        jwt = holder->login->jwt; /* which may have run out */
    else if (holder->login)
        jwt = access_token_of(driver, holder->login);
    if (!jwt || chance(3)) {
        forge(holder, holder->login ? holder->login->token : NULL);
        return;
    }
    snprintf(holder->text, sizeof(holder->text), "%s", jwt);
    holder->genuine = access_token_lasts(driver, holder->login);
    if (chance(3)) {
        break_signature(holder->text);
        holder->genuine = false;
    }
    holder->let_in = holder->genuine && login_lets_in(&driver->world, holder->login);
}

/* ---- keys ---- */

static const char *key_of(const struct tenant *tenant, enum key_use use)
{
    return use == KEY_CORBADO      ? tenant->corbado_key
           : use == KEY_STREAMBIRD ? tenant->streambird_key
                                   : tenant->admin_key;
}

/* Corbado's is the password of the project. */
static void add_basic(struct driver *driver, const char *project, const char *key)
{
    char pair[WORD_BYTES], text[2 * WORD_BYTES];
    snprintf(pair, sizeof(pair), "%s:%s", project, key);
    base64_write(pair, text);
    client_header(&driver->client, "Authorization", "Basic %s", text);
}

static void add_authorization(struct driver *driver, enum key_use use, const char *project,
                              const char *key)
{
    if (use == KEY_CORBADO)
        add_basic(driver, project, key);
    else if (use == KEY_OF_ADMIN && chance(30))
        client_header(&driver->client, "Authorization", "%s", key);
    else
        client_header(&driver->client, "Authorization", "Bearer %s", key);
}

void add_right_key(struct driver *driver, enum key_use use, size_t tenant)
{
    add_authorization(driver, use, tenants[tenant].project, key_of(&tenants[tenant], use));
}

bool add_key(struct driver *driver, enum key_use use, size_t tenant)
{
    const struct tenant *own = &tenants[tenant], *other = &tenants[1 - tenant];
    if (chance(94)) {
        add_right_key(driver, use, tenant);
        return true;
    }
    if (use == KEY_CORBADO && chance(50))
        add_authorization(driver, use, own->project, other->corbado_key);
    else if (chance(70))
        add_authorization(driver, use, own->project, key_of(own, (use + 1) % 3));
    return false;
}

/* ---- aims ---- */

static void make_up(enum dialect dialect, int64_t created, struct aim *aim)
{
    uint8_t id[UUID_SIZE];
    random_bytes(id, sizeof(id));
    id[0] &= 0x7f;
    spell(dialect, id, created, aim->text);
    aim->name = aim->text;
}

/* The id a session would have had, had it not brought another. */
static bool aim_beside(struct driver *driver, enum dialect dialect, size_t tenant, struct aim *aim)
{
    const struct login *login = pick_login(driver, tenant, true);
    if (!login || strcmp(login->names[dialect], login->computed[dialect]) == 0)
        return false;
    aim->name = login->computed[dialect];
    return true;
}

/* No session of the app's: one that is gone, another app's, or none at all. */
static void aim_at_none(struct driver *driver, enum dialect dialect, size_t tenant, struct aim *aim)
{
    aim->login = NULL;
    if (chance(30) && aim_beside(driver, dialect, tenant, aim))
        return;
    const struct login *login =
        pick_fitting(driver, chance(50) ? is_removed : is_elsewhere, tenant);
    if (login && login->names[dialect][0])
        aim->name = login->names[dialect];
    else
        make_up(dialect, driver->world.now, aim);
}

void pick_aim(struct driver *driver, enum dialect dialect, size_t tenant, struct aim *aim)
{
    bool alive = chance(75);
    aim->login = chance(85) ? pick_login(driver, tenant, alive) : NULL;
    if (aim->login)
        aim->name = aim->login->names[dialect];
    else
        aim_at_none(driver, dialect, tenant, aim);
}
