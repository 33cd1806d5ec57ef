#include <stdio.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"

/* ---- what is refused ---- */

/* After the answer came: a 400 that says this of that field. */
static void expect_violation(struct driver *driver, const char *field, const char *message)
{
    const json_t *error = client_member(&driver->client, "error");
    const json_t *rows = expect_rows(driver, json_object_get(error, "validation"), 1);
    if (driver->client.status != 400)
        disagree(driver, "status %d, not 400", driver->client.status);
    expect_text(driver, error, "type", "validation_error");
    expect_text(driver, json_array_get(rows, 0), "field", field);
    expect_text(driver, json_array_get(rows, 0), "message", message);
}

static void expect_200(struct driver *driver)
{
    if (driver->client.status != 200)
        disagree(driver, "status %d, not 200", driver->client.status);
}

/* Clients take "usr-" off, or leave it on. */
static const char *user_in_path(const struct person *person)
{
    return strncmp(person->id, "usr-", 4) == 0 && chance(50) ? person->id + 4 : person->id;
}

/* ---- revoke ---- */

void step_corbado_revoke(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    struct aim aim;
    bool whole = !chance(5);
    pick_aim(driver, CORBADO, tenant, &aim);
    client_request(&driver->client, "POST", "/v2/sessions/%s/revoke", aim.name + !whole);
    if (!expect_let_in(driver, add_key(driver, KEY_CORBADO, tenant)))
        return;
    if (!whole) {
        expect_violation(driver, "sessionID", "the length must be exactly 30");
    } else if (!aim.login) {
        expect_violation(driver, "sessionID", "does not exist");
    } else {
        expect_200(driver);
        expect_text(driver, driver->client.json, "message", "OK");
        login_end(&driver->world, aim.login, REVOKED);
    }
}

/* ---- the long session ---- */

static void expect_long(struct driver *driver, const struct login *login)
{
    const json_t *json = driver->client.json;
    expect_200(driver);
    expect_text(driver, json, "longSessionID", login->names[CORBADO]);
    expect_text(driver, json, "userID", login->person->id);
    expect_text(driver, json, "identifierValue", login->person->identifier);
    expect_text(driver, json, "status", state_words[login_state(&driver->world, login)]);
    expect_second(driver, json, "expires", login->expires);
}

/* The id is a UUID of version 7 made now; nothing else about it can be foreseen. */
static void learn_id(struct driver *driver, struct login *login)
{
    const char *name = json_string_value(client_member(&driver->client, "longSessionID"));
    int64_t created = 0;
    if (!unspell_corbado(name, login->id))
        disagree(driver, "longSessionID is none");
    for (int i = 0; i < 6; i++)
        created = created << 8 | login->id[i];
    if (created != driver->world.now || login->id[6] >> 4 != 7)
        disagree(driver, "longSessionID %s was not made now", name);
    login_spell(login);
}

/* Somebody who is not there yet: of a name that no other process makes up. */
static struct person *make_up_person(struct driver *driver, size_t tenant)
{
    struct world *world = &driver->world;
    char id[WORD_BYTES];
    for (size_t i = 0; i < world->person_count; i++)
        if (!world->persons[i].there && world->persons[i].tenant == tenant)
            return &world->persons[i];
    snprintf(id, sizeof(id), "usr-%s00%zu", driver->name, world->person_count);
    return world_person(world, tenant, id);
}

static struct person *pick_somebody(struct driver *driver, size_t tenant)
{
    struct person *newcomer = chance(5) ? make_up_person(driver, tenant) : NULL;
    return newcomer ? newcomer : pick_person(driver, tenant);
}

static void make_person(struct person *person, const char *identifier)
{
    person->there = person->ours = true;
    snprintf(person->identifier, sizeof(person->identifier), "%s", identifier);
    client_identity(tenants[person->tenant].id, person->id, person->identity);
}

