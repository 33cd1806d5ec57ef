#include "dialect/kratos_identity.h"

#include "base/base64.h"
#include "base/clock.h"

static void member_uuid(struct json_out *json, const char *key, const struct uuid *id)
{
    char text[UUID_TEXT];
    uuid_write(id, text);
    json_member_text(json, key, (struct str){text, sizeof(text)});
}

static void member_instant(struct json_out *json, const char *key, int64_t instant)
{
    json_key(json, key);
    json_instant_short(json, instant);
}

/* Null where there is none: its clients tell that from an empty text. */
static void member_text_or_null(struct json_out *json, const char *key, struct str text)
{
    json_key(json, key);
    if (text.len)
        json_text(json, text);
    else
        json_none(json);
}

/* Stored JSON, or what stands for its absence; a NULL `otherwise` leaves the member out. */
static void member_json(struct json_out *json, const char *key, struct str raw,
                        const char *otherwise)
{
    if (raw.len == 0 && !otherwise)
        return;
    json_key(json, key);
    json_raw(json, raw.len ? raw : str_of(otherwise));
}

static struct str schema_url(const struct request *request, struct str schema_id)
{
    struct str encoded = base64url_encode(request->arena, schema_id);
    return arena_printf(request->arena, "%.*s/schemas/%.*s", STR_ARG(request_base(request)),
                        STR_ARG(encoded));
}

static void show_identity(const struct request *request, const struct user *user, unsigned detail,
                          struct json_out *json)
{
    struct str schema =
        user->texts[USER_SCHEMA_ID].len ? user->texts[USER_SCHEMA_ID] : STR("default");
    json_object_begin(json);
    member_uuid(json, "id", &user->uuid);
    if (user->texts[USER_EXTERNAL_ID].len)
        json_member_text(json, "external_id", user->texts[USER_EXTERNAL_ID]);
    json_member_text(json, "schema_id", schema);
    json_member_text(json, "schema_url",
                     detail & KRATOS_SCHEMA_URL ? schema_url(request, schema) : STR(""));
    json_member_text(json, "state", user->active ? STR("active") : STR("inactive"));
    member_json(json, "traits", user->texts[USER_TRAITS], "{}");
    if (detail & KRATOS_ADDRESSES) {
        member_json(json, "verifiable_addresses", user->texts[USER_VERIFIABLE_ADDRESSES], NULL);
        member_json(json, "recovery_addresses", user->texts[USER_RECOVERY_ADDRESSES], NULL);
    }
    member_json(json, "metadata_public", user->texts[USER_METADATA_PUBLIC], "null");
    if (detail & KRATOS_METADATA_ADMIN)
        member_json(json, "metadata_admin", user->texts[USER_METADATA_ADMIN], NULL);
    member_instant(json, "created_at", user->created);
    member_instant(json, "updated_at", user->updated);
    json_key(json, "organization_id");
    json_none(json);
    json_object_end(json);
}

/* Kratos' word for each channel, and the provider where that says more. */
static const struct {
    const char *method, *provider;
} methods[CHANNEL_COUNT] = {
    [CHANNEL_SMS] = {"code", NULL},
    [CHANNEL_EMAIL] = {"code", NULL},
    [CHANNEL_TOTP_AUTHENTICATOR] = {"totp", NULL},
    [CHANNEL_TOTP_RECOVERY_CODE] = {"lookup_secret", NULL},
    [CHANNEL_GOOGLE_OAUTH] = {"oidc", "google"},
    [CHANNEL_APPLE_OAUTH] = {"oidc", "apple"},
    [CHANNEL_MICROSOFT_OAUTH] = {"oidc", "microsoft"},
    [CHANNEL_DISCORD_OAUTH] = {"oidc", "discord"},
    [CHANNEL_OKTA_OAUTH] = {"oidc", "okta"},
    [CHANNEL_GITHUB_OAUTH] = {"oidc", "github"},
    [CHANNEL_SLACK_OAUTH] = {"oidc", "slack"},
    [CHANNEL_FACEBOOK_OAUTH] = {"oidc", "facebook"},
    [CHANNEL_WEBAUTHN_CREDENTIAL] = {"webauthn", NULL},
    [CHANNEL_ETH_WALLET] = {"oidc", "eth_wallet"},
    [CHANNEL_SOL_WALLET] = {"oidc", "sol_wallet"},
};

static void show_method(const struct factor *factor, size_t place, struct json_out *json)
{
    int aal = factor_aal(factor, place);
    /* A credential that is the only step is what Kratos calls a passkey. */
    bool passkey = factor->type == FACTOR_WEBAUTHN && aal == 1;
    json_object_begin(json);
    json_member_text(json, "method",
                     passkey ? STR("passkey") : str_of(methods[factor->channel].method));
    json_member_text(json, "aal", aal == 1 ? STR("aal1") : STR("aal2"));
    member_instant(json, "completed_at", factor->verified_at_s * SECOND_MS);
    if (methods[factor->channel].provider)
        json_member_text(json, "provider", str_of(methods[factor->channel].provider));
    json_object_end(json);
}

static void show_methods(const struct session *session, struct json_out *json)
{
    struct str rest = session_factors(session);
    struct factor factor;
    json_key(json, "authentication_methods");
    json_array_begin(json);
    for (size_t place = 0; factor_decode(&rest, &factor); place++)
        show_method(&factor, place, json);
    json_array_end(json);
}

/* Kratos notes the device a session began on; its id is made of the session's. */
static void show_device(const struct session *session, struct json_out *json)
{
    struct str own = {(const char *)session->id.bytes, sizeof(session->id.bytes)};
    struct uuid id = uuid_of_name(STR("device"), own);
    json_object_begin(json);
    member_uuid(json, "id", &id);
    member_text_or_null(json, "ip_address", session_text(session, TEXT_IP));
    member_text_or_null(json, "user_agent", session_text(session, TEXT_USER_AGENT));
    member_text_or_null(json, "location", session_text(session, TEXT_COUNTRY_CODE));
    json_object_end(json);
}

static void show_devices(const struct session *session, enum kratos_devices devices,
                         struct json_out *json)
{
    json_key(json, "devices");
    if (devices == KRATOS_DEVICES_NULL) {
        json_none(json);
        return;
    }
    json_array_begin(json);
    if (devices == KRATOS_DEVICES)
        show_device(session, json);
    json_array_end(json);
}

void kratos_show_members(const struct request *request, const struct session *session,
                         enum status status, const struct user *user,
                         const struct kratos_view *view, struct json_out *json)
{
    static const char *const aals[AAL_MAX + 1] = {"aal0", "aal1", "aal2", "aal3"};
    struct spelling id;
    session_spell(session, VENDOR_KRATOS, &id);
    json_object_begin(json);
    json_member_text(json, "id", spelling_view(&id));
    /* The identity's own state counts where the identity is there to be looked at. */
    json_member_bool(json, "active", status == STATUS_ACTIVE && (!view->identity || user->active));
    member_instant(json, "expires_at", session->expires);
    member_instant(json, "authenticated_at", session->created);
    json_member_text(json, "authenticator_assurance_level", str_of(aals[session->aal]));
    show_methods(session, json);
    member_instant(json, "issued_at", session->created);
    json_key(json, "identity");
    if (view->identity)
        show_identity(request, user, view->detail, json);
    else
        json_none(json);
    show_devices(session, view->devices, json);
}

void kratos_show_session(const struct request *request, const struct session *session,
                         enum status status, const struct user *user,
                         const struct kratos_view *view, struct json_out *json)
{
    kratos_show_members(request, session, status, user, view, json);
    json_object_end(json);
}
