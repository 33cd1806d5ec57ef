#!/usr/bin/env bats
# A writer that hangs: who wants something written is told to come again, who only reads is answered, and nobody waits
# for long.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    touch "$log"
    echo '{"kind":"app","id":"acme","corbado":{"project_id":"pro-1"},"keys":[{"for":"corbado","secret":"ck"},{"for":"admin","secret":"rk"}]}
{"kind":"session","app":"acme","user":"u","token":"one"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
}

teardown() {
    [ -z "${writer:-}" ] || kill -CONT "$writer" 2>/dev/null || true
    stop_servers
}

started() {
    sed -n "s/.* $1 \([0-9]*\): started$/\1/p" "$log"
}

has_started() {
    [ "$(started "$1" | wc -l)" -ge "$2" ]
}

is_stopped() {
    grep -q '^State:.*T' "/proc/$1/status"
}

whoami() {
    "$fcgi_client" "$socket" REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami HTTP_X_SESSION_TOKEN=one
}

create() {
    "$fcgi_client" --body '{"appType":"web","identifierValue":"u"}' "$socket" REQUEST_METHOD=POST \
        REQUEST_URI=/v2/users/usr-u/longSessions 'HTTP_AUTHORIZATION=Basic cHJvLTE6Y2s='
}

health() {
    "$fcgi_client" "$socket" REQUEST_METHOD=GET REQUEST_URI=/rollcall/health
}

hangs() {
    health | grep -q '"reason":"writer_hangs"'
}

is_refused() {
    create >"$BATS_TEST_TMPDIR/refused"
    grep -q '^Status: 503' "$BATS_TEST_TMPDIR/refused"
}

is_taken() {
    create | grep -q '^Status: 200'
}

# in_time COMMAND...: within half of the two seconds that anybody waits for the writer.
in_time() {
    timeout 1 "$@"
}

@test "a writer that hangs: writes are refused at once, reads go on, and all is well when it goes on" {
    start_pool "workers = 2" 'health = "anybody"'
    until_true has_started writer 1
    writer=$(started writer)
    until_true is_taken
    kill -STOP "$writer"
    until_true is_stopped "$writer"

    # The first one finds out, and may wait for a while: the other worker is there for everybody else.
    create >"$BATS_TEST_TMPDIR/first" 3>&- &
    local first=$!
    until_true hangs
    is_refused
    grep -q $'^Retry-After: 2\r$' "$BATS_TEST_TMPDIR/refused"
    grep -q '"httpStatusCode":503' "$BATS_TEST_TMPDIR/refused"

    export -f create is_refused whoami health hangs
    export fcgi_client socket BATS_TEST_TMPDIR
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        in_time bash -c is_refused
        in_time bash -c 'whoami | grep -q "^Status: 200"'
    done
    in_time bash -c hangs

    kill -CONT "$writer"
    wait $first
    grep -q '^Status: 200' "$BATS_TEST_TMPDIR/first"
    until_true is_taken
    health | grep -q '"status":"ok"'
}

@test "a pool of one worker is not kept by it either" {
    start_pool "workers = 1" "request_seconds = 3"
    until_true has_started writer 1
    writer=$(started writer)
    until_true is_taken
    kill -STOP "$writer"
    until_true is_stopped "$writer"
    is_refused
    whoami | grep -q '^Status: 200'
    export -f create is_refused
    export fcgi_client socket BATS_TEST_TMPDIR
    in_time bash -c is_refused
    kill -CONT "$writer"
    until_true is_taken
}

@test "a worker that hangs is killed, said so, and replaced" {
    start_pool "workers = 1"
    until_true has_started worker 1
    local worker
    worker=$(started worker)
    # The last of its own timer's signals, as when nothing else helps.
    kill -ALRM "$worker"
    until_true has_started worker 2
    grep -q "worker $worker: hung, and was killed by signal 14" "$log"
    whoami | grep -q '^Status: 200'
}
