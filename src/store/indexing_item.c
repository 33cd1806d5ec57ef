/* An entry of a table: the key, made up with zeros to FRONT_BYTES; the value; the key's length. Of
 * a tree: the value it is ordered by, the text that decides next, the session's id, slot and state.
 */
#include "store/indexing_item.h"

#include "base/bytes.h"

enum {
    FRONT_BYTES = APP_BYTES + 8, /* behind an app's number, as much as sorters look at */
    VALUE_BYTES = 8,
    ID_BYTES = sizeof(struct uuid),
    SLOT_BYTES = 4,
    STATE_BYTES = 1,
    TAIL_BYTES = ID_BYTES + SLOT_BYTES + STATE_BYTES
};
_Static_assert(KEY_MAX <= UINT8_MAX, "a key's length is a byte");

void table_item_write(struct buf *item, const struct key *key, struct str value)
{
    static const char zeros[FRONT_BYTES];
    buf_reset(item);
    buf_str(item, key_view(key));
    if (key->len < FRONT_BYTES)
        buf_put(item, zeros, FRONT_BYTES - key->len);
    buf_str(item, value);
    buf_byte(item, (char)key->len);
}

struct str table_item_key(struct str item)
{
    return (struct str){item.ptr, (uint8_t)item.ptr[item.len - 1]};
}

struct str table_item_value(struct str item)
{
    size_t key = table_item_key(item).len, from = key < FRONT_BYTES ? FRONT_BYTES : key;
    return (struct str){item.ptr + from, item.len - from - 1};
}

int table_item_cmp(struct str a, struct str b)
{
    return str_cmp(table_item_key(a), table_item_key(b));
}

void tree_item_write(struct buf *item, const struct standing *standing, enum tree_number number,
                     uint32_t slot)
{
    uint8_t value[VALUE_BYTES], end[SLOT_BYTES + STATE_BYTES];
    bytes_put_u64(value, standing->values[number]);
    bytes_put_u32(end, slot);
    end[SLOT_BYTES] = (uint8_t)standing->state;
    buf_reset(item);
    buf_put(item, value, sizeof(value));
    if (tree_kinds[number].of_user)
        buf_put(item, standing->texts[number], standing->lens[number]);
    buf_put(item, standing->id.bytes, ID_BYTES);
    buf_put(item, end, sizeof(end));
}

struct tree_entry tree_item_entry(struct str item)
{
    const uint8_t *bytes = (const uint8_t *)item.ptr, *end = bytes + item.len;
    return (struct tree_entry){.value = bytes_u64(bytes),
                               .slot = bytes_u32(end - SLOT_BYTES - STATE_BYTES),
                               .state = end[-STATE_BYTES]};
}

static struct str text_of(struct str item)
{
    return (struct str){item.ptr + VALUE_BYTES, item.len - VALUE_BYTES - TAIL_BYTES};
}

static int compare_ids(struct str a, struct str b)
{
    return memcmp(a.ptr + a.len - TAIL_BYTES, b.ptr + b.len - TAIL_BYTES, ID_BYTES);
}

static int compare_user_ids(struct str a, struct str b)
{
    int order = index_text_cmp(TREE_USER, text_of(a), text_of(b));
    return order ? order : compare_ids(a, b);
}

static int compare_texts(struct str a, struct str b)
{
    int order = str_cmp(text_of(a), text_of(b));
    return order ? order : compare_ids(a, b);
}

sorter_cmp_fn tree_item_order(enum tree_number number)
{
    if (!tree_kinds[number].of_user)
        return NULL;
    return number == TREE_USER ? compare_user_ids : compare_texts;
}
