/* Devices: texts that many sessions have in common lie in a record of their own, by a number that
 * is the app's. It is there as long as a session has it. */
#ifndef ROLLCALL_STORE_DEVICES_H
#define ROLLCALL_STORE_DEVICES_H

#include "store/writing.h"

struct key key_of_device(uint32_t app, uint32_t number);
/* Of a record of device_encode: by SHA-256. */
struct key key_of_device_record(uint32_t app, struct str record);

/* The number of the device with these texts (the first TEXT_DEVICE_END of a session's), which gets
 * one if it has none. */
enum err device_number(struct writing *writing, uint32_t app, const struct str *texts,
                       uint32_t *number) MUST_CHECK;
/* Takes out a device that no session has any more. */
enum err device_remove(struct writing *writing, uint32_t app, uint32_t number) MUST_CHECK;

/* The name in `meta` of the number that was given last. */
struct key key_of_devices(uint32_t app);

#endif