/* A user there is keeps the identifier. No session is begun for one that is inactive. */
void step_corbado_create(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    struct person *person = pick_somebody(driver, tenant);
    char identifier[WORD_BYTES] = "+1";
    if (!person)
        return;
    pick_word(identifier + 2, 10);
    client_request(&driver->client, "POST", "/v2/users/%s/longSessions",
                   person->there ? user_in_path(person) : person->id);
    client_json(&driver->client, "{\"appType\":\"web\",\"identifierValue\":\"%s\"}", identifier);
    if (!expect_let_in(driver, add_key(driver, KEY_CORBADO, tenant)))
        return;
    if (person->inactive) {
        expect_violation(driver, "userID", "is not active");
        return;
    }
    if (!person->there)
        make_person(person, identifier);
    struct login *login = world_login(&driver->world, person, driver->world.now);
    if (!login)
        disagree(driver, "more sessions than the model has room for");
    learn_id(driver, login);
    expect_long(driver, login);
}

/* Puts a path together that names a session of a user's, or does not: NULL then. */
static struct login *name_long(struct driver *driver, size_t tenant, const char *method,
                               const char *rest)
{
    struct aim aim;
    pick_aim(driver, CORBADO, tenant, &aim);
    const struct person *own = aim.login ? aim.login->person : NULL;
    const struct person *person = own && !chance(8) ? own : pick_person(driver, tenant);
    client_request(&driver->client, method, "/v2/users/%s/longSessions/%s%s",
                   person ? user_in_path(person) : "nobody", aim.name, rest);
    return person == own ? aim.login : NULL;
}

/* Out of active into three of the others; into the same one nothing happens. */
static bool set_status(struct driver *driver, struct login *login, enum state state)
{
    enum state had = login_state(&driver->world, login);
    if (had == state)
        return true;
    if (had != ACTIVE || state == INACTIVITY_REACHED)
        return false;
    if (state == EXPIRED)
        login_expire_at(&driver->world, login, driver->world.now);
    else
        login_end(&driver->world, login, state);
    return true;
}

void step_corbado_status(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    struct login *login = name_long(driver, tenant, "PATCH", "");
    enum state state = (enum state)random_below(STATES);
    client_json(&driver->client, "{\"status\":\"%s\"}", state_words[state]);
    if (!expect_let_in(driver, add_key(driver, KEY_CORBADO, tenant)))
        return;
    if (!login)
        expect_violation(driver, "longSessionID", "does not exist");
    else if (set_status(driver, login, state))
        expect_long(driver, login);
    else
        expect_violation(driver, "status", "cannot be set");
}

/* ---- the short session ---- */

/* It is made for others to look at: nothing here is opened by it, whatever issuer was asked for. */
static void expect_no_access(struct driver *driver, const char *value)
{
    char jwt[2048];
    snprintf(jwt, sizeof(jwt), "%s", value ? value : "");
    client_request(&driver->client, "GET", "/v1/session/me/list");
    client_header(&driver->client, "Authorization", "Bearer %s", jwt);
    expect_status(driver, 401);
}

/* A session that lets nobody in, since its user is inactive, gets no token, either. */
void step_corbado_short(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    struct login *login = name_long(driver, tenant, "POST", "/shortSessions");
    client_json(&driver->client, "{\"appType\":\"native\",\"issuer\":\"urn:rollcall:app:%s\"}",
                tenants[tenant].id);
    if (!expect_let_in(driver, add_key(driver, KEY_CORBADO, tenant)))
        return;
    if (!login) {
        expect_violation(driver, "longSessionID", "does not exist");
    } else if (login_state(&driver->world, login) != ACTIVE || login->person->inactive) {
        expect_violation(driver, "longSessionID", "is not active");
    } else {
        expect_200(driver);
        login_used(&driver->world, login);
        if (chance(20))
            expect_no_access(driver, json_string_value(client_member(&driver->client, "value")));
    }
}
