#include "store/index.h"

#include "base/bytes.h"
#include "store/session_read.h"

/* By status are counted the order that lists have when none is asked for, and the ids, which decide
 * among sessions of one status: an entry of these changes with every change of a status. */
const struct tree_kind tree_kinds[TREE_NUMBER_COUNT] = {
    [TREE_CREATED] = {"created", true, false, 0},
    [TREE_LAST_ACTIVE] = {"last_active", false, false, 0},
    [TREE_UPDATED] = {"updated", false, false, 0},
    [TREE_EXPIRES] = {"expires", false, false, 0},
    [TREE_ID] = {"id", true, false, 0},
    [TREE_USER] = {"user", false, true, USER_ID},
    [TREE_USERNAME] = {"username", false, true, USER_USERNAME},
    [TREE_USER_NAME] = {"user_name", false, true, USER_NAME},
    [TREE_DEVICE] = {"device", false, false, 0},
};

int index_text_cmp(enum tree_number number, struct str a, struct str b)
{
    return number == TREE_USER ? user_id_cmp(a, b) : str_cmp(a, b);
}

static enum err text_of(struct snapshot *snapshot, uint32_t app, uint64_t number,
                        enum tree_number tree, struct str *text)
{
    struct user user;
    enum err err = store_user(snapshot, app, number, &user);
    if (err == ERR_OK)
        *text = index_text(user.texts[tree_kinds[tree].text]);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err tie(void *context, const void *wanted, uint32_t slot, int *cmp)
{
    const struct tie *tie = context;
    const struct sought *sought = wanted;
    struct place place;
    enum err err = slot_row(tie->index->snapshot, tie->index->app, slot, &place);
    if (err != ERR_OK)
        return err;
    *cmp = 0;
    if (tree_kinds[tie->number].of_user && place.user != sought->user) {
        struct str text;
        err = text_of(tie->index->snapshot, tie->index->app, place.user, tie->number, &text);
        if (err != ERR_OK)
            return err;
        *cmp = index_text_cmp(tie->number, sought->text, text);
    }
    if (*cmp == 0)
        *cmp = memcmp(sought->id.bytes, place.id.bytes, sizeof(place.id.bytes));
    return ERR_OK;
}

void index_open(struct index *index, struct snapshot *snapshot, uint32_t app)
{
    index->snapshot = snapshot;
    index->app = app;
    for (int i = 0; i < TREE_NUMBER_COUNT; i++) {
        index->ties[i] = (struct tie){index, (enum tree_number)i};
        index->trees[i] = (struct tree){.txn = snapshot->txn,
                                        .store = snapshot->store,
                                        .app = app,
                                        .number = (uint8_t)i,
                                        .tells_states = tree_kinds[i].tells_states,
                                        .tie = tie,
                                        .context = &index->ties[i]};
    }
}

uint64_t index_id(const struct uuid *id)
{
    return bytes_u64(id->bytes);
}

uint64_t index_text_value(struct str text)
{
    uint8_t bytes[8] = {0};
    if (text.len)
        memcpy(bytes, text.ptr, text.len < sizeof(bytes) ? text.len : sizeof(bytes));
    return bytes_u64(bytes);
}

/* As user_id_cmp has it: numbers before all else; those beyond 18 digits stand together. */
uint64_t index_user_id(struct str id)
{
    enum { DIGITS = 18 };
    uint64_t number = 0, beyond = UINT64_C(1000000000000000000);
    if (str_starts(id, STR("usr-")))
        id = str_from(id, STR("usr-").len);
    bool is_number = id.len > 0;
    for (size_t i = 0; i < id.len && is_number; i++) {
        is_number = id.ptr[i] >= '0' && id.ptr[i] <= '9';
        number = number >= beyond / 10 ? beyond : number * 10 + (uint64_t)(id.ptr[i] - '0');
    }
    return is_number ? number : UINT64_C(1) << 63 | index_text_value(id) >> 1;
}

void standing_of(const struct session *session, const struct user *user, unsigned state,
                 struct standing *standing)
{
    standing->id = session->id;
    standing->user = session->user;
    standing->state = state;
    standing->values[TREE_CREATED] = index_instant(session->created);
    standing->values[TREE_LAST_ACTIVE] = index_instant(session->last_active);
    standing->values[TREE_UPDATED] = index_instant(session->updated);
    standing->values[TREE_EXPIRES] = index_instant(session->expires);
    standing->values[TREE_ID] = index_id(&session->id);
    standing->values[TREE_DEVICE] = session->device;
    for (int i = 0; i < TREE_NUMBER_COUNT; i++) {
        struct str text = index_text(user->texts[tree_kinds[i].text]);
        standing->lens[i] = 0;
        if (!tree_kinds[i].of_user)
            continue;
        standing->values[i] = i == TREE_USER ? index_user_id(text) : index_text_value(text);
        standing->lens[i] = text.len;
        if (text.len)
            memcpy(standing->texts[i], text.ptr, text.len);
    }
}

struct sought standing_sought(const struct standing *standing, enum tree_number number)
{
    return (struct sought){
        standing->id, standing->user, {standing->texts[number], standing->lens[number]}};
}

enum err index_slot(struct snapshot *snapshot, uint32_t app, const struct uuid *id, uint32_t *slot)
{
    struct key key = key_of_id(app, id);
    struct place place;
    struct str value;
    enum err err = env_get(snapshot->txn, snapshot->store, TABLE_IDS, key_view(&key), &value);
    if (err == ERR_OK && place_of_id(app, id, value, &place)) {
        *slot = place.slot;
        return ERR_OK;
    }
    return err == ERR_OK || err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* Of what a session was created as, its row tells all. */
static bool row_tells(enum tree_number number)
{
    return number == TREE_CREATED || number == TREE_ID || number == TREE_DEVICE;
}

static enum err stand(const struct index *index, enum tree_number number, const struct place *place,
                      struct standing *standing)
{
    struct session session = {.id = place->id, .user = place->user, .created = place->created};
    struct user user = {.active = true};
    enum err err = ERR_OK;
    if (!row_tells(number)) {
        err = session_at(index->snapshot, place, &session);
        if (err == ERR_OK)
            err = store_user(index->snapshot, index->app, place->user, &user);
    }
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    standing_of(&session, &user, 0, standing);
    standing->values[TREE_DEVICE] = place->device;
    return ERR_OK;
}

enum err index_position(const struct index *index, enum tree_number number, uint32_t slot,
                        uint64_t *position)
{
    struct standing standing;
    struct place place;
    enum err err = slot_row(index->snapshot, index->app, slot, &place);
    if (err == ERR_OK)
        err = stand(index, number, &place, &standing);
    if (err != ERR_OK)
        return err;
    struct sought sought = standing_sought(&standing, number);
    return tree_rank_of(&index->trees[number], standing.values[number], &sought, TREE_ALL,
                        position);
}

/* ---- groups of the same ---- */

static enum err entry_at(const struct index *index, enum tree_number number, uint64_t position,
                         struct tree_entry *entry)
{
    struct tree_cursor cursor;
    enum err err = tree_seek(&cursor, &index->trees[number], position, TREE_ALL);
    return err == ERR_OK ? tree_next(&cursor, entry) : err;
}

/* Whether the entry at a position has the same in the tree's field as the one given. */
static enum err is_same(const struct index *index, enum tree_number number, uint64_t position,
                        const struct tree_entry *as, bool *same)
{
    struct tree_entry entry;
    struct place here, there;
    struct user user;
    char text[TEXT_MAX];
    enum err err = entry_at(index, number, position, &entry);
    *same = err == ERR_OK && entry.value == as->value;
    if (!*same || !tree_kinds[number].of_user)
        return err;
    err = slot_row(index->snapshot, index->app, entry.slot, &here);
    if (err == ERR_OK)
        err = slot_row(index->snapshot, index->app, as->slot, &there);
    if (err != ERR_OK || here.user == there.user)
        return err;
    err = store_user(index->snapshot, index->app, here.user, &user);
    struct str first = err == ERR_OK ? index_text(user.texts[tree_kinds[number].text]) : STR_NONE;
    if (first.len)
        memcpy(text, first.ptr, first.len);
    if (err == ERR_OK)
        err = store_user(index->snapshot, index->app, there.user, &user);
    struct str second = err == ERR_OK ? index_text(user.texts[tree_kinds[number].text]) : STR_NONE;
    /* Different ids may be the same in the order of users. */
    *same = err == ERR_OK && index_text_cmp(number, (struct str){text, first.len}, second) == 0;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

/* Where the same ends, upwards or downwards from a position: steps that double until it is passed,
 * then halves. Most groups are of one. */
static enum err find_edge(const struct index *index, enum tree_number number, uint64_t from,
                          uint64_t room, bool upwards, uint64_t *far)
{
    struct tree_entry entry;
    uint64_t low = 0, high = room + 1, step = 1; /* same at low, not at high, steps away */
    enum err err = entry_at(index, number, from, &entry);
    while (err == ERR_OK && low + 1 < high) {
        uint64_t middle = step && low + step < high ? low + step : low + (high - low) / 2;
        bool same;
        err = is_same(index, number, upwards ? from + middle : from - middle, &entry, &same);
        if (same)
            low = middle;
        else
            high = middle;
        step = same ? step * 2 : 0;
    }
    *far = low;
    return err;
}

enum err index_group(const struct index *index, enum tree_number number, uint64_t position,
                     uint64_t *begin, uint64_t *end)
{
    uint64_t count, down = 0, up = 0;
    enum err err = tree_count(&index->trees[number], TREE_ALL, &count);
    if (err == ERR_OK && position >= count)
        err = ERR_CORRUPT;
    if (err == ERR_OK)
        err = find_edge(index, number, position, position, false, &down);
    if (err == ERR_OK)
        err = find_edge(index, number, position, count - 1 - position, true, &up);
    *begin = position - down;
    *end = position + up + 1;
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}
