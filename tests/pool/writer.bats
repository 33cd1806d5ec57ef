#!/usr/bin/env bats
# The writer: what it is handed is on disk before it is answered, whatever happens to it meanwhile.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

whoami=(REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=one)
end_others=(REQUEST_METHOD=DELETE REQUEST_URI=/sessions QUERY_STRING= HTTP_X_SESSION_TOKEN=one)

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    touch "$log"
    echo '{"kind":"app","id":"acme","session":{"lifetime_s":2592000,"idle_s":0,"retain_s":86400}}
{"kind":"session","app":"acme","user":"u","token":"one"}
{"kind":"session","app":"acme","user":"u","token":"two"}
{"kind":"session","app":"acme","user":"u","token":"three"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
}

teardown() {
    stop_servers
}

# The ids of the processes of that role that were started, in that order.
started() {
    sed -n "s/.* $1 \([0-9]*\): started$/\1/p" "$log"
}

has_started() {
    [ "$(started "$1" | wc -l)" -ge "$2" ]
}

logged() {
    grep -q "$1" "$log"
}

# How many sessions are in that state.
count() {
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app=acme --status="$1" --json | wc -l
}

is_stopped() {
    grep -q '^State:.*T' "/proc/$1/status"
}

@test "what was answered is on disk, and only the writer can have put it there" {
    # Confined, they could be looked into by root alone.
    start_pool "workers = 2" 'confine = "off"'
    until_true has_started writer 1
    run -0 "$fcgi_client" "$socket" "${end_others[@]}"
    [[ $output == *'{"count":2}'* ]]
    [ "$(count revoked)" = 2 ]
    [ "$(count active)" = 1 ]
    "$fcgi_client" "$socket" "${whoami[@]}" | grep -q '^Status: 200'
    "$fcgi_client" "$socket" "${whoami[@]}" HTTP_X_SESSION_TOKEN=one >/dev/null
    local fd
    for fd in /proc/"$(started worker | head -n 1)"/fd/*; do
        [[ $(readlink "$fd") != */data.mdb ]] ||
            [ "$(sed -n 's/^flags:.*\([0-7]\)$/\1/p' "${fd/fd/fdinfo}")" = 0 ]
    done
}

@test "what waits while the writer is killed is done by the next one" {
    start_pool "workers = 1"
    until_true has_started writer 1
    local writer
    writer=$(started writer)
    kill -STOP "$writer"
    until_true is_stopped "$writer"
    "$fcgi_client" "$socket" "${end_others[@]}" >"$BATS_TEST_TMPDIR/out" 3>&- &
    local client=$!
    kill -KILL "$writer"
    wait $client
    grep -q '^Status: 200' "$BATS_TEST_TMPDIR/out"
    [ "$(count revoked)" = 2 ]
    until_true has_started writer 2
    logged "writer $writer: killed by signal 9"
}

@test "on TERM the writer leaves last" {
    start_pool "workers = 1"
    until_true has_started writer 1
    hold_request "${end_others[@]}"
    kill -TERM "$pool"
    until_true logged stopping
    let_go
    grep -q '^Status: 200' "$BATS_TEST_TMPDIR/out"
    until_true is_gone "$pool"
    [ "$(count revoked)" = 2 ]
    # First the worker, then the writer.
    [ "$(grep -oE '(worker|writer) [0-9]+: ended' "$log" | cut -d' ' -f1 | tr '\n' ' ')" = "worker writer " ]
}

@test "HUP replaces the writer, and no write is lost" {
    start_pool "workers = 2"
    local n
    "$fcgi_client" --count 600 "$socket" "${end_others[@]}" >"$BATS_TEST_TMPDIR/out" 3>&- &
    local client=$!
    for n in 1 2 3; do
        kill -HUP "$pool"
        until_true has_started writer $((1 + n))
    done
    wait $client
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = 600 ]
    fails logged 'no answer'
    [ "$(count revoked)" = 2 ]
}

