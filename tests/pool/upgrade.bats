#!/usr/bin/env bats
# The master takes a new configuration (HUP) and a new program (USR2) while there is load, and no request is lost.
# ROLLCALL_RELOAD_S: how many seconds of load each of the first two takes.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

http_load=$ROLLCALL_BUILD/tests/http-load
whoami=(REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=token)

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    touch "$log"
    echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk"}]}
{"kind":"session","app":"acme","user":"u","token":"token"}
{"kind":"session","app":"acme","user":"u","token":"other"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    # A program of its own, that can be replaced.
    mkdir "$BATS_FILE_TMPDIR/bin"
    built=$rollcalld
    rollcalld=$BATS_FILE_TMPDIR/bin/rollcalld
    install "$built" "$rollcalld"
}

teardown() {
    stop_servers
}

# asks [STATUS]
asks() {
    "$fcgi_client" "$socket" "${whoami[@]}" 2>/dev/null | grep -q "^Status: ${1:-200}"
}

# The ids of the processes of that role that were started, in that order.
started() {
    sed -n "s/.* $1 \([0-9]*\): started$/\1/p" "$log"
}

has_started() {
    [ "$(started "$1" | wc -l)" -ge "$2" ]
}

logged() {
    grep -q "$1" "$log"
}

# has_logged TEXT N: so many times.
has_logged() {
    [ "$(grep -c "$1" "$log")" -ge "$2" ]
}

# Another file takes the program's place, as a package's installation does it.
replace_program() {
    install "${1:-$built}" "$rollcalld.new"
    mv "$rollcalld.new" "$rollcalld"
}

runs_new_program() {
    [ "$(readlink "/proc/$pool/exe")" = "$rollcalld" ]
}

# All that were started before the last so many are gone: the old ones have left, as they were told.
only_last_are_left() {
    local role=$1 count=$2 pid
    for pid in $(started "$role" | head -n "-$count"); do
        is_gone "$pid" || return 1
    done
}

upgrade() {
    local before
    before=$(grep -c 'upgrade: taken over' "$log" || true)
    kill -USR2 "$pool"
    until_true has_logged 'upgrade: taken over' $((before + 1))
}

# keeps_on WHY: what lies at the program's place cannot take over; this one says so, and answers.
keeps_on() {
    local before end='upgrade: .*\(this program\|this one\) goes on'
    before=$(grep -c "$end" "$log" || true)
    kill -USR2 "$pool"
    until_true has_logged "$end" $((before + 1))
    logged "$1" || {
        echo "no \"$1\" in:"
        cat "$log"
        return 1
    }
    asks "${2:-200}"
    [ "$(started worker)" = "$first_worker" ]
    fails logged 'giving way'
}

# load SECONDS: HUP and USR2 by turns under load at $port, then counts.
load() {
    local end=$((SECONDS + $1)) hups=0 upgrades=0 loader descriptors
    descriptors=$(ls "/proc/$pool/fd")
    "$http_load" "$port" 8 rk >"$BATS_FILE_TMPDIR/load" 2>&1 3>&- &
    loader=$!
    until_true grep -q created "$BATS_FILE_TMPDIR/load"
    while [ $SECONDS -lt $end ]; do
        kill -HUP "$pool"
        hups=$((hups + 1))
        until_true has_logged ' reloaded$' $hups
        replace_program
        kill -USR2 "$pool"
        upgrades=$((upgrades + 1))
        until_true has_logged 'upgrade: taken over' $upgrades
        until_true has_started worker $((2 + 2 * hups + 2 * upgrades))
    done
    kill -TERM $loader
    wait $loader
    echo "# $(tail -n 1 "$BATS_FILE_TMPDIR/load"), HUP $hups, USR2 $upgrades, failed $(grep -c '^failed' "$BATS_FILE_TMPDIR/load")" >&3
    if grep '^failed' "$BATS_FILE_TMPDIR/load"; then
        cat "$log"
        return 1
    fi
    runs_new_program
    until_true only_last_are_left worker 2
    until_true only_last_are_left writer 1
    [ "$(ls "/proc/$pool/fd")" = "$descriptors" ]
    fails logged 'no answer\|takes nothing\|did not finish\|killed'
    # What was acknowledged is there, and once.
    sed -n 's/^created //p' "$BATS_FILE_TMPDIR/load" | sort >"$BATS_FILE_TMPDIR/acknowledged"
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app=acme --limit=0 --json | jq -r .user | grep usr- | sort \
        >"$BATS_FILE_TMPDIR/stored"
    diff "$BATS_FILE_TMPDIR/acknowledged" "$BATS_FILE_TMPDIR/stored"
}

