#!/usr/bin/env bats
# The master and its workers: started, killed, reloaded, drained. Asked over FastCGI itself, without a web server.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

hand_over=$ROLLCALL_BUILD/tests/hand-over
whoami=(REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=token)

# Every test has servers of its own.
setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    touch "$log"
    echo '{"kind":"app","id":"acme"}
{"kind":"session","app":"acme","user":"u","token":"token"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
}

teardown() {
    stop_servers
}

asks() {
    "$fcgi_client" "${1:-$socket}" "${whoami[@]}" 2>/dev/null | grep -q '^Status: 200'
}

# The ids of the workers that were started, in that order.
workers() {
    sed -n 's/.* worker \([0-9]*\): started$/\1/p' "$log"
}

has_workers() {
    [ "$(workers | wc -l)" -ge "$1" ]
}

logged() {
    grep -q "$1" "$log"
}

@test "two workers answer on a unix socket of the mode asked for" {
    # Confined, they could be looked into by root alone.
    start_pool "workers = 2" 'socket_mode = "0600"' 'confine = "off"'
    asks
    [ "$(stat -c %a "$socket")" = 600 ]
    until_true has_workers 2
    [ "$(workers | wc -l)" = 2 ]
    # The master opens no store.
    run -0 ls -l "/proc/$pool/fd"
    [[ $output != *data.mdb* ]]
    ls -l "/proc/$(workers | head -n 1)/fd" | grep -q data.mdb
}

@test "a killed worker is replaced, and the other one answers meanwhile" {
    start_pool "workers = 2"
    until_true has_workers 2
    # What it has accepted dies with it; what comes after that, the other one takes.
    end_process "$(workers | head -n 1)" KILL
    asks
    until_true has_workers 3
    logged 'killed by signal 9'
}

@test "one that dies again and again is replaced ever more slowly" {
    start_pool "workers = 1"
    local n before after
    for n in 1 2 3 4; do
        until_true has_workers $n
        kill -KILL "$(workers | tail -n 1)"
    done
    until_true has_workers 5
    # 100, 200, 400, then 800 ms after its death.
    before=$(date -d "$(grep 'killed by' "$log" | tail -n 1 | cut -d' ' -f1)" +%s%3N)
    after=$(date -d "$(grep 'started$' "$log" | tail -n 1 | cut -d' ' -f1)" +%s%3N)
    [ $((after - before)) -ge 750 ] || { cat "$log"; false; }
}

@test "who reads the log may go away, and the pool goes on" {
    local reader first
    make_config "listen = \"unix:$socket\"" "workers = 1"
    mkfifo "$BATS_FILE_TMPDIR/lines"
    cat "$BATS_FILE_TMPDIR/lines" >"$log" 3>&- &
    reader=$!
    env --default-signal=PIPE "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>"$BATS_FILE_TMPDIR/lines" 3>&- &
    pool=$!
    note_pid $pool
    until_true has_workers 1
    first=$(workers)
    end_process "$reader"
    until_true asks
    end_process "$first" KILL
    until_true asks
    kill -0 "$pool"
}

@test "the dead are replaced, whatever the starter did with their signals" {
    make_config "listen = \"unix:$socket\"" "workers = 1"
    env --ignore-signal=CHLD --block-signal=CHLD "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>"$log" 3>&- &
    note_pid $!
    until_true has_workers 1
    end_process "$(workers)" KILL
    until_true has_workers 2
    until_true asks
    logged 'killed by signal 9'
}

@test "where signals come without a sender nobody is taken for ready, and the pool answers" {
    make_config "listen = \"unix:$socket\"" "workers = 1"
    prlimit --sigpending=0 "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>"$log" 3>&- &
    note_pid $!
    until_true has_workers 1
    until_true asks
    until_true logged 'does not say which'
}

@test "workers do not outlive a master that was killed" {
    start_pool "workers = 2"
    until_true has_workers 2
    end_process "$pool" KILL
    local worker
    for worker in $(workers); do
        until_true is_gone "$worker"
    done
}

@test "TERM lets the request at hand finish, and takes the socket away" {
    start_pool "workers = 1"
    hold_request "${whoami[@]}"
    kill -TERM "$pool"
    until_true logged stopping
    fails is_gone "$pool"
    let_go
    grep -q '^Status: 200' "$BATS_TEST_TMPDIR/out"
    until_true is_gone "$pool"
    [ ! -e "$socket" ]
    fails logged 'did not finish'
}

@test "who does not finish in time is killed" {
    start_pool "workers = 1" "drain_seconds = 1"
    hold_request "${whoami[@]}"
    note_pid "$client"
    end_process "$pool"
    exec 4>&-
    logged 'did not finish in time'
    logged stopped
}

@test "HUP replaces the workers, and no request is lost" {
    start_pool "workers = 2"
    "$fcgi_client" --count 2000 "$socket" "${whoami[@]}" >"$BATS_TEST_TMPDIR/out" 3>&- &
    local client=$! n
    for n in 1 2 3 4 5; do
        kill -HUP "$pool"
        until_true has_workers $((2 + 2 * n))
    done
    wait $client
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = 2000 ]
    [ "$(grep -c ' reloaded$' "$log")" = 5 ]
}

@test "HUP takes a new number of workers" {
    start_pool "workers = 1"
    make_config "listen = \"unix:$socket\"" "workers = 3"
    kill -HUP "$pool"
    until_true has_workers 4
    asks
}

@test "HUP with a wrong configuration leaves everything as it was" {
    start_pool "workers = 1"
    echo 'workers = many' >>"$BATS_FILE_TMPDIR/rollcall.conf"
    kill -HUP "$pool"
    until_true logged 'the configuration stays as it was'
    asks
    [ "$(workers | wc -l)" = 1 ]
}

