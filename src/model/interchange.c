#include "model/interchange.h"

#include "base/clock.h"
#include "model/interchange_session.h"
#include "model/json_in.h"
#include "model/secret.h"

static const char *const kinds[] = {"app", "user", "session"};

bool read_secret(struct object *object, const char *clear, const char *hashed, uint8_t *hash)
{
    enum { SECRET_MAX = 1024 };
    struct str text;
    if (object_has(object, clear) && object_has(object, hashed)) {
        object_fault(object, hashed, "either it or the secret in clear, not both");
        return false;
    }
    if (object_text(object, clear, 1, SECRET_MAX, &text)) {
        secret_hash(text, hash);
        secret_wipe((char *)text.ptr, text.len);
        return true;
    }
    if (!object_text(object, hashed, 0, SECRET_MAX, &text))
        return false;
    bool right = secret_hash_parse(text, hash);
    if (!right)
        object_fault(object, hashed, "64 hexadecimal digits");
    return right;
}

/* ---- app ---- */

static void read_periods(struct object *object, struct app *app)
{
    static const char *const policies[] = {"refuse", "end_oldest"};
    struct object periods;
    int policy = 0;
    app->lifetime_s = LIFETIME_DEFAULT_S;
    app->idle_s = IDLE_DEFAULT_S;
    app->retain_s = RETAIN_DEFAULT_S;
    app->touch_s = TOUCH_DEFAULT_S;
    app->access_s = ACCESS_DEFAULT_S;
    if (!object_member(object, "session", &periods))
        return;
    object_integer(&periods, "lifetime_s", 1, PERIOD_MAX_S, &app->lifetime_s);
    object_integer(&periods, "idle_s", 0, PERIOD_MAX_S, &app->idle_s);
    object_integer(&periods, "retain_s", 0, PERIOD_MAX_S, &app->retain_s);
    object_integer(&periods, "access_s", ACCESS_LEAST_S, ACCESS_MOST_S, &app->access_s);
    object_integer(&periods, "touch_s", 0, TOUCH_MAX_S, &app->touch_s);
    object_integer(&periods, "max_per_user", 0, MAX_PER_USER_MAX, &app->max_per_user);
    if (object_word(&periods, "at_max", policies, sizeof(policies) / sizeof(*policies), &policy))
        app->ends_oldest = policy == 1;
    object_end(&periods);
}

/* Whether `words` ("a|b|c", "" for any text) allows it. */
static bool is_allowed(struct str words, struct str text)
{
    struct str word;
    bool allowed = words.len == 0;
    while (words.len && !allowed) {
        str_split(words, '|', &word, &words);
        allowed = str_eq(word, text);
    }
    return allowed;
}

static void read_setting(struct object *object, enum setting setting, struct app *app)
{
    enum { SETTING_MAX = 256 };
    const struct setting_row *row = &setting_rows[setting];
    struct str text;
    if (!object_text(object, row->key, 1, SETTING_MAX, &text))
        return;
    app->settings[setting] = text;
    if (!is_allowed(str_of(row->words), text))
        object_fault(object, row->key, row->words);
}

/* One object a vendor, of the settings that are its. */
static void read_settings(struct object *object, struct app *app)
{
    for (int vendor = 1; vendor < VENDOR_END; vendor++) {
        struct object settings;
        if (!object_member(object, vendor_name(vendor), &settings))
            continue;
        for (int i = 0; i < SETTING_COUNT; i++)
            if ((int)setting_rows[i].vendor == vendor)
                read_setting(&settings, (enum setting)i, app);
        object_end(&settings);
    }
}

static void read_key(struct object *object, struct app_key *key)
{
    struct str use;
    object_require(object, "for");
    if (object_text(object, "for", 1, TEXT_MAX, &use)) {
        key->use = key_use_of_name(use);
        if (key->use < 0)
            object_fault(object, "for", "admin or a vendor's name");
    }
    if (!read_secret(object, "secret", "sha256", key->hash))
        object_fault(object, "secret", "a secret, or its sha256");
    object_end(object);
}

