#include "questions.h"

#include "support/random.h"

#define MINUTE     INT64_C(60000)
#define LENGTH(of) (sizeof(of) / sizeof(*(of)))

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[random_below(count)];
}

/* ---- conditions ---- */

static int64_t instant_of(const struct held *held, enum field field)
{
    const struct session_draft *draft = &held->draft;
    return field == FIELD_CREATED       ? draft->created
           : field == FIELD_LAST_ACTIVE ? draft->last_active
           : field == FIELD_UPDATED     ? draft->updated
                                        : draft->expires;
}

/* An instant that a session has, or one beside it. */
static int64_t draw_bound(const struct world *world, enum field field)
{
    const struct held *held = world_any(world);
    if (!held || random_below(10) == 0)
        return random_below(2) ? INT64_MIN : INT64_MAX;
    return instant_of(held, field) + (int64_t)random_below(3) - 1;
}

static void draw_range(const struct world *world, struct condition *condition)
{
    enum field field = condition->field;
    if (field == FIELD_STATUS) {
        condition->low = (int64_t)random_below(STATUS_COUNT + 1) - 1;
        condition->high = random_below(3) ? condition->low : (int64_t)random_below(STATUS_COUNT);
        return;
    }
    condition->low = random_below(3) ? draw_bound(world, field) : INT64_MIN;
    condition->high = random_below(3) ? draw_bound(world, field) : INT64_MAX;
    if (random_below(3) == 0)
        condition->high = condition->low;
}

static struct str draw_id(const struct world *world, enum vendor vendor)
{
    const struct held *held = world_any(world);
    struct str text = held ? spelling_view(&held->spelled[vendor]) : STR("ses_");
    if (random_below(4) == 0)
        text.len = random_below(text.len + 1);
    return text;
}

static struct condition draw_condition(const struct world *world, enum vendor vendor)
{
    struct condition condition = {
        .field = (enum field)random_below(FIELD_EXPIRES + 1),
        .relation = (enum relation)random_below(3),
    };
    if (condition.field == FIELD_ID)
        condition.text = draw_id(world, vendor);
    else if (condition.field == FIELD_USER)
        condition.text = random_below(8) ? str_of(user_ids[random_below(USERS)])
                                         : str_of(random_below(2) ? "" : "77");
    else
        draw_range(world, &condition);
    return condition;
}

void question_draw_conditions(struct question *question, const struct world *world, size_t count)
{
    question->query.condition_count = count;
    question->query.conditions = question->conditions;
    for (size_t i = 0; i < count; i++)
        question->conditions[i] = draw_condition(world, question->query.vendor);
}

static void add_texts(struct condition **next, enum field field, struct str text)
{
    for (int relation = RELATION_EQUAL; relation <= RELATION_ABOVE; relation++)
        *(*next)++ =
            (struct condition){.field = field, .relation = (enum relation)relation, .text = text};
}

static void add_range(struct condition **next, enum field field, int64_t low, int64_t high)
{
    *(*next)++ = (struct condition){.field = field, .low = low, .high = high};
}

static void add_ranges(struct condition **next, enum field field, int64_t value)
{
    add_range(next, field, value, value);
    add_range(next, field, INT64_MIN, value - 1);
    add_range(next, field, value + 1, INT64_MAX);
    add_range(next, field, value - 2 * MINUTE, value + MINUTE);
    add_range(next, field, value, value - 1);
}

size_t question_shapes(const struct held *held, const struct question *question,
                       struct condition shapes[SHAPES])
{
    struct condition *next = shapes;
    int64_t status = (int64_t)naive_status(held, question->idle_ms, question->now);
    add_texts(&next, FIELD_ID, spelling_view(&held->spelled[question->query.vendor]));
    add_texts(&next, FIELD_USER, held->holder->id);
    for (int64_t i = 0; i < STATUS_COUNT; i++)
        add_range(&next, FIELD_STATUS, i, i);
    add_range(&next, FIELD_STATUS, status, STATUS_COUNT);
    add_range(&next, FIELD_STATUS, -1, status);
    add_range(&next, FIELD_STATUS, STATUS_INACTIVITY_REACHED, STATUS_EXPIRED);
    add_ranges(&next, FIELD_CREATED, held->draft.created);
    add_ranges(&next, FIELD_LAST_ACTIVE, held->draft.last_active);
    add_ranges(&next, FIELD_UPDATED, held->draft.updated);
    add_ranges(&next, FIELD_EXPIRES, held->draft.expires);
    return (size_t)(next - shapes);
}

/* ---- the rest of a question ---- */

