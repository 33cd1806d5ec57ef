#include <string.h>

#include "steps.h"
#include "support/random.h"

/* Ends all of the caller's, or all others, as revoked. */
static void end_all(struct driver *driver, const struct login *caller, const struct login *but)
{
    struct world *world = &driver->world;
    for (size_t i = 0; i < world->login_count; i++)
        if (world->logins[i]->person == caller->person && world->logins[i] != but)
            login_end(world, world->logins[i], REVOKED);
}

static void revoke(struct driver *driver, const struct holder *holder, const char *target)
{
    client_request(&driver->client, "POST", "/v1/session/me/revoke?target=%s", target);
    client_header(&driver->client, "Authorization", "Bearer %s", holder->text);
    if (!expect_let_in(driver, holder->let_in))
        return;
    if (driver->client.status != 204)
        disagree(driver, "status %d, not 204", driver->client.status);
    if (strcmp(target, "mine") == 0)
        login_end(&driver->world, holder->login, REVOKED);
    else
        end_all(driver, holder->login, strcmp(target, "others") == 0 ? holder->login : NULL);
}

/* One session of the caller's own; all others are as if they were not there, and so are those that
 * are over. */
static void revoke_one(struct driver *driver, const struct holder *holder)
{
    struct aim aim;
    pick_aim(driver, PRELUDE, holder->login ? holder->login->person->tenant : 0, &aim);
    client_request(&driver->client, "POST", "/v1/session/me/revoke?target=session&session_id=%s",
                   aim.name);
    client_header(&driver->client, "Authorization", "Bearer %s", holder->text);
    if (!expect_let_in(driver, holder->let_in))
        return;
    bool own = aim.login && aim.login->person == holder->login->person &&
               login_state(&driver->world, aim.login) == ACTIVE;
    if (driver->client.status != (own ? 204 : 404))
        disagree(driver, "status %d; the session %s one to revoke", driver->client.status,
                 own ? "is" : "is not");
    if (own)
        login_end(&driver->world, aim.login, REVOKED);
}

static void revoke_nothing(struct driver *driver, const struct holder *holder)
{
    static const char *const queries[] = {"",
                                          "?target=",
                                          "?target=All",
                                          "?target=session",
                                          "?session_id=x",
                                          "?target=session&session_id="};
    client_request(&driver->client, "POST", "/v1/session/me/revoke%s",
                   queries[random_below(sizeof(queries) / sizeof(*queries))]);
    client_header(&driver->client, "Authorization", "Bearer %s", holder->text);
    if (!expect_let_in(driver, holder->let_in))
        return;
    if (driver->client.status != 400)
        disagree(driver, "status %d, not 400", driver->client.status);
    expect_text(driver, driver->client.json, "code", "bad_request");
}

void step_prelude_revoke(struct driver *driver)
{
    struct holder holder;
    pick_access_token(driver, &holder);
    switch (random_below(10)) {
    case 0:
        revoke(driver, &holder, "all");
        break;
    case 1:
        revoke(driver, &holder, "others");
        break;
    case 2:
    case 3:
        revoke(driver, &holder, "mine");
        break;
    case 4:
        revoke_nothing(driver, &holder);
        break;
    default:
        revoke_one(driver, &holder);
    }
}
