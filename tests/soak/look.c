/* Looks at the sessions in all dialects. Nothing is changed by it, but that a session was used. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "list.h"
#include "support/random.h"

static const char *text_of(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

static const json_t *rows_of(struct soak *soak, const json_t *rows)
{
    if (!json_is_array(rows))
        disagree(soak, "no rows");
    return rows;
}

/* The states that a word of a status means. */
static unsigned states_of(struct soak *soak, const char *word)
{
    for (unsigned state = 0; word && state < GONE; state++)
        if (strcmp(word, state_words[state]) == 0)
            return 1U << state;
    disagree(soak, "the status %s", word ? word : "(nothing)");
}

/* ---- Corbado ---- */

static void see_corbado(struct soak *soak, struct list *list, const json_t *row)
{
    uint8_t id[UUID_SIZE];
    const char *name = text_of(row, "sessionID");
    if (!unspell_corbado(name, id))
        disagree(soak, "sessionID is none");
    struct login *login = list_row(soak, list, name, text_of(row, "userID"), id,
                                   states_of(soak, text_of(row, "status")));
    if (!login)
        return;
    expect_number(soak, row, "createdMs", login->created);
    expect_millis(soak, row, "lastActionMs", login, &login->last_active);
    expect_millis(soak, row, "expiresMs", login, &login->expires);
}

/* Offsets shift when old sessions are taken out: what is shown on one page is all there is. */
static bool look_at_corbado(struct soak *soak, struct list *list)
{
    char filter[3 * WORD] = "";
    list->oldest_first = chance(30);
    list->shows = chance(30) ? (unsigned)IS_ACTIVE : (unsigned)IS_THERE;
    list->part = chance(30);
    size_t size = list->part ? 5 + random_below(20) : 1000;
    size_t page = list->part ? 1 + random_below(3) : 1;
    if (list->person)
        snprintf(filter, sizeof(filter), "&filter%%5B%%5D=userID%%3Aeq%%3A%s", list->person->id);
    if (list->shows == IS_ACTIVE)
        strcat(filter, "&filter[]=status:eq:active");
    if (list->oldest_first)
        strcat(filter, "&sort=created:asc");
    ask(soak, list->tenant, "GET", "/v2/sessions?page=%zu&pageSize=%zu%s", page, size, filter);
    ask_key(soak, OF_CORBADO, list->tenant, list->tenant);
    if (!answered(soak))
        return false;
    expect_status(soak, 200);
    size_t i;
    const json_t *row;
    list_page(soak, list);
    json_array_foreach(rows_of(soak, answer_member(soak, "sessions")), i, row)
        see_corbado(soak, list, row);
    list->part |= list->count == size;
    const json_t *total = json_object_get(answer_member(soak, "paging"), "totalItems");
    list_total(soak, list, json_integer_value(total));
    list_end(soak, list);
    return true;
}

/* ---- Rollcall's own ---- */

static void see_spellings(struct soak *soak, const json_t *row, const struct login *login)
{
    const json_t *spelled = json_object_get(row, "spelled");
    for (int dialect = 0; dialect < DIALECTS; dialect++)
        expect_text(soak, spelled, dialect_words[dialect], login->names[dialect]);
}

static bool read_uuid(const char *text, uint8_t *id)
{
    struct uuid uuid;
    if (!text || !uuid_parse_text(str_of(text), &uuid))
        return false;
    memcpy(id, uuid.bytes, UUID_SIZE);
    return true;
}

static void see_own_members(struct soak *soak, const json_t *row, struct login *login)
{
    struct span created = {login->created, login->created};
    expect_text(soak, row, "app", login->person->tenant->name);
    expect_text(soak, row, "user", login->person->id);
    expect_instant(soak, row, "created_at", login, &created);
    expect_instant(soak, row, "last_active_at", login, &login->last_active);
    expect_instant(soak, row, "updated_at", login, &login->updated);
    expect_instant(soak, row, "expires_at", login, &login->expires);
    see_spellings(soak, row, login);
}

void see_native(struct soak *soak, const json_t *row, struct login *login)
{
    expect_seen(soak, login, states_of(soak, text_of(row, "status")));
    see_own_members(soak, row, login);
}

static void see_native_row(struct soak *soak, struct list *list, const json_t *row)
{
    uint8_t id[UUID_SIZE];
    const char *name = text_of(row, "id");
    if (!read_uuid(name, id))
        disagree(soak, "id is none");
    struct login *login = list_row(soak, list, name, text_of(row, "user"), id,
                                   states_of(soak, text_of(row, "status")));
    if (login)
        see_own_members(soak, row, login);
}

/* To those that began of late. */
static void narrow_by_beginning(struct list *list, char *filter)
{
    struct buf text = {0};
    list->from = now_ms() - (int64_t)random_below(60000);
    instant_put_millis(&text, list->from);
    sprintf(filter + strlen(filter), "&created_from=%.*s", STR_ARG(buf_view(&text)));
    buf_free(&text);
}

