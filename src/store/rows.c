/* A row: user (8 bytes; 0 where no session has the slot), created (8; there the next free slot),
 * id (16), the device's number (4). */
#include "store/rows.h"

#include "base/bytes.h"
#include "base/clock.h"

/* What stands between sessions of one instant has that at its end; what does not, has not. */
enum { AT_CREATED = 8, AT_ID = 16, AT_DEVICE = 32, HEAD_BYTES = 16 + 8 * (VENDOR_END - 1) };

static int id_cmp(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool as_of_is_whole(const struct as_of *as_of)
{
    static const struct uuid nil;
    return id_cmp(&as_of->below, &nil) == 0;
}

int as_of_cmp(const struct as_of *a, const struct as_of *b)
{
    int cmp = id_cmp(&a->below, &b->below);
    return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : (cmp > 0) - (cmp < 0);
}

unsigned as_of_state(const struct as_of *as_of, const struct session *session, int64_t idle_ms)
{
    bool is_next = id_cmp(&session->id, &as_of->below) < 0;
    return (unsigned)session_status(session, idle_ms, as_of->at + is_next);
}

struct key key_of_rows(uint32_t app, uint32_t slot)
{
    struct key key = key_of_app(app);
    key_put_u32(&key, slot / ROWS_IN_BLOCK);
    return key;
}

void slot_encode(const struct place *place, uint8_t *row)
{
    bytes_put_u64(row, place->user);
    bytes_put_u64(row + AT_CREATED, (uint64_t)place->created);
    memcpy(row + AT_ID, place->id.bytes, sizeof(place->id.bytes));
    bytes_put_u32(row + AT_DEVICE, place->device);
}

static bool decode(struct str rows, uint32_t app, uint32_t slot, struct place *place)
{
    size_t at = slot % ROWS_IN_BLOCK * ROW_BYTES;
    if (rows.len < at + ROW_BYTES)
        return false;
    const uint8_t *row = (const uint8_t *)rows.ptr + at;
    *place = (struct place){.app = app,
                            .user = bytes_u64(row),
                            .created = (int64_t)bytes_u64(row + AT_CREATED),
                            .slot = slot,
                            .device = bytes_u32(row + AT_DEVICE)};
    memcpy(place->id.bytes, row + AT_ID, sizeof(place->id.bytes));
    return true;
}

static enum err read(struct snapshot *snapshot, uint32_t app, uint32_t slot, struct place *place)
{
    struct key key = key_of_rows(app, slot);
    struct str rows;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_ROWS, key_view(&key), &rows);
    return err == ERR_OK && !decode(rows, app, slot, place) ? ERR_NOT_FOUND : err;
}

enum err row_reader_read(struct row_reader *reader, uint32_t slot, struct place *place)
{
    uint32_t block = slot / ROWS_IN_BLOCK;
    if (reader->rows.len == 0 || reader->block != block) {
        struct key key = key_of_rows(reader->app, slot);
        const struct snapshot *snapshot = reader->snapshot;
        enum err err =
            env_get(snapshot->txn, snapshot->store, TABLE_ROWS, key_view(&key), &reader->rows);
        if (err != ERR_OK)
            return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
        reader->block = block;
    }
    bool whole = decode(reader->rows, reader->app, slot, place) && place->user != 0;
    return whole ? ERR_OK : ERR_CORRUPT;
}

enum err slot_row(struct snapshot *snapshot, uint32_t app, uint32_t slot, struct place *place)
{
    enum err err = read(snapshot, app, slot, place);
    return err == ERR_NOT_FOUND || (err == ERR_OK && place->user == 0) ? ERR_CORRUPT : err;
}

enum err slot_free(struct snapshot *snapshot, uint32_t app, uint32_t slot, struct place *row)
{
    enum err err = read(snapshot, app, slot, row);
    bool is_free = err == ERR_OK && row->user == 0;
    return is_free ? ERR_OK : err == ERR_OK || err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

enum err head_check(struct snapshot *snapshot, uint32_t app, const struct index_head *head)
{
    struct place place;
    enum err err = head->slots ? read(snapshot, app, head->slots - 1, &place) : ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

enum err head_read(struct snapshot *snapshot, uint32_t app, struct index_head *head)
{
    struct key key = key_of_app(app);
    struct str value;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_INDEX, key_view(&key), &value);
    *head = (struct index_head){.free = SLOT_NONE};
    if (err != ERR_OK)
        return err;
    struct uuid *below = &head->as_of.below;
    if (value.len != HEAD_BYTES && value.len != HEAD_BYTES + sizeof(below->bytes))
        return ERR_CORRUPT;
    const uint8_t *bytes = (const uint8_t *)value.ptr;
    head->as_of.at = (int64_t)bytes_u64(bytes);
    memcpy(below->bytes, bytes + HEAD_BYTES, value.len - HEAD_BYTES);
    head->slots = bytes_u32(bytes + 8);
    head->free = bytes_u32(bytes + 12);
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        head->brought[vendor] = bytes_u64(bytes + 8 + 8 * vendor);
    return instant_is_valid(head->as_of.at) ? ERR_OK : ERR_CORRUPT;
}

void head_encode(const struct index_head *head, struct key *value)
{
    const struct uuid *below = &head->as_of.below;
    key_put_u64(value, (uint64_t)head->as_of.at);
    key_put_u32(value, head->slots);
    key_put_u32(value, head->free);
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        key_put_u64(value, head->brought[vendor]);
    if (!as_of_is_whole(&head->as_of))
        key_put(value, (struct str){(const char *)below->bytes, sizeof(below->bytes)});
}
