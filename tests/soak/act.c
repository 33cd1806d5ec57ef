/* Changes sessions in all dialects: begins, uses, extends and refreshes them. */
#include <string.h>

#include "end.h"
#include "support/random.h"

/* ---- beginning ---- */

static void keep_text(struct soak *soak, const json_t *object, const char *name, char *out,
                      size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || strlen(text) >= size)
        disagree(soak, "no %s", name);
    strcpy(out, text);
}

static void keep_jwt(struct soak *soak, struct login *login, const json_t *object, const char *name)
{
    enum { LIFE_MS = 30 * 1000 };
    keep_text(soak, object, name, login->jwt, JWT);
    login->jwt_end = (struct span){soak->when.low + LIFE_MS, soak->when.high + LIFE_MS};
}

static struct login *begun(struct soak *soak, const struct person *person, const char *uuid)
{
    struct uuid id;
    if (!uuid || !uuid_parse_text(str_of(uuid), &id))
        disagree(soak, "no id");
    struct login *login = add_login(soak, person, id.bytes);
    if (login->created < soak->when.low)
        disagree(soak, "it began before it was asked for");
    note(soak, "created", login);
    soak->figures->created++;
    return login;
}

static void begin_by_native(struct soak *soak, const struct person *person)
{
    ask(soak, person->tenant, "POST", "/rollcall/v1/sessions");
    ask_key(soak, OF_ADMIN, person->tenant, NULL);
    ask_json(soak,
             "{\"user\":\"%s\",\"ip\":\"203.0.113.%d\",\"user_agent\":\"Mozilla/5.0 (X11; Linux "
             "x86_64; rv:%zu.0) Gecko/20100101 Firefox/%zu.0\"}",
             person->id, soak->number + 1, 100 + random_below(40), 100 + random_below(40));
    if (!answered(soak)) {
        add_untold(soak, person);
        return;
    }
    expect_status(soak, 201);
    const json_t *session = answer_member(soak, "session");
    const json_t *credentials = answer_member(soak, "credentials");
    struct login *login = begun(soak, person, json_string_value(json_object_get(session, "id")));
    see_native(soak, session, login);
    keep_text(soak, credentials, "token", login->token, WORD);
    keep_text(soak, credentials, "refresh_token", login->refresh, WORD);
    keep_jwt(soak, login, credentials, "access_token");
}

static void begin_by_corbado(struct soak *soak, const struct person *person)
{
    uint8_t id[UUID_SIZE];
    ask(soak, person->tenant, "POST", "/v2/users/%s/longSessions", person->id);
    ask_key(soak, OF_CORBADO, person->tenant, person->tenant);
    ask_json(soak, "{\"appType\":\"web\",\"identifierValue\":\"%s@example.com\"}", person->id);
    if (!answered(soak)) {
        add_untold(soak, person);
        return;
    }
    expect_status(soak, 200);
    if (!unspell_corbado(json_string_value(answer_member(soak, "longSessionID")), id))
        disagree(soak, "longSessionID is none");
    char uuid[NAME_BYTES];
    spell(KRATOS, id, 0, uuid);
    struct login *login = begun(soak, person, uuid);
    expect_text(soak, soak->json, "userID", person->id);
    expect_text(soak, soak->json, "status", "active");
    expect_whole_second(soak, soak->json, "expires", &login->expires);
}

void begin_session(struct soak *soak)
{
    const struct person *person = any_person(soak);
    if (chance(75))
        begin_by_native(soak, person);
    else
        begin_by_corbado(soak, person);
}

/* ---- use ---- */

static void touch(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "POST", "/rollcall/v1/sessions/%s/touch",
        login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    ask_json(soak, "{}");
    if (!answered(soak)) {
        login_used(login, &soak->when, false);
    } else if (soak->status == 404) {
        expect_seen(soak, login, IS_GONE);
    } else if (expect_states(soak, login, IS_ACTIVE, 200, 409)) {
        login_used(login, &soak->when, true);
        see_native(soak, soak->json, login);
    }
}