static bool look_at_native(struct soak *soak, struct list *list)
{
    char after[512] = "", filter[4 * WORD] = "";
    size_t size = chance(50) ? 1000 : 5 + random_below(30), i;
    const json_t *row;
    list->dialect = KRATOS;
    list->shows = chance(40) ? (unsigned)IS_ACTIVE : (unsigned)IS_THERE;
    if (list->person)
        snprintf(filter, sizeof(filter), "&user=%s", list->person->id);
    if (chance(30))
        narrow_by_beginning(list, filter);
    do {
        ask(soak, list->tenant, "GET", "/rollcall/v1/sessions?limit=%zu%s%s%s%s", size, filter,
            list->shows == IS_ACTIVE ? "&status=active" : "", *after ? "&after=" : "", after);
        ask_key(soak, OF_ADMIN, list->tenant, NULL);
        if (!answered(soak))
            return false;
        expect_status(soak, 200);
        list_page(soak, list);
        json_array_foreach(rows_of(soak, answer_member(soak, "sessions")), i, row)
            see_native_row(soak, list, row);
        const char *next = json_string_value(answer_member(soak, "next"));
        if (!next && !*after)
            list_total(soak, list, json_integer_value(answer_member(soak, "total")));
        snprintf(after, sizeof(after), "%s", next ? next : "");
    } while (*after);
    list_end(soak, list);
    return true;
}

/* ---- Streambird ---- */

static bool look_at_streambird(struct soak *soak, struct list *list)
{
    size_t i;
    const json_t *row;
    list->dialect = STREAMBIRD;
    list->shows = IS_ACTIVE;
    ask(soak, list->tenant, "GET", "/v1/auth/sessions/list?user_id=%s", list->person->id);
    ask_key(soak, OF_STREAMBIRD, list->tenant, NULL);
    if (!answered(soak))
        return false;
    expect_status(soak, 200);
    list_page(soak, list);
    json_array_foreach(rows_of(soak, answer_member(soak, "sessions")), i, row)
    {
        struct login *login =
            list_row(soak, list, text_of(row, "id"), text_of(row, "user_id"), NULL, IS_ACTIVE);
        if (!login)
            continue;
        expect_number(soak, row, "created_at", login->created / 1000);
        expect_seconds(soak, row, "last_active_at", &login->last_active);
        expect_seconds(soak, row, "updated_at", &login->updated);
        expect_seconds(soak, row, "expires_at", &login->expires);
    }
    list_end(soak, list);
    return true;
}

/* ---- Kratos ---- */

static void see_kratos_members(struct soak *soak, const json_t *row, struct login *login)
{
    struct span created = {login->created, login->created};
    expect_instant(soak, row, "issued_at", login, &created);
    expect_instant(soak, row, "expires_at", login, &login->expires);
    if (json_is_object(json_object_get(row, "identity")))
        expect_text(soak, json_object_get(row, "identity"), "id", login->person->identity);
}

static void see_kratos(struct soak *soak, struct list *list)
{
    size_t i;
    const json_t *row;
    list_page(soak, list);
    json_array_foreach(rows_of(soak, soak->json), i, row)
    {
        bool active = json_is_true(json_object_get(row, "active"));
        struct login *login = list_row(soak, list, text_of(row, "id"), NULL, NULL,
                                       active ? (unsigned)IS_ACTIVE : IS_ENDED | IS_OUT_OF_TIME);
        if (login)
            see_kratos_members(soak, row, login);
    }
}

static void see_total(struct soak *soak, const struct list *list)
{
    int64_t total;
    if (!str_to_i64(answer_header(soak, "X-Total-Count"), &total))
        disagree(soak, "no X-Total-Count");
    list_total(soak, list, total);
}

static const char *narrow_kratos(struct list *list)
{
    switch (random_below(3)) {
    case 0:
        list->shows = IS_ACTIVE;
        return "&active=true";
    case 1:
        list->shows = IS_ENDED | IS_OUT_OF_TIME;
        return "&active=false";
    default:
        list->shows = IS_THERE;
        return "";
    }
}

static bool look_at_identity(struct soak *soak, struct list *list)
{
    list->dialect = KRATOS;
    ask(soak, list->tenant, "GET", "/admin/identities/%s/sessions?page_size=1000%s",
        list->person->identity, narrow_kratos(list));
    ask_key(soak, OF_ADMIN, list->tenant, NULL);
    if (!answered(soak))
        return false;
    expect_status(soak, 200);
    see_kratos(soak, list);
    see_total(soak, list);
    list_end(soak, list);
    return true;
}

