# shellcheck shell=bash disable=SC2034
# Servers for tests: each test file gets a folder and ports of its own; what was started is ended by its id.
# Set by tests/run-bats: ROLLCALL_SOURCE (the tree), ROLLCALL_BUILD (where the programs are).

rollcall=$ROLLCALL_BUILD/rollcall
rollcalld=$ROLLCALL_BUILD/rollcalld
PATH=$PATH:/usr/sbin:/sbin

# until COMMAND...: waits, ten seconds at most, for it to succeed.
until_true() {
    local tries
    for ((tries = 0; tries < 500; tries++)); do
        "$@" && return 0
        sleep 0.02
    done
    echo "waited in vain for: $*" >&2
    return 1
}

free_port() {
    local candidate
    while :; do
        candidate=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || break
    done
    echo "$candidate"
}

# Processes started in the background write their ids here, one a line, for stop_servers.
note_pid() {
    echo "$1" >>"$BATS_FILE_TMPDIR/pids"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# Ends a process with a signal (TERM by default) and waits until it is gone.
end_process() {
    kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
    until_true is_gone "$1"
}

# Ends all that was started, the last one first. Sanitizers report at the end of a process: what they found in a
# log is a failure.
stop_servers() {
    local pid
    if [ -f "$BATS_FILE_TMPDIR/pids" ]; then
        while read -r pid; do
            end_process "$pid"
        done < <(tac "$BATS_FILE_TMPDIR/pids")
    fi
    ! grep -lE 'Sanitizer|runtime error:' "$BATS_FILE_TMPDIR"/*.log
}

# make_store FILE [OPTION...]: a store in $BATS_FILE_TMPDIR/store.
make_store() {
    local records=$1
    shift
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" import "$@" "$records" >/dev/null
}

# make_config [LINE...]: a configuration file, with these lines beside the store.
make_config() {
    {
        echo "store = \"$BATS_FILE_TMPDIR/store\""
        printf '%s\n' "$@"
    } >"$BATS_FILE_TMPDIR/rollcall.conf"
}

# start_pool [LINE...]: a pool on $BATS_FILE_TMPDIR/rollcall.sock; its master's id is in $pool.
start_pool() {
    make_config "listen = \"unix:$BATS_FILE_TMPDIR/rollcall.sock\"" "$@"
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$BATS_FILE_TMPDIR/pool.log" 3>&- &
    pool=$!
    note_pid $pool
    # The socket is there before anybody listens, and before the master minds signals.
    until_true grep -q "\[$pool\] .*: started\$" "$BATS_FILE_TMPDIR/pool.log"
}

answers() {
    [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/sessions/whoami")" = 401 ]
}

# start_web FILE: lighttpd with that file of lighttpd-conf/, on $port; $url is where it is.
start_web() {
    local conf=$ROLLCALL_SOURCE/lighttpd-conf/$1 tries
    for tries in 1 2 3 4 5; do
        port=$(free_port)
        PORT=$port DIR=$BATS_FILE_TMPDIR ROLLCALLD=$rollcalld CGI=$BATS_FILE_TMPDIR/rollcall.cgi \
            ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf \
            lighttpd -D -f "$conf" 2>>"$BATS_FILE_TMPDIR/web.log" 3>&- &
        web=$!
        if until_true web_decided && answers; then
            note_pid $web
            url=http://127.0.0.1:$port
            export port url
            return
        fi
        end_process $web
    done
    echo "the web server does not answer" >&2
    cat "$BATS_FILE_TMPDIR/web.log" >&2
    return 1
}

# start_apache FILE: Apache with that file of apache-conf/, likewise.
start_apache() {
    local tries
    for tries in 1 2 3 4 5; do
        port=$(free_port)
        PORT=$port DIR=$BATS_FILE_TMPDIR apache2 -D FOREGROUND -f "$ROLLCALL_SOURCE/apache-conf/$1" \
            2>>"$BATS_FILE_TMPDIR/web.log" 3>&- &
        web=$!
        if until_true web_decided && answers; then
            note_pid $web
            url=http://127.0.0.1:$port
            export port url
            return
        fi
        end_process $web
    done
    echo "the web server does not answer" >&2
    cat "$BATS_FILE_TMPDIR/web.log" >&2
    return 1
}

# The web server has either come to answer or given up, as when its port was taken in the meantime.
web_decided() {
    is_gone "$web" || answers
}

# get PATH [CURL OPTION...]: leaves the answer in $status_code, $headers and $body.
get() {
    local path=$1 said
    shift
    said=$(curl -s -m 20 --path-as-is -g -D "$BATS_TEST_TMPDIR/headers" -o "$BATS_TEST_TMPDIR/body" \
        -w '%{http_code} %{method}' "$@" "$url$path") || true
    status_code=${said% *}
    headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers")
    body=$(cat "$BATS_TEST_TMPDIR/body" 2>/dev/null || true)
    if [ -d "$BATS_FILE_TMPDIR/answers" ]; then
        # Without the status line, and what may come before it: 100 Continue.
        keep_answer "${said#* }" "$path" "$(sed -e '/^HTTP[^ ]* 1/,/^$/d' -e '/^HTTP/d' <<<"$headers")"
    fi
}

# keep_answer METHOD PATH HEADERS: keeps what is in $status_code and $body for hold_answers, in the form of a golden
# case. A test file that makes the folder answers wants it of all that it gets.
keep_answer() {
    local folder
    folder=$(mktemp -d "$BATS_FILE_TMPDIR/answers/$BATS_TEST_NUMBER-XXXXXX")
    echo "$1 $2" >"$folder/request"
    printf '%s\n%s\n\n%s' "$status_code" "$3" "$body" >"$folder/expected"
}

# hold_answers [OPTION...] [FOLDER...]: every answer kept so far, and those in the folders, is one that the OpenAPI
# document knows. Options are tests/openapi/check.py's.
hold_answers() {
    local status=0
    "$ROLLCALL_SOURCE/tests/openapi/run" "$@" "$BATS_FILE_TMPDIR/answers" || status=$?
    [ $status != 77 ] || skip "Python lacks jsonschema"
    return $status
}

# expect_status N: and says what came instead.
expect_status() {
    [ "$status_code" = "$1" ] || {
        echo "status $status_code, not $1: $body"
        return 1
    }
}

# expect_json FILTER VALUE: what jq finds with it.
expect_json() {
    local found
    found=$(jq -c "$1" <<<"$body") || {
        echo "no JSON: $body"
        return 1
    }
    [ "$found" = "$2" ] || {
        echo "$1 is $found, not $2; the body: $body"
        return 1
    }
}

# expect_header NAME VALUE
expect_header() {
    grep -qix "$1: $2" <<<"$headers" || {
        echo "no \"$1: $2\" among: $headers"
        return 1
    }
}