void question_draw_orders(struct query *query, size_t count)
{
    query->order_count = count;
    for (size_t i = 0; i < count; i++)
        query->orders[i] =
            (struct order){(enum field)random_below(FIELD_COUNT), random_below(2) == 0};
}

/* Patterns that POSIX and PCRE2 take the same way. */
void question_draw_pattern(struct question *question)
{
    static const char *const regexes[] = {
        "chrome", "^fire",     "ios|linux",      "[0-9]{3}",  "doe[.]com$", "e.*b",
        "^$",     "usr-[0-9]", "(a|e|i|o|u){2}", "mobile.?s", ".",          "[^[:alnum:]]",
    };
    static const char *const literals[] = {"chrome", "CHROME", "rWin", "safarimobile",
                                           ".*",     "usr-1",  "o",    "a b",
                                           "@doe",   "(",      "\\",   "[0-9]"};
    question->kind = random_below(2) ? PATTERN_REGEX : PATTERN_LITERAL;
    question->query.pattern_finds_users = random_below(2);
    question->needle = question->kind == PATTERN_REGEX ? one_of(regexes, LENGTH(regexes))
                                                       : one_of(literals, LENGTH(literals));
}

static void draw_page(const struct world *world, struct query *query)
{
    static const int64_t far[] = {INT32_MAX, INT64_MAX - 1, INT64_MAX};
    size_t span = world->count / (1 + random_below(8)) + 3;
    query->offset = random_below(2) ? 0 : (int64_t)random_below(span);
    query->limit = random_below(3) ? (int64_t)random_below(12) : (int64_t)random_below(span);
    if (random_below(40) == 0)
        query->offset = far[random_below(LENGTH(far))];
    if (random_below(20) == 0)
        query->limit = far[random_below(LENGTH(far))];
}

/* At, just before or after the instant when some session's status turns; or any time, before and
 * after what was written last. */
int64_t question_draw_now(const struct world *world, size_t app)
{
    const struct held *held = world_any(world);
    size_t way = random_below(8);
    if (held && way > 2) {
        int64_t turn = random_below(2) ? held->draft.expires
                                       : held->draft.last_active + world_idle_ms(world, app);
        return turn + (int64_t)random_below(3) - 1;
    }
    if (random_below(30) == 0)
        return random_below(2) ? 0 : INT64_C(253402300799999);
    return way == 0 ? world->now : world->now + ((int64_t)random_below(60) - 20) * MINUTE;
}

static void draw_rest(struct question *question, const struct world *world)
{
    struct query *query = &question->query;
    const struct held *held = world_any(world);
    if (held && random_below(4) == 0)
        query->without = &held->draft.id;
    held = world_any(world);
    if (held && random_below(4) == 0) {
        question->after =
            (struct mark){.created = held->draft.created, .id = draw_id(world, query->vendor)};
        if (random_below(2))
            question->after.id = spelling_view(&held->spelled[query->vendor]);
        if (random_below(2))
            question->after.session = &held->draft.id;
        query->after = &question->after;
    }
}

void question_draw(struct question *question, const struct world *world, enum kind kind)
{
    struct query *query = &question->query;
    const struct held *held = world_any(world);
    *question = (struct question){.app = random_below(APPS)};
    question->idle_ms = world_idle_ms(world, question->app);
    question->now = question_draw_now(world, question->app);
    query->vendor = kind == KIND_CORBADO      ? VENDOR_CORBADO
                    : kind == KIND_ROCKETCHAT ? VENDOR_ROCKETCHAT
                                              : (enum vendor)(1 + random_below(VENDOR_END - 1));
    query->id_descending = random_below(2);
    draw_page(world, query);
    if (kind == KIND_CORBADO || kind == KIND_ANY)
        question_draw_conditions(question, world, random_below(CONDITIONS_MAX + 1));
    if (kind == KIND_PLAIN && random_below(2))
        query->orders[query->order_count++] = (struct order){FIELD_CREATED, true};
    else if (kind != KIND_PLAIN)
        question_draw_orders(query, random_below(20) == 0 && kind == KIND_ANY
                                        ? ORDERS_MAX
                                        : random_below(kind == KIND_CORBADO ? 2 : 4));
    query->active_only = kind == KIND_ROCKETCHAT || (kind == KIND_ANY && random_below(2));
    if (kind == KIND_ROCKETCHAT || (kind == KIND_ANY && random_below(3) == 0))
        question_draw_pattern(question);
    if (held &&
        (kind == KIND_ROCKETCHAT ? random_below(2) : kind != KIND_CORBADO && random_below(3) == 0))
        question->user_id = held->holder->id;
    if (kind == KIND_ANY)
        draw_rest(question, world);
}
