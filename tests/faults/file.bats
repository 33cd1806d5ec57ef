#!/usr/bin/env bats
# A data file that is cut short, or of which bits are others: never another tenant's data, never the end of the pool, and a
# clear error.
load faults

setup() {
    # Signals are what this is about, and what was in hand when one came is lost.
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:handle_sigbus=0:handle_segv=0
    begin_faults
    make_faulty_store
}

teardown() {
    stop_servers
}

# put_file FILE: in place of the data file, at once, as a disk that lost something would have it for everybody.
put_file() {
    cp "$1" "$store/data.new"
    mv "$store/data.new" "$store/data.mdb"
    rm -f "$store/lock.mdb"
}

# Answers are lists, or errors in the dialect's shape; none has what is another app's.
all_answered() {
    local dialect
    for dialect in "${dialects[@]}"; do
        read_in "$dialect"
        case $status_code in
        200 | 401 | 404) ;;
        50?) expect_error_of "$dialect" ;;
        *)
            echo "$dialect: status $status_code, $body"
            tail -n 5 "$log"
            return 1
            ;;
        esac
        seen[$status_code]=$((${seen[$status_code]:-0} + 1))
        [[ $body != *globex* ]] || {
            echo "$dialect: shows another app's: $body"
            return 1
        }
    done
}

told() {
    local code
    for code in "${!seen[@]}"; do
        printf '%s of %s, ' "${seen[$code]}" "$code"
    done
}

# What the command line says is a sentence, and it ends by itself.
rollcall_ends() {
    run timeout 20 "$rollcall" --store "$store" "$@"
    [[ $status == [01] ]] || {
        echo "rollcall $*: exit code $status: $output"
        return 1
    }
}

@test "cut short while a pool serves it: errors in the dialect's shape, nobody is killed but the writer; whole again, it serves" {
    local size whole at
    local -A seen
    pool
    make 40
    all_end '20?'
    cp "$store/data.mdb" "$dir/whole"
    size=$(stat -c %s "$dir/whole")
    for at in $((size - 4096)) $((size / 2)) $((size / 4)) 20480 12288 8192; do
        truncate -s "$at" "$store/data.mdb"
        all_answered
        rollcall_ends list
        rollcall_ends check
        run -0 --separate-stderr env -i "ASAN_OPTIONS=$ASAN_OPTIONS" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/rollcall/v1/sessions \
            QUERY_STRING= "$auth" ROLLCALL_STORE="$store" "$rollcalld" </dev/null
        [[ $output == 'Status: '[25]0* ]]
        put_file "$dir/whole"
        until_true answers_native
        all_read 200
    done
    echo "# cut short at 6 places under a pool: $(told)and nobody was killed but the writer" >&3
    fails grep -E 'worker [0-9]+: (killed|exit code)' "$log"
    until_true writes_again
    hold_account "cut short under a pool, and put back"
}

@test "cut short at the start, at many lengths" {
    local size at=0 n
    local -A seen
    pool
    make 10
    end_process "$pool"
    cp "$store/data.mdb" "$dir/whole"
    size=$(stat -c %s "$dir/whole")
    pool
    for ((n = 0; n < 12; n++)); do
        at=$((n < 5 ? n * 2048 : size * (n - 4) / 9))
        head -c $at "$dir/whole" >"$dir/cut"
        put_file "$dir/cut"
        all_answered
        rollcall_ends list
    done
    put_file "$dir/whole"
    until_true answers_native
    until_true writes_again
    all_end '20?'
    echo "# cut short to 12 lengths: $(told)" >&3
    fails grep -E 'worker [0-9]+: (killed|exit code)' "$log"
    [ "$(grep -c 'writer.*killed' "$log")" -lt 12 ]
    hold_account "cut short, and put back"
}

@test "bits that are others, and pages of zeros" {
    local size n m
    local -A seen
    pool
    make 10
    end_process "$pool"
    cp "$store/data.mdb" "$dir/whole"
    size=$(stat -c %s "$dir/whole")
    RANDOM=${ROLLCALL_SEED:-6}
    pool
    for ((n = 0; n < 24; n++)); do
        cp "$dir/whole" "$dir/damaged"
        if ((n % 4 == 0)); then
            dd if=/dev/zero of="$dir/damaged" bs=4096 count=1 seek=$((RANDOM % (size / 4096))) conv=notrunc status=none
        else
            for ((m = 0; m < 8; m++)); do
                # shellcheck disable=SC2059
                printf "\\x$(printf %x $((RANDOM % 256)))" |
                    dd of="$dir/damaged" bs=1 seek=$(((RANDOM * 32768 + RANDOM) % size)) conv=notrunc status=none
            done
        fi
        put_file "$dir/damaged"
        all_answered
        rollcall_ends list
        ((n % 4)) || rollcall_ends check
    done
    put_file "$dir/whole"
    until_true answers_native
    until_true writes_again
    echo "# 6 files with a page of zeros, 18 with 8 bytes changed: $(told)" >&3
    fails grep -E 'worker [0-9]+: killed' "$log"
    hold_account "damaged, and put back"
}

# ---- where only who writes looks ----

# lose_free_pages: of both meta pages, so that the list of free pages is past the file's end; find_free_pages: no longer.
lose_free_pages() {
    cp "$store/data.mdb" "$dir/whole"
    # The root of their tree, and the number of the last page.
    python3 -c 'import os, struct, sys
with open(sys.argv[1], "r+b") as file:
    pages = os.fstat(file.fileno()).st_size // 4096
    for meta in 0, 4096:
        for at, number in (80, pages + 1), (136, pages + 2):
            file.seek(meta + at)
            file.write(struct.pack("=Q", number))' "$store/data.mdb"
}
find_free_pages() {
    dd if="$dir/whole" of="$store/data.mdb" bs=4096 count=2 conv=notrunc status=none
}

# alone NAME: a process without a master; its id is in $alone.
alone() {
    ROLLCALL_STORE=$store ROLLCALL_LISTEN=unix:$dir/$1.sock ROLLCALL_WORKERS=0 "$rollcalld" 2>>"$log" 3>&- &
    alone=$!
    note_pid $alone
}

@test "a process without a master that a write is left in gives up the lock of those who write" {
    local one
    alone two
    alone one
    one=$alone socket=$dir/two.sock
    until_true answers_native
    make 3
    socket=$dir/one.sock
    until_true answers_native
    lose_free_pages
    answers_native
    make 1
    [ "$refused $status_code" = '1 500' ]
    expect_error_of native
    until_true is_gone "$one"
    find_free_pages
    socket=$dir/two.sock
    SECONDS=0
    make 3
    [ "$refused" = 0 ]
    [ $SECONDS -lt 5 ]
    hold_account "a write was left"
}

@test "and so it does where it brings a store up" {
    rm -r "$store"
    mkdir "$store"
    mdb_load -f "$ROLLCALL_SOURCE/tests/faults/format-2.dump" "$store"
    # As long as somebody has it open its locks are not made anew.
    coproc { "$ROLLCALL_BUILD/tests/faults-tool" readers "$store" 1; }
    note_pid "$COPROC_PID"
    read -r _ <&"${COPROC[0]}"
    lose_free_pages
    alone one
    until_true is_gone "$alone"
    grep -q "store $store: is damaged" "$log"
    find_free_pages
    run -0 timeout 5 "$rollcall" --store "$store" check
}
