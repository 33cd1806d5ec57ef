#!/usr/bin/env bats
# Prelude's refresh tokens over the wire: rotation, proofs of possession (made with jose), cookies, CORS, and the
# management routes.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk"},{"for":"prelude","secret":"mk"}]}
{"kind":"app","id":"loose","prelude":{"dpop":"optional","mode":"dev"},"keys":[{"for":"admin","secret":"rk_loose"},{"for":"prelude","secret":"mk_loose"}]}' \
        >"$BATS_FILE_TMPDIR/records.jsonl"
    mkdir "$BATS_FILE_TMPDIR/answers"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 2" 'cors_origins = {"https://app.example"}'
    start_web
    for key in one two; do
        jose jwk gen -i '{"alg":"ES256"}' -o "$BATS_FILE_TMPDIR/$key.jwk"
    done
}

teardown_file() {
    stop_servers
}

# proof KEY METHOD PATH NONCE [IAT] [JTI]
proof() {
    local public iat=${5:-$(date +%s)} jti=${6:-$RANDOM$RANDOM$RANDOM}
    public=$(jose jwk pub -i "$BATS_FILE_TMPDIR/$1.jwk" -o - | jq -c '{kty,crv,x,y}')
    jq -cn --arg m "$2" --arg u "$url$3" --arg n "$4" --argjson i "$iat" --arg j "$jti" \
        '{jti:$j,htm:$m,htu:$u,iat:$i} + if $n == "" then {} else {nonce:$n} end' |
        jose jws sig -I - -s "{\"protected\":{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":$public}}" \
            -k "$BATS_FILE_TMPDIR/$1.jwk" -c -o -
}

# begin USER [KEY]: a session of acme's; its refresh token is in $token.
begin() {
    get /rollcall/v1/sessions -X POST -H "Authorization: Bearer ${2:-rk}" -d "{\"user\":\"$1\"}"
    expect_status 201
    token=$(jq -r .credentials.refresh_token <<<"$body")
    id=$(jq -r .session.spelled.prelude <<<"$body")
}

header() {
    sed -n "s/^$1: //Ip" <<<"$headers"
}

# refresh TOKEN PROOF
refresh() {
    get /v1/session/refresh -X POST -H "X-Refresh-Token: $1" -H "DPoP: $2" -H "Content-Type: application/json" -d ''
}

learn_nonce() {
    refresh "$token" "$(proof one POST /v1/session/refresh '')"
    expect_status 400
    expect_json .code '"use_dpop_nonce"'
    nonce=$(header DPoP-Nonce)
    [ -n "$nonce" ]
}

@test "a refresh token is good once, and its successor next" {
    begin ann
    learn_nonce
    local first=$token
    refresh "$token" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 200
    expect_json '.expires_at | type' '"number"'
    [ -n "$(header DPoP-Nonce)" ]
    [[ $(header X-Refresh-Token-Expires-At) == 20*Z ]]
    local access second
    access=$(jq -r .access_token <<<"$body")
    second=$(header X-Refresh-Token)
    [ "$second" != "$first" ]
    get /v1/session/me/list -H "Authorization: Bearer $access"
    expect_status 200
    # A request that went out twice gets the same successor.
    refresh "$first" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 200
    [ "$(header X-Refresh-Token)" = "$second" ]
    refresh "$second" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 200
    # What never was one is no one's; of the first somebody has a copy.
    local third
    third=$(header X-Refresh-Token)
    refresh "x$third" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 401
    refresh "${third:43}" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 401
    get /v1/session/me/list -H "Authorization: Bearer $access"
    expect_status 200
    refresh "$first" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 401
    expect_json .code '"unauthorized"'
    refresh "$third" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 401
    get /v1/session/me/list -H "Authorization: Bearer $access"
    expect_status 401
    get /rollcall/v1/audit -H "Authorization: Bearer rk"
    expect_json '[.lines[] | .actor] | last' '"refresh-reuse"'
}

@test "logout by a token that was used ends the session as one that somebody has a copy of" {
    begin fay rk_loose
    local first=$token
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $first"
    expect_status 200
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $(header X-Refresh-Token)"
    expect_status 200
    get /v1/session/revoke -X POST -d '' -H "X-Refresh-Token: $first"
    expect_status 204
    get /rollcall/v1/audit -H "Authorization: Bearer rk_loose"
    expect_json '.lines | last | [.event, .actor]' '["revoked","refresh-reuse"]'
}

@test "two at once get the same successor" {
    begin ben
    learn_nonce
    local n
    for n in 1 2 3 4 5 6; do
        curl -s -m 20 -D "$BATS_TEST_TMPDIR/h$n" -o /dev/null -X POST -d '' -H "X-Refresh-Token: $token" \
            -H "DPoP: $(proof one POST /v1/session/refresh "$nonce")" "$url/v1/session/refresh" 3>&- &
    done
    wait
    [ "$(cat "$BATS_TEST_TMPDIR"/h? | grep -c '^HTTP/1.1 200')" = 6 ]
    [ "$(cat "$BATS_TEST_TMPDIR"/h? | grep -i '^X-Refresh-Token:' | sort -u | wc -l)" = 1 ]
}

