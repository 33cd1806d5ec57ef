#!/usr/bin/env bats
# What README says to type is typed here; tests/readme/blocks says where which of it can be tried.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    make_store "$ROLLCALL_SOURCE/data/demo.jsonl" --as-of 2026-01-01T00:00:00Z
    start_pool "workers = 2"
    start_web
}

teardown_file() {
    stop_servers
}

# As README has them, but with places of the test's own.
commands() {
    "$ROLLCALL_SOURCE/tests/readme/blocks" "$1" |
        sed -e "s|http://127.0.0.1:8080|$url|g" -e "s|/run/rollcall|$BATS_TEST_TMPDIR|g" -e "s|/usr/sbin/rollcalld|$rollcalld|g" \
            -e "s|\$PWD/build/quickstart|$ROLLCALL_BUILD|" -e "s|\$PWD/demo/store|$BATS_FILE_TMPDIR/store|"
}

# A request that is refused is a failure, though curl by itself would not say so.
type_in() {
    ln -s "$ROLLCALL_SOURCE/data" "$BATS_TEST_TMPDIR/data"
    cd "$BATS_TEST_TMPDIR"
    {
        echo 'set -eu; curl() { command curl -sS --fail-with-body -m 20 "$@"; }'
        cat "$1"
    } >typed
    PATH=$ROLLCALL_BUILD:$PATH ROLLCALL_STORE=$BATS_FILE_TMPDIR/store ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf \
        sh -x typed
}

@test "every block is of a kind that is tried somewhere" {
    [ "$("$ROLLCALL_SOURCE/tests/readme/blocks" --kinds)" = \
        "$(printf '%s\n' 'sh apache' 'sh demo' 'sh host' 'sh lighttpd' 'sh nginx' 'sh package' 'sh quickstart' 'sh source' text)" ]
}

@test "the two commands are there, and say what they do" {
    local command
    while read -r command _; do
        "$ROLLCALL_SOURCE/$command" --help | grep -q "^Usage: $command"
    done < <("$ROLLCALL_SOURCE/tests/readme/blocks" quickstart)
}

@test "what can be typed beside the demo" {
    commands demo >"$BATS_TEST_TMPDIR/demo"
    type_in "$BATS_TEST_TMPDIR/demo"
}

@test "what can be typed on a host" {
    local pid pids
    commands host >"$BATS_TEST_TMPDIR/host"
    run -0 type_in "$BATS_TEST_TMPDIR/host"
    pids=$(sed -n 's/.*spawned successfully: PID: //p' <<<"$output")
    for pid in $pids; do
        end_process "$pid"
    done
    [ "$(wc -w <<<"$pids")" = 4 ]
    echo "$output"
    [[ $output == *'listen="unix:'* ]]
}
