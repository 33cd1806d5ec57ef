/* store_find where its ways part and where pages have edges. Random queries are the oracle's. */
#include "model/pattern.h"
#include "store/scene.h"

SUITE(store_find);

static const struct query newest = {.vendor = VENDOR_CORBADO, .limit = 100};

static struct query page_of(struct query query, int64_t offset, int64_t limit)
{
    query.offset = offset;
    query.limit = limit;
    return query;
}

/* Every page of the query is the piece of the whole list it should be. */
static void assert_pages(struct scene *scene, const char *app, struct query query, size_t count)
{
    struct query whole = page_of(query, 0, INT64_MAX);
    struct page all = scene_find(scene, app, &whole);
    cr_assert_eq(all.count, count);
    for (size_t offset = 0; offset <= count + 1; offset++)
        for (size_t limit = 0; limit <= count + 1; limit++) {
            struct query part = page_of(query, (int64_t)offset, (int64_t)limit);
            struct page page = scene_find(scene, app, &part);
            size_t left = offset < count ? count - offset : 0, want = left < limit ? left : limit;
            cr_assert_eq(page.total, count);
            cr_assert_eq(page.count, want, "offset %zu limit %zu: %zu", offset, limit, page.count);
            for (size_t i = 0; i < want; i++)
                cr_assert_arr_eq(page.items[i].session.id.bytes,
                                 all.items[offset + i].session.id.bytes, 16,
                                 "offset %zu limit %zu: item %zu", offset, limit, i);
        }
}

/* Groups of sessions made at the same instant lie across the edges of pages; what is brought along
 * turns their order around. */
Test(store_find, pages_cut_groups_of_one_instant_anywhere)
{
    struct scene scene = scene_new(0);
    static const int64_t created[] = {5, 5, 5, 5, 4, 3, 3, 3, 2, -1, -1, -1, -1, -1};
    struct session_draft drafts[LEN(created)];
    static const char *const users[] = {"jane", "john", "jack"};
    scene_put(&scene, app_put("acme"));
    for (size_t i = 0; i < LEN(created); i++) {
        drafts[i] = draft_new(i, created[i]);
        if (i == 2)
            draft_brought(&drafts[i], VENDOR_CORBADO, "zzz");
        if (i == 11)
            draft_brought(&drafts[i], VENDOR_CORBADO, "!!!");
        scene_put(&scene, session_put("acme", users[i % 3], &drafts[i]));
    }
    scene_read(&scene);
    struct page page = scene_find(&scene, "acme", &newest);
    static const uint8_t order[] = {0, 1, 3, 2, 4, 5, 6, 7, 8, 11, 9, 10, 12, 13};
    for (size_t i = 0; i < LEN(order); i++)
        cr_expect_eq(page.items[i].session.id.bytes[15], order[i], "place %zu", i);
    struct query query = newest;
    for (int way = 0; way < 2; way++) {
        query.id_descending = way;
        query.order_count = 0;
        assert_pages(&scene, "acme", query, LEN(created));
        query.orders[0] = (struct order){FIELD_CREATED, true};
        query.order_count = 1;
        assert_pages(&scene, "acme", query, LEN(created));
        query.orders[0].descending = false;
        assert_pages(&scene, "acme", query, LEN(created));
    }
    query.user = scene_user(&scene, "acme", "john").number;
    assert_pages(&scene, "acme", query, 5);
    scene_done(&scene);
    scene_end(&scene);
}

