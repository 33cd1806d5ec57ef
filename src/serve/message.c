#include "serve/message.h"

#include "base/bytes.h"
#include "base/clock.h"

/* A message: version, now in 8 bytes, count in 2; then each put: its kind in a byte and its fields
 * in the order of their struct, instants and numbers big-endian, texts after their length in 2
 * bytes, a session's record after its length in 4. */
enum { VERSION = 2, ID_BYTES = sizeof(struct uuid) };

/* Flags of a session, of an ending, of a rotation. */
enum { FLAG_FRESH = 1, FLAG_REFRESH = 2 };
enum { FLAG_ID = 1, FLAG_IF_THERE = 2 };
enum { FLAG_KEY = 1, FLAG_PROOF = 2 };
enum { FLAG_ONLY_LATER = 1 };

/* ---- writing ---- */

static void put_u16(struct buf *buf, size_t value)
{
    uint8_t bytes[2];
    bytes_put_u16(bytes, (uint16_t)value);
    buf_put(buf, bytes, sizeof(bytes));
}

static void put_u32(struct buf *buf, size_t value)
{
    uint8_t bytes[4];
    bytes_put_u32(bytes, (uint32_t)value);
    buf_put(buf, bytes, sizeof(bytes));
}

static void put_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];
    bytes_put_u64(bytes, value);
    buf_put(buf, bytes, sizeof(bytes));
}

static void put_text(struct buf *buf, struct str text)
{
    put_u16(buf, text.len);
    buf_str(buf, text);
}

static void put_uuid(struct buf *buf, const struct uuid *id)
{
    buf_put(buf, id->bytes, ID_BYTES);
}

/* The record has room for its length, which is known once it is written. */
static void put_session(struct buf *buf, const struct put_session *session)
{
    put_text(buf, session->app_id);
    put_text(buf, session->user_id);
    put_text(buf, session->user_identifier);
    put_text(buf, session->actor);
    buf_byte(buf,
             (char)((session->fresh ? FLAG_FRESH : 0) | (session->has_refresh ? FLAG_REFRESH : 0)));
    buf_put(buf, session->refresh_hash, HASH_BYTES);
    put_uuid(buf, &session->draft->id);
    put_u64(buf, (uint64_t)session->draft->created);
    size_t at = buf->len;
    put_u32(buf, 0);
    session_encode(session->draft, buf);
    if (!buf->failed)
        bytes_put_u32((uint8_t *)buf->ptr + at, (uint32_t)(buf->len - at - 4));
}

static void put_ending(struct buf *buf, const struct put_ending *ending)
{
    put_u32(buf, ending->app);
    buf_byte(buf, (char)ending->reach);
    buf_byte(buf, (char)((ending->has_id ? FLAG_ID : 0) | (ending->if_there ? FLAG_IF_THERE : 0)));
    put_u32(buf, ending->most);
    put_u64(buf, ending->user);
    put_uuid(buf, &ending->id);
    buf_byte(buf, (char)ending->as);
    put_text(buf, ending->actor);
}

static void put_touch(struct buf *buf, const struct put_touch *touch)
{
    put_u32(buf, touch->app);
    put_uuid(buf, &touch->id);
    put_u64(buf, (uint64_t)touch->last_active);
    put_u64(buf, (uint64_t)touch->expires);
    buf_byte(buf, (char)(touch->only_later ? FLAG_ONLY_LATER : 0));
    put_text(buf, touch->actor);
}

static void put_rotation(struct buf *buf, const struct put_rotation *rotation)
{
    put_u32(buf, rotation->app);
    put_uuid(buf, &rotation->id);
    buf_put(buf, rotation->presented, HASH_BYTES);
    buf_put(buf, rotation->family, HASH_BYTES);
    buf_put(buf, rotation->salt, SALT_BYTES);
    buf_put(buf, rotation->successor, HASH_BYTES);
    buf_byte(buf,
             (char)((rotation->has_key ? FLAG_KEY : 0) | (rotation->has_proof ? FLAG_PROOF : 0)));
    buf_put(buf, rotation->key, HASH_BYTES);
    buf_put(buf, rotation->proof, HASH_BYTES);
    put_u64(buf, (uint64_t)rotation->proof_until);
}

static bool texts_fit(struct str one, struct str two, struct str three)
{
    return one.len <= UINT16_MAX && two.len <= UINT16_MAX && three.len <= UINT16_MAX;
}

