#include "look.h"

#include <stdio.h>
#include <string.h>

#include "support/random.h"

/* Rows of a list, as the model has them. */
struct rows {
    struct login *logins[LOGINS_MAX];
    size_t count;
};

static void choose(struct driver *driver, struct rows *rows, const struct choice *choice)
{
    rows->count = world_list(&driver->world, choice, rows->logins);
}

/* Begins to look at another list. */
static void turn_to(struct driver *driver, const char *list)
{
    driver->list = list;
}

static enum state state_of(const struct driver *driver, const struct login *login)
{
    return login_state(&driver->world, login);
}

/* ---- Corbado ---- */

static void compare_corbado(struct driver *driver, const json_t *row, const struct login *login)
{
    expect_text(driver, row, "sessionID", login->names[CORBADO]);
    expect_text(driver, row, "userID", login->person->id);
    expect_text(driver, row, "identifierValue", login->person->identifier);
    expect_number(driver, row, "createdMs", login->created);
    expect_number(driver, row, "lastActionMs", login->last_active);
    expect_number(driver, row, "expiresMs", login->expires);
    expect_text(driver, row, "status", state_words[state_of(driver, login)]);
}

/* One page, the first being 1. */
static void look_at_corbado_page(struct driver *driver, size_t tenant, const char *filter,
                                 const struct rows *rows, size_t page, size_t size)
{
    size_t first = (page - 1) * size, count = rows->count - first;
    client_request(&driver->client, "GET", "/v2/sessions?page=%zu&pageSize=%zu%s", page, size,
                   filter);
    add_right_key(driver, KEY_CORBADO, tenant);
    expect_status(driver, 200);
    const json_t *paging = client_member(&driver->client, "paging");
    expect_number(driver, paging, "totalItems", (int64_t)rows->count);
    expect_number(driver, paging, "totalPages", (int64_t)((rows->count + size - 1) / size));
    count = count < size ? count : size;
    const json_t *got = expect_rows(driver, client_member(&driver->client, "sessions"), count);
    for (size_t i = 0; i < count; i++)
        compare_corbado(driver, json_array_get(got, i), rows->logins[first + i]);
}

static void look_at_corbado(struct driver *driver, size_t tenant, const struct person *person)
{
    struct rows rows;
    char filter[2 * WORD_BYTES] = "";
    size_t size = chance(50) ? 1000 : 5 + random_below(40);
    turn_to(driver, "Corbado's list");
    choose(driver, &rows, &(struct choice){.tenant = tenant, .person = person, .dialect = CORBADO});
    if (person)
        snprintf(filter, sizeof(filter), "&filter%%5B%%5D=userID%%3Aeq%%3A%s", person->id);
    for (size_t page = 1; page == 1 || (page - 1) * size < rows.count; page++)
        look_at_corbado_page(driver, tenant, filter, &rows, page, size);
}

/* ---- Streambird ---- */

static void compare_streambird(struct driver *driver, const json_t *row, const struct login *login)
{
    expect_text(driver, row, "id", login->names[STREAMBIRD]);
    expect_text(driver, row, "user_id", login->person->id);
    expect_number(driver, row, "started_at", login->created / SECONDS);
    expect_number(driver, row, "created_at", login->created / SECONDS);
    expect_number(driver, row, "last_active_at", login->last_active / SECONDS);
    expect_number(driver, row, "updated_at", login->updated / SECONDS);
    expect_number(driver, row, "expires_at", login->expires / SECONDS);
}

static void look_at_streambird(struct driver *driver, const struct person *person)
{
    struct rows rows;
    turn_to(driver, "Streambird's list");
    choose(driver, &rows,
           &(struct choice){.tenant = person->tenant,
                            .person = person,
                            .which = ACTIVE_ONES,
                            .dialect = STREAMBIRD,
                            .id_descending = true});
    client_request(&driver->client, "GET", "/v1/auth/sessions/list?user_id=%s", person->id);
    add_right_key(driver, KEY_STREAMBIRD, person->tenant);
    expect_status(driver, 200);
    const json_t *got = expect_rows(driver, client_member(&driver->client, "sessions"), rows.count);
    for (size_t i = 0; i < rows.count; i++)
        compare_streambird(driver, json_array_get(got, i), rows.logins[i]);
}

