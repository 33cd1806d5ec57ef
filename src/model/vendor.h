/* The vendors whose dialects are served, as small numbers; and the uses a key of an app may have.
 */
#ifndef ROLLCALL_MODEL_VENDOR_H
#define ROLLCALL_MODEL_VENDOR_H

#include "base/str.h"

enum vendor {
#define VENDOR(tag, name, number, prefix, spelling) VENDOR_##tag = number,
#include "model/vendors.def"
#undef VENDOR
    VENDOR_END /* one past the last number; numbers start at 1 */
};

/* What an app's key opens: a vendor's API (the vendor's number), or the native one. */
enum { KEY_ADMIN = 0 };

enum setting {
#define SETTING(vendor, tag, key, words, fallback) SETTING_##vendor##_##tag,
#include "model/vendors.def"
#undef SETTING
    SETTING_COUNT
};

/* Whether refresh tokens want a proof of possession: the only vendor with proofs says so. */
#define SETTING_PROOF SETTING_PRELUDE_DPOP

/* The vendor's name as records write it ("kratos"); NULL for a number that is none. */
const char *vendor_name(int vendor);
/* The number of a vendor's name; 0 for an unknown name. */
int vendor_of_name(struct str name);

/* The use of a key by its name ("admin" or a vendor's name); -1 for an unknown one. And the
 * reverse. */
int key_use_of_name(struct str name);
const char *key_use_name(int use);

/* A setting's key within its vendor's object, its allowed words ("" for any text) and its default.
 */
struct setting_row {
    enum vendor vendor;
    const char *key, *words, *fallback;
};
extern const struct setting_row setting_rows[SETTING_COUNT];

#endif