@test "HUP and USR2 by turns under load behind lighttpd: nothing is lost" {
    start_pool "workers = 2"
    start_web
    load "${ROLLCALL_RELOAD_S:-4}"
}

@test "HUP and USR2 by turns under load behind Apache: nothing is lost" {
    start_pool "workers = 2"
    start_web apache-conf/rollcall.conf
    load "${ROLLCALL_RELOAD_S:-4}"
}

@test "the program that the web server started is replaced under its eyes" {
    make_config "workers = 1"
    start_web lighttpd-conf/rollcall-bin-path.conf
    log=$BATS_FILE_TMPDIR/lighttpd.log
    grep -q ': started$' "$log" || log=$BATS_FILE_TMPDIR/web.log
    pool=$(sed -n 's/.* \[\([0-9]*\)\] worker [0-9]*: started$/\1/p' "$log")
    replace_program
    upgrade
    runs_new_program
    until_true only_last_are_left worker 1
    answers
    fails grep -q 'fcgi.*\(died\|exited\|terminated\)' "$BATS_FILE_TMPDIR/lighttpd.log"
}

@test "a socket that was handed over is handed on, and stays where it was" {
    make_config "workers = 1"
    export ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf
    "$ROLLCALL_BUILD/tests/hand-over" "$socket" "$rollcalld" 2>>"$log" 3>&- &
    pool=$!
    note_pid $pool
    until_true asks
    upgrade
    until_true only_last_are_left worker 1
    asks
    end_process $pool
    socket=$BATS_FILE_TMPDIR/spawned.sock
    spawn-fcgi -n -s "$socket" -- "$rollcalld" 2>>"$log" 3>&- &
    pool=$!
    note_pid $pool
    until_true asks
    upgrade
    until_true only_last_are_left worker 1
    asks
    [ -S "$socket" ]
}

@test "what cannot take over leaves all as it was" {
    start_pool "workers = 1"
    until_true has_started worker 1
    first_worker=$(started worker)
    printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/fails"
    # As versions do that know nothing of this.
    printf '#!/bin/sh\necho "unrecognized option $1" >&2\nexit 2\n' >"$BATS_TEST_TMPDIR/older"
    printf '#!/bin/sh\nkill -SEGV $$\n' >"$BATS_TEST_TMPDIR/crashes"
    replace_program "$BATS_TEST_TMPDIR/fails"
    keeps_on 'fails its trial'
    replace_program "$BATS_TEST_TMPDIR/older"
    keeps_on 'fails its trial'
    replace_program "$BATS_TEST_TMPDIR/crashes"
    keeps_on 'fails its trial'
    echo "not a program" >"$BATS_TEST_TMPDIR/text"
    replace_program "$BATS_TEST_TMPDIR/text"
    keeps_on 'rollcalld: Exec format error'
    replace_program
    chmod 0644 "$rollcalld"
    keeps_on 'rollcalld: Permission denied'
    rm "$rollcalld"
    keeps_on 'rollcalld: No such file'
    replace_program
    echo 'workers = many' >>"$BATS_FILE_TMPDIR/rollcall.conf"
    keeps_on 'rollcall.conf:[0-9]*: '
    sed -i '$d' "$BATS_FILE_TMPDIR/rollcall.conf"
    upgrade
    until_true only_last_are_left worker 1
    asks
}

