#!/usr/bin/env bats
# What a golden case cannot say beforehand: pages that go on by a token, redirects, and JWTs, which are checked with jose.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    local n
    {
        echo '{"kind":"app","id":"acme","kratos":{"tokenizer":"edge"},"corbado":{"project_id":"pro-1"},"keys":[{"for":"admin","secret":"rk"},{"for":"streambird","secret":"sk_test_x"},{"for":"corbado","secret":"corbado1_x"}]}'
        echo '{"kind":"user","app":"acme","id":"usr-1","identifier":"jane@doe.com","name":"Jane Doe"}'
        # Two at every instant, so that ids decide within a page.
        for n in 0 1 2 3 4 5 6 7 8; do
            echo "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-1\",\"token\":\"token-$n\",\"id\":\"0000000$n-0000-7000-8000-000000000000\",\"created_at\":\"2026-01-01T00:00:0$((n / 2)).120Z\",\"last_active_at\":\"2100-01-01T00:00:00Z\",\"expires_at\":\"2100-01-01T00:00:00Z\"}"
        done
    } >"$BATS_FILE_TMPDIR/records.jsonl"
    mkdir "$BATS_FILE_TMPDIR/answers"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 2" 'public_url = "https://auth.example"'
    start_web
}

teardown_file() {
    stop_servers
}

# The target of a rel in the Link header.
link() {
    sed -n "s/^[Ll]ink: .*<\([^>]*\)>; rel=\"$1\".*/\1/p" <<<"$headers"
}

# verified JWT: prints its payload if one of the keys in $BATS_TEST_TMPDIR/keys has signed it.
verified() {
    echo -n "$1" >"$BATS_TEST_TMPDIR/jwt"
    jose jws ver -i "$BATS_TEST_TMPDIR/jwt" -k "$BATS_TEST_TMPDIR/keys" -O -
}

@test "Kratos: the administrator's pages show every session once, whatever comes and goes" {
    local seen='' next=/admin/sessions?page_size=2 pages=0
    while [ -n "$next" ]; do
        get "$next" -H "Authorization: Bearer rk"
        expect_status 200
        [ -n "$(link first)" ]
        seen+=$(jq -r '.[].id' <<<"$body")$'\n'
        next=$(link next)
        pages=$((pages + 1))
        # One that is newer than the page, and one that has been shown, are none of the next page's business.
        if [ $pages = 2 ]; then
            get /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" -d '{"user":"usr-2"}'
            expect_status 201
            get /rollcall/v1/sessions/00000008-0000-7000-8000-000000000000 -X DELETE -H "Authorization: Bearer rk"
            expect_status 200
        fi
    done
    [ "$pages" = 5 ]
    [ "$(grep -c . <<<"$seen")" = 9 ]
    [ "$(grep . <<<"$seen" | sort | uniq -d)" = "" ]
    # The newest first, and by id where that is the same.
    [ "$(grep . <<<"$seen" | cut -c8 | tr -d '\n')" = 867452301 ]
}

@test "Kratos: what its clients ask on the wrong side is sent to the other" {
    get /admin/sessions/whoami?x=1 -H "Authorization: rk"
    expect_status 307
    expect_header Location 'https://auth.example/sessions/whoami?x=1'
    get /admin/sessions -X DELETE -H "Authorization: rk"
    expect_status 307
    expect_header Location https://auth.example/sessions
    get /identities/usr-1/sessions -X DELETE -H "Authorization: rk"
    expect_header Location https://auth.example/admin/identities/usr-1/sessions
    get /admin/sessions/whoami
    expect_status 401
}

