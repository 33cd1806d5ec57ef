# user: listed, shown and changed; what a change does to real requests.
# shellcheck disable=SC2154 # run sets stderr
load ctl

jane=usr-4693224802260150919

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    import_demo
}

record() {
    "$ROLLCALL" user show --app acme --json "$1"
}

@test "list has a heading and a row a user, of one app" {
    run -0 --separate-stderr "$ROLLCALL" user list --app acme
    [ -z "$stderr" ]
    [[ ${lines[0]} =~ ^ID\ +STATE\ +CREATED\ +IDENTIFIER\ +USERNAME\ +NAME$ ]]
    [ "${#lines[@]}" = 8 ]
    grep -qE "^$jane +active +20[^ ]+Z +jane@doe.com +jane +Jane Doe$" <<<"$output"
    [ "$(grep -c ' inactive ' <<<"$output")" = 1 ]
    [ "$("$ROLLCALL" user list --app globex --json | wc -l)" = 2 ]
}

@test "list --json gives records that import reads, and keeps all they say" {
    echo '{"kind":"user","app":"acme","id":"full","identifier":"i","username":"u","name":"Jürgen \"J\"","external_id":"e","schema_id":"s","traits":{"email":"a@b","n":[1,null]},"metadata_public":[1],"metadata_admin":"x","verifiable_addresses":[{"value":"a@b","via":"email","verified":true}],"recovery_addresses":[{"value":"a@b","via":"email"}],"roles":["admin","x"],"state":"inactive","created_at":"2020-01-02T03:04:05.006Z","updated_at":"2021-01-02T03:04:05.006Z"}' >full.jsonl
    "$ROLLCALL" import full.jsonl >/dev/null
    [ "$(jq -S . full.jsonl)" = "$(record full | jq -S .)" ]
    "$ROLLCALL" user list --app acme --json >f.jsonl
    [ "$(wc -l <f.jsonl)" = 8 ]
    { echo '{"kind":"app","id":"acme"}'; cat f.jsonl; } | "$ROLLCALL" --store copy import --batch 100 - >/dev/null
    "$ROLLCALL" --store copy user list --app acme --json >g.jsonl
    cmp f.jsonl g.jsonl
}

@test "show tells all that is known, by id or by UUID" {
    run -0 --separate-stderr "$ROLLCALL" user show $jane --app acme
    [ -z "$stderr" ]
    while read -r line; do
        grep -qE "^$line$" <<<"$output" || {
            echo "no line $line in: $output"
            false
        }
    done <<<"id +$jane
state +active
identifier +jane@doe.com
username +jane
name +Jane Doe
created +20[0-9T:-]+Z
updated +20[0-9T:-]+Z"
    uuid=$(sed -n 's/^uuid *//p' <<<"$output")
    [ "$("$ROLLCALL" user show "$uuid" --app acme)" = "$output" ]
}

@test "a user or app that is not there is told" {
    run -1 --separate-stderr "$ROLLCALL" user show nobody --app acme
    [ "$stderr" = "rollcall: no user nobody in app acme" ]
    run -1 --separate-stderr "$ROLLCALL" user show $jane --app nowhere
    [ "$stderr" = "rollcall: no app nowhere" ]
    run -1 --separate-stderr "$ROLLCALL" user list --app nowhere
    [ "$stderr" = "rollcall: no app nowhere" ]
    run -1 --separate-stderr "$ROLLCALL" user set $jane --app nowhere
    [ "$stderr" = "rollcall: no app nowhere" ]
}

