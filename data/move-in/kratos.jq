# From Ory Kratos: pages of GET /admin/sessions?expand=identity&expand=devices, one after the other.
#   jq -c -f kratos.jq --arg app mine --argjson tokens '{}' PAGE...
# $tokens: session tokens by session id, as `select id, token from sessions` of Kratos' database has them: who has one
# stays signed in. Its browser cookies are sealed with a secret of its own; browsers sign in once more.

def channel:
  {code: "email", link: "email", totp: "totp_authenticator", lookup_secret: "totp_recovery_code",
   webauthn: "webauthn_credential", passkey: "webauthn_credential"}[.method]
  // ({google: "google_oauth", apple: "apple_oauth", microsoft: "microsoft_oauth", discord: "discord_oauth",
      okta: "okta_oauth", github: "github_oauth", slack: "slack_oauth",
      facebook: "facebook_oauth"}[.provider // ""]);

def type:
  if endswith("_oauth") then "oauth"
  elif startswith("totp") then "totp"
  elif startswith("webauthn") then "webauthn"
  else "otp" end;

# A password, say, is no channel: what has no word here is left out.
def factors:
  [.authentication_methods // [] | to_entries[] | .key as $place | .value | channel as $channel | select($channel)
   | {delivery_channel: $channel, type: ($channel | type),
      method: {method_id: "\($channel)_\($place)", method_type: $channel,
               last_verified_at: (.completed_at | sub("\\.[0-9]+"; "") | fromdate)}}];

def given: with_entries(select(.value != null and .value != "" and .value != []));

.[]
| (.identity // empty | {kind: "user", app: $app, id, external_id, schema_id, state, traits, metadata_public, metadata_admin,
    verifiable_addresses, recovery_addresses, created_at, updated_at,
    identifier: (.traits.email? // .traits.phone? // .traits.username?)} | given),
  (.devices[-1]? as $device
   | {kind: "session", app: $app, user: .identity.id, id, token: $tokens[.id],
      created_at: .issued_at, last_active_at: .authenticated_at, expires_at,
      ended: (if .active or (.expires_at | sub("\\.[0-9]+"; "") | fromdate) <= now then null
              else {as: "revoked", at: (now | floor | todate)} end),
      aal: .authenticator_assurance_level, factors: factors,
      # It notes the port beside the address.
      ip: ($device.ip_address? // "" | sub("^(?<ip>[0-9.]+):[0-9]+$"; .ip) | sub("^\\[(?<ip>.*)\\]:[0-9]+$"; .ip)),
      user_agent: $device.user_agent?} | given)
