#include "model/mark.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "model/secret.h"

/* In base64url: the instant of creation and the session's id; the id it was brought with, where it
 * was; and the tag. */
enum {
    AT_ID = 8,
    AT_BROUGHT = AT_ID + sizeof(struct uuid),
    MARK_MOST = AT_BROUGHT + SPELLING_MAX + TAG_BYTES
};

/* What the tag vouches for begins with what the list is, so that nothing in it can be taken for a
 * part of the place: a name ends with a NUL, the user's with its length. */
static bool make_tag(struct str secret, const struct marked_list *list, struct str place,
                     uint8_t *tag)
{
    uint8_t head[8];
    struct buf whole = {0};
    bytes_put_u32(head, list->app);
    bytes_put_u32(head + 4, (uint32_t)list->user.len);
    buf_put(&whole, list->name, strlen(list->name) + 1);
    buf_put(&whole, head, sizeof(head));
    buf_str(&whole, list->user);
    buf_str(&whole, place);
    bool made = !whole.failed;
    if (made)
        secret_tag(secret, "rollcall page", whole.ptr, whole.len, tag);
    buf_free(&whole);
    return made;
}

struct str mark_write(struct arena *arena, struct str secret, const struct marked_list *list,
                      const struct session *last)
{
    uint8_t bytes[MARK_MOST];
    struct str brought =
        session_text(last, (enum session_text)(TEXT_BROUGHT_ID + (int)list->vendor));
    size_t len = AT_BROUGHT;
    bytes_put_u64(bytes, (uint64_t)last->created);
    memcpy(bytes + AT_ID, last->id.bytes, sizeof(last->id.bytes));
    if (brought.len && brought.len <= SPELLING_MAX) {
        memcpy(bytes + len, brought.ptr, brought.len);
        len += brought.len;
    }
    if (!make_tag(secret, list, (struct str){(const char *)bytes, len}, bytes + len))
        return STR_NONE;
    return base64url_encode(arena, (struct str){(const char *)bytes, len + TAG_BYTES});
}

static enum err read_place(struct arena *arena, enum vendor vendor, struct str place,
                           struct mark *mark)
{
    struct spelling spelling;
    struct uuid *session = arena_alloc(arena, sizeof(*session));
    struct str brought = str_from(place, AT_BROUGHT);
    if (!session)
        return ERR_MEMORY;
    memcpy(session->bytes, place.ptr + AT_ID, sizeof(session->bytes));
    mark->created = (int64_t)bytes_u64((const uint8_t *)place.ptr);
    mark->session = session;
    id_spell(vendor, session, mark->created, &spelling);
    mark->id = arena_copy(arena, brought.len ? brought : spelling_view(&spelling));
    return mark->id.ptr ? ERR_OK : ERR_MEMORY;
}

enum err mark_read(struct arena *arena, struct str secret, const struct marked_list *list,
                   struct str text, struct mark *mark)
{
    char bytes[MARK_MOST];
    uint8_t tag[TAG_BYTES];
    size_t len;
    if (!base64url_decode(text, bytes, sizeof(bytes), &len) || len < AT_BROUGHT + TAG_BYTES)
        return ERR_MARK;
    struct str place = {bytes, len - TAG_BYTES};
    if (!make_tag(secret, list, place, tag))
        return ERR_MEMORY;
    if (!secret_equal((struct str){bytes + place.len, TAG_BYTES},
                      (struct str){(const char *)tag, TAG_BYTES}))
        return ERR_MARK;
    return read_place(arena, list->vendor, place, mark);
}
