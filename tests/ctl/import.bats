# import: strict, all or nothing before it writes, in any order, as often as one likes.
# shellcheck disable=SC2154 # run sets stderr
load ctl

app='{"kind":"app","id":"acme"}'
session() {
    printf '{"kind":"session","app":"%s","user":"%s"%s}\n' "$1" "$2" "${3:+,$3}"
}

@test "the demo records are imported, and the store is made" {
    run -0 --separate-stderr "$ROLLCALL" import --as-of 2026-01-01T00:00:00Z "$DEMO"
    [ "$output" = "imported 2 apps, 9 users, 28 sessions" ]
    [ -z "$stderr" ]
}

@test "importing again replaces, and adds nothing" {
    import_demo
    run -0 "$ROLLCALL" import --as-of 2026-01-01T00:00:00Z "$DEMO"
    [ "$output" = "imported 2 apps, 9 users, 28 sessions" ]
    [ "$(stat_of sessions)" = 28 ]
    [ "$(stat_of users)" = 9 ]
    [ "$(stat_of apps)" = 2 ]
    "$ROLLCALL" check
}

@test "all five statuses and all fifteen channels are in the demo" {
    import_demo
    for status in active expired inactivity_reached logged_out revoked; do
        [ "$("$ROLLCALL" list --status "$status" --json | wc -l)" -gt 0 ]
    done
    [ "$("$ROLLCALL" list --json | jq -r '.factors[]?.delivery_channel' | sort -u | wc -l)" = 15 ]
    [ "$("$ROLLCALL" list --status active --user user_24wFP9pDa9YiMJLun94iKykoZs2 --json |
        jq -r '.factors[].delivery_channel' | sort -u | wc -l)" = 15 ]
}

