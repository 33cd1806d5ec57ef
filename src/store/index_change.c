/* The index with what changes: every change of a session is told to its trees here, and nowhere
 * else. */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/cursor.h"
#include "store/devices.h"
#include "store/index_changing.h"
#include "store/session_read.h"

static enum err describe(struct changing *changing, const struct session *session,
                         struct standing *standing)
{
    struct user user;
    enum err err = store_user(&changing->view, session->app, session->user, &user);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    standing_of(session, &user, changing_state(changing, session), standing);
    return ERR_OK;
}

/* ---- rows ---- */

static enum err put_row(const struct changing *changing, uint32_t slot, const struct place *place)
{
    uint8_t block[ROWS_IN_BLOCK * ROW_BYTES];
    uint32_t app = changing->index.app;
    struct key key = key_of_rows(app, slot);
    const struct snapshot *view = &changing->view;
    struct str old = STR_NONE;
    size_t at = slot % ROWS_IN_BLOCK * ROW_BYTES, len = at + ROW_BYTES;
    enum err err = env_get(view->txn, view->store, TABLE_ROWS, key_view(&key), &old);
    if ((err != ERR_OK && err != ERR_NOT_FOUND) || old.len > sizeof(block) || old.len < at)
        return err == ERR_OK || err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (old.len)
        memcpy(block, old.ptr, old.len);
    slot_encode(place, block + at);
    struct str value = {(const char *)block, old.len > len ? old.len : len};
    return writing_put(changing->writing, TABLE_ROWS, key_view(&key), value);
}

static enum err take_slot(struct changing *changing, struct place *place)
{
    struct index_head *head = &changing->head;
    place->slot = head->free;
    if (head->free == SLOT_NONE) {
        if (head->slots > TREE_SLOT_MAX)
            return ERR_FULL;
        place->slot = head->slots++;
    } else {
        struct place row;
        enum err err = slot_free(&changing->view, changing->index.app, head->free, &row);
        if (err != ERR_OK)
            return err;
        head->free = (uint32_t)row.created;
    }
    return put_row(changing, place->slot, place);
}

static enum err give_slot_back(struct changing *changing, uint32_t slot)
{
    struct place none = {.created = changing->head.free};
    changing->head.free = slot;
    return put_row(changing, slot, &none);
}

/* ---- sessions ---- */

static void count_brought(struct index_head *head, const struct session *session, uint64_t step)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        if (session_text(session, (enum session_text)(TEXT_BROUGHT_ID + vendor)).len)
            head->brought[vendor] += step;
}

enum err index_add(struct writing *writing, const struct session *session, uint32_t *slot)
{
    struct changing changing;
    struct standing standing;
    struct place place = place_of(session);
    enum err err = changing_begin(&changing, writing, session->app);
    if (err == ERR_OK)
        err = describe(&changing, session, &standing);
    if (err != ERR_OK)
        return err;
    count_brought(&changing.head, session, 1);
    place.device = session->device;
    err = take_slot(&changing, &place);
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++) {
        struct tree_entry entry = standing_entry(&standing, (enum tree_number)i, place.slot);
        struct sought sought = standing_sought(&standing, (enum tree_number)i);
        err = tree_insert(&changing.index.trees[i], &entry, &sought);
    }
    *slot = place.slot;
    return err == ERR_OK ? changing_put_head(&changing) : err;
}

/* A record that has its device's texts itself has no number: the row does. */
static enum err row_device(struct changing *changing, struct standing *standing, uint32_t slot)
{
    struct place place;
    enum err err = slot_row(&changing->view, changing->index.app, slot, &place);
    if (err == ERR_OK)
        standing->values[TREE_DEVICE] = place.device;
    return err;
}

static enum err remove_unused(struct changing *changing, uint32_t device)
{
    const struct tree *tree = &changing->index.trees[TREE_DEVICE];
    struct tree_cursor cursor;
    struct tree_entry entry;
    enum err err = tree_seek_value(&cursor, tree, device);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    bool used = err == ERR_OK && entry.value == device;
    return used ? ERR_OK : device_remove(changing->writing, changing->index.app, device);
}

