#!/usr/bin/env bats
# The OpenAPI document: who is given it, and what is answered to what no golden case asks. tests/openapi/check.py
# holds the answers against it.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

document=$ROLLCALL_SOURCE/data/openapi.json

sha256_of() {
    printf %s "$1" | sha256sum | cut -d' ' -f1
}

setup_file() {
    echo '{"kind":"app","id":"acme","session":{"lifetime_s":86400,"idle_s":3600,"retain_s":86400},"corbado":{"project_id":"pro-1"},"kratos":{"tokenizer":"t"},"prelude":{"dpop":"optional","mode":"dev"},"keys":[{"for":"admin","secret":"rk"},{"for":"prelude","secret":"mk"},{"for":"corbado","secret":"corbado1_x"},{"for":"streambird","secret":"sk_test_x"}]}
{"kind":"app","id":"capped","session":{"max_per_user":1},"keys":[{"for":"corbado","secret":"corbado1_capped"}]}
{"kind":"user","app":"acme","id":"usr-1","identifier":"jane@doe.com","username":"jane","name":"Jane Doe","external_id":"crm-1","traits":{"email":"jane@doe.com"},"roles":["admin"]}
{"kind":"user","app":"acme","id":"gone","state":"inactive"}
{"kind":"session","app":"acme","user":"usr-1","token":"jane-1","user_agent":"Mozilla/5.0","ip":"203.0.113.7","host":"app.example.com","country_code":"US","device":{"type":"mobile","model":"iPhone 15 Pro","name":"Mobile Safari","version":"17.4","long_version":"17.4.1","os":{"name":"iOS","version":"17.4"}},"factors":[{"delivery_channel":"sms","type":"otp","method":{"method_id":"pn_1","method_type":"phone_number","phone_number_id":"pn_1","phone_number":"+14152222222","last_verified_at":1643163802}}],"ids":{"rocketchat":"QoYYFw2t9oKks2niG"}}' >"$BATS_FILE_TMPDIR/records.jsonl"
    mkdir "$BATS_FILE_TMPDIR/answers"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 2" 'public_url = "https://login.example"' "status_token_sha256 = \"$(sha256_of st)\""
    start_web
}

teardown_file() {
    stop_servers
}

# native METHOD PATH [BODY]
native() {
    local -a content=()
    # lighttpd wants to be told how long a POST's body is, be there one or not.
    [ "$1" = GET ] || content=(-d "${3:-}")
    get "/rollcall/v1$2" -X "$1" -H "Authorization: Bearer rk" -H "X-Session-Token: jane-1" "${content[@]}"
}

# cgi METHOD TARGET [NAME=VALUE...]: asks a program of its own, and keeps the answer as `get` does.
cgi() {
    local method=$1 target=$2 query=
    shift 2
    [[ $target != *\?* ]] || query=${target#*\?}
    env "$@" ROLLCALL_CONFIG=/dev/null ROLLCALL_STATUS_TOKEN_SHA256="$(sha256_of st)" REQUEST_METHOD="$method" REQUEST_URI="$target" QUERY_STRING="$query" \
        SCRIPT_NAME= GATEWAY_INTERFACE=CGI/1.1 "$rollcalld" </dev/null 2>>"$BATS_FILE_TMPDIR/cgi.log" |
        tr -d '\r' >"$BATS_TEST_TMPDIR/cgi"
    headers=$(sed '/^$/,$d' "$BATS_TEST_TMPDIR/cgi")
    body=$(sed '1,/^$/d' "$BATS_TEST_TMPDIR/cgi")
    status_code=$(sed -n 's/^Status: \(...\).*/\1/p' <<<"$headers")
    keep_answer "$method" "$target" "$(grep -v '^Status:' <<<"$headers")"
}

# operations [FILTER]: "METHOD PATH" of those that jq finds, what is open in a path filled in.
operations() {
    jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[] | select(.value | '"${1:-true}"') |
        "\(.key | ascii_upcase) \($path | gsub("{[^}]*}"; "00000000-0000-7000-8000-000000000000"))"' "$document"
}

