# What the tests of the command line share: the program, the demo records, a store of the test's own.
bats_require_minimum_version 1.5.0

ROLLCALL=${ROLLCALL:-${ROLLCALL_BUILD:+$ROLLCALL_BUILD/rollcall}}
export ROLLCALL=${ROLLCALL:-rollcall}
ROLLCALLD=${ROLLCALLD:-${ROLLCALL_BUILD:+$ROLLCALL_BUILD/rollcalld}}
ROLLCALLD=${ROLLCALLD:-rollcalld}
DEMO=${ROLLCALL_SOURCE:-$BATS_TEST_DIRNAME/../..}/data/demo.jsonl

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
}

import_demo() {
    "$ROLLCALL" import --as-of 2026-01-01T00:00:00Z "$DEMO" >/dev/null
}

# The value of a row of `rollcall stat`.
stat_of() {
    "$ROLLCALL" stat --json | jq -r ".$1"
}

assert_line() {
    grep -qxF -- "$1" <<<"$2" || {
        printf 'no line\n  %s\nin\n%s\n' "$1" "$2"
        return 1
    }
}

assert_has() {
    [[ $2 == *"$1"* ]] || {
        printf 'no "%s" in\n%s\n' "$1" "$2"
        return 1
    }
}

assert_lacks() {
    [[ $2 != *"$1"* ]] || {
        printf '"%s" in\n%s\n' "$1" "$2"
        return 1
    }
}

# request PATH NAME=VALUE...: what a real request to the store gets, as one by plain CGI: its status.
request() {
    local path=$1
    shift
    env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET "REQUEST_URI=$path" "QUERY_STRING=${path#*\?}" \
        "$@" ROLLCALL_STORE="$ROLLCALL_STORE" "$ROLLCALLD" </dev/null >answer
    sed -n '1s/^Status: \([0-9]*\).*/\1/p' answer
}

# expect_request STATUS PATH NAME=VALUE...
expect_request() {
    local expected=$1 got
    shift
    got=$(request "$@")
    [ "$got" = "$expected" ] || {
        printf '%s: status %s, not %s:\n' "$*" "$got" "$expected"
        cat answer
        return 1
    }
}

# lets_in STATUS TOKEN
lets_in() {
    expect_request "$1" /sessions/whoami "HTTP_X_SESSION_TOKEN=$2"
}
