#!/usr/bin/env bats
# Clocks that are set forward or back, while a pool runs and between its runs.
load faults

day=86400000
year=$((365 * day))

setup() {
    begin_faults
    make_faulty_store
    echo '{"kind":"session","app":"acme","user":"old","created_at":"2020-01-01T00:00:00Z","ended":{"as":"revoked","at":"2020-01-02T00:00:00Z"}}' >"$dir/old.jsonl"
    "$rollcall" --store "$store" import "$dir/old.jsonl" >/dev/null
}

teardown() {
    stop_servers
}

count_old() {
    "$rollcall" --store "$store" list --app=acme --user=old --json | wc -l
}
is_purged() {
    [ "$(count_old)" = 0 ]
}

# Access tokens anew, by the system's clock: one from the future lets nobody in.
renew_tokens() {
    local id token rest
    while read -r id token _ rest; do
        echo "$id $token $("$rollcall" --store "$store" token "$id") $rest"
    done <"$dir/made" >"$dir/renewed"
    mv "$dir/renewed" "$dir/made"
}

# shown: how many active sessions of u each dialect lists, in a line.
shown() {
    local dialect line=''
    for dialect in "${dialects[@]}"; do
        read_in "$dialect"
        case $dialect in
        native) line+=" $(jq '[.sessions[] | select(.user == "u" and .status == "active")] | length' <<<"$body")" ;;
        kratos) line+=" $(($(jq length <<<"$body") + 1))" ;;
        corbado) line+=" $(jq '[.sessions[] | select(.userID == "u" and .status == "active")] | length' <<<"$body")" ;;
        *) line+=" $(jq '.sessions | length' <<<"$body")" ;;
        esac
    done
    echo "$line"
}

@test "set forward by years while a pool runs: sessions are over, none is removed; set back, all are what they were" {
    local before
    pool shim
    until_true is_purged
    make 12
    all_end '20?'
    before=$(shown)
    [ "$before" = ' 6 6 6 6 6 6' ] || {
        echo "shown: $before"
        false
    }
    set_clock $((12 * year))
    for dialect in native corbado streambird; do
        read_in $dialect
        [ "$status_code" = 200 ]
    done
    for dialect in kratos prelude rocketchat; do
        read_in $dialect
        [ "$status_code" = 401 ]
    done
    make 1
    [ "$refused" = 0 ]
    # Housekeeping is due every five seconds of the monotonic clock.
    set_clock $((12 * year)) 10000
    make 1
    until_true grep -q 'the clock is hours off what the store has seen' "$log"
    set_clock 0 20000
    # Two that began when it was set forward are active as well: they began in a time to come.
    [ "$(shown | cut -d' ' -f2)" = 8 ]
    sed -i '/./!d' "$dir/made"
    run -0 "$rollcall" --store "$store" check
    hold_account "the clock was 12 years ahead"
}

@test "a clock that stays where it leapt is believed after six hours" {
    pool shim
    until_true is_purged
    make 3
    set_clock $((12 * year)) 6000
    make 1
    until_true grep -q 'the clock is hours off' "$log"
    set_clock $((12 * year + 5 * 3600000)) $((5 * 3600000))
    make 1
    [ "$("$rollcall" --store "$store" list --app=acme --json --limit 0 | jq -r 'select(.user == "u").id' | wc -l)" = 5 ]
    set_clock $((12 * year + 7 * 3600000)) $((7 * 3600000))
    make 1
    until_true grep -q '[34] sessions were past retention' "$log"
}

@test "set back between two runs: lists are exact, as of the instant it is" {
    local before
    set_clock $((40 * day))
    pool shim
    until_true answers_native
    make 14
    all_end '20?'
    before=$(shown)
    end_process "$pool"
    set_clock 0
    pool shim
    until_true answers_native
    read_in prelude
    [ "$status_code" = 401 ]
    renew_tokens
    [ "$(shown)" = "$before" ]
    make 3
    [ "$refused" = 0 ]
    all_end '20?'
    set_clock $((-20 * 365 * day))
    [ "$(read_in native && echo "$status_code")" = 200 ]
    make 2
    [ "$refused" = 0 ]
    set_clock 0
    all_read 200
    hold_account "the clock was set back by 40 days, and by 20 years"
}