@test "anybody is given the document as it lies in the tree" {
    get /rollcall/v1/openapi.json
    expect_status 200
    expect_header Content-Type application/json
    cmp "$document" "$BATS_TEST_TMPDIR/body"
    get /rollcall/v1/openapi.json -I
    expect_status 200
    expect_header Content-Length "$(wc -c <"$document")"
    get /rollcall/v1/openapi.json -H "Authorization: Bearer nonsense"
    expect_status 200
    get /rollcall/v1/openapi.json -X POST -d ''
    expect_status 405
    expect_header Allow 'GET, HEAD'
    [ "$(jq -r .info.version "$document")" = "$("$rollcall" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')" ]
}

@test "without a store the document is served, and everything else is not" {
    local method path
    cgi GET /rollcall/v1/openapi.json ROLLCALL_STORE="$BATS_TEST_TMPDIR/none"
    expect_status 200
    [ "$body" = "$(cat "$document")" ]
    while read -r method path; do
        # What says of itself that there is no store, and what needs none.
        [[ $path != /rollcall/v1/openapi.json && $path != /rollcall/metrics ]] || continue
        cgi "$method" "$path" ROLLCALL_STORE="$BATS_TEST_TMPDIR/none" HTTP_AUTHORIZATION="Bearer st"
        expect_status 503
    done < <(operations)
}

@test "every operation's way of refusing: no credential, a query that cannot be read, one that is too long" {
    local method path long
    long=$(head -c 16400 /dev/zero | tr '\0' a)
    while read -r method path; do
        cgi "$method" "$path?x=%zz" ROLLCALL_STORE="$BATS_FILE_TMPDIR/store"
        expect_status 401
    done < <(operations '.responses["401"]')
    while read -r method path; do
        cgi "$method" "$path?x=%zz" ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" HTTP_HOST=acme.example \
            HTTP_X_CORBADO_PROJECTID=pro-1
        expect_status 400
    done < <(operations '.responses["401"] | not')
    while read -r method path; do
        cgi "$method" "$path?$long" ROLLCALL_STORE="$BATS_FILE_TMPDIR/store"
        expect_status 414
        cgi TRACE "$path" ROLLCALL_STORE="$BATS_FILE_TMPDIR/store"
        expect_status 405
        cgi GET "$path/nowhere/%zz" ROLLCALL_STORE="$BATS_FILE_TMPDIR/store"
        expect_status 400
    done < <(operations)
    cgi GET /nowhere ROLLCALL_STORE="$BATS_FILE_TMPDIR/store"
    expect_status 404
}

@test "Rollcall's own operations succeed" {
    local id
    native GET /app
    native GET /users
    native GET '/users?limit=1'
    native GET /users/usr-1
    native GET '/sessions?status=active&limit=1&created_from=2020-01-01&expires_before=2100-01-01T00:00:00Z'
    expect_json '.sessions[0] | [.current, .ids.rocketchat]' '[true,"QoYYFw2t9oKks2niG"]'
    native POST /sessions '{"user":"usr-1","identifier":"jane@doe.com","expires_in_s":600,"ip":"203.0.113.9"}'
    expect_status 201
    id=$(jq -r .session.id <<<"$body")
    native POST /sessions '{"user":"usr-2","token":"usr-2-token","ended":{"as":"revoked","at":"2026-01-01T00:00:00Z"},"created_at":"2025-12-31T00:00:00Z"}'
    expect_status 201
    expect_json '.credentials | keys' '["refresh_token"]'
    native POST /sessions '{"user":"gone"}'
    expect_status 409
    native GET '/sessions?limit=1'
    native GET "/sessions?limit=1&after=$(jq -r .next <<<"$body")"
    expect_json 'has("total")' false
    native GET "/sessions/$id"
    native POST "/sessions/$id/touch"
    native POST "/sessions/$id/extend" '{"expires_in_s":900}'
    native GET '/users/usr-1/sessions'
    native POST /sessions/revoke '{"user":"usr-1","except":"00000000-0000-7000-8000-000000000000","dry_run":true}'
    native DELETE "/sessions/$id?as=logged_out"
    expect_status 200
    native POST "/sessions/$id/extend"
    expect_status 409
    native POST /sessions/revoke '{"user":"nobody","as":"logged_out"}'
    get /rollcall/health -H "Authorization: Bearer st"
    expect_status 200
    get /rollcall/metrics -H "Authorization: Bearer st"
    expect_status 200
    native GET '/audit?limit=2'
    expect_status 200
    native GET "/audit?after=$(jq -r .next <<<"$body")"
    expect_status 200
}