@test "a worker is replaced after the requests it may answer" {
    start_pool "workers = 1" "requests_per_worker = 3"
    [ "$("$fcgi_client" --count 10 "$socket" "${whoami[@]}")" = 10 ]
    until_true has_workers 4
    fails logged 'killed'
}

@test "on TCP" {
    local port
    port=$(free_port)
    make_config "listen = \"tcp:127.0.0.1:$port\""
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>"$log" 3>&- &
    note_pid $!
    until_true asks "127.0.0.1:$port"
}

@test "on the socket spawn-fcgi hands over, as a pool and as a single process" {
    local n
    for n in 0 2; do
        make_config "workers = $n"
        ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf spawn-fcgi -n -s "$BATS_FILE_TMPDIR/spawned$n.sock" \
            -- "$rollcalld" 2>>"$log" 3>&- &
        note_pid $!
        until_true asks "$BATS_FILE_TMPDIR/spawned$n.sock"
    done
    until_true has_workers 2
    [ "$(workers | wc -l)" = 2 ]
}

@test "on a socket without anything else open, and nothing of the log gets into the store" {
    local n store=$BATS_FILE_TMPDIR/store
    for n in 0 1; do
        make_config "workers = $n" 'access_log = "keyvalue"'
        # shellcheck disable=SC2016
        ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf spawn-fcgi -n -s "$BATS_FILE_TMPDIR/spawned$n.sock" \
            -- /bin/sh -c 'exec "$0" >&- 2>&-' "$rollcalld" 3>&- &
        note_pid $!
        until_true asks "$BATS_FILE_TMPDIR/spawned$n.sock"
        until_true asks "$BATS_FILE_TMPDIR/spawned$n.sock"
    done
    fails grep -qa 'method=GET' "$store/data.mdb" "$store/lock.mdb" "$store/metrics"
    "$rollcall" --store "$store" check
}

@test "on the socket systemd hands over" {
    make_config "workers = 1"
    "$hand_over" "$BATS_FILE_TMPDIR/handed.sock" "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>"$log" 3>&- &
    note_pid $!
    until_true asks "$BATS_FILE_TMPDIR/handed.sock"
}

@test "of several sockets none would be left unheard: there is no start" {
    make_config "workers = 1"
    # shellcheck disable=SC2016
    run -1 --separate-stderr timeout 20 "$hand_over" "$BATS_FILE_TMPDIR/handed.sock" \
        sh -c 'LISTEN_FDS=2 exec "$0" "$@" 4<&3' "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
    [[ $stderr == *"2 sockets were handed over"* ]]
}

@test "one plain CGI request, configured by the environment alone" {
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/auth/sessions/whoami \
        HTTP_X_SESSION_TOKEN=token ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" ROLLCALL_PREFIX=/auth "$rollcalld" </dev/null
    [[ ${lines[0]} == "Status: 200 OK"* ]]
    [ -z "$stderr" ]
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=POST REQUEST_URI=/sessions CONTENT_LENGTH=5 \
        ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" "$rollcalld" <<<"12345"
    [[ ${lines[0]} == "Status: 405 Method Not Allowed"* ]]
}

@test "under CGI arguments may be a client's, and are not taken" {
    local arguments cgi=(env -i GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami HTTP_X_SESSION_TOKEN=token
        ROLLCALL_STORE="$BATS_FILE_TMPDIR/store" "$rollcalld")
    echo "log_file = \"$BATS_FILE_TMPDIR/hostile\"" >"$BATS_FILE_TMPDIR/hostile.conf"
    for arguments in "-c $BATS_FILE_TMPDIR/hostile.conf" --check-config --help --take-over=0 word; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr "${cgi[@]}" $arguments </dev/null
        [[ ${lines[0]} == "Status: 200 OK"* ]]
        [[ $stderr == *"no arguments are taken"* ]]
    done
    [ ! -e "$BATS_FILE_TMPDIR/hostile" ]
}

@test "a socket left behind is taken over, one in use is not" {
    start_pool "workers = 1"
    until_true has_workers 1
    run -1 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
    [[ $stderr == *"somebody is listening there"* ]]
    asks
    end_process "$pool" KILL
    until_true is_gone "$(workers)"
    [ -S "$socket" ]
    start_pool "workers = 1"
    until_true asks
}

@test "without a store the answer is 503, until there is one" {
    rm -r "$BATS_FILE_TMPDIR/store"
    start_pool "workers = 1"
    "$fcgi_client" "$socket" "${whoami[@]}" | grep -q '^Status: 503'
    "$fcgi_client" "$socket" "${whoami[@]}" | grep -q '^Status: 503'
    # Each process says so once.
    [ "$(grep 'there is none' "$log" | grep -vc 'writer:')" = 1 ]
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    asks
}

@test "a request's body is read and dropped" {
    start_pool "workers = 1"
    "$fcgi_client" --body abc "$socket" REQUEST_METHOD=PUT REQUEST_URI=/sessions CONTENT_LENGTH=3 | grep -q '^Status: 405'
}

@test "descriptors do not pile up" {
    start_pool "workers = 1" 'confine = "off"'
    asks
    local worker before
    worker=$(workers)
    before=$(find "/proc/$worker/fd" -mindepth 1 | wc -l)
    [ "$("$fcgi_client" --count 3000 "$socket" "${whoami[@]}")" = 3000 ]
    [ "$(find "/proc/$worker/fd" -mindepth 1 | wc -l)" = "$before" ]
}
