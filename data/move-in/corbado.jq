# From Corbado: pages of GET /v2/sessions, one after the other.
#   jq -c -f corbado.jq --arg app mine PAGE...
# No page has a token: whoever is signed in there stays so until the session token in hand ends.

def instant: (. / 1000 | floor | todate | rtrimstr("Z")) + "." + (1000 + . % 1000 | tostring[1:]) + "Z";

.sessions[]
| {kind: "user", app: $app, id: .userID, identifier: .identifierValue},
  ({kind: "session", app: $app, user: .userID, created_at: (.createdMs | instant),
    last_active_at: (.lastActionMs | instant), expires_at: (.expiresMs | instant), ids: {corbado: .sessionID}}
   + if .status == "logged_out" or .status == "revoked"
     then {ended: {as: .status, at: (.lastActionMs | instant)}} else {} end)