static enum err put_one(struct buf *buf, const struct put *put)
{
    buf_byte(buf, (char)put->kind);
    switch (put->kind) {
    case PUT_SESSION:
        if (!texts_fit(put->session.user_identifier, put->session.user_id, put->session.actor))
            return ERR_TOO_LARGE;
        /* Its record holds what session_complete fills in: a draft is sent complete. */
        if (!put->session.draft->has_id)
            return ERR_INTERNAL;
        put_session(buf, &put->session);
        return ERR_OK;
    case PUT_ENDING:
        if (!texts_fit(put->ending.actor, STR_NONE, STR_NONE))
            return ERR_TOO_LARGE;
        if (put->ending.if_past) /* who keeps house writes by himself */
            return ERR_INTERNAL;
        put_ending(buf, &put->ending);
        return ERR_OK;
    case PUT_TOUCH:
        if (!texts_fit(put->touch.actor, STR_NONE, STR_NONE))
            return ERR_TOO_LARGE;
        if (put->touch.later_ms) /* no request asks for that */
            return ERR_INTERNAL;
        put_touch(buf, &put->touch);
        return ERR_OK;
    case PUT_LIFETIMES:
        put_u32(buf, put->lifetimes.app);
        put_u64(buf, (uint64_t)put->lifetimes.access_s);
        put_u64(buf, (uint64_t)put->lifetimes.lifetime_s);
        return ERR_OK;
    case PUT_ROTATION:
        put_rotation(buf, &put->rotation);
        return ERR_OK;
    default:
        return ERR_INTERNAL;
    }
}

enum err message_encode(const struct batch *batch, struct buf *message)
{
    enum err err = batch->count <= MESSAGE_PUTS_MAX ? ERR_OK : ERR_TOO_LARGE;
    buf_byte(message, VERSION);
    put_u64(message, (uint64_t)batch->now);
    put_u16(message, batch->count);
    for (size_t i = 0; err == ERR_OK && i < batch->count; i++) {
        err = put_one(message, &batch->puts[i]);
        if (err == ERR_OK && message->len > MESSAGE_MAX)
            err = ERR_TOO_LARGE;
    }
    return err == ERR_OK && message->failed ? ERR_MEMORY : err;
}

/* ---- reading ---- */

/* What is left of the message, and whether anything was missing, or what cannot be: where something
 * is missing all that follows is, too. */
struct rest {
    struct str bytes;
    bool wrong;
};

static const uint8_t *take(struct rest *rest, size_t len)
{
    static const uint8_t none[HASH_BYTES];
    const uint8_t *taken = (const uint8_t *)rest->bytes.ptr;
    if (len > rest->bytes.len) {
        rest->wrong = true;
        return none;
    }
    rest->bytes = (struct str){rest->bytes.ptr + len, rest->bytes.len - len};
    return taken;
}

static int64_t take_i64(struct rest *rest)
{
    return (int64_t)bytes_u64(take(rest, 8));
}

static int64_t take_instant(struct rest *rest)
{
    int64_t instant = take_i64(rest);
    rest->wrong |= !instant_is_valid(instant);
    return instant;
}

static int64_t take_instant_or_none(struct rest *rest)
{
    int64_t instant = take_i64(rest);
    rest->wrong |= instant != INSTANT_NONE && !instant_is_valid(instant);
    return instant;
}

static struct str take_bytes(struct rest *rest, size_t len)
{
    const uint8_t *bytes = take(rest, len);
    return rest->wrong ? STR_NONE : (struct str){(const char *)bytes, len};
}

static struct str take_text(struct rest *rest)
{
    return take_bytes(rest, bytes_u16(take(rest, 2)));
}

static struct uuid take_uuid(struct rest *rest)
{
    struct uuid id;
    memcpy(id.bytes, take(rest, ID_BYTES), ID_BYTES);
    return id;
}

