#!/usr/bin/env bats
# Rollcall's own API, and what was made with it in every vendor's dialect.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    echo '{"kind":"app","id":"acme","session":{"lifetime_s":86400,"idle_s":3600,"retain_s":86400},"corbado":{"project_id":"pro-1"},"keys":[{"for":"admin","secret":"rk"},{"for":"corbado","secret":"corbado1_x"},{"for":"streambird","secret":"sk_test_x"}]}
{"kind":"app","id":"globex","keys":[{"for":"admin","secret":"rk_other"}]}
{"kind":"app","id":"capped","session":{"max_per_user":1},"keys":[{"for":"admin","secret":"rk_capped"}]}
{"kind":"user","app":"acme","id":"root","roles":["admin"]}
{"kind":"session","app":"acme","user":"root","token":"root-token"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    mkdir "$BATS_FILE_TMPDIR/answers"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 2"
    start_web
}

teardown_file() {
    stop_servers
}

# native METHOD PATH [BODY] [CURL OPTION...]
native() {
    local method=$1 path=$2 content=${3:-}
    shift $(($# < 3 ? $# : 3))
    get "/rollcall/v1$path" -X "$method" -H "Authorization: Bearer rk" ${content:+-H "Content-Type: application/json" -d "$content"} "$@"
}

# create USER [MEMBERS]: leaves the session's id in $id, its token in $token, its JWT in $jwt.
create() {
    native POST /sessions "{\"user\":\"$1\"${2:+,$2}}"
    expect_status 201
    id=$(jq -r .session.id <<<"$body")
    token=$(jq -r .credentials.token <<<"$body")
    jwt=$(jq -r .credentials.access_token <<<"$body")
    created=$body
}

# Whether the session in $id, $token, $jwt of user $1 is let in (200) or not (401), everywhere.
everywhere() {
    local user=$1 status=$2
    get /sessions/whoami -H "X-Session-Token: $token"
    expect_status "$status"
    get /sessions/whoami -b "ory_kratos_session=$token"
    expect_status "$status"
    get /api/v1/me -H "X-User-Id: $user" -H "X-Auth-Token: $token"
    expect_status "$status"
    get /v1/session/me/list -H "Authorization: Bearer $jwt"
    expect_status "$status"
    get /v1/auth/sessions/verify -X POST -H "Authorization: Bearer sk_test_x" -d "{\"session_token\":\"$token\"}"
    expect_status "$([ "$status" = 200 ] && echo 200 || echo 404)"
    get /v1/auth/sessions/verify -X POST -H "Authorization: Bearer sk_test_x" -d "{\"session_jwt\":\"$jwt\"}"
    expect_status "$([ "$status" = 200 ] && echo 200 || echo 404)"
}

spelled() {
    jq -r ".session.spelled.$1" <<<"$created"
}

@test "a session made here is known and let in in every dialect" {
    create alice '"identifier":"alice@example.com","ip":"203.0.113.7","device":{"type":"browser","name":"Firefox"}'
    [ "$(jq -r .session.status <<<"$created")" = active ]
    [[ $(jq -r .credentials.set_cookie <<<"$created") == "ory_kratos_session=$token; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax" ]]
    everywhere alice 200
    get '/v2/sessions?filter[]=userID:eq:alice' -u pro-1:corbado1_x
    expect_json '.sessions[0] | [.sessionID, .identifierValue, .status]' "[\"$(spelled corbado)\",\"alice@example.com\",\"active\"]"
    get '/v1/auth/sessions/list?user_id=alice' -H "Authorization: Bearer sk_test_x"
    expect_json '[.sessions[].id]' "[\"$(spelled streambird)\"]"
    get /v1/session/me/list -H "Authorization: Bearer $jwt"
    expect_json '[.sessions[].id]' "[\"$(spelled prelude)\"]"
    get /api/v1/sessions/list -H "X-User-Id: alice" -H "X-Auth-Token: $token"
    expect_json '[.sessions[] | [.sessionId, .current]]' "[[\"$(spelled rocketchat)\",true]]"
    get /sessions/whoami -H "X-Session-Token: $token"
    expect_json .id "\"$(spelled kratos)\""
}

@test "ended in any dialect, it is refused in all with the next request" {
    local end
    for end in native prelude corbado streambird kratos rocketchat rocketchat_self patch; do
        create bob
        everywhere bob 200
        case $end in
        native) native DELETE "/sessions/$id" ;;
        prelude) get '/v1/session/me/revoke?target=mine' -X POST -d '' -H "Authorization: Bearer $jwt" ;;
        corbado) get "/v2/sessions/$(spelled corbado)/revoke" -X POST -d '' -u pro-1:corbado1_x ;;
        patch) get "/v2/users/bob/longSessions/$(spelled corbado)" -X PATCH -d '{"status":"logged_out"}' -u pro-1:corbado1_x ;;
        streambird) get /v1/auth/sessions/delete -X DELETE -d "{\"session_jwt\":\"$jwt\"}" -H "Authorization: Bearer sk_test_x" ;;
        kratos) get "/admin/sessions/$(spelled kratos)" -X DELETE -H "Authorization: rk" ;;
        rocketchat) get /api/v1/sessions/logout -X POST -H "Content-Type: application/json" -d "{\"sessionId\":\"$(spelled rocketchat)\"}" -H "X-User-Id: root" -H "X-Auth-Token: root-token" ;;
        rocketchat_self) get /api/v1/logout -X POST -d '' -H "X-User-Id: bob" -H "X-Auth-Token: $token" ;;
        esac
        [[ $status_code == 20[04] ]] || {
            echo "$end: $status_code $body"
            false
        }
        everywhere bob 401
    done
}

