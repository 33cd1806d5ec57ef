# init, stat and check.
# shellcheck disable=SC2154 # run sets stderr
load ctl

@test "init makes a store for its owner alone, and leaves one that is there" {
    umask 022
    run -0 "$ROLLCALL" init
    assert_has "made an empty store at $ROLLCALL_STORE" "$output"
    [ "$(stat -c %a "$ROLLCALL_STORE")" = 700 ]
    [ "$(stat -c %a "$ROLLCALL_STORE/data.mdb")" = 600 ]
    import_demo
    run -0 "$ROLLCALL" init
    assert_has "already" "$output"
    [ "$(stat_of sessions)" = 28 ]
}

@test "init fails where no folder can be made" {
    run -1 "$ROLLCALL" --store nowhere/store init
    touch file
    run -1 "$ROLLCALL" --store file init
}

@test "stat counts" {
    "$ROLLCALL" init
    [ "$("$ROLLCALL" stat --json | jq -c '[.format, .apps, .users, .sessions]')" = "[3,0,0,0]" ]
    import_demo
    [ "$("$ROLLCALL" stat --json | jq -c '[.format, .apps, .users, .sessions]')" = "[3,2,9,28]" ]
    run -0 "$ROLLCALL" stat
    [[ $output =~ sessions\ +28 ]]
    [[ $output =~ file_bytes\ +[1-9] ]]
}

@test "check finds nothing wrong with what import made" {
    "$ROLLCALL" init
    run -0 "$ROLLCALL" check
    [ "$output" = "nothing is wrong" ]
    import_demo
    import_demo
    run -0 "$ROLLCALL" check
    [ "$output" = "nothing is wrong" ]
}

# Puts an entry into a table that no record calls for.
stray() {
    command -v mdb_load >/dev/null || skip "mdb_load is not installed"
    printf '%s\n' VERSION=3 format=bytevalue type=btree HEADER=END " 00000001aa" " bb" DATA=END |
        mdb_load -s "$1" "$ROLLCALL_STORE"
}

@test "check tells an index entry without a record" {
    import_demo
    stray brought
    run -1 --separate-stderr "$ROLLCALL" check
    assert_has "brought has 1 entries too many" "$stderr"
    assert_has "1 fault" "$stderr"
    [ -z "$output" ]
}

@test "check --repair makes the index anew where something is wrong, and nothing else" {
    import_demo
    run -0 --separate-stderr "$ROLLCALL" check --repair
    [ "$output" = "nothing is wrong" ]
    [ -z "$stderr" ]
    "$ROLLCALL" list --limit 0 --json >before
    stray ids
    stray user_ids
    run -0 --separate-stderr "$ROLLCALL" check --repair
    assert_has "ids has 1 entries too many" "$stderr"
    assert_has "2 faults before the repair" "$stderr"
    [ "$output" = "the index was made anew from the records
nothing is wrong" ]
    run -0 "$ROLLCALL" check
    "$ROLLCALL" list --limit 0 --json | diff before -
}

@test "a record that no repair can read is told, and stays" {
    import_demo
    stray sessions
    run -1 --separate-stderr "$ROLLCALL" check --repair
    assert_has "its record cannot be read" "$stderr"
    assert_has "the index was made anew" "$output"
    run -1 "$ROLLCALL" check
    assert_has "a session's record cannot be read" "$output"
}
