/* The model: random sequences of requests in all dialects, done to the service and to a plain table
 * in memory alike; after every one of them what the service shows is what the table says. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "steps.h"
#include "support/random.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(model);

enum {
    STEPS = 3000,
    CHILDREN = 3,
    STEPS_OF_CHILD = 500,
    LOOK_AT_ALL_EVERY = 20,
    IMPORTS_FIRST = 20,
    LONGEST_S = 300 /* for a child, before it is taken for stuck */
};

/* 2026-03-01T12:00:00.000Z */
#define BEGINNING INT64_C(1772366400000)

/* ---- what is done, and how often ---- */

static const struct {
    void (*step)(struct driver *driver);
    unsigned weight;
    bool whole_app; /* what other users do would show in it */
} steps[] = {
    {step_clock, 26, false},
    {step_import, 30, false},
    {step_corbado_create, 8, false},
    {step_prelude_revoke, 9, false},
    {step_corbado_revoke, 6, false},
    {step_corbado_status, 10, false},
    {step_corbado_short, 5, false},
    {step_streambird_verify, 12, false},
    {step_streambird_delete, 6, false},
    {step_kratos_end_others, 3, false},
    {step_kratos_end_one, 7, false},
    {step_kratos_admin_end, 6, false},
    {step_kratos_extend, 8, false},
    {step_kratos_bulk, 5, false},
    {step_kratos_bulk_everybody, 1, true},
    {step_kratos_identity_delete, 5, false},
    {step_rocketchat_logout_me, 7, false},
    {step_rocketchat_logout_any, 6, false},
    {step_rocketchat_logout, 4, false},
    {step_walk, 6, true},
};
enum { STEP_KINDS = sizeof(steps) / sizeof(*steps) };

static size_t pick_step(bool alone)
{
    size_t sum = 0;
    for (size_t i = 0; i < STEP_KINDS; i++)
        sum += alone || !steps[i].whole_app ? steps[i].weight : 0;
    size_t rest = random_below(sum), kind = 0;
    for (;; kind++) {
        size_t weight = alone || !steps[kind].whole_app ? steps[kind].weight : 0;
        if (rest < weight)
            return kind;
        rest -= weight;
    }
}

/* `alone`: nobody else changes anything in the store. */
static void drive(struct driver *driver, size_t count, bool alone)
{
    for (driver->step = 1; driver->step <= count; driver->step++) {
        steps[pick_step(alone)].step(driver);
        size_t tenant = pick_tenant(driver);
        struct person *person = pick_person(driver, tenant);
        if (person)
            look_at_person(driver, person, false);
        if (alone)
            look_at_tenant(driver, tenant);
        if (driver->step % LOOK_AT_ALL_EVERY == 0)
            look_at_all(driver, alone);
    }
    look_at_all(driver, alone);
}

/* ---- the store and its users ---- */

struct scene {
    struct driver driver;
    char *dir;
    struct store *store;
};

/* Some ids are the applications' own, some are UUIDs; and the apps have the same ones. Of each
 * group's users, one is an administrator and one is inactive. */
static void add_persons(struct world *world, size_t tenant, size_t groups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char id[WORD_BYTES];
        snprintf(id, sizeof(id), i % 2 ? "6f504192-8d7e-4fa0-a1b2-3d4e5f60%04zx" : "usr-%zu", i);
        struct person *person = world_person(world, tenant, id);
        cr_assert_not_null(person);
        snprintf(person->identifier, sizeof(person->identifier), "user%zu@example.com", i);
        client_identity(tenants[tenant].id, id, person->identity);
        person->admin = i < groups;
        person->inactive = i >= groups && i < 2 * groups;
        person->there = person->ours = true;
    }
}

static void open_store(struct scene *scene)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/store", scene->dir);
    enum err err =
        store_open(&(struct store_options){.path = path, .mode = STORE_WRITE}, &scene->store);
    cr_assert(err == ERR_OK, "%s: %s", path, err_word(err));
}

static void make_store(struct scene *scene)
{
    const struct world *world = &scene->driver.world;
    char *records = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&records, &size);
    for (size_t i = 0; i < TENANTS; i++)
        tenant_write(&tenants[i], file);
    for (size_t i = 0; i < world->person_count; i++)
        person_write(&world->persons[i], file);
    fclose(file);
    scene->dir = scratch_dir();
    scene->store = scratch_store_at(scene->dir, records, BEGINNING);
    free(records);
}