@test "what is wrong with a new session is said" {
    native POST /sessions '{"user":""}'
    expect_status 400
    expect_json '[.error, .field]' '["invalid","user"]'
    native POST /sessions '{"usr":"x"}'
    expect_status 400
    native POST /sessions '{"user":"x","colour":"red"}'
    expect_json .field '"colour"'
    native POST /sessions 'nonsense'
    expect_status 400
    native POST /sessions '{"user":"x","expires_in_s":0}'
    expect_json .field '"expires_in_s"'
    get /rollcall/v1/sessions -X POST -d '{"user":"x"}'
    expect_status 401
    get /rollcall/v1/sessions -X POST -d '{"user":"x"}' -H "Authorization: Bearer sk_test_x"
    expect_status 401
    native GET /nowhere
    expect_status 404
    native PUT /sessions
    expect_status 405
    expect_header Allow 'POST, GET, HEAD'
}

@test "a brought token is kept, and is nobody else's" {
    native POST /sessions '{"user":"carl","token":"from-the-vendor","expires_in_s":600}'
    expect_status 201
    expect_json '.credentials | has("token")' false
    get /sessions/whoami -H "X-Session-Token: from-the-vendor"
    expect_status 200
    native POST /sessions '{"user":"dora","token":"from-the-vendor"}'
    expect_status 409
}

@test "get, touch, extend" {
    create erin '"expires_in_s":600'
    local before=$created
    native GET "/sessions/$id" '' -H "X-Session-Token: $token"
    expect_status 200
    expect_json '[.id, .user, .current, .status]' "[\"$id\",\"erin\",true,\"active\"]"
    native GET "/sessions/$id"
    expect_json .current false
    native POST "/sessions/$id/extend" '{"expires_in_s":7200}'
    expect_status 200
    [[ $(jq -r .expires_at <<<"$body") > $(jq -r .session.expires_at <<<"$before") ]]
    [ "$(jq -r .last_active_at <<<"$body")" = "$(jq -r .session.last_active_at <<<"$before")" ]
    native POST "/sessions/$id/touch" '{}'
    expect_status 200
    [[ $(jq -r .last_active_at <<<"$body") > $(jq -r .session.last_active_at <<<"$before") ]]
    native DELETE "/sessions/$id?as=logged_out"
    expect_status 200
    expect_json '[.status, .ended.as]' '["logged_out","logged_out"]'
    native POST "/sessions/$id/touch" '{}'
    expect_status 409
    native POST "/sessions/$id/extend" '{}'
    expect_status 409
    native GET /sessions/00000000-0000-7000-8000-000000000000
    expect_status 404
    native GET /sessions/nonsense
    expect_status 404
    get "/rollcall/v1/sessions/$id" -H "Authorization: Bearer rk_other"
    expect_status 404
}

