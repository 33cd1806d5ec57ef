#include "enrich/geo.h"

#include <maxminddb.h>
#include <stdlib.h>

enum { ADDRESS_MAX = 64 };

struct geo {
    MMDB_s database;
};

enum err geo_open(const char *path, struct geo **geo)
{
    struct geo *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return ERR_MEMORY;
    int code = MMDB_open(path, MMDB_MODE_MMAP, &opened->database);
    if (code == MMDB_SUCCESS) {
        *geo = opened;
        return ERR_OK;
    }
    free(opened);
    return code == MMDB_FILE_OPEN_ERROR ? ERR_NOT_FOUND : ERR_INVALID;
}

void geo_close(struct geo *geo)
{
    if (!geo)
        return;
    MMDB_close(&geo->database);
    free(geo);
}

static bool is_country(struct str code)
{
    return code.len == 2 && code.ptr[0] >= 'A' && code.ptr[0] <= 'Z' && code.ptr[1] >= 'A' &&
           code.ptr[1] <= 'Z';
}

bool geo_country(struct geo *geo, struct str address, char *out)
{
    char text[ADDRESS_MAX];
    int address_code = 0, code = MMDB_SUCCESS;
    MMDB_entry_data_s data = {.has_data = false};
    if (address.len == 0 || address.len >= sizeof(text))
        return false;
    memcpy(text, address.ptr, address.len);
    text[address.len] = '\0';
    MMDB_lookup_result_s found = MMDB_lookup_string(&geo->database, text, &address_code, &code);
    if (address_code != 0 || code != MMDB_SUCCESS || !found.found_entry)
        return false;
    code = MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL);
    if (code != MMDB_SUCCESS || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return false;
    struct str country = {data.utf8_string, data.data_size};
    if (!is_country(country))
        return false;
    memcpy(out, country.ptr, 2);
    return true;
}
