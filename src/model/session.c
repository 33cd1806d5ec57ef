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

/* The stored form, version 1:
 *   0 version  1 ending  2 aal  3 flags  4 count of texts n  5 count of factors  6,7 zero
 *   8 last_active  16 updated  24 expires  32 ended, 8 bytes each
 *   40 token hash (32 bytes, when flagged), then n ends of texts in 2 bytes each, counted from the
 * first text; then the texts; then the factors to the end. */
enum {
    VERSION = 1,
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
        draft->created = now;
    if (draft->last_active == INSTANT_NONE)
        draft->last_active = draft->created;
    if (draft->updated == INSTANT_NONE)
        draft->updated = draft->ending != ENDING_NONE && draft->ended > draft->last_active
                             ? draft->ended
                             : draft->last_active;
    if (draft->expires == INSTANT_NONE)
        draft->expires =
            draft->created > INSTANT_MAX - lifetime_ms ? INSTANT_MAX : draft->created + lifetime_ms;
    if (!draft->has_id)
        draft->id = uuid_make(draft->created);
    draft->has_id = true;
    if (draft->aal == AAL_UNSET)
        draft->aal = factors_aal(draft->factors, draft->factor_count);
}

static void encode_texts(const struct str *texts, struct buf *buf)
{
    uint8_t ends[TEXT_COUNT * END_BYTES];
    size_t end = 0;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        end += texts[i].len;
        bytes_put_u16(ends + i * END_BYTES, (uint16_t)end);
    }
    buf_put(buf, ends, sizeof(ends));
    for (size_t i = 0; i < TEXT_COUNT; i++)
        buf_str(buf, texts[i]);
}

void session_encode(const struct session_draft *draft, struct buf *buf)
{
    uint8_t head[HEAD_BYTES] = {
        [AT_VERSION] = VERSION,         [AT_ENDING] = (uint8_t)draft->ending,
        [AT_AAL] = (uint8_t)draft->aal, [AT_FLAGS] = draft->has_token ? FLAG_TOKEN : 0,
        [AT_TEXTS] = TEXT_COUNT,        [AT_FACTORS] = (uint8_t)draft->factor_count,
    };
    bytes_put_u64(head + AT_LAST_ACTIVE, (uint64_t)draft->last_active);
    bytes_put_u64(head + AT_UPDATED, (uint64_t)draft->updated);
    bytes_put_u64(head + AT_EXPIRES, (uint64_t)draft->expires);
    bytes_put_u64(head + AT_ENDED, (uint64_t)draft->ended);
    buf_put(buf, head, sizeof(head));
    if (draft->has_token)
        buf_put(buf, draft->token_hash, TOKEN_HASH_BYTES);
    encode_texts(draft->texts, buf);
    for (size_t i = 0; i < draft->factor_count; i++)
        factor_encode(&draft->factors[i], buf);
}

static const uint8_t *byte_at(struct str record, size_t at)
{
    return (const uint8_t *)record.ptr + at;
}

/* Where the ends of the texts begin. */
static size_t ends_at(struct str record)
{
    return HEAD_BYTES + (*byte_at(record, AT_FLAGS) & FLAG_TOKEN ? TOKEN_HASH_BYTES : 0);
}

static size_t text_end(struct str record, size_t text)
{
    return bytes_u16(byte_at(record, ends_at(record) + text * END_BYTES));
}

static bool texts_fit(struct str record)
{
    size_t count = *byte_at(record, AT_TEXTS), end = 0;
    size_t first = ends_at(record) + count * END_BYTES;
    if (record.len < first)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text_end(record, i) < end)
            return false;
        end = text_end(record, i);
    }
    return end <= record.len - first;
}

enum err session_decode(struct str record, struct session *session)
{
    if (record.len < HEAD_BYTES)
        return ERR_CORRUPT;
    if (*byte_at(record, AT_VERSION) != VERSION)
        return ERR_VERSION;
    if (*byte_at(record, AT_ENDING) >= ENDING_COUNT || *byte_at(record, AT_AAL) > AAL_MAX ||
        record.len < ends_at(record) || !texts_fit(record))
        return ERR_CORRUPT;
    bool has_token = *byte_at(record, AT_FLAGS) & FLAG_TOKEN;
    *session = (struct session){
        .last_active = (int64_t)bytes_u64(byte_at(record, AT_LAST_ACTIVE)),
        .updated = (int64_t)bytes_u64(byte_at(record, AT_UPDATED)),
        .expires = (int64_t)bytes_u64(byte_at(record, AT_EXPIRES)),
        .ending = *byte_at(record, AT_ENDING),
        .ended = (int64_t)bytes_u64(byte_at(record, AT_ENDED)),
        .aal = *byte_at(record, AT_AAL),
        .has_token = has_token,
        .token_hash = has_token ? byte_at(record, HEAD_BYTES) : NULL,
        .record = record,
    };
    return ERR_OK;
}

struct str session_text(const struct session *session, enum session_text text)
{
    struct str record = session->record;
    size_t count = *byte_at(record, AT_TEXTS), which = text;
    if (which >= count)
        return STR_NONE;
    size_t first = ends_at(record) + count * END_BYTES;
    size_t begin = which ? text_end(record, which - 1) : 0;
    return (struct str){record.ptr + first + begin, text_end(record, which) - begin};
}

struct str session_factors(const struct session *session)
{
    struct str record = session->record;
    size_t count = *byte_at(record, AT_TEXTS);
    size_t texts = count ? text_end(record, count - 1) : 0;
    return str_from(record, ends_at(record) + count * END_BYTES + texts);
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