static void read_app(struct object *object, struct record *record)
{
    struct app *app = &record->app;
    *app = (struct app){.created = INSTANT_NONE};
    object_require(object, "id");
    if (object_text(object, "id", 1, APP_ID_MAX, &app->id) && !app_id_is_valid(app->id))
        object_fault(object, "id", "1 to 64 of a-z 0-9 -");
    record->app_id = app->id;
    read_periods(object, app);
    read_settings(object, app);
    json_t *keys = object_array(object, "keys", APP_KEYS_MAX);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct object key = object_element(object, "keys", keys, i);
        if (object->reader->err != ERR_OK)
            return;
        read_key(&key, &record->keys[record->key_count++]);
    }
}

/* ---- user ---- */

static const struct {
    const char *name;
    enum user_text text;
} user_texts[] = {
    {"identifier", USER_IDENTIFIER},   {"username", USER_USERNAME},   {"name", USER_NAME},
    {"external_id", USER_EXTERNAL_ID}, {"schema_id", USER_SCHEMA_ID},
};

static const struct {
    const char *name;
    enum user_text text;
    json_type type; /* JSON_NULL: any */
} user_jsons[] = {
    {"traits", USER_TRAITS, JSON_OBJECT},
    {"metadata_public", USER_METADATA_PUBLIC, JSON_NULL},
    {"metadata_admin", USER_METADATA_ADMIN, JSON_NULL},
    {"verifiable_addresses", USER_VERIFIABLE_ADDRESSES, JSON_ARRAY},
    {"recovery_addresses", USER_RECOVERY_ADDRESSES, JSON_ARRAY},
    {"roles", USER_ROLES, JSON_ARRAY},
};

static void check_roles(struct object *object)
{
    const json_t *roles = object_array(object, "roles", SIZE_MAX);
    for (size_t i = 0; i < json_array_size(roles); i++)
        if (json_string_length(json_array_get(roles, i)) == 0)
            object_fault_at(object, "roles", i, "a role's name");
}

/* Ory's forms: what strict clients cannot do without must be there. The rest is kept as it is. */
static void check_addresses(struct object *object, const char *name)
{
    json_t *addresses = object_array(object, name, SIZE_MAX);
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        struct object address = object_element(object, name, addresses, i);
        struct str text;
        if (object->reader->err != ERR_OK)
            return;
        object_require(&address, "value");
        object_text(&address, "value", 1, TEXT_MAX, &text);
        object_require(&address, "via");
        object_text(&address, "via", 1, TEXT_MAX, &text);
        object_text(&address, "status", 1, TEXT_MAX, &text);
        object_boolean(&address, "verified");
    }
}

static void read_user(struct object *object, struct record *record)
{
    static const char *const states[] = {"active", "inactive"};
    struct user *user = &record->user;
    int state = 0;
    *user = (struct user){.created = INSTANT_NONE, .updated = INSTANT_NONE};
    object_require(object, "id");
    object_text(object, "id", 1, USER_ID_MAX, &user->texts[USER_ID]);
    for (size_t i = 0; i < sizeof(user_texts) / sizeof(*user_texts); i++)
        object_text(object, user_texts[i].name, 0, TEXT_MAX, &user->texts[user_texts[i].text]);
    for (size_t i = 0; i < sizeof(user_jsons) / sizeof(*user_jsons); i++)
        object_json(object, user_jsons[i].name, user_jsons[i].type, USER_JSON_MAX,
                    &user->texts[user_jsons[i].text]);
    check_roles(object);
    check_addresses(object, "verifiable_addresses");
    check_addresses(object, "recovery_addresses");
    object_word(object, "state", states, 2, &state);
    user->active = state == 0;
    object_instant(object, "created_at", &user->created);
    object_instant(object, "updated_at", &user->updated);
}

/* ---- the line ---- */