@test "vendors' operations that no golden case asks succeed" {
    local refresh path base=/v2/session/apps/acme/users/usr-1/sessions
    native POST /sessions '{"user":"usr-1"}'
    refresh=$(jq -r .credentials.refresh_token <<<"$body")
    get /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $refresh"
    expect_status 200
    refresh=$(sed -n 's/^X-Refresh-Token: //Ip' <<<"$headers")
    get /v1/session/revoke -X POST -d '' -b "__Host-refresh_acme=$refresh"
    expect_status 204
    native POST /sessions '{"user":"usr-1"}'
    get "$base" -H "Authorization: Bearer mk"
    expect_status 200
    get "$base/$(jq -r '.sessions[0].id' <<<"$body")" -X DELETE -H "Authorization: Bearer mk"
    expect_status 204
    for path in /.well-known/jwks.json /.well-known/step-up-jwks.json /.well-known/jwks; do
        get "$path" -H "Host: acme.example" -H "X-Corbado-ProjectID: pro-1"
        expect_status 200
        get "$path" -H "Host: nobody.example" -H "X-Corbado-ProjectID: nobody"
        expect_status 404
    done
    get '/v1/auth/jwks/default?api_key=sk_test_x'
    expect_status 200
    get '/sessions/whoami?tokenize_as=t' -H "X-Session-Token: jane-1"
    expect_status 200
    expect_json '.tokenized | split(".") | length' 3
    get '/admin/sessions?page_size=1&expand=identity&expand=devices' -H "Authorization: rk"
    expect_status 200
    get /admin/sessions/whoami -H "Authorization: Bearer rk"
    expect_status 307
    get /admin/sessions -X DELETE -H "Authorization: Bearer rk"
    expect_status 307
    get /identities/00000000-0000-7000-8000-000000000000/sessions -X DELETE -H "Authorization: Bearer rk"
    expect_status 307
    get /api/v1/login -X POST -H "Content-Type: application/json" -d '{"resume":"jane-1"}'
    expect_status 200
    get '/v2/users/gone/longSessions' -X POST -u pro-1:corbado1_x -d '{"appType":"web","identifierValue":"x"}'
    expect_status 400
    get '/v2/users/jo/longSessions' -X POST -u capped:corbado1_capped -d '{"appType":"web","identifierValue":"x"}'
    expect_status 200
    get '/v2/users/jo/longSessions' -X POST -u capped:corbado1_capped -d '{"appType":"web","identifierValue":"x"}'
    expect_status 409
    get "$base/invalidate" -X POST -d '' -H "Authorization: Bearer mk"
    expect_status 204
    get "${base%/users/*}/config/tokens" -H "Authorization: Bearer mk"
    expect_status 200
    get "${base%/users/*}/config/tokens" -X PUT -d '{"access_token_lifetime":300}' -H "Authorization: Bearer mk"
    expect_status 200
    get "${base%/users/*}/tokens" -X POST -d '{"claims":{"sub":"usr-1"}}' -H "Authorization: Bearer mk"
    expect_status 201
}

@test "a body that is too large" {
    local path way
    head -c 1100000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/large"
    while read -r path way; do
        get "$path" -X POST --data-binary "@$BATS_TEST_TMPDIR/large" -H 'Expect:' -H "$way"
        expect_status 413
    done <<'PATHS'
/rollcall/v1/sessions Authorization: Bearer rk
/v2/users/usr-1/longSessions Authorization: Basic cHJvLTE6Y29yYmFkbzFfeA==
/v1/auth/sessions/verify Authorization: Bearer sk_test_x
/admin/sessions Authorization: Bearer rk
PATHS
}

@test "all these answers and the golden cases' are as the document says, and every operation was seen to succeed" {
    hold_answers --structure --complete "$ROLLCALL_SOURCE"/tests/golden/*/
}
