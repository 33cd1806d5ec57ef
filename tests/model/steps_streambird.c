#include <string.h>

#include "steps.h"
#include "support/random.h"

enum { TOO_FEW = 4 }; /* minutes */

/* How a body names a session. */
struct selection {
    struct holder holder; /* by token or access token */
    struct aim aim;       /* by id */
    const char *member, *value;
    struct login *login; /* NULL: no session of the app's is named so */
    size_t tenant;       /* whose key is used */
};

static void select_by_holder(struct driver *driver, bool by_jwt, struct selection *selection)
{
    struct holder *holder = &selection->holder;
    if (by_jwt)
        pick_access_token(driver, holder);
    else
        pick_token(driver, holder);
    size_t own = holder->login ? holder->login->person->tenant : 0;
    selection->tenant = chance(95) ? own : 1 - own;
    selection->member = by_jwt ? "session_jwt" : "session_token";
    selection->value = holder->text;
    bool named = holder->genuine && selection->tenant == own && !holder->login->removed;
    selection->login = named ? holder->login : NULL;
}

static void select_by_id(struct driver *driver, struct selection *selection)
{
    selection->tenant = pick_tenant(driver);
    pick_aim(driver, STREAMBIRD, selection->tenant, &selection->aim);
    selection->member = "session_id";
    selection->value = selection->aim.name;
    selection->login = selection->aim.login;
}

/* After the answer came. */
static void expect_found(struct driver *driver, bool found)
{
    int status = driver->client.status;
    if (status != (found ? 200 : 404))
        disagree(driver, "status %d; the session %s to be found", status, found ? "is" : "is not");
    if (!found)
        expect_text(driver, driver->client.json, "error_type", "session_not_found");
}

/* ---- verify ---- */

/* Minutes until it ends, or 0 for none given; now and then so few that they are refused. */
static unsigned pick_minutes(void)
{
    static const unsigned minutes[] = {5, 6, 10, 60, 700, 1440, 10080, 525600};
    if (chance(60))
        return 0;
    return chance(5) ? TOO_FEW : minutes[random_below(sizeof(minutes) / sizeof(*minutes))];
}

static void expect_verified(struct driver *driver, const struct selection *selection)
{
    const struct login *login = selection->login;
    const json_t *session = client_member(&driver->client, "session");
    bool by_jwt = strcmp(selection->member, "session_jwt") == 0;
    expect_text(driver, session, "id", login->names[STREAMBIRD]);
    expect_text(driver, session, "user_id", login->person->id);
    expect_number(driver, session, "started_at", login->created / SECONDS);
    expect_number(driver, session, "expires_at", login->expires / SECONDS);
    expect_number(driver, session, "last_active_at", login->last_active / SECONDS);
    expect_number(driver, session, "updated_at", login->updated / SECONDS);
    expect_text(driver, driver->client.json, "session_token", by_jwt ? "" : selection->value);
}

void step_streambird_verify(struct driver *driver)
{
    struct selection selection;
    unsigned minutes = pick_minutes();
    select_by_holder(driver, chance(40), &selection);
    client_request(&driver->client, "POST", "/v1/auth/sessions/verify");
    if (minutes)
        client_json(&driver->client, "{\"%s\":\"%s\",\"session_expires_in\":%u}", selection.member,
                    selection.value, minutes);
    else
        client_json(&driver->client, "{\"%s\":\"%s\"}", selection.member, selection.value);
    if (!expect_let_in(driver, add_key(driver, KEY_STREAMBIRD, selection.tenant)))
        return;
    if (minutes == TOO_FEW) {
        if (driver->client.status != 400)
            disagree(driver, "status %d, not 400", driver->client.status);
        expect_text(driver, driver->client.json, "error_type", "invalid_request");
        return;
    }
    struct login *login = selection.login;
    bool found = login && login_lets_in(&driver->world, login);
    expect_found(driver, found);
    if (!found)
        return;
    login_used(&driver->world, login);
    if (minutes)
        login_expire_at(&driver->world, login, driver->world.now + minutes * MINUTES);
    expect_verified(driver, &selection);
    keep_access_token(driver, login,
                      json_string_value(client_member(&driver->client, "session_jwt")));
}

/* ---- delete ---- */

void step_streambird_delete(struct driver *driver)
{
    struct selection selection;
    size_t selector = random_below(3);
    if (selector == 2)
        select_by_id(driver, &selection);
    else
        select_by_holder(driver, selector == 1, &selection);
    client_request(&driver->client, "DELETE", "/v1/auth/sessions/delete");
    client_json(&driver->client, "{\"%s\":\"%s\"}", selection.member, selection.value);
    if (!expect_let_in(driver, add_key(driver, KEY_STREAMBIRD, selection.tenant)))
        return;
    struct login *login = selection.login;
    expect_found(driver, login && login_state(&driver->world, login) == ACTIVE);
    if (login)
        login_end(&driver->world, login, REVOKED);
}
