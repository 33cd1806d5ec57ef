#!/usr/bin/env bats
# Wrong credentials, through a web server: after so many an address is not listened to for a while, and nobody else is
# any the wiser.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    echo '{"kind":"app","id":"acme","corbado":{"project_id":"pro-1"},"keys":[{"for":"corbado","secret":"ck"},{"for":"admin","secret":"rk"}]}
{"kind":"session","app":"acme","user":"u","token":"one"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    touch "$BATS_FILE_TMPDIR/pool.log"
    mkdir "$BATS_FILE_TMPDIR/answers"
    start_pool "workers = 2" "failures_per_minute = 30" 'trusted_proxies = {"127.0.0.1"}' "forwarded = x-forwarded" \
        "status_token_sha256 = $(printf secret | sha256sum | cut -d' ' -f1)"
    start_web
}

teardown() {
    stop_servers
}

# knock ADDRESS N [CURL OPTION...]: so many wrong tokens from there; prints the statuses, each with how often it came.
knock() {
    local at urls=()
    for ((at = 0; at < $2; at++)); do
        urls+=(-o /dev/null "$url/sessions/whoami")
    done
    curl -s -m 20 -w '%{http_code}\n' -H "X-Forwarded-For: $1" "${@:3}" -H "X-Session-Token: wrong-$RANDOM$RANDOM" "${urls[@]}" |
        sort | uniq -c | sed 's/^ *//'
}

is_let_in() {
    get /sessions/whoami -H "X-Forwarded-For: $1" -H 'X-Session-Token: one'
    [ "$status_code" = 200 ]
}

is_refused() {
    get "$@"
    [ "$status_code" = 429 ]
}

@test "so many wrong ones, then 429 in every vendor's shape, then all is well again" {
    local counts
    counts=$(knock 203.0.113.9 40)
    # While they come, one in two seconds is forgiven.
    [[ $counts =~ ^3[0-2]\ 401.*429$ ]] || {
        echo "$counts"
        false
    }
    local from=(-H 'X-Forwarded-For: 203.0.113.9') path login
    for path in /v1/session/me/list /v2/sessions /v1/auth/sessions/list /sessions /api/v1/sessions/list /rollcall/v1/app \
        /rollcall/metrics; do
        login='Bearer any'
        [ $path != /v2/sessions ] || login='Basic cHJvLTE6YW55'
        # One that is forgiven in between is used up by that.
        until_true is_refused "$path" "${from[@]}" -H "Authorization: $login" -H 'X-Auth-Token: any' -H 'X-User-Id: u'
        expect_header Retry-After '[12]'
    done
    hold_answers

    # Without a credential nothing is guessed; from elsewhere the right one counts as ever.
    get /sessions/whoami "${from[@]}"
    expect_status 401
    is_let_in 203.0.113.10
    until_true is_let_in 203.0.113.9
}

@test "a cookie that anybody may have keeps nobody out whose next one is right" {
    local junk='Cookie: ory_session_x=deleted' at
    # By a proxy that is trusted: no address is counted.
    for ((at = 0; at < 40; at++)); do
        get /sessions/whoami -H "$junk"
    done
    expect_status 429
    get /sessions/whoami -H "$junk; ory_kratos_session=one"
    expect_status 200
}

@test "a key that is brought for what it does not open is good where it opens" {
    local at
    for ((at = 0; at < 40; at++)); do
        get '/v1/auth/sessions/list?user_id=u' -H 'Authorization: Bearer rk'
    done
    expect_status 429
    for ((at = 0; at < 40; at++)); do
        get /rollcall/metrics -H 'Authorization: Bearer rk'
    done
    expect_status 429
    get /rollcall/v1/app -H 'Authorization: Bearer rk'
    expect_status 200
}

@test "a header of one's own beside the proxy's saves nobody from being counted" {
    local n counts=
    # Each with another wrong token: what is counted is who brings them.
    for n in {1..35}; do
        counts+=$(knock 203.0.113.9 1 -H "X_Forwarded_For: 203.0.113.$n")$'\n'
    done
    grep -q 401 <<<"$counts"
    grep -q 429 <<<"$counts"
    is_let_in 203.0.113.9
}

@test "the metrics count them, and hold nobody's address" {
    knock 203.0.113.9 40 >/dev/null
    get /rollcall/metrics -H 'Authorization: Bearer secret'
    expect_status 200
    grep -q '^rollcall_requests_total{.*status="429"} [1-9]' <<<"$body"
    fails grep -qaF 203.0.113.9 "$BATS_FILE_TMPDIR/store/metrics"
    fails grep -qaF wrong- "$BATS_FILE_TMPDIR/store/metrics"
    fails grep -qF wrong- "$BATS_FILE_TMPDIR/pool.log"
}

@test "plain CGI on the same store counts along" {
    local cgi=(env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami
        "ROLLCALL_STORE=$BATS_FILE_TMPDIR/store" ROLLCALL_FAILURES_PER_MINUTE=30 HTTP_X_SESSION_TOKEN=one)
    knock 203.0.113.9 40 >/dev/null
    "${cgi[@]}" REMOTE_ADDR=203.0.113.9 "$rollcalld" </dev/null | grep -q '^Status: 429'
    "${cgi[@]}" REMOTE_ADDR=203.0.113.10 "$rollcalld" </dev/null | grep -q '^Status: 200'
}
