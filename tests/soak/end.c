/* Ends sessions in all dialects, one or many, by a key or by whoever holds one. */
#include "end.h"

/* ---- one is ended by whoever holds a key ---- */

void end_by_corbado(struct soak *soak, struct login *login)
{
    const struct tenant *tenant = login->person->tenant;
    ask(soak, tenant, "POST", "/v2/sessions/%s/revoke", login->names[CORBADO]);
    ask_key(soak, OF_CORBADO, tenant, tenant);
    if (!answered(soak))
        ended(soak, login, REVOKED, false);
    else if (expect_states(soak, login, IS_THERE, 200, 400))
        ended(soak, login, REVOKED, true);
}

void end_by_status(struct soak *soak, struct login *login)
{
    const struct tenant *tenant = login->person->tenant;
    enum state as = chance(50) ? LOGGED_OUT : REVOKED;
    ask(soak, tenant, "PATCH", "/v2/users/%s/longSessions/%s", login->person->id,
        login->names[CORBADO]);
    ask_key(soak, OF_CORBADO, tenant, tenant);
    ask_json(soak, "{\"status\":\"%s\"}", state_words[as]);
    if (!answered(soak))
        ended(soak, login, as, false);
    else if (expect_states(soak, login, IS_ACTIVE | 1U << as, 200, 400))
        ended(soak, login, as, true);
}

void end_by_streambird(struct soak *soak, struct login *login)
{
    bool by_token = login->token[0] && chance(50);
    ask(soak, login->person->tenant, "DELETE", "/v1/auth/sessions/delete");
    ask_key(soak, OF_STREAMBIRD, login->person->tenant, NULL);
    ask_json(soak, "{\"%s\":\"%s\"}", by_token ? "session_token" : "session_id",
             by_token ? login->token : login->names[STREAMBIRD]);
    if (!answered(soak))
        ended(soak, login, REVOKED, false);
    else if (expect_states(soak, login, IS_ACTIVE, 200, 404))
        ended(soak, login, REVOKED, true);
}

void end_by_kratos(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "DELETE", "/admin/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    if (!answered(soak))
        ended(soak, login, REVOKED, false);
    else if (expect_states(soak, login, IS_THERE, 204, 404))
        ended(soak, login, REVOKED, true);
}

void end_by_native(struct soak *soak, struct login *login)
{
    enum state as = chance(50) ? LOGGED_OUT : REVOKED;
    ask(soak, login->person->tenant, "DELETE", "/rollcall/v1/sessions/%s?as=%s",
        login->names[KRATOS], state_words[as]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    if (!answered(soak)) {
        ended(soak, login, as, false);
    } else if (expect_states(soak, login, IS_THERE, 200, 404)) {
        ended(soak, login, as, true);
        see_native(soak, soak->json, login);
    }
}

/* ---- by its own holder ---- */

static void end_itself(struct soak *soak, struct login *login, enum state as, int right)
{
    if (!answered(soak))
        ended(soak, login, as, false);
    else if (expect_states(soak, login, IS_ACTIVE, right, 401))
        ended(soak, login, as, true);
}

void end_as_rocketchat(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, chance(50) ? "GET" : "POST", "/api/v1/logout");
    ask_by_login(soak, login);
    end_itself(soak, login, LOGGED_OUT, 200);
}

void end_by_refresh(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "POST", "/v1/session/revoke");
    ask_by_refresh(soak, login, login->refresh);
    end_itself(soak, login, LOGGED_OUT, 204);
}

/* Where its access token is good. */
static bool holds_jwt(const struct login *login)
{
    return now_ms() < login->jwt_end.low - 5000;
}

void end_as_prelude(struct soak *soak, struct login *login)
{
    if (!holds_jwt(login))
        return;
    ask(soak, login->person->tenant, "POST", "/v1/session/me/revoke?target=mine");
    ask_by_jwt(soak, login);
    if (!answered(soak)) {
        ended(soak, login, REVOKED, false);
        return;
    }
    if (!expect_jwt_holder(soak, login))
        return;
    expect_status(soak, 204);
    ended(soak, login, REVOKED, true);
}

/* ---- by a sibling's holder ---- */

/* One of the same person's that is not `login`. */
static struct login *sibling(struct soak *soak, const struct login *login)
{
    struct login *other = any_login(soak, login->person, chance(80) ? IS_ACTIVE : IS_ANY, false);
    return other == login ? NULL : other;
}

void end_sibling_by_kratos(struct soak *soak, struct login *login)
{
    struct login *other = sibling(soak, login);
    if (!other)
        return;
    ask(soak, login->person->tenant, "DELETE", "/sessions/%s", other->names[KRATOS]);
    ask_by_token(soak, login);
    if (!answered(soak)) {
        ended(soak, other, REVOKED, false);
    } else if (expect_holder(soak, login)) {
        expect_status(soak, 204);
        ended(soak, other, REVOKED, true);
    }
}

