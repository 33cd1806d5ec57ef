#!/usr/bin/env bats
# Moving in from a vendor: what its API lists, or its database holds, becomes records by data/move-in/*.jq, and is then
# listed here as it was there. The demo's app stands for the vendor.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"
. "$ROLLCALL_SOURCE/data/demo.env"

setup_file() {
    make_store "$ROLLCALL_SOURCE/data/demo.jsonl" --as-of 2026-01-01T00:00:00Z
    for vendor in kratos corbado streambird prelude rocketchat; do
        echo "{\"kind\":\"app\",\"id\":\"from-$vendor\",\"keys\":[{\"for\":\"$vendor\",\"secret\":\"secret-$vendor\"},{\"for\":\"admin\",\"secret\":\"admin-$vendor\"}]}"
    done | sed 's/{"for":"\(kratos\|rocketchat\)","secret":"[^"]*"},//' | "$rollcall" --store "$BATS_FILE_TMPDIR/store" import -
    start_pool "workers = 2"
    start_web
}

teardown_file() {
    stop_servers
}

# move_in VENDOR [JQ OPTION...]: takes what `get` has brought into the app "from-VENDOR".
move_in() {
    local vendor=$1
    shift
    jq -c -f "$ROLLCALL_SOURCE/data/move-in/$vendor.jq" --arg app "from-$vendor" "$@" <<<"$body" >"$BATS_TEST_TMPDIR/records.jsonl"
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" import "$BATS_TEST_TMPDIR/records.jsonl"
}

# same THERE HERE: two answers, of which $both is what has to be the same.
same() {
    diff <(jq -S "$both" <<<"$1") <(jq -S "$both" <<<"$2")
}

@test "Ory Kratos: identities, sessions, and the tokens that its database holds" {
    local there session
    get '/admin/sessions?expand=identity&expand=devices&page_size=250' -H "Authorization: rk_demo"
    expect_status 200
    there=$body
    session=$(jq -r '[.[] | select(.active)][0].id' <<<"$there")
    move_in kratos --argjson tokens "{\"$session\":\"ory_st_moved\"}"
    get '/admin/sessions?expand=identity&expand=devices&page_size=250' -H "Authorization: admin-kratos"
    # An address, once verified, is a row of its own there; an end stands nowhere, only that it has come.
    both='map({id, active, expires_at, issued_at, identity: (.identity | {id, schema_id, state, traits, metadata_public,
        metadata_admin, verifiable_addresses, recovery_addresses}), methods: [.authentication_methods[].method],
        devices: (.devices | map({ip_address, user_agent}))})
        | map(.methods |= map(select(. != "oidc")))' same "$there" "$body"
    get /sessions/whoami -H "X-Session-Token: ory_st_moved"
    expect_status 200
    expect_json .id "\"$session\""
}

@test "Ory Kratos: an address is written with its port there" {
    body='[{"id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d","active":true,"expires_at":"2100-01-01T00:00:00.123456Z","issued_at":"2026-01-01T00:00:00.123456Z","authenticated_at":"2026-01-01T00:00:00.123456Z","authenticator_assurance_level":"aal1","authentication_methods":[{"method":"password","aal":"aal1","completed_at":"2026-01-01T00:00:00.1Z"},{"method":"oidc","provider":"github","completed_at":"2026-01-01T00:00:00Z"}],"identity":{"id":"9f425a8d-7efc-4768-8f23-7647a74fdf14","traits":{"email":"a@example.com"}},"devices":[{"ip_address":"[2001:db8::7]:54321","user_agent":"curl/8"}]}]'
    move_in kratos --argjson tokens '{}'
    [ "$(jq -c 'select(.kind == "session") | [.ip, .user_agent, [.factors[].delivery_channel]]' "$BATS_TEST_TMPDIR/records.jsonl")" = \
        '["2001:db8::7","curl/8",["github_oauth"]]' ]
    [ "$(sed 's/\[2001:db8::7\]:54321/203.0.113.7:54321/' <<<"$body" | jq -r -f "$ROLLCALL_SOURCE/data/move-in/kratos.jq" \
        --arg app mine --argjson tokens '{}' | jq -r '.ip // empty')" = 203.0.113.7 ]
}

@test "Corbado: every session, whatever its status" {
    local there
    get '/v2/sessions?pageSize=100&sort=created:desc' -u "$demo_corbado"
    expect_status 200
    there=$body
    move_in corbado
    get '/v2/sessions?pageSize=100&sort=created:desc' -u from-corbado:secret-corbado
    both='[.sessions | sort_by(.sessionID)[]]' same "$there" "$body"
}

