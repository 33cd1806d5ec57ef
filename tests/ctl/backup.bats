# backup and restore: taken while a pool writes, put in place while nobody does.
# shellcheck disable=SC2154 # run sets stderr
load ctl

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return
    . "${ROLLCALL_SOURCE:-$BATS_TEST_DIRNAME/../..}/tests/support/servers.bash"
    touch pool.log
    printf '%s\n' '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk"}]}' \
        '{"kind":"session","app":"acme","user":"ann","token":"one"}' >records.jsonl
}

teardown() {
    end_writers
    stop_servers
}

make() {
    "$ROLLCALL" import records.jsonl >/dev/null
}

# write_on N: creates sessions over a pool, one after another, until it is ended; the token of each that was
# answered is a line of tokens.N.
write_on() {
    while [ ! -e enough ]; do
        "$ROLLCALL_BUILD/tests/fcgi-client" --body "{\"user\":\"u$1\"}" "$BATS_FILE_TMPDIR/rollcall.sock" \
            REQUEST_METHOD=POST REQUEST_URI=/rollcall/v1/sessions QUERY_STRING= "HTTP_AUTHORIZATION=Bearer rk" \
            CONTENT_TYPE=application/json CONTENT_LENGTH=13 |
            grep -o '"credentials":{"token":"[^"]*' | cut -d'"' -f6
    done >"tokens.$1"
}

# Any that still run are told to stop, and waited for.
end_writers() {
    touch enough
    [ -z "${writers-}" ] || wait $writers
    writers=
}

answered() {
    cat tokens.* 2>/dev/null | wc -l
}

has_answered() {
    [ "$(answered)" -ge "$1" ]
}

@test "a backup is a sound store of its own, for its owner alone" {
    umask 022
    make
    run -0 --separate-stderr "$ROLLCALL" backup copy
    [ "$output" = "backed up 1 apps, 1 users, 1 sessions" ]
    [ -z "$stderr" ]
    [ "$(stat -c %a copy) $(stat -c %a copy/data.mdb)" = "700 600" ]
    [ "$(ls copy)" = data.mdb ]
    run -0 "$ROLLCALL" --store copy check
    [ "$("$ROLLCALL" --store copy list --json)" = "$("$ROLLCALL" list --json)" ]
}

@test "a folder that holds something is left as it is" {
    make
    mkdir full empty
    touch full/x file
    for path in full file "$ROLLCALL_STORE"; do
        run -1 --separate-stderr "$ROLLCALL" backup "$path"
        [ "$stderr" = "rollcall: $path is no empty folder" ]
        [ -z "$output" ]
    done
    [ "$(ls full)" = x ]
    run -1 "$ROLLCALL" backup no/where
    assert_has "no backup can be made at no/where" "$output"
    run -0 "$ROLLCALL" backup empty
}

@test "without room there is no backup, and nothing is left of one" {
    make
    run -1 bash -c "trap '' XFSZ; ulimit -f 16; '$ROLLCALL' backup copy"
    assert_has "there is no room for a backup at copy" "$output"
    [ ! -e copy ]
}

@test "a backup of a store with faults is told; --no-check does not look" {
    command -v mdb_load >/dev/null || skip "mdb_load is not installed"
    make
    printf '%s\n' VERSION=3 format=bytevalue type=btree HEADER=END " 00000001aa" " bb" DATA=END |
        mdb_load -s tokens "$ROLLCALL_STORE"
    run -1 --separate-stderr "$ROLLCALL" backup copy
    assert_has "tokens has 1 entries too many" "$stderr"
    assert_has "the backup at copy has 1 fault, as the store has" "$stderr"
    [ -z "$output" ]
    run -0 "$ROLLCALL" backup --no-check other
    [ "$output" = "backed up 1 apps, 1 users, 1 sessions" ]
    run -1 --separate-stderr "$ROLLCALL" --store new restore copy
    assert_has "tokens has 1 entries too many" "$stderr"
    assert_has "the backup at copy has 1 fault; nothing was restored" "$stderr"
    [ ! -e new ]
}

@test "backups that are taken while a pool writes are sound, and have all that was answered before" {
    local n before
    make
    start_pool "workers = 2"
    for n in 1 2 3; do
        write_on $n 3>&- &
        writers="${writers-} $!"
    done
    for n in 1 2 3; do
        until_true has_answered $((n * 20))
        cat tokens.* >before
        run -0 "$ROLLCALL" backup "copy.$n"
        before=$(wc -l <before)
        [[ $output =~ ([0-9]+)\ sessions$ ]]
        [ "${BASH_REMATCH[1]}" -gt "$before" ]
    done
    end_writers
    [ "$(stat_of sessions)" -gt "${BASH_REMATCH[1]}" ]
    run -0 "$ROLLCALL" --store new restore copy.3
    [ "$output" = "restored new from copy.3" ]
    run -0 "$ROLLCALL" --store new check
    ROLLCALL_STORE=$BATS_TEST_TMPDIR/new
    lets_in 200 "$(head -n 1 before)"
    lets_in 200 "$(tail -n 1 before)"
    lets_in 200 one
    run -1 grep ' error ' pool.log
}

