/* Lists by a text of devices, of which there are few: each device's sessions stand together in a
 * tree, and devices of one text are a part of the list. */
#include "store/listing.h"

#include <stdlib.h>

#include "store/session_read.h"

enum { DEVICES_MOST = 1 << 18 };

/* A device: where its sessions stand in their tree, and one of its texts. */
struct device {
    uint64_t begin, end;
    struct str text; /* the snapshot's */
};

struct devices {
    struct listing *listing;
    struct sequence sequence;
    struct buf found; /* of struct device */
    bool descending;
};

static enum session_text text_of_field(enum field field)
{
    return field == FIELD_DEVICE_NAME ? TEXT_DEVICE_NAME
           : field == FIELD_OS_NAME   ? TEXT_OS_NAME
                                      : TEXT_OS_VERSION;
}

static enum err read_device(struct devices *devices, uint64_t begin, enum field field,
                            struct device *device)
{
    const struct index *index = devices->sequence.index;
    const struct tree *tree = &index->trees[TREE_DEVICE];
    struct tree_cursor cursor;
    struct tree_entry entry;
    struct session session;
    struct place place;
    device->begin = begin;
    enum err err = tree_seek(&cursor, tree, begin, TREE_ALL);
    if (err == ERR_OK)
        err = tree_next(&cursor, &entry);
    if (err == ERR_OK)
        err = tree_rank(tree, entry.value + 1, TREE_ALL, &device->end);
    if (err == ERR_OK)
        err = slot_row(index->snapshot, index->app, entry.slot, &place);
    if (err == ERR_OK)
        err = session_at(index->snapshot, &place, &session);
    if (err == ERR_OK)
        device->text = session_text(&session, text_of_field(field));
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err read_devices(struct devices *devices, enum field field)
{
    struct device device = {.end = 0};
    enum err err = ERR_OK;
    size_t count = 0;
    while (err == ERR_OK && device.end < devices->sequence.end) {
        err = ++count > DEVICES_MOST ? ERR_UNSUITED
                                     : read_device(devices, device.end, field, &device);
        if (err == ERR_OK)
            buf_put(&devices->found, &device, sizeof(device));
    }
    return devices->found.failed ? ERR_MEMORY : err;
}

static int device_cmp(const void *left, const void *right, void *context)
{
    const struct devices *devices = context;
    const struct device *a = left, *b = right;
    int cmp = str_cmp(a->text, b->text);
    return devices->descending ? -cmp : cmp;
}

static enum err put_device(const struct devices *devices, const struct device *device,
                           struct slot_set *set)
{
    return sequence_each(&devices->sequence,
                         &(struct stretch){device->begin, device->end, 0, UINT64_MAX},
                         listing_put_slot, set);
}

/* Devices of one text, whose sessions are a part of the list: counted, and put into a set only
 * where the page is among them. */
static enum err list_alike(struct devices *devices, const struct device *device, size_t count,
                           size_t order, struct span *span)
{
    struct slot_set set = {NULL, 0};
    struct source part = {TREE_ALL, &set, 0};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        uint64_t matching;
        err = sequence_count(&devices->sequence, device[i].begin, device[i].end, &matching);
        part.count += err == ERR_OK ? matching : 0;
    }
    if (err == ERR_OK && span->from < part.count)
        err = slot_set_new(&set, devices->listing->plan->head.slots);
    for (size_t i = 0; err == ERR_OK && set.words && i < count; i++)
        err = put_device(devices, &device[i], &set);
    if (err == ERR_OK)
        err = listing_put_part(devices->listing, &part, order + 1, span);
    slot_set_free(&set);
    return err;
}

static enum err list_devices(struct devices *devices, size_t order, struct span span)
{
    const struct device *device = (const struct device *)(const void *)devices->found.ptr;
    size_t count = devices->found.len / sizeof(*device);
    enum err err = ERR_OK;
    for (size_t first = 0, end; err == ERR_OK && first < count && span.count > 0; first = end) {
        for (end = first + 1; end < count && str_eq(device[end].text, device[first].text);)
            end++;
        err = list_alike(devices, device + first, end - first, order, &span);
    }
    return err;
}

enum err listing_by_device(struct listing *listing, const struct source *source, size_t order,
                           struct span span)
{
    struct order by = listing_order(listing, order);
    struct devices devices = {.listing = listing, .descending = by.descending};
    if (!source->set)
        return ERR_UNSUITED;
    enum err err = listing_open(listing, source, TREE_DEVICE, &devices.sequence);
    if (err == ERR_OK)
        err = read_devices(&devices, by.field);
    if (err == ERR_OK && devices.found.len)
        qsort_r(devices.found.ptr, devices.found.len / sizeof(struct device), sizeof(struct device),
                device_cmp, &devices);
    if (err == ERR_OK)
        err = list_devices(&devices, order, span);
    buf_free(&devices.found);
    return err;
}
