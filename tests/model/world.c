#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Short lives, so that some end by themselves while a test runs. */
const struct tenant tenants[TENANTS] = {
    {"acme", "pro-1", "corbado1_acme", "sk_test_acme", "rk_acme", 3 * DAYS, 6 * HOURS},
    {"globex", "pro-2", "corbado1_globex", "sk_test_globex", "rk_globex", 2 * DAYS, 0},
};

const char *const state_words[STATES] = {"active", "logged_out", "expired", "inactivity_reached",
                                         "revoked"};

/* ---- rows ---- */

struct person *world_person(struct world *world, size_t tenant, const char *id)
{
    if (world->person_count == PERSONS_MAX)
        return NULL;
    struct person *person = &world->persons[world->person_count++];
    *person = (struct person){.tenant = tenant};
    snprintf(person->id, sizeof(person->id), "%s", id);
    return person;
}

struct login *world_login(struct world *world, const struct person *person, int64_t created)
{
    struct login *login = calloc(1, sizeof(*login));
    if (!login || world->login_count == LOGINS_MAX) {
        free(login);
        return NULL;
    }
    login->person = person;
    login->created = login->last_active = login->updated = created;
    login->expires = created + tenants[person->tenant].lifetime;
    world->logins[world->login_count++] = login;
    return login;
}

void login_spell(struct login *login)
{
    for (int dialect = 0; dialect < DIALECTS; dialect++)
        spell((enum dialect)dialect, login->id, login->created, login->computed[dialect]);
    memcpy(login->names, login->computed, sizeof(login->names));
}

static void login_free(struct login *login)
{
    free(login->jwt);
    free(login);
}

void world_forget(struct world *world)
{
    size_t kept = 0;
    for (size_t i = 0; i < world->login_count; i++)
        if (world->logins[i]->removed)
            login_free(world->logins[i]);
        else
            world->logins[kept++] = world->logins[i];
    world->login_count = kept;
}

void world_end(struct world *world)
{
    for (size_t i = 0; i < world->login_count; i++)
        login_free(world->logins[i]);
    world->login_count = 0;
}

/* ---- records ---- */

void instant_write(int64_t instant, FILE *file)
{
    time_t second = instant / SECONDS;
    char text[32];
    struct tm tm;
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
    fprintf(file, "%s.%03dZ", text, (int)(instant % SECONDS));
}

void tenant_write(const struct tenant *tenant, FILE *file)
{
    fprintf(file,
            "{\"kind\":\"app\",\"id\":\"%s\",\"session\":{\"lifetime_s\":%lld,\"idle_s\":%lld},"
            "\"corbado\":{\"project_id\":\"%s\"},\"keys\":[{\"for\":\"corbado\",\"secret\":\"%s\"},"
            "{\"for\":\"streambird\",\"secret\":\"%s\"},{\"for\":\"admin\",\"secret\":\"%s\"}]}\n",
            tenant->id, (long long)(tenant->lifetime / SECONDS),
            (long long)(tenant->idle / SECONDS), tenant->project, tenant->corbado_key,
            tenant->streambird_key, tenant->admin_key);
}

void person_write(const struct person *person, FILE *file)
{
    fprintf(file,
            "{\"kind\":\"user\",\"app\":\"%s\",\"id\":\"%s\",\"identifier\":\"%s\","
            "\"state\":\"%s\",\"roles\":[\"%s\"]}\n",
            tenants[person->tenant].id, person->id, person->identifier,
            person->inactive ? "inactive" : "active", person->admin ? "admin" : "user");
}

static void member_instant(const char *name, int64_t instant, FILE *file)
{
    fprintf(file, ",\"%s\":\"", name);
    instant_write(instant, file);
    fputc('"', file);
}

static void brought_ids_write(const struct login *login, FILE *file)
{
    bool any = false;
    for (int i = 0; i < DIALECTS; i++) {
        if (strcmp(login->names[i], login->computed[i]) == 0)
            continue;
        fprintf(file, "%s\"%s\":\"%s\"", any ? "," : ",\"ids\":{", dialect_words[i],
                login->names[i]);
        any = true;
    }
    if (any)
        fputc('}', file);
}

