# How the command is called: help, version, wrong usage.
# shellcheck disable=SC2154 # run sets stderr
load ctl

commands=(init import list session user app key token audit stat top check purge backup restore)
nested=("session create" "session show" "session touch" "session extend" "session revoke" "user list" "user show"
    "user set" "key list" "key rotate" "key add" "key remove")

@test "--help names every command, on standard output" {
    run -0 --separate-stderr "$ROLLCALL" --help
    for command in "${commands[@]}"; do
        grep -q "^  $command " <<<"$output"
    done
    assert_has --store "$output"
    assert_has ROLLCALL_STORE "$output"
    [ -z "$stderr" ]
}

@test "every command has --help, with --store in it" {
    for command in "${commands[@]}"; do
        run -0 --separate-stderr "$ROLLCALL" "$command" --help
        assert_has "Usage: rollcall $command" "$output"
        assert_has "--store=DIR" "$output"
        [ -z "$stderr" ]
    done
}

@test "a command that has commands of its own names them, and each has --help" {
    for command in "${nested[@]}"; do
        read -r group name <<<"$command"
        run -0 "$ROLLCALL" "$group" --help
        grep -q "^  $name " <<<"$output"
        # shellcheck disable=SC2086 # words are meant
        run -0 --separate-stderr "$ROLLCALL" $command --help
        assert_has "Usage: rollcall $command" "$output"
        assert_has "--store=DIR" "$output"
        [ -z "$stderr" ]
    done
}

@test "--version says which" {
    run -0 "$ROLLCALL" --version
    [[ $output == "rollcall "?* ]]
}

@test "no command, an unknown command and an unknown option are wrong usage" {
    for arguments in "" "frobnicate" "--frobnicate" "list --frobnicate" "init extra" "stat extra" "check extra" \
        "list extra" "import" "token" "token a b" "app" "app remove x" "app list x" "app add" "app add a b" \
        "app list --idle 5" "--store"; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" $arguments
        [ -z "$output" ]
        [ -n "$stderr" ]
    done
}

@test "wrong values of options are wrong usage, and say what is expected" {
    run -2 "$ROLLCALL" list --status gone
    assert_has inactivity_reached "$output"
    run -2 "$ROLLCALL" list --limit -1
    run -2 "$ROLLCALL" list --limit many
    run -2 "$ROLLCALL" import --as-of yesterday "$DEMO"
    assert_has "RFC 3339" "$output"
    run -2 "$ROLLCALL" import --batch 0 "$DEMO"
    run -2 "$ROLLCALL" import --batch 10001 "$DEMO"
    run -2 "$ROLLCALL" import - -
    run -2 "$ROLLCALL" app add Acme
    assert_has "a-z 0-9 -" "$output"
    run -2 "$ROLLCALL" app add a --lifetime 0
    run -2 "$ROLLCALL" app add a --idle 3155760001
    run -2 "$ROLLCALL" app add a --project-id a:b
    run -2 "$ROLLCALL" --store= init
    [ ! -e "$ROLLCALL_STORE" ]
}

@test "--store counts before the command and after it, and more than the environment" {
    "$ROLLCALL" --store before init
    "$ROLLCALL" init --store after
    "$ROLLCALL" init -s short
    "$ROLLCALL" --store before app add acme
    run -0 "$ROLLCALL" key --store before list --app acme
    run -0 "$ROLLCALL" key list --store before --app acme
    [ -e before/data.mdb ]
    [ -e after/data.mdb ]
    [ -e short/data.mdb ]
    [ ! -e "$ROLLCALL_STORE" ]
    "$ROLLCALL" init
    [ -e "$ROLLCALL_STORE/data.mdb" ]
}

@test "without a store every command but init, import and restore fails, and says so" {
    for arguments in list "app list" "app add a" "token x" stat check "session create --app a --user u" \
        "session show x" "session touch x" "session extend x --by 1" "session revoke x" \
        "session revoke --app a --user u" "session revoke --dry-run x" "user list --app a" "user show u --app a" \
        "user set u --app a" "key list --app a" "key rotate --app a" "key add --app a --for admin" audit purge \
        "backup copy"; do
        # shellcheck disable=SC2086 # words are meant
        run -1 --separate-stderr "$ROLLCALL" $arguments
        assert_has "no store at $ROLLCALL_STORE" "$stderr"
        [ -z "$output" ]
    done
    [ ! -e "$ROLLCALL_STORE" ]
    [ ! -e copy ]
}

@test "a store that is none is told" {
    mkdir "$ROLLCALL_STORE"
    head -c 8192 /dev/zero >"$ROLLCALL_STORE/data.mdb"
    run -1 "$ROLLCALL" stat
    assert_has "cannot be opened" "$output"
}

@test "what cannot be written to standard output is a failure" {
    import_demo
    for arguments in stat list "app list" "list --json" "session show ses_01jqebhswje1ka1z7ahr9rfsgt" \
        "session create --app acme --user u" "session create --app acme --user u --json" "user list --app acme" \
        "user list --app acme --json" "key list --app acme" "key list --app acme --json" audit "audit --json" purge; do
        # shellcheck disable=SC2086 # words are meant
        run -1 bash -c "'$ROLLCALL' $arguments >/dev/full"
        assert_has "standard output" "$output"
    done
}

@test "with its standard descriptors closed a command says nothing into the store" {
    import_demo
    run -1 bash -c "'$ROLLCALL' session revoke ses_none 2>&-"
    run -1 bash -c "'$ROLLCALL' session revoke ses_none <&- >&- 2>&-"
    run -1 bash -c "'$ROLLCALL' list >&-"
    assert_has "standard output cannot be written" "$output"
    run -1 grep -cam1 -e '^rollcall: ' -e '^ID  ' "$ROLLCALL_STORE/lock.mdb" "$ROLLCALL_STORE/data.mdb"
    run -0 "$ROLLCALL" check
}