@test "revoke by filter: nothing without one, a dry run that lists, all but one" {
    local one
    create fred
    create fred
    one=$id
    create fred
    native POST /sessions/revoke '{}'
    expect_status 400
    native POST /sessions/revoke '{"user":"fred","colour":"red"}'
    expect_status 400
    expect_json .field '"colour"'
    native POST /sessions/revoke "{\"user\":\"fred\",\"except\":\"$one\",\"dry_run\":true}"
    expect_status 200
    expect_json '[.dry_run, .matched, .revoked, .more, (.sessions | length)]' '[true,2,0,false,2]'
    native GET '/users/fred/sessions?status=active'
    expect_json .total 3
    native POST /sessions/revoke "{\"user\":\"fred\",\"except\":\"$one\"}"
    expect_json '[.dry_run, .matched, .revoked, .more]' '[false,2,2,false]'
    native GET '/users/fred/sessions?status=active'
    expect_json '[.sessions[].id]' "[\"$one\"]"
    native POST /sessions/revoke '{"user":"fred","created_before":"2020-01-01T00:00:00Z"}'
    expect_json .matched 0
    native POST /sessions/revoke '{"user":"nobody"}'
    expect_json .matched 0
    # What was meant for a dry run is none of the other kind.
    for wrong in '"dry_run":"true"' '"dry_run":1' '"dry_run":null' '"as":5' '"as":"gone"' '"except":7' '"created_before":1'; do
        native POST /sessions/revoke "{\"user\":\"fred\",$wrong}"
        expect_status 400
    done
    native POST /sessions/revoke '{"all":"yes"}'
    expect_status 400
    native GET '/users/fred/sessions?status=active'
    expect_json '[.sessions[].id]' "[\"$one\"]"
}

@test "lists go on where the page before ended" {
    local n seen='' path='/sessions?user=greta&limit=3'
    for n in 1 2 3 4 5 6 7; do create greta; done
    native GET "$path"
    expect_json .total 7
    for n in 1 2 3; do
        seen+=$(jq -r '.sessions[].id' <<<"$body")$'\n'
        path=$(jq -r '.next // empty' <<<"$body")
        [ -n "$path" ] || break
        native GET "/sessions?user=greta&limit=3&after=$path"
    done
    [ "$(sort -u <<<"$seen" | grep -c .)" = 7 ]
    [ "$n" = 3 ]
    native GET '/users?limit=1000'
    expect_json '[.users[] | select(.id == "greta")] | length' 1
    native GET '/users/greta'
    expect_json .state '"active"'
    native GET '/users/nobody'
    expect_status 404
    native GET /app
    expect_json '[.id, .session.idle_s, .settings.corbado.project_id]' '["acme",3600,"pro-1"]'
    native GET '/sessions?limit=0'
    expect_status 400
    native GET '/sessions?after=x'
    expect_status 400
}

# asked_by_cgi TARGET: what a program of its own answers, in $body.
asked_by_cgi() {
    body=$(env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI="$1" QUERY_STRING="${1#*\?}" \
        ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" HTTP_AUTHORIZATION="Bearer rk" "$rollcalld" </dev/null |
        tr -d '\r' | sed '1,/^$/d')
}