void login_write(const struct login *login, FILE *file)
{
    char id[NAME_BYTES];
    spell(KRATOS, login->id, login->created, id);
    fprintf(file, "{\"kind\":\"session\",\"app\":\"%s\",\"user\":\"%s\",\"id\":\"%s\"",
            tenants[login->person->tenant].id, login->person->id, id);
    member_instant("created_at", login->created, file);
    member_instant("last_active_at", login->last_active, file);
    member_instant("updated_at", login->updated, file);
    member_instant("expires_at", login->expires, file);
    if (login->token[0])
        fprintf(file, ",\"token\":\"%s\"", login->token);
    if (login->ended != ACTIVE) {
        fprintf(file, ",\"ended\":{\"as\":\"%s\"", state_words[login->ended]);
        member_instant("at", login->updated, file);
        fputc('}', file);
    }
    brought_ids_write(login, file);
    fputs("}\n", file);
}

/* ---- rules ---- */

/* "expired": not ended, expires_at <= now, and that came no later than the idle limit.
 * "inactivity_reached": not ended, idle_s > 0, last_active_at + idle_s <= now, and that came before
 * expires_at. */
enum state login_state(const struct world *world, const struct login *login)
{
    int64_t idle = tenants[login->person->tenant].idle, idle_at = login->last_active + idle;
    if (login->ended != ACTIVE)
        return login->ended;
    if (login->expires <= world->now && (idle == 0 || login->expires <= idle_at))
        return EXPIRED;
    if (idle > 0 && idle_at <= world->now && idle_at < login->expires)
        return INACTIVITY_REACHED;
    return ACTIVE;
}

bool login_lets_in(const struct world *world, const struct login *login)
{
    return !login->removed && !login->person->inactive && login_state(world, login) == ACTIVE;
}

int64_t login_deadline(const struct login *login)
{
    int64_t idle = tenants[login->person->tenant].idle, idle_at = login->last_active + idle;
    return idle > 0 && idle_at < login->expires ? idle_at : login->expires;
}

static bool is_active(const struct world *world, const struct login *login)
{
    return !login->removed && login_state(world, login) == ACTIVE;
}

void login_end(const struct world *world, struct login *login, enum state as)
{
    if (!is_active(world, login))
        return;
    login->ended = as;
    login->updated = world->now;
}

void login_used(const struct world *world, struct login *login)
{
    if (is_active(world, login))
        login->last_active = login->updated = world->now;
}

void login_expire_at(const struct world *world, struct login *login, int64_t expires)
{
    if (!is_active(world, login))
        return;
    login->expires = expires;
    login->updated = world->now;
}

void login_remove(struct login *login)
{
    login->removed = true;
}

void login_seen(const struct world *world, struct login *login)
{
    if (world->now - login->last_active >= MINUTES)
        login_used(world, login);
}

/* ---- lists ---- */

static bool belongs(const struct world *world, const struct choice *choice,
                    const struct login *login)
{
    if (login->removed || login->person->tenant != choice->tenant || login == choice->without)
        return false;
    if (choice->person && login->person != choice->person)
        return false;
    bool active = login_state(world, login) == ACTIVE;
    return choice->which == ANY || active == (choice->which == ACTIVE_ONES);
}

static int cmp_rows(const void *left, const void *right, void *context)
{
    const struct choice *choice = context;
    const struct login *a = *(struct login *const *)left, *b = *(struct login *const *)right;
    if (a->created != b->created)
        return a->created > b->created ? -1 : 1;
    int cmp = strcmp(a->names[choice->dialect], b->names[choice->dialect]);
    return choice->id_descending ? -cmp : cmp;
}

size_t world_list(const struct world *world, const struct choice *choice, struct login **rows)
{
    size_t count = 0;
    for (size_t i = 0; i < world->login_count; i++)
        if (belongs(world, choice, world->logins[i]))
            rows[count++] = world->logins[i];
    qsort_r(rows, count, sizeof(*rows), cmp_rows, (void *)choice);
    return count;
}