/* Where the answer says that the next page is; false when it was the last. */
static bool read_next(const struct soak *soak, char *target, size_t size)
{
    static const char mark[] = ">; rel=\"next\"";
    struct str link = answer_header(soak, "Link");
    const char *end = link.len ? memmem(link.ptr, link.len, mark, sizeof(mark) - 1) : NULL;
    const char *begin = end ? memrchr(link.ptr, '<', (size_t)(end - link.ptr)) : NULL;
    if (!begin)
        return false;
    snprintf(target, size, "%.*s", (int)(end - begin - 1), begin + 1);
    return true;
}

static bool look_at_all_of_kratos(struct soak *soak, struct list *list)
{
    char target[1024];
    size_t size = chance(50) ? 1000 : 10 + random_below(40);
    list->dialect = KRATOS;
    snprintf(target, sizeof(target), "/admin/sessions?page_size=%zu%s", size, narrow_kratos(list));
    do {
        ask(soak, list->tenant, "GET", "%s", target);
        ask_key(soak, OF_ADMIN, list->tenant, NULL);
        if (!answered(soak))
            return false;
        expect_status(soak, 200);
        see_kratos(soak, list);
    } while (read_next(soak, target, sizeof(target)));
    list_end(soak, list);
    return true;
}

/* ---- who holds a token ---- */

static void ask_as_kratos(struct soak *soak, struct login *login, const char *target)
{
    ask(soak, login->person->tenant, "GET", "%s", target);
    ask_by_token(soak, login);
}

static void ask_as_rocketchat(struct soak *soak, struct login *login, const char *target)
{
    ask(soak, login->person->tenant, "GET", "/api/v1/%s", target);
    ask_by_login(soak, login);
}

static bool look_as_kratos(struct soak *soak, struct list *list, struct login *login)
{
    list->dialect = KRATOS;
    list->without = login;
    ask_as_kratos(soak, login, "/sessions?page_size=1000");
    if (!answered(soak))
        return false;
    if (!expect_holder(soak, login))
        return true;
    expect_status(soak, 200);
    see_kratos(soak, list);
    see_total(soak, list);
    list_end(soak, list);
    return true;
}

static bool look_as_rocketchat(struct soak *soak, struct list *list, struct login *login)
{
    enum { MOST = 100 };
    size_t i;
    const json_t *row;
    list->dialect = ROCKETCHAT;
    ask_as_rocketchat(soak, login, "sessions/list?count=100");
    if (!answered(soak))
        return false;
    if (!expect_holder(soak, login))
        return true;
    expect_status(soak, 200);
    list_page(soak, list);
    json_array_foreach(rows_of(soak, answer_member(soak, "sessions")), i, row)
    {
        struct login *shown = list_row(soak, list, text_of(row, "sessionId"),
                                       text_of(row, "userId"), NULL, IS_ACTIVE);
        if (shown && json_is_true(json_object_get(row, "current")) != (shown == login))
            disagree(soak, "the current one is another");
    }
    list->part = list->count == MOST;
    list_total(soak, list, json_integer_value(answer_member(soak, "total")));
    list_end(soak, list);
    return true;
}

static bool look_as_prelude(struct soak *soak, struct list *list, struct login *login)
{
    enum { MOST = 100 };
    size_t i;
    const json_t *row;
    list->dialect = PRELUDE;
    ask(soak, list->tenant, "GET", "/v1/session/me/list?limit=100");
    ask_by_jwt(soak, login);
    if (!answered(soak))
        return false;
    if (!expect_jwt_holder(soak, login))
        return true;
    expect_status(soak, 200);
    list_page(soak, list);
    json_array_foreach(rows_of(soak, answer_member(soak, "sessions")), i, row)
    {
        struct login *shown = list_row(soak, list, text_of(row, "id"), NULL, NULL, IS_ACTIVE);
        if (!shown)
            continue;
        expect_whole_second(soak, row, "last_seen_at", &shown->last_active);
        expect_whole_second(soak, row, "expires_at", &shown->expires);
    }
    list->part = list->count == MOST;
    list_total(soak, list, json_integer_value(answer_member(soak, "total")));
    list_end(soak, list);
    return true;
}

/* ---- one session ---- */

static void look_at_whoami(struct soak *soak, struct login *login)
{
    ask_as_kratos(soak, login, "/sessions/whoami");
    if (!answered(soak) || !expect_holder(soak, login))
        return;
    expect_status(soak, 200);
    expect_text(soak, soak->json, "id", login->names[KRATOS]);
    see_kratos_members(soak, soak->json, login);
}

static void look_at_me(struct soak *soak, struct login *login)
{
    ask_as_rocketchat(soak, login, "me");
    if (!answered(soak) || !expect_holder(soak, login))
        return;
    expect_status(soak, 200);
    expect_text(soak, soak->json, "_id", login->person->id);
}

