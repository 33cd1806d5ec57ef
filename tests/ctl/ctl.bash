# What the tests of the command line share: the program, the demo records, a store of the test's own.
bats_require_minimum_version 1.5.0

ROLLCALL=${ROLLCALL:-${ROLLCALL_BUILD:+$ROLLCALL_BUILD/rollcall}}
export ROLLCALL=${ROLLCALL:-rollcall}
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