@test "restore makes a store where there is none; what is made in it later stays" {
    make
    token=$("$ROLLCALL" session create --app acme --user ann --json | jq -r .token)
    "$ROLLCALL" backup copy >/dev/null
    rm -r "$ROLLCALL_STORE"
    run -0 --separate-stderr "$ROLLCALL" restore copy
    [ "$output" = "restored $ROLLCALL_STORE from copy" ]
    [ -z "$stderr" ]
    [ "$(stat -c %a "$ROLLCALL_STORE") $(stat -c %a "$ROLLCALL_STORE/data.mdb")" = "700 600" ]
    lets_in 200 "$token"
    lets_in 200 one
    token=$("$ROLLCALL" session create --app acme --user ann --json | jq -r .token)
    lets_in 200 "$token"
    "$ROLLCALL" check
    [ "$(ls copy)" = data.mdb ]
}

@test "a store that is there is replaced with --force alone, and a pool starts on it" {
    make
    "$ROLLCALL" backup copy >/dev/null
    token=$("$ROLLCALL" session create --app acme --user ann --json | jq -r .token)
    run -1 --separate-stderr "$ROLLCALL" restore copy
    [ "$stderr" = "rollcall: there is a store at $ROLLCALL_STORE already; --force replaces it" ]
    [ -z "$output" ]
    lets_in 200 "$token"
    run -0 "$ROLLCALL" restore --force copy
    lets_in 401 "$token"
    lets_in 200 one
    [ "$(ls "$ROLLCALL_STORE" | tr '\n' ' ')" = "data.mdb lock.mdb metrics " ]
    start_pool "workers = 1"
    "$ROLLCALL_BUILD/tests/fcgi-client" "$BATS_FILE_TMPDIR/rollcall.sock" REQUEST_METHOD=GET \
        REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=one | grep -q '^Status: 200'
    "$ROLLCALL" check
}

# The pool has the store open once it has answered.
@test "while a pool has the store open, nothing is restored over it, nor from it" {
    make
    "$ROLLCALL" backup copy >/dev/null
    start_pool "workers = 1"
    "$ROLLCALL_BUILD/tests/fcgi-client" "$BATS_FILE_TMPDIR/rollcall.sock" REQUEST_METHOD=GET \
        REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=one | grep -q '^Status: 200'
    run -1 --separate-stderr "$ROLLCALL" restore --force copy
    [ "$stderr" = "rollcall: the store at $ROLLCALL_STORE is in use; stop the pool first" ]
    run -1 --separate-stderr "$ROLLCALL" --store new restore "$ROLLCALL_STORE"
    [ "$stderr" = "rollcall: $ROLLCALL_STORE is a store in use, not a backup" ]
    [ ! -e new ]
    end_process "$pool"
    run -0 "$ROLLCALL" restore --force copy
    lets_in 200 one
}

@test "what is no backup is told, and leaves the store as it was" {
    make
    before=$("$ROLLCALL" list --json)
    run -1 --separate-stderr "$ROLLCALL" restore --force nowhere
    [ "$stderr" = "rollcall: no backup at nowhere" ]
    mkdir empty
    run -1 --separate-stderr "$ROLLCALL" restore --force empty
    [ "$stderr" = "rollcall: no backup at empty" ]
    run -1 --separate-stderr "$ROLLCALL" restore --force "$ROLLCALL_STORE"
    [ "$stderr" = "rollcall: $ROLLCALL_STORE is a store in use, not a backup" ]
    "$ROLLCALL" backup copy >/dev/null
    truncate -s -1 copy/data.mdb
    run -1 --separate-stderr "$ROLLCALL" restore --force copy
    [ "$stderr" = "rollcall: the backup at copy cannot be used: the store holds bytes that cannot be read" ]
    head -c 8192 /dev/zero >empty/data.mdb
    run -1 --separate-stderr "$ROLLCALL" restore --force empty
    assert_has "the backup at empty cannot be used" "$stderr"
    [ "$("$ROLLCALL" list --json)" = "$before" ]
    [ "$(ls "$ROLLCALL_STORE" | tr '\n' ' ')" = "data.mdb lock.mdb " ]
}

@test "a backup on a medium that cannot be written is restored" {
    [ "$(id -u)" -ne 0 ] || skip "nothing is read-only for root"
    make
    "$ROLLCALL" backup copy >/dev/null
    chmod 400 copy/data.mdb
    chmod 500 copy
    run -0 "$ROLLCALL" --store new restore copy
    chmod 700 copy
    "$ROLLCALL" --store new check
}

@test "wrong usage is told" {
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" $arguments
        assert_has "$expected" "$(tr -s '\n ' ' ' <<<"$stderr")"
        [ -z "$output" ]
    done <<<"backup|a folder is expected
backup a b|one folder is expected
restore|a backup's folder is expected
restore a b|one backup is expected
restore --no-check a|unrecognized option"
    run -2 "$ROLLCALL" backup ''
    run -2 "$ROLLCALL" restore ''
}
