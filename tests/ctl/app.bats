# app: tenants and their keys.
# shellcheck disable=SC2154 # run sets stderr
load ctl

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    "$ROLLCALL" init
}

@test "app add makes an app and a key for each API that has one" {
    run -0 --separate-stderr "$ROLLCALL" app add acme
    [ "${lines[0]}" = "added acme" ]
    [[ ${lines[1]} =~ ^prelude\ +prelude_[A-Za-z0-9_-]{43}$ ]]
    [[ ${lines[2]} =~ ^corbado\ +acme:corbado1_[A-Za-z0-9_-]{43}$ ]]
    [[ ${lines[3]} =~ ^streambird\ +sk_live_[A-Za-z0-9_-]{43}$ ]]
    [[ ${lines[4]} =~ ^admin\ +rk_[A-Za-z0-9_-]{43}$ ]]
    [ "${#lines[@]}" = 5 ]
    [ -z "$stderr" ]
    "$ROLLCALL" check
}

@test "keys are fresh each time, and none is in the store in clear" {
    first=$("$ROLLCALL" app add one | awk '/^admin/ { print $2 }')
    second=$("$ROLLCALL" app add two | awk '/^admin/ { print $2 }')
    [ "$first" != "$second" ]
    run -1 grep -qF "$first" "$ROLLCALL_STORE/data.mdb"
}

@test "app add takes the app's periods and project" {
    run -0 "$ROLLCALL" app add acme --lifetime 60 --idle 0 --retain 5 --project-id pro-7
    assert_has "pro-7:corbado1_" "$output"
    run -0 "$ROLLCALL" app list
    [[ ${lines[0]} =~ ^ID\ +LIFETIME\ +IDLE\ +RETAIN\ +CREATED\ +PROJECT\ +KEYS$ ]]
    [[ ${lines[1]} =~ ^acme\ +60\ +0\ +5\ +20[0-9T:-]+Z\ +pro-7\ +admin,prelude,corbado,streambird$ ]]
}

@test "app add --no-keys makes none" {
    run -0 "$ROLLCALL" app add acme --no-keys
    [ "$output" = "added acme" ]
    run -0 "$ROLLCALL" app list
    [[ ${lines[1]} =~ ^acme\ +2592000\ +604800\ +7776000\ +[^\ ]+Z\ *$ ]]
}

@test "app add leaves an app that exists alone" {
    "$ROLLCALL" app add acme --idle 5
    run -1 --separate-stderr "$ROLLCALL" app add acme --idle 6
    [ -z "$output" ]
    [ "$stderr" = "rollcall: there is an app acme already" ]
    "$ROLLCALL" app list | grep -q '^acme  2592000   5 '
}

@test "a new app can issue access tokens" {
    "$ROLLCALL" app add acme
    echo '{"kind":"session","app":"acme","user":"u","id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d"}' |
        "$ROLLCALL" import -
    run -0 "$ROLLCALL" token 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d
    [[ $output =~ ^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]]
}