static void look_at_resume(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "POST", "/api/v1/login");
    ask_json(soak, "{\"resume\":\"%s\"}", login->token);
    soak->holder = login;
    if (!answered(soak) || !expect_holder(soak, login))
        return;
    expect_status(soak, 200);
    expect_text(soak, answer_member(soak, "data"), "userId", login->person->id);
}

static void look_at_one_of_native(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "GET", "/rollcall/v1/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    if (answered(soak) && expect_states(soak, login, IS_THERE, 200, 404))
        see_native(soak, soak->json, login);
}

static void look_at_one_of_corbado(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "GET", "/v2/longSessions/%s", login->names[CORBADO]);
    ask_key(soak, OF_CORBADO, login->person->tenant, login->person->tenant);
    if (!answered(soak) || !expect_states(soak, login, IS_THERE, 200, 400))
        return;
    expect_text(soak, soak->json, "longSessionID", login->names[CORBADO]);
    expect_text(soak, soak->json, "userID", login->person->id);
    expect_seen(soak, login, states_of(soak, text_of(soak->json, "status")));
    expect_whole_second(soak, soak->json, "expires", &login->expires);
}

static void look_at_one_of_kratos(struct soak *soak, struct login *login)
{
    ask(soak, login->person->tenant, "GET", "/admin/sessions/%s", login->names[KRATOS]);
    ask_key(soak, OF_ADMIN, login->person->tenant, NULL);
    if (!answered(soak) || !expect_states(soak, login, IS_THERE, 200, 404))
        return;
    expect_text(soak, soak->json, "id", login->names[KRATOS]);
    see_kratos_members(soak, soak->json, login);
}

/* ---- at random ---- */

static void look_at_one(struct soak *soak)
{
    static void (*const by_token[])(struct soak * soak, struct login * login) = {
        look_at_whoami, look_at_me, look_at_resume};
    static void (*const by_key[])(struct soak * soak, struct login * login) = {
        look_at_one_of_native, look_at_one_of_corbado, look_at_one_of_kratos};
    bool token = chance(60);
    struct login *login = any_login(soak, NULL, chance(60) ? IS_ACTIVE : IS_ANY, token);
    if (login)
        (token ? by_token : by_key)[random_below(3)](soak, login);
}

static bool look_at_person(struct soak *soak, const struct person *person)
{
    struct list list = {.tenant = person->tenant, .person = person, .shows = IS_ACTIVE};
    struct login *login = any_login(soak, person, chance(85) ? IS_ACTIVE : IS_ANY, true);
    list_begin(soak, &list);
    list.dialect = CORBADO;
    switch (random_below(login ? 7 : 4)) {
    case 0:
        return look_at_corbado(soak, &list);
    case 1:
        return look_at_native(soak, &list);
    case 2:
        return look_at_streambird(soak, &list);
    case 3:
        return look_at_identity(soak, &list);
    case 4:
        return look_as_kratos(soak, &list, login);
    case 5:
        return look_as_rocketchat(soak, &list, login);
    default:
        return look_as_prelude(soak, &list, login);
    }
}

static void look_at_tenant(struct soak *soak, const struct tenant *tenant)
{
    struct list list = {.tenant = tenant, .dialect = CORBADO};
    list_begin(soak, &list);
    switch (random_below(3)) {
    case 0:
        look_at_corbado(soak, &list);
        break;
    case 1:
        look_at_native(soak, &list);
        break;
    default:
        look_at_all_of_kratos(soak, &list);
    }
}

void look_at_something(struct soak *soak)
{
    if (chance(60))
        look_at_one(soak);
    else if (chance(85))
        look_at_person(soak, any_person(soak));
    else
        look_at_tenant(soak, &soak->tenants[random_below(TENANTS)]);
}

/* ---- all of it ---- */

static void insist(struct soak *soak, bool (*look)(struct soak *soak, struct list *list),
                   const struct person *person)
{
    struct list list;
    int64_t until = now_ms() + LATE_MS;
    do {
        list = (struct list){.tenant = person->tenant, .person = person, .dialect = CORBADO};
        list_begin(soak, &list);
    } while (!look(soak, &list) && now_ms() < until);
    if (!list.when.low)
        disagree(soak, "answers nothing any more");
}

void look_at_all(struct soak *soak)
{
    static bool (*const looks[])(struct soak * soak, struct list * list) = {
        look_at_corbado, look_at_native, look_at_streambird, look_at_identity};
    for (size_t i = 0; i < PERSONS; i++)
        for (size_t k = 0; k < sizeof(looks) / sizeof(*looks); k++)
            insist(soak, looks[k], &soak->persons[i]);
    for (size_t i = 0; i < soak->login_count; i++)
        if (soak->logins[i]->token[0])
            look_at_whoami(soak, soak->logins[i]);
}
