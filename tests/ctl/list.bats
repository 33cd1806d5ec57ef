# list: what is shown, of whom, and in which form.
# shellcheck disable=SC2154 # run sets stderr
load ctl

jane=usr-4693224802260150919

@test "the table has a heading and a row a session, the newest first" {
    import_demo
    run -0 --separate-stderr "$ROLLCALL" list --app acme
    [[ ${lines[0]} =~ ^ID\ +APP\ +USER\ +STATUS\ +CREATED\ +LAST\ ACTIVE\ +EXPIRES\ +DEVICE$ ]]
    [ "${#lines[@]}" = 24 ]
    [[ ${lines[1]} == 019b7591-1100-7ebf-99be-069fc6b90fe8* ]]
    [ -z "$stderr" ]
    [ "$(awk 'NR > 1 { print $5 }' <<<"$output")" = "$(awk 'NR > 1 { print $5 }' <<<"$output" | sort -r)" ]
}

@test "--json gives records that import reads, without tokens" {
    import_demo
    "$ROLLCALL" list --json >f.jsonl
    [ "$(wc -l <f.jsonl)" = 28 ]
    run -1 grep -i token f.jsonl
    { echo '{"kind":"app","id":"acme"}'; echo '{"kind":"app","id":"globex","session":{"idle_s":0}}'; } >apps.jsonl
    "$ROLLCALL" --store copy import apps.jsonl f.jsonl
    "$ROLLCALL" --store copy list --json >g.jsonl
    cmp f.jsonl g.jsonl
}

@test "--json keeps what a record says" {
    import_demo
    record=$("$ROLLCALL" list --user $jane --app acme --json --status revoked)
    [ "$(jq -c '[.kind, .app, .user, .id, .ended.as, .aal, .country_code, .device.os.name]' <<<"$record")" = \
        '["session","acme","usr-4693224802260150919","019b6241-3800-7737-86c1-36f977e4a906","revoked","aal1","BR","Windows"]' ]
    [ "$("$ROLLCALL" list --json --user $jane --app acme --status active | jq -r 'select(.ids).ids.corbado')" = \
        V4Gy2mCXekKuvKwbG81ysvegY9dB01 ]
}

@test "--app, --user and --status narrow" {
    import_demo
    [ "$("$ROLLCALL" list --app globex --json | jq -r .app | sort -u)" = globex ]
    [ "$("$ROLLCALL" list --user $jane --json | wc -l)" = 9 ]
    [ "$("$ROLLCALL" list --user $jane --app acme --json | wc -l)" = 7 ]
    [ "$("$ROLLCALL" list --user $jane --app acme --status active --json | wc -l)" = 3 ]
    [ "$("$ROLLCALL" list --status inactivity_reached --json | wc -l)" = 1 ]
    run -0 "$ROLLCALL" list --app globex --status inactivity_reached
    [ "${#lines[@]}" = 1 ]
}

@test "an app or user that does not exist is a failure" {
    import_demo
    run -1 "$ROLLCALL" list --app nobody
    assert_has "no app nobody" "$output"
    run -1 "$ROLLCALL" list --user nobody
    assert_has "no user nobody" "$output"
    run -1 "$ROLLCALL" list --app globex --user rbAXPnMktTFbNpwtJ
    assert_has "no user rbAXPnMktTFbNpwtJ" "$output"
}

@test "--limit cuts, over all apps together, and says so" {
    import_demo
    run -0 --separate-stderr "$ROLLCALL" list --limit 25
    [ "${#lines[@]}" = 26 ]
    [ "$stderr" = "25 of 28 sessions; --limit 0 shows all" ]
    run -0 --separate-stderr "$ROLLCALL" list --limit 5 --json
    [ "${#lines[@]}" = 5 ]
    [ "$stderr" = "5 of 28 sessions; --limit 0 shows all" ]
    run -0 --separate-stderr "$ROLLCALL" list --limit 0
    [ "${#lines[@]}" = 29 ]
    [ -z "$stderr" ]
}

@test "all of a large store is listed, once each" {
    { echo '{"kind":"app","id":"acme"}'
      awk 'BEGIN { for (i = 0; i < 25000; i++)
          printf "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"usr-%d\"}\n", i % 7 }'; } >f.jsonl
    "$ROLLCALL" import f.jsonl
    [ "$("$ROLLCALL" list --limit 0 --json | jq -r .id | sort -u | wc -l)" = 25000 ]
    [ "$("$ROLLCALL" list --limit 20001 --json 2>/dev/null | wc -l)" = 20001 ]
    [ "$("$ROLLCALL" list 2>/dev/null | wc -l)" = 101 ]
}

@test "a table keeps its columns whatever alphabet, and steers no terminal" {
    { echo '{"kind":"app","id":"acme"}'
      echo '{"kind":"session","app":"acme","user":"éé","device":{"name":"x\u0085y"}}'
      echo '{"kind":"session","app":"acme","user":"eeee"}'; } >f.jsonl
    "$ROLLCALL" import f.jsonl
    run -0 "$ROLLCALL" list
    grep -q '  éé    active' <<<"$output"
    grep -q '  eeee  active' <<<"$output"
    assert_has 'x\xC2\x85y' "$output"
}
