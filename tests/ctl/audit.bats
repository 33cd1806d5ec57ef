# audit: the trail, the oldest line first, over all apps.
# shellcheck disable=SC2154 # run sets stderr
load ctl

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    for app in one two three; do
        echo "{\"kind\":\"app\",\"id\":\"$app\",\"keys\":[{\"for\":\"admin\",\"secret\":\"rk_$app\"}]}"
    done | "$ROLLCALL" import - >/dev/null
}

# begin APP USER: the id of a session that begins.
begin() {
    "$ROLLCALL" session create --app "$1" --user "$2" --json | jq -r .id
}

numbers() {
    jq -r .number | tr '\n' ' '
}

@test "a line says when, what, of which app and user, which session, and by whom" {
    id=$(begin one ann)
    "$ROLLCALL" session revoke "$id" >/dev/null
    run -0 --separate-stderr "$ROLLCALL" audit
    [ -z "$stderr" ]
    [[ ${lines[0]} =~ ^AT\ +EVENT\ +APP\ +USER\ +SESSION\ +ACTOR$ ]]
    [[ ${lines[1]} =~ ^20[0-9T:-]+Z\ +created\ +one\ +ann\ +$id\ +admin:command-line$ ]]
    [[ ${lines[2]} =~ ^20[0-9T:-]+Z\ +revoked\ +one\ +ann\ +$id\ +admin:command-line$ ]]
    [ "${#lines[@]}" = 3 ]
    run -0 "$ROLLCALL" audit --json
    [ "$(jq -c '[.number, .event, .app, .user, .session, .actor]' <<<"${lines[0]}")" = \
        "[1,\"created\",\"one\",\"ann\",\"$id\",\"admin:command-line\"]" ]
    [[ $(jq -r .at <<<"${lines[0]}") =~ ^20[0-9-]+T[0-9:]+\.[0-9]{3}Z$ ]]
}

@test "an empty trail is a heading, and no line of JSON" {
    run -0 "$ROLLCALL" audit
    [ "${#lines[@]}" = 1 ]
    run -0 "$ROLLCALL" audit --json
    [ -z "$output" ]
}

@test "who acted over the API stands there, too" {
    id=$(begin one ann)
    expect_request 200 "/rollcall/v1/sessions/$id" REQUEST_METHOD=DELETE "HTTP_AUTHORIZATION=Bearer rk_one" \
        HTTP_X_ROLLCALL_ACTOR=helpdesk/7
    [ "$("$ROLLCALL" audit --json | jq -r .actor | tr '\n' ' ')" = "admin:command-line admin:helpdesk/7 " ]
}

@test "--app and --user narrow; a user of that id in several apps is shown of all" {
    begin one ann >/dev/null
    begin two ann >/dev/null
    begin two bob >/dev/null
    begin three carl >/dev/null
    [ "$("$ROLLCALL" audit --json | numbers)" = "1 2 3 4 " ]
    [ "$("$ROLLCALL" audit --json --app two | numbers)" = "2 3 " ]
    [ "$("$ROLLCALL" audit --json --user ann | numbers)" = "1 2 " ]
    [ "$("$ROLLCALL" audit --json --user ann --app two | numbers)" = "2 " ]
    run -1 --separate-stderr "$ROLLCALL" audit --app nowhere
    [ "$stderr" = "rollcall: no app nowhere" ]
    [ -z "$output" ]
    run -1 --separate-stderr "$ROLLCALL" audit --user nobody
    [ "$stderr" = "rollcall: no user nobody" ]
    run -1 --separate-stderr "$ROLLCALL" audit --user bob --app one
    [ "$stderr" = "rollcall: no user bob" ]
}

@test "--limit gives the oldest, and says that there are more" {
    for _ in 1 2 3; do begin one ann >/dev/null; done
    run -0 --separate-stderr "$ROLLCALL" audit --json --limit 2
    [ "$(numbers <<<"$output")" = "1 2 " ]
    [ "$stderr" = "the first 2 lines; --limit 0 shows all" ]
    run -0 --separate-stderr "$ROLLCALL" audit --json --limit 3
    [ "$(numbers <<<"$output")" = "1 2 3 " ]
    [ -z "$stderr" ]
}

@test "--since begins with that instant" {
    begin one ann >/dev/null
    begin two ann >/dev/null
    second=$("$ROLLCALL" audit --json --app two | jq -r .at)
    begin one ann >/dev/null
    run -0 "$ROLLCALL" audit --json --since "$second"
    # The first may have been in the same millisecond only if the clock stood still.
    [ "$(numbers <<<"$output")" = "2 3 " ]
    [ "$("$ROLLCALL" audit --json --since 2020-01-01 | numbers)" = "1 2 3 " ]
    run -0 "$ROLLCALL" audit --json --since 2100-01-01T00:00:00Z
    [ -z "$output" ]
}

@test "a long trail of several apps is in one order, whole, each line once" {
    for app in one two three; do
        for n in 1 2; do
            awk -v app=$app -v n=$n 'BEGIN { for (i = 0; i < 1500; i++)
                printf "{\"kind\":\"session\",\"app\":\"%s\",\"user\":\"u%d\"}\n", app, n }'
        done
    done | "$ROLLCALL" import - >/dev/null
    # Users take turns among the apps, so that the trails interleave.
    for n in 1 2; do
        for app in two one three; do
            "$ROLLCALL" session revoke --app $app --user u$n >/dev/null
        done
    done
    [ "$("$ROLLCALL" audit --json --limit 0 | jq -r .number)" = "$(seq 9000)" ]
    [ "$("$ROLLCALL" audit --json --limit 0 --app one --user u2 | jq -r .number)" = "$(seq 6001 7500)" ]
    [ "$("$ROLLCALL" audit --json --limit 2000 2>/dev/null | jq -r .number)" = "$(seq 2000)" ]
    at=$("$ROLLCALL" audit --json --limit 0 | jq -r 'select(.number == 4000).at')
    [ "$("$ROLLCALL" audit --json --limit 0 --since "$at" | jq -r .number)" = \
        "$("$ROLLCALL" audit --json --limit 0 | jq -r --arg at "$at" 'select(.at >= $at).number')" ]
    [ "$("$ROLLCALL" audit 2>/dev/null | wc -l)" = 101 ]
}

@test "what the trail says steers no terminal" {
    id=$(begin one ann)
    expect_request 200 "/rollcall/v1/sessions/$id" REQUEST_METHOD=DELETE "HTTP_AUTHORIZATION=Bearer rk_one" \
        "HTTP_X_ROLLCALL_ACTOR=$(printf 'a\302\233b')"
    run -0 "$ROLLCALL" audit
    assert_has 'admin:a\xC2\x9Bb' "$output"
}

@test "wrong usage is told" {
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" audit $arguments
        assert_has "$expected" "$(tr -s '\n ' ' ' <<<"$stderr")"
        [ -z "$output" ]
    done <<<"extra|no argument is expected: extra
--limit -1|--limit: a number from 0 on is expected
--limit x|--limit: a number from 0 on is expected
--since soon|--since: an RFC 3339 instant or a date is expected: soon"
}
