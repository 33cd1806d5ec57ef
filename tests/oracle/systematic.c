/* Every kind of condition with every order, and with every other condition, of a store that has
 * seen many changes and now stands still. */
#include "changes.h"
#include "store/tree.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(systematic);

enum { SESSIONS = 260, HEIGHT = 500 };

static struct comparison begin(void)
{
    struct comparison comparison = comparison_new();
    struct changes changes;
    tree_node_limit = random_below(2) ? 0 : 5;
    changes_begin(&changes, &comparison);
    while (comparison.world->count < HEIGHT)
        changes_make(&changes, HEIGHT);
    while (comparison.world->count > SESSIONS)
        changes_make(&changes, 0);
    while (comparison.world->count < SESSIONS)
        changes_make(&changes, SESSIONS);
    changes_end(&changes);
    compare_soundness(&comparison);
    return comparison;
}

/* About the app that a random session is of, which is given back: conditions that it meets will
 * mostly be met by some others, too. */
static const struct held *question_begin(struct question *question, const struct world *world)
{
    const struct held *held = world_any(world);
    *question = (struct question){.app = held->app};
    question->idle_ms = world_idle_ms(world, held->app);
    question->now = question_draw_now(world, held->app);
    question->query.vendor = (enum vendor)(1 + random_below(VENDOR_END - 1));
    question->query.id_descending = random_below(2);
    question->query.conditions = question->conditions;
    question->query.limit = INT64_MAX;
    return held;
}

static size_t shape_count(const struct world *world)
{
    struct question question;
    struct condition shapes[SHAPES];
    const struct held *held = question_begin(&question, world);
    return question_shapes(held, &question, shapes);
}

/* No order, then each field either way. */
static void order_by(struct query *query, size_t number)
{
    query->order_count = number > 0;
    if (number > 0)
        query->orders[0] = (struct order){(enum field)((number - 1) / 2), number % 2 == 0};
}

enum { ORDERS = 1 + 2 * FIELD_COUNT };

/* What a list is besides conditions and an order. */
static void narrow(struct question *question, const struct world *world, size_t way)
{
    const struct held *held = world_any(world);
    struct query *query = &question->query;
    query->active_only = way & 1;
    if (way & 2)
        question->user_id = held->holder->id;
    if (way & 4)
        query->without = &held->draft.id;
    if (way & 8) {
        question->after = (struct mark){.created = held->draft.created,
                                        .id = spelling_view(&held->spelled[query->vendor]),
                                        .session = random_below(2) ? &held->draft.id : NULL};
        query->after = &question->after;
    }
    if (way & 16)
        question_draw_pattern(question);
}

enum { WAYS = 32 };

/* One question of the list, with one condition or none, and one order or none. */
static void compare_one(struct comparison *comparison, size_t shape, size_t order, size_t way)
{
    struct question question;
    struct condition shapes[SHAPES];
    const struct held *held = question_begin(&question, comparison->world);
    size_t count = question_shapes(held, &question, shapes);
    if (shape < count)
        question.conditions[question.query.condition_count++] = shapes[shape];
    order_by(&question.query, order);
    narrow(&question, comparison->world, way);
    compare(comparison, &question, 1);
}

Test(systematic, every_condition_with_every_order)
{
    struct comparison comparison = begin();
    size_t shapes = shape_count(comparison.world);
    for (size_t shape = 0; shape <= shapes; shape++)
        for (size_t order = 0; order < ORDERS; order++)
            for (int times = 0; times < 2; times++)
                compare_one(&comparison, shape, order, 0);
    comparison_end(&comparison, "every condition with every order");
}

Test(systematic, every_condition_with_all_else_that_narrows)
{
    struct comparison comparison = begin();
    size_t shapes = shape_count(comparison.world);
    for (size_t shape = 0; shape <= shapes; shape++)
        for (size_t way = 0; way < WAYS; way++)
            compare_one(&comparison, shape, random_below(2) ? random_below(ORDERS) : 0, way);
    for (size_t order = 0; order < ORDERS; order++)
        for (size_t way = 0; way < WAYS; way++)
            compare_one(&comparison, shapes, order, way);
    comparison_end(&comparison, "every condition with all else that narrows");
}

/* Two conditions that one session meets, and two of different sessions. */
static void compare_pair(struct comparison *comparison, size_t one, size_t other)
{
    struct condition shapes[SHAPES];
    struct question question;
    const struct held *held = question_begin(&question, comparison->world);
    question_shapes(held, &question, shapes);
    question.conditions[0] = shapes[one];
    if (random_below(2))
        question_shapes(world_any(comparison->world), &question, shapes);
    question.conditions[1] = shapes[other];
    question.query.condition_count = 2;
    order_by(&question.query, random_below(3) ? random_below(ORDERS) : 0);
    compare(comparison, &question, 1);
}

Test(systematic, every_condition_with_every_other)
{
    struct comparison comparison = begin();
    size_t shapes = shape_count(comparison.world);
    for (size_t one = 0; one < shapes; one++)
        for (size_t other = 0; other < shapes; other++)
            for (int times = 0; times < 2; times++)
                compare_pair(&comparison, one, other);
    comparison_end(&comparison, "every condition with every other");
}

Test(systematic, every_order_with_every_other)
{
    struct comparison comparison = begin();
    for (size_t one = 1; one < ORDERS; one++)
        for (size_t other = 1; other < ORDERS; other++) {
            struct question question;
            question_begin(&question, comparison.world);
            order_by(&question.query, other);
            question.query.orders[1] = question.query.orders[0];
            order_by(&question.query, one);
            question.query.order_count = 2;
            compare(&comparison, &question, 1);
        }
    comparison_end(&comparison, "every order with every other");
}
