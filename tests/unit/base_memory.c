/* base/arena, base/buf, base/err: memory and errors. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "support/suite.h"

SUITE(base_memory);

Test(base_memory, an_arena_hands_out_zeroed_pieces_up_to_its_limit)
{
    struct arena *arena = arena_new(1000);
    unsigned char *piece = arena_alloc(arena, 900);
    cr_assert_not_null(piece);
    for (int i = 0; i < 900; i++)
        cr_assert_eq(piece[i], 0);
    cr_assert_null(arena_alloc(arena, 200), "the limit is 1000");
    cr_assert_null(arena_alloc(arena, SIZE_MAX));
    cr_assert_null(arena_array(arena, SIZE_MAX / 2, 4), "the product overflows");
    arena_reset(arena);
    cr_assert_not_null(arena_alloc(arena, 900), "a reset gives it all back");
    arena_free(arena);
}

Test(base_memory, an_arena_grows_past_a_block)
{
    struct arena *arena = arena_new(16 << 20);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            char *piece = arena_alloc(arena, 50000);
            cr_assert_not_null(piece);
            memset(piece, 0xAA, 50000);
        }
        arena_reset(arena);
    }
    arena_free(arena);
}

static void count_up(void *object)
{
    ++*(int *)object;
}

Test(base_memory, what_is_adopted_is_destroyed_once)
{
    int destroyed = 0;
    struct arena *arena = arena_new(4096);
    cr_assert(arena_adopt(arena, &destroyed, count_up));
    cr_assert_eq(destroyed, 0);
    arena_reset(arena);
    cr_assert_eq(destroyed, 1);
    arena_free(arena);
    cr_assert_eq(destroyed, 1);

    arena = arena_new(1);
    cr_assert(!arena_adopt(arena, &destroyed, count_up), "there is no room for the note");
    cr_assert_eq(destroyed, 2, "so it is destroyed at once");
    arena_free(arena);
}

Test(base_memory, copies_and_formats_end_with_a_nul)
{
    struct arena *arena = arena_new(4096);
    struct str copy = arena_copy(arena, (struct str){"abcdef", 3});
    cr_assert_str_eq(copy.ptr, "abc");
    cr_assert_eq(arena_copy(arena, STR_NONE).len, 0);
    cr_assert_not_null(arena_copy(arena, STR_NONE).ptr);
    cr_assert_str_eq(arena_printf(arena, "%d-%s", 7, "x").ptr, "7-x");
    arena_free(arena);
}

Test(base_memory, a_buffer_grows_and_forgets)
{
    struct buf buf = {0};
    for (int i = 0; i < 100000; i++)
        buf_i64(&buf, i % 10);
    cr_assert_eq(buf.len, 100000);
    cr_assert_eq(buf.ptr[99999], '9');
    buf_reset(&buf);
    buf_i64(&buf, INT64_MIN);
    buf_printf(&buf, "/%s", "x");
    cr_assert(str_eq(buf_view(&buf), STR("-9223372036854775808/x")), "%.*s", (int)buf.len, buf.ptr);
    buf_free(&buf);
}

Test(base_memory, every_error_has_its_row)
{
    for (int err = 0; err < ERR_COUNT; err++) {
        cr_expect_neq(*err_word((enum err)err), '\0', "error %d", err);
        cr_expect_neq(*err_text((enum err)err), '\0', "error %d", err);
        cr_expect(err_status((enum err)err) >= 200 && err_status((enum err)err) < 600);
    }
    cr_expect_str_eq(err_word((enum err)9999), "internal");
}
