#!/usr/bin/env bats
# A damaged page that no request needs, but who keeps house does: what is written is written, and the rest of the house is kept.
load faults

setup() {
    # As in file.bats.
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:handle_sigbus=0:handle_segv=0
    begin_faults
    make_faulty_store
}

teardown() {
    stop_servers
}

# add_sessions EXPIRES_AT: so many that their table has many leaves, all before those of `make`.
add_sessions() {
    local n
    for ((n = 0; n < 400; n++)); do
        echo '{"kind":"session","app":"acme","user":"eve","created_at":"2026-01-01T00:00:00Z","expires_at":"'"$1"'"}'
    done >"$dir/more.jsonl"
    "$rollcall" --store "$store" import "$dir/more.jsonl" >/dev/null
}

# spoil_leaf TABLE N FLAGS: its leaf of that number, from 0, is another kind of page by its own word, with nothing in it.
spoil_leaf() {
    # LMDB: a meta page's main table, its entry for the table, and what that one's branches lead to.
    python3 -c 'import struct, sys
path, table, wanted, flags = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(path, "rb") as file:
    data = file.read()
def nodes(page):
    for at in range(16, struct.unpack_from("=H", data, page * 4096 + 12)[0], 2):
        node = page * 4096 + struct.unpack_from("=H", data, page * 4096 + at)[0]
        low, high, more, size = struct.unpack_from("=4H", data, node)
        yield data[node + 8:node + 8 + size], low | high << 16 | more << 32, node + 8 + size
def leaves(page):
    if struct.unpack_from("=H", data, page * 4096 + 10)[0] & 1 == 0:
        return [page]
    return [leaf for _, child, _ in nodes(page) for leaf in leaves(child)]
meta = max(0, 4096, key=lambda at: struct.unpack_from("=Q", data, at + 144)[0])
for page in leaves(struct.unpack_from("=Q", data, meta + 128)[0]):
    for name, _, value in nodes(page):
        if name == table.encode():
            found = leaves(struct.unpack_from("=Q", data, value + 40)[0])[wanted]
with open(path, "r+b") as file:
    file.seek(found * 4096 + 8)
    file.write(struct.pack("=4H", 0, flags, 16, 4096))
with open("%s/leaf.%d" % (sys.argv[5], found), "wb") as file:
    file.write(data[found * 4096:found * 4096 + 4096])' "$store/data.mdb" "$1" "$2" "$3" "$dir"
}
mend_leaves() {
    local leaf
    for leaf in "$dir"/leaf.*; do
        dd if="$leaf" of="$store/data.mdb" bs=4096 count=1 seek="${leaf##*.}" conv=notrunc status=none
    done
}

# put_off CHORE: how often that was told.
put_off() {
    grep -c "writer: $1: .*put off" "$log" || true
}
# ends: how many writers were led out of a call.
ends() {
    grep -cE 'writer [0-9]+: exit code 3' "$log" || true
}

# make_until COUNT COMMAND: sessions, all of which are acknowledged soon, until it says that number.
make_until() {
    local begun
    SECONDS=0
    while [ "$("${@:2}")" -lt "$1" ]; do
        begun=$SECONDS
        make 1
        [ "$refused" = 0 ] && [ $((SECONDS - begun)) -le 2 ] || {
            echo "status $status_code: $body"
            tail -n 8 "$log"
            return 1
        }
        [ $SECONDS -lt 25 ]
    done
}

# add_over TABLE, entries TABLE: a proof, or a retired key, that is of no use since 1970; and how many there are.
add_over() {
    printf '%s\n' 00000000000000000000000000000000 '\00\00\00\00\00\00\00\00' | mdb_load -T -s "$1" "$store"
}
entries() {
    mdb_stat -s "$1" "$store" | sed -n 's/^ *Entries: //p'
}

@test "sessions that may be past retention: all is written while they are met again and again, and what else is over goes" {
    add_sessions 2100-01-01T00:00:00Z
    add_over proofs
    [ "$(entries proofs)" = 1 ]
    spoil_leaf sessions 1 1
    pool
    make_until 2 ends
    make 3
    [ "$refused $(entries proofs)" = '0 0' ]
    [ "$(put_off purge) $(put_off sweep)" = '1 0' ]
    fails grep -E 'writer [0-9]+: killed' "$log"
    mend_leaves
    hold_account "led out of housekeeping twice"
}

@test "pages that LMDB says are damaged end nobody, and what else is over goes" {
    add_sessions 2100-01-01T00:00:00Z
    add_over proofs
    add_over retired
    spoil_leaf sessions 0 8
    spoil_leaf proofs 0 8
    pool
    make_until 1 put_off purge
    is_swept() {
        [ "$(entries retired)" = 0 ]
    }
    until_true is_swept
    make 3
    [ "$refused $(put_off purge) $(put_off sweep) $(ends)" = '0 1 1 0' ]
    fails grep -E 'writer [0-9]+: (killed|ended)' "$log"
    mend_leaves
    hold_account "damaged pages"
}

@test "sessions whose deadline has come: who writes is asked to come again once" {
    local due
    due=$(date -u -d '+3 seconds' +%FT%TZ)
    add_sessions "$due"
    spoil_leaf sessions 1 1
    pool
    is_due() {
        [[ ! $(date -u +%FT%TZ) < $due ]]
    }
    until_true is_due
    # Each write goes past some of them.
    meets_them() {
        make 1
        [ "$(put_off deadlines)" = 1 ]
    }
    until_true meets_them
    [ "$refused $status_code" = '1 503' ]
    expect_error_of native
    until_true writes_again
    make 20
    [ "$refused $(put_off deadlines)" = '0 1' ]
    mend_leaves
    hold_account "deadlines that cannot be moved on"
}

@test "a request that needs the page, time and again, keeps nobody else from writing, nor the house from being kept" {
    local n
    add_sessions 2100-01-01T00:00:00Z
    # Of the same user, and in another leaf.
    echo '{"kind":"session","app":"acme","user":"eve","token":"late-token","created_at":"2026-02-01T00:00:00Z","expires_at":"2100-01-01T00:00:00Z"}' \
        >"$dir/late.jsonl"
    "$rollcall" --store "$store" import "$dir/late.jsonl" >/dev/null
    add_over proofs
    spoil_leaf sessions 1 1
    pool
    ask DELETE /sessions '' HTTP_X_SESSION_TOKEN=late-token
    expect_as 503 kratos "needs the page"
    SECONDS=0
    for n in 1 2 3 4 5 6; do
        ask DELETE /sessions '' HTTP_X_SESSION_TOKEN=late-token
        expect_as 500 kratos "needs the page"
        make 3
        [ "$refused" = 0 ]
    done
    [ "$(ends)" = 7 ]
    [ $SECONDS -lt 10 ]
    # No writer lives for as long as it rests between two looks at the house.
    is_swept() {
        ask DELETE /sessions '' HTTP_X_SESSION_TOKEN=late-token
        [ "$(entries proofs)" = 0 ]
    }
    until_true is_swept
    mend_leaves
    hold_account "a request that needs a damaged page"
}
