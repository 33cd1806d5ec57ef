#!/usr/bin/env bats
# Where the store lies: read-only, not permitted, moved away, replaced; and its lock file.
load faults

setup() {
    begin_faults
}

teardown() {
    [ -z "${mounted:-}" ] || umount -l "$mounted"
    stop_servers
}

# Somebody who is not root gets to the test's folder, and adds to the log.
open_folders() {
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
    chmod 777 "$dir"
    chmod 666 "$log"
}

# rollcalld is run as nobody from now on.
be_nobody() {
    printf '#!/bin/bash\nexec setpriv --reuid 65534 --regid 65534 --clear-groups %q "$@"\n' "$rollcalld" >"$dir/as-nobody"
    chmod 755 "$dir/as-nobody"
    setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$rollcalld" || skip "the programs are in a folder of root's alone"
    rollcalld=$dir/as-nobody
}

# Who serves has the lock file open; the master has no store.
all_have_locks() {
    local child
    for child in $(pgrep -P "$pool"); do
        grep -q "$store/lock.mdb" "/proc/$child/maps" || return 1
    done
}

@test "a file system that is read-only: lists in all dialects, refusals; mounted for writing, it is written to" {
    [ "$(id -u)" = 0 ] || skip "only root may mount a file system"
    mkdir "$dir/disk"
    mount -t tmpfs tmpfs "$dir/disk" || skip "no file system can be mounted here"
    mounted=$dir/disk
    store=$dir/disk/store
    make_faulty_store
    pool
    make 20
    end_process "$pool"
    mount -o remount,ro "$dir/disk"
    pool
    all_read 200
    all_end 503
    run -0 "$rollcall" --store "$store" list
    run -0 "$rollcall" --store "$store" check
    run -1 "$rollcall" --store "$store" purge
    [[ $output == *'Read-only file system'* ]]
    grep -q "writer: store $store: " "$log"
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/rollcall/v1/app QUERY_STRING= "$auth" \
        ROLLCALL_STORE="$store" "$rollcalld" </dev/null
    [[ $output == 'Status: 200'* ]]
    grep -q "store: $store is on a read-only mount" "$log"
    fails all_have_locks
    mount -o remount,rw "$dir/disk"
    until_true writes_again
    # A worker that nobody knows of answers nothing from then on.
    until_true all_answer
    until_true all_have_locks
    all_end '20?'
    all_read 200
    hold_account "a read-only file system"
}

@test "a store behind a read-only mount that is written elsewhere: who was overtaken says so" {
    local lister status=0
    [ "$(id -u)" = 0 ] || skip "only root may mount a file system"
    make_faulty_store
    # More than a pipe takes.
    jq -nc 'range(1000) | {kind: "session", app: "globex", user: "u\(.)", token: "t\(.)"}' >"$dir/many.jsonl"
    "$rollcall" --store "$store" import "$dir/many.jsonl" >/dev/null
    mkdir "$dir/view"
    mount --bind "$store" "$dir/view" || skip "no file system can be mounted here"
    mounted=$dir/view
    mount -o remount,bind,ro "$dir/view"
    run -0 --separate-stderr "$rollcall" --store "$dir/view" check
    [[ $stderr == *'read without a lock'* ]]
    run -0 "$rollcall" --store "$dir/view" backup "$dir/backup"
    run -0 "$rollcall" --store "$dir/view" list
    mkfifo "$dir/list"
    "$rollcall" --store "$dir/view" list --json --limit 0 >"$dir/list" 2>"$dir/said" 3>&- &
    lister=$!
    exec 4<"$dir/list"
    read -r _ <&4
    "$rollcall" --store "$store" session create --app acme --user u >/dev/null
    "$rollcall" --store "$store" session create --app acme --user u >/dev/null
    cat <&4 >/dev/null
    exec 4<&-
    wait $lister || status=$?
    [ $status = 1 ]
    grep -q 'the store was written to meanwhile' "$dir/said"
}

# alone: a process without a master, whose id is in $alone.
alone() {
    ROLLCALL_STORE=$store ROLLCALL_LISTEN=unix:$socket ROLLCALL_WORKERS=0 "$rollcalld" 2>>"$log" 3>&- &
    alone=$!
    note_pid $alone
    until_true answers_native
}

