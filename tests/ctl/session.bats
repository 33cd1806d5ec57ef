# session: begun, shown, kept alive and ended from the command line, as real requests see it.
# shellcheck disable=SC2154 # run sets stderr
load ctl

noe=ses_01jqebhswje1ka1z7ahr9rfsgt # 0195dcb8-e792-7066-a0fc-ea8e1387e61a, active
uuid=0195dcb8-e792-7066-a0fc-ea8e1387e61a
revoked=019b6241-3800-7737-86c1-36f977e4a906
jane=usr-4693224802260150919

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    import_demo
}

# create [OPTION...]: a session of bob's of acme; its parts are left in $id, $token, $refresh and $access.
create() {
    local made
    made=$("$ROLLCALL" session create --app acme --user bob "$@")
    id=$(awk '$1 == "id" { print $2 }' <<<"$made")
    token=$(awk '$1 == "token" { print $2 }' <<<"$made")
    refresh=$(awk '$1 == "refresh_token" { print $2 }' <<<"$made")
    access=$(awk '$1 == "access_token" { print $2 }' <<<"$made")
}

# The value of a line of `session show`.
shown() {
    "$ROLLCALL" session show "$1" | sed -n "s/^$2  *//p"
}

status_of() {
    "$ROLLCALL" session show --json "$1" | jq -r .status
}

