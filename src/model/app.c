#include "model/app.h"

#include "base/bytes.h"

/* The stored form, version 2: version, count of settings n, 0, 0; lifetime, idle, retain, created
 * in 8 bytes each; length of the id in 1 byte; touch and most per user in 4 bytes each, 1 where the
 * oldest is ended, access in 4 bytes; n lengths of settings in 2 bytes each; the id, the settings,
 * the keys (use in 1 byte, hash) to the end. Version 1 is without touch and the three after it. */
enum {
    VERSION = 2,
    VERSION_BEFORE = 1,
    AT_VERSION = 0,
    AT_SETTINGS = 1,
    AT_LIFETIME = 4,
    AT_IDLE = 12,
    AT_RETAIN = 20,
    AT_CREATED = 28,
    AT_ID_LENGTH = 36,
    HEAD_BYTES_BEFORE = 37,
    AT_TOUCH = 37,
    AT_MAX_PER_USER = 41,
    AT_ENDS_OLDEST = 45,
    AT_ACCESS = 46,
    HEAD_BYTES = 50,
    LENGTH_BYTES = 2,
    KEY_BYTES = 1 + SECRET_HASH_BYTES
};

bool app_id_is_valid(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return id.len >= 1 && id.len <= APP_ID_MAX;
}

void app_encode(const struct app *app, const struct app_key *keys, size_t count, struct buf *buf)
{
    uint8_t head[HEAD_BYTES] = {
        [AT_VERSION] = VERSION,
        [AT_SETTINGS] = SETTING_COUNT,
        [AT_ID_LENGTH] = (uint8_t)app->id.len,
        [AT_ENDS_OLDEST] = app->ends_oldest,
    };
    bytes_put_u32(head + AT_TOUCH, (uint32_t)app->touch_s);
    bytes_put_u32(head + AT_MAX_PER_USER, (uint32_t)app->max_per_user);
    bytes_put_u32(head + AT_ACCESS, (uint32_t)app->access_s);
    bytes_put_u64(head + AT_LIFETIME, (uint64_t)app->lifetime_s);
    bytes_put_u64(head + AT_IDLE, (uint64_t)app->idle_s);
    bytes_put_u64(head + AT_RETAIN, (uint64_t)app->retain_s);
    bytes_put_u64(head + AT_CREATED, (uint64_t)app->created);
    buf_put(buf, head, sizeof(head));
    for (int i = 0; i < SETTING_COUNT; i++) {
        uint8_t length[LENGTH_BYTES];
        bytes_put_u16(length, (uint16_t)app->settings[i].len);
        buf_put(buf, length, sizeof(length));
    }
    buf_str(buf, app->id);
    for (int i = 0; i < SETTING_COUNT; i++)
        buf_str(buf, app->settings[i]);
    for (size_t i = 0; i < count; i++) {
        buf_byte(buf, (char)keys[i].use);
        buf_put(buf, keys[i].hash, SECRET_HASH_BYTES);
    }
}

/* Takes `len` bytes off the front of *rest; false when there are fewer. */
static bool take(struct str *rest, size_t len, struct str *taken)
{
    if (len > rest->len)
        return false;
    *taken = (struct str){rest->ptr, len};
    *rest = (struct str){rest->ptr + len, rest->len - len};
    return true;
}

static bool decode_tail(struct str rest, size_t id_length, size_t settings, struct app *app)
{
    struct str lengths, setting;
    if (!take(&rest, settings * LENGTH_BYTES, &lengths) || !take(&rest, id_length, &app->id))
        return false;
    for (size_t i = 0; i < settings; i++) {
        size_t length = bytes_u16((const uint8_t *)lengths.ptr + i * LENGTH_BYTES);
        if (!take(&rest, length, &setting))
            return false;
        if (i < SETTING_COUNT)
            app->settings[i] = setting;
    }
    app->keys = rest;
    return rest.len % KEY_BYTES == 0;
}

/* So that it can be counted in milliseconds from any instant there is. */
static bool is_period(int64_t seconds)
{
    return seconds >= 0 && seconds <= PERIOD_MAX_S;
}

enum err app_decode(struct str record, struct app *app)
{
    const uint8_t *bytes = (const uint8_t *)record.ptr;
    if (record.len < HEAD_BYTES_BEFORE)
        return ERR_CORRUPT;
    bool before = bytes[AT_VERSION] == VERSION_BEFORE;
    size_t head = before ? HEAD_BYTES_BEFORE : HEAD_BYTES;
    if (bytes[AT_VERSION] != VERSION && !before)
        return ERR_VERSION;
    if (record.len < head)
        return ERR_CORRUPT;
    *app = (struct app){
        .lifetime_s = (int64_t)bytes_u64(bytes + AT_LIFETIME),
        .idle_s = (int64_t)bytes_u64(bytes + AT_IDLE),
        .retain_s = (int64_t)bytes_u64(bytes + AT_RETAIN),
        .created = (int64_t)bytes_u64(bytes + AT_CREATED),
        .touch_s = before ? TOUCH_DEFAULT_S : bytes_u32(bytes + AT_TOUCH),
        .max_per_user = before ? 0 : bytes_u32(bytes + AT_MAX_PER_USER),
        .ends_oldest = !before && bytes[AT_ENDS_OLDEST],
        .access_s = before ? ACCESS_DEFAULT_S : bytes_u32(bytes + AT_ACCESS),
    };
    if (!is_period(app->lifetime_s) || !is_period(app->idle_s) || !is_period(app->retain_s))
        return ERR_CORRUPT;
    struct str tail = {record.ptr + head, record.len - head};
    bool whole = decode_tail(tail, bytes[AT_ID_LENGTH], bytes[AT_SETTINGS], app);
    return whole && app_id_is_valid(app->id) ? ERR_OK : ERR_CORRUPT;
}

bool app_key_decode(struct str *rest, struct app_key *key)
{
    if (rest->len < KEY_BYTES)
        return false;
    key->use = (uint8_t)rest->ptr[0];
    memcpy(key->hash, rest->ptr + 1, SECRET_HASH_BYTES);
    *rest = str_from(*rest, KEY_BYTES);
    return true;
}

struct str app_setting(const struct app *app, enum setting setting)
{
    struct str set = app->settings[setting];
    return set.len ? set : str_of(setting_rows[setting].fallback);
}

struct str app_account(const struct app *app, int use)
{
    if (use != VENDOR_CORBADO)
        return STR_NONE;
    struct str project = app_setting(app, SETTING_CORBADO_PROJECT_ID);
    return project.len ? project : app->id;
}
