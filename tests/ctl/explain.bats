# explain.
# shellcheck disable=SC2154 # run sets stderr
load ctl

setup_store() {
    "$ROLLCALL" init
    import_demo
}

@test "a list that one tree tells all of is counted" {
    setup_store
    run -0 "$ROLLCALL" explain --app acme 'sort=created:asc&page=2&pageSize=3'
    assert_line "way: counted" "$output"
    found=$(sed -n 's/^found *//p' <<<"$output")
    [ "$found" = "$(sed -n 's/^expected *//p' <<<"$output")" ]
    [ "$found" = "$("$ROLLCALL" list --app acme --limit 0 --json | grep -c '"kind":"session"')" ]
    assert_line "on page   3" "$output"
    [[ $output =~ time\ +[0-9.]+\ ms ]]
}

@test "each condition is told with how many it is true of" {
    setup_store
    run -0 "$ROLLCALL" explain --app acme 'filter[]=status:eq:active&filter[]=created:gt:2020-01-01&sort=expires:desc'
    [[ $output =~ created:\ [0-9]+\ of\ [0-9]+ ]]
    [[ $output =~ status:\ [0-9]+\ of\ [0-9]+ ]]
    active=$("$ROLLCALL" list --app acme --status active --limit 0 --json | grep -c '"kind":"session"')
    assert_line "found     $active" "$output"
}

@test "every dialect's list can be explained by its path; a user's, of a user" {
    setup_store
    run -0 "$ROLLCALL" explain --app acme '/api/v1/sessions/list.all?filter=safari'
    assert_has "way: " "$output"
    run -0 "$ROLLCALL" explain --app acme '/admin/sessions?active=true'
    assert_line "way: counted" "$output"
    run -1 --separate-stderr "$ROLLCALL" explain --app acme '/v1/session/me/list'
    assert_has "name one with --user" "$stderr"
    user=$("$ROLLCALL" user list --app acme --json | jq -r '.id' | head -n 1)
    run -0 "$ROLLCALL" explain --app acme --user "$user" '/v1/session/me/list'
    assert_line "way: each session of the user" "$output"
}

@test "what cannot be explained is told" {
    setup_store
    run -1 --separate-stderr "$ROLLCALL" explain 'sort=created:asc'
    assert_has "several apps" "$stderr"
    run -1 --separate-stderr "$ROLLCALL" explain --app nobody 'sort=created:asc'
    assert_has "no such app" "$stderr"
    run -1 --separate-stderr "$ROLLCALL" explain --app acme 'sort=colour:asc'
    assert_has "the query is refused" "$stderr"
    run -1 --separate-stderr "$ROLLCALL" explain --app acme '/sessions/whoami?'
    assert_has "no list is at" "$stderr"
    run -1 --separate-stderr "$ROLLCALL" explain --app acme 'sort=%zz'
    assert_has "cannot be read" "$stderr"
    run -1 --separate-stderr "$ROLLCALL" explain --app acme --user nobody 'sort=created:asc'
    assert_has "no such user" "$stderr"
    run -2 "$ROLLCALL" explain
    run -2 "$ROLLCALL" explain a b
}
