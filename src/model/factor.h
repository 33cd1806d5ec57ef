/* Authentication factors of a session: how, by which channel, with which method. */
#ifndef ROLLCALL_MODEL_FACTOR_H
#define ROLLCALL_MODEL_FACTOR_H

#include "base/buf.h"
#include "base/json_out.h"
#include "base/str.h"

/* Numbers stand in the store: append, never renumber. */
enum channel {
    CHANNEL_SMS,
    CHANNEL_EMAIL,
    CHANNEL_TOTP_AUTHENTICATOR,
    CHANNEL_TOTP_RECOVERY_CODE,
    CHANNEL_GOOGLE_OAUTH,
    CHANNEL_APPLE_OAUTH,
    CHANNEL_MICROSOFT_OAUTH,
    CHANNEL_DISCORD_OAUTH,
    CHANNEL_OKTA_OAUTH,
    CHANNEL_GITHUB_OAUTH,
    CHANNEL_SLACK_OAUTH,
    CHANNEL_FACEBOOK_OAUTH,
    CHANNEL_WEBAUTHN_CREDENTIAL,
    CHANNEL_ETH_WALLET,
    CHANNEL_SOL_WALLET,
    CHANNEL_COUNT
};

enum factor_type {
    FACTOR_OTP,
    FACTOR_OAUTH,
    FACTOR_WALLET,
    FACTOR_TOTP,
    FACTOR_WEBAUTHN,
    FACTOR_TYPE_COUNT
};

/* Text members of a factor's `method`. */
enum method_text {
    METHOD_PLAIN_ID, /* "id" */
    METHOD_ID,       /* "method_id" */
    METHOD_TYPE,
    METHOD_PHONE_NUMBER_ID,
    METHOD_PHONE_NUMBER,
    METHOD_EMAIL_ID,
    METHOD_EMAIL,
    METHOD_WALLET_TYPE,
    METHOD_WALLET_ID,
    METHOD_WALLET_PUBLIC_ADDRESS,
    METHOD_TOTP_ID,
    METHOD_WEBAUTHN_CREDENTIAL_ID,
    METHOD_PROVIDER_SUBJECT,
    METHOD_TEXT_COUNT
};

extern const char *const channel_names[CHANNEL_COUNT];
extern const char *const factor_type_names[FACTOR_TYPE_COUNT];
extern const char *const method_text_keys[METHOD_TEXT_COUNT];

enum { FACTORS_MAX = 16, FACTOR_TEXT_MAX = 1024 };

struct factor {
    enum channel channel;
    enum factor_type type;
    int64_t verified_at_s;               /* last_verified_at: seconds since 1970 */
    struct str texts[METHOD_TEXT_COUNT]; /* empty: absent */
};

/* The assurance level a factor stands for at its place among a session's factors (0 the first): 2
 * for one-time passwords of an app, recovery codes, and a credential that came after another
 * factor; else 1. */
int factor_aal(const struct factor *factor, size_t place);
/* The level they reach together: 2 when some stand for 1 and some for 2, else 1. */
int factors_aal(const struct factor *factors, size_t count);

/* Appends the factor's stored form. */
void factor_encode(const struct factor *factor, struct buf *buf);
/* Reads one factor off the front of *rest and moves *rest past it; texts are views into it. False
 * at the end, and where the bytes are none of ours. */
bool factor_decode(struct str *rest, struct factor *factor);

/* Writes the object the record contract has for it, which is Streambird's. */
void factor_write(const struct factor *factor, struct json_out *json);

#endif
