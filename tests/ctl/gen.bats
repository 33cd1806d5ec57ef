# The generator of the benchmarks: the same records for the same numbers, and such as import takes.
load ctl

gen() {
    "${ROLLCALL_BUILD:?}"/bench/bench-gen --sessions 4000 "$@"
}

share_of() {
    "$ROLLCALL" list --status "$1" --limit 0 --json | wc -l
}

# expect_share STATUS HUNDREDTHS: of 4000 sessions, give or take one of a hundred.
expect_share() {
    local count
    count=$(share_of "$1")
    [ $((count - 40 * $2)) -lt 40 ] && [ $((40 * $2 - count)) -lt 40 ] || {
        echo "$1: $count of 4000"
        return 1
    }
}

@test "the same numbers give the same bytes, another seed others" {
    gen --seed 7 >a.jsonl
    gen --seed 7 >b.jsonl
    gen --seed 8 >c.jsonl
    cmp a.jsonl b.jsonl
    run -1 cmp -s a.jsonl c.jsonl
    [ "$(wc -l <a.jsonl)" = 5001 ]
}

@test "these bytes, on any machine" {
    [ "$(gen --seed 7 --apps 3 | sha256sum)" = "33019bc72661d2352d96d811fbf9f9088cecfcd2d7fe7aa20792ef6b1d4df766  -" ]
}

@test "import takes them, check finds nothing, and each status has its share" {
    gen >f.jsonl
    run -0 "$ROLLCALL" import --as-of 2026-01-01T00:00:00Z f.jsonl
    [ "$output" = "imported 1 apps, 1000 users, 4000 sessions" ]
    "$ROLLCALL" check
    expect_share active 40
    expect_share expired 20
    expect_share inactivity_reached 15
    expect_share logged_out 15
    expect_share revoked 10
}

@test "users take turns in several apps; the first session of each is active and comes first" {
    gen --users 3000 --apps 3 >f.jsonl
    "$ROLLCALL" import --as-of 2026-01-01T00:00:00Z f.jsonl
    "$ROLLCALL" check
    [ "$(stat_of apps)" = 3 ]
    [ "$(share_of active)" = 3000 ]
    [ "$(sed -n 3004p f.jsonl | jq -r '[.app, .user, .token] | join(" ")')" = "bench usr-1000000000 token-0" ]
    [ "$(sed -n 3005p f.jsonl | jq -r '[.app, .user, .token] | join(" ")')" = "bench-2 usr-1000000001 token-1" ]
    lets_in 200 token-2999
}

@test "few users have very many sessions, most have few" {
    gen --users 1000 | jq -r 'select(.kind == "session") | .user' | sort | uniq -c | sort -rn | awk '{ print $1 }' >counts
    [ "$(head -n 1 counts)" -gt 40 ]
    [ "$(sed -n 500p counts)" -le 5 ]
}

@test "numbers that cannot be are told" {
    run -64 gen --users 5000
    assert_has "every user has a session" "$output"
    run -64 gen --seed x
    assert_has "a number is expected: x" "$output"
}
