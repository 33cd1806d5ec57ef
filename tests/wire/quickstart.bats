#!/usr/bin/env bats
# tools/quickstart, as a newcomer runs it. It builds in the tree's own build/ folder.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

quickstart=$ROLLCALL_SOURCE/tools/quickstart

# A tree that is not to be written to, such as `make distcheck` makes, has no use for it.
setup() {
    [ -w "$ROLLCALL_SOURCE" ] || skip "the source tree is read-only"
    dir=$BATS_TEST_TMPDIR/demo
}

teardown() {
    [ -z "${started:-}" ] || end_process "$started" INT
}

says_where() {
    grep -q '^Store: ' "$BATS_TEST_TMPDIR/out"
}

# start OPTION...: in the background; waits for the end of what it has to say.
start() {
    # A shell without job control has background processes ignore SIGINT.
    env --default-signal=INT "$quickstart" --no-install --dir "$dir" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    started=$!
    local tries
    for ((tries = 0; tries < 6000; tries++)); do
        says_where && break
        is_gone $started && { cat "$BATS_TEST_TMPDIR/err"; return 1; }
        sleep 0.05
    done
    url=$(sed -n '1s/^listening on \(http:..127.0.0.1:[0-9]*\)$/\1/p' "$BATS_TEST_TMPDIR/out")
    [ -n "$url" ] || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

@test "--once asks all five and shows what they answer" {
    run -0 --separate-stderr "$quickstart" --no-install --dir "$dir" --port 0 --once
    [[ ${lines[0]} =~ ^listening\ on\ http://127.0.0.1:[0-9]+$ ]]
    [ "$(grep -c '^# .*: 200$' <<<"$output")" = 5 ]
    [ "$(grep -c '^[[{].*[]}]$' <<<"$output")" = 5 ]
    [ ! -e "$dir/rollcall.sock" ]
}

@test "the lines it prints work when pasted, and Ctrl-C ends everything" {
    start --port 0
    [ "$(grep -c '^curl ' "$BATS_TEST_TMPDIR/out")" = 5 ]
    while read -r line; do
        run -0 bash -c "$line -w '\n%{http_code}'"
        [ "${lines[-1]}" = 200 ] || { echo "$line: $output"; false; }
    done < <(grep '^curl ' "$BATS_TEST_TMPDIR/out")
    end_process "$started" INT
    started=
    run curl -s -m 2 "$url/sessions/whoami"
    [ "$status" -ne 0 ]
    [ ! -e "$dir/rollcall.sock" ] && [ ! -e "$dir/lighttpd.pid" ]
    fails pgrep -f "$dir/"
}

@test "--data serves other records, --workers says how many" {
    echo '{"kind":"app","id":"mine","keys":[{"for":"streambird","secret":"sk_mine"}]}
{"kind":"session","app":"mine","user":"u","id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d"}' >"$BATS_TEST_TMPDIR/mine.jsonl"
    start --port 0 --data "$BATS_TEST_TMPDIR/mine.jsonl" --workers 3
    get '/v1/auth/sessions/list?user_id=u' -H 'Authorization: Bearer sk_mine'
    expect_status 200
    expect_json '.sessions | length' 1
    [ "$(grep -c 'worker [0-9]*: started' "$dir/rollcalld.log")" = 3 ]
    token=$("$ROLLCALL_SOURCE/build/quickstart/rollcall" --store "$dir/store" token 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d)
    get /v1/session/me/list -H "Authorization: Bearer $token"
    expect_json .total 1
}

@test "two at once, with folders and ports of their own" {
    start --port 0
    run -0 --separate-stderr "$quickstart" --no-install --dir "$BATS_TEST_TMPDIR/second" --port 0 --once
    get /sessions/whoami
    expect_status 401
}

@test "a port in use is told" {
    start --port 0
    run -1 --separate-stderr "$quickstart" --no-install --dir "$BATS_TEST_TMPDIR/second" --port "${url##*:}" --once
    [[ $stderr == *"is the port in use?"* ]]
}

@test "records that are wrong stop it, with line and field" {
    echo '{"kind":"app","id":"Mine"}' >"$BATS_TEST_TMPDIR/bad.jsonl"
    run -1 --separate-stderr "$quickstart" --no-install --dir "$dir" --port 0 --data "$BATS_TEST_TMPDIR/bad.jsonl"
    [[ $stderr == *"bad.jsonl:1: id: "* ]]
}

@test "wrong options are told apart from failures" {
    for options in "--port x" "--port 65536" "--workers 0" "--frobnicate" "--port" "--data /nowhere/at/all"; do
        # shellcheck disable=SC2086
        run -2 "$quickstart" --no-install --dir "$dir" $options
    done
    run -0 "$quickstart" --help
    [[ $output == *"--no-install"* ]]
}
