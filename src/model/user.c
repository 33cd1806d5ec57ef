#include "model/user.h"

#include "base/bytes.h"

/* The stored form, version 1: version, active, count of texts n, 0; created, updated in 8 bytes
 * each; the UUID; n ends of texts in 4 bytes each; the texts. */
enum {
    VERSION = 1,
    AT_ACTIVE = 1,
    AT_TEXTS = 2,
    AT_CREATED = 4,
    AT_UPDATED = 12,
    AT_UUID = 20,
    HEAD_BYTES = 36,
    END_BYTES = 4
};

struct uuid user_uuid(struct str app_id, struct str user_id)
{
    struct uuid uuid;
    return uuid_parse_text(user_id, &uuid) ? uuid : uuid_of_name(app_id, user_id);
}

void user_encode(const struct user *user, struct buf *buf)
{
    uint8_t head[HEAD_BYTES] = {VERSION, user->active, USER_TEXT_COUNT};
    bytes_put_u64(head + AT_CREATED, (uint64_t)user->created);
    bytes_put_u64(head + AT_UPDATED, (uint64_t)user->updated);
    memcpy(head + AT_UUID, user->uuid.bytes, sizeof(user->uuid.bytes));
    buf_put(buf, head, sizeof(head));
    uint8_t ends[USER_TEXT_COUNT * END_BYTES];
    size_t end = 0;
    for (size_t i = 0; i < USER_TEXT_COUNT; i++) {
        end += user->texts[i].len;
        bytes_put_u32(ends + i * END_BYTES, (uint32_t)end);
    }
    buf_put(buf, ends, sizeof(ends));
    for (size_t i = 0; i < USER_TEXT_COUNT; i++)
        buf_str(buf, user->texts[i]);
}

static enum err decode_texts(struct str record, struct user *user)
{
    const uint8_t *bytes = (const uint8_t *)record.ptr;
    size_t count = bytes[AT_TEXTS], first = HEAD_BYTES + count * END_BYTES, begin = 0;
    if (record.len < first)
        return ERR_CORRUPT;
    for (size_t i = 0; i < count; i++) {
        size_t end = bytes_u32(bytes + HEAD_BYTES + i * END_BYTES);
        if (end < begin || end > record.len - first)
            return ERR_CORRUPT;
        if (i < USER_TEXT_COUNT)
            user->texts[i] = (struct str){record.ptr + first + begin, end - begin};
        begin = end;
    }
    return ERR_OK;
}

enum err user_decode(struct str record, struct user *user)
{
    const uint8_t *bytes = (const uint8_t *)record.ptr;
    if (record.len < HEAD_BYTES)
        return ERR_CORRUPT;
    if (bytes[0] != VERSION)
        return ERR_VERSION;
    *user = (struct user){
        .active = bytes[AT_ACTIVE],
        .created = (int64_t)bytes_u64(bytes + AT_CREATED),
        .updated = (int64_t)bytes_u64(bytes + AT_UPDATED),
    };
    memcpy(user->uuid.bytes, bytes + AT_UUID, sizeof(user->uuid.bytes));
    return decode_texts(record, user);
}

static struct str without_prefix(struct str id)
{
    return str_starts(id, STR("usr-")) ? str_from(id, STR("usr-").len) : id;
}

/* The number's digits without leading zeros; false when the text is no number. */
static bool as_number(struct str text, struct str *digits)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    bool is_number = text.len > 0;
    while (text.len > 1 && text.ptr[0] == '0')
        text = str_from(text, 1);
    *digits = text;
    return is_number;
}

int user_id_cmp(struct str a, struct str b)
{
    struct str left = without_prefix(a), right = without_prefix(b), left_digits, right_digits;
    bool left_number = as_number(left, &left_digits),
         right_number = as_number(right, &right_digits);
    if (left_number != right_number)
        return left_number ? -1 : 1;
    if (left_number && left_digits.len != right_digits.len)
        return left_digits.len < right_digits.len ? -1 : 1;
    int order = left_number ? str_cmp(left_digits, right_digits) : 0;
    if (order == 0)
        order = str_cmp(left, right);
    return order;
}
