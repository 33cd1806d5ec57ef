#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"

enum { IDS_MAX = 5, LIST_BYTES = 512, UUID_SPELLED = 48 };

/* A session token can come along in three ways. */
static void add_token(struct driver *driver, const struct holder *holder)
{
    switch (random_below(3)) {
    case 0:
        client_header(&driver->client, "X-Session-Token", "%s", holder->text);
        break;
    case 1:
        client_header(&driver->client, "Cookie", "a=b; ory_kratos_session=%s", holder->text);
        break;
    default:
        client_header(&driver->client, "Authorization", "Bearer %s", holder->text);
    }
}

/* After the answer came. */
static void expect_answer(struct driver *driver, int status)
{
    if (driver->client.status != status)
        disagree(driver, "status %d, not %d", driver->client.status, status);
}

/* A UUID in one of the ways that are read. */
static const char *respell(const char *uuid, char *out)
{
    size_t len = 0;
    switch (random_below(8)) {
    case 0:
        for (; *uuid; uuid++)
            if (*uuid != '-')
                out[len++] = *uuid;
        out[len] = '\0';
        break;
    case 1:
        snprintf(out, UUID_SPELLED, "%%7B%s%%7D", uuid);
        break;
    case 2:
        snprintf(out, UUID_SPELLED, "urn:uuid:%s", uuid);
        break;
    case 3:
        for (; *uuid; uuid++)
            out[len++] = (char)toupper((unsigned char)*uuid);
        out[len] = '\0';
        break;
    default:
        snprintf(out, UUID_SPELLED, "%s", uuid);
    }
    return out;
}

/* ---- the holder's own ---- */

/* All others are ended, and all are counted, the dead ones too. */
void step_kratos_end_others(struct driver *driver)
{
    struct world *world = &driver->world;
    struct holder holder;
    int64_t others = 0;
    pick_token(driver, &holder);
    client_request(&driver->client, "DELETE", "/sessions");
    add_token(driver, &holder);
    if (!expect_let_in(driver, holder.let_in))
        return;
    for (size_t i = 0; i < world->login_count; i++) {
        struct login *login = world->logins[i];
        if (login->person != holder.login->person || login == holder.login || login->removed)
            continue;
        login_end(world, login, REVOKED);
        others++;
    }
    expect_answer(driver, 200);
    expect_number(driver, driver->client.json, "count", others);
}

/* Whoever's it is, and whether it is there or not: nobody is told. */
void step_kratos_end_one(struct driver *driver)
{
    struct holder holder;
    struct aim aim;
    char id[UUID_SPELLED];
    pick_token(driver, &holder);
    pick_aim(driver, KRATOS, holder.login ? holder.login->person->tenant : 0, &aim);
    if (holder.login && chance(10)) {
        aim.login = holder.login;
        aim.name = holder.login->names[KRATOS];
    }
    client_request(&driver->client, "DELETE", "/sessions/%s", respell(aim.name, id));
    add_token(driver, &holder);
    if (!expect_let_in(driver, holder.let_in))
        return;
    expect_answer(driver, aim.login == holder.login ? 400 : 204);
    if (aim.login && aim.login != holder.login && aim.login->person == holder.login->person)
        login_end(&driver->world, aim.login, REVOKED);
}

/* ---- the administrator's ---- */

/* Asks about a session by its id; NULL when the answer is that there is none, or that the key is
 * no good. */
static struct login *ask_about_one(struct driver *driver, size_t tenant, const char *method,
                                   const char *rest)
{
    struct aim aim;
    char id[UUID_SPELLED];
    pick_aim(driver, KRATOS, tenant, &aim);
    client_request(&driver->client, method, "/admin/sessions/%s%s", respell(aim.name, id), rest);
    if (!expect_let_in(driver, add_key(driver, KEY_OF_ADMIN, tenant)))
        return NULL;
    expect_answer(driver, aim.login ? 204 : 404);
    return aim.login;
}

void step_kratos_admin_end(struct driver *driver)
{
    struct login *login = ask_about_one(driver, pick_tenant(driver), "DELETE", "");
    if (login)
        login_end(&driver->world, login, REVOKED);
}

/* To a whole life from now, unless it ends later anyway. */
void step_kratos_extend(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    struct login *login = ask_about_one(driver, tenant, "PATCH", "/extend");
    int64_t expires = driver->world.now + tenants[tenant].lifetime;
    if (login && expires > login->expires)
        login_expire_at(&driver->world, login, expires);
}

