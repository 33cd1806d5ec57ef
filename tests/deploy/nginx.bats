#!/usr/bin/env bats
# nginx keeps connections for later, and Rollcall closes each after its answer: no request is lost between the two.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"
. "$ROLLCALL_SOURCE/data/demo.env"

setup_file() {
    make_store "$ROLLCALL_SOURCE/data/demo.jsonl" --as-of 2026-01-01T00:00:00Z
    start_pool "workers = 2"
    start_web nginx-conf/rollcall.conf
    export pool web
}

teardown_file() {
    stop_servers
}

# post N: that many requests, of a kind that nginx does not send again unless it is told to.
post() {
    curl -s -m 60 -o /dev/null -w '%{http_code}\n' -X POST -d '' -H "X-Session-Token: $demo_kratos_token" \
        "$url/sessions/whoami?n=[1-$1]" 2>/dev/null
}

# answered N: whether so many came back so far.
answered() {
    [ "$(cat "$BATS_TEST_TMPDIR"/codes.* | wc -l)" -ge "$1" ]
}

# post_while COMMAND...: 8 clients at once with 500 requests each, and the command ten times in between.
post_while() {
    local client times
    for client in 1 2 3 4 5 6 7 8; do
        post 500 >"$BATS_TEST_TMPDIR/codes.$client" 3>&- &
    done
    for times in 1 2 3 4 5 6 7 8 9 10; do
        until_true answered $((times * 350))
        "$@"
    done
    until_true answered 4000
    [ "$(sort "$BATS_TEST_TMPDIR"/codes.* | uniq -c | tr -s ' ')" = ' 4000 200' ] || {
        sort "$BATS_TEST_TMPDIR"/codes.* | uniq -c
        return 1
    }
}

@test "no POST is lost under load" {
    post_while true
}

@test "no POST is lost while the pool is reloaded" {
    post_while kill -HUP "$pool"
}

@test "no POST is lost while nginx is reloaded" {
    post_while kill -HUP "$web"
}
