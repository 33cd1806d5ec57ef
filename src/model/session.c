#include "model/session.h"

#include "base/bytes.h"
#include "base/clock.h"

const char *const status_names[STATUS_COUNT] = {
    [STATUS_ACTIVE] = "active",
    [STATUS_EXPIRED] = "expired",
    [STATUS_INACTIVITY_REACHED] = "inactivity_reached",
    [STATUS_LOGGED_OUT] = "logged_out",
    [STATUS_REVOKED] = "revoked",
};

/* The stored form, version 2; version 1 has no device, and its texts begin with the device's:
 *   0 version  1 ending  2 aal  3 flags  4 count of texts n  5 count of factors  6,7 zero
 *   8 last_active  16 updated  24 expires  32 ended, 8 bytes each
 *   40 the device's number (4 bytes)
 * then the token's hash (32 bytes, when flagged), n ends of texts in 2 bytes each, counted from the
 * first text; the texts; the factors to the end. A device's record is 1, the count of its texts,
 * their ends and the texts. */
enum {
    VERSION_WHOLE = 1,
    VERSION_BESIDE = 2,
    AT_VERSION = 0,
    AT_ENDING = 1,
    AT_AAL = 2,
    AT_FLAGS = 3,
    AT_TEXTS = 4,
    AT_FACTORS = 5,
    AT_LAST_ACTIVE = 8,
    AT_UPDATED = 16,
    AT_EXPIRES = 24,
    AT_ENDED = 32,
    HEAD_BYTES = 40,
    AT_DEVICE = HEAD_BYTES,
    DEVICE_BYTES = 4,
    DEVICE_VERSION = 1,
    DEVICE_HEAD_BYTES = 2,
    FLAG_TOKEN = 1,
    END_BYTES = 2
};

void session_draft_begin(struct session_draft *draft)
{
    *draft = (struct session_draft){.created = INSTANT_NONE,
                                    .last_active = INSTANT_NONE,
                                    .updated = INSTANT_NONE,
                                    .expires = INSTANT_NONE,
                                    .aal = AAL_UNSET};
}

void session_complete(struct session_draft *draft, int64_t lifetime_ms, int64_t now)
{
    if (draft->created == INSTANT_NONE)
        draft->created =
            draft->expires != INSTANT_NONE && draft->expires < now ? draft->expires : now;
    if (draft->last_active == INSTANT_NONE)
        draft->last_active = draft->created;
    if (draft->updated == INSTANT_NONE)
        draft->updated = draft->ending != ENDING_NONE && draft->ended > draft->last_active
                             ? draft->ended
                             : draft->last_active;
    if (draft->expires == INSTANT_NONE)
        draft->expires = instant_later(draft->created, lifetime_ms);
    if (!draft->has_id)
        draft->id = uuid_make(draft->created);
    draft->has_id = true;
    if (draft->aal == AAL_UNSET)
        draft->aal = factors_aal(draft->factors, draft->factor_count);
}

static void encode_texts(const struct str *texts, size_t count, struct buf *buf)
{
    uint8_t ends[TEXT_COUNT * END_BYTES] = {0};
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        end += texts[i].len;
        bytes_put_u16(ends + i * END_BYTES, (uint16_t)end);
    }
    buf_put(buf, ends, count * END_BYTES);
    for (size_t i = 0; i < count; i++)
        buf_str(buf, texts[i]);
}

static void encode_head(const struct session_draft *draft, int version, size_t texts,
                        struct buf *buf)
{
    uint8_t head[HEAD_BYTES] = {
        [AT_VERSION] = (uint8_t)version, [AT_ENDING] = (uint8_t)draft->ending,
        [AT_AAL] = (uint8_t)draft->aal,  [AT_FLAGS] = draft->has_token ? FLAG_TOKEN : 0,
        [AT_TEXTS] = (uint8_t)texts,     [AT_FACTORS] = (uint8_t)draft->factor_count,
    };
    bytes_put_u64(head + AT_LAST_ACTIVE, (uint64_t)draft->last_active);
    bytes_put_u64(head + AT_UPDATED, (uint64_t)draft->updated);
    bytes_put_u64(head + AT_EXPIRES, (uint64_t)draft->expires);
    bytes_put_u64(head + AT_ENDED, (uint64_t)draft->ended);
    buf_put(buf, head, sizeof(head));
}