/* ---- Kratos ---- */

static void compare_kratos(struct driver *driver, const json_t *row, const struct login *login,
                           bool with_identity)
{
    bool active = state_of(driver, login) == ACTIVE;
    expect_text(driver, row, "id", login->names[KRATOS]);
    expect_bool(driver, row, "active", active && !(with_identity && login->person->inactive));
    expect_instant(driver, row, "expires_at", login->expires);
    expect_instant(driver, row, "issued_at", login->created);
    if (with_identity)
        expect_text(driver, json_object_get(row, "identity"), "id", login->person->identity);
}

static void compare_kratos_rows(struct driver *driver, const struct rows *rows, size_t first,
                                size_t count, bool with_identity)
{
    const json_t *got = expect_rows(driver, driver->client.json, count);
    for (size_t i = 0; i < count; i++)
        compare_kratos(driver, json_array_get(got, i), rows->logins[first + i], with_identity);
}

static void expect_total(struct driver *driver, size_t total)
{
    struct str text = client_answer_header(&driver->client, "X-Total-Count");
    int64_t value;
    if (!str_to_i64(text, &value) || value != (int64_t)total)
        disagree(driver, "X-Total-Count %.*s, not %zu", STR_ARG(text), total);
}

static void look_at_identity(struct driver *driver, const struct person *person)
{
    static const char *const queries[] = {
        [ANY] = "", [ACTIVE_ONES] = "?active=true", [OVER_ONES] = "?active=false"};
    struct rows rows;
    struct choice choice = {.tenant = person->tenant, .person = person, .dialect = KRATOS};
    choice.which = (enum which)random_below(3);
    turn_to(driver, "Kratos' list of an identity");
    choose(driver, &rows, &choice);
    client_request(&driver->client, "GET", "/admin/identities/%s/sessions%s", person->identity,
                   queries[choice.which]);
    add_right_key(driver, KEY_OF_ADMIN, person->tenant);
    expect_status(driver, 200);
    expect_total(driver, rows.count);
    compare_kratos_rows(driver, &rows, 0, rows.count, true);
}

/* Where the answer says that the next page is; false when it was the last. */
static bool read_next(const struct client *client, char *target, size_t size)
{
    static const char mark[] = ">; rel=\"next\"";
    struct str link = client_answer_header(client, "Link");
    const char *end = link.len ? memmem(link.ptr, link.len, mark, sizeof(mark) - 1) : NULL;
    const char *begin = end ? memrchr(link.ptr, '<', (size_t)(end - link.ptr)) : NULL;
    if (!begin)
        return false;
    snprintf(target, size, "%.*s", (int)(end - begin - 1), begin + 1);
    return true;
}

/* Page by page, as the links say. */
static void look_at_all_of_kratos(struct driver *driver, size_t tenant)
{
    struct rows rows;
    struct choice choice = {
        .tenant = tenant, .dialect = KRATOS, .which = (enum which)random_below(3)};
    size_t size = chance(50) ? 1000 : 5 + random_below(40), first = 0, count;
    char target[1024];
    bool more = true;
    turn_to(driver, "Kratos' list of all");
    choose(driver, &rows, &choice);
    snprintf(target, sizeof(target), "/admin/sessions?page_size=%zu%s", size,
             choice.which == ANY           ? ""
             : choice.which == ACTIVE_ONES ? "&active=true"
                                           : "&active=false");
    for (; more; first += count) {
        client_request(&driver->client, "GET", "%s", target);
        add_right_key(driver, KEY_OF_ADMIN, tenant);
        expect_status(driver, 200);
        count = rows.count - first < size ? rows.count - first : size;
        compare_kratos_rows(driver, &rows, first, count, false);
        more = read_next(&driver->client, target, sizeof(target));
        if (more != (first + count < rows.count))
            disagree(driver, "%s next page after %zu of %zu", more ? "a" : "no", first + count,
                     rows.count);
    }
}

static void ask_kratos(struct driver *driver, const struct login *login, const char *path)
{
    client_request(&driver->client, "GET", "%s", path);
    client_header(&driver->client, "X-Session-Token", "%s", login->token);
}