@test "Streambird: sessions, their factors, and tokens that were kept" {
    local there session
    get "/v1/auth/sessions/list?user_id=$demo_streambird_user" -H "Authorization: Bearer $demo_streambird_key"
    expect_status 200
    there=$body
    session=$(jq -r '.sessions[0].id' <<<"$there")
    move_in streambird --argjson tokens "{\"$session\":\"streambird-moved\"}"
    get "/v1/auth/sessions/list?user_id=$demo_streambird_user" -H "Authorization: Bearer secret-streambird"
    both='[.sessions | sort_by(.id)[] | del(.factors[] | select(.type == "unknown"))]' same "$there" "$body"
    get /v1/auth/sessions/verify -X POST -d '{"session_token":"streambird-moved"}' -H "Authorization: Bearer secret-streambird"
    expect_status 200
    expect_json .session.id "\"$session\""
}

@test "Prelude: a user's sessions" {
    local there
    get '/v1/session/me/list?limit=100' \
        -H "Authorization: Bearer $("$rollcall" --store "$BATS_FILE_TMPDIR/store" token --app acme "$demo_prelude_session")"
    expect_status 200
    there=$body
    move_in prelude --arg user moved-1
    get '/v1/session/me/list?limit=100' \
        -H "Authorization: Bearer $("$rollcall" --store "$BATS_FILE_TMPDIR/store" token --app from-prelude "$demo_prelude_session")"
    both=. same "$there" "$body"
    # The list for servers says less: a session's end is then the app's own lifetime.
    get /v2/session/apps/from-prelude/users/moved-1/sessions -H "Authorization: Bearer secret-prelude"
    jq -c -f "$ROLLCALL_SOURCE/data/move-in/prelude.jq" --arg app other --arg user moved-4 <<<"$body" >"$BATS_TEST_TMPDIR/records.jsonl"
    [ "$(jq -c keys "$BATS_TEST_TMPDIR/records.jsonl" | sort -u)" = '["app","created_at","ids","kind","last_active_at","user"]' ]
}

@test "Rocket.Chat: documents of its database, with the hash of the token" {
    local hash
    hash=$(printf tok-1 | sha256sum | cut -c-64 | tr a-f A-F | basenc -d --base16 | base64)
    body='{"_id":"x","sessionId":"QoYYFw2t9oKks2niG","userId":"moved-2","instanceId":"i","device":{"type":"browser","name":"Chrome","longVersion":"113.0.0.0","os":{"name":"Windows","version":"10"},"version":"113.0.0"},"host":"localhost:3000","ip":"172.20.0.2","loginAt":{"$date":"2099-12-31T10:00:00.202Z"},"lastActivityAt":{"$date":"2099-12-31T10:10:00.202Z"},"loginToken":"'$hash'"}'
    move_in rocketchat
    get /api/v1/sessions/list -H "X-User-Id: moved-2" -H "X-Auth-Token: tok-1"
    expect_status 200
    expect_json '.sessions[0] | [.sessionId, .userId, .device, .host, .ip, .loginAt, .current]' \
        '["QoYYFw2t9oKks2niG","moved-2",{"type":"browser","name":"Chrome","longVersion":"113.0.0.0","os":{"name":"Windows","version":"10"},"version":"113.0.0"},"localhost:3000","172.20.0.2","2099-12-31T10:00:00.202Z",true]'
}

@test "Rocket.Chat: pages of its administrator's list" {
    body='{"sessions":[{"sessionId":"WJ2giBwm4B9mcojFi","userId":"moved-3","device":{"type":"mobile","name":"Chrome","longVersion":"","os":{"name":"Android","version":"10"}},"host":"","ip":"172.20.0.2","loginAt":"2026-01-01T10:00:00.202Z","_user":{"username":"rosa","name":"Rosa Diaz"},"_id":"WJ2giBwm4B9mcojFi"}],"total":1,"count":1,"offset":0,"success":true}'
    move_in rocketchat
    [ "$("$rollcall" --store "$BATS_FILE_TMPDIR/store" user show moved-3 --app from-rocketchat --json | jq -r .username)" = rosa ]
    [ "$("$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app from-rocketchat --user moved-3 --json | jq -c '[.ids.rocketchat, .device.os.name]')" = '["WJ2giBwm4B9mcojFi","Android"]' ]
}