static void extend(struct soak *soak, struct login *login)
{
    unsigned seconds = 20 + (unsigned)random_below(80);
    ask(soak, login->person->tenant, "POST", "/rollcall/v1/sessions/%s/extend",
        login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    ask_json(soak, "{\"expires_in_s\":%u}", seconds);
    if (!answered(soak)) {
        login_extended(login, seconds * 1000, &soak->when, false);
    } else if (soak->status == 404) {
        expect_seen(soak, login, IS_GONE);
    } else if (expect_states(soak, login, IS_ACTIVE, 200, 409)) {
        login_extended(login, seconds * 1000, &soak->when, true);
        see_native(soak, soak->json, login);
    }
}

static void verify(struct soak *soak, struct login *login)
{
    bool by_jwt = chance(40);
    ask(soak, login->person->tenant, "POST", "/v1/auth/sessions/verify");
    ask_key(soak, OF_STREAMBIRD, login->person->tenant, NULL);
    ask_json(soak, "{\"%s\":\"%s\"}", by_jwt ? "session_jwt" : "session_token",
             by_jwt ? login->jwt : login->token);
    if (!answered(soak)) {
        login_used(login, &soak->when, false);
        return;
    }
    /* One that has run out is not found, either. */
    if (by_jwt && soak->status == 404 && soak->when.high >= login->jwt_end.low - 1000)
        return;
    if (!expect_states(soak, login, IS_ACTIVE, 200, 404))
        return;
    login_used(login, &soak->when, true);
    const json_t *session = answer_member(soak, "session");
    expect_text(soak, session, "id", login->names[STREAMBIRD]);
    expect_text(soak, session, "user_id", login->person->id);
    expect_seconds(soak, session, "last_active_at", &login->last_active);
    expect_seconds(soak, session, "expires_at", &login->expires);
}

static void shorten(struct soak *soak, struct login *login)
{
    const struct tenant *tenant = login->person->tenant;
    ask(soak, tenant, "POST", "/v2/users/%s/longSessions/%s/shortSessions", login->person->id,
        login->names[CORBADO]);
    ask_key(soak, OF_CORBADO, tenant, tenant);
    ask_json(soak, "{\"appType\":\"native\",\"issuer\":\"urn:example\"}");
    if (!answered(soak))
        login_used(login, &soak->when, false);
    else if (expect_states(soak, login, IS_ACTIVE, 200, 400))
        login_used(login, &soak->when, true);
}

/* ---- refresh ---- */

enum { GRACE_MS = 20 * 1000, RETRY_MS = 15 * 1000 };

/* What nobody was told of in time to ask again is nobody's any more. */
static void give_up(struct login *login)
{
    login->refresh[0] = login->refresh_before[0] = '\0';
    login->asked_first = 0;
}

/* Whoever asks again gets the same successor. */
static void succeed(struct soak *soak, struct login *login, const struct span *asked)
{
    struct str next = answer_header(soak, "X-Refresh-Token");
    if (next.len == 0 || next.len >= WORD)
        disagree(soak, "no successor");
    login_used(login, asked, true);
    memcpy(login->refresh_before, login->refresh, WORD);
    snprintf(login->refresh, WORD, "%.*s", STR_ARG(next));
    if (strcmp(login->refresh, login->refresh_before) == 0)
        disagree(soak, "it is its own successor");
    login->rotated = *asked;
    login->asked_first = 0;
}

static void refresh(struct soak *soak, struct login *login)
{
    int64_t first = login->asked_first ? login->asked_first : now_ms();
    if (now_ms() - first > RETRY_MS) {
        give_up(login);
        return;
    }
    ask(soak, login->person->tenant, "POST", "/v1/session/refresh");
    ask_by_refresh(soak, login, login->refresh);
    if (!answered(soak)) {
        login_used(login, &soak->when, false);
        login->asked_first = first;
        return;
    }
    if (!expect_states(soak, login, IS_ACTIVE, 200, 401))
        return;
    succeed(soak, login, &(struct span){first, soak->when.high});
    keep_jwt(soak, login, soak->json, "access_token");
}

/* The one before: a request that went out twice, for some seconds; then a theft, and the session
 * is over. */
static void refresh_again(struct soak *soak, struct login *login)
{
    bool early, late;
    ask(soak, login->person->tenant, "POST", "/v1/session/refresh");
    ask_by_refresh(soak, login, login->refresh_before);
    if (!answered(soak)) {
        ended(soak, login, REVOKED, false);
        return;
    }
    early = soak->when.high - login->rotated.low <= GRACE_MS;
    late = soak->when.low - login->rotated.high > GRACE_MS;
    if (soak->status == 401) {
        if (early)
            expect_seen(soak, login, IS_OVER);
        else
            ended(soak, login, REVOKED, late);
        return;
    }
    expect_status(soak, 200);
    expect_holder(soak, login);
    struct str next = answer_header(soak, "X-Refresh-Token");
    if (late || !str_eq(next, str_of(login->refresh)))
        disagree(soak, "the successor is another");
}

static void use_refresh(struct soak *soak, struct login *login)
{
    if (!login->refresh[0])
        return;
    if (login->refresh_before[0] && !login->asked_first && chance(25))
        refresh_again(soak, login);
    else if (!login->asked_first && chance(15))
        end_by_refresh(soak, login);
    else
        refresh(soak, login);
}

/* ---- at random ---- */

static const struct {
    void (*act)(struct soak *soak, struct login *login);
    unsigned weight;
    bool known; /* takes a session with a token */
} acts[] = {
    {end_by_corbado, 4, false},
    {end_by_status, 4, false},
    {end_by_streambird, 4, false},
    {end_by_kratos, 4, false},
    {end_by_native, 4, false},
    {end_as_rocketchat, 4, true},
    {end_as_prelude, 4, true},
    {end_sibling_by_kratos, 4, true},
    {end_sibling_by_rocketchat, 4, true},
    {end_sibling_by_prelude, 4, true},
    {end_others_by_kratos, 1, true},
    {end_many_by_prelude, 1, true},
    {end_many_by_native, 1, false},
    {remove_many, 1, false},
    {touch, 8, false},
    {extend, 5, false},
    {verify, 14, true},
    {shorten, 6, false},
    {use_refresh, 16, true},
};
enum { ACTS = sizeof(acts) / sizeof(*acts) };

void do_something(struct soak *soak)
{
    size_t sum = 0, kind = 0;
    for (size_t i = 0; i < ACTS; i++)
        sum += acts[i].weight;
    for (size_t rest = random_below(sum); rest >= acts[kind].weight; kind++)
        rest -= acts[kind].weight;
    struct login *login = any_login(soak, NULL, chance(85) ? IS_ACTIVE : IS_ANY, acts[kind].known);
    if (login)
        acts[kind].act(soak, login);
}
