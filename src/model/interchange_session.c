#include "model/interchange_session.h"

#include "base/clock.h"

static const char *const endings[] = {"logged_out", "revoked"};
static const char *const aals[] = {"aal0", "aal1", "aal2", "aal3"};

/* A text of a session, and its name in the object it stands in. */
struct text_row {
    const char *name;
    enum session_text text;
};
static const struct text_row own_texts[] = {{"user_agent", TEXT_USER_AGENT}, {"host", TEXT_HOST}};
static const struct text_row device_texts[] = {{"type", TEXT_DEVICE_TYPE},
                                               {"model", TEXT_DEVICE_MODEL},
                                               {"name", TEXT_DEVICE_NAME},
                                               {"version", TEXT_DEVICE_VERSION},
                                               {"long_version", TEXT_DEVICE_LONG_VERSION}};
static const struct text_row os_texts[] = {{"name", TEXT_OS_NAME}, {"version", TEXT_OS_VERSION}};

static void read_texts(struct object *object, const struct text_row *rows, size_t count,
                       struct session_draft *draft)
{
    for (size_t i = 0; i < count; i++)
        object_text(object, rows[i].name, 0, TEXT_MAX, &draft->texts[rows[i].text]);
}

static void read_device(struct object *object, struct session_draft *draft)
{
    struct object device, os;
    if (!object_member(object, "device", &device))
        return;
    read_texts(&device, device_texts, sizeof(device_texts) / sizeof(*device_texts), draft);
    if (object_member(&device, "os", &os)) {
        read_texts(&os, os_texts, sizeof(os_texts) / sizeof(*os_texts), draft);
        object_end(&os);
    }
    object_end(&device);
}

static void read_ip(struct object *object, struct session_draft *draft)
{
    enum { IP_TEXT_MAX = 64 };
    object_text(object, "ip", 0, IP_TEXT_MAX, &draft->texts[TEXT_IP]);
}

static void read_country(struct object *object, struct session_draft *draft)
{
    struct str code;
    if (!object_text(object, "country_code", 0, 2, &code))
        return;
    bool right = code.len == 0 || code.len == 2;
    for (size_t i = 0; i < code.len; i++)
        right = right && code.ptr[i] >= 'A' && code.ptr[i] <= 'Z';
    if (!right)
        object_fault(object, "country_code", "two letters A-Z (ISO 3166-1)");
    draft->texts[TEXT_COUNTRY_CODE] = code;
}

static void read_ended(struct object *object, struct session_draft *draft)
{
    struct object ended;
    int ending = 0;
    if (!object_member(object, "ended", &ended))
        return;
    object_require(&ended, "as");
    object_require(&ended, "at");
    if (object_word(&ended, "as", endings, sizeof(endings) / sizeof(*endings), &ending))
        draft->ending = ending == 0 ? ENDING_LOGGED_OUT : ENDING_REVOKED;
    object_instant(&ended, "at", &draft->ended);
    object_end(&ended);
}

static void read_times(struct object *object, struct session_draft *draft)
{
    object_instant(object, "created_at", &draft->created);
    object_instant(object, "last_active_at", &draft->last_active);
    object_instant(object, "updated_at", &draft->updated);
    object_instant(object, "expires_at", &draft->expires);
    if (draft->created != INSTANT_NONE && draft->expires != INSTANT_NONE &&
        draft->expires < draft->created)
        object_fault(object, "expires_at", "an instant not before created_at");
}

/* ---- factors ---- */

static const enum factor_type type_of_channel[CHANNEL_COUNT] = {
    [CHANNEL_SMS] = FACTOR_OTP,
    [CHANNEL_EMAIL] = FACTOR_OTP,
    [CHANNEL_TOTP_AUTHENTICATOR] = FACTOR_TOTP,
    [CHANNEL_TOTP_RECOVERY_CODE] = FACTOR_TOTP,
    [CHANNEL_GOOGLE_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_APPLE_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_MICROSOFT_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_DISCORD_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_OKTA_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_GITHUB_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_SLACK_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_FACEBOOK_OAUTH] = FACTOR_OAUTH,
    [CHANNEL_WEBAUTHN_CREDENTIAL] = FACTOR_WEBAUTHN,
    [CHANNEL_ETH_WALLET] = FACTOR_WALLET,
    [CHANNEL_SOL_WALLET] = FACTOR_WALLET,
};

/* The shift moves a verification as it moves every instant; by whole seconds, which is what it is
 * told in. */
