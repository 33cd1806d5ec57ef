/* What a client brings along for the next page: a text of ours that was changed ('m': by which
 * letters, see fuzz_bend), one that was made up ('r'), or Kratos' parameters ('k'). */
#include "dialect/kratos_page.h"
#include "fuzz/fuzz.h"
#include "model/mark.h"

enum { ARENA_BYTES = 8 << 20 };

static struct arena *arena;

static struct str good(const struct marked_list *list)
{
    const struct session last = {.created = 1234567890123,
                                 .id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}};
    struct session_draft draft;
    struct session session;
    struct buf record = {0};
    session_draft_begin(&draft);
    session_complete(&draft, 1000, 0);
    session_encode(&draft, &record);
    MUST_HOLD(session_decode(buf_view(&record), &session) == ERR_OK, "a session of ours");
    session.created = last.created;
    session.id = last.id;
    struct str text = mark_write(arena, STR("secret"), list, &session);
    buf_free(&record);
    return text;
}

/* No text but the one that was made is good, and that for its own list. */
static void try_mark(struct str text)
{
    static const struct marked_list own = {"list", VENDOR_CORBADO, 1, STR("u")},
                                    other = {"list", VENDOR_CORBADO, 1, STR("v")};
    struct mark mark;
    enum err err = mark_read(arena, STR("secret"), &own, text, &mark);
    MUST_HOLD(err == ERR_MARK || (err == ERR_OK && str_eq(text, good(&own))), "%s for %.*s",
              err_word(err), STR_ARG(text));
    err = mark_read(arena, STR("secret"), &other, text, &mark);
    MUST_HOLD(err == ERR_MARK, "%s for another's %.*s", err_word(err), STR_ARG(text));
}

static void try_kratos(struct str query)
{
    static const struct site site;
    struct request request;
    char *env[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/sessions",
                   (char *)arena_printf(arena, "QUERY_STRING=%.*s", STR_ARG(query)).ptr, NULL};
    if (request_read(arena, &site, env, &request) != ERR_OK)
        return;
    struct kratos_page page = kratos_page_read(&request);
    MUST_HOLD(page.size >= 1 && page.size <= 1000 && page.offset >= 0, "%lld, %lld",
              (long long)page.size, (long long)page.offset);
    struct str link = kratos_page_link(&request, &page, 12345);
    MUST_HOLD(link.ptr && str_is_printable(link), "%.*s", STR_ARG(link));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct marked_list own = {"list", VENDOR_CORBADO, 1, STR("u")};
    struct str input = fuzz_input(data, size);
    arena = arena ? arena : arena_new(ARENA_BYTES);
    uint8_t how = fuzz_byte(&input);
    if (how == 'm')
        try_mark(fuzz_bend(arena, good(&own), input));
    else if (how == 'r')
        try_mark(input);
    else
        try_kratos(input);
    arena_reset(arena);
    return 0;
}
