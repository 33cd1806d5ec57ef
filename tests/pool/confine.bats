#!/usr/bin/env bats
# Least power: what processes give up, what they say of it, and that all goes on as before; whose they are that root has
# started.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

whoami=(REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=sesame-5f1c9e)
create=(REQUEST_METHOD=POST REQUEST_URI=/rollcall/v1/sessions QUERY_STRING= CONTENT_TYPE=application/json
    'HTTP_AUTHORIZATION=Bearer rk-5f1c9e')

# A folder that others than root may go through.
setup() {
    BATS_FILE_TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-confine-XXXXXX")
    chmod 755 "$BATS_FILE_TMPDIR"
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    store=$BATS_FILE_TMPDIR/store
    mkdir "$BATS_FILE_TMPDIR/log"
    touch "$log"
    echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk-5f1c9e"}]}
{"kind":"session","app":"acme","user":"u","token":"sesame-5f1c9e"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    # As whom README has it run where a package has not made a user.
    other=nobody
}

teardown() {
    stop_servers || return
    rm -rf "$BATS_FILE_TMPDIR"
}

needs_root() {
    [ "$(id -u)" = 0 ] || skip "only root can become somebody else"
}

asks() {
    "$fcgi_client" "${1:-$socket}" "${whoami[@]}" 2>/dev/null | grep -q '^Status: 200'
}

creates() {
    local body='{"user":"v","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0","ip":"192.0.2.1"}'
    "$fcgi_client" --body "$body" "$socket" "${create[@]}" CONTENT_LENGTH=${#body} | tee "$BATS_TEST_TMPDIR/created" |
        grep -q '^Status: 201'
}

# A pool of so many workers that require all there is; with 0, a process of its own.
start_pool_or_one() {
    [ "$1" -gt 0 ] || {
        make_config "listen = \"unix:$socket\"" "workers = 0" 'confine = "require"'
        "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$log" 3>&- &
        pool=$!
        note_pid $pool
        return
    }
    start_pool "workers = $1" 'confine = "require"'
}

# The ids of the processes of that role that were started, in that order.
started() {
    sed -n "s/.* $1 \([0-9]*\): started$/\1/p" "$log"
}

has_started() {
    [ "$(started "$1" | wc -l)" -ge "$2" ]
}

logged() {
    grep -q "$1" "$log" || {
        echo "no \"$1\" in:"
        cat "$log"
        return 1
    }
}

# status PID FIELD: the first value.
status() {
    sed -n "s/^$2:\t\([^\t]*\).*/\1/p" "/proc/$1/status"
}

# limit PID NAME
hard_limit() {
    sed -n "s/^$2 *[^ ]* *\([^ ]*\).*/\1/p" "/proc/$1/limits"
}

is_confined() {
    [ "$(status "$1" Seccomp) $(status "$1" NoNewPrivs)" = "2 1" ]
}

# tried STATUS DUTY [COMMAND...]: what such a process may and may not.
tried() {
    make_config "log_file = \"$BATS_FILE_TMPDIR/log/l\""
    run "${@:3}" "$ROLLCALL_BUILD/tests/confined" "$BATS_FILE_TMPDIR/rollcall.conf" "$2"
    [[ $output != *SKIP* ]] || skip "${output#*SKIP }"
    [ "$status" = "$1" ] || {
        grep -v '^ok' <<<"$output"
        return 1
    }
}

# refused WHAT REASON: of what was tried.
refused() {
    grep -q "^ok .* - $1: may not # $2" <<<"$output" || {
        echo "$1:"
        grep -- "- $1:" <<<"$output"
        return 1
    }
}

@test "a worker may do what it is there for, and no more" {
    tried 0 worker
}

@test "a writer may do what it is there for, and no more" {
    tried 0 writer
}

@test "who answers and writes may do that, and no more" {
    tried 0 alone
}

@test "where only files can be kept from it, they are" {
    tried 1 worker "$ROLLCALL_BUILD/tests/without" seccomp
    local what
    for what in "open the store for writing" "open it for writing through /proc" "empty the store" "open the lock" \
        "make a file in the store" "remove a file from the store" "read /etc/passwd" "make a file in /tmp"; do
        refused "$what" 'Permission denied'
    done
    grep -q '^ok .* - open the log anew: may #' <<<"$output"
}

@test "where only calls can be kept from it, they are" {
    tried 1 worker "$ROLLCALL_BUILD/tests/without" landlock
    local what
    for what in "open the store for writing" "open it for writing through /proc" "empty the store" "open the lock" \
        "make a file in the store" "remove a file from the store" "make a socket" "make a file in /tmp"; do
        refused "$what" 'Function not implemented'
    done
    grep -q '^ok .* - run a program: dies of it # killed' <<<"$output"
}

@test "every process of a pool is confined, and the log says how" {
    start_pool "workers = 2" 'confine = "require"'
    until_true asks
    creates
    local pid
    for pid in $(started worker) $(started writer); do
        is_confined "$pid"
        [ "$(hard_limit "$pid" 'Max core file size')" = 0 ]
        [ "$(hard_limit "$pid" 'Max open files')" -le 1024 ]
        # To be looked at by root alone.
        [ "$(stat -c %u "/proc/$pid/fd")" = 0 ]
    done
    [ "$(grep -cE ' (worker|writer): as .*, new privileges refused, seccomp, landlock [0-9]+, no core dumps' "$log")" = 2 ]
    # The master becomes the next program.
    [ "$(status "$pool" NoNewPrivs)" = 0 ]
    # What it was asked with is nowhere to be seen.
    pid=$(started worker | head -n 1)
    fails grep -q 5f1c9e "/proc/$pid/cmdline" "/proc/$pid/comm"
    [ "$(id -u)" != 0 ] || fails grep -q 5f1c9e "/proc/$pid/environ"
}

@test "a process of its own is, too, and one of CGI" {
    make_config 'workers = 0' 'confine = "require"' "listen = \"unix:$socket\""
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$log" 3>&- &
    local alone=$!
    note_pid $alone
    until_true asks
    is_confined $alone
    creates
    logged 'single process: as .*, seccomp, landlock'
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 "${whoami[@]}" ROLLCALL_CONFINE=require \
        ROLLCALL_STORE="$store" "$rollcalld" </dev/null
    [[ ${lines[0]} == "Status: 200 OK"* ]]
    [ -z "$stderr" ]
    run -1 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 "${whoami[@]}" ROLLCALL_CONFINE=require \
        ROLLCALL_STORE="$store" "$ROLLCALL_BUILD/tests/without" landlock "$rollcalld" </dev/null
    [[ -z $output && $stderr == *"single process: cannot be confined as required"* ]]
}

@test "confined before there is a store, and again once there is one" {
    rm -r "$store"
    start_pool "workers = 1" 'confine = "require"'
    until_true has_started worker 1
    "$fcgi_client" "$socket" "${whoami[@]}" | grep -q '^Status: 503'
    local worker
    worker=$(started worker)
    [ "$(status "$worker" Seccomp_filters)" = 1 ]
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    asks
    [ "$(status "$worker" Seccomp_filters)" = 2 ]
    creates
    [ "$(status "$(started writer)" Seccomp_filters)" = 2 ]
    [ "$(started worker)" = "$worker" ]
}

@test "what is required is no hindrance to opening a store anew" {
    local workers
    for workers in 1 0; do
        start_pool_or_one $workers
        until_true asks
        creates
        rm "$store/lock.mdb"
        until_true asks
        until_true creates
        end_process "$pool"
        fails logged 'cannot be confined'
    done
}

@test "without landlock, or seccomp, it says so and serves" {
    local real=$rollcalld lacking
    for lacking in landlock seccomp; do
        printf '#!/bin/sh\nexec "%s" %s "%s" "$@"\n' "$ROLLCALL_BUILD/tests/without" $lacking "$real" >"$BATS_FILE_TMPDIR/lacks"
        chmod +x "$BATS_FILE_TMPDIR/lacks"
        rollcalld=$BATS_FILE_TMPDIR/lacks
        start_pool "workers = 1"
        until_true asks
        creates
        end_process "$pool"
        logged "warn .* worker: .*, no $lacking (.*)"
        logged "warn .* writer: .*, no $lacking (.*)"
    done
}

@test "what is required and not to be had stops it" {
    make_config "listen = \"unix:$socket\"" 'confine = "require"'
    local lacking
    for lacking in landlock seccomp; do
        run -1 --separate-stderr "$ROLLCALL_BUILD/tests/without" $lacking "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
        [[ $stderr == *"confine = \"require\": not to be had here: worker: "*"no $lacking ("* ]]
        [ ! -e "$socket" ]
        run -1 --separate-stderr "$ROLLCALL_BUILD/tests/without" $lacking "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" --check-config
        [[ $output == *"# worker: "*"no $lacking ("* ]]
    done
}

@test "a reload that requires what is not to be had leaves all as it was" {
    local real=$rollcalld
    printf '#!/bin/sh\nexec "%s" landlock "%s" "$@"\n' "$ROLLCALL_BUILD/tests/without" "$real" >"$BATS_FILE_TMPDIR/lacks"
    chmod +x "$BATS_FILE_TMPDIR/lacks"
    rollcalld=$BATS_FILE_TMPDIR/lacks
    start_pool "workers = 1"
    until_true has_started worker 1
    echo 'confine = "require"' >>"$BATS_FILE_TMPDIR/rollcall.conf"
    kill -HUP "$pool"
    until_true logged 'the configuration stays as it was'
    asks
    [ "$(started worker | wc -l)" = 1 ]
}

@test "--check-config says what is in force here, in comments" {
    make_config
    run -0 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" --check-config
    local role
    for role in worker writer 'single process'; do
        [[ $output == *"# $role: as $(id -un), new privileges refused, seccomp, landlock "* ]]
    done
    ROLLCALL_CONFINE=off run -0 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" --check-config
    [[ $output == *"# worker: as $(id -un), not confined"* ]]
}

@test "off is off" {
    start_pool "workers = 1" 'confine = "off"'
    until_true asks
    local worker
    worker=$(started worker)
    [ "$(status "$worker" Seccomp) $(status "$worker" NoNewPrivs)" = "0 0" ]
    logged 'worker: as .*, not confined'
}

@test "what an upgraded package replaces is read all the same" {
    local rules=$BATS_FILE_TMPDIR/rules
    mkdir "$rules"
    cp /usr/share/uap-core/regexes.yaml "$rules/regexes.yaml"
    start_pool "workers = 1" 'confine = "require"' "user_agents = \"$rules/regexes.yaml\""
    until_true has_started worker 1
    cp "$rules/regexes.yaml" "$rules/new"
    mv "$rules/new" "$rules/regexes.yaml"
    creates
    grep -q Firefox "$BATS_TEST_TMPDIR/created"
    fails grep -q 'user agents:' "$log"
}

@test "logs are rotated by those that are confined" {
    local file=$BATS_FILE_TMPDIR/log/access.log n
    start_pool "workers = 1" 'confine = "require"' 'access_log = "keyvalue"' "access_log_file = \"$file\""
    until_true asks
    has_line() {
        asks && grep -q route=/sessions/whoami "$file"
    }
    for n in 1 2; do
        mv "$file" "$file.$n"
        # The master has it anew first; then who is asked.
        kill -USR1 "$pool"
        until_true test -e "$file"
        until_true has_line
    done
}

# ---- root's ----

# is_theirs PID: in every way, with no group of root's.
is_theirs() {
    local uid gid
    uid=$(id -u "$other") gid=$(id -g "$other")
    [ "$(sed -n 's/^Uid:\t//p' "/proc/$1/status")" = "$(printf '%s\t%s\t%s\t%s' "$uid" "$uid" "$uid" "$uid")" ] &&
        [ "$(sed -n 's/^Gid:\t//p' "/proc/$1/status")" = "$(printf '%s\t%s\t%s\t%s' "$gid" "$gid" "$gid" "$gid")" ] &&
        [ "$(sed -n 's/^Groups:\t//p' "/proc/$1/status" | tr -d ' ')" = "$(id -G "$other" | tr -d ' ')" ] &&
        [ "$(status "$1" CapEff)" = 0000000000000000 ] && [ "$(status "$1" CapPrm)" = 0000000000000000 ]
}

@test "started by root it is the store's owner, and all goes on as before" {
    needs_root
    chown -R "$other" "$store" "$BATS_FILE_TMPDIR/log"
    mkdir "$BATS_FILE_TMPDIR/bin"
    install "$rollcalld" "$BATS_FILE_TMPDIR/bin/rollcalld"
    rollcalld=$BATS_FILE_TMPDIR/bin/rollcalld
    local file=$BATS_FILE_TMPDIR/log/rollcall.log pid
    make_config "listen = \"unix:$socket\"" 'workers = 2' "log_file = \"$file\"" 'confine = "require"'
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$log" 3>&- &
    pool=$!
    note_pid $pool
    until_true asks
    log=$file
    for pid in $pool $(started worker) $(started writer); do
        is_theirs "$pid"
    done
    [ "$(stat -c '%U %a' "$socket")" = "$other 660" ]
    [ "$(stat -c %U "$file")" = "$other" ]
    [ "$(stat -c %U "$store/metrics")" = "$other" ]
    logged "worker: as $other, new privileges refused, seccomp"
    fails logged 'runs as root'
    creates
    echo 'workers = 1' >>"$BATS_FILE_TMPDIR/rollcall.conf"
    kill -HUP $pool
    until_true logged ' reloaded$'
    until_true has_started worker 3
    creates
    mv "$file" "$file.1"
    kill -USR1 $pool
    until_true test -e "$file"
    install "$rollcalld" "$rollcalld.new"
    mv "$rollcalld.new" "$rollcalld"
    kill -USR2 $pool
    until_true logged 'upgrade: taken over'
    until_true has_started worker 1
    until_true asks
    creates
    for pid in $pool $(started worker) $(started writer); do
        is_theirs "$pid"
    done
    [ -z "$(find "$store" -not -user "$other")" ]
    fails grep -qE 'Permission denied|killed|exit code' "$file" "$file.1"
}

@test "who has started it as root may say whose it is" {
    needs_root
    chown -R "$other" "$BATS_FILE_TMPDIR/log"
    make_config "listen = \"unix:$socket\"" 'user = "no-such-user"'
    run -1 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
    [[ $stderr == *"user: there is no no-such-user"* ]]
    [ ! -e "$socket" ]
    chown -R "$other" "$store"
    start_pool 'workers = 1' "user = \"$other\"" 'socket_mode = "0606"'
    until_true asks
    is_theirs "$pool"
    [ "$(stat -c %a "$socket")" = 606 ]
    # The socket's folder is root's: its file stays, and the next one takes it over.
    end_process "$pool"
    start_pool 'workers = 1' "user = \"$other\""
    until_true asks
    end_process "$pool"
    make_config "listen = \"unix:$socket\"" "user = \"$other\"" "log_file = \"$BATS_FILE_TMPDIR/no.log\""
    run -1 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
    [[ $stderr == *"no.log: Permission denied"* ]]
}

@test "root's own store is served by root, with a warning" {
    needs_root
    start_pool 'workers = 1'
    until_true asks
    logged 'warn .*runs as root'
    end_process "$pool"
    : >"$log"
    start_pool 'workers = 1' 'user = "root"'
    until_true asks
    fails grep -q 'runs as root' "$log"
}

@test "a request of root's by CGI leaves nothing of root's behind" {
    needs_root
    rm -f "$store/lock.mdb" "$store/metrics"
    chown -R "$other" "$store"
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 "${whoami[@]}" ROLLCALL_STORE="$store" "$rollcalld" </dev/null
    [[ ${lines[0]} == "Status: 200 OK"* ]]
    [ -z "$(find "$store" -not -user "$other")" ]
}