@test "--as-of moves every instant by the same, to now" {
    { echo "$app"; session acme u '"id":"01981776-3fc0-7c3e-9a55-0c8f5a1e2b3d","created_at":"2025-12-31T00:00:00.000Z",
"last_active_at":"2025-12-31T23:59:50.000Z","expires_at":"2026-01-02T00:00:00.000Z"' | tr -d '\n'; } >f.jsonl
    before=$(date +%s)
    "$ROLLCALL" import --as-of 2026-01-01T00:00:00.000Z f.jsonl
    after=$(date +%s)
    read -r created active expires < <("$ROLLCALL" list --json |
        jq -r '[.created_at, .last_active_at, .expires_at] | map(sub("\\.[0-9]+Z$"; "Z") | fromdate) | @tsv')
    [ $((active - created)) -ge 86389 ]
    [ $((active - created)) -le 86391 ]
    [ $((expires - created)) -ge 172799 ]
    [ $((expires - created)) -le 172801 ]
    [ "$created" -ge $((before - 86401)) ]
    [ "$created" -le $((after - 86399)) ]
}

@test "without --as-of instants stay as they are" {
    { echo "$app"; session acme u '"created_at":"2025-12-31T00:00:00.007Z"'; } >f.jsonl
    "$ROLLCALL" import f.jsonl
    [ "$("$ROLLCALL" list --json | jq -r .created_at)" = 2025-12-31T00:00:00.007Z ]
}

@test "every fault is told with file, line and field, and nothing is kept" {
    { echo "$app"; session acme u; session acme u '"device":{"os":{"name":5}}'; echo; echo '{'
      session acme u '"colour":"red"'; session acme u; } >a.jsonl
    session acme u '"factors":[{"delivery_channel":"sms","type":"oauth"}]' >b.jsonl
    run -1 --separate-stderr "$ROLLCALL" import a.jsonl b.jsonl
    [ -z "$output" ]
    assert_line "a.jsonl:3: device.os.name: expected printable text of 0 to 1024 bytes" "$stderr"
    assert_has "a.jsonl:5: expected one JSON object" "$stderr"
    assert_line "a.jsonl:6: colour: expected no such key here" "$stderr"
    assert_line "b.jsonl:1: factors[0].type: expected otp" "$stderr"
    assert_line "rollcall: 4 faults; nothing was imported" "$stderr"
    [ "$(wc -l <<<"$stderr")" = 5 ]
    [ ! -e "$ROLLCALL_STORE" ]
}

@test "a bad line keeps what the store had" {
    import_demo
    { session acme new; echo '{"kind":"x"}'; } >f.jsonl
    run -1 "$ROLLCALL" import f.jsonl
    assert_has "f.jsonl:2: kind: expected one of app, user, session" "$output"
    [ "$(stat_of sessions)" = 28 ]
}

@test "at most twenty faults are told" {
    for _ in $(seq 30); do echo '{}'; done >f.jsonl
    run -1 --separate-stderr "$ROLLCALL" import f.jsonl
    [ "$(grep -c '^f.jsonl:' <<<"$stderr")" = 20 ]
    assert_line "rollcall: 20 or more faults; nothing was imported" "$stderr"
}

@test "no fault shows a secret" {
    { echo '{"kind":"app","id":"a","keys":[{"for":"admin","secret":"s3cr3t"'
      echo '{"kind":"app","id":"a","keys":[{"for":"admin","secret":["s3cr3t"]}]}'
      session acme u '"token":"s3cr3t" "x"'; } >f.jsonl
    run -1 "$ROLLCALL" import f.jsonl
    assert_lacks s3cr3t "$output"
}

@test "control characters in a file's name or key reach no terminal" {
    session acme u '"\u001b[31m":1' >"$(printf 'f\033.jsonl')"
    run -1 "$ROLLCALL" import "$(printf 'f\033.jsonl')"
    assert_has 'f\x1B.jsonl:1: \x1B[31m: expected no such key here' "$output"
    assert_lacks "$(printf '\033')" "$output"
}

@test "an app must be in the store or in the files" {
    { session nobody u; session nobody v; session other u; echo "$app"; session acme u; } >f.jsonl
    run -1 --separate-stderr "$ROLLCALL" import f.jsonl
    assert_line "f.jsonl:1: app: expected an app of the store or of these files; nobody is none" "$stderr"
    assert_line "f.jsonl:3: app: expected an app of the store or of these files; other is none" "$stderr"
    assert_line "rollcall: 2 faults; nothing was imported" "$stderr"
    import_demo
    session acme u >g.jsonl
    run -0 "$ROLLCALL" import g.jsonl
}

@test "records come in any order, over several files" {
    session acme usr-1 '"token":"t"' >a.jsonl
    echo '{"kind":"user","app":"acme","id":"usr-1","name":"Jane"}' >b.jsonl
    { session late u; echo "$app"; } >c.jsonl
    echo '{"kind":"app","id":"late"}' >d.jsonl
    run -0 "$ROLLCALL" import --batch 1 a.jsonl b.jsonl c.jsonl d.jsonl
    [ "$output" = "imported 2 apps, 1 users, 2 sessions" ]
    [ "$(stat_of users)" = 2 ]
    "$ROLLCALL" check
}

@test "two claims to one token stop the import and are told" {
    { echo "$app"; session acme u '"token":"same"'; session acme v '"token":"other"'; session acme w '"token":"same"'
      session acme x; } >f.jsonl
    run -1 --separate-stderr "$ROLLCALL" import f.jsonl
    assert_line "f.jsonl:4: expected a token and ids that no other session has" "$stderr"
    assert_line "rollcall: the import was stopped; 1 records were imported before" "$stderr"
    assert_lacks same "$stderr"
    [ "$(stat_of sessions)" = 0 ]
    run -1 --separate-stderr "$ROLLCALL" import --batch 2 f.jsonl
    assert_line "f.jsonl:4: expected a token and ids that no other session has" "$stderr"
    assert_line "rollcall: the import was stopped; 3 records were imported before" "$stderr"
    [ "$(stat_of sessions)" = 2 ]
    "$ROLLCALL" check
}

@test "two claims to one key, brought id or UUID are told" {
    { echo '{"kind":"app","id":"a","keys":[{"for":"admin","secret":"k"}]}'
      echo '{"kind":"app","id":"b","keys":[{"for":"admin","secret":"k"}]}'; } >f.jsonl
    run -1 "$ROLLCALL" import f.jsonl
    assert_has "f.jsonl:2: expected keys that no other app has" "$output"
    { echo "$app"; session acme u '"ids":{"corbado":"c"}'; session acme u '"ids":{"corbado":"c"}'; } >g.jsonl
    run -1 "$ROLLCALL" import g.jsonl
    assert_has "g.jsonl:3: expected a token and ids that no other session has" "$output"
}

@test "standard input is read, and is called so" {
    { echo "$app"; session acme u; } | run_piped -
    [ "$(stat_of sessions)" = 1 ]
    run -1 bash -c "echo '{}' | '$ROLLCALL' import -"
    assert_has "standard input:1: kind: expected a value, which is missing" "$output"
}
run_piped() {
    "$ROLLCALL" import "$@"
}

@test "a pipe is read twice as a file is" {
    run -0 "$ROLLCALL" import <(echo "$app"; session acme u) <(session acme v)
    [ "$output" = "imported 1 apps, 0 users, 2 sessions" ]
}

@test "lines may lack their end, be blank, or end as in DOS" {
    printf '%s\r\n\r\n\n  \n%s' "$app" "$(session acme u)" >f.jsonl
    run -0 "$ROLLCALL" import f.jsonl
    [ "$output" = "imported 1 apps, 0 users, 1 sessions" ]
    : >empty.jsonl
    run -0 "$ROLLCALL" import empty.jsonl
    [ "$output" = "imported 0 apps, 0 users, 0 sessions" ]
}

@test "a line over a mebibyte is told, and the next one has the right number" {
    { echo "$app"; printf '{"kind":"%*s"}\n' 3000000 ''; echo '{}'; } >f.jsonl
    run -1 --separate-stderr "$ROLLCALL" import f.jsonl
    assert_line "f.jsonl:2: expected a line of at most 1 MiB" "$stderr"
    assert_line "f.jsonl:3: kind: expected a value, which is missing" "$stderr"
    assert_line "rollcall: 2 faults; nothing was imported" "$stderr"
}

@test "a file that cannot be read is told" {
    run -1 "$ROLLCALL" import nowhere.jsonl
    assert_has "nowhere.jsonl: No such file or directory" "$output"
    run -1 "$ROLLCALL" import "$BATS_TEST_TMPDIR"
    assert_has "Is a directory" "$output"
    [ ! -e "$ROLLCALL_STORE" ]
}

many() {
    echo "$app"
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
        printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-%d\",\"token\":\"t%d\"}\n", i / 4, i }'
}

