#include <stdio.h>

#include "model/interchange.h"

struct text_row {
    const char *name;
    enum session_text text;
};
static const struct text_row device_texts[] = {{"type", TEXT_DEVICE_TYPE},
                                               {"model", TEXT_DEVICE_MODEL},
                                               {"name", TEXT_DEVICE_NAME},
                                               {"version", TEXT_DEVICE_VERSION},
                                               {"long_version", TEXT_DEVICE_LONG_VERSION}};
static const struct text_row os_texts[] = {{"name", TEXT_OS_NAME}, {"version", TEXT_OS_VERSION}};
static const struct {
    const char *name;
    enum user_text text;
} user_texts[] = {{"identifier", USER_IDENTIFIER},
                  {"username", USER_USERNAME},
                  {"name", USER_NAME},
                  {"external_id", USER_EXTERNAL_ID},
                  {"schema_id", USER_SCHEMA_ID}},
  user_jsons[] = {{"traits", USER_TRAITS},
                  {"metadata_public", USER_METADATA_PUBLIC},
                  {"metadata_admin", USER_METADATA_ADMIN},
                  {"verifiable_addresses", USER_VERIFIABLE_ADDRESSES},
                  {"recovery_addresses", USER_RECOVERY_ADDRESSES},
                  {"roles", USER_ROLES}};
static const struct text_row own_texts[] = {{"user_agent", TEXT_USER_AGENT},
                                            {"ip", TEXT_IP},
                                            {"host", TEXT_HOST},
                                            {"country_code", TEXT_COUNTRY_CODE}};

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static void write_texts(struct json_out *json, const struct session *session,
                        const struct text_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str text = session_text(session, rows[i].text);
        if (text.len)
            json_member_text(json, rows[i].name, text);
    }
}

static bool has_text(const struct session *session, const struct text_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (session_text(session, rows[i].text).len)
            return true;
    return false;
}

static void write_device(struct json_out *json, const struct session *session)
{
    bool os = has_text(session, os_texts, COUNT_OF(os_texts));
    if (!os && !has_text(session, device_texts, COUNT_OF(device_texts)))
        return;
    json_key(json, "device");
    json_object_begin(json);
    write_texts(json, session, device_texts, COUNT_OF(device_texts));
    if (os) {
        json_key(json, "os");
        json_object_begin(json);
        write_texts(json, session, os_texts, COUNT_OF(os_texts));
        json_object_end(json);
    }
    json_object_end(json);
}

static void write_factors(struct json_out *json, const struct session *session)
{
    struct str rest = session_factors(session);
    struct factor factor;
    if (rest.len == 0)
        return;
    json_key(json, "factors");
    json_array_begin(json);
    while (factor_decode(&rest, &factor))
        factor_write(&factor, json);
    json_array_end(json);
}

static void write_ids(struct json_out *json, const struct session *session)
{
    bool begun = false;
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct str id = session_text(session, (enum session_text)(TEXT_BROUGHT_ID + vendor));
        if (id.len == 0)
            continue;
        if (!begun) {
            json_key(json, "ids");
            json_object_begin(json);
            begun = true;
        }
        json_member_text(json, vendor_name(vendor), id);
    }
    if (begun)
        json_object_end(json);
}

static void write_instant(struct json_out *json, const char *key, int64_t instant)
{
    json_key(json, key);
    json_instant_millis(json, instant);
}

static void write_times(struct json_out *json, const struct session *session)
{
    write_instant(json, "created_at", session->created);
    write_instant(json, "last_active_at", session->last_active);
    write_instant(json, "updated_at", session->updated);
    write_instant(json, "expires_at", session->expires);
    if (session->ending == ENDING_NONE)
        return;
    json_key(json, "ended");
    json_object_begin(json);
    json_member_text(json, "as",
                     session->ending == ENDING_REVOKED ? STR("revoked") : STR("logged_out"));
    write_instant(json, "at", session->ended);
    json_object_end(json);
}

void record_begin_session(struct json_out *json, const struct session *session, struct str app_id,
                          struct str user_id)
{
    char id[UUID_TEXT], aal[8];
    uuid_write(&session->id, id);
    snprintf(aal, sizeof(aal), "aal%d", session->aal);
    json_object_begin(json);
    json_member_text(json, "kind", STR("session"));
    json_member_text(json, "app", app_id);
    json_member_text(json, "user", user_id);
    json_member_text(json, "id", (struct str){id, sizeof(id)});
    write_times(json, session);
    write_device(json, session);
    write_texts(json, session, own_texts, COUNT_OF(own_texts));
    json_member_text(json, "aal", str_of(aal));
    write_factors(json, session);
    write_ids(json, session);
}

void record_write_session(struct json_out *json, const struct session *session, struct str app_id,
                          struct str user_id)
{
    record_begin_session(json, session, app_id, user_id);
    json_object_end(json);
}

static void write_user_texts(struct json_out *json, const struct user *user)
{
    for (size_t i = 0; i < COUNT_OF(user_texts); i++) {
        struct str text = user->texts[user_texts[i].text];
        if (text.len)
            json_member_text(json, user_texts[i].name, text);
    }
    for (size_t i = 0; i < COUNT_OF(user_jsons); i++) {
        struct str raw = user->texts[user_jsons[i].text];
        if (raw.len == 0)
            continue;
        json_key(json, user_jsons[i].name);
        json_raw(json, raw);
    }
}

void record_write_user(struct json_out *json, const struct user *user, struct str app_id)
{
    json_object_begin(json);
    json_member_text(json, "kind", STR("user"));
    json_member_text(json, "app", app_id);
    json_member_text(json, "id", user->texts[USER_ID]);
    write_user_texts(json, user);
    json_member_text(json, "state", user->active ? STR("active") : STR("inactive"));
    write_instant(json, "created_at", user->created);
    write_instant(json, "updated_at", user->updated);
    json_object_end(json);
}
