# From Rocket.Chat: documents of its collection rocketchat_sessions, as `mongoexport` writes them, or pages of
# GET /api/v1/sessions/list.all.
#   jq -c -f rocketchat.jq --arg app mine FILE...
# A document has the hash of its login token: who has one stays signed in. The pages have none.

# Base64 to hexadecimal digits: jq's own decoder gives text, which a hash is not.
def hex:
  ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" | explode) as $letters
  | [rtrimstr("=") | explode[] as $letter | $letters | index($letter)]
  | [foreach .[] as $six ({bits: 0, value: 0, out: []};
       {bits: (.bits + 6), value: (.value * 64 + $six), out: []}
       | until(.bits < 4;
           (.bits - 4) as $left | pow(2; $left) as $unit | ((.value / $unit) | floor) as $digit
           | {bits: $left, value: (.value - $digit * $unit), out: (.out + ["0123456789abcdef"[$digit:$digit + 1]])});
       .out[])]
  | join("");

def instant: if type == "object" then ."$date" else . end;
def given: with_entries(select(.value != null and .value != "" and .value != {}));

(.sessions? // [.])[]
| (select(._user? != null) | {kind: "user", app: $app, id: .userId, username: ._user.username, name: ._user.name} | given),
  (.device as $device
   | {kind: "session", app: $app, user: .userId,
      token_sha256: (if .loginToken? then .loginToken | hex else null end),
      created_at: (.loginAt | instant), last_active_at: (.lastActivityAt? // .loginAt | instant),
      ended: (if .logoutAt? then {as: "logged_out", at: (.logoutAt | instant)}
              elif .closedAt? then {as: "logged_out", at: (.closedAt | instant)} else null end),
      device: ({type: $device.type?, name: $device.name?, version: $device.version?,
                long_version: $device.longVersion?, os: ($device.os? // {} | {name, version} | given)} | given),
      host, ip, ids: {rocketchat: .sessionId}} | given)