static void look_at_whoami(struct driver *driver, struct login *login)
{
    turn_to(driver, "Kratos' whoami");
    ask_kratos(driver, login, "/sessions/whoami");
    expect_status(driver, 200);
    compare_kratos(driver, driver->client.json, login, true);
    login_seen(&driver->world, login);
}

/* The caller's own session is not among them. */
static void look_at_kratos(struct driver *driver, struct login *login)
{
    struct rows rows;
    turn_to(driver, "Kratos' list");
    choose(driver, &rows,
           &(struct choice){.tenant = login->person->tenant,
                            .person = login->person,
                            .which = ACTIVE_ONES,
                            .without = login,
                            .dialect = KRATOS});
    ask_kratos(driver, login, "/sessions");
    expect_status(driver, 200);
    expect_total(driver, rows.count);
    compare_kratos_rows(driver, &rows, 0, rows.count, true);
    login_seen(&driver->world, login);
}

/* ---- Rocket.Chat ---- */

enum { ROCKETCHAT_MOST = 100 };

static void ask_rocketchat(struct driver *driver, const struct login *login, const char *path,
                           const char *rest)
{
    client_request(&driver->client, "GET", "/api/v1/%s%s", path, rest);
    client_header(&driver->client, "X-User-Id", "%s", login->person->id);
    client_header(&driver->client, "X-Auth-Token", "%s", login->token);
}

static void compare_rocketchat(struct driver *driver, const struct rows *rows,
                               const struct login *current)
{
    size_t count = rows->count < ROCKETCHAT_MOST ? rows->count : ROCKETCHAT_MOST;
    const json_t *got = expect_rows(driver, client_member(&driver->client, "sessions"), count);
    expect_number(driver, driver->client.json, "total", (int64_t)rows->count);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(got, i);
        expect_text(driver, row, "sessionId", rows->logins[i]->names[ROCKETCHAT]);
        expect_text(driver, row, "userId", rows->logins[i]->person->id);
        expect_instant(driver, row, "loginAt", rows->logins[i]->created);
        if (current)
            expect_bool(driver, row, "current", rows->logins[i] == current);
    }
}

static void look_at_rocketchat(struct driver *driver, struct login *login)
{
    struct rows rows;
    turn_to(driver, "Rocket.Chat's list");
    choose(driver, &rows,
           &(struct choice){.tenant = login->person->tenant,
                            .person = login->person,
                            .which = ACTIVE_ONES,
                            .dialect = ROCKETCHAT});
    ask_rocketchat(driver, login, "sessions/list?count=100", "");
    expect_status(driver, 200);
    compare_rocketchat(driver, &rows, login);
    login_seen(&driver->world, login);
}

/* One of the caller's, whether it is over or not. */
static void look_at_info(struct driver *driver, struct login *login)
{
    struct rows rows;
    turn_to(driver, "Rocket.Chat's info");
    choose(driver, &rows,
           &(struct choice){.tenant = login->person->tenant, .person = login->person});
    const struct login *other = rows.logins[random_below(rows.count)];
    ask_rocketchat(driver, login, "sessions/info?sessionId=", other->names[ROCKETCHAT]);
    expect_status(driver, 200);
    expect_text(driver, driver->client.json, "sessionId", other->names[ROCKETCHAT]);
    expect_instant(driver, driver->client.json, "lastActivityAt", other->last_active);
    expect_instant(driver, driver->client.json, "_updatedAt", other->updated);
    if (other->ended != ACTIVE)
        expect_instant(driver, driver->client.json, "logoutAt", other->updated);
    else if (client_member(&driver->client, "logoutAt"))
        disagree(driver, "logoutAt is there; the session was not ended");
    login_seen(&driver->world, login);
}

static void look_at_all_of_rocketchat(struct driver *driver, size_t tenant, struct login *admin)
{
    struct rows rows;
    turn_to(driver, "Rocket.Chat's list of all");
    choose(driver, &rows,
           &(struct choice){.tenant = tenant, .which = ACTIVE_ONES, .dialect = ROCKETCHAT});
    ask_rocketchat(driver, admin, "sessions/list.all?count=100", "");
    expect_status(driver, 200);
    compare_rocketchat(driver, &rows, NULL);
    login_seen(&driver->world, admin);
}

/* ---- Prelude ---- */

