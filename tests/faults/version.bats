#!/usr/bin/env bats
# Stores of other formats: a later one, and one that becomes so while a pool serves it.
# shellcheck disable=SC2154 # run sets stderr
load faults

setup() {
    begin_faults
    make_faulty_store
}

teardown() {
    stop_servers
}

set_format() {
    "$ROLLCALL_BUILD/tests/faults-tool" format "$store" "$1"
}

@test "a store of a later format: nobody touches it, everybody says why; with ours it is served" {
    local before
    pool
    make 8
    end_process "$pool"
    set_format 4
    before=$(sha256sum "$store/data.mdb")
    pool
    all_read 503
    fails writes_again
    for command in list check stat purge "import $dir/records.jsonl" "backup $dir/copy"; do
        # shellcheck disable=SC2086
        run -1 --separate-stderr "$rollcall" --store "$store" $command
        [[ $stderr == *'of another version'* ]] || {
            echo "$command: $stderr"
            false
        }
    done
    grep -q 'its format is 4, and this program knows of none after 3' "$log"
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/sessions QUERY_STRING= ROLLCALL_STORE="$store" "$rollcalld" </dev/null
    [[ $output == 'Status: 503'* ]]
    [ "$(sha256sum "$store/data.mdb")" = "$before" ]
    set_format 3
    until_true answers_native
    until_true writes_again
    all_read 200
    all_end '20?'
    hold_account "a later format"
}

@test "brought up to a later format under a pool: nothing is read or written from that transaction on" {
    pool
    make 20
    all_read 200
    set_format 4
    all_read 503
    all_end 503
    make 1
    [ "$refused" = 1 ]
    set_format 3
    until_true answers_native
    until_true writes_again
    all_read 200
    all_end '20?'
    fails grep -E 'killed|exit code' "$log"
    hold_account "a later program upgrades the store under a pool"
}

@test "stores that programs of formats 1 and 2 made are brought up, and nothing of them is lost" {
    local format
    for format in 1 2; do
        rm -rf "$store"
        mkdir "$store"
        mdb_load -f "$ROLLCALL_SOURCE/tests/faults/format-$format.dump" "$store"
        run -0 "$rollcall" --store "$store" check
        [ "$("$rollcall" --store "$store" stat --json | jq -c '[.format, .apps, .users, .sessions]')" = '[3,2,3,6]' ]
        "$rollcall" --store "$store" list --json --limit 0 | jq -Sc . | sort |
            diff "$ROLLCALL_SOURCE/tests/faults/formats.jsonl" -
        echo "# format $format: 2 apps, 3 users, 6 sessions before, and after it was brought up" >&3
    done
}

@test "a store of an earlier format is brought up by a pool's writer" {
    rm -r "$store"
    mkdir "$store"
    mdb_load -f "$ROLLCALL_SOURCE/tests/faults/format-2.dump" "$store"
    pool
    until_true answers_native
    make 10
    all_read 200
    all_end '20?'
    hold_account "format 2 under a pool"
}
