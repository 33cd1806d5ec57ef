# What root does with somebody else's store is done as that one, whatever he has put into the folder.
# shellcheck disable=SC2154 # run sets stderr
load ctl

# A folder that others than root may go through.
setup() {
    [ "$(id -u)" -eq 0 ] || skip "only root can become somebody else"
    place=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-owner-XXXXXX")
    chmod 755 "$place"
    cd "$place" || return
    export ROLLCALL_STORE=$place/store
    printf '%s\n' '{"kind":"app","id":"acme"}' '{"kind":"session","app":"acme","user":"ann","token":"one"}' >records.jsonl
    chmod 600 records.jsonl
    mkdir -m 700 roots
    "$ROLLCALL" import records.jsonl >/dev/null
    "$ROLLCALL" backup roots/copy >/dev/null
    chown -R 65534:65534 store
}

teardown() {
    [ -z "${place-}" ] || rm -rf "$place"
}

is_theirs() {
    [ -z "$(find store -not -user 65534)" ] && [ -z "$(find store -not -group 65534)" ]
}

try_all() {
    local arguments
    while read -r arguments; do
        # shellcheck disable=SC2086 # words are meant
        "$ROLLCALL" $arguments >>said 2>&1 </dev/null || true
        rm -rf other
    done <<<"init
import records.jsonl
import --batch 10 records.jsonl
list
app list
app add more
user list --app acme
session revoke --app acme --user ann
stat
top --once
check
check --repair
purge
explain status=active --app acme
backup other
restore roots/copy
restore --force roots/copy"
}

@test "a link in somebody's folder has root write to none of its own files" {
    local file
    for file in lock.mdb data.mdb metrics; do
        mv "store/$file" kept 2>/dev/null || true
        ln -s "$place/new" "store/$file"
        try_all
        [ ! -e new ]
        rm -f store/*
        "$ROLLCALL" restore --force roots/copy
        echo secret >old
        chmod 600 old
        ln -sf "$place/old" "store/$file"
        try_all
        [ "$(stat -c '%u:%g %a' old) $(<old)" = "0:0 600 secret" ]
        rm -f store/*
        "$ROLLCALL" restore --force roots/copy
    done
    is_theirs
}

@test "what root makes in somebody's folder is his" {
    rm store/*
    run -0 "$ROLLCALL" init
    is_theirs
    rm store/*
    run -0 "$ROLLCALL" import records.jsonl
    is_theirs
    rm store/lock.mdb
    run -0 "$ROLLCALL" stat
    rm store/lock.mdb
    run -0 "$ROLLCALL" backup other
    is_theirs
    (cd store && "$ROLLCALL" --store new init && "$ROLLCALL" --store n init)
    is_theirs
}

@test "what root alone may read or write is read and written all the same" {
    mkdir -m 700 tmp
    rm store/*
    run -0 env TMPDIR="$place/tmp" "$ROLLCALL" import --batch 10 records.jsonl
    rm store/*
    run -0 env TMPDIR="$place/tmp" "$ROLLCALL" import - <records.jsonl
    run -0 env TMPDIR="$place/tmp" "$ROLLCALL" check --repair
    run -0 "$ROLLCALL" backup roots/other
    [ "$(stat -c '%u:%g %a' roots/other roots/other/data.mdb | tr '\n' ' ')" = "0:0 700 0:0 600 " ]
    run -0 "$ROLLCALL" restore --force roots/other
    is_theirs
    "$ROLLCALL" check
    mkdir -m 700 roots/store
    mv store/* roots/store
    chown 65534:65534 roots/store
    run -1 --separate-stderr "$ROLLCALL" --store roots/store stat
    assert_has "Permission denied" "$stderr"
}

@test "a backup that leads to another file is refused, and its bytes go nowhere" {
    mkdir theirs
    ln -s "$place/roots/copy/data.mdb" theirs/data.mdb
    run -1 --separate-stderr "$ROLLCALL" restore --force theirs
    assert_has "theirs/data.mdb" "$stderr"
    [ "$("$ROLLCALL" stat --json | jq .sessions)" = 1 ]
}