@test "what is wrong with a proof is told" {
    begin cleo
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token"
    expect_status 401
    expect_json .code '"missing_dpop_proof"'
    get /v1/session/refresh -X POST -d ''
    expect_status 401
    expect_json .code '"unauthorized"'
    refresh "nobody's" "$(proof one POST /v1/session/refresh '')"
    expect_status 401
    expect_json .code '"unauthorized"'
    learn_nonce
    local good
    for wrong in nonsense a.b.c "$(proof one GET /v1/session/refresh "$nonce")" \
        "$(proof one POST /v1/session/elsewhere "$nonce")" \
        "$(proof one POST /v1/session/refresh "$nonce" $(($(date +%s) - 100)))" \
        "$(proof one POST /v1/session/refresh "$nonce" $(($(date +%s) + 100)))" \
        "$(proof one POST /v1/session/refresh "$nonce" | sed 's/\.[^.]*$/.AAAA/')"; do
        refresh "$token" "$wrong"
        expect_status 401
        expect_json .code '"invalid_dpop_proof"'
    done
    good=$(proof one POST /v1/session/refresh "$nonce")
    refresh "$token" "$good"
    expect_status 200
    token=$(header X-Refresh-Token)
    refresh "$token" "$good"
    expect_status 401
    expect_json .code '"invalid_dpop_proof"'
    refresh "$token" "$(proof two POST /v1/session/refresh "$nonce")"
    expect_status 401
    expect_json .code '"dpop_key_mismatch"'
    refresh "$token" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 200
}

@test "logout of who holds the token" {
    begin dan
    learn_nonce
    get /v1/session/revoke -X POST -d '' -H "X-Refresh-Token: $token" \
        -H "DPoP: $(proof one POST /v1/session/revoke "$nonce")"
    expect_status 204
    refresh "$token" "$(proof one POST /v1/session/refresh "$nonce")"
    expect_status 401
}

@test "a token in a cookie, of either name, and no proof where the app wants none" {
    local name spent over
    begin eve rk_loose
    over=$token
    get /v1/session/revoke -X POST -d '' -H "X-Refresh-Token: $over"
    expect_status 204
    for name in __Host-refresh_loose __refresh_loose; do
        begin eve rk_loose
        get /v1/session/refresh -X POST -d '' -H "Cookie: theme=dark; $name=$token"
        expect_status 200
        [[ $(header Set-Cookie) == "$name=$(header X-Refresh-Token); Path=/; Max-Age="*"; HttpOnly; Secure; SameSite=Strict" ]]
        # One of an app that is gone comes first, and no script can take it away.
        begin eve rk_loose
        get /v1/session/refresh -X POST -d '' -H "Cookie: __Host-refresh_gone=x; $name=$token"
        expect_status 200
        [[ $(header Set-Cookie) == "$name=$(header X-Refresh-Token); "* ]]
        # Nor does one that is spent, or over, keep the good one from being looked at.
        spent=$token
        get /v1/session/refresh -X POST -d '' -H "Cookie: $name=$over; $name=$(header X-Refresh-Token)"
        expect_status 200
        get /v1/session/refresh -X POST -d '' -H "Cookie: $name=$spent; $name=$(header X-Refresh-Token)"
        expect_status 200
        get /v1/session/revoke -X POST -d '' -H "Cookie: __Host-refresh_gone=x; $name=$(header X-Refresh-Token)"
        expect_status 204
    done
    # One that is over does not keep a used one from ending its session.
    begin eve rk_loose
    spent=$token
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $spent"
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $(header X-Refresh-Token)"
    expect_status 200
    token=$(header X-Refresh-Token)
    get /v1/session/refresh -X POST -d '' -H "Cookie: __refresh_loose=$over; __Host-refresh_loose=$over; __refresh_loose=$spent"
    expect_status 401
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token"
    expect_status 401
    begin eve rk_loose
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token"
    expect_status 200
    [ -z "$(header Set-Cookie)" ]
}

@test "browsers of configured origins may ask, others may not" {
    get /v1/session/refresh -X OPTIONS -H "Origin: https://app.example" -H "Access-Control-Request-Method: POST"
    expect_status 204
    expect_header Access-Control-Allow-Origin https://app.example
    expect_header Access-Control-Allow-Credentials true
    grep -qi '^Access-Control-Allow-Headers: .*DPoP' <<<"$headers"
    get /v1/session/me/list -H "Origin: https://app.example"
    expect_status 401
    expect_header Access-Control-Allow-Origin https://app.example
    grep -qi '^Access-Control-Expose-Headers: .*X-Refresh-Token' <<<"$headers"
    expect_header Vary Origin
    get /v1/session/me/list -H "Origin: https://evil.example"
    fails grep -qi '^Access-Control' <<<"$headers"
    get /v1/session/refresh -X OPTIONS -H "Origin: https://evil.example" -H "Access-Control-Request-Method: POST"
    expect_status 405
    get /v2/sessions -H "Origin: https://app.example"
    fails grep -qi '^Access-Control' <<<"$headers"
}