static void read_verified(struct object *method, struct factor *factor)
{
    int64_t least = INSTANT_MIN / SECOND_MS, most = INSTANT_MAX / SECOND_MS;
    object_require(method, "last_verified_at");
    if (!object_integer(method, "last_verified_at", least, most, &factor->verified_at_s))
        return;
    factor->verified_at_s += method->reader->shift_ms / SECOND_MS;
    if (factor->verified_at_s < least || factor->verified_at_s > most)
        object_fault(method, "last_verified_at", "seconds since 1970 within years 0 to 9999");
}

static void read_method(struct object *object, struct factor *factor)
{
    struct object method;
    object_require(object, "method");
    if (!object_member(object, "method", &method))
        return;
    object_require(&method, method_text_keys[METHOD_ID]);
    object_require(&method, method_text_keys[METHOD_TYPE]);
    for (int i = 0; i < METHOD_TEXT_COUNT; i++) {
        bool must = i == METHOD_ID || i == METHOD_TYPE;
        object_text(&method, method_text_keys[i], must, FACTOR_TEXT_MAX, &factor->texts[i]);
    }
    read_verified(&method, factor);
    object_end(&method);
}

static void read_factor(struct object *object, struct factor *factor)
{
    int channel = 0, type = 0;
    object_require(object, "delivery_channel");
    object_require(object, "type");
    if (object_word(object, "delivery_channel", channel_names, CHANNEL_COUNT, &channel) &&
        object_word(object, "type", factor_type_names, FACTOR_TYPE_COUNT, &type) &&
        (int)type_of_channel[channel] != type)
        object_fault(object, "type", factor_type_names[type_of_channel[channel]]);
    factor->channel = (enum channel)channel;
    factor->type = (enum factor_type)type;
    read_method(object, factor);
    object_end(object);
}

static void read_factors(struct object *object, struct session_draft *draft)
{
    json_t *factors = object_array(object, "factors", FACTORS_MAX);
    for (size_t i = 0; i < json_array_size(factors); i++) {
        struct object factor = object_element(object, "factors", factors, i);
        if (object->reader->err != ERR_OK)
            return;
        read_factor(&factor, &draft->factors[draft->factor_count++]);
    }
}

/* ---- ids ---- */

static void read_id(struct object *object, struct session_draft *draft)
{
    struct str id;
    if (!object_text(object, "id", 0, TEXT_MAX, &id))
        return;
    draft->has_id = uuid_parse_text(id, &draft->id);
    if (!draft->has_id)
        object_fault(object, "id", "a UUID");
}

/* Kratos' clients may write a UUID in any way: it is looked up as it is shown. */
static void read_kratos_id(struct object *ids, struct str *id)
{
    char text[UUID_TEXT];
    struct uuid uuid;
    if (id->len == 0)
        return;
    if (!uuid_parse_text(*id, &uuid)) {
        object_fault(ids, vendor_name(VENDOR_KRATOS), "a UUID");
        return;
    }
    uuid_write(&uuid, text);
    *id = arena_copy(ids->reader->arena, (struct str){text, sizeof(text)});
    if (!id->ptr)
        ids->reader->err = ERR_MEMORY;
}

static void read_brought_ids(struct object *object, struct session_draft *draft)
{
    struct object ids;
    if (!object_member(object, "ids", &ids))
        return;
    for (int vendor = 1; vendor < VENDOR_END; vendor++)
        object_text(&ids, vendor_name(vendor), 1, SPELLING_MAX,
                    &draft->texts[TEXT_BROUGHT_ID + vendor]);
    read_kratos_id(&ids, &draft->texts[TEXT_BROUGHT_ID + VENDOR_KRATOS]);
    object_end(&ids);
}

/* Record texts have their lengths in two bytes. */
static void check_size(struct object *object, const struct session_draft *draft)
{
    size_t size = 0;
    for (int i = 0; i < TEXT_COUNT; i++)
        size += draft->texts[i].len;
    if (size > UINT16_MAX)
        object_fault(object, "", "texts of 65,535 bytes together");
}

void read_session(struct object *object, struct record *record)
{
    struct session_draft *draft = &record->draft;
    int aal = AAL_UNSET;
    session_draft_begin(draft);
    object_require(object, "user");
    object_text(object, "user", 1, USER_ID_MAX, &record->user_id);
    read_id(object, draft);
    draft->has_token = read_secret(object, "token", "token_sha256", draft->token_hash);
    read_times(object, draft);
    read_ended(object, draft);
    read_device(object, draft);
    read_texts(object, own_texts, sizeof(own_texts) / sizeof(*own_texts), draft);
    read_ip(object, draft);
    read_country(object, draft);
    object_word(object, "aal", aals, sizeof(aals) / sizeof(*aals), &aal);
    draft->aal = aal;
    read_factors(object, draft);
    read_brought_ids(object, draft);
    check_size(object, draft);
}