@test "a walk outlasts its process and the app's signing key, and what comes and goes" {
    local n ids=() seen='' next
    for n in 1 2 3 4 5 6; do
        create "walker$n"
        ids+=("$id")
    done
    # The newest six, from the last to the first: 6 5 | 4 3 | 2 1.
    get '/admin/sessions?page_size=2' -H "Authorization: Bearer rk"
    expect_status 200
    seen+=$(jq -r '.[].id' <<<"$body")$'\n'
    next=$(sed -n 's/^[Ll]ink: .*,<\([^>]*\)>; rel="next".*/\1/p' <<<"$headers")
    native DELETE "/sessions/${ids[4]}" # the one the page ended with
    create latecomer
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" key rotate --app acme
    asked_by_cgi "$next"
    seen+=$(jq -r '.[].id' <<<"$body")$'\n'
    [ "$(grep . <<<"$seen")" = "$(printf '%s\n' "${ids[5]}" "${ids[4]}" "${ids[3]}" "${ids[2]}")" ]
    # The same of Rollcall's own list, one user's.
    for n in 1 2 3 4; do create walker7; done
    native GET '/users/walker7/sessions?limit=3'
    expect_json '.sessions | length' 3
    next=$(jq -r .next <<<"$body")
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" key rotate --app acme
    asked_by_cgi "/rollcall/v1/users/walker7/sessions?limit=3&after=$next"
    expect_json '[(.sessions | length), has("next")]' '[1,false]'
    native GET "/sessions?user=walker7&after=$next"
    expect_json '.sessions | length' 1
    for n in "/users/walker1/sessions?after=$next" "/sessions?after=$next" "/sessions?user=walker7&after=A$next"; do
        native GET "$n"
        expect_status 400
        expect_json '[.error, .field]' '["invalid","after"]'
    done
    get "/admin/sessions?page_token=$next" -H "Authorization: Bearer rk"
    expect_status 400
    expect_json .error.reason '"The page token is invalid, do not craft your own page tokens"'
}

@test "the audit trail says who did what" {
    create hugo '' -H "X-Rollcall-Actor: x"
    get "/rollcall/v1/sessions/$id" -X DELETE -H "Authorization: Bearer rk" -H "X-Rollcall-Actor: helpdesk/7"
    expect_status 200
    create hugo
    get '/v1/session/me/revoke?target=mine' -X POST -d '' -H "Authorization: Bearer $jwt"
    expect_status 204
    native GET '/audit?limit=1000'
    expect_json '[.lines[] | select(.user == "hugo") | [.event, .actor]]' \
        '[["created","admin"],["revoked","admin:helpdesk/7"],["created","admin"],["revoked","user:hugo"]]'
    native GET '/audit?limit=2'
    local next
    next=$(jq -r .next <<<"$body")
    native GET "/audit?limit=1&after=$next"
    expect_json '.lines[0].number' 3
    native GET '/audit?since=2100-01-01'
    expect_json .lines '[]'
    get /rollcall/v1/audit -H "Authorization: Bearer rk_other"
    expect_json .lines '[]'
}

@test "device and system are told from the User-Agent, unless they are given" {
    create ida '"user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0"'
    [ "$(jq -c '.session.device | [.type, .name, .version, .os.name, .os.version]' <<<"$created")" = \
        '["browser","Firefox","120.0","Windows","10"]' ]
    create ida '"user_agent":"Mozilla/5.0 (Windows NT 10.0) Firefox/120.0","device":{"name":"mine"}'
    [ "$(jq -c '.session.device.name' <<<"$created")" = '"mine"' ]
}

@test "a user has no more sessions than the app allows" {
    get /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk_capped" -d '{"user":"u"}'
    expect_status 201
    get /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk_capped" -d '{"user":"u"}'
    expect_status 409
    expect_json .error '"session_limit"'
}

@test "all these answers are as the OpenAPI document says" {
    hold_answers
}