static void compare_prelude(struct driver *driver, const json_t *row, const struct login *login)
{
    expect_text(driver, row, "id", login->names[PRELUDE]);
    expect_second(driver, row, "created_at", login->created);
    expect_second(driver, row, "last_seen_at", login->last_active);
    expect_second(driver, row, "expires_at", login->expires);
}

static void ask_prelude(struct driver *driver, const char *jwt, size_t limit, size_t offset)
{
    client_request(&driver->client, "GET", "/v1/session/me/list?limit=%zu&offset=%zu", limit,
                   offset);
    client_header(&driver->client, "Authorization", "Bearer %s", jwt);
}

static void look_at_prelude(struct driver *driver, struct login *login)
{
    struct rows rows;
    const char *jwt = access_token_of(driver, login);
    turn_to(driver, "Prelude's list");
    choose(driver, &rows,
           &(struct choice){.tenant = login->person->tenant,
                            .person = login->person,
                            .which = ACTIVE_ONES,
                            .dialect = PRELUDE,
                            .id_descending = true});
    size_t limit = chance(70) ? 100 : 1 + random_below(5);
    size_t offset = chance(70) ? 0 : random_below(rows.count + 2);
    size_t count = rows.count > offset ? rows.count - offset : 0;
    count = count < limit ? count : limit;
    ask_prelude(driver, jwt, limit, offset);
    expect_status(driver, 200);
    expect_number(driver, driver->client.json, "total", (int64_t)rows.count);
    const json_t *got = expect_rows(driver, client_member(&driver->client, "sessions"), count);
    for (size_t i = 0; i < count; i++)
        compare_prelude(driver, json_array_get(got, i), rows.logins[offset + i]);
    login_seen(&driver->world, login);
}

/* ---- one session, as those see it who hold a key ---- */

static void look_at_one_of_corbado(struct driver *driver, const struct login *login)
{
    const struct person *person = login->person;
    turn_to(driver, "Corbado's long session");
    if (chance(50))
        client_request(&driver->client, "GET", "/v2/longSessions/%s", login->names[CORBADO]);
    else
        client_request(&driver->client, "GET", "/v2/users/%s/longSessions/%s", person->id,
                       login->names[CORBADO]);
    add_right_key(driver, KEY_CORBADO, person->tenant);
    expect_status(driver, login->removed ? 400 : 200);
    if (login->removed)
        return;
    expect_text(driver, driver->client.json, "longSessionID", login->names[CORBADO]);
    expect_text(driver, driver->client.json, "userID", person->id);
    expect_text(driver, driver->client.json, "status", state_words[state_of(driver, login)]);
    expect_second(driver, driver->client.json, "expires", login->expires);
}

static void look_at_one_of_kratos(struct driver *driver, const struct login *login)
{
    turn_to(driver, "Kratos' session");
    client_request(&driver->client, "GET", "/admin/sessions/%s", login->names[KRATOS]);
    add_right_key(driver, KEY_OF_ADMIN, login->person->tenant);
    expect_status(driver, login->removed ? 404 : 200);
    if (!login->removed)
        compare_kratos(driver, driver->client.json, login, false);
}

static void look_at_one(struct driver *driver, const struct login *login)
{
    /* Another session may have the ids by now of one that is gone. */
    if (login->names[CORBADO][0])
        look_at_one_of_corbado(driver, login);
    if (login->names[KRATOS][0])
        look_at_one_of_kratos(driver, login);
}

/* ---- tokens ---- */

static void verify_in_vain(struct driver *driver, const struct login *login, const char *member,
                           const char *value)
{
    client_request(&driver->client, "POST", "/v1/auth/sessions/verify");
    client_json(&driver->client, "{\"%s\":\"%s\"}", member, value);
    add_right_key(driver, KEY_STREAMBIRD, login->person->tenant);
    expect_status(driver, 404);
}

static void resume(struct driver *driver, const struct login *login)
{
    client_request(&driver->client, "POST", "/api/v1/login");
    client_json(&driver->client, "{\"resume\":\"%s\"}", login->token);
}

static void look_at_dead_token(struct driver *driver, const struct login *login)
{
    turn_to(driver, "a token that is no good");
    ask_kratos(driver, login, chance(50) ? "/sessions/whoami" : "/sessions");
    expect_status(driver, 401);
    ask_rocketchat(driver, login, chance(50) ? "me" : "sessions/list", "");
    expect_status(driver, 401);
    resume(driver, login);
    expect_status(driver, 401);
    verify_in_vain(driver, login, "session_token", login->token);
}