/* Ends or removes one of many; whether that is counted. */
static bool process(struct driver *driver, struct login *login, bool removing)
{
    bool counts = !login->removed && (removing || login_state(&driver->world, login) == ACTIVE);
    if (counts && removing)
        login_remove(login);
    else if (counts)
        login_end(&driver->world, login, REVOKED);
    return counts;
}

/* What of the body's list was named, after the answer came. */
static int64_t process_person(struct driver *driver, const struct person *person, bool removing)
{
    struct world *world = &driver->world;
    int64_t processed = 0;
    for (size_t i = 0; i < world->login_count; i++)
        if (world->logins[i]->person == person)
            processed += process(driver, world->logins[i], removing);
    return processed;
}

static void send_bulk(struct driver *driver, size_t tenant, const char *member, const char *ids,
                      bool removing, bool *let_in)
{
    client_request(&driver->client, "POST", "/admin/sessions");
    client_json(&driver->client, "{\"action\":\"%s\",\"%s\":[%s]}", removing ? "delete" : "disable",
                member, ids);
    *let_in = expect_let_in(driver, add_key(driver, KEY_OF_ADMIN, tenant));
    if (*let_in)
        expect_answer(driver, 200);
}

static void add_id(char *ids, const char *id)
{
    size_t len = strlen(ids);
    snprintf(ids + len, LIST_BYTES - len, "%s\"%s\"", len ? "," : "", id);
}

static void bulk_of_sessions(struct driver *driver, size_t tenant, bool removing)
{
    struct aim aims[IDS_MAX];
    size_t count = 1 + random_below(IDS_MAX);
    char ids[LIST_BYTES] = "";
    int64_t processed = 0;
    bool let_in;
    for (size_t i = 0; i < count; i++) {
        pick_aim(driver, KRATOS, tenant, &aims[i]);
        add_id(ids, aims[i].name);
    }
    send_bulk(driver, tenant, "sessions", ids, removing, &let_in);
    for (size_t i = 0; let_in && i < count; i++)
        processed += aims[i].login && process(driver, aims[i].login, removing);
    if (let_in)
        expect_number(driver, driver->client.json, "processed", processed);
}

static void bulk_of_identities(struct driver *driver, size_t tenant, bool removing)
{
    struct person *persons[2];
    size_t count = 1 + random_below(2);
    char ids[LIST_BYTES] = "";
    int64_t processed = 0;
    bool let_in;
    for (size_t i = 0; i < count; i++) {
        persons[i] = pick_person(driver, tenant);
        add_id(ids, persons[i] ? persons[i]->identity : "01234567-89ab-4cde-8f01-23456789abcd");
    }
    send_bulk(driver, tenant, "identities", ids, removing, &let_in);
    for (size_t i = 0; let_in && i < count; i++)
        processed += persons[i] ? process_person(driver, persons[i], removing) : 0;
    if (let_in)
        expect_number(driver, driver->client.json, "processed", processed);
}

void step_kratos_bulk(struct driver *driver)
{
    size_t tenant = pick_tenant(driver);
    if (chance(70))
        bulk_of_sessions(driver, tenant, chance(40));
    else
        bulk_of_identities(driver, tenant, chance(30));
}

void step_kratos_bulk_everybody(struct driver *driver)
{
    struct world *world = &driver->world;
    size_t tenant = pick_tenant(driver);
    int64_t processed = 0;
    bool let_in, removing = chance(50);
    send_bulk(driver, tenant, "identities", "\"*\"", removing, &let_in);
    for (size_t i = 0; let_in && i < world->person_count; i++)
        if (world->persons[i].tenant == tenant)
            processed += process_person(driver, &world->persons[i], removing);
    if (!let_in)
        return;
    expect_number(driver, driver->client.json, "processed", processed);
    expect_bool(driver, driver->client.json, "more", false);
}

/* Their records go; where there is none, nobody is found. */
void step_kratos_identity_delete(struct driver *driver)
{
    char id[UUID_SPELLED];
    size_t tenant = pick_tenant(driver);
    const struct person *person = pick_person(driver, tenant);
    if (!person)
        return;
    client_request(&driver->client, "DELETE", "/admin/identities/%s/sessions",
                   respell(person->identity, id));
    if (!expect_let_in(driver, add_key(driver, KEY_OF_ADMIN, tenant)))
        return;
    expect_answer(driver, process_person(driver, person, true) ? 204 : 404);
}