@test "a writer whose master was killed ends, even when nobody is left to tell it anything" {
    start_pool "workers = 1"
    until_true has_started writer 1
    until_true has_started worker 1
    local writer worker
    writer=$(started writer) worker=$(started worker)
    has_ended() {
        is_gone "$1" || grep -q '^State:.*Z' "/proc/$1/status"
    }
    # It comes to itself when all that could send to it have gone.
    kill -STOP "$writer"
    until_true is_stopped "$writer"
    end_process "$pool" KILL
    until_true has_ended "$worker"
    kill -CONT "$writer"
    until_true has_ended "$writer" || {
        kill -KILL "$writer"
        tail -n 3 "$log"
        false
    }
    fails logged 'a message that is none'
}

@test "a writer that ends time and again is replaced more slowly each time" {
    local n begun=${EPOCHREALTIME/[.,]/}
    start_pool "workers = 1"
    for n in 1 2 3; do
        until_true has_started writer $n
        kill -TERM "$(started writer | tail -n 1)"
    done
    until_true has_started writer 4
    # A tenth of a second, two, and four.
    [ $((${EPOCHREALTIME/[.,]/} - begun)) -ge 700000 ]
    run -0 "$fcgi_client" "$socket" "${end_others[@]}"
    [[ $output == *'{"count":2}'* ]]
}

@test "a session's activity is noted once a minute at most" {
    local before
    sed -i 's/"token":"one"/&,"created_at":"2026-01-01T00:00:00Z","expires_at":"2100-01-01T00:00:00Z"/' "$BATS_FILE_TMPDIR/records.jsonl"
    rm -r "$BATS_FILE_TMPDIR/store"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 1"
    seen() {
        "$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app=acme --json |
            jq -r 'select(.created_at == "2026-01-01T00:00:00.000Z").last_active_at'
    }
    is_noted() {
        [ "$(seen)" != 2026-01-01T00:00:00.000Z ]
    }
    "$fcgi_client" "$socket" "${whoami[@]}" >/dev/null
    until_true is_noted
    before=$(seen)
    [ "$("$fcgi_client" --count 100 "$socket" "${whoami[@]}")" = 100 ]
    [ "$(seen)" = "$before" ]
}

@test "what is past retention goes by itself" {
    echo '{"kind":"session","app":"acme","user":"v","created_at":"2020-01-01T00:00:00Z","ended":{"as":"revoked","at":"2020-01-02T00:00:00Z"}}' \
        >>"$BATS_FILE_TMPDIR/records.jsonl"
    rm -r "$BATS_FILE_TMPDIR/store"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    [ "$(count revoked)" = 1 ]
    start_pool "workers = 1"
    until_true logged '1 sessions were past retention'
    [ "$(count revoked)" = 0 ]
    [ "$(count active)" = 3 ]
}

@test "what is past retention goes as fast as it may come" {
    local n
    for ((n = 0; n < 20000; n++)); do
        echo '{"kind":"session","app":"acme","user":"v","created_at":"2020-01-01T00:00:00Z","ended":{"as":"revoked","at":"2020-01-02T00:00:00Z"}}'
    done >>"$BATS_FILE_TMPDIR/records.jsonl"
    rm -r "$BATS_FILE_TMPDIR/store"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    start_pool "workers = 1"
    until_true has_sessions 3
}

has_sessions() {
    [ "$("$rollcall" --store "$BATS_FILE_TMPDIR/store" stat --json | jq .sessions)" = "$1" ]
}

@test "a process without a master writes by itself" {
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 "${end_others[@]}" \
        ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" "$rollcalld" </dev/null
    [[ ${lines[0]} == "Status: 200 OK"* ]]
    [ -z "$stderr" ]
    [ "$(count revoked)" = 2 ]
    make_config "workers = 0"
    ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf spawn-fcgi -n -s "$BATS_FILE_TMPDIR/spawned.sock" \
        -- "$rollcalld" 2>>"$log" 3>&- &
    note_pid $!
    until_true test -S "$BATS_FILE_TMPDIR/spawned.sock"
    "$fcgi_client" "$BATS_FILE_TMPDIR/spawned.sock" REQUEST_METHOD=GET REQUEST_URI=/api/v1/logout QUERY_STRING= \
        HTTP_X_AUTH_TOKEN=one HTTP_X_USER_ID=u | grep -q '^Status: 200'
    [ "$(count logged_out)" = 1 ]
}