static void begin(struct scene *scene, size_t groups, size_t persons)
{
    struct driver *driver = &scene->driver;
    *scene = (struct scene){.driver = {.seed = random_begin(), .report = -1, .name = ""}};
    for (size_t tenant = 0; tenant < TENANTS; tenant++)
        add_persons(&driver->world, tenant, groups, tenant == 0 ? persons : 6);
    make_store(scene);
    client_begin(&driver->client, scene->store);
    move_clock(driver, BEGINNING);
    for (size_t i = 0; i < IMPORTS_FIRST; i++)
        step_import(driver);
}

static void report_fault(void *context, struct str sentence)
{
    const struct driver *driver = context;
    cr_expect(false, "ROLLCALL_SEED=%" PRIu64 ": %.*s", driver->seed, STR_ARG(sentence));
}

static void end(struct scene *scene)
{
    uint64_t faults = 1;
    enum err err = store_check(scene->store, report_fault, &scene->driver, &faults);
    cr_expect(err == ERR_OK && faults == 0, "ROLLCALL_SEED=%" PRIu64 ": %" PRIu64 " faults, %s",
              scene->driver.seed, faults, err_word(err));
    store_close(scene->store);
    scratch_remove(scene->dir);
    world_end(&scene->driver.world);
}

/* ---- tests ---- */

/* $ROLLCALL_STEPS asks for more of them, or fewer. */
static size_t steps_wanted(size_t otherwise)
{
    const char *given = getenv("ROLLCALL_STEPS");
    return given ? strtoull(given, NULL, 10) : otherwise;
}

Test(model, what_is_shown_is_what_was_done)
{
    struct scene scene;
    begin(&scene, 1, 6);
    drive(&scene.driver, steps_wanted(STEPS), true);
    client_end(&scene.driver.client);
    end(&scene);
}

/* ---- several processes ---- */

/* Each child has a third of the first app's users for itself. */
static void share_out(struct world *world, size_t child)
{
    for (size_t i = 0; i < world->person_count; i++)
        world->persons[i].ours = world->persons[i].tenant == 0 && i % CHILDREN == child;
}

/* Its own part of the one sequence of random numbers, far from the others'. */
static void take_own_numbers(size_t child)
{
    for (size_t i = 0; i < child << 20; i++)
        (void)random_u64();
}

/* In the child: it opens the store on its own, after fork. */
static void be_child(struct scene *scene, size_t child, int report)
{
    static const char *const names[CHILDREN] = {"1", "2", "3"};
    struct driver *driver = &scene->driver;
    alarm(LONGEST_S);
    driver->report = report;
    driver->name = names[child];
    share_out(&driver->world, child);
    take_own_numbers(child);
    open_store(scene);
    client_begin(&driver->client, scene->store);
    move_clock(driver, driver->world.now);
    drive(driver, steps_wanted(STEPS_OF_CHILD), false);
    client_end(&driver->client);
    store_close(scene->store);
    _exit(0);
}

/* What the children have to say: nothing, when all went well. */
static void listen_to(int reports)
{
    enum { TEXT_BYTES = 16384 };
    static char text[TEXT_BYTES];
    size_t len = 0;
    ssize_t got;
    while ((got = read(reports, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    cr_expect(len == 0, "%s", text);
}

Test(model, several_processes_each_with_users_of_its_own)
{
    struct scene scene;
    pid_t children[CHILDREN];
    int pipes[2], status;
    begin(&scene, CHILDREN, 4 * CHILDREN);
    client_end(&scene.driver.client);
    store_close(scene.store);
    cr_assert_eq(pipe(pipes), 0);
    for (size_t i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        cr_assert(children[i] >= 0);
        if (children[i] == 0)
            be_child(&scene, i, pipes[1]);
    }
    close(pipes[1]);
    listen_to(pipes[0]);
    close(pipes[0]);
    for (size_t i = 0; i < CHILDREN; i++)
        cr_expect(waitpid(children[i], &status, 0) == children[i] && status == 0,
                  "ROLLCALL_SEED=%" PRIu64 ": child %zu ended with %x", scene.driver.seed, i,
                  (unsigned)status);
    open_store(&scene);
    end(&scene);
}