@test "the management routes" {
    begin fay
    local base=/v2/session/apps/acme/users/fay/sessions mine
    mine=$id
    begin fay
    get "$base" -H "Authorization: Bearer mk"
    expect_status 200
    expect_json '[.sessions[] | keys] | unique' '[["created_at","id","last_seen_at"]]'
    expect_json '.sessions | length' 2
    get "$base/$mine" -X DELETE -H "Authorization: Bearer mk"
    expect_status 204
    get "$base/$mine" -X DELETE -H "Authorization: Bearer mk"
    expect_status 404
    get "$base" -H "Authorization: Bearer mk"
    expect_json '[.sessions[].id]' "[\"$id\"]"
    get "$base/invalidate" -X POST -d '' -H "Authorization: Bearer mk"
    expect_status 204
    get "$base" -H "Authorization: Bearer mk"
    expect_json .sessions '[]'
    for key in rk nonsense; do
        get "$base" -H "Authorization: Bearer $key"
        expect_status 401
    done
    get "$base" -H "Authorization: Bearer mk_loose"
    expect_status 404
}

@test "the lifetimes of tokens are set for what is issued from then on" {
    local base=/v2/session/apps/loose/config/tokens
    get "$base" -H "Authorization: Bearer mk_loose"
    expect_status 200
    expect_json . '{"access_token_lifetime":300,"refresh_token_lifetime":2592000}'
    get "$base" -X PUT -H "Authorization: Bearer mk_loose" -d '{"access_token_lifetime":60}'
    expect_status 200
    expect_json . '{"access_token_lifetime":60,"refresh_token_lifetime":2592000}'
    get "$base" -X PUT -H "Authorization: Bearer mk_loose" -d '{"refresh_token_lifetime":7200}'
    expect_json . '{"access_token_lifetime":60,"refresh_token_lifetime":7200}'
    get "$base" -H "Authorization: Bearer mk_loose"
    expect_json . '{"access_token_lifetime":60,"refresh_token_lifetime":7200}'
    begin gus rk_loose
    [ "$(jq '.credentials.access_token_expires_in_s' <<<"$body")" = 60 ]
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token"
    expect_status 200
    [ $(($(jq .expires_at <<<"$body") - $(date +%s))) -le 60 ]
    [ $(($(date -d "$(header X-Refresh-Token-Expires-At)" +%s) - $(date +%s))) -le 7200 ]
    for wrong in '{"access_token_lifetime":1}' '{"access_token_lifetime":"60"}' '{"refresh_token_lifetime":0}' '[]' 'x'; do
        get "$base" -X PUT -H "Authorization: Bearer mk_loose" -d "$wrong"
        expect_status 400
        expect_json .code '"bad_request"'
    done
    get "$base" -X PUT -H "Authorization: Bearer mk" -d '{}'
    expect_status 404
}

@test "tokens with any claims are minted where the app says so" {
    local now base=/v2/session/apps/loose/tokens
    now=$(date +%s)
    get "$base" -X POST -H "Authorization: Bearer mk_loose" -d '{"claims":{"sub":"hal","scope":"x:y","exp":1}}'
    expect_status 201
    expect_json .expires_at 1
    get "$base" -X POST -H "Authorization: Bearer mk_loose" -d "{\"claims\":{\"sub\":\"hal\",\"exp\":$((now + 999999))}}"
    expect_status 201
    [ $(($(jq .expires_at <<<"$body") - now)) -le 86402 ]
    jq -r .token <<<"$body" | cut -d. -f2 | tr '_-' '/+' | base64 -di 2>/dev/null |
        jq -e '.sub == "hal" and (.iat | type) == "number" and (.jti | length) > 0'
    get "$base" -X POST -H "Authorization: Bearer mk_loose" -d '{"claims":[]}'
    expect_status 400
    get /v2/session/apps/acme/tokens -X POST -H "Authorization: Bearer mk" -d '{"claims":{}}'
    expect_status 403
}

@test "one that meets damage is not unknown, and keeps none behind it from being looked at" {
    local damaged last
    begin hal rk_loose
    damaged=$token
    last=$(($("$ROLLCALL_BUILD/rollcall" --store "$BATS_FILE_TMPDIR/store" stat --json | jq .sessions) - 1))
    "$ROLLCALL_BUILD/tests/faults-tool" spoil "$BATS_FILE_TMPDIR/store" "$last"
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $damaged"
    expect_status 500
    begin ivy rk_loose
    get /v1/session/refresh -X POST -d '' -H "Cookie: __Host-refresh_loose=$damaged; __refresh_loose=$token"
    expect_status 200
}

@test "all these answers are as the OpenAPI document says" {
    hold_answers
}