@test "a process without a master that could not write does so once it may" {
    [ "$(id -u)" = 0 ] || skip "only root may mount a file system, or run it as somebody else"
    open_folders
    mkdir "$dir/disk"
    mount -t tmpfs tmpfs "$dir/disk" || skip "no file system can be mounted here"
    mounted=$dir/disk
    store=$dir/disk/store
    make_faulty_store
    chmod 755 "$dir/disk"
    chown -R 65534:65534 "$store"
    mount -o remount,ro "$dir/disk"
    be_nobody
    alone
    make 1
    [ "$refused $status_code" = '1 503' ]
    mount -o remount,rw "$dir/disk"
    until_true writes_again
    end_process "$alone"
    chmod 400 "$store/data.mdb"
    alone
    make 1
    [ "$refused $status_code" = '1 503' ]
    # What it has open is not let go of before it can be had for writing.
    chmod 000 "$store"
    all_read 200
    chmod 700 "$store"
    chmod 600 "$store/data.mdb"
    until_true writes_again
    fails is_gone "$alone"
    all_read 200
    make 8
    all_end '20?'
    hold_account "a process without a master may write again"
}

# The pool runs as somebody: root needs no permission.
@test "permission that is lost while a pool runs, and at its start" {
    [ "$(id -u)" = 0 ] || skip "only root may run it as somebody else"
    open_folders
    make_faulty_store
    chown -R 65534:65534 "$store"
    be_nobody
    pool
    make 30
    chmod 000 "$store" "$store/data.mdb" "$store/lock.mdb"
    # What is open stays open.
    all_read 200
    all_end '20?'
    end_process "$pool"
    pool
    all_read 503
    grep -q "store: $store.*Permission denied" "$log"
    chmod 700 "$store"
    chmod 400 "$store/data.mdb"
    chmod 600 "$store/lock.mdb"
    until_true answers_native
    all_read 200
    all_end 503
    chmod 600 "$store/data.mdb"
    until_true writes_again
    all_end '20?'
    hold_account "permission is lost"
}

@test "a folder that is moved away and put back, or another put in its place" {
    make_faulty_store
    pool
    make 20
    mv "$store" "$dir/elsewhere"
    all_read 503
    all_end 503
    [ ! -e "$store" ]
    mv "$dir/elsewhere" "$store"
    until_true all_answer
    until_true writes_again
    all_read 200
    all_end '20?'
    "$rollcall" --store "$store" backup "$dir/backup" >/dev/null
    rm -r "$store"
    run -0 "$rollcall" --store "$store" restore "$dir/backup"
    until_true all_answer
    all_read 200
    until_true writes_again
    all_end '20?'
    fails grep -E 'killed|exit code' "$log"
    hold_account "the folder is moved, and restored under the pool"
}

@test "a data file that is put beneath others' lock is refused until they have let go of the old one" {
    make_faulty_store
    pool
    make 20
    "$rollcall" --store "$store" backup "$dir/backup" >/dev/null
    mv "$dir/backup/data.mdb" "$store/data.mdb"
    # Each worker and the writer find out by themselves.
    until_true all_answer
    until_true writes_again
    all_read 200
    all_end '20?'
    hold_account "a data file is replaced"
}

@test "a lock file that is removed, garbled or another's: nobody writes past anybody" {
    local n
    make_faulty_store
    pool
    make 20
    rm "$store/lock.mdb"
    # Two at once, each by a lock of its own, would be the end of it.
    jq -nc 'range(300) | {kind: "session", app: "globex", user: "u\(.)", token: "t\(.)"}' >"$dir/many.jsonl"
    "$rollcall" --store "$store" import "$dir/many.jsonl" >/dev/null 3>&- &
    make 10
    # Each of the two workers finds that out once.
    [ "$refused" -le 2 ]
    until_true all_answer
    make 10
    [ "$refused" = 0 ]
    wait $!
    all_end '20?'
    all_read 200
    [ "$("$rollcall" --store "$store" list --app globex --json --limit 0 | wc -l)" = 301 ]
    hold_account "the lock file is removed under a pool"
    end_process "$pool"
    for n in garbled short empty gone; do
        case $n in
        garbled) head -c 65536 /dev/urandom >"$store/lock.mdb" ;;
        short) head -c 100 /dev/urandom >"$store/lock.mdb" ;;
        empty) : >"$store/lock.mdb" ;;
        gone) rm "$store/lock.mdb" ;;
        esac
        pool
        until_true answers_native
        make 2
        [ "$refused" = 0 ]
        all_read 200
        end_process "$pool"
    done
    hold_account "a lock file of no use at the start"
}
