# From Prelude: a user's answers of GET /v2/session/apps/APP/users/USER/sessions, or of /v1/session/me/list.
#   jq -c -f prelude.jq --arg app mine --arg user USER ANSWER...
# No answer has a token: whoever is signed in there stays so until the access token in hand ends.

def given: with_entries(select(.value != null and .value != "" and .value != {}));

.sessions[]
| (.os_version // "" | capture("^(?<name>.*?) ?(?<version>[0-9][0-9.]*)?$")) as $os
| {kind: "session", app: $app, user: $user, created_at, last_active_at: .last_seen_at, expires_at,
   device: ({type: .device_type, model: .device_model, os: ($os | given)} | given), country_code,
   ids: {prelude: .id}}
| given
