#!/usr/bin/env bats
# A disk that is full or fails, at any write: what was acknowledged stays, lists are answered, and writes go on once the
# cause is gone.
load faults

setup() {
    begin_faults
}

teardown() {
    [ -z "${mounted:-}" ] || tac <<<"$mounted" | xargs -r -n 1 umount -l
    stop_servers
}

# small_disk SIZE: a file system of its own for the store's folder.
small_disk() {
    [ "$(id -u)" = 0 ] || skip "only root may mount a file system"
    mkdir "$dir/disk"
    mount -t tmpfs -o "size=$1" tmpfs "$dir/disk" || skip "no file system can be mounted here"
    mounted=$dir/disk
    store=$dir/disk/store
}

# Leaves so many pages of it.
fill_disk() {
    local pages
    pages=$(stat -f -c %a "$dir/disk")
    [ "$pages" -le "${1:-0}" ] || fallocate -l $(((pages - ${1:-0}) * 4096)) "$dir/disk/filler"
}
# What is free in the store's own file is used up first.
make_until_refused() {
    local n
    for ((n = 0; n < 99; n++)); do
        make 1
        [ "$refused" = 0 ] || return 0
    done
    echo "99 writes, and none is refused"
    return 1
}
free_disk() {
    rm -f "$dir/disk/filler"
}

@test "each write and sync of a commit fails once: the write is refused, the next one is done" {
    local what n total=0
    make_faulty_store
    pool shim
    make 3
    [ "$refused" = 0 ]
    for what in ENOSPC EIO SHORT; do
        for ((n = 1; n < 60; n++)); do
            fault $n 1 $what
            make 1
            [ "$(hits)" -gt 0 ] || break
            total=$((total + 1))
            [ "$refused" = 1 ] || {
                echo "acknowledged though this failed: $(cat "$plan.hits")"
                false
            }
            [[ $status_code == 50[03] ]]
            expect_error_of native
            answers_native
            no_fault
            make 1
            [ "$refused" = 0 ] || {
                echo "refused after call $n had failed with $what: $body; $(tail -n 3 "$log")"
                false
            }
        done
        [ $n -gt 4 ]
        [ $n -lt 60 ]
    done
    hold_account "each of $total calls failed once"
    grep -q 'commit: Input/output error' "$log"
}

@test "a disk on which every write fails: lists in all dialects, refusals in all, and all of it heals" {
    local what
    make_faulty_store
    pool shim
    make 30
    for what in ENOSPC EIO EROFS SHORT; do
        fault 1 1000000 $what
        all_end '50[03]'
        all_read 200
        no_fault
        until_true writes_again
        all_end '20?'
    done
    hold_account "every write fails for a while"
}

@test "a disk that fills: lists go on, and so do writes when there is room" {
    local k
    small_disk 8m
    make_faulty_store
    pool "access_log = \"keyvalue\"" "access_log_file = \"$dir/disk/requests\""
    make 10
    for k in 0 1 4 21; do
        fill_disk $k
        make_until_refused
        [ "$status_code" = 503 ]
        expect_error_of native
        all_read 200
        free_disk
        until_true writes_again
        all_end '20?'
    done
    ask GET /sessions/whoami '' HTTP_X_SESSION_TOKEN=eves-token
    [ "$status_code" = 200 ]
    tail -n 1 "$dir/disk/requests" | grep -q whoami
    fails grep -E 'signal 7|signal 11' "$log"
    hold_account "the disk fills, with 0 to 21 pages left"
}

@test "a disk that is full at the start: lists are answered, and what cannot be is told" {
    small_disk 8m
    make_faulty_store
    pool
    make 4
    end_process "$pool"
    fill_disk
    pool
    until_true answers_native
    all_read 200
    make_until_refused
    end_process "$pool"
    # Nor is there room for what readers need.
    free_disk
    rm "$store/lock.mdb"
    fill_disk
    pool
    all_read 503
    grep -q "store $store: the store is full" "$log"
    run -1 "$rollcall" --store "$store" list
    [[ $output == *'cannot be opened: the store is full'* ]]
    free_disk
    until_true answers_native
    until_true writes_again
    fails grep -E 'killed by signal' "$log"
    hold_account "the disk is full at the start"
}

@test "a disk that is full when a store is to be made, imported to or backed up: nothing of it is left" {
    local pages imported
    small_disk 3m
    for pages in 0 1 2 3 17 18 19 30 300; do
        fill_disk $pages
        run "$rollcall" --store "$store" init
        [ "$status" = 0 ] || [[ $output == *full* ]] || {
            echo "with $pages pages left: $output"
            false
        }
        [ "$status" = 0 ] || [ "$pages" -lt 300 ]
        free_disk
        run "$rollcall" --store "$store" init
        [ "$status" = 0 ] || {
            echo "after $pages pages were left: $output"
            false
        }
        run -0 "$rollcall" --store "$store" check
        rm -r "$store"
    done
    make_faulty_store
    jq -nc 'range(20000) | {kind: "session", app: "acme", user: "u\(.)", token: "t\(.)"}' >"$dir/many.jsonl"
    run -1 "$rollcall" --store "$store" import "$dir/many.jsonl"
    [[ $output =~ 'the store is full; '([0-9]+)' records were imported before' ]]
    imported=${BASH_REMATCH[1]}
    run -1 "$rollcall" --store "$store" backup "$dir/disk/backup"
    [[ $output == *'there is no room for a backup'* ]]
    [ "$(ls "$dir/disk")" = store ]
    run -0 "$rollcall" --store "$store" check
    [ "$("$rollcall" --store "$store" list --json --limit 0 | wc -l)" = $((2 + imported)) ]
    [ "$(ls "$store" | tr '\n' ' ')" = 'data.mdb lock.mdb ' ]
    echo "# an import of 20000 sessions: $imported acknowledged when the disk was full, $imported found" >&3
}

@test "no room for temporary files, for a restore, or for an upgrade: an error, and all is as it was" {
    local before
    small_disk 2m
    make_faulty_store
    jq -nc 'range(1000) | {kind: "session", app: "acme", user: "u\(.)", token: "t\(.)"}' >"$dir/many.jsonl"
    "$rollcall" --store "$store" import "$dir/many.jsonl" >/dev/null
    before=$("$rollcall" --store "$store" list --json --limit 0)
    "$rollcall" --store "$store" backup "$dir/backup" >/dev/null
    fill_disk 2
    # What comes from a pipe is kept in a file first.
    run -1 env "TMPDIR=$dir/disk" bash -c 'cat "$1" | "$2" --store "$3" import -' - "$dir/many.jsonl" "$rollcall" "$dir/other"
    [[ $output == *'No space left on device'* ]] || {
        echo "import: $output"
        false
    }
    [ ! -e "$dir/other" ]
    run -1 "$rollcall" --store "$store" restore --force "$dir/backup"
    [[ $output == *room* || $output == *full* ]] || {
        echo "restore: $output"
        false
    }
    free_disk
    [ "$("$rollcall" --store "$store" list --json --limit 0)" = "$before" ]
    "$ROLLCALL_BUILD/tests/faults-tool" format "$store" 2
    fill_disk 2
    run -1 "$rollcall" --store "$store" list
    [[ $output == *full* ]] || {
        echo "list: $output"
        false
    }
    free_disk
    [ "$("$rollcall" --store "$store" list --json --limit 0)" = "$before" ]
    run -0 "$rollcall" --store "$store" check
    [ "$(ls "$store" | tr '\n' ' ')" = 'data.mdb lock.mdb ' ]
    echo "# no room to work in: $(wc -l <<<"$before") sessions before, and after" >&3
}
