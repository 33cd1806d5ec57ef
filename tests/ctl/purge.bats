# purge: what is past its app's retention goes, and nothing else.
# shellcheck disable=SC2154 # run sets stderr
load ctl

# records N: sessions of an app that keeps them for a day, ended one, two, ... N days ago.
records() {
    echo '{"kind":"app","id":"acme","session":{"retain_s":86400,"idle_s":0}}'
    awk -v n="$1" -v now="$(date +%s)" 'BEGIN { for (i = 1; i <= n; i++) {
        at = strftime("%Y-%m-%dT%H:%M:%SZ", now - i * 86400 - 60, 1)
        printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"created_at\":\"2001-01-01T00:00:00Z\",\"ended\":{\"as\":\"revoked\",\"at\":\"%s\"}}\n", at } }'
    echo '{"kind":"session","app":"acme","user":"u","token":"t"}'
}

days_ago() {
    date -u -d "$1 days ago" +%FT%TZ
}

@test "what is past retention goes, and is noted in the audit trail" {
    records 5 | "$ROLLCALL" import - >/dev/null
    run -0 --separate-stderr "$ROLLCALL" purge
    [ "$output" = "purged 5 sessions" ]
    [ -z "$stderr" ]
    [ "$(stat_of sessions)" = 1 ]
    lets_in 200 t
    [ "$("$ROLLCALL" audit --json | jq -c '[.event, .actor]' | sort -u)" = '["removed","retention"]' ]
    run -0 "$ROLLCALL" purge
    [ "$output" = "purged 0 sessions" ]
    "$ROLLCALL" check
}

@test "--as-of takes what was past retention by then; the trail says when it went" {
    records 5 | "$ROLLCALL" import - >/dev/null
    run -0 "$ROLLCALL" purge --as-of "$(days_ago 4)"
    [ "$output" = "purged 1 session" ]
    run -0 "$ROLLCALL" purge --as-of "$(days_ago 2)"
    [ "$output" = "purged 2 sessions" ]
    [ "$(stat_of sessions)" = 3 ]
    [ "$("$ROLLCALL" audit --json | wc -l)" = 3 ]
    [ "$("$ROLLCALL" audit --json --since "$(days_ago 1)" | wc -l)" = 3 ]
    "$ROLLCALL" check
}

@test "--as-of an instant long past leaves lists as quick as they were" {
    { echo '{"kind":"app","id":"acme","session":{"retain_s":8640000,"idle_s":0,"lifetime_s":864000}}'
      awk -v now="$(date +%s)" 'BEGIN { for (i = 0; i < 3000; i++)
          printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u\",\"created_at\":\"%s\"}\n",
              strftime("%Y-%m-%dT%H:%M:%SZ", now - i * 1000, 1) }'
    } | "$ROLLCALL" import - >/dev/null
    run -0 "$ROLLCALL" explain 'filter[]=status:eq:active' --app acme
    assert_has counted "$output"
    run -0 "$ROLLCALL" purge --as-of "$(days_ago 30)"
    [ "$output" = "purged 0 sessions" ]
    run -0 "$ROLLCALL" explain 'filter[]=status:eq:active' --app acme
    assert_has counted "$output"
}

@test "lines of the audit trail go only when they are asked to, of every app, and no more of them" {
    { records 5
      echo '{"kind":"app","id":"globex","session":{"retain_s":0,"lifetime_s":1,"idle_s":0}}'
      echo '{"kind":"session","app":"globex","user":"u","created_at":"2001-01-01T00:00:00Z"}'
    } | "$ROLLCALL" import - >/dev/null
    local before
    "$ROLLCALL" purge --as-of "$(days_ago 3)" >/dev/null
    [ "$("$ROLLCALL" audit --json | wc -l)" = 3 ]
    run -0 "$ROLLCALL" purge --as-of "$(days_ago 3)" --audit-before "$(days_ago 1)"
    [ "$output" = $'purged 0 sessions\npurged 0 lines of the audit trail' ]
    # RFC 3339 has fractions: the first three lines are older than this, the next three are not
    before=$(date -u +%FT%T.%3NZ)
    run -0 "$ROLLCALL" purge --audit-before "$before"
    [ "$output" = $'purged 3 sessions\npurged 3 lines of the audit trail' ]
    [ "$("$ROLLCALL" audit --json --since "$before" | wc -l)" = 3 ]
    [ "$("$ROLLCALL" audit --json | wc -l)" = 3 ]
    "$ROLLCALL" check
}

@test "signing keys that are retired for good go with it" {
    records 1 | "$ROLLCALL" import - >/dev/null
    "$ROLLCALL" key rotate --app acme >/dev/null
    "$ROLLCALL" purge >/dev/null
    [ "$("$ROLLCALL" key list --app acme --json | jq '.signing | length')" = 2 ]
    "$ROLLCALL" check
}

@test "what is damaged stays, is told, and keeps nothing else from going" {
    records 5 | "$ROLLCALL" import - >/dev/null
    "$ROLLCALL" purge --as-of "$(days_ago 4)" >/dev/null
    "$ROLLCALL_BUILD/tests/faults-tool" spoil "$ROLLCALL_STORE" 1
    run -1 "$ROLLCALL" check --repair
    run -0 --separate-stderr "$ROLLCALL" purge --audit-before "$(date -u +%FT%T.%3NZ)"
    [ "$output" = $'purged 3 sessions\npurged 1 line of the audit trail' ]
    [ "$stderr" = "rollcall: 1 damaged session stayed: see rollcall check" ]
    run -0 "$ROLLCALL" session revoke --app acme --user u
    lets_in 401 t
}

@test "an instant that has not come is refused: sessions that let in would go" {
    records 1 | "$ROLLCALL" import - >/dev/null
    run -2 --separate-stderr "$ROLLCALL" purge --as-of "$(date -u -d tomorrow +%FT%TZ)"
    assert_has "--as-of: an instant that has come is expected" "$stderr"
    [ -z "$output" ]
    run -2 "$ROLLCALL" purge --as-of yesterday
    assert_has "--as-of: an RFC 3339 instant is expected: yesterday" "$output"
    run -2 --separate-stderr "$ROLLCALL" purge --audit-before "$(date -u -d tomorrow +%FT%TZ)"
    assert_has "--audit-before: an instant that has come is expected" "$stderr"
    run -2 "$ROLLCALL" purge extra
    assert_has "no argument is expected: extra" "$output"
    [ "$(stat_of sessions)" = 2 ]
}

@test "a long purge shows a bar on a terminal, and nothing elsewhere" {
    { echo '{"kind":"app","id":"acme","session":{"retain_s":0,"lifetime_s":1}}'
      awk 'BEGIN { for (i = 0; i < 150000; i++)
          printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"u%d\",\"created_at\":\"2001-01-01T00:00:00Z\"}\n", i % 100 }'
    } >f.jsonl
    "$ROLLCALL" import f.jsonl >/dev/null
    cp -r "$ROLLCALL_STORE" other
    run -0 --separate-stderr "$ROLLCALL" purge
    [ "$output" = "purged 150000 sessions" ]
    [ -z "$stderr" ]
    script -qec "'$ROLLCALL' --store other purge" /dev/null >screen
    grep -q 'purging .* rows, [0-9]* a second, [0-9]* s left' screen
    grep -q 'purged 150000 sessions' screen
    "$ROLLCALL" check
}
