#!/usr/bin/env bats
# Slow clients of a web server: those who take their time with a header, a body or an answer keep no worker from others.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    {
        echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk"}]}'
        seq 2000 | sed 's/.*/{"kind":"session","app":"acme","user":"u&","token":"t&"}/'
    } >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    touch "$BATS_FILE_TMPDIR/pool.log"
}

teardown() {
    local fd
    for fd in "${slow[@]}"; do
        exec {fd}>&-
    done
    stop_servers
}

slow=()

# slowly N TEXT: so many clients that send this and nothing more, and read nothing.
slowly() {
    local fd
    for ((i = 0; i < $1; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
        slow+=("$fd")
        printf '%b' "$2" >&"$fd"
    done
}

expect_service() {
    for ((i = 0; i < 5; i++)); do
        get /sessions/whoami -m "$1" -H 'X-Session-Token: t2'
        expect_status 200
    done
}

# hold_out SECONDS: twenty clients that are slow with a header, a body, or an answer, and nobody else waits for longer.
hold_out() {
    slowly 20 'GET /sessions/whoami HTTP/1.1\r\nHost: x\r\nX-Session-Token: t1'
    expect_service 2
    slowly 20 'GET /admin/sessions?page_size=1000&expand=identity HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer rk\r\n\r\n'
    expect_service 2
    slowly 20 'POST /admin/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer rk\r\nContent-Length: 500000\r\n\r\n{"action":'
    expect_service "$1"
}

@test "twenty slow clients of lighttpd, and two workers" {
    start_pool "workers = 2"
    start_web
    hold_out 2
}

@test "twenty slow clients of nginx, and two workers" {
    start_pool "workers = 2"
    start_web nginx-conf/rollcall.conf
    hold_out 2
}

# It hands a body on as it comes: a slow one has a worker until it gives way.
@test "twenty slow clients of Apache, and two workers" {
    start_pool "workers = 2"
    start_web apache-conf/rollcall.conf
    hold_out 10
}