void end_sibling_by_rocketchat(struct soak *soak, struct login *login)
{
    struct login *other = sibling(soak, login);
    if (!other)
        return;
    ask(soak, login->person->tenant, "POST", "/api/v1/sessions/logout.me");
    ask_by_login(soak, login);
    ask_json(soak, "{\"sessionId\":\"%s\"}", other->names[ROCKETCHAT]);
    if (!answered(soak))
        ended(soak, other, LOGGED_OUT, false);
    else if (expect_holder(soak, login) && expect_states(soak, other, IS_THERE, 200, 404))
        ended(soak, other, LOGGED_OUT, true);
}

void end_sibling_by_prelude(struct soak *soak, struct login *login)
{
    struct login *other = sibling(soak, login);
    if (!other || !holds_jwt(login))
        return;
    ask(soak, login->person->tenant, "POST", "/v1/session/me/revoke?target=session&session_id=%s",
        other->names[PRELUDE]);
    ask_by_jwt(soak, login);
    if (!answered(soak))
        ended(soak, other, REVOKED, false);
    else if (expect_jwt_holder(soak, login) && expect_states(soak, other, IS_ACTIVE, 204, 404))
        ended(soak, other, REVOKED, true);
}

/* ---- many at once ---- */

/* How many of a person's sessions may be in these states, and how many are. */
static void count_in(struct soak *soak, const struct person *person, const struct login *but,
                     unsigned states, struct span *count)
{
    *count = (struct span){0, (int64_t)count_untold(soak, NULL, person)};
    if (person->common)
        count->high = INT32_MAX;
    for (size_t i = 0; i < soak->login_count; i++) {
        const struct login *login = soak->logins[i];
        if (login->person != person || login == but)
            continue;
        unsigned possible = login_states(login, &soak->when);
        count->low += !(possible & ~states);
        count->high += (possible & states) != 0;
    }
}

static void expect_count(struct soak *soak, const char *name, const struct span *count)
{
    int64_t got = json_integer_value(answer_member(soak, name));
    if (got < count->low || got > count->high)
        disagree(soak, "%s is none of %lld to %lld", name, (long long)count->low,
                 (long long)count->high);
}

static void end_all(struct soak *soak, const struct person *person, const struct login *but,
                    enum state as, bool was_answered)
{
    for (size_t i = 0; i < soak->login_count; i++) {
        struct login *login = soak->logins[i];
        if (login->person != person || login == but)
            continue;
        if (as == GONE)
            removed(soak, login, was_answered);
        else
            ended(soak, login, as, was_answered);
    }
}

void end_others_by_kratos(struct soak *soak, struct login *login)
{
    struct span count;
    bool was_answered;
    ask(soak, login->person->tenant, "DELETE", "/sessions");
    ask_by_token(soak, login);
    was_answered = answered(soak);
    if (was_answered && !expect_holder(soak, login))
        return;
    if (was_answered) {
        expect_status(soak, 200);
        count_in(soak, login->person, login, IS_THERE, &count);
        expect_count(soak, "count", &count);
    }
    end_all(soak, login->person, login, REVOKED, was_answered);
}

void end_many_by_prelude(struct soak *soak, struct login *login)
{
    bool others = chance(70), was_answered;
    if (!holds_jwt(login))
        return;
    ask(soak, login->person->tenant, "POST", "/v1/session/me/revoke?target=%s",
        others ? "others" : "all");
    ask_by_jwt(soak, login);
    was_answered = answered(soak);
    if (was_answered && !expect_jwt_holder(soak, login))
        return;
    if (was_answered)
        expect_status(soak, 204);
    end_all(soak, login->person, others ? login : NULL, REVOKED, was_answered);
}

void end_many_by_native(struct soak *soak, struct login *login)
{
    const struct person *person = login->person;
    bool but_one = chance(50), was_answered;
    struct span count;
    ask(soak, person->tenant, "POST", "/rollcall/v1/sessions/revoke");
    ask_key(soak, OF_ADMIN, person->tenant, NULL);
    if (but_one)
        ask_json(soak, "{\"user\":\"%s\",\"except\":\"%s\"}", person->id, login->names[KRATOS]);
    else
        ask_json(soak, "{\"user\":\"%s\"}", person->id);
    was_answered = answered(soak);
    if (was_answered) {
        expect_status(soak, 200);
        count_in(soak, person, but_one ? login : NULL, IS_ACTIVE, &count);
        expect_count(soak, "revoked", &count);
    }
    end_all(soak, person, but_one ? login : NULL, REVOKED, was_answered);
}

/* The records themselves. */
void remove_many(struct soak *soak, struct login *login)
{
    const struct person *person = login->person;
    struct span count;
    bool was_answered;
    ask(soak, person->tenant, "POST", "/admin/sessions");
    ask_key(soak, OF_ADMIN, person->tenant, NULL);
    ask_json(soak, "{\"action\":\"delete\",\"identities\":[\"%s\"]}", person->identity);
    was_answered = answered(soak);
    if (was_answered) {
        expect_status(soak, 200);
        count_in(soak, person, NULL, IS_THERE, &count);
        expect_count(soak, "processed", &count);
    }
    end_all(soak, person, NULL, GONE, was_answered);
}