/* More than are kept at a time while the first are sought. */
Test(store_find, a_few_of_many_of_one_instant)
{
    enum { COUNT = 5000 };
    static struct session_draft drafts[COUNT];
    static struct put puts[COUNT];
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    for (size_t i = 0; i < COUNT; i++) {
        drafts[i] = draft_new(i * 7919 % COUNT, NOW - DAY);
        puts[i] = session_put("acme", "jane", &drafts[i]);
    }
    ASSERT_OK(scene_apply(&scene, puts, COUNT, NULL));
    scene_read(&scene);
    struct query query = page_of(newest, 2345, 3);
    static const struct order orders[] = {
        {FIELD_CREATED, true}, {FIELD_CREATED, false}, {FIELD_ID, false}, {FIELD_STATUS, true}};
    for (size_t i = 0; i < LEN(orders); i++) {
        query.orders[0] = orders[i];
        query.order_count = 1;
        struct page page = scene_find(&scene, "acme", &query);
        cr_assert(page.total == COUNT && page.count == 3);
        for (size_t at = 0; at < 3; at++) {
            struct uuid expected = id_of(2345 + at);
            cr_expect_arr_eq(page.items[at].session.id.bytes, expected.bytes, 16,
                             "order %zu, item %zu", i, at);
        }
    }
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_find, no_page_is_too_far_or_too_long)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    ASSERT_OK(scene_fill(&scene, "acme", 5, 2));
    scene_read(&scene);
    static const int64_t ends[] = {0, 1, 5, 6, INT32_MAX, INT64_MAX - 1, INT64_MAX};
    struct query queries[] = {newest, newest, newest};
    queries[1].orders[queries[1].order_count++].field = FIELD_ID;
    queries[2].user = scene_user(&scene, "acme", "user-0").number;
    for (size_t i = 0; i < LEN(queries); i++)
        for (size_t from = 0; from < LEN(ends); from++)
            for (size_t most = 0; most < LEN(ends); most++) {
                struct query query = page_of(queries[i], ends[from], ends[most]);
                struct page page = scene_find(&scene, "acme", &query);
                int64_t total = queries[i].user ? 3 : 5;
                int64_t left = total > ends[from] ? total - ends[from] : 0;
                cr_expect_eq(page.total, (uint64_t)total);
                cr_expect_eq(page.count, (size_t)(left < ends[most] ? left : ends[most]));
            }
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_find, an_app_without_sessions_has_an_empty_page)
{
    struct scene scene = scene_new(0);
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, app_put("globex"));
    scene_put(&scene, user_put("acme", "jane"));
    ASSERT_OK(scene_fill(&scene, "globex", 3, 1));
    scene_read(&scene);
    struct query query = newest;
    cr_expect_eq(scene_find(&scene, "acme", &query).total, 0);
    query.user = scene_user(&scene, "acme", "jane").number;
    cr_expect_eq(scene_find(&scene, "acme", &query).total, 0);
    query.user = scene_user(&scene, "globex", "user-0").number;
    cr_expect_eq(scene_find(&scene, "acme", &query).total, 0, "another app's user");
    cr_expect_eq(scene_find(&scene, "globex", &query).total, 3);
    scene_done(&scene);
    scene_end(&scene);
}

/* Items carry their holder and their status at that very instant. */
Test(store_find, items_are_whole)
{
    struct scene scene = scene_new(0);
    struct session_draft fresh = draft_new(1, NOW), idle = draft_new(2, NOW - HOUR),
                         over = draft_new(3, NOW - DAY), out = draft_new(4, NOW - 2 * DAY);
    over.last_active = NOW - 1;
    out.ending = ENDING_LOGGED_OUT;
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &fresh));
    scene_put(&scene, session_put("acme", "john", &idle));
    scene_put(&scene, session_put("acme", "jane", &over));
    scene_put(&scene, session_put("acme", "john", &out));
    static const enum status expected[] = {STATUS_ACTIVE, STATUS_INACTIVITY_REACHED, STATUS_EXPIRED,
                                           STATUS_LOGGED_OUT};
    scene_read(&scene);
    struct query by_id = newest;
    by_id.orders[by_id.order_count++].field = FIELD_ID;
    const struct query *queries[] = {&newest, &by_id};
    for (size_t way = 0; way < LEN(queries); way++) {
        struct page page = scene_find(&scene, "acme", queries[way]);
        cr_assert_eq(page.count, 4);
        for (size_t i = 0; i < 4; i++) {
            cr_expect_eq(page.items[i].status, expected[i], "%s",
                         status_names[page.items[i].status]);
            cr_expect(str_eq(page.items[i].user.texts[USER_ID], i % 2 ? STR("john") : STR("jane")));
            cr_expect_eq(page.items[i].user.number, page.items[i].session.user);
        }
    }
    struct query active = newest;
    active.active_only = true;
    cr_expect_eq(scene_find(&scene, "acme", &active).total, 1);
    active.without = &fresh.id;
    cr_expect_eq(scene_find(&scene, "acme", &active).total, 0);
    active.active_only = false;
    cr_expect_eq(scene_find(&scene, "acme", &active).total, 3);
    scene_done(&scene);
    scene_end(&scene);
}

Test(store_find, a_runaway_pattern_and_a_full_arena_are_told)
{
    struct scene scene = scene_new(0);
    struct session_draft draft = draft_new(1, NOW);
    struct query query = newest;
    struct pattern *pattern;
    struct page page;
    struct str why;
    draft.texts[TEXT_DEVICE_NAME] = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    scene_put(&scene, app_put("acme"));
    scene_put(&scene, session_put("acme", "jane", &draft));
    ASSERT_OK(pattern_compile(scene.arena, STR("(a|aa)+$"), PATTERN_REGEX, &pattern, &why));
    scene_read(&scene);
    struct app app = scene_app(&scene, "acme");
    query.pattern = pattern;
    ASSERT_ERR(store_find(scene.snapshot, &app, &query, NOW, scene.arena, &page), ERR_RUNAWAY);
    query.pattern = NULL;
    struct arena *small = arena_new(16);
    ASSERT_ERR(store_find(scene.snapshot, &app, &query, NOW, small, &page), ERR_MEMORY);
    arena_free(small);
    scene_done(&scene);
    scene_end(&scene);
}