static enum err take_session(struct rest *rest, struct arena *arena, struct put_session *put)
{
    struct session session;
    *put = (struct put_session){.draft = arena_alloc(arena, sizeof(*put->draft))};
    put->app_id = take_text(rest);
    put->user_id = take_text(rest);
    put->user_identifier = take_text(rest);
    put->actor = take_text(rest);
    uint8_t flags = *take(rest, 1);
    put->fresh = flags & FLAG_FRESH;
    put->has_refresh = flags & FLAG_REFRESH;
    memcpy(put->refresh_hash, take(rest, HASH_BYTES), HASH_BYTES);
    struct uuid id = take_uuid(rest);
    int64_t created = take_instant(rest);
    struct str record = take_bytes(rest, bytes_u32(take(rest, 4)));
    if (rest->wrong || session_decode(record, &session) != ERR_OK)
        return ERR_CORRUPT;
    if (!put->draft)
        return ERR_MEMORY;
    session.id = id;
    session.created = created;
    session_to_draft(&session, put->draft);
    return ERR_OK;
}

static void take_ending(struct rest *rest, struct put_ending *put)
{
    *put = (struct put_ending){.app = bytes_u32(take(rest, 4))};
    uint8_t reach = *take(rest, 1), flags = *take(rest, 1);
    rest->wrong |= reach >= REACH_COUNT;
    put->reach = reach;
    put->has_id = flags & FLAG_ID;
    put->if_there = flags & FLAG_IF_THERE;
    put->most = bytes_u32(take(rest, 4));
    put->user = (uint64_t)take_i64(rest);
    put->id = take_uuid(rest);
    uint8_t as = *take(rest, 1);
    rest->wrong |= as >= ENDING_COUNT;
    put->as = as;
    put->actor = take_text(rest);
}

static void take_touch(struct rest *rest, struct put_touch *put)
{
    *put = (struct put_touch){.app = bytes_u32(take(rest, 4))};
    put->id = take_uuid(rest);
    put->last_active = take_instant(rest);
    put->expires = take_instant_or_none(rest);
    put->only_later = *take(rest, 1) & FLAG_ONLY_LATER;
    put->actor = take_text(rest);
}

static void take_rotation(struct rest *rest, struct put_rotation *put)
{
    *put = (struct put_rotation){.app = bytes_u32(take(rest, 4))};
    put->id = take_uuid(rest);
    memcpy(put->presented, take(rest, HASH_BYTES), HASH_BYTES);
    memcpy(put->family, take(rest, HASH_BYTES), HASH_BYTES);
    memcpy(put->salt, take(rest, SALT_BYTES), SALT_BYTES);
    memcpy(put->successor, take(rest, HASH_BYTES), HASH_BYTES);
    uint8_t flags = *take(rest, 1);
    put->has_key = flags & FLAG_KEY;
    put->has_proof = flags & FLAG_PROOF;
    memcpy(put->key, take(rest, HASH_BYTES), HASH_BYTES);
    memcpy(put->proof, take(rest, HASH_BYTES), HASH_BYTES);
    put->proof_until = take_instant(rest);
}

static void take_lifetimes(struct rest *rest, struct put_lifetimes *put)
{
    *put = (struct put_lifetimes){.app = bytes_u32(take(rest, 4))};
    put->access_s = take_i64(rest);
    put->lifetime_s = take_i64(rest);
}

static enum err take_put(struct rest *rest, struct arena *arena, struct put *put)
{
    uint8_t kind = *take(rest, 1);
    enum err err = ERR_OK;
    put->kind = kind;
    if (kind == PUT_SESSION)
        err = take_session(rest, arena, &put->session);
    else if (kind == PUT_ENDING)
        take_ending(rest, &put->ending);
    else if (kind == PUT_TOUCH)
        take_touch(rest, &put->touch);
    else if (kind == PUT_LIFETIMES)
        take_lifetimes(rest, &put->lifetimes);
    else if (kind == PUT_ROTATION)
        take_rotation(rest, &put->rotation);
    else
        err = ERR_CORRUPT;
    return rest->wrong ? ERR_CORRUPT : err;
}

enum err message_decode(struct str message, struct arena *arena, struct batch *batch)
{
    struct rest rest = {.bytes = message};
    bool known = *take(&rest, 1) == VERSION;
    *batch = (struct batch){.now = take_instant(&rest)};
    batch->count = bytes_u16(take(&rest, 2));
    if (!known || rest.wrong || batch->count > MESSAGE_PUTS_MAX)
        return ERR_CORRUPT;
    struct put *puts = arena_array(arena, batch->count + 1, sizeof(*puts));
    enum err err = puts ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; err == ERR_OK && i < batch->count; i++)
        err = take_put(&rest, arena, &puts[i]);
    batch->puts = puts;
    return err == ERR_OK && rest.bytes.len ? ERR_CORRUPT : err;
}
