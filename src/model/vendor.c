#include "model/vendor.h"

static const char *const names[VENDOR_END] = {
#define VENDOR(tag, name, number, prefix, spelling) [number] = #name,
#include "model/vendors.def"
#undef VENDOR
};

const struct setting_row setting_rows[SETTING_COUNT] = {
#define SETTING(vendor, tag, key, words, fallback) {VENDOR_##vendor, #key, words, fallback},
#include "model/vendors.def"
#undef SETTING
};

const char *vendor_name(int vendor)
{
    return vendor > 0 && vendor < VENDOR_END ? names[vendor] : NULL;
}

int vendor_of_name(struct str name)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        if (names[vendor] && str_eq(name, str_of(names[vendor])))
            return vendor;
    return 0;
}

int key_use_of_name(struct str name)
{
    int vendor = vendor_of_name(name);
    return vendor ? vendor : str_eq(name, STR("admin")) ? KEY_ADMIN : -1;
}

const char *key_use_name(int use)
{
    return use == KEY_ADMIN ? "admin" : vendor_name(use);
}
