#include "steps.h"
#include "support/random.h"

/* The token and its holder's id; now and then another's. */
static bool add_login(struct driver *driver, const struct holder *holder)
{
    const struct person *own = holder->login ? holder->login->person : NULL;
    const struct person *person = own;
    if (!own || chance(3))
        person = pick_person(driver, own ? own->tenant : 0);
    client_header(&driver->client, "X-User-Id", "%s", person ? person->id : "nobody");
    client_header(&driver->client, "X-Auth-Token", "%s", holder->text);
    return holder->let_in && person == own;
}

static void expect_logged_out(struct driver *driver, const struct aim *aim, bool found)
{
    if (driver->client.status != (found ? 200 : 404))
        disagree(driver, "status %d; the session %s to be found", driver->client.status,
                 found ? "is" : "is not");
    expect_bool(driver, driver->client.json, "success", found);
    if (!found) {
        expect_text(driver, driver->client.json, "error", "Session not found");
        return;
    }
    expect_text(driver, driver->client.json, "sessionId", aim->name);
    login_end(&driver->world, aim->login, LOGGED_OUT);
}

/* Those of others are not found; one's own can be over and are. */
void step_rocketchat_logout_me(struct driver *driver)
{
    struct holder holder;
    struct aim aim;
    pick_token(driver, &holder);
    pick_aim(driver, ROCKETCHAT, holder.login ? holder.login->person->tenant : 0, &aim);
    client_request(&driver->client, "POST", "/api/v1/sessions/logout.me");
    client_json(&driver->client, "{\"sessionId\":\"%s\"}", aim.name);
    if (!expect_let_in(driver, add_login(driver, &holder)))
        return;
    expect_logged_out(driver, &aim, aim.login && aim.login->person == holder.login->person);
}

/* Anybody's, for administrators. */
void step_rocketchat_logout_any(struct driver *driver)
{
    struct holder holder;
    struct aim aim;
    do
        pick_token(driver, &holder);
    while (holder.login && !holder.login->person->admin && !chance(25));
    pick_aim(driver, ROCKETCHAT, holder.login ? holder.login->person->tenant : 0, &aim);
    client_request(&driver->client, "POST", "/api/v1/sessions/logout");
    client_json(&driver->client, "{\"sessionId\":\"%s\"}", aim.name);
    if (!expect_let_in(driver, add_login(driver, &holder)))
        return;
    if (holder.login->person->admin)
        expect_logged_out(driver, &aim, aim.login != NULL);
    else if (driver->client.status != 403)
        disagree(driver, "status %d, not 403", driver->client.status);
}

void step_rocketchat_logout(struct driver *driver)
{
    struct holder holder;
    pick_token(driver, &holder);
    client_request(&driver->client, chance(50) ? "GET" : "POST", "/api/v1/logout");
    if (!expect_let_in(driver, add_login(driver, &holder)))
        return;
    expect_text(driver, driver->client.json, "status", "success");
    login_end(&driver->world, holder.login, LOGGED_OUT);
}
