#include "model/factor.h"

#include "base/bytes.h"
#include "base/clock.h"

const char *const channel_names[CHANNEL_COUNT] = {
    [CHANNEL_SMS] = "sms",
    [CHANNEL_EMAIL] = "email",
    [CHANNEL_TOTP_AUTHENTICATOR] = "totp_authenticator",
    [CHANNEL_TOTP_RECOVERY_CODE] = "totp_recovery_code",
    [CHANNEL_GOOGLE_OAUTH] = "google_oauth",
    [CHANNEL_APPLE_OAUTH] = "apple_oauth",
    [CHANNEL_MICROSOFT_OAUTH] = "microsoft_oauth",
    [CHANNEL_DISCORD_OAUTH] = "discord_oauth",
    [CHANNEL_OKTA_OAUTH] = "okta_oauth",
    [CHANNEL_GITHUB_OAUTH] = "github_oauth",
    [CHANNEL_SLACK_OAUTH] = "slack_oauth",
    [CHANNEL_FACEBOOK_OAUTH] = "facebook_oauth",
    [CHANNEL_WEBAUTHN_CREDENTIAL] = "webauthn_credential",
    [CHANNEL_ETH_WALLET] = "eth_wallet",
    [CHANNEL_SOL_WALLET] = "sol_wallet",
};

const char *const factor_type_names[FACTOR_TYPE_COUNT] = {
    [FACTOR_OTP] = "otp",   [FACTOR_OAUTH] = "oauth",       [FACTOR_WALLET] = "wallet",
    [FACTOR_TOTP] = "totp", [FACTOR_WEBAUTHN] = "webauthn",
};

const char *const method_text_keys[METHOD_TEXT_COUNT] = {
    [METHOD_PLAIN_ID] = "id",
    [METHOD_ID] = "method_id",
    [METHOD_TYPE] = "method_type",
    [METHOD_PHONE_NUMBER_ID] = "phone_number_id",
    [METHOD_PHONE_NUMBER] = "phone_number",
    [METHOD_EMAIL_ID] = "email_id",
    [METHOD_EMAIL] = "email",
    [METHOD_WALLET_TYPE] = "wallet_type",
    [METHOD_WALLET_ID] = "wallet_id",
    [METHOD_WALLET_PUBLIC_ADDRESS] = "wallet_public_address",
    [METHOD_TOTP_ID] = "totp_id",
    [METHOD_WEBAUTHN_CREDENTIAL_ID] = "webauthn_credential_id",
    [METHOD_PROVIDER_SUBJECT] = "provider_subject",
};

int factor_aal(const struct factor *factor, size_t place)
{
    return factor->type == FACTOR_TOTP || (factor->type == FACTOR_WEBAUTHN && place > 0) ? 2 : 1;
}

int factors_aal(const struct factor *factors, size_t count)
{
    bool first = false, second = false;
    for (size_t i = 0; i < count; i++) {
        int aal = factor_aal(&factors[i], i);
        first |= aal == 1;
        second |= aal == 2;
    }
    return first && second ? 2 : 1;
}

/* Stored form: channel, type, count of texts, 0; verified_at_s in 8 bytes; then for each text that
 * is there its number, its length in 2 bytes, its bytes. */
enum { HEAD_BYTES = 12, TEXT_HEAD_BYTES = 3 };

void factor_encode(const struct factor *factor, struct buf *buf)
{
    uint8_t head[HEAD_BYTES] = {(uint8_t)factor->channel, (uint8_t)factor->type};
    for (int i = 0; i < METHOD_TEXT_COUNT; i++)
        head[2] = (uint8_t)(head[2] + (factor->texts[i].len > 0));
    bytes_put_u64(head + 4, (uint64_t)factor->verified_at_s);
    buf_put(buf, head, sizeof(head));
    for (int i = 0; i < METHOD_TEXT_COUNT; i++) {
        if (factor->texts[i].len == 0)
            continue;
        uint8_t text_head[TEXT_HEAD_BYTES] = {(uint8_t)i};
        bytes_put_u16(text_head + 1, (uint16_t)factor->texts[i].len);
        buf_put(buf, text_head, sizeof(text_head));
        buf_str(buf, factor->texts[i]);
    }
}

static bool decode_text(struct str *rest, struct factor *factor)
{
    if (rest->len < TEXT_HEAD_BYTES)
        return false;
    const uint8_t *head = (const uint8_t *)rest->ptr;
    size_t len = bytes_u16(head + 1);
    if (head[0] >= METHOD_TEXT_COUNT || len > rest->len - TEXT_HEAD_BYTES)
        return false;
    factor->texts[head[0]] = (struct str){rest->ptr + TEXT_HEAD_BYTES, len};
    *rest = str_from(*rest, TEXT_HEAD_BYTES + len);
    return true;
}

bool factor_decode(struct str *rest, struct factor *factor)
{
    if (rest->len < HEAD_BYTES)
        return false;
    const uint8_t *head = (const uint8_t *)rest->ptr;
    if (head[0] >= CHANNEL_COUNT || head[1] >= FACTOR_TYPE_COUNT)
        return false;
    *factor = (struct factor){
        .channel = head[0], .type = head[1], .verified_at_s = (int64_t)bytes_u64(head + 4)};
    if (factor->verified_at_s < INSTANT_MIN / SECOND_MS ||
        factor->verified_at_s > INSTANT_MAX / SECOND_MS)
        return false;
    *rest = str_from(*rest, HEAD_BYTES);
    for (int left = head[2]; left > 0; left--)
        if (!decode_text(rest, factor))
            return false;
    return true;
}

void factor_write(const struct factor *factor, struct json_out *json)
{
    json_object_begin(json);
    json_member_text(json, "delivery_channel", str_of(channel_names[factor->channel]));
    json_member_text(json, "type", str_of(factor_type_names[factor->type]));
    json_key(json, "method");
    json_object_begin(json);
    for (int i = 0; i < METHOD_TEXT_COUNT; i++)
        if (factor->texts[i].len)
            json_member_text(json, method_text_keys[i], factor->texts[i]);
    json_member_i64(json, "last_verified_at", factor->verified_at_s);
    json_object_end(json);
    json_object_end(json);
}