enum err index_remove(struct writing *writing, const struct session *session, uint32_t slot)
{
    struct changing changing;
    struct standing standing;
    enum err err = changing_begin(&changing, writing, session->app);
    if (err == ERR_OK)
        err = describe(&changing, session, &standing);
    if (err == ERR_OK)
        err = row_device(&changing, &standing, slot);
    if (err != ERR_OK)
        return err;
    count_brought(&changing.head, session, UINT64_MAX);
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++) {
        struct tree_entry entry = standing_entry(&standing, (enum tree_number)i, slot);
        struct sought sought = standing_sought(&standing, (enum tree_number)i);
        err = tree_remove(&changing.index.trees[i], &entry, &sought);
    }
    if (err == ERR_OK)
        err = give_slot_back(&changing, slot);
    if (err == ERR_OK)
        err = remove_unused(&changing, (uint32_t)standing.values[TREE_DEVICE]);
    return err == ERR_OK ? changing_put_head(&changing) : err;
}

/* What is another in one tree: the place, the state, or neither. */
static enum err move_entry(struct changing *changing, enum tree_number number, uint32_t slot,
                           const struct standing *before, const struct standing *after)
{
    const struct tree *tree = &changing->index.trees[number];
    struct tree_entry old = standing_entry(before, number, slot),
                      new = standing_entry(after, number, slot);
    struct sought old_sought = standing_sought(before, number),
                  new_sought = standing_sought(after, number);
    bool moves = old.value != new.value || !str_eq(old_sought.text, new_sought.text);
    if (!moves)
        return old.state != new.state && tree->tells_states ? tree_restate(tree, &new, &new_sought)
                                                            : ERR_OK;
    enum err err = tree_remove(tree, &old, &old_sought);
    return err == ERR_OK ? tree_insert(tree, &new, &new_sought) : err;
}

enum err index_change(struct writing *writing, const struct session *before,
                      const struct session *after)
{
    struct changing changing;
    struct standing old, new;
    uint32_t slot;
    enum err err = changing_begin(&changing, writing, before->app);
    if (err == ERR_OK)
        err = index_slot(&changing.view, before->app, &before->id, &slot);
    if (err == ERR_OK)
        err = describe(&changing, before, &old);
    if (err == ERR_OK)
        err = describe(&changing, after, &new);
    for (int i = 0; err == ERR_OK && i < TREE_NUMBER_COUNT; i++)
        err = move_entry(&changing, (enum tree_number)i, slot, &old, &new);
    writing->indexed = before->app;
    return err;
}

/* ---- users ---- */

struct naming {
    struct changing changing;
    const struct user *user;
    struct buf places;
};

static enum err gather_place(void *context, struct str key, struct str value)
{
    struct naming *naming = context;
    struct place place;
    struct session session;
    if (!place_of_session_key(key, &place))
        return ERR_OK;
    /* One that cannot be read is in no tree once there was a repair. */
    if (session_read(&naming->changing.view, value, &place, &session) != ERR_OK &&
        index_slot(&naming->changing.view, place.app, &place.id, &place.slot) == ERR_CORRUPT)
        return ERR_OK;
    buf_put(&naming->places, &place, sizeof(place));
    return naming->places.failed ? ERR_MEMORY : ERR_OK;
}

/* Puts a session in, or takes it out, where the user's names decide. */
static enum err name_one(struct naming *naming, const struct place *place, bool put)
{
    static const enum tree_number named[] = {TREE_USERNAME, TREE_USER_NAME};
    struct session session = {.id = place->id, .user = place->user, .created = place->created};
    struct standing standing;
    uint32_t slot;
    standing_of(&session, naming->user, 0, &standing);
    enum err err = index_slot(&naming->changing.view, place->app, &place->id, &slot);
    for (size_t i = 0; err == ERR_OK && i < sizeof(named) / sizeof(*named); i++) {
        const struct tree *tree = &naming->changing.index.trees[named[i]];
        struct tree_entry entry = standing_entry(&standing, named[i], slot);
        struct sought sought = standing_sought(&standing, named[i]);
        err = put ? tree_insert(tree, &entry, &sought) : tree_remove(tree, &entry, &sought);
    }
    return err;
}

enum err index_name(struct writing *writing, const struct user *user, bool put)
{
    struct naming naming = {.user = user};
    struct key prefix = key_of_user(user->app, user->number);
    enum err err = changing_begin(&naming.changing, writing, user->app);
    if (err == ERR_OK)
        err = cursor_each(&naming.changing.view, TABLE_SESSIONS, key_view(&prefix), gather_place,
                          &naming);
    const struct place *place = (const struct place *)(const void *)naming.places.ptr;
    for (size_t left = naming.places.len / sizeof(*place); err == ERR_OK && left > 0; left--)
        err = name_one(&naming, place++, put);
    buf_free(&naming.places);
    return err;
}
