/* Lists that are gone through page by page: what a client brings along for the next page, and gets
 * with this one.
 *
 * The secret behind it is the app's signing key, as it is behind a nonce: every process has it, a
 * restart and a restored backup bring it back, no client knows it, and no two apps have the same.
 * One secret of the store's own would serve as well, but would be one more to keep, and could never
 * be changed; and a key that is rotated need not break off a walk that has begun: what the old one
 * made is good for as long as its tokens are. */
#include "core/change.h"
#include "model/mark.h"

static struct marked_list list_of(const struct answer *answer)
{
    const struct wish *wish = &answer->wish;
    struct str own = answer->caller->user.texts[USER_ID];
    return (struct marked_list){.name = wish->pages_of,
                                .vendor = wish->query.vendor,
                                .app = answer->caller->app.number,
                                .user = wish->scope == SCOPE_USER     ? wish->user
                                        : wish->scope == SCOPE_CALLER ? own
                                                                      : STR_NONE};
}

struct reading {
    struct arena *arena;
    struct marked_list list;
    struct str text;
    struct mark *mark;
    enum err err; /* ERR_MARK until a key is found that it was made with */
};

/* What a callback gives to end the walk. */
#define ENOUGH ERR_CONFLICT

static enum err try_key(void *context, struct str kid, struct str jwk)
{
    struct reading *reading = context;
    (void)kid;
    reading->err = mark_read(reading->arena, jwk, &reading->list, reading->text, reading->mark);
    return reading->err == ERR_MARK ? ERR_OK : ENOUGH;
}

/* Every app has a key: one without is damaged. */
static enum err newest_key(struct snapshot *snapshot, const struct answer *answer, struct str *jwk)
{
    enum err err = store_signing_key_of_app(snapshot, answer->caller->app.number, jwk);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

enum err page_begin(struct snapshot *snapshot, struct arena *arena, struct answer *answer)
{
    struct wish *wish = &answer->wish;
    struct str jwk;
    if (!wish->pages_of || wish->after.len == 0)
        return ERR_OK;
    struct mark *mark = arena_alloc(arena, sizeof(*mark));
    if (!mark)
        return ERR_MEMORY;
    wish->query.after = mark;
    struct reading reading = {arena, list_of(answer), wish->after, mark, ERR_MARK};
    enum err err = newest_key(snapshot, answer, &jwk);
    /* Older keys are looked for among those of all apps, and seldom. */
    if (err == ERR_OK && try_key(&reading, STR_NONE, jwk) == ERR_OK)
        err = store_each_signing_key(snapshot, answer->caller->app.number, try_key, &reading);
    return err == ERR_OK || err == ENOUGH ? reading.err : err;
}

enum err page_end(struct snapshot *snapshot, struct arena *arena, struct answer *answer)
{
    struct page *page = &answer->page;
    size_t limit = (size_t)answer->wish.query.limit;
    struct marked_list list = list_of(answer);
    struct str jwk;
    if (!answer->wish.pages_of || page->count <= limit)
        return ERR_OK;
    enum err err = newest_key(snapshot, answer, &jwk);
    if (err != ERR_OK)
        return err;
    page->count = limit;
    answer->next = mark_write(arena, jwk, &list, &page->items[limit - 1].session);
    return answer->next.ptr ? ERR_OK : ERR_MEMORY;
}