@test "a long import shows a bar on a terminal, and nothing elsewhere" {
    many 150000 >f.jsonl
    run -0 --separate-stderr "$ROLLCALL" import f.jsonl
    [ "$output" = "imported 1 apps, 0 users, 150000 sessions" ]
    [ -z "$stderr" ]
    "$ROLLCALL" check
    many 600000 >g.jsonl
    script -qec "'$ROLLCALL' --store other import g.jsonl" /dev/null >screen
    grep -q 'reading .* rows, [0-9]* a second, [0-9]* s left' screen
    grep -q 'writing .* rows, [0-9]* a second, [0-9]* s left' screen
    grep -q 'imported 1 apps, 0 users, 600000 sessions' screen
    head -30000 f.jsonl >h.jsonl
    script -qec "'$ROLLCALL' --store third import --batch 100 h.jsonl" /dev/null >screen
    grep -q 'importing .* rows, [0-9]* a second, [0-9]* s left' screen
}

# ---- all at once ----

# What a store says of itself, but for the order in which users came, and what $users_less takes from them.
told() {
    local app
    "$ROLLCALL" --store "$1" list --limit 0 --json
    for app in $("$ROLLCALL" --store "$1" app list | awk 'NR > 1 { print $1 }'); do
        "$ROLLCALL" --store "$1" user list --app "$app" --json | jq -c "${users_less:-.}" | sort
    done
    "$ROLLCALL" --store "$1" app list | awk '{ $5 = ""; print }'
    "$ROLLCALL" --store "$1" stat --json | jq '[.apps, .users, .sessions]'
}

