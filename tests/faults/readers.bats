#!/usr/bin/env bats
# Readers: every place taken, killed and stopped within a transaction; and a map that is full.
load faults

guard="status_token_sha256 = \"$(printf %s st4tus | sha256sum | cut -d' ' -f1)\""

setup() {
    begin_faults
    make_faulty_store
}

teardown() {
    [ -z "${holder:-}" ] || kill -KILL "$holder" 2>/dev/null || true
    stop_servers
}

# hold COUNT: a process that keeps readers' places, in $holder, until end_hold.
hold() {
    mkfifo "$dir/go"
    "$ROLLCALL_BUILD/tests/faults-tool" readers "$store" "$1" <"$dir/go" >"$dir/held" 3>&- &
    holder=$!
    exec 4>"$dir/go"
    until_true grep -q '^held' "$dir/held"
}
end_hold() {
    is_gone "$holder" || echo >&4
    exec 4>&-
    wait "$holder" || true
    rm "$dir/go"
    holder=''
}

# metric NAME: its value.
metric() {
    ask GET /rollcall/metrics '' "HTTP_AUTHORIZATION=Bearer st4tus"
    awk -v name="rollcall_store_$1" '$1 == name { print $2 }' <<<"$body"
}

all_are_level() {
    [ "$(metric oldest_reader_transactions)" = 0 ]
}

@test "every reader's place is taken: 503 for who has none, lists and writes for who has; all of it heals" {
    pool
    make 20
    end_process "$pool"
    hold 0
    echo "# $(cat "$dir/held") places" >&3
    pool
    # Workers that were started into that.
    all_read 503
    run -1 "$rollcall" --store "$store" list
    [[ $output == *'the store is busy'* ]]
    end_hold
    until_true answers_native
    all_end '20?'
    all_read 200
    # Workers that have their places.
    hold 0
    all_read 200
    all_end '20?'
    end_hold
    hold_account "every reader's place is taken"
}

@test "readers that are killed within a transaction give their places and pages back" {
    pool "$guard"
    make 8
    hold 0
    kill -KILL "$holder"
    wait "$holder" || true
    run -0 "$rollcall" --store "$store" list
    make 5
    [ "$refused" = 0 ]
    all_are_level
    all_end '20?'
    end_hold
    hold_account "readers are killed"
}

@test "a reader that is stopped within a transaction is told of, and costs room alone" {
    local before after
    pool "$guard"
    make 12
    hold 1
    kill -STOP "$holder"
    before=$(stat -c %s "$store/data.mdb")
    make 60
    [ "$refused" = 0 ]
    all_read 200
    all_end '20?'
    [ "$(metric oldest_reader_transactions)" -ge 60 ]
    after=$(stat -c %s "$store/data.mdb")
    kill -CONT "$holder"
    end_hold
    until_true all_are_level
    make 60
    echo "# the file grew from $before to $after bytes while a reader was stopped," \
        "to $(stat -c %s "$store/data.mdb") with as many writes after it" >&3
    hold_account "a reader is stopped"
}

@test "a map that is full grows, and follows a store that another process has made larger" {
    local n
    pool "map_size_mib = 1"
    make 20
    jq -nc 'range(3000) | {kind: "session", app: "globex", user: "u\(.)", token: "t\(.)"}' >"$dir/many.jsonl"
    "$rollcall" --store "$store" import "$dir/many.jsonl" >/dev/null
    [ "$(stat -c %s "$store/data.mdb")" -gt $((1 << 20)) ]
    all_read 200
    all_end '20?'
    make 20
    [ "$refused" = 0 ]
    fails grep -E 'memory|full|killed' "$log"
    hold_account "a map of 1 MiB, outgrown"
}

# limit KIB: address space for the pool's processes, beside what they have.
limit() {
    local pid
    for pid in $(pgrep -P "$pool"); do
        prlimit --pid "$pid" --as=$(($(awk '/^VmSize/ { print $2 }' "/proc/$pid/status") * 1024 + $1 * 1024)):
    done
}
unlimit() {
    local pid
    for pid in $(pgrep -P "$pool"); do
        prlimit --pid "$pid" --as=unlimited:
    done
}

@test "a map that may not grow: requests are refused, and served once it may" {
    [ -z "${ASAN_OPTIONS:-}" ] || skip "a sanitizer needs address space itself"
    pool "map_size_mib = 1"
    make 20
    limit 1024
    jq -nc 'range(4000) | {kind: "session", app: "globex", user: "u\(.)", token: "t\(.)", user_agent: ("x" * 1000 + "\(.)")}' >"$dir/many.jsonl"
    "$rollcall" --store "$store" import "$dir/many.jsonl" >/dev/null
    echo "# the store has $(stat -c %s "$store/data.mdb") bytes, the pool 1 MiB of address space more than for its map of 1 MiB" >&3
    all_read '50[03]'
    all_end '50[03]'
    unlimit
    all_read 200
    all_end '20?'
    fails grep killed "$log"
    hold_account "a map that may not grow"
}
