# token: Prelude access tokens for sessions, however they are named.
# shellcheck disable=SC2154 # run sets stderr
load ctl

uuid=0195dcb8-e792-7066-a0fc-ea8e1387e61a # ses_01jqebhswje1ka1z7ahr9rfsgt

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    import_demo
}

# The claims of a token.
claims() {
    local part
    part=$(cut -d. -f2 <<<"$1" | tr '_-' '/+')
    while [ $((${#part} % 4)) != 0 ]; do part+="="; done
    base64 -d <<<"$part"
}

@test "a token names session, user and app, and lives five minutes" {
    run -0 --separate-stderr "$ROLLCALL" token ses_01jqebhswje1ka1z7ahr9rfsgt
    [ -z "$stderr" ]
    [ "${#lines[@]}" = 1 ]
    [ "$(claims "$output" | jq -c '[.sid, .sub, .aud, .exp - .iat]')" = \
        '["ses_01jqebhswje1ka1z7ahr9rfsgt","usr_01jqebhr3vfvk9bf25ggr2q8vs","acme",300]' ]
    now=$(date +%s)
    issued=$(claims "$output" | jq .iat)
    [ $((now - issued)) -le 5 ]
}

@test "a session is known by its UUID, by computed spellings and by brought ones" {
    for id in $uuid ses_01jqebhswje1ka1z7ahr9rfsgt V4Gy2mCXekKuvKwbG81ysvegY9dB01 QoYYFw2t9oKks2niG \
        sess_24tZ6tlJ7CxlTwB6Zoj6SHQ9vU3 019b74ec-4580-7605-9803-3519c40b5a3e; do
        run -0 "$ROLLCALL" token "$id"
    done
    [ "$(claims "$("$ROLLCALL" token QoYYFw2t9oKks2niG)" | jq -r .sub)" = rbAXPnMktTFbNpwtJ ]
}

@test "--app looks in one app alone" {
    run -0 "$ROLLCALL" token --app acme $uuid
    run -1 "$ROLLCALL" token --app globex $uuid
    assert_has "no session of that id" "$output"
}

@test "an id that two apps have must be told apart" {
    printf '{"kind":"session","app":"%s","user":"u","id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d"}\n' acme globex |
        "$ROLLCALL" import -
    run -1 "$ROLLCALL" token 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d
    assert_has "--app" "$output"
    run -0 "$ROLLCALL" token --app globex 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d
    [ "$(claims "$output" | jq -r .aud)" = globex ]
}

@test "an unknown session has no token" {
    for id in nobody 00000000-0000-7000-8000-000000000000 "" "$(printf 'x%.0s' $(seq 300))"; do
        run -1 --separate-stderr "$ROLLCALL" token "$id"
        [ -z "$output" ]
        assert_has "no session of that id" "$stderr"
    done
}

@test "a session that is not active has none, and its status is told" {
    for row in "019b6241-3800-7737-86c1-36f977e4a906 revoked" "019b57f4-8000-7c14-92c4-155878adae90 logged_out" \
        "019ad659-ca00-712a-a026-f175996f7193 expired" "019b0fdb-7800-7554-8c9e-b4c2ef421b86 inactivity_reached"; do
        read -r id why <<<"$row"
        run -1 --separate-stderr "$ROLLCALL" token "$id"
        [ -z "$output" ]
        [ "$stderr" = "rollcall: session $id is not active: $why" ]
    done
}

@test "a session of an inactive user has none" {
    run -1 "$ROLLCALL" token 019b710f-8080-722f-a0df-7b5785492a59
    assert_has "inactive user" "$output"
}