static void read_kind(struct object *object, struct record *record)
{
    int kind = 0;
    object_require(object, "kind");
    if (!object_word(object, "kind", kinds, sizeof(kinds) / sizeof(*kinds), &kind))
        return;
    record->kind = (enum record_kind)kind;
    if (record->kind != RECORD_APP) {
        object_require(object, "app");
        if (object_text(object, "app", 1, APP_ID_MAX, &record->app_id) &&
            !app_id_is_valid(record->app_id))
            object_fault(object, "app", "1 to 64 of a-z 0-9 -");
    }
    if (record->kind == RECORD_APP)
        read_app(object, record);
    else if (record->kind == RECORD_USER)
        read_user(object, record);
    else
        read_session(object, record);
    object_end(object);
}

/* The text jansson keeps of a secret is wiped before its memory is given back. */
static void wipe_strings(json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(json))
        secret_wipe((char *)json_string_value(json), json_string_length(json));
    json_object_foreach(json, key, value)
    {
        wipe_strings(value);
    }
    json_array_foreach(json, i, value)
    {
        wipe_strings(value);
    }
}

/* What jansson says quotes the line, secrets and all: it is put in our own words. */
static enum err fault_syntax(struct reader *reader, const json_error_t *error)
{
    static const struct {
        enum json_error_code code;
        const char *expected;
    } rows[] = {
        {json_error_invalid_utf8, "well-formed UTF-8"},
        {json_error_null_character, "text without NUL characters"},
        {json_error_null_byte_in_key, "text without NUL characters"},
        {json_error_duplicate_key, "each key once in an object"},
        {json_error_stack_overflow, "JSON that is nested less deeply"},
        {json_error_numeric_overflow, "numbers that fit in 64 bits"},
    };
    const char *expected = "one JSON object";
    enum json_error_code code = json_error_code(error);
    if (code == json_error_out_of_memory)
        return ERR_MEMORY;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].code == code)
            expected = rows[i].expected;
    reader->fault->expected =
        arena_printf(reader->arena, "%s (reading stopped at byte %d)", expected, error->position);
    return reader->fault->expected.ptr ? ERR_INVALID : ERR_MEMORY;
}

typedef void (*read_fn)(struct object *object, struct record *record);

static enum err read_object(struct arena *arena, struct str text, int64_t shift_ms, read_fn read,
                            struct record *record, struct record_fault *fault)
{
    json_error_t error;
    struct reader reader = {.arena = arena, .shift_ms = shift_ms, .fault = fault};
    struct object object = {.reader = &reader};
    memset(record, 0, sizeof(*record));
    *fault = (struct record_fault){.field = STR_NONE};
    if (text.len > LINE_MAX_BYTES) {
        object_fault(&object, "", "a line of at most 1 MiB");
        return reader.err;
    }
    object.json = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!object.json)
        return fault_syntax(&reader, &error);
    if (json_is_object(object.json))
        read(&object, record);
    else
        object_fault(&object, "", "one JSON object");
    wipe_strings(object.json);
    json_decref(object.json);
    return reader.err;
}

enum err record_read(struct arena *arena, struct str line, int64_t shift_ms, struct record *record,
                     struct record_fault *fault)
{
    return read_object(arena, line, shift_ms, read_kind, record, fault);
}

static void read_new_session(struct object *object, struct record *record)
{
    record->kind = RECORD_SESSION;
    read_session(object, record);
    object_text(object, "identifier", 1, TEXT_MAX, &record->identifier);
    object_integer(object, "expires_in_s", 1, PERIOD_MAX_S, &record->expires_in_s);
    record->forwarded = object_boolean(object, "forwarded");
    if (record->expires_in_s && record->draft.expires != INSTANT_NONE)
        object_fault(object, "expires_in_s", "nothing beside expires_at");
    object_end(object);
}

enum err record_read_new_session(struct arena *arena, struct str text, struct record *record,
                                 struct record_fault *fault)
{
    return read_object(arena, text, 0, read_new_session, record, fault);
}