@test "what a trial has to say goes to the log, wherever that is" {
    local file=$BATS_FILE_TMPDIR/rollcall.log
    start_pool "workers = 1"
    echo "log_file = \"$file\"" >>"$BATS_FILE_TMPDIR/rollcall.conf"
    kill -HUP "$pool"
    until_true grep -q 'worker .*: started' "$file"
    log=$file
    first_worker=$(started worker)
    rm "$rollcalld"
    keeps_on 'rollcalld: No such file'
    replace_program
    echo 'workers = many' >>"$BATS_FILE_TMPDIR/rollcall.conf"
    keeps_on 'rollcall.conf:[0-9]*: '
    sed -i '$d' "$BATS_FILE_TMPDIR/rollcall.conf"
    upgrade
    until_true only_last_are_left worker 1
}

@test "a store of another format is not written by two programs at once" {
    start_pool "workers = 1"
    until_true has_started worker 1
    asks
    first_worker=$(started worker)
    local store=$BATS_FILE_TMPDIR/store
    mdb_dump -s meta "$store" >"$BATS_TEST_TMPDIR/meta"
    # The number goes up, as if a later program had been here.
    sed 's/^ \(0*\)3$/ \14/' "$BATS_TEST_TMPDIR/meta" >"$BATS_TEST_TMPDIR/later"
    fails cmp -s "$BATS_TEST_TMPDIR/meta" "$BATS_TEST_TMPDIR/later"
    mdb_load -f "$BATS_TEST_TMPDIR/later" -s meta "$store"
    # Nor is it read by the one that is there.
    keeps_on "of another format than this program's" 503
    mdb_load -f "$BATS_TEST_TMPDIR/meta" -s meta "$store"
    until_true asks
    upgrade
}

@test "new workers that cannot live drive nobody out" {
    start_pool "workers = 1"
    until_true has_started worker 1
    local old
    old=$(started worker)
    replace_program "$ROLLCALL_BUILD/tests/stillborn"
    upgrade
    until_true has_logged 'exit code 1' 3
    fails is_gone "$old"
    asks
    "$fcgi_client" --body '{"user":"v"}' "$socket" REQUEST_METHOD=POST REQUEST_URI=/rollcall/v1/sessions QUERY_STRING= \
        CONTENT_TYPE=application/json CONTENT_LENGTH=12 'HTTP_AUTHORIZATION=Bearer rk' | grep -q '^Status: 201'
    replace_program
    upgrade
    until_true is_gone "$old"
    asks
}

@test "a configuration that goes wrong between trial and start stops nobody" {
    start_pool "workers = 1"
    until_true has_started worker 1
    cat >"$BATS_TEST_TMPDIR/late" <<EOF
#!/bin/sh
case "\$*" in
*--check-config*) ;;
*) echo 'workers = many' >>"$BATS_FILE_TMPDIR/rollcall.conf" ;;
esac
exec "$built" "\$@"
EOF
    replace_program "$BATS_TEST_TMPDIR/late"
    upgrade
    until_true only_last_are_left worker 1
    asks
}

# has_memory_files PID: what is handed over is in such.
has_memory_files() {
    readlink "/proc/$1/fd/"* | grep -q ^/memfd:
}

@test "who is started during a trial cannot write to what is handed over" {
    # Confined, they could be looked into by root alone.
    start_pool "workers = 1" 'confine = "off"'
    until_true has_started worker 1
    cat >"$BATS_TEST_TMPDIR/slow" <<EOF
#!/bin/sh
case "\$*" in
*--check-config*)
    echo >"$BATS_TEST_TMPDIR/begun"
    until [ -e "$BATS_TEST_TMPDIR/go" ]; do sleep 0.02; done
    ;;
