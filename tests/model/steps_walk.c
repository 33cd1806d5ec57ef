/* Lists that are walked through page by page while sessions come and go. */
#include <stdio.h>
#include <string.h>

#include "steps.h"
#include "support/random.h"

enum { TOKEN_BYTES = 512 };

/* A walk: who is in the list all along, how often each was shown, and where the last page ended. */
struct walk {
    struct driver *driver;
    struct choice choice;
    bool native;
    size_t size;
    struct login *steady[LOGINS_MAX];
    size_t shown[LOGINS_MAX];
    size_t steady_count;
    bool begun;
    int64_t last_created;
    char last_name[NAME_BYTES];
    char token[TOKEN_BYTES];
};

static bool is_among(struct login *const *logins, size_t count, const struct login *login)
{
    for (size_t i = 0; i < count; i++)
        if (logins[i] == login)
            return true;
    return false;
}

/* ---- a page ---- */

static void ask(struct walk *walk, size_t tenant, const char *token)
{
    static const char *const kratos[] = {"", "&active=true", "&active=false"};
    static const char *const native[] = {"", "&status=active"};
    struct client *client = &walk->driver->client;
    if (walk->native) {
        client_request(client, "GET", "/rollcall/v1/sessions?limit=%zu%s%s%s", walk->size,
                       native[walk->choice.which], *token ? "&after=" : "", token);
        client_header(client, "Authorization", "Bearer %s", tenants[tenant].admin_key);
    } else {
        client_request(client, "GET", "/admin/sessions?page_size=%zu%s%s%s", walk->size,
                       kratos[walk->choice.which], *token ? "&page_token=" : "", token);
        add_right_key(walk->driver, KEY_OF_ADMIN, tenant);
    }
}

static bool stands_after(const struct walk *walk, const struct login *login)
{
    if (!walk->begun || login->created != walk->last_created)
        return !walk->begun || login->created < walk->last_created;
    return strcmp(login->names[KRATOS], walk->last_name) > 0;
}

/* What of the list there is after the last page; at most a page of it, and whether that is all. */
static size_t rest_of(const struct walk *walk, struct login **rest, bool *more)
{
    struct login *rows[LOGINS_MAX];
    size_t count = world_list(&walk->driver->world, &walk->choice, rows), found = 0;
    for (size_t i = 0; i < count; i++)
        if (stands_after(walk, rows[i]))
            rest[found++] = rows[i];
    *more = found > walk->size;
    return *more ? walk->size : found;
}

static void note_shown(struct walk *walk, const struct login *login)
{
    for (size_t i = 0; i < walk->steady_count; i++)
        walk->shown[i] += walk->steady[i] == login;
    walk->begun = true;
    walk->last_created = login->created;
    memcpy(walk->last_name, login->names[KRATOS], NAME_BYTES);
}

static void compare_rows(struct walk *walk, struct login *const *rest, size_t count)
{
    struct driver *driver = walk->driver;
    const json_t *rows = walk->native ? client_member(&driver->client, "sessions")
                                      : (const json_t *)driver->client.json;
    expect_rows(driver, rows, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        if (walk->native)
            expect_text(driver, json_object_get(row, "spelled"), "kratos", rest[i]->names[KRATOS]);
        else
            expect_text(driver, row, "id", rest[i]->names[KRATOS]);
        note_shown(walk, rest[i]);
    }
}

/* The token of the next page; empty where the answer has none. */
static void read_token(struct walk *walk)
{
    static const char name[] = "page_token=", rel[] = ">; rel=\"next\"";
    const struct client *client = &walk->driver->client;
    walk->token[0] = '\0';
    if (walk->native) {
        const char *next = json_string_value(client_member(client, "next"));
        snprintf(walk->token, TOKEN_BYTES, "%s", next ? next : "");
        return;
    }
    struct str link = client_answer_header(client, "Link");
    const char *end = memmem(link.ptr, link.len, rel, strlen(rel));
    const char *at = end ? memrchr(link.ptr, '<', (size_t)(end - link.ptr)) : NULL;
    at = at ? memmem(at, (size_t)(end - at), name, strlen(name)) : NULL;
    if (at)
        snprintf(walk->token, TOKEN_BYTES, "%.*s", (int)strcspn(at + strlen(name), "&>"),
                 at + strlen(name));
}

static void look_at_page(struct walk *walk)
{
    struct login *rest[LOGINS_MAX];
    bool more;
    size_t count = rest_of(walk, rest, &more);
    ask(walk, walk->choice.tenant, walk->token);
    expect_status(walk->driver, 200);
    compare_rows(walk, rest, count);
    read_token(walk);
    if (more != (walk->token[0] != '\0'))
        disagree(walk->driver, "%s next page", more ? "no" : "a");
}

/* ---- between pages ---- */

/* A token that is not ours, or is not for this app, leads nowhere. */
static void try_others(struct walk *walk)
{
    char changed[TOKEN_BYTES];
    size_t at = random_below(strlen(walk->token));
    memcpy(changed, walk->token, TOKEN_BYTES);
    /* Other letters for the last one can be no base 64, which is a 400 as well. */
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    ask(walk, walk->choice.tenant, changed);
    expect_status(walk->driver, 400);
    ask(walk, (walk->choice.tenant + 1) % TENANTS, walk->token);
    expect_status(walk->driver, 400);
}

static void change_something(struct driver *driver)
{
    static void (*const changes[])(struct driver * driver) = {
        step_import,           step_import,      step_corbado_create,         step_kratos_admin_end,
        step_kratos_end_one,   step_kratos_bulk, step_kratos_identity_delete, step_corbado_revoke,
        step_rocketchat_logout};
    changes[random_below(sizeof(changes) / sizeof(*changes))](driver);
}

/* Who is not in the list now was not there all along. */
static void drop_the_unsteady(struct walk *walk)
{
    struct login *rows[LOGINS_MAX];
    size_t count = world_list(&walk->driver->world, &walk->choice, rows), left = 0;
    for (size_t i = 0; i < walk->steady_count; i++) {
        if (!is_among(rows, count, walk->steady[i]))
            continue;
        walk->steady[left] = walk->steady[i];
        walk->shown[left++] = walk->shown[i];
    }
    walk->steady_count = left;
}

/* ---- the walk ---- */

void step_walk(struct driver *driver)
{
    static struct walk walk;
    walk = (struct walk){.driver = driver, .native = chance(50), .size = 1 + random_below(12)};
    walk.choice = (struct choice){.tenant = pick_tenant(driver), .dialect = KRATOS};
    walk.choice.which = (enum which)random_below(walk.native ? 2 : 3);
    walk.steady_count = world_list(&driver->world, &walk.choice, walk.steady);
    do {
        driver->list = "a list while it changes";
        look_at_page(&walk);
        if (walk.token[0] && chance(20))
            try_others(&walk);
        for (size_t left = random_below(3); left > 0; left--) {
            change_something(driver);
            drop_the_unsteady(&walk);
        }
    } while (walk.token[0]);
    for (size_t i = 0; i < walk.steady_count; i++)
        if (walk.shown[i] != 1)
            disagree(driver, "%s was there all along, and was shown %zu times",
                     walk.steady[i]->names[KRATOS], walk.shown[i]);
}