# expect_same_both_ways FILE...: all at once comes to what one transaction after the other comes to.
expect_same_both_ways() {
    "$ROLLCALL" --store one import "$@" >said-at-once
    "$ROLLCALL" --store other import --batch 7 "$@" >said
    diff said said-at-once
    told one >told-at-once
    told other >told
    diff told told-at-once
    "$ROLLCALL" --store one check
}

at() {
    printf '"id":"01981776-3fc0-7c3e-9a55-%012x","created_at":"2026-0%d-01T00:00:00.%03dZ"' "$1" $(($1 % 9 + 1)) "$1"
}

@test "all at once comes to the same as one record after the other" {
    users_less='del(.created_at, .updated_at)' expect_same_both_ways "$DEMO"
}

@test "users without a record, with several, without sessions come to the same both ways" {
    { echo '{"kind":"app","id":"zeta","session":{"lifetime_s":60}}'
      echo "$app"
      echo '{"kind":"app","id":"beta","session":{"lifetime_s":5}}'
      echo '{"kind":"app","id":"zeta","session":{"lifetime_s":120,"idle_s":10}}'
      for i in $(seq 60); do
          for a in beta acme zeta; do
              session $a "usr-$((i * 7 % 11))" "$(at "$i"),\"token\":\"$a-$i\",\"ids\":{\"kratos\":\"$(printf 4c0ffee0-0000-4000-8000-%012x "$i")\"}"
          done
      done
      for name in Jane Jill; do
          echo '{"kind":"user","app":"zeta","id":"usr-3","name":"'$name'","created_at":"2026-01-0'${#name}'T00:00:00Z","updated_at":"2026-02-01T00:00:00Z"}'
      done
      echo '{"kind":"user","app":"zeta","id":"usr-3","username":"j","updated_at":"2026-03-01T00:00:00Z"}'
      echo '{"kind":"user","app":"beta","id":"idle","state":"inactive","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}'
      session beta idle "$(at 99)"
    } >f.jsonl
    for user in 0 1 2 4 5 6 7 8 9 10; do
        for a in acme beta zeta; do
            echo '{"kind":"user","app":"'$a'","id":"usr-'$user'","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}'
        done
    done >users.jsonl
    echo '{"kind":"user","app":"acme","id":"usr-3","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}
{"kind":"user","app":"beta","id":"usr-3","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}' >>users.jsonl
    expect_same_both_ways f.jsonl users.jsonl
    [ "$("$ROLLCALL" --store one user list --app zeta --json | jq -r 'select(.id == "usr-3") | [.username, .created_at, .updated_at] | join(" ")')" = \
        "j 2026-01-04T00:00:00.000Z 2026-03-01T00:00:00.000Z" ]
}

@test "what a record leaves open is filled in both ways alike" {
    { echo "$app"; session acme nobody '"created_at":"2026-01-01T00:00:00Z"'; session acme u; } >f.jsonl
    "$ROLLCALL" --store one import f.jsonl
    "$ROLLCALL" --store other import --batch 1 f.jsonl
    for store in one other; do
        "$ROLLCALL" --store $store list --json |
            jq -c '[.user, (.expires_at | sub("\\.[0-9]+"; "") | fromdate) - (.created_at | sub("\\.[0-9]+"; "") | fromdate)]' >$store.said
        "$ROLLCALL" --store $store check
    done
    diff one.said other.said
    grep -q '"u",2592000' one.said
}

@test "a session that stands in the files twice comes to the same both ways" {
    { echo "$app"
      for i in $(seq 20); do session acme usr-1 "$(at "$i")"; done
      session acme usr-1 "$(at 5),\"host\":\"later.example.com\""
      echo '{"kind":"user","app":"acme","id":"usr-1","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}'
    } >f.jsonl
    expect_same_both_ways f.jsonl
    [ "$("$ROLLCALL" --store one list --limit 0 --json | jq -r 'select(.host) | .host')" = later.example.com ]
}

@test "apps may come behind what they hold, and in each of the files" {
    { session late u "$(at 1)"; echo "$app"; session acme u "$(at 2)"; echo '{"kind":"app","id":"late"}'; } >f.jsonl
    { echo '{"kind":"app","id":"third"}'; session third u "$(at 3)"; session acme v "$(at 4)"; } >g.jsonl
    for a in late acme third; do
        echo '{"kind":"user","app":"'$a'","id":"u","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}'
    done >h.jsonl
    echo '{"kind":"user","app":"acme","id":"v","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}' >>h.jsonl
    expect_same_both_ways f.jsonl g.jsonl h.jsonl
}

@test "apps of the store have their records imported all at once" {
    "$ROLLCALL" init
    "$ROLLCALL" app add --no-keys --lifetime 60 mine
    session mine u '"created_at":"2026-01-01T00:00:00Z"' >f.jsonl
    run -0 "$ROLLCALL" import f.jsonl
    [ "$("$ROLLCALL" list --json | jq -r .expires_at)" = 2026-01-01T00:01:00.000Z ]
    "$ROLLCALL" check
}

# Lines of more bytes than one process is given, and memory for few of them.
large() {
    echo "$app"
    awk -v n=30000 'BEGIN { for (i = 0; i < n; i++) {
        if (i % 3 == 0)
            printf "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"usr-%d\",\"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n", i / 3
        printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-%d\",\"id\":\"01981776-3fc0-7c3e-9a55-%012x\",\"token\":\"t%d\",\"created_at\":\"2026-01-%02dT00:00:00Z\",\"user_agent\":\"%0700d\"}\n", (i * 7919) % n / 3, i, i, i % 28 + 1, i } }'
}