static void encode_rest(const struct session_draft *draft, size_t first, struct buf *buf)
{
    if (draft->has_token)
        buf_put(buf, draft->token_hash, TOKEN_HASH_BYTES);
    encode_texts(draft->texts + first, TEXT_COUNT - first, buf);
    for (size_t i = 0; i < draft->factor_count; i++)
        factor_encode(&draft->factors[i], buf);
}

void session_encode(const struct session_draft *draft, struct buf *buf)
{
    encode_head(draft, VERSION_WHOLE, TEXT_COUNT, buf);
    encode_rest(draft, 0, buf);
}

void session_encode_beside(const struct session_draft *draft, uint32_t device, struct buf *buf)
{
    uint8_t number[DEVICE_BYTES];
    bytes_put_u32(number, device);
    encode_head(draft, VERSION_BESIDE, TEXT_COUNT - TEXT_DEVICE_END, buf);
    buf_put(buf, number, sizeof(number));
    encode_rest(draft, TEXT_DEVICE_END, buf);
}

void device_encode(const struct str *texts, struct buf *buf)
{
    static const uint8_t head[DEVICE_HEAD_BYTES] = {DEVICE_VERSION, TEXT_DEVICE_END};
    buf_put(buf, head, sizeof(head));
    encode_texts(texts, TEXT_DEVICE_END, buf);
}

static const uint8_t *byte_at(struct str record, size_t at)
{
    return (const uint8_t *)record.ptr + at;
}

/* Texts one after the other: their ends, and how many there are. */
struct texts {
    const uint8_t *ends;
    size_t count;
};

static bool is_beside(struct str record)
{
    return *byte_at(record, AT_VERSION) == VERSION_BESIDE;
}

static size_t texts_at(struct str record)
{
    size_t device = is_beside(record) ? DEVICE_BYTES : 0;
    return HEAD_BYTES + device + (*byte_at(record, AT_FLAGS) & FLAG_TOKEN ? TOKEN_HASH_BYTES : 0);
}

static struct texts texts_of(struct str record)
{
    return (struct texts){byte_at(record, texts_at(record)), *byte_at(record, AT_TEXTS)};
}

static size_t text_end(struct texts texts, size_t text)
{
    return bytes_u16(texts.ends + text * END_BYTES);
}

/* Whether they and their ends are no more than `room` bytes. */
static bool texts_fit(struct texts texts, size_t room)
{
    size_t end = 0;
    if (room < texts.count * END_BYTES)
        return false;
    for (size_t i = 0; i < texts.count; i++) {
        if (text_end(texts, i) < end)
            return false;
        end = text_end(texts, i);
    }
    return end <= room - texts.count * END_BYTES;
}

/* A longer id could be found by nobody. */
static bool ids_fit(struct texts texts, size_t first)
{
    for (size_t i = first; i < texts.count && i < first + VENDOR_END; i++)
        if (text_end(texts, i) - (i ? text_end(texts, i - 1) : 0) > SPELLING_MAX)
            return false;
    return true;
}

static struct str text_of(struct texts texts, size_t text)
{
    if (text >= texts.count)
        return STR_NONE;
    const char *first = (const char *)texts.ends + texts.count * END_BYTES;
    size_t begin = text ? text_end(texts, text - 1) : 0;
    return (struct str){first + begin, text_end(texts, text) - begin};
}

static bool has_instants(const struct session *session)
{
    return instant_is_valid(session->last_active) && instant_is_valid(session->updated) &&
           instant_is_valid(session->expires) && instant_is_valid(session->ended);
}

/* Whether a record of a version that is known has all that it says it has. */
static bool is_whole(struct str record)
{
    size_t at = texts_at(record), left_out = is_beside(record) ? TEXT_DEVICE_END : 0;
    return *byte_at(record, AT_ENDING) < ENDING_COUNT && *byte_at(record, AT_AAL) <= AAL_MAX &&
           record.len >= at && texts_fit(texts_of(record), record.len - at) &&
           ids_fit(texts_of(record), TEXT_BROUGHT_ID - left_out);
}

