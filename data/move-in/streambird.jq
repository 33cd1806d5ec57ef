# From Streambird, now MoonKey: the answers of GET /v1/auth/sessions/list?user_id=..., one after the other.
#   jq -c -f streambird.jq --arg app mine --argjson tokens '{}' ANSWER...
# $tokens: session tokens by session id, where your application has kept them: who has one stays signed in.

def given: with_entries(select(.value != null and .value != "" and .value != []));

.sessions[]
| {kind: "session", app: $app, user: .user_id, token: $tokens[.id], created_at: (.created_at | todate),
   last_active_at: (.last_active_at | todate), updated_at: (.updated_at | todate), expires_at: (.expires_at | todate),
   factors: [.factors[] | select(.type != "unknown")],
   user_agent: .device_fingerprint.user_agent, ip: .device_fingerprint.ip, ids: {streambird: .id}}
| given
