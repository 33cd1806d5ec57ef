#!/usr/bin/env bats
# Two apps in one store, with the same user ids: no credential of one shows anything of the other.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

# app NAME: its records. All that it stores carries a mark of its own, "of-NAME".
app() {
    local name=$1 n
    jq -nc --arg a "$name" '{kind:"app",id:$a,session:{lifetime_s:2592000,idle_s:0,retain_s:7776000},
        corbado:{project_id:("pro-"+$a)},
        keys:[{for:"corbado",secret:("corbado1_"+$a)},{for:"streambird",secret:("sk_"+$a)},{for:"admin",secret:("rk_"+$a)}]}'
    jq -nc --arg a "$name" '{kind:"user",app:$a,id:"usr-1",identifier:("one-of-"+$a),username:("of-"+$a),name:("of-"+$a),
        traits:{mark:("of-"+$a)},metadata_public:{mark:("of-"+$a)},external_id:("of-"+$a)}'
    jq -nc --arg a "$name" '{kind:"user",app:$a,id:("only-of-"+$a),identifier:("two-of-"+$a)}'
    for n in 1 2 3; do
        jq -nc --arg a "$name" --arg n "$n" '{kind:"session",app:$a,user:"usr-1",token:("token-"+$n+"-"+$a),
            id:("0000000"+$n+"-3fc0-7c3e-9a55-"+(if $a=="left" then "aaaaaaaaaaaa" else "bbbbbbbbbbbb" end)),
            device:{type:"browser",name:("of-"+$a),model:("of-"+$a),os:{name:("of-"+$a)}},
            user_agent:("of-"+$a),host:("of-"+$a),
            ids:(if $n=="3" then {corbado:("cor-of-"+$a),streambird:("sess-of-"+$a),rocketchat:("rc-of-"+$a),prelude:("ses-of-"+$a)} else {} end)}'
    done
    jq -nc --arg a "$name" '{kind:"session",app:$a,user:("only-of-"+$a),token:("token-only-"+$a),
        device:{name:("of-"+$a),model:("of-"+$a)},user_agent:("of-"+$a)}'
}

setup_file() {
    { app left; app right; } >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 2"
    start_web
}

teardown_file() {
    stop_servers
}

access_token() {
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" token "$1"
}

# Every request there is, as OWN would ask it, about what is OTHER's.
requests() {
    local own=$1 other=$2 user id filter
    local corbado=(-u "pro-$own:corbado1_$own") streambird=(-H "Authorization: Bearer sk_$own")
    "$3" /v2/sessions "${corbado[@]}"
    "$3" "/v2/sessions?pageSize=1000&sort=ID:asc" "${corbado[@]}"
    for filter in "userID:eq:usr-1" "userID:eq:only-of-$other" "ID:eq:cor-of-$other" "ID:gt:0" "userID:gt:0" \
        "status:eq:active" "created:gt:1970-01-01" "expires:gt:1970-01-01"; do
        "$3" "/v2/sessions?filter[]=$filter" "${corbado[@]}"
    done
    for user in usr-1 "only-of-$own" "only-of-$other" "$(identity "$other")"; do
        "$3" "/v1/auth/sessions/list?user_id=$user" "${streambird[@]}"
    done
    for id in "token-1-$own" "token-only-$own"; do
        "$3" /sessions -H "X-Session-Token: $id"
        "$3" "/sessions?page_size=1000" -H "Cookie: ory_kratos_session=$id"
        "$3" /sessions/whoami -H "Authorization: Bearer $id"
    done
    "$3" /api/v1/sessions/list -H "X-User-Id: usr-1" -H "X-Auth-Token: token-1-$own"
    "$3" "/api/v1/sessions/list?filter=of-$other" -H "X-User-Id: usr-1" -H "X-Auth-Token: token-1-$own"
    "$3" "/api/v1/sessions/list?filter=.*" -H "X-User-Id: usr-1" -H "X-Auth-Token: token-1-$own"
    for id in "ses-of-$own" "$(session_uuid "$own")"; do
        "$3" "/v1/session/me/list?limit=100" -H "Authorization: Bearer $(access_token "$id")"
    done
}