@test "more than memory holds comes to the same, whichever process read it" {
    large >f.jsonl
    [ "$(stat -c %s f.jsonl)" -gt 20000000 ]
    run -0 "$ROLLCALL" --store one import --memory 16 f.jsonl
    [ "$output" = "imported 1 apps, 10000 users, 30000 sessions" ]
    "$ROLLCALL" --store other import --batch 10000 f.jsonl
    told one >told-at-once
    told other >told
    cmp told told-at-once
    "$ROLLCALL" --store one check
}

@test "an import all at once that is killed leaves nothing of it" {
    large >f.jsonl
    "$ROLLCALL" init
    "$ROLLCALL" import f.jsonl &
    local pid=$!
    for _ in $(seq 1000); do
        [ "$(stat_of apps)" = 0 ] || break
        sleep 0.01
    done
    kill -KILL $pid
    wait $pid || true
    "$ROLLCALL" check
    sessions=$(stat_of sessions)
    [ "$sessions" = 0 ] || [ "$sessions" = 30000 ]
    run -0 "$ROLLCALL" import f.jsonl
    [ "$(stat_of sessions)" = 30000 ]
}

@test "temporary files go where they are told to, and where they cannot, that is told" {
    large >f.jsonl
    mkdir there
    run -0 env TMPDIR="$PWD/there" "$ROLLCALL" import --memory 16 f.jsonl
    [ -z "$(ls -A there)" ]
    [ "$(ls -A "$ROLLCALL_STORE")" = "data.mdb
lock.mdb" ]
    run -1 --separate-stderr env TMPDIR="$PWD/nowhere" "$ROLLCALL" --store other import --memory 16 f.jsonl
    assert_has "the files cannot be gathered in $PWD/nowhere" "$stderr"
    [ ! -e other ]
}

@test "--memory is a number of MiB" {
    for memory in 0 15 x 10000000; do
        run -2 "$ROLLCALL" import --memory $memory f.jsonl
        assert_has "--memory: a number of MiB from 16 to 1048576 is expected" "$output"
    done
}