@test "create prints id, token, refresh token and access token, and each lets in" {
    run -0 --separate-stderr "$ROLLCALL" session create --app acme --user bob
    [ -z "$stderr" ]
    [ "${#lines[@]}" = 4 ]
    [[ ${lines[0]} =~ ^id\ +[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$ ]]
    [[ ${lines[1]} =~ ^token\ +[A-Za-z0-9_-]{43}$ ]]
    [[ ${lines[2]} =~ ^refresh_token\ +[A-Za-z0-9_-]{43}$ ]]
    [[ ${lines[3]} =~ ^access_token\ +[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]]
    create
    lets_in 200 "$token"
    grep -q "\"id\":\"$id\"" answer
    expect_request 200 /v1/session/me/list "HTTP_AUTHORIZATION=Bearer $access"
    lets_in 401 "$refresh"
    run -1 grep -qF "$token" "$ROLLCALL_STORE/data.mdb"
    "$ROLLCALL" check
}

@test "a refresh token that create made is good for an access token" {
    echo '{"kind":"app","id":"loose","prelude":{"dpop":"optional"}}' | "$ROLLCALL" import - >/dev/null
    refresh=$("$ROLLCALL" session create --app loose --user bob --json | jq -r .refresh_token)
    expect_request 401 /v1/session/refresh REQUEST_METHOD=POST HTTP_X_REFRESH_TOKEN=another
    expect_request 200 /v1/session/refresh REQUEST_METHOD=POST "HTTP_X_REFRESH_TOKEN=$refresh"
}

@test "create --json is one object with the same four" {
    run -0 "$ROLLCALL" session create --app acme --user bob --json
    [ "${#lines[@]}" = 1 ]
    [ "$(jq -c keys <<<"$output")" = '["access_token","id","refresh_token","token"]' ]
    lets_in 200 "$(jq -r .token <<<"$output")"
}

@test "create keeps what it is told of the session, and makes a user who is not there" {
    create --identifier bob@example.com --user-agent 'Mozilla/5.0 (é)' --ip 203.0.113.7 --host login.example.com \
        --country BR --expires-in 600
    [ "$("$ROLLCALL" session show "$id" --json |
        jq -c '[.user, .user_agent, .ip, .host, .country_code, .status]')" = \
        '["bob","Mozilla/5.0 (é)","203.0.113.7","login.example.com","BR","active"]' ]
    [ "$("$ROLLCALL" session show "$id" --json |
        jq '(.expires_at | sub("\\.[0-9]+Z$"; "Z") | fromdate) - (.created_at | sub("\\.[0-9]+Z$"; "Z") | fromdate)')" = 600 ]
    [ "$(shown "$id" identifier)" = bob@example.com ]
    create --identifier another@example.com
    [ "$(shown "$id" identifier)" = bob@example.com ]
    [ "$(shown "$id" expires)" = "$(date -u -d "$(shown "$id" created) + 2592000 seconds" +%FT%TZ)" ]
}

@test "create says what is wrong" {
    run -1 --separate-stderr "$ROLLCALL" session create --app nobody --user bob
    [ "$stderr" = "rollcall: no app nobody" ]
    run -1 --separate-stderr "$ROLLCALL" session create --app acme --user usr-7720310985513984421
    [ "$stderr" = "rollcall: user usr-7720310985513984421 is inactive" ]
    [ -z "$output" ]
    while IFS='|' read -r option value expected; do
        run -2 --separate-stderr "$ROLLCALL" session create --app acme --user bob "$option" "$value"
        assert_has "$option: expected $expected" "$(tr -s '\n ' ' ' <<<"$stderr")"
        [ -z "$output" ]
    done <<<"--country|de|two letters A-Z
--country|DEU|printable text of 0 to 2 bytes
--ip|$(printf 'x%.0s' {1..65})|printable text of 0 to 64 bytes
--host|$(printf 'a\tb')|printable text
--identifier|$(printf 'x%.0s' {1..1025})|printable text of 1 to 1024 bytes
--expires-in|3155760001|an integer from 1 to 3155760000"
    run -2 "$ROLLCALL" session create --app acme --user "$(printf 'x%.0s' {1..129})"
    assert_has "--user: expected printable text of 1 to 128 bytes" "$output"
    run -2 "$ROLLCALL" session create --app acme --user "$(printf '\xff')"
    assert_has "--user: UTF-8 is expected" "$output"
    run -2 "$ROLLCALL" session create --app acme --user bob --host "$(printf '\xff')"
    assert_has "--host: UTF-8 is expected" "$output"
    run -2 "$ROLLCALL" session create --app acme --user bob --expires-in 0
    assert_has "--expires-in: a number of seconds from 1 on is expected" "$output"
    run -2 "$ROLLCALL" session create --app acme --user bob --expires-in -5
    run -2 "$ROLLCALL" session create --app acme
    assert_has "--app and --user are expected" "$output"
    run -2 "$ROLLCALL" session create --user bob
    run -2 "$ROLLCALL" session create --app acme --user bob extra
    [ "$(stat_of sessions)" = 28 ]
}

@test "show tells all that is known, however the session is named" {
    run -0 --separate-stderr "$ROLLCALL" session show $noe
    [ -z "$stderr" ]
    while read -r line; do
        grep -qE "^$line$" <<<"$output" || {
            echo "no line $line in: $output"
            false
        }
    done <<<"id +$uuid
app +acme
user +usr_01jqebhr3vfvk9bf25ggr2q8vs
status +active
created +20[0-9T:-]+Z
last_active +20[0-9T:-]+Z
expires +20[0-9T:-]+Z
idle_expires +20[0-9T:-]+Z
aal +aal1
factor +sms
device +iPhone 15 Pro, iOS 17.4
ip +198.51.100.7
country_code +US
prelude +$noe
kratos +$uuid"
    assert_lacks token "$output"
    for name in $uuid $(jq -r '.spelled[]' < <("$ROLLCALL" session show --json $noe)); do
        [ "$("$ROLLCALL" session show "$name")" = "$output" ]
    done
    [ "$("$ROLLCALL" session show $revoked --json | jq -r '[.status, .ended.as] | join(" ")')" = "revoked revoked" ]
    [[ $(shown $revoked ended) == 20* ]]
}

@test "show --json is a record with status, deadlines and spellings, without a token" {
    run -0 "$ROLLCALL" session show $noe --json
    [ "${#lines[@]}" = 1 ]
    [ "$(jq -c '[.kind, .app, .id, .status, .device.os.name, .spelled.prelude, has("idle_expires_at")]' <<<"$output")" = \
        "[\"session\",\"acme\",\"$uuid\",\"active\",\"iOS\",\"$noe\",true]" ]
    assert_lacks token "$output"
}

@test "a session of an app without idle limit has no idle deadline" {
    id=$("$ROLLCALL" list --app globex --json | jq -r .id | head -n 1)
    run -0 "$ROLLCALL" session show "$id"
    assert_lacks idle_expires "$output"
}

@test "touch moves the last activity to now" {
    run -0 --separate-stderr "$ROLLCALL" session touch $noe
    [[ $output =~ ^touched\ $uuid:\ last\ active\ (20[0-9T:-]+Z)$ ]]
    [ -z "$stderr" ]
    [ "$(shown $noe last_active)" = "${BASH_REMATCH[1]}" ]
    age=$(($(date +%s) - $(date -d "${BASH_REMATCH[1]}" +%s)))
    [ $age -ge 0 ]
    [ $age -le 10 ]
}

@test "extend moves the end by so much, and is no activity" {
    before=$(shown $noe expires) active=$(shown $noe last_active)
    run -0 --separate-stderr "$ROLLCALL" session extend $noe --by 3600
    [ "$output" = "extended $uuid: expires $(date -u -d "$before + 3600 seconds" +%FT%TZ)" ]
    [ "$(shown $noe expires)" = "$(date -u -d "$before + 3600 seconds" +%FT%TZ)" ]
    [ "$(shown $noe last_active)" = "$active" ]
    [ "$("$ROLLCALL" audit --json | jq -c '[.event, .session, .actor]')" = \
        "[\"extended\",\"$uuid\",\"admin:command-line\"]" ]
}

@test "extensions that come at once are all kept" {
    before=$("$ROLLCALL" session show $noe --json | jq -r .expires_at)
    for _ in {1..12}; do
        "$ROLLCALL" session extend $noe --by 3600 >/dev/null &
    done
    wait
    after=$("$ROLLCALL" session show $noe --json | jq -r .expires_at)
    [ $(($(date -d "$after" +%s) - $(date -d "$before" +%s))) = $((12 * 3600)) ]
}

@test "a session of an inactive user is not touched" {
    id=019b710f-8080-722f-a0df-7b5785492a59
    run -1 --separate-stderr "$ROLLCALL" session touch $id
    [ -z "$output" ]
    [ "$stderr" = "rollcall: session $id is of an inactive user" ]
}

@test "what is not active is neither touched nor extended, and its status is told" {
    for row in "$revoked revoked" "019b57f4-8000-7c14-92c4-155878adae90 logged_out" \
        "019ad659-ca00-712a-a026-f175996f7193 expired" "019b0fdb-7800-7554-8c9e-b4c2ef421b86 inactivity_reached"; do
        read -r id why <<<"$row"
        before=$("$ROLLCALL" session show "$id")
        run -1 --separate-stderr "$ROLLCALL" session touch "$id"
        [ -z "$output" ]
        [ "$stderr" = "rollcall: session $id is not active: $why" ]
        run -1 --separate-stderr "$ROLLCALL" session extend "$id" --by 3600
        [ "$stderr" = "rollcall: session $id is not active: $why" ]
        [ "$("$ROLLCALL" session show "$id")" = "$before" ]
    done
}

@test "every command fails for a session that is not there, or that several apps have" {
    printf '{"kind":"session","app":"%s","user":"u","id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d"}\n' acme globex |
        "$ROLLCALL" import - >/dev/null
    for command in show touch "extend --by 1" revoke; do
        # shellcheck disable=SC2086 # words are meant
        run -1 --separate-stderr "$ROLLCALL" session $command nobody
        [ "$stderr" = "rollcall: no session of that id: nobody" ]
        [ -z "$output" ]
        # shellcheck disable=SC2086
        run -1 --separate-stderr "$ROLLCALL" session $command --app globex $uuid
        [ "$stderr" = "rollcall: no session of that id: $uuid" ]
        # shellcheck disable=SC2086
        run -1 --separate-stderr "$ROLLCALL" session $command --app nowhere $uuid
        [ "$stderr" = "rollcall: no app nowhere" ]
        # shellcheck disable=SC2086
        run -1 --separate-stderr "$ROLLCALL" session $command 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d
        assert_has "names more than one session; --app says which app's" "$stderr"
        # shellcheck disable=SC2086
        run -0 "$ROLLCALL" session $command --app globex 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d
    done
    [ "$("$ROLLCALL" session show --app acme 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d --json | jq -r .status)" = active ]
    [ "$("$ROLLCALL" session show --app globex 01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d --json | jq -r .status)" = revoked ]
}

@test "a session that is revoked is let in no longer" {
    create
    lets_in 200 "$token"
    run -0 --separate-stderr "$ROLLCALL" session revoke "$id"
    [ "$output" = "revoked $id" ]
    [ -z "$stderr" ]
    lets_in 401 "$token"
    expect_request 401 /v1/session/me/list "HTTP_AUTHORIZATION=Bearer $access"
    [ "$(status_of "$id")" = revoked ]
    [ "$("$ROLLCALL" audit --user bob --json | jq -c '[.event, .actor]' | tr '\n' ' ')" = \
        '["created","admin:command-line"] ["revoked","admin:command-line"] ' ]
    "$ROLLCALL" check
}

@test "revoke --as logged_out says so" {
    create
    run -0 "$ROLLCALL" session revoke --as logged_out "$id"
    [ "$output" = "logged out $id" ]
    [ "$(status_of "$id")" = logged_out ]
    lets_in 401 "$token"
}

@test "several are revoked at once; one that is over stays as it is, one that is not there is told" {
    create
    first=$id
    create
    run -1 --separate-stderr "$ROLLCALL" session revoke "$first" nobody 019ad659-ca00-712a-a026-f175996f7193 "$id"
    [ "$output" = "revoked $first
over already 019ad659-ca00-712a-a026-f175996f7193: expired
revoked $id" ]
    [ "$stderr" = "rollcall: no session of that id: nobody" ]
    [ "$(status_of 019ad659-ca00-712a-a026-f175996f7193)" = expired ]
    run -0 "$ROLLCALL" session revoke "$id"
    [ "$output" = "over already $id: revoked" ]
}

@test "all active sessions of a user are revoked, and no one else's" {
    run -0 --separate-stderr "$ROLLCALL" session revoke --app acme --user $jane
    [ "$output" = "revoked 3 sessions" ]
    [ "$("$ROLLCALL" list --app acme --user $jane --status active --json | wc -l)" = 0 ]
    [ "$("$ROLLCALL" list --app acme --user $jane --json | wc -l)" = 7 ]
    [ "$("$ROLLCALL" list --app globex --user $jane --status active --json | wc -l)" -gt 0 ]
    [ "$(status_of $noe)" = active ]
    run -0 "$ROLLCALL" session revoke --app acme --user $jane
    [ "$output" = "revoked 0 sessions" ]
    "$ROLLCALL" check
}

@test "one of them is left, by any spelling; a slip in its name costs nothing" {
    ids=$("$ROLLCALL" list --app acme --user $jane --status active --json | jq -r .id)
    left=$(head -n 1 <<<"$ids")
    for wrong in nobody $noe; do
        run -1 --separate-stderr "$ROLLCALL" session revoke --app acme --user $jane --except "$wrong"
        [ -z "$output" ]
        [ -n "$stderr" ]
        [ "$("$ROLLCALL" list --app acme --user $jane --status active --json | wc -l)" = 3 ]
    done
    [ "$stderr" = "rollcall: session $noe is not of user $jane" ]
    spelled=$("$ROLLCALL" session show --json "$left" | jq -r .spelled.corbado)
    run -0 "$ROLLCALL" session revoke --app acme --user $jane --except "$spelled"
    [ "$output" = "revoked 2 sessions" ]
    [ "$("$ROLLCALL" list --app acme --user $jane --status active --json | jq -r .id)" = "$left" ]
}

@test "--dry-run shows what would go, and ends nothing" {
    run -0 --separate-stderr "$ROLLCALL" session revoke --app acme --user $jane --dry-run
    [[ ${lines[0]} =~ ^ID\ +APP\ +USER\ +STATUS ]]
    [ "${#lines[@]}" = 4 ]
    [ "$(awk 'NR > 1 { print $1 }' <<<"$output")" = \
        "$("$ROLLCALL" list --app acme --user $jane --status active --json | jq -r .id)" ]
    left=$(awk 'NR == 2 { print $1 }' <<<"$output")
    run -0 "$ROLLCALL" session revoke --app acme --user $jane --except "$left" --dry-run
    [ "${#lines[@]}" = 3 ]
    assert_lacks "$left" "$output"
    run -1 --separate-stderr "$ROLLCALL" session revoke --dry-run $noe $revoked nobody
    [ "${#lines[@]}" = 2 ]
    [[ ${lines[1]} == "$uuid"* ]]
    assert_has "nobody" "$stderr"
    [ "$("$ROLLCALL" list --app acme --user $jane --status active --json | wc -l)" = 3 ]
    [ "$(status_of $noe)" = active ]
    [ -z "$("$ROLLCALL" audit --json)" ]
}

@test "whose sessions are meant must be clear" {
    run -1 --separate-stderr "$ROLLCALL" session revoke --app acme --user nobody
    [ "$stderr" = "rollcall: no user nobody in app acme" ]
    run -1 --separate-stderr "$ROLLCALL" session revoke --app nowhere --user $jane
    [ "$stderr" = "rollcall: no app nowhere" ]
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" session revoke $arguments
        assert_has "$expected" "$stderr"
        [ -z "$output" ]
    done <<<"|a session's id, or --app and --user, are expected
--app acme|a session's id, or --app and --user, are expected
--user $jane|--app is expected with --user
--app acme --user $jane $noe|either sessions or --user is expected, not both
--except $noe $noe|--except goes with --user
--as expired $noe|--as: revoked or logged_out is expected: expired"
    [ "$(status_of $noe)" = active ]
    [ "$("$ROLLCALL" list --app acme --user $jane --status active --json | wc -l)" = 3 ]
}

@test "wrong usage is told" {
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" session $arguments
        assert_has "$expected" "$stderr"
        [ -z "$output" ]
    done <<<"|a command is expected
frob|no such command: frob
show|a session's id is expected
show a b|one session is expected
touch|a session's id is expected
touch a b|one session is expected
touch --by 5 a|unrecognized option
extend a|--by is expected
extend --by 5|a session's id is expected
extend --by 0 a|--by: a number of seconds from 1 to 3155760000 is expected: 0
extend --by soon a|--by: a number of seconds from 1 to 3155760000 is expected: soon"
}