# Every way of mixing half of one's credential with half of the other's.
mixed_credentials() {
    local own=$1 other=$2
    "$3" /v2/sessions -u "pro-$own:corbado1_$other"
    "$3" /v2/sessions -u "pro-$other:corbado1_$own"
    "$3" /v2/sessions -u "pro-$own:sk_$own"
    "$3" /v2/sessions -u "pro-$own:corbado1_$own" -H "X-Corbado-ProjectID: pro-$other"
    "$3" "/v1/auth/sessions/list?user_id=usr-1" -H "Authorization: Bearer corbado1_$own"
    "$3" "/v1/auth/sessions/list?user_id=usr-1" -H "Authorization: Bearer rk_$own"
    "$3" /api/v1/sessions/list -H "X-User-Id: only-of-$other" -H "X-Auth-Token: token-1-$own"
    "$3" /api/v1/sessions/list -H "X-User-Id: only-of-$own" -H "X-Auth-Token: token-1-$other"
    "$3" /sessions -H "X-Session-Token: sk_$own"
    "$3" /v1/session/me/list -H "Authorization: Bearer token-1-$own"
    "$3" /v1/session/me/list -H "Authorization: Bearer $(spliced_token "$own" "$other")"
}

session_uuid() {
    [ "$1" = left ] && echo 00000001-3fc0-7c3e-9a55-aaaaaaaaaaaa || echo 00000001-3fc0-7c3e-9a55-bbbbbbbbbbbb
}

identity() {
    curl -s "$url/sessions/whoami" -H "X-Session-Token: token-1-$1" | jq -r .identity.id
}

# One app's header and signature around the other's claims.
spliced_token() {
    local own other
    own=$(access_token "$(session_uuid "$1")")
    other=$(access_token "$(session_uuid "$2")")
    echo "${own%%.*}.$(cut -d. -f2 <<<"$other").${own##*.}"
}

shows_nothing_of_other() {
    get "$@"
    expect_status 200
    if grep -q "of-$other" <<<"$body$headers"; then
        echo "$*: shows $other's: $body"
        return 1
    fi
    asked=$((asked + 1))
}

is_refused() {
    get "$@"
    expect_status 401 || {
        echo "asked for $*"
        return 1
    }
    asked=$((asked + 1))
}

@test "a credential of one shows nothing of the other" {
    asked=0
    other=right requests left right shows_nothing_of_other
    other=left requests right left shows_nothing_of_other
    [ "$asked" -eq 50 ] || { echo "$asked requests"; false; }
}

@test "each shows its own" {
    get /v2/sessions -u pro-left:corbado1_left
    expect_json .paging.totalItems 4
    expect_json '[.sessions[].identifierValue] | unique' '["one-of-left","two-of-left"]'
    get "/v1/auth/sessions/list?user_id=usr-1" -H "Authorization: Bearer sk_right"
    expect_json '[.sessions[].device_fingerprint.user_agent] | unique' '["of-right"]'
    get /sessions -H "X-Session-Token: token-1-left"
    expect_json length 2
}

@test "halves of two credentials let nobody in" {
    asked=0
    mixed_credentials left right is_refused
    mixed_credentials right left is_refused
    [ "$asked" -eq 22 ] || { echo "$asked requests"; false; }
}

@test "an ended session lets nobody in with the very next request" {
    get /sessions/whoami -H "X-Session-Token: token-2-left"
    expect_status 200
    jq -c 'select(.token == "token-2-left") | .ended = {as:"revoked",at:"2026-01-01T00:00:00Z"}' \
        "$BATS_FILE_TMPDIR/records.jsonl" >"$BATS_TEST_TMPDIR/ended.jsonl"
    token=$(access_token 00000002-3fc0-7c3e-9a55-aaaaaaaaaaaa)
    get /v1/session/me/list -H "Authorization: Bearer $token"
    expect_status 200
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" import "$BATS_TEST_TMPDIR/ended.jsonl"
    is_refused /sessions/whoami -H "X-Session-Token: token-2-left"
    is_refused /api/v1/sessions/list -H "X-User-Id: usr-1" -H "X-Auth-Token: token-2-left"
    is_refused /v1/session/me/list -H "Authorization: Bearer $token"
    get /sessions -H "X-Session-Token: token-1-left"
    expect_json length 1
}
