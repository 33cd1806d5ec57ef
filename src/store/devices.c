#include "store/devices.h"

#include "base/bytes.h"
#include "model/secret.h"

struct key key_of_device(uint32_t app, uint32_t number)
{
    struct key key = key_of_app(app);
    key_put_u32(&key, number);
    return key;
}

struct key key_of_device_record(uint32_t app, struct str record)
{
    uint8_t hash[HASH_BYTES];
    struct key key = key_of_app(app);
    secret_hash(record, hash);
    key_put(&key, (struct str){(const char *)hash, HASH_BYTES});
    return key;
}

struct key key_of_devices(uint32_t app)
{
    struct key name = {.len = 0};
    key_put(&name, STR("devices "));
    key_put_u32(&name, app);
    return name;
}

static enum err put_new(struct writing *writing, uint32_t app, const struct key *by_hash,
                        uint32_t *number)
{
    struct key name = key_of_devices(app), value = {.len = 0};
    uint64_t next;
    enum err err = writing_next_number(writing, key_view(&name), &next);
    if (err == ERR_OK && next > UINT32_MAX)
        err = ERR_FULL;
    if (err != ERR_OK)
        return err;
    *number = (uint32_t)next;
    struct key key = key_of_device(app, *number);
    key_put_u64(&value, next);
    err = writing_put(writing, TABLE_DEVICE_NUMBERS, key_view(by_hash), key_view(&value));
    return err == ERR_OK
               ? writing_put(writing, TABLE_DEVICES, key_view(&key), buf_view(&writing->record))
               : err;
}

enum err device_number(struct writing *writing, uint32_t app, const struct str *texts,
                       uint32_t *number)
{
    uint64_t there;
    buf_reset(&writing->record);
    device_encode(texts, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct key key = key_of_device_record(app, buf_view(&writing->record));
    enum err err =
        env_get_number(writing->txn, writing->store, TABLE_DEVICE_NUMBERS, key_view(&key), &there);
    if (err != ERR_OK || there == 0)
        return err == ERR_OK ? put_new(writing, app, &key, number) : err;
    *number = (uint32_t)there;
    return there > UINT32_MAX ? ERR_CORRUPT : ERR_OK;
}

enum err device_remove(struct writing *writing, uint32_t app, uint32_t number)
{
    struct key key = key_of_device(app, number);
    struct str record;
    enum err err = env_get(writing->txn, writing->store, TABLE_DEVICES, key_view(&key), &record);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    struct key by_hash = key_of_device_record(app, record);
    err = writing_delete(writing, TABLE_DEVICE_NUMBERS, &by_hash);
    return err == ERR_OK ? writing_delete(writing, TABLE_DEVICES, &key) : err;
}