@test "set changes what is given, and nothing else" {
    before=$(record $jane)
    run -0 --separate-stderr "$ROLLCALL" user set $jane --app acme --name 'Jane Roe' --roles admin,auditor
    [ "$output" = "changed $jane" ]
    [ -z "$stderr" ]
    after=$(record $jane)
    [ "$(jq -c '[.name, .roles]' <<<"$after")" = '["Jane Roe",["admin","auditor"]]' ]
    [ "$(jq -S 'del(.name, .roles, .updated_at)' <<<"$after")" = "$(jq -S 'del(.name, .roles, .updated_at)' <<<"$before")" ]
    [[ $(jq -r .updated_at <<<"$after") > $(jq -r .updated_at <<<"$before") ]]
    "$ROLLCALL" user set $jane --app acme --identifier j@example.com --username jj
    [ "$(record $jane | jq -c '[.identifier, .username, .name]')" = '["j@example.com","jj","Jane Roe"]' ]
    "$ROLLCALL" user set $jane --app acme --username '' --roles ''
    [ "$(record $jane | jq -c '[has("username"), has("roles"), .name]')" = '[false,false,"Jane Roe"]' ]
    [ "$("$ROLLCALL" list --app acme --user $jane --json | wc -l)" = 7 ]
    [ "$(stat_of users)" = 9 ]
    "$ROLLCALL" check
}

@test "set by UUID changes the user of that UUID" {
    uuid=$("$ROLLCALL" user show $jane --app acme | sed -n 's/^uuid *//p')
    run -0 "$ROLLCALL" user set "$uuid" --app acme --name X
    [ "$(record $jane | jq -r .name)" = X ]
    [ "$(stat_of users)" = 9 ]
}

@test "set makes a user who is not there" {
    run -0 "$ROLLCALL" user set zoe --app acme --identifier zoe@example.com
    [ "$output" = "made zoe" ]
    [ "$(record zoe | jq -c '[.id, .identifier, .state]')" = '["zoe","zoe@example.com","active"]' ]
    [ "$(stat_of users)" = 10 ]
    "$ROLLCALL" check
}

@test "no session of a user who is made inactive lets in, until the user is active again" {
    token=$("$ROLLCALL" session create --app acme --user $jane --json | jq -r .token)
    lets_in 200 "$token"
    "$ROLLCALL" user set $jane --app acme --state inactive
    lets_in 401 "$token"
    "$ROLLCALL" user set $jane --app acme --name Other
    lets_in 401 "$token"
    "$ROLLCALL" user set $jane --app acme --state active
    lets_in 200 "$token"
}

@test "changes that come at once are all kept" {
    for n in {1..12}; do
        case $((n % 3)) in
        0) "$ROLLCALL" user set $jane --app acme --name n >/dev/null & ;;
        1) "$ROLLCALL" user set $jane --app acme --username u >/dev/null & ;;
        2) "$ROLLCALL" user set $jane --app acme --identifier i >/dev/null & ;;
        esac
    done
    wait
    [ "$(record $jane | jq -c '[.name, .username, .identifier]')" = '["n","u","i"]' ]
}

@test "what is imported of a user while the user is changed stays" {
    for n in {1..12}; do
        echo '{"kind":"user","app":"acme","id":"'$jane'","name":"n'$n'"}' >user.jsonl
        for _ in {1..4}; do
            "$ROLLCALL" user set $jane --app acme --username u >/dev/null &
        done
        "$ROLLCALL" import user.jsonl >/dev/null
        wait
        [ "$(record $jane | jq -r .name)" = "n$n" ]
    done
    "$ROLLCALL" check
}

@test "wrong usage and wrong values are told" {
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" user $arguments
        assert_has "$expected" "$(tr -s '\n ' ' ' <<<"$stderr")"
        [ -z "$output" ]
    done <<<"|a command is expected
frob|no such command: frob
list|--app is expected
list extra --app acme|no argument is expected: extra
show --app acme|a user's id is expected
show a b --app acme|one user is expected
show a|--app is expected
set --app acme|a user's id is expected
set a b --app acme|one user is expected
set a|--app is expected
set a --app acme --state gone|state: expected one of active, inactive
set a --app acme --roles a,,b|roles[1]: expected a role's name
set a --app acme --name $(printf 'x%.0s' {1..1025})|name: expected printable text of 0 to 1024 bytes
set $(printf 'x%.0s' {1..129}) --app acme|id: expected printable text of 1 to 128 bytes
set a --app acme --name $(printf '\xff')|UTF-8 is expected"
    [ "$(stat_of users)" = 9 ]
}