bool session_decode_head(struct str record, struct session *session)
{
    if (record.len < HEAD_BYTES)
        return false;
    unsigned version = *byte_at(record, AT_VERSION);
    session->last_active = (int64_t)bytes_u64(byte_at(record, AT_LAST_ACTIVE));
    session->updated = (int64_t)bytes_u64(byte_at(record, AT_UPDATED));
    session->expires = (int64_t)bytes_u64(byte_at(record, AT_EXPIRES));
    session->ending = *byte_at(record, AT_ENDING);
    session->ended = (int64_t)bytes_u64(byte_at(record, AT_ENDED));
    return version == VERSION_WHOLE || version == VERSION_BESIDE;
}

enum err session_decode(struct str record, struct session *session)
{
    *session = (struct session){.record = record};
    if (record.len < HEAD_BYTES)
        return ERR_CORRUPT;
    if (!session_decode_head(record, session))
        return ERR_VERSION;
    if (!has_instants(session) || !is_whole(record))
        return ERR_CORRUPT;
    session->aal = *byte_at(record, AT_AAL);
    session->has_token = *byte_at(record, AT_FLAGS) & FLAG_TOKEN;
    if (session->has_token)
        session->token_hash = byte_at(record, texts_at(record) - TOKEN_HASH_BYTES);
    if (is_beside(record))
        session->device = bytes_u32(byte_at(record, AT_DEVICE));
    return is_beside(record) && session->device == 0 ? ERR_CORRUPT : ERR_OK;
}

static struct texts device_texts(struct str record)
{
    return (struct texts){byte_at(record, DEVICE_HEAD_BYTES), *byte_at(record, 1)};
}

enum err session_give_device(struct session *session, struct str record)
{
    bool whole = record.len >= DEVICE_HEAD_BYTES && *byte_at(record, 0) == DEVICE_VERSION &&
                 texts_fit(device_texts(record), record.len - DEVICE_HEAD_BYTES);
    if (!whole)
        return ERR_CORRUPT;
    session->device_record = record;
    return ERR_OK;
}

struct str session_text(const struct session *session, enum session_text text)
{
    size_t which = text;
    if (session->device == 0)
        return text_of(texts_of(session->record), which);
    if (which >= TEXT_DEVICE_END)
        return text_of(texts_of(session->record), which - TEXT_DEVICE_END);
    return session->device_record.len ? text_of(device_texts(session->device_record), which)
                                      : STR_NONE;
}

struct str session_factors(const struct session *session)
{
    struct str record = session->record;
    struct texts texts = texts_of(record);
    size_t end = texts.count ? text_end(texts, texts.count - 1) : 0;
    return str_from(record, texts_at(record) + texts.count * END_BYTES + end);
}

void session_to_draft(const struct session *session, struct session_draft *draft)
{
    *draft = (struct session_draft){
        .has_id = true,
        .id = session->id,
        .created = session->created,
        .last_active = session->last_active,
        .updated = session->updated,
        .expires = session->expires,
        .ending = session->ending,
        .ended = session->ended,
        .aal = session->aal,
        .has_token = session->has_token,
    };
    if (session->has_token)
        memcpy(draft->token_hash, session->token_hash, TOKEN_HASH_BYTES);
    for (int i = 0; i < TEXT_COUNT; i++)
        draft->texts[i] = session_text(session, (enum session_text)i);
    struct str rest = session_factors(session);
    while (draft->factor_count < FACTORS_MAX &&
           factor_decode(&rest, &draft->factors[draft->factor_count]))
        draft->factor_count++;
}

enum status session_status(const struct session *session, int64_t idle_ms, int64_t now)
{
    if (session->ending == ENDING_LOGGED_OUT)
        return STATUS_LOGGED_OUT;
    if (session->ending == ENDING_REVOKED)
        return STATUS_REVOKED;
    int64_t idle_at = INT64_MAX;
    if (idle_ms > 0 && __builtin_add_overflow(session->last_active, idle_ms, &idle_at))
        idle_at = INT64_MAX;
    if (session->expires <= now && session->expires <= idle_at)
        return STATUS_EXPIRED;
    return idle_at <= now ? STATUS_INACTIVITY_REACHED : STATUS_ACTIVE;
}

void session_spell(const struct session *session, enum vendor vendor, struct spelling *spelling)
{
    struct str brought = session_text(session, (enum session_text)(TEXT_BROUGHT_ID + (int)vendor));
    if (brought.len == 0 || brought.len > sizeof(spelling->text)) {
        id_spell(vendor, &session->id, session->created, spelling);
        return;
    }
    memcpy(spelling->text, brought.ptr, brought.len);
    spelling->len = brought.len;
}