esac
exec "$built" "\$@"
EOF
    replace_program "$BATS_TEST_TMPDIR/slow"
    kill -USR2 "$pool"
    until_true test -e "$BATS_TEST_TMPDIR/begun"
    has_memory_files "$pool"
    kill -TERM "$(started worker)" "$(started writer)"
    until_true has_started worker 2
    until_true has_started writer 2
    until_true asks
    fails has_memory_files "$(started worker | tail -n 1)"
    fails has_memory_files "$(started writer | tail -n 1)"
    echo >"$BATS_TEST_TMPDIR/go"
    until_true logged 'upgrade: taken over'
    until_true asks
    fails has_memory_files "$pool"
}

@test "requests in hand are finished by the old ones, and what they write is written" {
    start_pool "workers = 1"
    hold_request REQUEST_METHOD=DELETE REQUEST_URI=/sessions QUERY_STRING= HTTP_X_SESSION_TOKEN=token
    replace_program
    upgrade
    until_true has_started worker 2
    asks
    let_go
    grep -q '^Status: 200' "$BATS_TEST_TMPDIR/out"
    [ "$("$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app=acme --status=revoked --json | wc -l)" = 1 ]
    until_true only_last_are_left worker 1
    until_true only_last_are_left writer 1
    fails logged 'killed'
}

@test "who was handed over and does not finish in time is killed" {
    start_pool "workers = 1" "drain_seconds = 1"
    hold_request "${whoami[@]}"
    upgrade
    until_true logged 'worker .*: did not finish in time'
    until_true only_last_are_left worker 1
    until_true only_last_are_left writer 1
    exec 4>&-
}

@test "USR2 and HUP at any moment of it, and again" {
    start_pool "workers = 2"
    local n
    for n in 1 2 3 4 5 6 7 8; do
        kill -USR2 "$pool"
        [ $((n % 3)) != 0 ] || kill -HUP "$pool"
    done
    until_true logged 'upgrade: taken over'
    kill -USR2 "$pool"
    kill -HUP "$pool"
    until_true has_logged 'upgrade: taken over' 2
    has_settled() {
        [ "$(pgrep -c -P "$pool")" = 3 ] && only_last_are_left worker 2 && only_last_are_left writer 1
    }
    until_true has_settled
    asks
}

@test "TERM at any moment of it ends it, and takes the socket away" {
    local pause
    for pause in 0 0.002 0.004 0.006 0.008 0.01 0.015 0.02; do
        start_pool "workers = 2"
        kill -USR2 "$pool"
        sleep $pause
        end_process "$pool"
        [ ! -e "$socket" ]
        until_true only_last_are_left worker 0
        until_true only_last_are_left writer 0
    done
    fails logged 'did not finish'
}

@test "to others than a master USR2 means nothing" {
    start_pool "workers = 1"
    until_true has_started worker 1
    until_true asks
    kill -USR2 "$(started worker)" "$(started writer)"
    asks
    [ "$(started worker | wc -l)" = 1 ]
    end_process "$pool"
    make_config "listen = \"unix:$socket\"" "workers = 0"
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$log" 3>&- &
    local alone=$!
    note_pid $alone
    until_true asks
    kill -USR2 $alone
    asks
}

@test "the service manager is told when it is ready, reloads, and stops" {
    export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify.sock
    python3 -u -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True: print(s.recv(4096).decode().split("\n")[0])' "$NOTIFY_SOCKET" >"$BATS_TEST_TMPDIR/told" 3>&- &
    note_pid $!
    until_true test -S "$NOTIFY_SOCKET"
    told() {
        [ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/told")" = "$1 " ]
    }
    start_pool "workers = 1"
    until_true told 'READY=1'
    kill -HUP "$pool"
    until_true told 'READY=1 RELOADING=1 READY=1'
    upgrade
    until_true told 'READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1'
    end_process "$pool"
    until_true told 'READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 STOPPING=1'
}