static void look_at_dead_access_token(struct driver *driver, struct login *login)
{
    const char *jwt = chance(3) ? access_token_of(driver, login) : login->jwt;
    if (!jwt)
        return;
    turn_to(driver, "an access token that is no good");
    ask_prelude(driver, jwt, 10, 0);
    expect_status(driver, 401);
    verify_in_vain(driver, login, "session_jwt", jwt);
}

static void look_at_live_token(struct driver *driver, struct login *login)
{
    turn_to(driver, "a token that is good");
    ask_kratos(driver, login, "/sessions/whoami");
    expect_status(driver, 200);
    login_seen(&driver->world, login);
    ask_rocketchat(driver, login, "me", "");
    expect_status(driver, 200);
    login_seen(&driver->world, login);
    resume(driver, login);
    expect_status(driver, 200);
    expect_text(driver, client_member(&driver->client, "data"), "userId", login->person->id);
    login_seen(&driver->world, login);
}

static void look_at_token(struct driver *driver, struct login *login)
{
    bool good = login_lets_in(&driver->world, login);
    if (login->token[0] && good)
        look_at_live_token(driver, login);
    else if (login->token[0])
        look_at_dead_token(driver, login);
    if (!good)
        look_at_dead_access_token(driver, login);
}

/* ---- all of it ---- */

/* A session that lets the user in; NULL when there is none, or none with a token. */
static struct login *pick_own(struct driver *driver, const struct person *person, bool with_token)
{
    const struct world *world = &driver->world;
    size_t first = world->login_count ? random_below(world->login_count) : 0;
    for (size_t i = 0; i < world->login_count; i++) {
        struct login *login = world->logins[(first + i) % world->login_count];
        if (login->person == person && login_lets_in(world, login) &&
            (login->token[0] || !with_token))
            return login;
    }
    return NULL;
}

/* What the user sees: each time through any session there is. */
static void look_through_person(struct driver *driver, const struct person *person)
{
    static void (*const looks[])(struct driver * driver, struct login * login) = {
        look_at_whoami, look_at_kratos, look_at_rocketchat, look_at_info};
    struct login *login;
    for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
        if ((login = pick_own(driver, person, true)))
            looks[i](driver, login);
    if ((login = pick_own(driver, person, false)))
        look_at_prelude(driver, login);
}

void look_at_person(struct driver *driver, const struct person *person, bool thoroughly)
{
    struct world *world = &driver->world;
    look_at_corbado(driver, person->tenant, person);
    look_at_streambird(driver, person);
    look_at_identity(driver, person);
    look_through_person(driver, person);
    for (size_t i = 0; i < world->login_count; i++)
        if (world->logins[i]->person == person && (thoroughly || chance(5)))
            look_at_token(driver, world->logins[i]);
    struct login *one = world->login_count ? world->logins[random_below(world->login_count)] : NULL;
    if (one && one->person->ours)
        look_at_one(driver, one);
    turn_to(driver, NULL);
}

static struct login *pick_admin(struct driver *driver, size_t tenant)
{
    struct world *world = &driver->world;
    for (size_t i = 0; i < world->person_count; i++) {
        const struct person *person = &world->persons[i];
        struct login *login =
            person->tenant == tenant && person->admin ? pick_own(driver, person, true) : NULL;
        if (login)
            return login;
    }
    return NULL;
}

void look_at_tenant(struct driver *driver, size_t tenant)
{
    struct login *admin = pick_admin(driver, tenant);
    look_at_corbado(driver, tenant, NULL);
    look_at_all_of_kratos(driver, tenant);
    if (admin)
        look_at_all_of_rocketchat(driver, tenant, admin);
    turn_to(driver, NULL);
}

void look_at_all(struct driver *driver, bool tenants_too)
{
    struct world *world = &driver->world;
    for (size_t i = 0; i < world->person_count; i++)
        if (world->persons[i].ours && world->persons[i].there)
            look_at_person(driver, &world->persons[i], true);
    for (size_t tenant = 0; tenant < TENANTS && tenants_too; tenant++)
        look_at_tenant(driver, tenant);
    world_forget(world);
}
