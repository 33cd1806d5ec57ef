/* model/mark: what a client brings back is the place it was told, or is refused. */
#include "base/base64.h"
#include "model/mark.h"
#include "model/secret.h"
#include "support/random.h"
#include "support/suite.h"

SUITE(model_mark);

enum { TEXT_BYTES = 512, ROUNDS = 2000 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const struct str secret = STR("a private key");
static const struct marked_list all = {.name = "sessions", .vendor = VENDOR_KRATOS, .app = 7};

/* A session, and the place it was told by. */
struct told {
    uint64_t seed;
    struct arena *arena;
    struct buf record;
    struct session session;
    struct str text;
};

static void begin_of(struct told *told, struct str brought)
{
    struct session_draft draft = {.texts[TEXT_BROUGHT_ID + VENDOR_KRATOS] = brought};
    *told = (struct told){.seed = random_begin(), .arena = arena_new(1 << 24)};
    session_encode(&draft, &told->record);
    cr_assert_eq(session_decode(buf_view(&told->record), &told->session), ERR_OK);
    told->session.created = (int64_t)random_u64();
    random_bytes(told->session.id.bytes, sizeof(told->session.id.bytes));
    told->text = mark_write(told->arena, secret, &all, &told->session);
    cr_assert(told->text.ptr);
}

static void begin(struct told *told)
{
    begin_of(told, STR_NONE);
}

static void end(struct told *told)
{
    buf_free(&told->record);
    arena_free(told->arena);
}

static enum err read_text(const struct told *told, struct str text)
{
    struct mark mark;
    return mark_read(told->arena, secret, &all, text, &mark);
}

static enum err read_as(const struct told *told, struct str key, const struct marked_list *list)
{
    struct mark mark;
    return mark_read(told->arena, key, list, told->text, &mark);
}

static void assert_place(const struct told *told)
{
    struct mark mark;
    struct spelling spelling;
    session_spell(&told->session, VENDOR_KRATOS, &spelling);
    cr_assert_eq(mark_read(told->arena, secret, &all, told->text, &mark), ERR_OK);
    cr_assert_eq(mark.created, told->session.created);
    cr_assert(str_eq(mark.id, spelling_view(&spelling)), "%.*s", STR_ARG(mark.id));
    cr_assert_arr_eq(mark.session->bytes, told->session.id.bytes, sizeof(struct uuid));
}

Test(model_mark, a_place_comes_back_as_it_was)
{
    enum { SHORT = 54 };
    struct told told;
    begin(&told);
    assert_place(&told);
    cr_expect_eq(told.text.len, SHORT);
    end(&told);
}

Test(model_mark, an_id_that_was_brought_comes_back_too)
{
    char id[SPELLING_MAX];
    memset(id, 'x', sizeof(id));
    for (size_t len = 1; len <= sizeof(id); len++) {
        struct told told;
        begin_of(&told, (struct str){id, len});
        assert_place(&told);
        end(&told);
    }
}

/* All single bits, of the letters and of what they stand for. */
Test(model_mark, a_text_with_a_bit_changed_is_refused)
{
    struct told told;
    char text[TEXT_BYTES], bytes[TEXT_BYTES];
    size_t len;
    begin_of(&told, STR("Brought-1"));
    memcpy(text, told.text.ptr, told.text.len);
    for (size_t bit = 0; bit < 8 * told.text.len; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        cr_expect_eq(read_text(&told, (struct str){text, told.text.len}), ERR_MARK, "bit %zu", bit);
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
    cr_assert(base64url_decode(told.text, bytes, sizeof(bytes), &len));
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        struct str changed = base64url_encode(told.arena, (struct str){bytes, len});
        cr_expect_eq(read_text(&told, changed), ERR_MARK, "bit %zu of the bytes", bit);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    end(&told);
}

Test(model_mark, a_text_with_another_letter_is_refused)
{
    struct told told;
    char text[TEXT_BYTES];
    size_t taken = 0;
    begin(&told);
    memcpy(text, told.text.ptr, told.text.len);
    for (size_t at = 0; at < told.text.len; at++) {
        for (const char *letter = alphabet; *letter; letter++) {
            text[at] = *letter;
            taken += read_text(&told, (struct str){text, told.text.len}) == ERR_OK;
        }
        text[at] = told.text.ptr[at];
    }
    cr_expect_eq(taken, told.text.len, "each letter is right once");
    end(&told);
}

Test(model_mark, a_text_that_is_shorter_or_longer_is_refused)
{
    struct told told;
    char text[TEXT_BYTES];
    begin_of(&told, STR("Brought-1"));
    for (size_t len = 0; len < told.text.len; len++)
        cr_expect_eq(read_text(&told, (struct str){told.text.ptr, len}), ERR_MARK, "%zu", len);
    memset(text, 'A', sizeof(text));
    memcpy(text, told.text.ptr, told.text.len);
    for (size_t len = told.text.len + 1; len <= sizeof(text); len++)
        cr_expect_eq(read_text(&told, (struct str){text, len}), ERR_MARK, "%zu", len);
    end(&told);
}

static void change_at_random(char *bytes, size_t len)
{
    for (size_t changes = 1 + random_below(4); changes > 0; changes--) {
        size_t at = random_below(len);
        bytes[at] = (char)(bytes[at] + 1 + (char)random_below(255));
    }
}

Test(model_mark, what_was_changed_or_made_up_at_random_is_refused)
{
    struct told told;
    char bytes[TEXT_BYTES], original[TEXT_BYTES];
    size_t len;
    begin(&told);
    cr_assert(base64url_decode(told.text, original, sizeof(original), &len));
    for (size_t round = 0; round < ROUNDS; round++) {
        memcpy(bytes, original, len);
        change_at_random(bytes, len);
        struct str changed = base64url_encode(told.arena, (struct str){bytes, len});
        bool same = memcmp(bytes, original, len) == 0;
        cr_expect_eq(read_text(&told, changed), same ? ERR_OK : ERR_MARK,
                     "ROLLCALL_SEED=%lu: round %zu", (unsigned long)told.seed, round);
        size_t made_up = random_below(sizeof(bytes));
        random_bytes(bytes, made_up);
        cr_expect_eq(read_text(&told, (struct str){bytes, made_up}), ERR_MARK);
        changed = base64url_encode(told.arena, (struct str){bytes, made_up % 200});
        cr_expect_eq(read_text(&told, changed), ERR_MARK);
    }
    end(&told);
}

Test(model_mark, another_lists_place_is_refused)
{
    struct told told;
    begin(&told);
    struct marked_list other_name = all, other_app = all, other_user = all;
    other_name.name = "session";
    other_app.app = 8;
    other_user.user = STR("u");
    cr_expect_eq(read_as(&told, secret, &all), ERR_OK);
    cr_expect_eq(read_as(&told, secret, &other_name), ERR_MARK);
    cr_expect_eq(read_as(&told, secret, &other_app), ERR_MARK);
    cr_expect_eq(read_as(&told, secret, &other_user), ERR_MARK);
    cr_expect_eq(read_as(&told, STR("another key"), &all), ERR_MARK);
    end(&told);
}

Test(model_mark, another_users_place_is_refused)
{
    struct told told;
    struct marked_list own = all, other = all;
    begin(&told);
    own.user = STR("ann");
    other.user = STR("ben");
    told.text = mark_write(told.arena, secret, &own, &told.session);
    cr_expect_eq(read_as(&told, secret, &own), ERR_OK);
    cr_expect_eq(read_as(&told, secret, &other), ERR_MARK);
    cr_expect_eq(read_as(&told, secret, &all), ERR_MARK);
    end(&told);
}

/* The end of a user's name and the beginning of a place are not to be moved. */
Test(model_mark, a_users_name_does_not_run_into_the_place)
{
    struct told told;
    struct marked_list own = all;
    char bytes[TEXT_BYTES], name[TEXT_BYTES] = "abc";
    size_t len;
    begin_of(&told, STR("Brought-1"));
    own.user = (struct str){name, 3};
    told.text = mark_write(told.arena, secret, &own, &told.session);
    cr_assert(base64url_decode(told.text, bytes, sizeof(bytes), &len));
    for (size_t moved = 1; moved < len; moved++) {
        memcpy(name + 3, bytes, moved);
        own.user.len = 3 + moved;
        told.text = base64url_encode(told.arena, (struct str){bytes + moved, len - moved});
        cr_expect_eq(read_as(&told, secret, &own), ERR_MARK, "%zu", moved);
    }
    end(&told);
}
