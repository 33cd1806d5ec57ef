/* A pattern over all sessions of an app. What it is searched in begins with a device's texts, of
 * which there are few: a device in which it is found whatever follows is searched once. The rest is
 * searched session by session, user by user, without reading records. */
#include "base/deadline.h"
#include "store/finding.h"
#include "store/session_read.h"

/* Devices of higher numbers are not kept at hand: then records are looked at. Numbers are not given
 * twice, so that an app comes to high ones in the course of time. */
enum { DEVICES_MOST = 1 << 20 };

struct device {
    size_t begin, len; /* of what is searched of it, among the texts */
    bool found;        /* whatever follows */
};

struct sifting {
    struct plan *plan;
    struct slot_set *set;
    struct buf devices; /* of struct device, by number */
    struct buf texts;   /* of devices, one after the other */
    struct row_reader rows;
    struct buf subject;
    uint64_t user; /* at hand, and what there is to search of them */
    bool user_found;
    struct str user_id;
};

static struct pattern *pattern_of(const struct sifting *sifting)
{
    return sifting->plan->finding->query->pattern;
}

/* ---- devices ---- */

static enum err put_device(struct sifting *sifting, uint64_t number, const struct session *session)
{
    static const enum session_text searched[] = {TEXT_DEVICE_NAME, TEXT_DEVICE_TYPE, TEXT_OS_NAME};
    struct device device = {.begin = sifting->texts.len};
    for (size_t i = 0; i < sizeof(searched) / sizeof(*searched); i++)
        buf_str(&sifting->texts, session_text(session, searched[i]));
    if (sifting->texts.failed)
        return ERR_MEMORY;
    device.len = sifting->texts.len - device.begin;
    struct str text = {sifting->texts.ptr + device.begin, device.len};
    enum err err = pattern_search_beginning(pattern_of(sifting), text, &device.found);
    /* Numbers that no session has any more have none. */
    while (sifting->devices.len / sizeof(device) <= number && !sifting->devices.failed)
        buf_put(&sifting->devices, &device, sizeof(device));
    return err == ERR_OK && sifting->devices.failed ? ERR_MEMORY : err;
}

static enum err read_device(struct sifting *sifting, const struct tree_entry *entry)
{
    const struct finding *finding = sifting->plan->finding;
    struct place place;
    struct session session;
    if (entry->value > DEVICES_MOST)
        return ERR_UNSUITED;
    enum err err = slot_row(finding->snapshot, finding->app->number, entry->slot, &place);
    if (err == ERR_OK)
        err = session_at(finding->snapshot, &place, &session);
    return err == ERR_OK ? put_device(sifting, entry->value, &session) : err;
}

/* One session of each device, from device to device. */
static enum err read_devices(struct sifting *sifting)
{
    const struct tree *tree = &sifting->plan->index.trees[TREE_DEVICE];
    struct tree_cursor cursor;
    struct tree_entry entry = {.value = 0};
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        uint64_t last = entry.value;
        err = tree_seek_value(&cursor, tree, last + 1);
        if (err == ERR_OK)
            err = tree_next(&cursor, &entry);
        if (err == ERR_OK && entry.value <= last) /* out of order: it would go on for ever */
            err = ERR_CORRUPT;
        if (err == ERR_OK)
            err = read_device(sifting, &entry);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* ---- sessions ---- */

static enum err read_user(struct sifting *sifting, uint64_t number)
{
    const struct finding *finding = sifting->plan->finding;
    struct user user;
    enum err err = store_user(finding->snapshot, finding->app->number, number, &user);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    sifting->user = number;
    sifting->user_id = user.texts[USER_ID];
    sifting->user_found = false;
    if (!finding->query->pattern_finds_users)
        return ERR_OK;
    err = pattern_search(pattern_of(sifting), user.texts[USER_USERNAME], &sifting->user_found);
    if (err == ERR_OK && !sifting->user_found)
        err = pattern_search(pattern_of(sifting), user.texts[USER_NAME], &sifting->user_found);
    return err;
}

static enum err search(struct sifting *sifting, const struct place *place,
                       const struct device *device, bool *found)
{
    struct spelling id;
    id_spell(sifting->plan->finding->query->vendor, &place->id, place->created, &id);
    buf_reset(&sifting->subject);
    buf_put(&sifting->subject, sifting->texts.ptr + device->begin, device->len);
    buf_str(&sifting->subject, spelling_view(&id));
    buf_str(&sifting->subject, sifting->user_id);
    return sifting->subject.failed
               ? ERR_MEMORY
               : pattern_search(pattern_of(sifting), buf_view(&sifting->subject), found);
}

static enum err sift_one(struct sifting *sifting, uint32_t slot)
{
    const struct device *devices = (const struct device *)(const void *)sifting->devices.ptr;
    struct place place;
    enum err err = deadline_passed() ? ERR_LATE : row_reader_read(&sifting->rows, slot, &place);
    if (err == ERR_OK && place.device >= sifting->devices.len / sizeof(*devices))
        err = ERR_CORRUPT;
    if (err != ERR_OK || devices[place.device].found)
        return err;
    if (place.user != sifting->user)
        err = read_user(sifting, place.user);
    bool found = sifting->user_found;
    if (err == ERR_OK && !found)
        err = search(sifting, &place, &devices[place.device], &found);
    if (err == ERR_OK && !found)
        slot_set_put(sifting->set, slot, false);
    return err;
}

/* A user's sessions stand together in the users' tree. */
static enum err sift_all(struct sifting *sifting)
{
    struct tree_cursor cursor;
    struct tree_run run = {NULL, 1};
    enum err err = tree_seek(&cursor, &sifting->plan->index.trees[TREE_USER], 0, TREE_ALL);
    while (err == ERR_OK && run.count > 0) {
        err = tree_next_run(&cursor, UINT64_MAX, &run);
        for (size_t i = 0; err == ERR_OK && i < run.count; i++) {
            uint32_t slot = tree_ref_slot(tree_run_ref(&run, i));
            if (slot_set_has(sifting->set, slot))
                err = sift_one(sifting, slot);
        }
    }
    return err;
}

enum err sift(struct plan *plan, struct slot_set *set)
{
    const struct finding *finding = plan->finding;
    struct sifting sifting = {
        .plan = plan,
        .set = set,
        .rows = {.snapshot = finding->snapshot, .app = finding->app->number},
    };
    enum err err = read_devices(&sifting);
    if (err == ERR_OK)
        err = sift_all(&sifting);
    buf_free(&sifting.devices);
    buf_free(&sifting.texts);
    buf_free(&sifting.subject);
    return err;
}