@test "Kratos: whoami as a JWT, for whoever holds the keys" {
    get /.well-known/jwks.json
    expect_status 200
    expect_json '[.keys[] | has("d")] | any' false
    echo "$body" >"$BATS_TEST_TMPDIR/keys"
    get '/sessions/whoami?tokenize_as=edge' -H "X-Session-Token: token-0"
    expect_status 200
    local session identity
    session=$(jq -r .id <<<"$body")
    identity=$(jq -r .identity.id <<<"$body")
    verified "$(jq -r .tokenized <<<"$body")" >"$BATS_TEST_TMPDIR/claims"
    [ "$(jq -c '[.iss, .sid, .sub, .exp - .iat]' "$BATS_TEST_TMPDIR/claims")" = "[\"https://auth.example\",\"$session\",\"$identity\",60]" ]
    # It lets nobody in.
    get /sessions/whoami -H "Authorization: Bearer $(cat "$BATS_TEST_TMPDIR/jwt")"
    expect_status 401
    get /v1/session/me/list -H "Authorization: Bearer $(cat "$BATS_TEST_TMPDIR/jwt")"
    expect_status 401
    get '/sessions/whoami?tokenize_as=other' -H "X-Session-Token: token-0"
    expect_status 400
}

@test "Streambird: a session's JWT says all of it, and is checked by the keys that are served" {
    get '/v1/auth/jwks/default?api_key=sk_test_x'
    expect_status 200
    echo "$body" >"$BATS_TEST_TMPDIR/keys"
    get /v1/auth/sessions/verify -X POST -d '{"session_token":"token-1"}' -H "Authorization: Bearer sk_test_x"
    expect_status 200
    verified "$(jq -r .session_jwt <<<"$body")" >"$BATS_TEST_TMPDIR/claims"
    [ "$(jq -cS '."https://streambird.io/jwt/session"' "$BATS_TEST_TMPDIR/claims")" = "$(jq -cS .session <<<"$body")" ]
    [ "$(jq '.exp - .iat' "$BATS_TEST_TMPDIR/claims")" = 300 ]
    # Its own JWT finds it again.
    get /v1/auth/sessions/verify -X POST -d "{\"session_jwt\":\"$(cat "$BATS_TEST_TMPDIR/jwt")\"}" -H "Authorization: Bearer sk_test_x"
    expect_status 200
}

@test "Corbado: a short session has the claims and the issuer its verifiers look for" {
    get /.well-known/jwks -H "X-Corbado-ProjectID: pro-1"
    expect_status 200
    echo "$body" >"$BATS_TEST_TMPDIR/keys"
    get /v2/users/usr-1/longSessions -X POST -u pro-1:corbado1_x -d '{"appType":"web","identifierValue":"jane@doe.com"}'
    expect_status 200
    local id
    id=$(jq -r .longSessionID <<<"$body")
    get "/v2/users/usr-1/longSessions/$id/shortSessions" -X POST -u pro-1:corbado1_x \
        -d '{"appType":"web","issuer":"https://pro-1.frontendapi.corbado.io"}'
    expect_status 200
    verified "$(jq -r .value <<<"$body")" >"$BATS_TEST_TMPDIR/claims"
    [ "$(jq -c '[.iss, .sub, .name, .email, .phone_number, .orig, .version]' "$BATS_TEST_TMPDIR/claims")" = \
        '["https://pro-1.frontendapi.corbado.io","usr-1","Jane Doe","jane@doe.com","","jane@doe.com",2]' ]
    get /.well-known/jwks -H "X-Corbado-ProjectID: pro-none"
    expect_status 404
}

@test "a body over the limit is refused, one at it is read" {
    head -c 1048577 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/large"
    get /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" --data-binary "@$BATS_TEST_TMPDIR/large"
    expect_status 413
    {
        echo -n '{"user":"usr-3"}'
        head -c 1048560 /dev/zero | tr '\0' ' '
    } >"$BATS_TEST_TMPDIR/full"
    get /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" --data-binary "@$BATS_TEST_TMPDIR/full"
    expect_status 201
    # Who is not let in is told that first.
    get /rollcall/v1/sessions -X POST --data-binary "@$BATS_TEST_TMPDIR/large"
    expect_status 401
}

@test "all these answers are as the OpenAPI document says" {
    hold_answers
}
